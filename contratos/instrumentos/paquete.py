"""Qué dice un instrumento de detección. Sin puntos ni umbrales: ninguna fuente leída los da y un campo de más falla.

Una *lista* es lo que publicó una fuente, indicador por indicador. Un *instrumento* elige de las listas lo que puede ver
o preguntar quien lo aplica. Un código publicado no cambia de texto ni de significado: se añade otro, en otra versión.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from contratos.protocolos.paquete import Dato, Fuente
from eventos.deteccion import Aplicador, Peligro
from eventos.tipos import Clave, Version, dice

Texto = Annotated[str, Meta(min_length=1, max_length=400)]


class IndicadorDeLista(Dato, frozen=True, kw_only=True):
    """Un indicador tal como se escribe en su lista."""

    codigo: Clave
    texto: Texto
    peligro: Annotated[Peligro | None, dice("Qué peligro de ahora mismo señala, si señala alguno")] = None


class ListaDeIndicadores(Dato, frozen=True, kw_only=True):
    """Los indicadores que publicó una fuente."""

    lista: Clave
    nombre: Texto
    valoracion: Annotated[Texto, dice("Cómo dice la fuente que se valoran")]
    fuente: Fuente
    fuente_peligro: Annotated[Fuente, dice("De dónde sale cuáles señalan peligro inmediato")]
    indicadores: Annotated[tuple[IndicadorDeLista, ...], Meta(min_length=1)]


class Regla(Dato, frozen=True, kw_only=True):
    """Cómo se concluye con el instrumento."""

    texto: Texto
    fuente: Fuente


class SeccionEscrita(Dato, frozen=True, kw_only=True):
    """Un apartado, con los códigos de sus indicadores."""

    titulo: Texto
    indicadores: Annotated[tuple[Clave, ...], Meta(min_length=1)]


class InstrumentoEscrito(Dato, frozen=True, kw_only=True):
    """Un instrumento tal como está en su TOML."""

    instrumento: Clave
    version: Version
    nombre: Texto
    aplicadores: Annotated[tuple[Aplicador, ...], Meta(min_length=1, description="Desde qué funciones se aplica")]
    seleccion: Annotated[Fuente, dice("De dónde sale que sean estos indicadores y no otros")]
    regla: Regla
    limites: Annotated[tuple[Texto, ...], Meta(description="Qué no cubre")] = ()
    secciones: Annotated[tuple[SeccionEscrita, ...], Meta(min_length=1)]


class Indicador(Dato, frozen=True, kw_only=True):
    """Un indicador con todo lo suyo: qué mira, quién lo publicó y si señala un peligro de ahora mismo."""

    codigo: Clave
    texto: Texto
    lista: Texto
    fuente: Fuente
    peligro: Peligro | None
    fuente_peligro: Annotated[str, dice("Vacía si no señala peligro")]


class Seccion(Dato, frozen=True, kw_only=True):
    """Un apartado con sus indicadores."""

    titulo: Texto
    indicadores: tuple[Indicador, ...]


class Instrumento(Dato, frozen=True, kw_only=True):
    """Un instrumento listo para aplicarse."""

    instrumento: Clave
    version: Version
    nombre: Texto
    aplicadores: tuple[Aplicador, ...]
    seleccion: Fuente
    regla: Regla
    limites: tuple[Texto, ...]
    secciones: tuple[Seccion, ...]

    @property
    def indicadores(self) -> dict[str, Indicador]:
        """Todos sus indicadores, por código, en el orden en que se preguntan."""
        return {i.codigo: i for seccion in self.secciones for i in seccion.indicadores}
