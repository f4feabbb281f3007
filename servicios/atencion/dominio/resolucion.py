"""A una NNA la confía a otra familia quien la ley faculta: la resolución ha de constar. Lo urgente no la espera."""

from __future__ import annotations

from msgspec import UnsetType

from eventos.atencion import AlojamientoAsignado, ClaseAlojamiento, Nucleo, ReintegracionFamiliarLograda
from eventos.base import UNSET
from eventos.rechazo import Rechazo


class FaltaResolucion(Rechazo):
    """No consta quién autorizó que otra familia tenga a la niña, niño o adolescente."""

    codigo = "falta-resolucion"
    campo = "datos.resolucion"
    que_hacer = (
        "Da el SHA-256 de la resolución de la autoridad de niñez o judicial que la confía a esa familia; si hay que "
        "ponerla a salvo ya, ingrésala como urgente."
    )


def exigir_al_alojar(asignado: AlojamientoAsignado, *, nna: bool) -> None:
    """Con una familia sustituta, salvo de urgencia. Error: `FaltaResolucion`."""
    sustituta = asignado.clase is ClaseAlojamiento.FAMILIA_SUSTITUTA and not asignado.urgente
    _exigir(asignado.resolucion, si=nna and sustituta)


def exigir_al_reintegrar(lograda: ReintegracionFamiliarLograda, *, nna: bool) -> None:
    """Con una familia sustituta. Error: `FaltaResolucion`."""
    _exigir(lograda.resolucion, si=nna and lograda.nucleo is Nucleo.SUSTITUTA)


def _exigir(resolucion: str | UnsetType, *, si: bool) -> None:
    if si and resolucion is UNSET:
        raise FaltaResolucion


__all__ = ["FaltaResolucion", "exigir_al_alojar", "exigir_al_reintegrar"]
