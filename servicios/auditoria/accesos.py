"""El registro de accesos: quién leyó qué ruta y para qué (regla 4). Va aparte del libro, con su propia cadena.

No entra en el conjunto que se reproduce: si lo hiciera, cada lectura crearía un hecho más que leer.

La hoja de un acceso es el SHA-256 de seis campos en UTF-8, uno por línea, separados por un salto de línea (0x0A) y sin
salto tras el último:

1. la hoja del acceso anterior, 64 cifras hexadecimales en minúscula (64 ceros en el primero);
2. el número, en decimal y sin ceros delante: desde 1 y sin huecos;
3. el código de la institución que lee;
4. la ruta, un UUID en minúscula y con guiones, o ``todas`` si la lectura las abarcó todas;
5. el motivo, uno de `MotivoAcceso`;
6. el instante en UTC, siempre ``AAAA-MM-DDTHH:MM:SS.ffffffZ``: seis cifras de fracción, también si son ceros.

Es inequívoca porque ningún campo lleva salto de línea (`registrar` lo exige): seis líneas solo se parten de una manera.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Column, Connection, LargeBinary, Table, Text

from infra.almacen.esquema import Entero, Instante
from servicios.auditoria.libro import TABLAS

#: En vez de una ruta: la lectura las abarcó todas (exportar el libro, rehacer lecturas enteras).
TODAS: Final = "todas"
_CERO: Final = bytes(32)
_LOTE: Final = 2000

accesos = Table(
    "accesos",
    TABLAS,
    Column("numero", Entero, primary_key=True, autoincrement=False),
    Column("institucion", Text, nullable=False),
    Column("ruta", Text, nullable=False),
    Column("motivo", Text, nullable=False),
    Column("instante", Instante, nullable=False),
    Column("hoja", LargeBinary(32), nullable=False),
)

_EN_ORDEN = sa.select(accesos).order_by(accesos.c.numero)
_ULTIMO = sa.select(accesos.c.numero, accesos.c.hoja).order_by(accesos.c.numero.desc()).limit(1)
# Ni un candado de tabla ni una fila contador: los dos piden UPDATE. Este acaba con la transacción, y una congelada la
# corta la base por inactiva antes de que se le acabe la espera a la siguiente.
_TURNO = sa.text("SELECT pg_advisory_xact_lock(CAST(CAST('accesos' AS regclass) AS oid)::bigint)")


class MotivoAcceso(StrEnum):
    """Para qué se lee una ruta."""

    ATENCION = "atencion"
    SUPERVISION = "supervision"
    OPERACION = "operacion"
    PETICION_DE_LA_PERSONA = "peticion-de-la-persona"
    MANDATO_JUDICIAL = "mandato-judicial"
    ESTADISTICA = "estadistica"


class AccesoInvalido(ValueError):
    """Anotarlo dejaría una línea ambigua o que su persona no encontraría. Nombra el campo y no repite el valor."""

    def __init__(self, campo: str) -> None:
        super().__init__(f"acceso-invalido: {campo}")
        self.campo = campo


class Acceso(NamedTuple):
    """Una lectura. ``ruta``: su UUID como texto, o `TODAS`. ``instante``: con zona."""

    institucion: str
    ruta: str
    motivo: MotivoAcceso
    instante: datetime


class Asiento(NamedTuple):
    """Un acceso como está en la base: puede no ser como se anotó. ``instante``: en UTC, en su forma canónica."""

    numero: int
    institucion: str
    ruta: str
    motivo: str
    instante: str
    hoja: bytes


def registrar(conexion: Connection, acceso: Acceso) -> int:
    """Anota un acceso, encadenado al anterior; devuelve su número (desde 1). Errores: los de `registrar_varios`."""
    return registrar_varios(conexion, [acceso])


def registrar_varios(conexion: Connection, leidos: Sequence[Acceso]) -> int:
    """Anota accesos por orden y devuelve el número del último (el que ya había, si no se da ninguno).

    ``conexion`` está en una transacción de escritura: quien anota a la vez espera a que acabe. Errores:
    `AccesoInvalido`, y entonces no se anota ninguno; los de la base.
    """
    for acceso in leidos:
        _exigir(acceso)
    if leidos and conexion.dialect.name == "postgresql":  # en SQLite el turno se toma al empezar la transacción
        conexion.execute(_TURNO)
    numero, hoja = cabecera(conexion)
    nuevas = []
    for acceso in leidos:
        numero += 1
        hoja = hoja_de(hoja, numero, *acceso[:3], instante=canonico(acceso.instante))
        nuevas.append({"numero": numero, **acceso._asdict(), "motivo": acceso.motivo.value, "hoja": hoja})
    if nuevas:
        conexion.execute(sa.insert(accesos), nuevas)
    return numero


def cabecera(conexion: Connection) -> tuple[int, bytes]:
    """El número y la hoja (32 bytes) del último acceso; (0, 32 ceros) si no hay ninguno."""
    ultimo = conexion.execute(_ULTIMO).first()
    return (int(ultimo.numero), bytes(ultimo.hoja)) if ultimo else (0, _CERO)


def filas(conexion: Connection) -> Iterator[Asiento]:
    """Todo el registro por orden, en flujo: ``conexion`` ha de ser `leyendo(motor, en_flujo=True)` o una transacción.

    Errores: `ValueError` o `TypeError` si una fila ya no se deja ni leer; los de la base.
    """
    for fila in conexion.execute(_EN_ORDEN.execution_options(yield_per=_LOTE)):
        yield _asiento(fila)


def de_una_ruta(conexion: Connection, ruta: UUID) -> list[Asiento]:
    """Los accesos a una ruta y los que las abarcaron todas, por orden. Errores: como `filas`."""
    return [_asiento(f) for f in conexion.execute(_EN_ORDEN.where(accesos.c.ruta.in_([str(ruta), TODAS])))]


def comprobar(conexion: Connection) -> int | None:
    """El número que debía tener el primer acceso que no casa (cambiado, quitado, puesto o movido); None si casa todo.

    ``conexion``: como en `filas`. Un recorte del final, o rehacerlo entero, no se nota desde dentro.
    """
    anterior, esperado = _CERO, 1
    try:
        for numero, institucion, ruta, motivo, instante, hoja in filas(conexion):
            if numero != esperado or hoja != hoja_de(anterior, numero, institucion, ruta, motivo, instante=instante):
                return esperado
            anterior, esperado = hoja, esperado + 1
    except (ValueError, TypeError):  # ni siquiera tiene el tipo de su columna
        return esperado
    return None


def hoja_de(anterior: bytes, numero: int, institucion: str, ruta: str, motivo: str, *, instante: str) -> bytes:
    """La hoja de un acceso, como dice el módulo. ``instante``: ya en su forma canónica."""
    campos = (anterior.hex(), str(numero), institucion, ruta, motivo, instante)
    return sha256("\n".join(campos).encode()).digest()


def canonico(instante: datetime) -> str:
    """El instante en UTC como entra en la hoja, sea cual sea la zona en que lo devuelva la base."""
    return instante.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def _asiento(fila: sa.Row[tuple[object, ...]]) -> Asiento:
    return Asiento(fila.numero, fila.institucion, fila.ruta, fila.motivo, canonico(fila.instante), fila.hoja)


def _exigir(acceso: Acceso) -> None:
    if not acceso.institucion or not acceso.institucion.isprintable():
        raise AccesoInvalido("institucion")
    if acceso.ruta != TODAS and not _es_canonica(acceso.ruta):
        raise AccesoInvalido("ruta")
    if not isinstance(acceso.motivo, MotivoAcceso):
        raise AccesoInvalido("motivo")
    if acceso.instante.tzinfo is None:
        raise AccesoInvalido("instante")


def _es_canonica(ruta: str) -> bool:
    try:
        return str(UUID(ruta)) == ruta
    except ValueError:
        return False


__all__ = [
    "TODAS",
    "Acceso",
    "AccesoInvalido",
    "Asiento",
    "MotivoAcceso",
    "accesos",
    "cabecera",
    "canonico",
    "comprobar",
    "de_una_ruta",
    "filas",
    "hoja_de",
    "registrar",
    "registrar_varios",
]
