"""Que cada institución dijo lo que se le atribuye: cada hecho lleva el hash de unos bytes que ella firmó.

Con las entradas van las solicitudes de cada paquete, con el mismo índice: ``solicitudes/x001/234.jsonl``, una por línea
``{huella, firma, cuerpo, acuse, firma_acuse}`` (bytes en base64; ``cuerpo`` vacío si la clave de la persona ya se
destruyó, y entonces ha de constar en el libro). Lo que hace el propio sistema (``GT-SISTEMA``) no lo firma nadie más,
y lo de la bóveda consta en ella. Que el servicio entendiera bien lo pedido no lo dice la firma: está ahí, para leerlo.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from senda_verificar.faltas import Codigo, Donde, Registro, id_de
from senda_verificar.firmas import SinValor, leer_jws, objeto_unico, publica
from senda_verificar.nota import de_b64

SISTEMA: Final = "-SISTEMA"
_DE_LA_BOVEDA: Final = "senda.seguridad."
DESTRUYE: Final = f"{_DE_LA_BOVEDA}clave-destruida."
#: Lo que queda sin comprobar si no se fija de fuera ninguna clave de institución.
SIN_RECTORA: Final = "de quién es cada clave de institución: sale del libro; fija la de la rectora («institucion»)"
DE_INSTITUCION: Final = "senda.coordinacion.institucion-"
_INSCRIBE: Final = (f"{DE_INSTITUCION}inscrita.v", f"{DE_INSTITUCION}actualizada.v")
#: Los campos del sobre que aquí se usan; todos son texto.
_CAMPOS: Final = ("id", "source", "type", "subject", "institucion", "agente", "agregado", "solicitud", "registrado")


class Acto(NamedTuple):
    """Un hecho del libro: su sitio y lo que dice su sobre."""

    origen: str
    posicion: int
    sobre: Mapping[str, Any]

    @property
    def del_sistema(self) -> bool:
        """Si no se atribuye a ninguna institución."""
        return str(self.sobre["institucion"]).endswith(SISTEMA)


@dataclass
class Directorio:
    """Las claves de cada institución: las que se fijan de fuera y las que el libro fue inscribiendo.

    Vale cualquiera que haya tenido: entre orígenes no hay orden, y no se sabe cuál regía al firmar.
    """

    fijadas: Mapping[str, list[Ed25519PublicKey]]
    inscritas: dict[str, list[Ed25519PublicKey]] = field(default_factory=dict)
    _rectora: str = ""

    def inscribir(self, acto: Acto, registro: Registro) -> None:
        """Toma la clave que un hecho de coordinación inscribe. La de la rectora es la única que nadie más firma."""
        if not str(acto.sobre["type"]).startswith(_INSCRIBE) or not acto.origen.endswith("/coordinacion"):
            return
        codigo, texto = str(acto.sobre["subject"]), acto.sobre["data"].get("clave_firma")
        try:
            clave = publica(texto if isinstance(texto, str) else "")
        except SinValor as error:
            _apuntar(registro, Codigo.CLAVE_DE_INSTITUCION, acto, str(error))
            return
        if acto.del_sistema:
            self._inscribir_rectora(codigo, clave, acto, registro)
        self.inscritas.setdefault(codigo, []).append(clave)

    def claves(self, institucion: str) -> list[Ed25519PublicKey]:
        """Con cuáles pudo firmar."""
        return [*self.fijadas.get(institucion, ()), *self.inscritas.get(institucion, ())]

    def _inscribir_rectora(self, codigo: str, clave: Ed25519PublicKey, acto: Acto, registro: Registro) -> None:
        fijadas = [c.public_bytes_raw() for c in self.fijadas.get(codigo, ())]
        if self._rectora:
            que = "el sistema inscribió por su cuenta a otra institución: nadie la pidió"
            _apuntar(registro, Codigo.ACTO_SIN_SOLICITUD, acto, que)
        elif self.fijadas and clave.public_bytes_raw() not in fijadas:
            que = "la clave de la rectora en el libro no es la que se fijó de fuera"
            _apuntar(registro, Codigo.CLAVE_DE_INSTITUCION, acto, que)
        self._rectora = self._rectora or codigo


@dataclass
class Cuenta:
    """Cuántos actos se comprobaron, y cuáles no se pudo."""

    firmados: int = 0
    del_sistema: int = 0
    de_la_boveda: int = 0
    sin_cuerpo: int = 0


def leer_acto(origen: str, posicion: int, cuerpo: bytes) -> Acto | None:
    """Lo que dice el sobre de un hecho, o None si no se deja leer de una sola manera."""
    try:
        sobre = json.loads(cuerpo, object_pairs_hook=objeto_unico)
        if all(isinstance(sobre.get(c, ""), str) for c in _CAMPOS) and isinstance(sobre["data"], dict):
            return Acto(origen, posicion, {**dict.fromkeys(_CAMPOS, ""), **sobre})
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        pass
    return None


def leer_solicitudes(lineas: Sequence[str]) -> dict[str, Mapping[str, str]]:
    """Por huella, lo que se conserva de cada solicitud. Lo que no se deje leer no está."""
    leidas = {}
    for linea in lineas:
        try:
            fila = json.loads(linea, object_pairs_hook=objeto_unico)
            if all(isinstance(fila[c], str) for c in ("huella", "firma", "cuerpo", "acuse", "firma_acuse")):
                leidas[fila["huella"]] = fila
        except (ValueError, TypeError, KeyError, RecursionError):
            continue
    return leidas


@dataclass
class Juez:
    """Comprueba los actos de un paquete contra las solicitudes que los causaron."""

    directorio: Directorio
    origenes: Mapping[str, Ed25519PublicKey]
    registro: Registro
    #: Las rutas cuya clave consta destruida en el libro.
    destruidas: Collection[str] = ()
    cuenta: Cuenta = field(default_factory=Cuenta)
    _solicitudes: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    _abiertas: dict[str, tuple[Mapping[str, Any], Mapping[str, Any] | None]] = field(default_factory=dict)

    def con(self, solicitudes: Mapping[str, Mapping[str, str]]) -> None:
        """Las solicitudes del paquete que viene."""
        self._solicitudes = solicitudes
        self._abiertas = {}

    def juzgar(self, acto: Acto) -> None:
        """Señala lo que no casa en un acto."""
        huella = str(acto.sobre["solicitud"])
        if acto.sobre["source"] != acto.origen:
            _apuntar(self.registro, Codigo.ORIGEN_ALTERADO, acto, "el sobre dice ser de otro origen")
        if not huella and (acto.del_sistema or str(acto.sobre["type"]).startswith(_DE_LA_BOVEDA)):
            self.cuenta.del_sistema += acto.del_sistema
            self.cuenta.de_la_boveda += not acto.del_sistema
        elif not huella:
            que = "se atribuye a una institución y no dice qué firmó"
            _apuntar(self.registro, Codigo.ACTO_SIN_SOLICITUD, acto, que)
        elif huella not in self._solicitudes:
            que = "no está la solicitud firmada que dice haberlo causado"
            _apuntar(self.registro, Codigo.SOLICITUD_AUSENTE, acto, que)
        else:
            self._con_solicitud(acto, huella)

    def _con_solicitud(self, acto: Acto, huella: str) -> None:
        try:
            if huella not in self._abiertas:
                self._abiertas[huella] = self._abrir(acto, huella)
            acuse, solicitud = self._abiertas[huella]
        except _NoVale as no_vale:
            _apuntar(self.registro, no_vale.codigo, acto, no_vale.que)
            return
        if not any(cumple(evento, acto.sobre) for evento in acuse["eventos"]):
            que = "el acuse de la solicitud no nombra este hecho, o lo cuenta de otra manera"
            _apuntar(self.registro, Codigo.RECIBO_INCUMPLIDO, acto, que)
        elif solicitud is None:
            self._sin_cuerpo(acto, acuse)
        elif any(solicitud.get(c) != acto.sobre[c] for c in ("institucion", "agente")):
            que = "la solicitud la firmó otra institución u otro agente que los del hecho"
            _apuntar(self.registro, Codigo.SOLICITUD_ALTERADA, acto, que)
        elif _habla_de_otra(solicitud, acto):
            que = "la institución lo pidió para otra ruta"
            _apuntar(self.registro, Codigo.OTRA_RUTA, acto, que)
        else:
            self.cuenta.firmados += 1

    def _sin_cuerpo(self, acto: Acto, acuse: Mapping[str, Any]) -> None:
        """Sin los bytes no hay firma que mirar: solo se admite si consta que la clave de esa persona se destruyó."""
        if any(e.get("sujeto") in self.destruidas for e in acuse["eventos"]):
            self.cuenta.sin_cuerpo += 1
        else:
            que = "faltan los bytes que la institución firmó, y no consta que se destruyera la clave de esa persona"
            _apuntar(self.registro, Codigo.SOLICITUD_AUSENTE, acto, que)

    def _abrir(self, acto: Acto, huella: str) -> tuple[Mapping[str, Any], Mapping[str, Any] | None]:
        """El acuse y lo firmado, ya comprobados; lo firmado es None si ya no hay con qué leerlo. Errores: `_NoVale`."""
        fila = self._solicitudes[huella]
        acuse = self._acuse(acto, fila)
        if acuse.get("huella") != huella:
            raise _NoVale(Codigo.RECIBO_FALSO, "el acuse es de otra solicitud")
        if not fila["cuerpo"]:
            return acuse, None
        cuerpo = de_b64(fila["cuerpo"]) or b""
        if sha256(cuerpo).hexdigest() != huella:
            raise _NoVale(Codigo.SOLICITUD_ALTERADA, "los bytes guardados no son los que dice el hecho")
        try:
            firma = leer_jws(fila["firma"], cuerpo, self.directorio.claves(str(acto.sobre["institucion"])))
            solicitud = json.loads(cuerpo, object_pairs_hook=objeto_unico)
        except SinValor as error:
            raise _NoVale(Codigo.FIRMA_DE_INSTITUCION, str(error)) from None
        except (ValueError, RecursionError):
            raise _NoVale(Codigo.SOLICITUD_ALTERADA, "lo firmado no es una solicitud") from None
        dice = (solicitud.get("institucion"), acto.origen.rpartition("/")[2], solicitud.get("id"))
        if (firma.kid, firma.servicio, firma.id) != dice:
            raise _NoVale(Codigo.FIRMA_DE_INSTITUCION, "la firma es de otra solicitud, servicio o institución")
        return acuse, solicitud

    def _acuse(self, acto: Acto, fila: Mapping[str, str]) -> Mapping[str, Any]:
        clave = self.origenes.get(acto.origen)
        try:
            return leer_acuse(fila["acuse"], fila["firma_acuse"], [clave] if clave else None)
        except SinValor as error:
            raise _NoVale(Codigo.RECIBO_FALSO, str(error)) from None


def leer_acuse(en_base64: str, firma: str, claves: list[Ed25519PublicKey] | None) -> Mapping[str, Any]:
    """Un acuse de aceptación; sin ``claves`` no se comprueba su firma. Errores: `SinValor`."""
    cuerpo = de_b64(en_base64)
    if cuerpo is None:
        raise SinValor("el acuse no está en base64")
    if claves is not None:
        leer_jws(firma, cuerpo, claves)
    try:
        acuse = json.loads(cuerpo, object_pairs_hook=objeto_unico)
    except (ValueError, RecursionError):
        acuse = None
    eventos = acuse.setdefault("eventos", []) if isinstance(acuse, dict) else None
    if not isinstance(eventos, list) or not all(isinstance(e, dict) for e in eventos):
        raise SinValor("el acuse no tiene la forma acordada")
    return dict(acuse)


def cumple(evento: Mapping[str, Any], sobre: Mapping[str, Any]) -> bool:
    """Si un hecho del libro es el que un acuse prometió: su id, su tipo, su sujeto y lo que dijo en claro."""
    dicho = evento.get("datos", {})
    if (evento.get("id"), evento.get("tipo"), evento.get("sujeto")) != (sobre["id"], sobre["type"], sobre["subject"]):
        return False
    return isinstance(dicho, dict) and all(sobre["data"].get(campo) == valor for campo, valor in dicho.items())


def _habla_de_otra(solicitud: Mapping[str, Any], acto: Acto) -> bool:
    datos = solicitud.get("datos")
    pedida = datos.get("ruta") if isinstance(datos, dict) else None
    return pedida is not None and acto.sobre["data"].get("ruta", pedida) != pedida


class _NoVale(Exception):
    def __init__(self, codigo: Codigo, que: str) -> None:
        super().__init__(que)
        self.codigo = codigo
        self.que = que


def _apuntar(registro: Registro, codigo: Codigo, acto: Acto, que: str) -> None:
    id_evento = id_de(json.dumps({"id": acto.sobre["id"]}).encode())
    registro.apuntar(codigo, Donde.SOLICITUD, acto.origen, acto.posicion, que, id_evento)


__all__ = [
    "DESTRUYE",
    "DE_INSTITUCION",
    "SIN_RECTORA",
    "Acto",
    "Cuenta",
    "Directorio",
    "Juez",
    "cumple",
    "leer_acto",
    "leer_acuse",
    "leer_solicitudes",
]
