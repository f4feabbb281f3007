"""Leer los formatos: cada TOML, comprobado contra su cruce. Una errata o un olvido se notan al cargar."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from contratos.clasificacion import Lista
from contratos.datos import leer_toml, repetidos
from contratos.tablas.paquete import Columna, Formato

_CARPETA = Path(__file__).parent


class FormatoDesconocido(LookupError):
    """No hay formato con ese nombre."""


class FormatoInvalido(ValueError):
    """El formato olvida una columna, se contradice o nombra algo que no existe. El mensaje dice qué y dónde."""


def formatos() -> tuple[str, ...]:
    """Los nombres de los que hay."""
    return tuple(sorted(a.stem for a in (_CARPETA / "formatos").glob("*.toml")))


@cache
def formato(nombre: str) -> Formato:
    """Un formato. Errores: `FormatoDesconocido`, `FormatoInvalido`."""
    if nombre not in formatos():
        raise FormatoDesconocido(f"los formatos que hay son {', '.join(formatos())}")
    return leer(_CARPETA / "formatos" / f"{nombre}.toml")


def leer(archivo: Path) -> Formato:
    """Lee y comprueba un formato. Errores: `FormatoInvalido`."""
    leido = leer_toml(archivo, Formato, FormatoInvalido)
    if errores := list(_errores(leido, archivo)):
        raise FormatoInvalido(f"{archivo.name}: {'; '.join(errores)}")
    return leido


def _errores(leido: Formato, archivo: Path) -> Iterator[str]:
    if leido.formato != archivo.stem:
        yield f"se llama {leido.formato} y debería llamarse {archivo.stem}"
    yield from repetidos("columna", (c.nombre for c in leido.columnas))
    yield from repetidos("campo perdido", (c.campo for c in leido.campos_perdidos))
    yield from (f"{c.nombre}: la fuente no está" for c in leido.columnas if c.fuente not in leido.fuentes)
    yield from (f"{c.campo}: la fuente no está" for c in leido.campos_perdidos if c.fuente not in leido.fuentes)
    for columna in leido.columnas:
        yield from (f"{columna.nombre}: {error}" for error in _de_columna(columna))
    nombres = {c.nombre for c in leido.llevadas}
    for lista in leido.cruce.listas:
        suyas = {lista.campo} if lista.campo else set(lista.codigos)
        yield from (f"falta la columna {c}, que usa el cruce" for c in sorted(suyas - nombres - {""}))
    con_lista = {c.lleva.lista for c in leido.llevadas if c.lleva} - {None}
    yield from (f"nada cruza la lista {x}" for x in con_lista if x not in {e.lista for e in leido.cruce.listas})
    yield from (f"{c} se generaliza y no se lleva" for grupo in leido.generalizar for c in grupo if c not in nombres)
    # Una columna que no se pudiera vaciar dejaría grupos pequeños que solo cabe suprimir.
    vaciables = {c for grupo in leido.generalizar for c in grupo}
    fijas = {c.nombre for c in leido.llevadas if c.lleva and c.lleva.lista is Lista.CONDICION}
    yield from (f"{c} no se generaliza" for c in sorted(nombres - vaciables - fijas))


def _de_columna(columna: Columna) -> Iterator[str]:
    if sum(map(bool, (columna.lleva, columna.pierde, columna.identidad))) != 1:
        yield "ha de decir una cosa: lleva, pierde o identidad"
    if columna.obligatoria and not columna.lleva:
        yield "no puede ser obligatoria si no se lleva"
    if columna.valores and not columna.pierde:
        yield "los valores son de una columna que se pierde; los demás están en el cruce"
