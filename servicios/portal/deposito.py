"""El depósito: lo que llega para cada institución se guarda antes de confirmarlo al bus y se lee cuanto haga falta.

Los cuerpos salen con los mismos bytes que firmó el servicio.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, NamedTuple, TypeVar

import sqlalchemy as sa
from msgspec import Meta, Struct, json
from sqlalchemy import Connection, Row

from contratos.acuse import Acuse
from infra.almacen.esquema import salida
from infra.almacen.insertar import insertar_si_falta
from infra.mensajeria.transportes.base import Entrega
from servicios.portal.tablas import abonadas, acuses, avisos


class Guardado(NamedTuple):
    """Un mensaje firmado de un servicio. ``numero``: su orden para la institución; ``id``: el de la solicitud."""

    numero: int
    id: str
    cuerpo: bytes
    firma: str


#: Intercambio al que van las solicitudes, como lo nombra la salida.
SOLICITUDES: Final = "solicitudes"
T = TypeVar("T", bound=Struct)
#: Lo que sale en una cabecera: una firma de verdad o ninguna.
_FIRMA: Final = re.compile(r"[A-Za-z0-9_.-]{0,4096}")


# Estrictos con lo que se guarda en columnas: un valor que la base no admita se reintentaría sin fin.
class _Acuse(Acuse, frozen=True, kw_only=True):
    huella: Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
    id: Annotated[str, Meta(pattern="^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})?$")] = ""


class _Aviso(Struct):
    numero: Annotated[int, Meta(ge=1, le=2**53)]


_ABONADA = sa.select(sa.true()).where(abonadas.c.institucion == sa.bindparam("de"))
_CLAVES = sa.select(abonadas.c.institucion).where(abonadas.c.baja.is_(None)).order_by(abonadas.c.institucion)
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
    """La primera vez que entra, el portal empieza a vaciar sus colas. De quien se dio de baja no cambia nada."""
    insertar_si_falta(conexion, abonadas, [{"institucion": institucion, "desde": ahora}])


def reabonar(conexion: Connection, institucion: str, ahora: datetime) -> None:
    """Vuelve a vaciar las colas de quien se dio de baja, o empieza a hacerlo."""
    abonar(conexion, institucion, ahora)
    conexion.execute(sa.update(abonadas).where(abonadas.c.institucion == institucion).values(baja=None))


def desabonar(conexion: Connection, institucion: str, ahora: datetime) -> None:
    """Deja de vaciar sus colas: vuelve a leerlas ella. Lo ya guardado se puede seguir leyendo."""
    abonar(conexion, institucion, ahora)
    conexion.execute(sa.update(abonadas).where(abonadas.c.institucion == institucion).values(baja=ahora))


def consta(conexion: Connection, institucion: str) -> bool:
    """Si ya se sabe de ella: abonada, o de baja."""
    return conexion.scalar(_ABONADA, {"de": institucion}) is not None


def refirmar(conexion: Connection, huella: str, firma: str) -> bool:
    """Cambia la firma de una solicitud que aún no salió, por la huella de su cuerpo. Dice si la había."""
    orden = sa.update(salida).where(salida.c.id == huella, salida.c.intercambio == SOLICITUDES)
    return conexion.execute(orden.values(firma=firma)).rowcount > 0


def todas_las_abonadas(conexion: Connection) -> Sequence[str]:
    """Los códigos, en orden, de quienes no se dieron de baja."""
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
    if not _FIRMA.fullmatch(_firma(entrega)):
        return None
    try:
        # msgspec no mira si es UTF-8 lo que se salta, y ha de salir como texto.
        entrega.mensaje.cuerpo.decode()
        return json.decode(entrega.mensaje.cuerpo, type=clase)
    except (ValueError, RecursionError):
        return None


def _firma(entrega: Entrega) -> str:
    return str(entrega.mensaje.cabeceras.get("firma", ""))


def _comun(institucion: str, entrega: Entrega, ahora: datetime) -> dict[str, Any]:
    cuerpo = entrega.mensaje.cuerpo
    return {"institucion": institucion, "cuerpo": cuerpo, "firma": _firma(entrega), "llegado": ahora}


def _uno(filas: Iterable[Row[Any]]) -> Guardado | None:
    return next((_guardado(fila) for fila in filas), None)


def _guardado(fila: Row[Any]) -> Guardado:
    return Guardado(fila.numero, getattr(fila, "id", ""), fila.cuerpo, fila.firma)


__all__ = [
    "SOLICITUDES",
    "Guardado",
    "abonar",
    "acuse_de",
    "acuse_del_cuerpo",
    "consta",
    "desabonar",
    "desde",
    "guardar_acuses",
    "guardar_avisos",
    "reabonar",
    "refirmar",
    "todas_las_abonadas",
    "ultimo_acuse",
]
