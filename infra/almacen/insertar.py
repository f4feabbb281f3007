"""Insertar: lo que nace se acumula y se escribe junto; en PostgreSQL, de un solo viaje, sean las tablas que sean."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection, Dialect, Insert, Table, TextClause, Update
from sqlalchemy.sql.schema import ScalarElementColumnDefault


class Altas:
    """Filas que nacen, de una o varias tablas, y lo que se mueve con ellas. De cada tabla, con las mismas columnas.

    En PostgreSQL todo es una sentencia: no ha de importar el orden entre tablas ni entre lo que nace y lo que se mueve.
    """

    def __init__(self, conexion: Connection) -> None:
        self._conexion = conexion
        self._filas: dict[tuple[Table, bool], list[Mapping[str, Any]]] = {}
        self._movido: dict[Update, Mapping[str, Any]] = {}

    @property
    def conexion(self) -> Connection:
        """La conexión, con lo acumulado ya escrito."""
        self.escribir()
        return self._conexion

    def agregar(self, tabla: Table, **fila: Any) -> None:
        """Una fila más; si su clave ya está, quedará como estaba."""
        self._filas.setdefault((tabla, True), []).append(fila)

    def anadir(self, tabla: Table, filas: Sequence[Mapping[str, Any]], *, si_falta: bool = False) -> None:
        """Filas que no están; al escribir fallará si alguna está, o con ``si_falta`` quedará como estaba."""
        if filas:
            self._filas.setdefault((tabla, si_falta), []).extend(filas)

    def mover(self, sentencia: Update, valores: Mapping[str, Any]) -> None:
        """Un cambio a la vez que las altas. ``sentencia``: constante; de dos veces la misma vale la última."""
        self._movido[sentencia] = valores

    def escribir(self) -> None:
        """Escribe lo acumulado. Errores: los de la base."""
        if not self._filas and not self._movido:
            return
        filas, self._filas = self._filas, {}
        movido, self._movido = self._movido, {}
        if self._conexion.dialect.name == "postgresql":
            self._de_un_viaje(filas, movido)
            return
        for (tabla, si_falta), suyas in filas.items():
            _ejecutar(self._conexion, tabla, suyas, si_falta=si_falta)
        for sentencia, valores in movido.items():
            self._conexion.execute(sentencia, valores)

    def _de_un_viaje(
        self,
        filas: Mapping[tuple[Table, bool], Sequence[Mapping[str, Any]]],
        movido: Mapping[Update, Mapping[str, Any]],
    ) -> None:
        """Sin pasar por SQLAlchemy, que por fila cuesta más que la base. psycopg ya sabe los tipos."""
        partes = []
        valores: dict[str, Any] = {}
        for n, ((tabla, si_falta), suyas) in enumerate(filas.items()):
            columnas, sola = tuple(suyas[0]), len(suyas) == 1
            fijos = _por_defecto(tabla, columnas)
            partes.append(_Parte(tabla, (*columnas, *fijos), sola, si_falta))
            for nombre in columnas:
                valores[f"{n}.{nombre}"] = suyas[0][nombre] if sola else [fila[nombre] for fila in suyas]
            for nombre, fijo in fijos.items():
                valores[f"{n}.{nombre}"] = fijo if sola else [fijo] * len(suyas)
        for suyos in movido.values():
            valores |= suyos
        self._conexion.exec_driver_sql(_junta(tuple(partes), tuple(movido), self._conexion.dialect), valores)


def anadir(conexion: Connection, tabla: Table, filas: Sequence[Mapping[str, Any]]) -> None:
    """Añade filas. Todas llevan las mismas columnas. Errores: los de la base."""
    altas = Altas(conexion)
    altas.anadir(tabla, filas)
    altas.escribir()


def insertar_si_falta(conexion: Connection, tabla: Table, filas: Sequence[Mapping[str, Any]]) -> None:
    """Añade las filas cuya clave no está; las que están quedan como estaban. Todas llevan las mismas columnas."""
    altas = Altas(conexion)
    altas.anadir(tabla, filas, si_falta=True)
    altas.escribir()


def anadir_por_columnas(conexion: Connection, tabla: Table, columnas: Mapping[str, Sequence[Any]]) -> None:
    """Añade muchas filas de una vez. ``columnas``: los valores de cada una, todas igual de largas y al menos una fila.

    Los valores van al adaptador tal cual (enteros, textos, bytes): no sirve para tipos que los conviertan. En
    PostgreSQL es una sola sentencia, en binario: un tercio de lo que cuesta ir fila a fila. Errores: los de la base.
    """
    sentencia = _por_columnas(tabla, tuple(columnas), conexion.dialect)
    if conexion.dialect.name == "postgresql":
        conexion.exec_driver_sql(sentencia, {nombre: list(suyos) for nombre, suyos in columnas.items()})
    else:
        conexion.exec_driver_sql(sentencia, list(zip(*columnas.values(), strict=True)))


class _Parte(NamedTuple):
    """Lo que hace distinta la sentencia de unas altas: valen para todas las de la misma forma."""

    tabla: Table
    columnas: tuple[str, ...]
    sola: bool
    si_falta: bool


@cache
def _junta(partes: tuple[_Parte, ...], movido: tuple[Update, ...], dialecto: Dialect) -> str:
    ordenes = [_orden(n, parte, dialecto) for n, parte in enumerate(partes)]
    ordenes += [str(sentencia.compile(dialect=dialecto)) for sentencia in movido]
    *antes, ultima = ordenes
    con = ", ".join(f"antes_{n} AS ({orden})" for n, orden in enumerate(antes))
    return f"WITH {con} {ultima}" if con else ultima


def _orden(n: int, parte: _Parte, dialecto: Dialect) -> str:
    nombres = ", ".join(f'"{nombre}"' for nombre in parte.columnas)
    if parte.sola:
        valores = f"VALUES ({', '.join(f'%({n}.{nombre})b' for nombre in parte.columnas)})"
    else:
        valores = f"SELECT {_listas(parte.tabla, parte.columnas, dialecto, de=f'{n}.')}"
    orden = f'INSERT INTO "{parte.tabla.name}" ({nombres}) {valores}'
    return f"{orden} ON CONFLICT DO NOTHING" if parte.si_falta else orden


def _ejecutar(conexion: Connection, tabla: Table, filas: Sequence[Mapping[str, Any]], *, si_falta: bool) -> None:
    if not si_falta:
        conexion.execute(_insert(tabla), filas)
        return
    sentencia, fijos = _sentencia(tabla, tuple(filas[0]))
    conexion.execute(sentencia, [{**fijos, **fila} for fila in filas] if fijos else list(filas))


def _listas(tabla: Table, columnas: tuple[str, ...], dialecto: Dialect, de: str = "") -> str:
    # %b: en texto, psycopg escaparía cada byte de cada lista.
    return ", ".join(f"unnest(%({de}{n})b::{tabla.c[n].type.compile(dialecto)}[])" for n in columnas)


@cache
def _insert(tabla: Table) -> Insert:
    return sa.insert(tabla)


@cache
def _por_defecto(tabla: Table, columnas: tuple[str, ...]) -> Mapping[str, Any]:
    """Lo que vale cada columna que no se da, si tiene un valor por defecto."""
    valores = {c.name: c.default.arg for c in tabla.columns if isinstance(c.default, ScalarElementColumnDefault)}
    return {nombre: valor for nombre, valor in valores.items() if nombre not in columnas}


@cache
def _por_columnas(tabla: Table, columnas: tuple[str, ...], dialecto: Dialect) -> str:
    nombres = ", ".join(f'"{n}"' for n in columnas)
    destino = f'INSERT INTO "{tabla.name}" ({nombres})'
    if dialecto.name != "postgresql":
        return f"{destino} VALUES ({', '.join('?' * len(columnas))})"
    return f"{destino} SELECT {_listas(tabla, columnas, dialecto)}"


@cache
def _sentencia(tabla: Table, columnas: tuple[str, ...]) -> tuple[TextClause, dict[str, Any]]:
    """La sentencia y los valores por defecto de lo que falte.

    Es texto porque SQLAlchemy no guarda compilado un INSERT con ON CONFLICT: compilarlo cuesta más que ejecutarlo.
    """
    fijos = dict(_por_defecto(tabla, columnas))
    nombres = [*columnas, *fijos]
    lista, huecos = ", ".join(f'"{n}"' for n in nombres), ", ".join(f":{n}" for n in nombres)
    texto = sa.text(f'INSERT INTO "{tabla.name}" ({lista}) VALUES ({huecos}) ON CONFLICT DO NOTHING')  # noqa: S608
    return texto.bindparams(*(sa.bindparam(n, type_=tabla.c[n].type) for n in nombres)), fijos
