"""Quién puede abrir una identidad y para qué: por consentimiento o por mandato, con finalidad. Funciones puras.

Lo excepcional (romper el vidrio) no pasa por aquí: no pide permiso, deja un hecho que se revisa (`boveda`).
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from contratos.base import Mandato
from infra.seguridad.boveda import rechazos as no


class Base(StrEnum):
    """En qué se apoya un permiso."""

    CONSENTIMIENTO = "consentimiento"
    MANDATO = "mandato"


class Finalidad(StrEnum):
    """Para qué se abre una identidad."""

    ATENCION = "atencion"
    SALUD = "salud"
    PROTECCION = "proteccion"
    PROTECCION_NNA = "proteccion-nna"
    DOCUMENTACION = "documentacion"
    PROCESO_PENAL = "proceso-penal"
    REPATRIACION = "repatriacion"
    LOCALIZACION_FAMILIAR = "localizacion-familiar"


#: Con qué mandatos se puede abrir sin consentimiento, y para qué. Decisión del proyecto, sin norma única que lo fije:
#: lo que sirve a la persona (atención, salud, familia) se pide con su consentimiento; lo que la ley obliga, no.
FACULTAN: Final[dict[Finalidad, frozenset[Mandato]]] = {
    Finalidad.ATENCION: frozenset(),
    Finalidad.SALUD: frozenset(),
    Finalidad.LOCALIZACION_FAMILIAR: frozenset({Mandato.PROTECCION_NNA}),
    Finalidad.PROTECCION: frozenset({Mandato.SEGURIDAD, Mandato.JUDICATURA, Mandato.PERSECUCION_PENAL}),
    Finalidad.PROTECCION_NNA: frozenset({Mandato.PROTECCION_NNA, Mandato.JUDICATURA}),
    Finalidad.DOCUMENTACION: frozenset({Mandato.DOCUMENTACION, Mandato.CONSULAR, Mandato.PROTECCION_NNA}),
    Finalidad.PROCESO_PENAL: frozenset({Mandato.PERSECUCION_PENAL, Mandato.JUDICATURA}),
    Finalidad.REPATRIACION: frozenset({Mandato.CONSULAR, Mandato.MIGRACION, Mandato.PROTECCION_NNA}),
}


class Titulo(Struct, frozen=True, kw_only=True):
    """Con qué se pide acceso. ``referencia``: el consentimiento, o el proceso, medida o derivación que da el mandato.

    ``hasta``: instante (UTC) en que deja de valer, o None.
    """

    base: Base
    referencia: UUID
    finalidades: frozenset[Finalidad]
    hasta: datetime | None = None


class Permiso(Struct, frozen=True, kw_only=True):
    """Un título ya concedido a una institución sobre una ruta. Instantes en UTC."""

    id: UUID
    institucion: str
    titulo: Titulo
    desde: datetime
    revocado: datetime | None = None

    def vale(self, instante: datetime) -> bool:
        """Si no se revocó ni venció en ese instante."""
        hasta = self.titulo.hasta
        return self.desde <= instante and self.revocado is None and (hasta is None or instante < hasta)


#: Si un consentimiento de la ruta sigue amparando entonces a una institución.
Ampara = Callable[[UUID, str], bool]


def conceder(titulo: Titulo, institucion: str, mandatos: Collection[Mandato], ampara: Ampara) -> Titulo:
    """El título, si se sostiene. Errores: `SinFinalidad`, `MandatoNoFaculta`, `ConsentimientoNoAmpara`."""
    if not titulo.finalidades:
        raise no.SinFinalidad
    if titulo.base is Base.MANDATO:
        if not all(FACULTAN[f] & set(mandatos) for f in titulo.finalidades):
            raise no.MandatoNoFaculta
    elif not ampara(titulo.referencia, institucion):
        raise no.ConsentimientoNoAmpara
    return titulo


def acotar(titulo: Titulo, suyos: Collection[Permiso]) -> Titulo:
    """El título, solo con las finalidades de los permisos de quien lo concede y sin durar más que el que da cada una.

    Errores: `FinalidadQueNoSeTiene` si no queda ninguna.
    """
    dura = {f: _lo_mas_largo(suyas) for f in titulo.finalidades if (suyas := _con(suyos, f))}
    if not dura:
        raise no.FinalidadQueNoSeTiene
    topes = [hasta for hasta in (titulo.hasta, *dura.values()) if hasta is not None]
    return replace(titulo, finalidades=frozenset(dura), hasta=min(topes, default=None))


def _con(permisos: Collection[Permiso], finalidad: Finalidad) -> list[Titulo]:
    return [p.titulo for p in permisos if finalidad in p.titulo.finalidades]


def _lo_mas_largo(titulos: Collection[Titulo]) -> datetime | None:
    """Hasta cuándo vale alguno; None si alguno no termina."""
    hastas = [t.hasta for t in titulos]
    return None if None in hastas else max(h for h in hastas if h is not None)


def exigir(
    permisos: Iterable[Permiso], finalidad: Finalidad, instante: datetime, mandatos: Collection[Mandato], ampara: Ampara
) -> Permiso:
    """El permiso que ampara abrir ahora; con varios, el de consentimiento: es el que la persona puede retirar.

    ``permisos``: los de una institución sobre una ruta. Errores: `SinPermiso`, `PermisoTerminado`,
    `FinalidadNoAmparada`.
    """
    suyos = sorted(permisos, key=lambda p: (p.titulo.base is not Base.CONSENTIMIENTO, p.desde, p.id))
    if not suyos:
        raise no.SinPermiso
    en_pie = vivos(suyos, instante, mandatos, ampara)
    if not en_pie:
        raise no.PermisoTerminado
    for permiso in en_pie:
        if finalidad in permiso.titulo.finalidades:
            return permiso
    raise no.FinalidadNoAmparada


def vivos(
    permisos: Iterable[Permiso], instante: datetime, mandatos: Collection[Mandato], ampara: Ampara
) -> list[Permiso]:
    """Los que ni vencieron ni se revocaron y cuyo título se sostiene hoy, en el mismo orden."""
    return [p for p in permisos if p.vale(instante) and _se_sostiene(p, mandatos, ampara)]


def _se_sostiene(permiso: Permiso, mandatos: Collection[Mandato], ampara: Ampara) -> bool:
    """Lo concedido se vuelve a mirar al usarlo: el consentimiento pudo revocarse, y el mandato, perderse."""
    try:
        conceder(permiso.titulo, permiso.institucion, mandatos, ampara)
    except (no.MandatoNoFaculta, no.ConsentimientoNoAmpara):
        return False
    return True


__all__ = ["FACULTAN", "Ampara", "Base", "Finalidad", "Permiso", "Titulo", "acotar", "conceder", "exigir", "vivos"]
