"""Leer los cruces: cada TOML, comprobado contra las listas del catálogo. Una errata o un olvido se notan al cargar."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from contratos.clasificacion.paquete import VALORES, Cruce, Equivalencias
from contratos.datos import leer_toml, repetidos

_CARPETA = Path(__file__).parent


class CruceDesconocido(LookupError):
    """No hay cruce con ese nombre."""


class CruceInvalido(ValueError):
    """El cruce olvida un valor, se contradice o nombra algo que no existe. El mensaje dice qué y dónde."""


@cache
def cruces() -> dict[str, Cruce]:
    """Todos los cruces, por nombre. Errores: `CruceInvalido`."""
    return {c.cruce: c for c in (leer(a) for a in sorted(_CARPETA.rglob("*.toml")))}


def cruce(nombre: str) -> Cruce:
    """Un cruce. Errores: `CruceDesconocido`, `CruceInvalido`."""
    try:
        return cruces()[nombre]
    except KeyError:
        raise CruceDesconocido(f"los cruces que hay son {', '.join(cruces())}") from None


def delito(pais: str) -> Cruce:
    """El cruce con el delito de un país (ISO 3166-1 alfa-2 en minúsculas). Errores: `CruceDesconocido`."""
    return cruce(f"delito-{pais}")


def leer(archivo: Path) -> Cruce:
    """Lee y comprueba un cruce. Errores: `CruceInvalido`."""
    leido = leer_toml(archivo, Cruce, CruceInvalido)
    if errores := list(_errores(leido, archivo)):
        raise CruceInvalido(f"{archivo.name}: {'; '.join(errores)}")
    return leido


def _errores(leido: Cruce, archivo: Path) -> Iterator[str]:
    nombre = f"delito-{leido.delito.pais}" if leido.delito else archivo.stem
    if leido.cruce != nombre:
        yield f"se llama {leido.cruce} y debería llamarse {nombre}"
    yield from repetidos("lista", (e.lista for e in leido.listas))
    for equivalencias in leido.listas:
        yield from (f"{equivalencias.lista}: {error}" for error in _de_lista(equivalencias))


def _de_lista(e: Equivalencias) -> Iterator[str]:
    dichos = e.valores.keys() | e.sin_equivalente.keys()
    yield from (f"{v} tiene y no tiene equivalente" for v in sorted(e.valores.keys() & e.sin_equivalente.keys()))
    if e.lista in VALORES:
        yield from (f"falta decir qué es de {v}" for v in sorted(VALORES[e.lista] - dichos))
        yield from (f"{v} no está en el catálogo" for v in sorted(dichos - VALORES[e.lista]))
    usados = {*e.valores.values(), *(s.va_como for s in e.sin_equivalente.values() if s.va_como)}
    if e.codigos:
        yield from (f"{c} no es un código del estándar" for c in sorted((usados | e.sin_valor.keys()) - {*e.codigos}))
        yield from (f"nada llega a {c}" for c in e.codigos if c not in usados | e.sin_valor.keys())
    yield from (
        f"al leer {c} se toma {v}, que no sale así"
        for c, v in e.se_lee.items()
        if e.codigo(v) != c or v not in e.valores
    )
