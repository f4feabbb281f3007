"""Recorridos enteros: un camino hasta el final, sin dar un paso hasta que se acepte el anterior.

Una semilla cualquiera llega lejos pocas veces: se enreda antes. Unas cuantas no hacen otra cosa que llegar.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any
from uuid import UUID

from contratos.base import Peticion
from contratos.solicitudes import atencion as a
from contratos.solicitudes import repatriacion as r
from eventos.listas import QuienConsiente, ServicioPedido
from eventos.tipos import NivelRiesgo
from tests.simulacion import caminos as c
from tests.simulacion.caminos import CAMINOS, Paso, pasos
from tests.simulacion.peticiones import Inventor, Memoria

#: Una semilla de cada tantas sigue un recorrido.
_CADA = 40
#: Turnos de esas semillas: los que pide el más largo, con lo que se repite y lo que se espera.
TURNOS = 40
_SE_INTENTA = 3
#: Las dos rutas de que toda semilla parte: una adulta extranjera y una niña del país.
_ADULTA, _NINA = 0, 1


def _hoy(inventor: Inventor, _ruta: UUID) -> date:
    return inventor.ahora.date()


def _en_dos_meses(inventor: Inventor, _ruta: UUID) -> date:
    return inventor.ahora.date() + timedelta(days=60)


def _lo_ultimo(inventor: Inventor, ruta: UUID) -> tuple[UUID, ...]:
    return tuple(inventor.memoria.hechos[ruta, "atencion"][-1:])


def _el_ultimo(nombre: str) -> Callable[[Inventor, UUID], UUID | None]:
    return lambda inventor, ruta: next(reversed(inventor.memoria.ids[nombre, ruta]), None)


_RIESGO_BAJO = {"nivel": NivelRiesgo.BAJO, "vigente_hasta": _en_dos_meses}
_DE_ESA_META = {"plan": _el_ultimo("plan"), "meta": _el_ultimo("meta"), "evidencias": _lo_ultimo}
_RETORNO = pasos(
    (r.SolicitarRepatriacion, c.A_SU_PAIS), (r.EvaluarRiesgoRetorno, _RIESGO_BAJO),
    (r.RegistrarDecisionInformada, {**c.ACEPTA, "por": QuienConsiente.PERSONA}), (r.EmitirDocumentos, {"vencen": None}),
    (r.DesignarAcompanante, c.CONSULADO), (r.ProgramarTraslado, {**c.POR_EL_CONSULADO, "fecha": _hoy}),
    r.RealizarTraslado, r.ConfirmarRecepcion, (r.RealizarSeguimiento, {"numero": 1}),
)  # fmt: skip


def _plan(por: QuienConsiente) -> tuple[Paso, ...]:
    return pasos(
        c.consiente(por), (a.AcordarPlan, {**c.con(por), "metas": c.METAS}),
        (a.PrestarServicio, {**c.SIN_DERIVACION, "meta": _el_ultimo("meta")}), (a.CumplirMeta, _DE_ESA_META),
        (a.RegistrarSatisfaccion, {"servicio_valorado": ServicioPedido.PSICOSOCIAL}), a.RevisarPlan, a.ConcluirPlan,
    )  # fmt: skip


#: (de quién, por dónde): los que solo acaban con cada cosa a su tiempo y los de cualquiera, en una ruta o en la otra.
RECORRIDOS: tuple[tuple[int, tuple[Paso, ...]], ...] = (
    *((_ADULTA, _RETORNO) for _ in range(6)),
    *((_ADULTA, _plan(QuienConsiente.PERSONA)) for _ in range(3)),
    *((_NINA, _plan(QuienConsiente.REPRESENTANTE_LEGAL)) for _ in range(3)),
    *((ruta, camino) for camino in CAMINOS for ruta in (_ADULTA, _NINA)),
)


@dataclass
class Recorrido:
    """El de una semilla, y por dónde va."""

    azar: Random
    _va: int = 0
    _rechazos: int = 0

    def __post_init__(self) -> None:
        self._ruta, self._pasos = self.azar.choice(RECORRIDOS)

    @classmethod
    def de(cls, semilla: int) -> Recorrido | None:
        """El de esa semilla, si es de las que siguen uno."""
        azar = Random(f"recorrido-{semilla}")
        return cls(azar) if azar.random() < 1 / _CADA else None

    def siguiente(self, memoria: Memoria) -> tuple[UUID, type[Peticion], dict[str, Any]]:
        """El paso en que va. Acabado el camino, se empieza otra vez."""
        clase, fijos = self._pasos[self._va % len(self._pasos)]
        return memoria.rutas[self._ruta], clase, fijos

    def supo(self, *, aceptado: bool) -> None:
        """Lo que se contestó a ese paso. Rechazado varias veces, o no es para esa persona, o ya falta algo de antes."""
        self._rechazos = 0 if aceptado else self._rechazos + 1
        if aceptado:
            self._va += 1
        elif self._rechazos == _SE_INTENTA:
            self._rechazos = 0
            self._va += self.azar.choice((1, 1, -self.azar.randint(0, self._va % len(self._pasos))))


__all__ = ["RECORRIDOS", "TURNOS", "Recorrido"]
