"""Revisar lo excepcional: cada vez que alguien rompe el vidrio, otra persona dice si estuvo justificado."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, NamedTuple
from uuid import UUID

from contratos.base import Mandato
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.boveda import REVISION, Boveda
from infra.seguridad.boveda.puertos import Quien
from infra.seguridad.boveda.tablas import constancia

_REVISAN: Final = frozenset({Mandato.RECTORIA, Mandato.SUPERVISION})


class Conclusion(StrEnum):
    """Qué dice la revisión."""

    JUSTIFICADO = "justificado"
    INJUSTIFICADO = "injustificado"


class SinRevisar(NamedTuple):
    """Un acceso excepcional que nadie revisó todavía. ``antes_de`` en UTC."""

    asiento: int
    ruta: UUID
    quien: Quien
    motivo: str
    antes_de: datetime


def sin_revisar(boveda: Boveda) -> list[SinRevisar]:
    """Los que esperan revisión, del más antiguo al último."""
    asientos = boveda.accesos()
    revisados = {a.acto.detalle.partition(":")[0] for a in asientos if a.acto.acto == "revisar"}
    return [
        SinRevisar(n, a.ruta, Quien(a.institucion, a.agente), a.detalle, a.instante + REVISION)
        for n, a in asientos
        if a.acto == "abrir-excepcional" and str(n) not in revisados
    ]


def revisar(boveda: Boveda, quien: Quien, asiento: int, conclusion: Conclusion) -> None:
    """Anota la revisión. Errores: `NadaQueRevisar`, `RevisionPropia`, `QuienNoRevisa`."""
    pendiente = next((p for p in sin_revisar(boveda) if p.asiento == asiento), None)
    if pendiente is None:
        raise no.NadaQueRevisar
    with boveda.acto(quien, pendiente.ruta, "revisar", f"{asiento}:{conclusion.value}") as caja:
        if not _REVISAN & set(boveda.mandatos(quien.institucion)):
            raise no.QuienNoRevisa
        if quien.agente == pendiente.quien.agente:
            raise no.RevisionPropia
        # Otra persona pudo revisarlo desde que se miró: con el turno tomado se vuelve a mirar.
        ya = [a for _, a in constancia.leer(caja.conexion, pendiente.ruta) if a.acto == "revisar"]
        if sum(a.detalle.partition(":")[0] == str(asiento) for a in ya) > 1:
            raise no.NadaQueRevisar


__all__ = ["Conclusion", "SinRevisar", "revisar", "sin_revisar"]
