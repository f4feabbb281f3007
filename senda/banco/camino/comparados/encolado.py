"""Cómo se da trabajo a los que no usan las mismas colas, y qué dejan en el bus que haya que borrar."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any, Final

import amqp
import msgspec

from senda.banco.camino.plano import DOS, Plano
from senda.banco.camino.prototipo.bus import Salida, conectar
from senda.banco.camino.sistema import Ajeno
from senda.cliente import Compuesta


def _nada(_plano: Plano) -> None:
    return None


def _carga(compuesta: Compuesta) -> dict[str, str]:
    return {"cuerpo": b64encode(compuesta.cuerpo).decode(), "firma": compuesta.firma}


def _atar_acuses_de_nameko(plano: Plano) -> None:
    nombres = plano.topologia.nombres
    with closing(conectar(plano.bus)) as conexion:
        conexion.channel().queue_bind(
            nombres.acuses_de(plano.institucion), f"{plano.prefijo}-deteccion.events", "acuse"
        )  # fmt: skip


def _encolar_en_nameko(plano: Plano, compuestas: Sequence[Compuesta]) -> None:
    with closing(conectar(plano.bus)) as conexion:
        canal = conexion.channel()
        for compuesta in compuestas:
            mensaje = amqp.Message(
                msgspec.json.encode(_carga(compuesta)), content_type="application/json", content_encoding="utf-8",
                delivery_mode=2,
            )  # fmt: skip
            canal.basic_publish(mensaje, f"{plano.prefijo}-institucion.events", "solicitud")


def _limpiar_nameko(plano: Plano) -> None:
    p = plano.prefijo
    with closing(conectar(plano.bus)) as conexion:
        canal = conexion.channel()
        canal.queue_delete(f"evt-{p}-institucion-solicitud--{p}-deteccion.solicitud")
        canal.queue_delete(f"evt-{p}-deteccion-hecho--{p}-auditoria.hecho")
        for servicio in ("institucion", "deteccion"):
            canal.exchange_delete(f"{p}-{servicio}.events")


def _encolar_en_celery(plano: Plano, compuestas: Sequence[Compuesta]) -> None:
    from senda.banco.camino.comparados.con_celery import aplicacion, cola_de  # noqa: PLC0415 - solo en el banco

    with aplicacion(plano) as app:
        for compuesta in compuestas:
            app.send_task("solicitud", kwargs=_carga(compuesta), queue=cola_de(plano, "deteccion"))


def _limpiar_celery(plano: Plano) -> None:
    with closing(conectar(plano.bus)) as conexion:
        canal = conexion.channel()
        for servicio in DOS:
            canal.queue_delete(f"{plano.prefijo}.celery.{servicio}")
            canal.queue_delete(f"{plano.prefijo}-{servicio}@banco.celery.pidbox")
            canal.exchange_delete(f"{plano.prefijo}.celery.{servicio}")


def _encolar_en_lo_de_siempre(plano: Plano, compuestas: Sequence[Compuesta]) -> None:
    nombres = plano.topologia.nombres
    mensajes: list[tuple[str, str, str, bytes, str, dict[str, Any]]] = [
        (nombres.solicitudes, c.servicio, "solicitud", c.cuerpo, c.id, {"firma": c.firma}) for c in compuestas
    ]
    salida = Salida(plano.bus)
    salida.publicar(mensajes)
    salida.cerrar()


_AQUI: Final = "senda.banco.camino.comparados"
#: De cada uno, el módulo de sus procesos y cómo se le trata. El seguidor de la biblioteca entiende la puerta.
COMPARADOS: Final[Mapping[str, tuple[str, Ajeno | None]]] = {
    "nameko": (f"{_AQUI}.con_nameko", Ajeno(_atar_acuses_de_nameko, _encolar_en_nameko, _limpiar_nameko)),
    "faststream": (f"{_AQUI}.con_faststream", Ajeno(_nada, _encolar_en_lo_de_siempre, _nada)),
    "celery": (f"{_AQUI}.con_celery", Ajeno(_nada, _encolar_en_celery, _limpiar_celery)),
    "biblioteca": (f"{_AQUI}.con_biblioteca", None),
}

__all__ = ["COMPARADOS"]
