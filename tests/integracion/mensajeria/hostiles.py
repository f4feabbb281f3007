"""Mensajes hostiles de muestra, cada uno con el código y el campo con que se rechaza."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import msgspec

from contratos.solicitud import MAXIMO_BYTES
from infra.seguridad import base64url
from infra.seguridad.firma import firmar
from infra.seguridad.sobre_cerrado import cerrar
from senda.cliente import Compuesta, Credencial
from tests.integracion.mensajeria.sistema import INSTITUCION, Sistema

#: Lo que no debe verse en ninguna respuesta, registro ni tabla.
PLANTA = "marialopezdehuehuetenango"


def firmada(sistema: Sistema, cuerpo: bytes, id_firmado: str | None = None, **cambios: object) -> Compuesta:
    """Firma unos bytes cualesquiera como haría la institución."""
    identificador = id_firmado or str(uuid4())
    campos: dict[str, Any] = {
        "institucion": INSTITUCION, "servicio": "deteccion", "id": identificador,
        "caduca": sistema.reloj.ahora() + timedelta(days=1), **cambios,
    }  # fmt: skip
    return Compuesta(identificador, "deteccion", cuerpo, firmar(cuerpo, sistema.credencial.clave, **campos))


def retocada(sistema: Sistema, **cambios: object) -> Compuesta:
    """Una solicitud buena con campos del sobre cambiados, vuelta a firmar."""
    buena = sistema.componer()
    llana = msgspec.json.decode(buena.cuerpo)
    llana.update(cambios)
    return firmada(sistema, msgspec.json.encode(llana), str(llana["id"]))


def con_datos(sistema: Sistema, **cambios: object) -> Compuesta:
    llana = msgspec.json.decode(sistema.componer().cuerpo)
    return retocada(sistema, datos={**llana["datos"], **cambios})


def malas(s: Sistema) -> dict[str, tuple[Compuesta, str, str]]:
    """Nombre -> (solicitud, código, campo). Casi todas llevan plantada una cadena; cada una, su propio cuerpo."""
    datos = msgspec.json.encode(msgspec.json.decode(s.componer().cuerpo)["datos"])
    honda = s.componer().cuerpo.replace(datos, b"[" * 14_000 + b"]" * 14_000)

    def mal_firmada(**cambios: object) -> Compuesta:
        buena = s.componer()
        return firmada(s, buena.cuerpo, str(cambios.pop("id", buena.id)), **cambios)

    return {
        "json": (firmada(s, b'{"id": "' + PLANTA.encode()), "json-invalido", ""),
        "no es objeto": (firmada(s, msgspec.json.encode([PLANTA])), "forma-invalida", ""),
        "utf8": (firmada(s, b'{"agente": "' + PLANTA.encode() + b'\xff"}'), "no-es-utf8", ""),
        "vacia": (firmada(s, b""), "json-invalido", ""),
        "honda": (firmada(s, honda), "demasiado-anidado", ""),
        "enorme": (firmada(s, PLANTA.encode() * MAXIMO_BYTES), "demasiado-grande", ""),
        "falta campo": (firmada(s, msgspec.json.encode({"id": str(uuid4())})), "forma-invalida", "tipo"),
        "campo desconocido": (retocada(s, **{PLANTA: 1}), "forma-invalida", ""),
        "agente malo": (retocada(s, agente=PLANTA), "forma-invalida", "agente"),
        "institucion mala": (retocada(s, institucion=f"{PLANTA}\x00"), "forma-invalida", "institucion"),
        "firma de otra": (s.componer()._replace(firma=s.componer().firma), "firma-no-coincide", "firma"),
        "firma rota": (s.componer()._replace(firma=PLANTA), "firma-malformada", "firma"),
        "firma con nul": (s.componer()._replace(firma="\x00" + PLANTA), "firma-malformada", "firma"),
        "firma enorme": (s.componer()._replace(firma=PLANTA * 2000), "firma-malformada", "firma"),
        "sin firma": (s.componer()._replace(firma=""), "firma-ausente", "firma"),
        "otra clave": (s.componer(credencial=Credencial.generar(INSTITUCION, s.azar)), "firma-no-coincide", "firma"),
        "caducada": (mal_firmada(caduca=s.reloj.ahora()), "firma-caducada", "firma"),
        "a nombre de otra": (mal_firmada(institucion="GT-MP"), "firma-de-otra", "institucion"),
        "otro id": (mal_firmada(id=uuid4()), "firma-de-otra-solicitud", "id"),
        "otro destino": (mal_firmada(servicio="justicia"), "firma-otro-servicio", "firma"),
        # En RabbitMQ todo sale aquí como «guest», que no es de ninguna institución: lo caza la firma.
        "por otra": (
            retocada(s, institucion="GT-MP"), "firma-de-otra" if s.pila.real else "otro-usuario", "institucion",
        ),
        "tipo desconocido": (retocada(s, tipo="senda.deteccion.otra-cosa.v1"), "tipo-desconocido", "tipo"),
        "otro servicio": (retocada(s, tipo="senda.justicia.presentar-denuncia.v1"), "otro-servicio", "tipo"),
        "futura": (retocada(s, ocurrido="2030-01-01T00:00:00Z"), "fecha-futura", "ocurrido"),
        "fuera del calendario": (retocada(s, ocurrido="9999-12-31T23:59:59-14:00"), "dato-invalido", "ocurrido"),
        "sin zona": (retocada(s, ocurrido="2026-01-01T00:00:00"), "forma-invalida", "ocurrido"),
        "datos no objeto": (retocada(s, datos=[PLANTA]), "forma-invalida", "datos"),
        "dato fuera de lista": (con_datos(s, riesgo=PLANTA), "dato-invalido", "datos.riesgo"),
        "dato desconocido": (con_datos(s, **{PLANTA: PLANTA}), "dato-invalido", "datos"),
        "falta dato": (retocada(s, datos={}, sellado=""), "dato-invalido", "datos.nna"),
        "en claro": (con_datos(s, relato=PLANTA), "dato-en-claro", "datos.relato"),
        "sellado ilegible": (retocada(s, sellado=PLANTA), "sellado-ilegible", "sellado"),
    } | otras_malas(s)  # fmt: skip


def otras_malas(s: Sistema) -> dict[str, tuple[Compuesta, str, str]]:
    """Lo que dos lectores entenderían de dos maneras, lo que ningún calendario tiene y lo que va cifrado."""
    buena = s.componer().cuerpo

    def con(dentro: bytes) -> Compuesta:
        """Con algo escrito a mano al principio de ``datos``."""
        c = s.componer()
        return firmada(s, c.cuerpo.replace(b'"datos":{', b'"datos":{' + dentro), c.id)

    def sellada(claro: bytes, tipo: str = "") -> Compuesta:
        jwe = cerrar(claro, s.pila.claves("deteccion").recepcion.public_key(), s.azar)
        return retocada(s, sellado=jwe, **({"tipo": tipo, "datos": {}} if tipo else {}))

    def con_cabecera(**campos: object) -> Compuesta:
        """Firmada con una cabecera JWS que nuestro `firmar` no escribiría."""
        c = s.componer()
        llana = {"alg": "EdDSA", "kid": INSTITUCION, "servicio": "deteccion", "id": c.id, "exp": 2**32, **campos}
        return c._replace(firma=_jws(s, c.cuerpo, msgspec.json.encode(llana)))

    doble, otra = s.componer(), s.componer()
    cabecera = b'{"kid":"GT-MP","alg":"EdDSA","kid":"GT-PGN","servicio":"deteccion","id":"%s","exp":4294967296}'
    honda = b'{"x":' + b"[" * 2000
    planta = PLANTA.encode()
    return {
        "version desconocida": (
            retocada(s, tipo="senda.deteccion.detectar-presunta-victima.v999"), "version-desconocida", "tipo",
        ),
        "version enorme": (
            retocada(s, tipo="senda.deteccion.detectar-presunta-victima.v" + "9" * 40), "version-desconocida", "tipo",
        ),
        "tipo plantado": (retocada(s, tipo=f"senda.{PLANTA}.{PLANTA}.v1"), "tipo-desconocido", "tipo"),
        "utf-16": (firmada(s, buena.decode().encode("utf-16")), "no-es-utf8", ""),
        "con marca de orden": (firmada(s, b"\xef\xbb\xbf" + s.componer().cuerpo), "json-invalido", ""),
        "honda en objetos": (con(b'"x":' + b'{"a":' * 40 + b"1" + b"}" * 40 + b","), "demasiado-anidado", ""),
        "clave repetida": (con(b'"riesgo":"bajo",'), "clave-repetida", ""),
        "clave repetida escapada": (con(b'"ries\\u0067o":"bajo",'), "clave-repetida", ""),
        "clave repetida plantada": (con(b'"%s":1,"%s":2,' % (planta, planta)), "clave-repetida", ""),
        "nan": (con(b'"riesgo2":NaN,'), "json-invalido", ""),
        "numero que no cabe": (con(b'"riesgo2":1e999,'), "json-invalido", ""),
        "numero de mil cifras": (con(b'"riesgo2":' + b"7" * 1000 + b","), "dato-invalido", "datos"),
        "numero enorme": (con_datos(s, nna=2**63), "dato-invalido", "datos.nna"),
        "sustituto suelto": (con(b'"%s":"\\ud800",' % planta), "json-invalido", ""),
        "nul en un codigo": (con_datos(s, idioma="sp\x00"), "dato-invalido", "datos.idioma"),
        "unicode confuso": (con_datos(s, riesgo="bаjo"), "dato-invalido", "datos.riesgo"),  # con una «а» cirílica
        "institucion confusa": (retocada(s, institucion="GТ-PGN"), "forma-invalida", "institucion"),
        "id sin guiones": (retocada(s, id=uuid4().hex), "forma-invalida", "id"),
        "30 de febrero": (retocada(s, ocurrido="2026-02-30T00:00:00Z"), "forma-invalida", "ocurrido"),
        "zona +99": (retocada(s, ocurrido="2026-01-01T00:00:00+99:00"), "forma-invalida", "ocurrido"),
        "instante con espacio": (retocada(s, ocurrido="2026-01-01 00:00:00Z"), "forma-invalida", "ocurrido"),
        "instante numerico": (retocada(s, ocurrido=1_777_000_000), "forma-invalida", "ocurrido"),
        "lista enorme": (con_datos(s, alerta=[PLANTA] * 500), "dato-invalido", "datos.alerta"),
        "sellado sin nada": (sellada(planta), "json-invalido", "sellado"),
        "sellado no objeto": (sellada(b'["%s"]' % planta), "forma-invalida", "sellado"),
        "sellado no utf8": (sellada(b'{"relato":"%s\xff"}' % planta), "no-es-utf8", "sellado"),
        "sellado hondo": (sellada(b"[" * 5000), "demasiado-anidado", "sellado"),
        "sellado repetido": (sellada(b'{"relato":"a","relato":"%s"}' % planta), "clave-repetida", "sellado"),
        "sellado con lo abierto": (sellada(b'{"riesgo":"%s"}' % planta), "dato-invalido", "sellado"),
        "sellado fuera de lista": (sellada(b'{"captacion":"%s"}' % planta), "dato-invalido", "sellado.captacion"),
        "sellado largo": (
            sellada(b'{"relato":"%s"}' % (planta * 200)), "dato-invalido", "sellado.relato",
        ),
        "cabecera con otro algoritmo": (con_cabecera(alg="HS256"), "firma-algoritmo", "firma"),
        "cabecera sin algoritmo": (con_cabecera(alg="none"), "firma-algoritmo", "firma"),
        "cabecera con crit": (con_cabecera(crit=["b64"], b64=False), "firma-malformada", "firma"),
        "cabecera honda": (otra._replace(firma=_jws(s, otra.cuerpo, honda)), "firma-malformada", "firma"),
        "cabecera plantada": (con_cabecera(kid=PLANTA), "firma-de-otra", "institucion"),
        "cabecera repetida": (
            doble._replace(firma=_jws(s, doble.cuerpo, cabecera % doble.id.encode())), "firma-malformada", "firma",
        ),
    }  # fmt: skip


def _jws(s: Sistema, cuerpo: bytes, cabecera: bytes) -> str:
    protegida = base64url.a_texto(cabecera)
    firmado = f"{protegida}.{base64url.a_texto(cuerpo)}".encode()
    return f"{protegida}..{base64url.a_texto(s.credencial.clave.sign(firmado))}"
