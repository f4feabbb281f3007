"""Recorridos: peticiones que solo tienen sentido una detrás de otra. Al azar casi nunca se llegaría al final de uno."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from contratos.base import Peticion
from contratos.solicitudes import atencion as a
from contratos.solicitudes import coordinacion as c
from contratos.solicitudes import deteccion as d
from contratos.solicitudes import justicia as j
from contratos.solicitudes import repatriacion as r

Paso = tuple[type[Peticion], dict[str, Any]]


def _pasos(*pasos: type[Peticion] | Paso) -> tuple[Paso, ...]:
    return tuple(p if isinstance(p, tuple) else (p, {}) for p in pasos)


CAMINOS: tuple[tuple[Paso, ...], ...] = (
    _pasos(j.PresentarDenuncia, j.IniciarInvestigacion, j.FormularAcusacion, j.DictarSentencia, j.OrdenarReparacion,
           j.CumplirReparacion),
    _pasos(j.IniciarInvestigacion, j.ConstituirQuerellante, j.ArchivarProceso, j.ReabrirProceso,
           j.TomarDeclaracionAnticipada),
    _pasos(j.SolicitarMedidaProteccion, j.OtorgarMedidaProteccion, j.LevantarMedidaProteccion,
           j.SolicitarMedidaProteccion, j.DenegarMedidaProteccion),
    _pasos(j.SolicitarCooperacion, j.ResponderCooperacion, j.AsignarAsistenciaJuridica, j.InvocarNoCriminalizacion),
    _pasos(r.SolicitarRepatriacion, r.EvaluarRiesgoRetorno, r.DeterminarInteresSuperior, r.RegistrarDecisionInformada,
           r.EmitirDocumentos, r.DesignarAcompanante, r.ProgramarTraslado, r.RealizarTraslado, r.ConfirmarRecepcion,
           r.RealizarSeguimiento),
    _pasos(r.SolicitarRepatriacion, r.DesistirRepatriacion, r.ConcederPermanencia),
    _pasos(a.OtorgarConsentimiento, a.EvaluarNecesidades, a.EvaluarRiesgo, a.AcordarPlan, a.PrestarServicio,
           a.CumplirMeta, a.RevisarPlan, a.ConcluirPlan, a.RegistrarSatisfaccion),
    _pasos(a.InscribirAlbergue, a.ActualizarCupos, a.AsignarAlojamiento, a.FinalizarAlojamiento,
           a.RevocarConsentimiento),
    _pasos(a.OtorgarConsentimiento, a.BrindarAtencionInmediata, a.RevocarConsentimiento, a.RectificarHecho,
           a.LograrReintegracionFamiliar),
    _pasos(c.EmitirDerivacion, c.RetirarDerivacion, c.EmitirDerivacion, c.ReasignarDerivacion, c.CoordinarCaso),
    _pasos(c.DeclararDerechoNoAplicable, c.CerrarRuta, c.ReabrirRuta, c.RectificarHecho),
    _pasos(d.RecibirAlerta, d.SenalarRiesgo, d.AplicarEvaluacion, d.IdentificarVictima, d.EntregarInformacion),
    _pasos(d.DescartarPresuncion, d.IdentificarVictima, d.RectificarHecho),
    _pasos(d.ConfirmarVinculo, d.RechazarVinculo),
)  # fmt: skip


@dataclass
class Caminos:
    """Los de una semilla: unos pocos, para que se llegue lejos en ellos."""

    azar: Random
    _van: dict[tuple[int, UUID], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._elegidos = self.azar.sample(range(len(CAMINOS)), 3)

    def siguen(self, azar: Random, rutas: Sequence[UUID]) -> Iterator[tuple[UUID, type[Peticion], dict[str, Any]]]:
        """Lo siguiente de uno de ellos, en una ruta: un paso o unos cuantos seguidos. Si ya acabó, se empieza otro."""
        if not rutas:
            return
        # Casi siempre de las mismas rutas: repartido entre todas no se acaba nada.
        ruta, cual = azar.choice((*rutas[:2], *rutas)), azar.choice(self._elegidos)
        for _ in range(azar.choice((1, 2, 4))):
            va = self._van.get((cual, ruta), 0)
            self._van[cual, ruta] = va + 1
            clase, fijos = CAMINOS[cual][va % len(CAMINOS[cual])]
            yield ruta, clase, fijos
