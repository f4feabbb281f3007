"""Leer un instrumento: su TOML, con cada indicador traído de la lista que lo publicó. Una errata se nota al cargar."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from contratos.datos import en_orden, leer_toml, repetidos
from contratos.instrumentos.paquete import (
    Indicador,
    Instrumento,
    InstrumentoEscrito,
    ListaDeIndicadores,
    Seccion,
)
from eventos.deteccion import Aplicador

_CARPETA = Path(__file__).parent
#: La carpeta de las listas; las demás son instrumentos.
_LISTAS = "indicadores"


class InstrumentoDesconocido(LookupError):
    """No hay instrumento con ese código."""


class VersionDesconocida(LookupError):
    """El instrumento existe, pero no en esa versión."""


class InstrumentoInvalido(ValueError):
    """El paquete se contradice o nombra algo que no existe. El mensaje dice qué y dónde."""


def codigos() -> tuple[str, ...]:
    """Los instrumentos que hay, por orden alfabético."""
    carpetas = (c for c in _CARPETA.iterdir() if c.name != _LISTAS and any(c.glob("*.toml")))
    return tuple(sorted(c.name for c in carpetas))


def versiones(instrumento: str) -> tuple[str, ...]:
    """Las versiones de un instrumento, de la primera a la última. Errores: `InstrumentoDesconocido`."""
    if instrumento not in codigos():
        raise InstrumentoDesconocido
    return tuple(sorted((a.stem for a in (_CARPETA / instrumento).glob("*.toml")), key=en_orden))


@cache
def cargar(instrumento: str, version: str) -> Instrumento:
    """Un instrumento en una versión. Errores: `InstrumentoDesconocido`, `VersionDesconocida`, `InstrumentoInvalido`."""
    if version not in versiones(instrumento):
        raise VersionDesconocida
    return leer(_CARPETA / instrumento / f"{version}.toml", _listas())


def vigente(instrumento: str) -> Instrumento:
    """La última versión de un instrumento. Errores: `InstrumentoDesconocido`, `InstrumentoInvalido`."""
    return cargar(instrumento, versiones(instrumento)[-1])


def de_funcion(aplicador: Aplicador) -> tuple[Instrumento, ...]:
    """Los instrumentos vigentes que se aplican desde una función. Errores: `InstrumentoInvalido`."""
    return tuple(i for i in map(vigente, codigos()) if aplicador in i.aplicadores)


def leer(archivo: Path, indicadores: Mapping[str, Indicador]) -> Instrumento:
    """Lee y comprueba ``<código>/<versión>.toml`` con los indicadores de sus listas. Errores: `InstrumentoInvalido`."""
    escrito = leer_toml(archivo, InstrumentoEscrito, InstrumentoInvalido)
    if errores := list(_errores(escrito, archivo, indicadores)):
        raise InstrumentoInvalido(f"{archivo.parent.name}/{archivo.name}: {'; '.join(errores)}")
    return Instrumento(
        instrumento=escrito.instrumento,
        version=escrito.version,
        nombre=escrito.nombre,
        aplicadores=escrito.aplicadores,
        seleccion=escrito.seleccion,
        regla=escrito.regla,
        limites=escrito.limites,
        secciones=tuple(
            Seccion(titulo=s.titulo, indicadores=tuple(indicadores[c] for c in s.indicadores))
            for s in escrito.secciones
        ),
    )


def leer_listas(carpeta: Path) -> dict[str, Indicador]:
    """Todos los indicadores de las listas de una carpeta, por código. Errores: `InstrumentoInvalido`."""
    listas = [leer_toml(a, ListaDeIndicadores, InstrumentoInvalido) for a in sorted(carpeta.glob("*.toml"))]
    if errores := list(repetidos("indicador", (i.codigo for lista in listas for i in lista.indicadores))):
        raise InstrumentoInvalido("; ".join(errores))
    return {
        escrito.codigo: Indicador(
            codigo=escrito.codigo,
            texto=escrito.texto,
            lista=lista.nombre,
            fuente=lista.fuente,
            peligro=escrito.peligro,
            fuente_peligro=lista.fuente_peligro if escrito.peligro else "",
        )
        for lista in listas
        for escrito in lista.indicadores
    }


@cache
def _listas() -> dict[str, Indicador]:
    return leer_listas(_CARPETA / _LISTAS)


def _errores(escrito: InstrumentoEscrito, archivo: Path, indicadores: Mapping[str, Indicador]) -> Iterator[str]:
    if (escrito.instrumento, escrito.version) != (archivo.parent.name, archivo.stem):
        yield f"dice ser {escrito.instrumento} {escrito.version}"
    suyos = [c for s in escrito.secciones for c in s.indicadores]
    yield from repetidos("indicador", suyos)
    yield from repetidos("sección", (s.titulo for s in escrito.secciones))
    yield from repetidos("aplicador", escrito.aplicadores)
    yield from (f"indicador {c} no está en ninguna lista" for c in suyos if c not in indicadores)
