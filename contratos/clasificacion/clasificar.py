"""Clasificar lo que se sabe de una persona en acto, medio y fin, y leerlo frente al delito de un país.

Orienta a quien identifica y a quien lleva estadísticas: dice qué hay y qué falta, nunca si hubo trata. Que falte un
elemento no descarta nada (UNODC) ni condiciona la atención.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from msgspec import Struct

from contratos.clasificacion.ficha import Ficha
from contratos.clasificacion.lector import CruceDesconocido, cruce, delito
from contratos.clasificacion.paquete import Lista
from contratos.clasificacion.traducir import Perdida, traducir


class Elemento(StrEnum):
    """Los tres elementos de la trata (Protocolo de Palermo, art. 3)."""

    ACTO = "acto"
    MEDIO = "medio"
    FIN = "fin"


class Clasificacion(Struct, frozen=True, kw_only=True):
    """Acto, medio y fin de lo que consta. ``faltan``: los elementos exigibles de los que nada consta."""

    actos: tuple[str, ...]
    medios: tuple[str, ...]
    fines: tuple[str, ...]
    medio_exigible: bool
    faltan: tuple[Elemento, ...]
    perdidas: tuple[Perdida, ...]


class Lectura(Struct, frozen=True, kw_only=True):
    """Lo que consta, en los términos de la ley de un país. ``medio_exigible``: None si no se halló si lo es."""

    pais: str
    norma: str
    fuente: str
    fines: tuple[str, ...]
    medio_exigible: bool | None
    faltan: tuple[Elemento, ...]
    perdidas: tuple[Perdida, ...]


def clasificar(ficha: Ficha, *, nna: bool) -> Clasificacion:
    """Acto, medio y fin. ``nna``: como la trata el protocolo; entonces no hace falta medio (Palermo, art. 3.c)."""
    traducida = traducir(cruce("palermo"), ficha)
    actos, medios, fines = (traducida.campos.get(elemento, ()) for elemento in Elemento)
    return Clasificacion(
        actos=actos,
        medios=medios,
        fines=fines,
        medio_exigible=not nna,
        faltan=_faltan({Elemento.ACTO: actos, Elemento.MEDIO: medios, Elemento.FIN: fines}, medio=not nna),
        perdidas=traducida.perdidas,
    )


def leer_en(pais: str, ficha: Ficha, *, nna: bool) -> Lectura:
    """Lo mismo frente al delito de un país (alfa-2 en minúsculas). Errores: `CruceDesconocido` si no está."""
    suyo = delito(pais)
    if suyo.delito is None:
        raise CruceDesconocido(f"{suyo.cruce} no es el delito de un país")
    traducida = traducir(suyo, ficha)
    exige = suyo.delito.exige_medio(nna=nna)
    general = clasificar(ficha, nna=nna)
    fines = traducida.campos.get(suyo.de(Lista.MODALIDAD).campo, ())
    hay = {Elemento.ACTO: general.actos, Elemento.MEDIO: general.medios, Elemento.FIN: fines}
    return Lectura(
        pais=pais,
        norma=suyo.delito.norma,
        fuente=suyo.fuente,
        fines=fines,
        medio_exigible=exige,
        faltan=_faltan(hay, medio=exige is True),
        perdidas=traducida.perdidas,
    )


def _faltan(hay: Mapping[Elemento, tuple[str, ...]], *, medio: bool) -> tuple[Elemento, ...]:
    return tuple(e for e, consta in hay.items() if not consta and (e is not Elemento.MEDIO or medio))
