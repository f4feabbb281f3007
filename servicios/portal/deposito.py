"""El depósito: lo que llega para cada institución se guarda antes de confirmarlo al bus y se lee cuanto haga falta.

Los cuerpos salen con los mismos bytes que firmó el servicio.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from msgspec import DecodeError, Struct, ValidationError, json
from sqlalchemy import Connection, Row

from infra.almacen.insertar import insertar_si_falta
from infra.mensajeria.transportes.base import Entrega
from servicios.portal.tablas import abonadas, acuses, avisos


class Guardado(NamedTuple):
    """Un mensaje firmado de un servicio. ``numero``: su orden para la institución; ``id``: el de la solicitud."""

    numero: int
    id: str
    cuerpo: bytes
    firma: str


T = TypeVar("T", bound=Struct)


class _Acuse(Struct):
    huella: str
    id: str = ""


class _Aviso(Struct):
    numero: int


_CLAVES = sa.select(abonadas.c.institucion).order_by(abonadas.c.institucion)
_ULTIMO_ACUSE = sa.select(sa.func.coalesce(sa.func.max(acuses.c.numero), 0)).where(
    acuses.c.institucion == sa.bindparam("de")
)
_DE_HUELLA = (
    sa.select(acuses)
    .where(
        acuses.c.institucion == sa.bindparam("de"),
        acuses.c.huella == sa.bindparam("huella"),
        acuses.c.numero > sa.bindparam("tras"),
    )
    .order_by(acuses.c.numero.desc())
    .limit(1)
)
_DE_ID = (
    sa.select(acuses)
    .where(acuses.c.institucion == sa.bindparam("de"), acuses.c.id == sa.bindparam("id"))
    .order_by(acuses.c.numero.desc())
    .limit(1)
)


def abonar(conexion: Connection, institucion: str, ahora: datetime) -> None:
    """Desde ahora el portal vacía las colas de esa institución. Repetirlo no cambia nada."""
    insertar_si_falta(conexion, abonadas, [{"institucion": institucion, "desde": ahora}])


def desabonar(conexion: Connection, institucion: str) -> None:
    """Deja de vaciar sus colas: vuelve a leerlas ella. Lo ya guardado se puede seguir leyendo."""
    conexion.execute(sa.delete(abonadas).where(abonadas.c.institucion == institucion))


def todas_las_abonadas(conexion: Connection) -> Sequence[str]:
    """Los códigos, en orden."""
    return conexion.scalars(_CLAVES).all()


def guardar_acuses(
    conexion: Connection, institucion: str, entregas: Sequence[Entrega], ahora: datetime
) -> Sequence[Entrega]:
    """Guarda acuses y devuelve las entregas que lo eran. El bus puede repetirlos: los mismos bytes, una sola vez.

    Quien llama tiene el turno de escritura: el número que les da es el siguiente.
    """
    legibles = [(e, acuse) for e in entregas if (acuse := _leido(e, _Acuse)) is not None]
    consulta = sa.select(acuses.c.cuerpo).where(
        acuses.c.institucion == institucion, acuses.c.huella.in_({acuse.huella for _, acuse in legibles})
    )
    vistos = set(conexion.scalars(consulta))
    numero, filas = ultimo_acuse(conexion, institucion), []
    for entrega, acuse in legibles:
        if entrega.mensaje.cuerpo not in vistos:
            vistos.add(entrega.mensaje.cuerpo)
            numero += 1
            filas.append(
                {"numero": numero, "id": acuse.id, "huella": acuse.huella, **_comun(institucion, entrega, ahora)}
            )
    insertar_si_falta(conexion, acuses, filas)
    return [entrega for entrega, _ in legibles]


def guardar_avisos(
    conexion: Connection, institucion: str, entregas: Sequence[Entrega], ahora: datetime
) -> Sequence[Entrega]:
    """Guarda avisos y devuelve las entregas que lo eran. Cada número es de un solo aviso: repetido, no se duplica."""
    legibles = [(e, aviso) for e in entregas if (aviso := _leido(e, _Aviso)) is not None]
    filas = [{"numero": aviso.numero, **_comun(institucion, e, ahora)} for e, aviso in legibles]
    insertar_si_falta(conexion, avisos, filas)
    return [entrega for entrega, _ in legibles]


def acuse_de(conexion: Connection, institucion: str, identificador: str) -> Guardado | None:
    """El último acuse de una solicitud, por su id."""
    return _uno(conexion.execute(_DE_ID, {"de": institucion, "id": identificador}))


def acuse_del_cuerpo(conexion: Connection, institucion: str, huella: str, tras: int = 0) -> Guardado | None:
    """El último acuse de unos bytes (SHA-256 en hexadecimal), si llegó después del número ``tras``."""
    return _uno(conexion.execute(_DE_HUELLA, {"de": institucion, "huella": huella, "tras": tras}))


def ultimo_acuse(conexion: Connection, institucion: str) -> int:
    """El número del último acuse que llegó; 0 si ninguno."""
    return int(conexion.scalar(_ULTIMO_ACUSE, {"de": institucion}) or 0)


def desde(conexion: Connection, tabla: sa.Table, institucion: str, numero: int, maximo: int) -> list[Guardado]:
    """Hasta ``maximo`` mensajes con ese número o posterior, por orden. ``tabla``: `acuses` o `avisos`."""
    consulta = (
        sa.select(tabla)
        .where(tabla.c.institucion == institucion, tabla.c.numero >= numero)
        .order_by(tabla.c.numero)
        .limit(maximo)
    )
    return [_guardado(fila) for fila in conexion.execute(consulta)]


def _leido(entrega: Entrega, clase: type[T]) -> T | None:
    try:
        return json.decode(entrega.mensaje.cuerpo, type=clase)
    except (DecodeError, ValidationError):
        return None


def _comun(institucion: str, entrega: Entrega, ahora: datetime) -> dict[str, Any]:
    firma = str(entrega.mensaje.cabeceras.get("firma", ""))
    return {"institucion": institucion, "cuerpo": entrega.mensaje.cuerpo, "firma": firma, "llegado": ahora}


def _uno(filas: Iterable[Row[Any]]) -> Guardado | None:
    return next((_guardado(fila) for fila in filas), None)


def _guardado(fila: Row[Any]) -> Guardado:
    return Guardado(fila.numero, getattr(fila, "id", ""), fila.cuerpo, fila.firma)


__all__ = [
    "Guardado",
    "abonar",
    "acuse_de",
    "acuse_del_cuerpo",
    "desabonar",
    "desde",
    "guardar_acuses",
    "guardar_avisos",
    "todas_las_abonadas",
    "ultimo_acuse",
]
