"""Escribir: lo que nace, se mueve o se va se acumula y se escribe junto; en PostgreSQL, de un solo viaje."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Delete, Dialect, Insert, Table, TextClause, Update
from sqlalchemy.sql.schema import ScalarElementColumnDefault


class Altas:
    """Filas que nacen, de una o varias tablas, y lo que se mueve o se va con ellas. De cada tabla, las mismas columnas.

    En PostgreSQL todo es una sentencia: no ha de importar el orden entre tablas ni entre lo que nace y lo demás.
    """

    def __init__(self, conexion: Connection) -> None:
        self._conexion = conexion
        self._filas: dict[tuple[Table, bool], list[Mapping[str, Any]]] = {}
        self._columnas: dict[Table, Mapping[str, Sequence[Any]]] = {}
        self._movido: dict[Update, Mapping[str, Any]] = {}
        self._fuera: dict[Column[int], list[int]] = {}

    @property
    def conexion(self) -> Connection:
        """La conexión, con lo acumulado ya escrito."""
        self.escribir()
        return self._conexion

    @property
    def sin_escribir(self) -> Connection:
        """La conexión, sin más: para leer lo que nada de lo acumulado cambia."""
        return self._conexion

    def agregar(self, tabla: Table, **fila: Any) -> None:
        """Una fila más; si su clave ya está, quedará como estaba."""
        self._filas.setdefault((tabla, True), []).append(fila)

    def anadir(self, tabla: Table, filas: Sequence[Mapping[str, Any]], *, si_falta: bool = False) -> None:
        """Filas que no están; al escribir fallará si alguna está, o con ``si_falta`` quedará como estaba."""
        if filas:
            self._filas.setdefault((tabla, si_falta), []).extend(filas)

    def por_columnas(self, tabla: Table, columnas: Mapping[str, Sequence[Any]]) -> None:
        """Muchas filas que no están, por columnas: todas igual de largas y al menos una fila.

        Los valores van al adaptador tal cual (enteros, textos, bytes): no sirve para tipos que los conviertan.
        """
        if tabla in self._columnas:
            self.escribir()
        self._columnas[tabla] = {nombre: list(suyos) for nombre, suyos in columnas.items()}

    def mover(self, sentencia: Update, valores: Mapping[str, Any]) -> None:
        """Un cambio a la vez que las altas. ``sentencia``: constante y con todos sus valores por dar."""
        if sentencia in self._movido:
            self.escribir()
        self._movido[sentencia] = valores

    def quitar(self, columna: Column[int], valores: Collection[int]) -> None:
        """Fuera las filas con alguno de esos valores en una columna; no han de ser de las que nacen."""
        if valores:
            self._fuera.setdefault(columna, []).extend(valores)

    def escribir(self) -> None:
        """Escribe lo acumulado. Errores: los de la base."""
        if not (self._filas or self._columnas or self._movido or self._fuera):
            return
        if self._conexion.dialect.name == "postgresql":
            self._de_un_viaje()
        else:
            self._de_una_en_una()
        self._filas, self._columnas, self._movido, self._fuera = {}, {}, {}, {}

    def _de_un_viaje(self) -> None:
        """Sin pasar por SQLAlchemy, que por fila cuesta más que la base. psycopg ya sabe los tipos."""
        partes: list[_Parte] = []
        valores: dict[str, Any] = {}

        def agregar(parte: _Parte, columnas: Mapping[str, Any]) -> None:
            valores.update({f"{len(partes)}.{nombre}": suyos for nombre, suyos in columnas.items()})
            partes.append(parte)

        for (tabla, si_falta), filas in self._filas.items():
            suyas = _en_columnas(tabla, filas)
            agregar(_Parte(tabla, tuple(suyas), len(filas) == 1, si_falta), suyas)
        for tabla, columnas in self._columnas.items():
            agregar(_Parte(tabla, tuple(columnas), sola=False, si_falta=False), columnas)
        for n, suyos in enumerate(self._movido.values()):
            valores.update({f"m{n}.{nombre}": valor for nombre, valor in suyos.items()})
        valores |= {f"q{n}": cuales for n, cuales in enumerate(self._fuera.values())}
        orden = _junta(tuple(partes), tuple(self._movido), tuple(self._fuera), self._conexion.dialect)
        self._conexion.exec_driver_sql(orden, valores)

    def _de_una_en_una(self) -> None:
        for (tabla, si_falta), filas in self._filas.items():
            if si_falta:
                sentencia, fijos = _sentencia(tabla, tuple(filas[0]))
                self._conexion.execute(sentencia, [{**fijos, **fila} for fila in filas])
            else:
                self._conexion.execute(_insert(tabla), filas)
        for tabla, columnas in self._columnas.items():
            filas_sueltas = list(zip(*columnas.values(), strict=True))
            self._conexion.exec_driver_sql(_por_columnas(tabla, tuple(columnas)), filas_sueltas)
        for movido, valores in self._movido.items():
            self._conexion.execute(movido, valores)
        for columna, cuales in self._fuera.items():
            self._conexion.execute(_fuera(columna), {"cuales": cuales})


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


class _Parte(NamedTuple):
    """Lo que hace distinta la sentencia de unas altas: valen para todas las de la misma forma."""

    tabla: Table
    columnas: tuple[str, ...]
    sola: bool
    si_falta: bool


def _en_columnas(tabla: Table, filas: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Lo que va en cada columna: la lista de todas las filas o, si hay una sola, su valor."""
    fijos = _por_defecto(tabla, tuple(filas[0]))
    if len(filas) == 1:
        return {**filas[0], **fijos}
    if any(len(fila) != len(filas[0]) for fila in filas):
        raise ValueError(f"filas de {tabla.name} con columnas distintas")
    valores = {nombre: [fila[nombre] for fila in filas] for nombre in filas[0]}
    return valores | {nombre: [fijo] * len(filas) for nombre, fijo in fijos.items()}


