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
from eventos.repatriacion import Acompanante, Decision, Sentido
from eventos.tipos import NivelRiesgo

_A_SU_PAIS = {"sentido": Sentido.HACIA_SU_PAIS}
_OIDA = {"persona_oida": True}
_ACEPTA = {"decision": Decision.ACEPTA, "riesgos_explicados": True, **_OIDA}
_POR_EL_CONSULADO = {"acompanante": next(a for a in Acompanante if a is not Acompanante.SIN_ACOMPANANTE)}
_CONSULADO = {**_POR_EL_CONSULADO, "institucion_acompanante": None}
_CONSIENTE = {"vence": None, **_OIDA}
_SIN_META = {"meta": None, "derivacion": None}

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
    _pasos(j.SolicitarCooperacion, j.ResponderCooperacion, (j.AsignarAsistenciaJuridica, {"entidad": "GT-IDPP"}),
           j.InvocarNoCriminalizacion, j.AutorizarProteccion),
    _pasos((r.SolicitarRepatriacion, _A_SU_PAIS), (r.EvaluarRiesgoRetorno, {"nivel": NivelRiesgo.BAJO}),
           (r.DeterminarInteresSuperior, _OIDA), (r.RegistrarDecisionInformada, _ACEPTA), r.EmitirDocumentos,
           (r.DesignarAcompanante, _CONSULADO), (r.ProgramarTraslado, _POR_EL_CONSULADO), r.RealizarTraslado,
           r.ConfirmarRecepcion, (r.RealizarSeguimiento, {"numero": 1})),
    _pasos(r.SolicitarRepatriacion, r.DesistirRepatriacion, r.ConcederPermanencia,
           (r.RealizarSeguimiento, {"numero": 1}), r.RectificarHecho),
    _pasos((a.OtorgarConsentimiento, _CONSIENTE), a.EvaluarNecesidades, a.EvaluarRiesgo, (a.AcordarPlan, _OIDA),
           (a.PrestarServicio, _SIN_META), a.CumplirMeta, a.RevisarPlan, a.ConcluirPlan,
           a.RegistrarSatisfaccion),
    _pasos((a.InscribirAlbergue, {"titular": "GT-SVET-ATE"}), a.ActualizarCupos, a.AsignarAlojamiento,
           a.FinalizarAlojamiento, a.RectificarHecho),
    _pasos((a.OtorgarConsentimiento, _CONSIENTE), a.BrindarAtencionInmediata, a.RevocarConsentimiento,
           a.RectificarHecho, (a.LograrReintegracionFamiliar, _OIDA)),
    _pasos(c.EmitirDerivacion, c.RetirarDerivacion, c.EmitirDerivacion, c.ReasignarDerivacion, c.CoordinarCaso),
    _pasos(c.DeclararDerechoNoAplicable, c.CerrarRuta, c.ReabrirRuta, c.RectificarHecho),
    _pasos(d.RecibirAlerta, d.SenalarRiesgo, d.AplicarEvaluacion, d.IdentificarVictima, d.EntregarInformacion),
    _pasos(d.IdentificarVictima, d.EntregarInformacion, d.DescartarPresuncion, d.RectificarHecho),
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
