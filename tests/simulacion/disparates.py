"""Solicitudes que ninguna institución debería mandar: cada una ha de tener su acuse y ningún efecto de más."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from contratos.solicitudes.deteccion import DetectarPresuntaVictima, SenalarRiesgo
from infra.seguridad.firma import firmar
from senda.cliente import VIGENCIA, Compuesta, Credencial

if TYPE_CHECKING:
    from tests.simulacion.instituciones import Instituciones

Disparate = Callable[["Instituciones"], None]
_MP = "GT-MP"


def no_es_json(todas: Instituciones) -> None:
    _cruda(todas, b"{esto no es json" + str(todas.azar.random()).encode())


def enorme(todas: Instituciones) -> None:
    _cruda(todas, json.dumps({"relleno": "a" * 40_000, "n": todas.azar.random()}).encode())


def sin_campos(todas: Instituciones) -> None:
    _cruda(todas, json.dumps({"tipo": "senda.deteccion.recibir-alerta.v1", "n": todas.azar.random()}).encode())


def bytes_cambiados_tras_firmar(todas: Instituciones) -> None:
    buena = _deteccion(todas)
    todas.mandar(_MP, buena._replace(cuerpo=buena.cuerpo.replace(b"gt", b"sv")))


def firmada_por_otra(todas: Instituciones) -> None:
    buena = _deteccion(todas)
    falsa = firmar(
        buena.cuerpo, todas.directorio["GT-PNC"].credencial.clave, _MP, buena.servicio, buena.id,
        todas.mundo.reloj.ahora() + VIGENCIA,
    )  # fmt: skip
    todas.mandar(_MP, buena._replace(firma=falsa))


def enviada_por_otra(todas: Instituciones) -> None:
    todas.mandar("GT-PNC", _deteccion(todas))


def de_quien_no_esta(todas: Instituciones) -> None:
    clave = Ed25519PrivateKey.from_private_bytes(todas.mundo.azar_de_instituciones.bytes(32))
    todas.mandar("GT-NADIE", todas.componer(_peticion(todas), Credencial("GT-NADIE", clave)))


def a_otro_servicio(todas: Instituciones) -> None:
    buena = _deteccion(todas)
    todas.mandar(_MP, buena._replace(servicio="coordinacion"))


def tipo_desconocido(todas: Instituciones) -> None:
    _reescrita(todas, lambda datos: datos | {"tipo": "senda.deteccion.adivinar.v7"})


def del_futuro(todas: Instituciones) -> None:
    futuro = (todas.mundo.reloj.ahora() + timedelta(days=20)).isoformat()
    _reescrita(todas, lambda datos: datos | {"ocurrido": futuro})


def dato_sellado_en_claro(todas: Instituciones) -> None:
    _reescrita(todas, lambda datos: datos | {"datos": {**datos["datos"], "relato": "en claro"}})


def ruta_inexistente(todas: Instituciones) -> None:
    ruta = UUID(int=todas.azar.getrandbits(128), version=4)
    todas.pedir("GT-SVET", todas.inventor().inventar(SenalarRiesgo, ruta=ruta))


def id_reutilizado(todas: Instituciones) -> None:
    """El mismo id con dos cuerpos, a veces antes de que el primero tenga respuesta."""
    primera = _deteccion(todas)
    todas.mandar(_MP, primera)
    _reescrita(todas, lambda datos: datos | {"agente": "ag-0badc0de"}, primera)


def repetida_a_la_vez(todas: Instituciones) -> None:
    """La misma solicitud dos veces seguidas: dos acuses iguales y un solo efecto."""
    buena = _deteccion(todas)
    todas.mandar(_MP, buena)
    todas.mandar(_MP, buena)


def _peticion(todas: Instituciones) -> DetectarPresuntaVictima:
    inventada = todas.inventor().inventar(DetectarPresuntaVictima, pais_deteccion="gt", alerta=None)
    assert isinstance(inventada, DetectarPresuntaVictima)
    return inventada


def _deteccion(todas: Instituciones) -> Compuesta:
    return todas.componer(_peticion(todas), todas.directorio[_MP].credencial)


def _cruda(todas: Instituciones, cuerpo: bytes) -> None:
    todas.mandar(_MP, Compuesta(str(todas.mundo.azar_de_instituciones.uuid4()), "deteccion", cuerpo, "a..b"))


def _reescrita(
    todas: Instituciones, cambiar: Callable[[dict[str, Any]], dict[str, Any]], partida: Compuesta | None = None
) -> None:
    buena = partida or _deteccion(todas)
    cuerpo = json.dumps(cambiar(json.loads(buena.cuerpo))).encode()
    credencial = todas.directorio[_MP].credencial
    caduca = todas.mundo.reloj.ahora() + VIGENCIA
    firma = firmar(cuerpo, credencial.clave, credencial.codigo, buena.servicio, buena.id, caduca)
    todas.mandar(_MP, buena._replace(cuerpo=cuerpo, firma=firma))


DISPARATES: tuple[Disparate, ...] = (
    no_es_json, enorme, sin_campos, bytes_cambiados_tras_firmar, firmada_por_otra, enviada_por_otra, de_quien_no_esta,
    a_otro_servicio, tipo_desconocido, del_futuro, dato_sellado_en_claro, ruta_inexistente, id_reutilizado,
    repetida_a_la_vez,
)  # fmt: skip