@lru_cache(512)
def _junta(
    partes: tuple[_Parte, ...], movido: tuple[Update, ...], fuera: tuple[Column[int], ...], dialecto: Dialect
) -> str:
    ordenes = [_orden(n, parte, dialecto) for n, parte in enumerate(partes)]
    ordenes += [_movimiento(n, sentencia, dialecto) for n, sentencia in enumerate(movido)]
    ordenes += [
        f'DELETE FROM "{columna.table.name}" WHERE "{columna.name}" = ANY(%(q{n})b)'  # noqa: S608  nombres propios
        for n, columna in enumerate(fuera)
    ]
    *antes, ultima = ordenes
    con = ", ".join(f"antes_{n} AS ({orden})" for n, orden in enumerate(antes))
    return f"WITH {con} {ultima}" if con else ultima


def _orden(n: int, parte: _Parte, dialecto: Dialect) -> str:
    # %b: en texto, psycopg escaparía cada byte de cada lista.
    huecos = {nombre: f"%({n}.{nombre})b" for nombre in parte.columnas}
    if parte.sola:
        valores = f"VALUES ({', '.join(huecos.values())})"
    else:
        tipos = {nombre: parte.tabla.c[nombre].type.compile(dialecto) for nombre in huecos}
        valores = f"SELECT {', '.join(f'unnest({hueco}::{tipos[nombre]}[])' for nombre, hueco in huecos.items())}"
    orden = f'INSERT INTO "{parte.tabla.name}" ({_lista(parte.columnas)}) {valores}'
    return f"{orden} ON CONFLICT DO NOTHING" if parte.si_falta else orden


def _movimiento(n: int, sentencia: Update, dialecto: Dialect) -> str:
    compilada = sentencia.compile(dialect=dialecto)
    texto = str(compilada)
    for nombre in compilada.params:
        texto = texto.replace(f"%({nombre})s", f"%(m{n}.{nombre})s")
    return texto


def _lista(columnas: Sequence[str]) -> str:
    return ", ".join(f'"{nombre}"' for nombre in columnas)


@cache
def _fuera(columna: Column[int]) -> Delete:
    return sa.delete(columna.table).where(columna.in_(sa.bindparam("cuales", expanding=True)))


@cache
def _insert(tabla: Table) -> Insert:
    return sa.insert(tabla)


@cache
def _por_defecto(tabla: Table, columnas: tuple[str, ...]) -> Mapping[str, Any]:
    """Lo que vale cada columna que no se da, si tiene un valor por defecto."""
    valores = {c.name: c.default.arg for c in tabla.columns if isinstance(c.default, ScalarElementColumnDefault)}
    return {nombre: valor for nombre, valor in valores.items() if nombre not in columnas}


@cache
def _por_columnas(tabla: Table, columnas: tuple[str, ...]) -> str:
    return f'INSERT INTO "{tabla.name}" ({_lista(columnas)}) VALUES ({", ".join("?" * len(columnas))})'  # noqa: S608


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
