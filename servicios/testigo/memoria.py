"""Lo que un testigo no puede olvidar: qué refrendó de cada libro y lo que le trajeron en contra. Su propia SQLite.

Lo último refrendado se saca del historial, al que solo se añade: no hay una fila aparte que pueda decir otra cosa. La
base impide por su cuenta que el historial retroceda o tenga dos raíces para un tamaño.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Engine, LargeBinary, MetaData, Table, Text, UniqueConstraint

from infra.almacen.esquema import Entero, Instante
from infra.almacen.motor import abrir_motor, leyendo
from infra.almacen.solo_anexar import claves_de, solo_anexar
from senda_verificar.nota import PuntoDeControl, Vkey, leer_vkey
from servicios.testigo.dominio import NADA, Ultimo, texto_de

TABLAS = MetaData()

#: Las claves de libro que conoce: quién puede pedirle refrendos.
libros = Table(
    "libros",
    TABLAS,
    Column("vkey", Text, primary_key=True),
    Column("desde", Instante, nullable=False),
)

#: Fila única: la vkey con que refrenda. Una base que es de otra clave no sirve para esta.
propia = Table("propia", TABLAS, Column("vkey", Text, primary_key=True))

#: Cada punto refrendado, en orden. ``huella``: SHA-256 de lo firmado; ``texto``: con las firmas del libro; ``linea``:
#: el refrendo que se dio. Al mismo punto, la misma línea: quien repita una petición no llena el disco.
refrendados = Table(
    "refrendados",
    TABLAS,
    Column("numero", Entero, primary_key=True),
    Column("origen", Text, nullable=False),
    Column("tamano", Entero, nullable=False),
    Column("raiz", LargeBinary(32), nullable=False),
    Column("huella", LargeBinary(32), nullable=False),
    Column("texto", Text, nullable=False),
    Column("linea", Text, nullable=False),
    Column("instante", Instante, nullable=False),
    UniqueConstraint("origen", "huella"),
)

#: Puntos firmados por un libro que contradicen lo refrendado (`dominio.acusacion`). Solo los que él firmó: no los
#: multiplica quien no tenga su clave.
evidencias = Table(
    "evidencias",
    TABLAS,
    Column("numero", Entero, primary_key=True),
    Column("motivo", Text, nullable=False),
    Column("origen", Text, nullable=False),
    Column("tamano", Entero, nullable=False),
    Column("raiz", LargeBinary(32), nullable=False),
    Column("huella", LargeBinary(32), nullable=False),
    Column("texto", Text, nullable=False),
    Column("instante", Instante, nullable=False),
    UniqueConstraint("origen", "huella", "motivo"),
)

_NO_RETROCEDE = (
    "CREATE TRIGGER IF NOT EXISTS refrendados_sin_retroceso BEFORE INSERT ON refrendados WHEN EXISTS ("
    "SELECT 1 FROM refrendados WHERE origen = NEW.origen"
    " AND (tamano > NEW.tamano OR (tamano = NEW.tamano AND raiz <> NEW.raiz)))"
    " BEGIN SELECT RAISE(ABORT, 'un testigo no retrocede ni refrenda dos raices'); END"
)
_ULTIMO = (
    sa.select(refrendados)
    .where(refrendados.c.origen == sa.bindparam("de"))
    .order_by(refrendados.c.tamano.desc(), refrendados.c.numero.desc())
    .limit(1)
)
_RAIZ = (
    sa.select(refrendados.c.raiz)
    .where(refrendados.c.origen == sa.bindparam("de"), refrendados.c.tamano == sa.bindparam("tamano"))
    .limit(1)
)
_LINEA = sa.select(refrendados.c.linea).where(
    refrendados.c.origen == sa.bindparam("de"), refrendados.c.huella == sa.bindparam("huella")
)


class Refrendado(NamedTuple):
    """Un punto que este testigo refrendó en ``instante`` (UTC). ``texto``: con las firmas del libro y su refrendo."""

    origen: str
    tamano: int
    raiz: bytes
    texto: str
    instante: datetime


class Evidencia(NamedTuple):
    """Un punto que contradice lo refrendado. ``aclarada``: después se refrendó, con una prueba que sí valía."""

    motivo: str
    origen: str
    tamano: int
    texto: str
    instante: datetime
    aclarada: bool


class MemoriaAusente(Exception):
    """No hay base, o es de otra clave. Empezar otra en blanco sería olvidar: refrendaría cualquier bifurcación."""

    def __str__(self) -> str:
        return (
            "la memoria de este testigo falta o es de otra clave; repón su copia más reciente. Si no la hay, retira "
            "esa clave e instala un testigo nuevo: uno que olvidó no puede refrendar"
        )


@dataclass
class Turno:
    """Una transacción en la que nadie más refrenda."""

    conexion: Connection

    def ultimo(self, origen: str) -> tuple[Ultimo, datetime | None]:
        """Lo último refrendado de un libro y cuándo; `dominio.NADA` si nunca."""
        fila = self.conexion.execute(_ULTIMO, {"de": origen}).first()
        return (NADA, None) if fila is None else (Ultimo(fila.tamano, fila.raiz), fila.instante)

    def raiz(self, origen: str, tamano: int) -> bytes | None:
        """La raíz refrendada para ese tamaño; None si ese tamaño no se refrendó."""
        if tamano == NADA.tamano:
            return NADA.raiz
        return self.conexion.scalar(_RAIZ, {"de": origen, "tamano": tamano})

    def linea(self, punto: PuntoDeControl) -> str | None:
        """El refrendo que ya se dio a ese mismo punto."""
        return self.conexion.scalar(_LINEA, {"de": punto.origen, "huella": sha256(punto.firmado).digest()})

    def anotar(self, punto: PuntoDeControl, linea: str, instante: datetime) -> None:
        """Lo refrendado. Errores: `IntegrityError` si retrocede, contradice o ya está."""
        self.conexion.execute(sa.insert(refrendados).values(**_fila(punto, instante), linea=linea))

    def acusar(self, motivo: str, punto: PuntoDeControl, instante: datetime) -> None:
        """Guarda un punto como evidencia; repetirlo no añade nada."""
        fila = _fila(punto, instante) | {"motivo": motivo}
        _anadir(self.conexion, evidencias, fila, ("origen", "huella", "motivo"))


class Memoria:
    """La base abierta."""

    def __init__(self, motor: Engine, vkey: str) -> None:
        self._motor = motor
        self.vkey = vkey

    @classmethod
    def crear(cls, archivo: Path, vkey: str) -> Memoria:
        """Una nueva, para el testigo de esa vkey. Errores: `FileExistsError`."""
        archivo.open("xb").close()
        archivo.chmod(0o600)
        motor = _motor(archivo)
        TABLAS.create_all(motor)
        with motor.begin() as conexion:
            for tabla in TABLAS.sorted_tables:
                for sentencia in solo_anexar(tabla.name, motor.dialect.name, claves_de(tabla)):
                    conexion.exec_driver_sql(sentencia)
            conexion.exec_driver_sql(_NO_RETROCEDE)
            conexion.execute(sa.insert(propia).values(vkey=vkey))
        return cls(motor, vkey)

    @classmethod
    def abrir(cls, archivo: Path, vkey: str) -> Memoria:
        """La de ese testigo; nunca la crea. Errores: `MemoriaAusente`."""
        if not archivo.is_file():
            raise MemoriaAusente
        motor = _motor(archivo)
        try:
            with leyendo(motor) as conexion:
                duenas = conexion.scalars(sa.select(propia.c.vkey)).all()
        except sa.exc.DatabaseError:
            duenas = []
        if duenas != [vkey]:
            motor.dispose()
            raise MemoriaAusente
        return cls(motor, vkey)

    def cerrar(self) -> None:
        """Suelta la base."""
        self._motor.dispose()

    @contextmanager
    def turno(self) -> Iterator[Turno]:
        """Al salir, lo anotado está en el disco. SQLite da la base a uno solo desde el principio (BEGIN IMMEDIATE)."""
        with self._motor.begin() as conexion:
            yield Turno(conexion)

    def conocer(self, vkey: str, ahora: datetime) -> None:
        """Añade la clave de un libro; repetirlo no cambia nada. Errores: `ClaveInvalida`."""
        leer_vkey(vkey)
        with self._motor.begin() as conexion:
            _anadir(conexion, libros, {"vkey": vkey, "desde": ahora}, ("vkey",))

    def libros(self) -> Mapping[str, Sequence[Vkey]]:
        """Nombre de cada libro -> sus claves."""
        por_nombre: dict[str, list[Vkey]] = {}
        with leyendo(self._motor) as conexion:
            for vkey in conexion.scalars(sa.select(libros.c.vkey).order_by(libros.c.vkey)):
                clave = leer_vkey(vkey)
                por_nombre.setdefault(clave.nombre, []).append(clave)
        return por_nombre

    def ultimo(self, origen: str) -> Refrendado | None:
        """El último punto refrendado de un libro."""
        with leyendo(self._motor) as conexion:
            fila = conexion.execute(_ULTIMO, {"de": origen}).first()
        return None if fila is None else _refrendado(fila)

    def historial(self) -> list[Refrendado]:
        """Todo lo refrendado, en orden."""
        with leyendo(self._motor) as conexion:
            return [_refrendado(f) for f in conexion.execute(sa.select(refrendados).order_by(refrendados.c.numero))]

    def evidencias(self) -> list[Evidencia]:
        """Lo que contradice lo refrendado, en orden."""
        e, r = evidencias.c, refrendados.c
        despues = sa.exists().where(r.origen == e.origen, r.tamano == e.tamano, r.raiz == e.raiz)
        consulta = sa.select(evidencias, despues.label("aclarada")).order_by(e.numero)
        with leyendo(self._motor) as conexion:
            return [
                Evidencia(f.motivo, f.origen, f.tamano, f.texto, f.instante, bool(f.aclarada))
                for f in conexion.execute(consulta)
            ]


def _motor(archivo: Path) -> Engine:
    # Duradero: un refrendo que se contestó y un corte de luz borró deja a este testigo firmar lo contrario.
    return abrir_motor(f"sqlite:///{archivo}", duradero=True)


def _anadir(conexion: Connection, tabla: Table, fila: dict[str, Any], clave: Sequence[str]) -> None:
    """Si su clave ya está, la deja. Se mira antes: el disparador toma un ON CONFLICT por un intento de pisar."""
    ya = sa.select(sa.true()).select_from(tabla).where(*(tabla.c[c] == fila[c] for c in clave))
    if conexion.scalar(ya) is None:
        conexion.execute(sa.insert(tabla).values(fila))


def _fila(punto: PuntoDeControl, instante: datetime) -> dict[str, Any]:
    return {
        "origen": punto.origen,
        "tamano": punto.tamano,
        "raiz": punto.raiz,
        "huella": sha256(punto.firmado).digest(),
        "texto": texto_de(punto),
        "instante": instante,
    }


def _refrendado(fila: sa.Row[Any]) -> Refrendado:
    return Refrendado(fila.origen, fila.tamano, fila.raiz, fila.texto + fila.linea, fila.instante)


__all__ = ["TABLAS", "Evidencia", "Memoria", "MemoriaAusente", "Refrendado", "Turno"]
