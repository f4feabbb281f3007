"""La bandeja: solicitudes que esperan, guardadas tal como llegaron. Se atienden por rondas (`turnos`)."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.esquema import bandeja
from infra.almacen.insertar import anadir
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Entrega
from infra.mensajeria.turnos import Turno, mirar

_FIRMA_MAXIMA: Final = 4096
_COLA_MAXIMA: Final = 255
#: Lo que se guarda en lugar de una firma que no cabe en la base: no es ningún JWS, y consta que algo traía.
_IMPOSIBLE: Final = "-"
#: Forma de un código de institución.
INSTITUCION: Final = re.compile(r"[A-Z]{2}-[A-Z0-9]{2,16}(-[A-Z0-9]{1,16})?")


class Recibida(NamedTuple):
    """Una solicitud recibida y cuántas veces falló.

    ``usuario``: la institución que publicó, según el bus; None si no lo dice o publicó alguien por varias.
    ``responder_a``: cola donde quien la envió espera respuesta. ``institucion`` y ``urgente``: su turno.
    """

    numero: int
    cuerpo: bytes
    firma: str
    usuario: str | None
    responder_a: str | None
    recibido: datetime
    fallos: int = 0
    institucion: str = ""
    urgente: bool = False
    ronda: int = 0

    @property
    def turno(self) -> Turno:
        """Detrás de quién espera."""
        return Turno(self.institucion, self.urgente)


def recibida(entrega: Entrega, nombres: Nombres, ahora: datetime) -> Recibida:
    """Lo que se guarda de una entrega. Lo que no cabe en la base se descarta aquí: una firma imposible no es firma."""
    usuario = entrega.usuario if entrega.usuario and INSTITUCION.fullmatch(entrega.usuario) else None
    responder_a = _texto(entrega.responder_a, _COLA_MAXIMA)
    if responder_a.startswith(f"{nombres.prefijo}senda."):
        responder_a = ""  # nadie nos hace escribir en las colas del sistema
    firmada = entrega.mensaje.cabeceras.get("firma")
    firma = _texto(firmada, _FIRMA_MAXIMA) or ("" if firmada in {None, ""} else _IMPOSIBLE)
    return Recibida(0, entrega.mensaje.cuerpo, firma, usuario, responder_a or None, ahora)


# Construir una sentencia cuesta más que ejecutarla: las que se repiten se construyen una vez.
_TOCA = (bandeja.c.proximo <= sa.bindparam("ahora")) | (bandeja.c.proximo > sa.bindparam("tope"))
_EN_CURSO = sa.select(bandeja.c.ronda).where(_TOCA).order_by(bandeja.c.ronda).limit(1).scalar_subquery()
_POR_ATENDER = (
    sa.select(bandeja.c.numero)
    .where(_TOCA, bandeja.c.ronda < _EN_CURSO + sa.bindparam("rondas", type_=sa.BigInteger))
    .order_by(bandeja.c.ronda, bandeja.c.numero)
    .limit(sa.bindparam("lote"))
)
_ENTERAS = (
    sa.select(*(bandeja.c[campo] for campo in Recibida._fields))
    .where(bandeja.c.numero.in_(sa.bindparam("cuales", expanding=True)))
    .order_by(bandeja.c.numero)
)
_TOMAR = (
    sa.delete(bandeja)
    .where(bandeja.c.numero.in_(_POR_ATENDER.scalar_subquery()))
    .returning(*(bandeja.c[campo] for campo in Recibida._fields))
)
_QUITAR = sa.delete(bandeja).where(bandeja.c.numero.in_(sa.bindparam("cuales", expanding=True)))
_APLAZAR = (
    sa.update(bandeja)
    .where(bandeja.c.numero == sa.bindparam("cual"))
    .values(proximo=sa.bindparam("cita"), fallos=sa.bindparam("van"), ronda=sa.bindparam("en_ronda"))
)
_PRIMERA_CITA = sa.select(sa.func.min(bandeja.c.proximo))


def guardar(conexion: Connection, recibidas: Sequence[Recibida], citas: Sequence[datetime]) -> None:
    """Añade solicitudes, en el orden en que llegaron; cada una, con cuándo volver a mirarla (UTC)."""
    if recibidas:
        anadir(
            conexion,
            bandeja,
            [
                {
                    "cuerpo": r.cuerpo, "firma": r.firma, "usuario": r.usuario, "responder_a": r.responder_a,
                    "recibido": r.recibido, "proximo": cita, "fallos": r.fallos,
                    "institucion": r.institucion, "urgente": r.urgente, "ronda": r.ronda,
                }
                for r, cita in zip(recibidas, citas, strict=True)
            ],
        )  # fmt: skip


class Trago(NamedTuple):
    """Cuánto se atiende de una vez: ``lote`` solicitudes de ``rondas`` rondas, como mucho."""

    lote: int
    rondas: int = 2**31


def por_atender(conexion: Connection, ahora: datetime, tope: datetime, trago: Trago) -> list[int]:
    """Números de las que toca mirar, por rondas y, en cada una, por orden de llegada.

    También las citadas después de ``tope`` (`Ajustes.toca`).
    """
    return list(conexion.scalars(_POR_ATENDER, {"ahora": ahora, "tope": tope, **trago._asdict()}))


def tomar(conexion: Connection, ahora: datetime, tope: datetime, trago: Trago) -> list[Recibida]:
    """Saca las de `por_atender`, en el mismo orden: son de quien las toma, si su transacción confirma."""
    filas = conexion.execute(_TOMAR, {"ahora": ahora, "tope": tope, **trago._asdict()})
    return sorted((Recibida(*fila) for fila in filas), key=lambda r: (r.ronda, r.numero))


def leer(conexion: Connection, numeros: Collection[int]) -> list[Recibida]:
    """Las que siguen en la bandeja, por orden de llegada."""
    return [Recibida(*fila) for fila in conexion.execute(_ENTERAS, {"cuales": list(numeros)})]


def quitar(conexion: Connection, numeros: Collection[int]) -> None:
    """Saca las respondidas."""
    if numeros:
        conexion.execute(_QUITAR, {"cuales": list(numeros)})


def aplazar(conexion: Connection, cuando: Sequence[tuple[Recibida, datetime]], ahora: datetime) -> None:
    """Vuelve a mirar cada una en su momento (UTC), con los fallos que lleva.

    Otra mirada es otra vez en su turno: quien hace mirar mucho lo suyo espera más, no los demás.
    """
    if not cuando:
        return
    rondas = mirar(conexion, {r.turno for r, _ in cuando}, ahora)
    filas = [{"cual": r.numero, "cita": cita, "van": r.fallos, "en_ronda": rondas.dar(r.turno)} for r, cita in cuando]
    conexion.execute(_APLAZAR, filas)


def proximo(conexion: Connection) -> datetime | None:
    """Cuándo toca volver a mirar (UTC), o None si está vacía."""
    cita: datetime | None = conexion.scalar(_PRIMERA_CITA)
    return cita


def _texto(valor: Any, maximo: int) -> str:
    """El texto si la base puede guardarlo (UTF-8 sin NUL y corto); si no, vacío."""
    if not isinstance(valor, str) or len(valor) > maximo or "\x00" in valor:
        return ""
    try:
        valor.encode()
    except UnicodeEncodeError:
        return ""
    return valor
