"""Recorridos: peticiones que solo tienen sentido una detrás de otra. Al azar casi nunca se llegaría al final de uno."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any
from uuid import UUID

from msgspec import UNSET

from contratos.base import Peticion
from contratos.solicitudes import atencion as a
from contratos.solicitudes import coordinacion as c
from contratos.solicitudes import deteccion as d
from contratos.solicitudes import justicia as j
from contratos.solicitudes import repatriacion as r
from contratos.solicitudes.atencion import MetaPedida
from eventos.atencion import Alcance
from eventos.justicia import ClaseReparacion, Fallo
from eventos.listas import Derecho, QuienConsiente, ServicioPedido
from eventos.repatriacion import Acompanante, Decision, Sentido
from eventos.tipos import NivelRiesgo
from tests.simulacion.peticiones import LLENO, Memoria, ids_de

A_SU_PAIS = {"sentido": Sentido.HACIA_SU_PAIS}
_OIDA = {"persona_oida": True}
ACEPTA = {"decision": Decision.ACEPTA, "riesgos_explicados": True, **_OIDA}
POR_EL_CONSULADO = {"acompanante": next(a for a in Acompanante if a is not Acompanante.SIN_ACOMPANANTE)}
CONSULADO = {**POR_EL_CONSULADO, "institucion_acompanante": None}
_QUIENES = (QuienConsiente.PERSONA, QuienConsiente.REPRESENTANTE_LEGAL)
_ALBERGUE = "GT-SVET-ATE"
_DEL_ALBERGUE = {"quien": _ALBERGUE, "codigo": _ALBERGUE}
_REPARACION = {"clases": (ClaseReparacion.MEDICA,)}
_SERVICIO = ServicioPedido.PSICOSOCIAL
METAS = (MetaPedida(derecho=Derecho.INTEGRIDAD, servicio=_SERVICIO),)
SIN_DERIVACION = {"servicio_prestado": _SERVICIO, "derivacion": None}


Paso = tuple[type[Peticion], dict[str, Any]]
#: Con qué frecuencia se espera a que conste aquello de que se habla.
_PACIENCIA = 0.8


def con(por: QuienConsiente) -> dict[str, Any]:
    """Quien decide por una adulta es ella; por una niña, quien la representa, y se la oye."""
    return {"por": por, **_OIDA}


def consiente(por: QuienConsiente) -> Paso:
    """Consentir en todo, sin plazo."""
    return a.OtorgarConsentimiento, {"alcances": tuple(Alcance), "destinatarias": (), "vence": None, **con(por)}


def pasos(*dados: type[Peticion] | Paso) -> tuple[Paso, ...]:
    """Los de un camino, cada uno con los campos que lleva ya decididos."""
    return tuple(p if isinstance(p, tuple) else (p, {}) for p in dados)


CAMINOS: tuple[tuple[Paso, ...], ...] = (
    pasos(j.PresentarDenuncia, j.IniciarInvestigacion, (j.FormularAcusacion, {"sindicados": 1}),
           (j.DictarSentencia, {"fallo": Fallo.CONDENATORIA, "condenados": 1}), (j.OrdenarReparacion, _REPARACION),
           (j.CumplirReparacion, {**_REPARACION, "total": True})),
    pasos(j.IniciarInvestigacion, j.ConstituirQuerellante, j.ArchivarProceso, j.ReabrirProceso,
           j.TomarDeclaracionAnticipada),
    pasos(j.SolicitarMedidaProteccion, j.OtorgarMedidaProteccion, j.LevantarMedidaProteccion,
           j.SolicitarMedidaProteccion, j.DenegarMedidaProteccion),
    pasos(j.SolicitarCooperacion, j.ResponderCooperacion, (j.AsignarAsistenciaJuridica, {"entidad": "GT-IDPP"}),
           j.InvocarNoCriminalizacion, j.AutorizarProteccion),
    pasos((r.SolicitarRepatriacion, A_SU_PAIS), (r.EvaluarRiesgoRetorno, {"nivel": NivelRiesgo.BAJO}),
           (r.DeterminarInteresSuperior, _OIDA), (r.RegistrarDecisionInformada, ACEPTA), r.EmitirDocumentos,
           (r.DesignarAcompanante, CONSULADO), (r.ProgramarTraslado, POR_EL_CONSULADO), r.RealizarTraslado,
           r.ConfirmarRecepcion, (r.RealizarSeguimiento, {"numero": 1})),
    pasos(r.SolicitarRepatriacion, r.DesistirRepatriacion, r.ConcederPermanencia,
           (r.RealizarSeguimiento, {"numero": 1}), r.RectificarHecho),
    *(pasos(consiente(por), a.EvaluarNecesidades, a.EvaluarRiesgo, (a.AcordarPlan, {**con(por), "metas": METAS}),
             (a.PrestarServicio, {**SIN_DERIVACION, "meta": LLENO}), a.CumplirMeta,
             (a.RegistrarSatisfaccion, {"servicio_valorado": _SERVICIO}), a.RevisarPlan, a.ConcluirPlan)
      for por in _QUIENES),
    *(pasos(consiente(por), (a.AcordarPlan, con(por)), a.RevisarPlan, a.ConcluirPlan) for por in _QUIENES),
    pasos((a.InscribirAlbergue, {**_DEL_ALBERGUE, "titular": _ALBERGUE}), (a.ActualizarCupos, _DEL_ALBERGUE),
           (a.AsignarAlojamiento, {"albergue": _ALBERGUE, "plaza": UNSET}), a.FinalizarAlojamiento, a.RectificarHecho),
    *(pasos(consiente(por), a.BrindarAtencionInmediata, (a.RevocarConsentimiento, {"por": por}),
             a.RectificarHecho, (a.LograrReintegracionFamiliar, {"evaluado": True, **_OIDA})) for por in _QUIENES),
    pasos(c.EmitirDerivacion, c.RetirarDerivacion, c.EmitirDerivacion, c.ReasignarDerivacion, c.CoordinarCaso),
    pasos(c.DeclararDerechoNoAplicable, c.RectificarHecho, c.CerrarRuta, c.ReabrirRuta),
    pasos(d.RecibirAlerta, d.SenalarRiesgo, d.AplicarEvaluacion, d.IdentificarVictima, d.EntregarInformacion),
    pasos(d.IdentificarVictima, d.EntregarInformacion, d.DescartarPresuncion, d.RectificarHecho),
    pasos(d.ConfirmarVinculo, d.RechazarVinculo),
)  # fmt: skip


@dataclass
class Caminos:
    """Los de una semilla: unos pocos, para que se llegue lejos en ellos."""

    azar: Random
    _van: dict[tuple[int, UUID], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._elegidos = self.azar.sample(range(len(CAMINOS)), 3)

    def siguen(self, azar: Random, memoria: Memoria) -> Iterator[tuple[UUID, type[Peticion], dict[str, Any]]]:
        """Lo siguiente de uno de ellos, en una ruta: un paso o unos cuantos seguidos. Si ya acabó, se empieza otra vez.

        Lo que habla de algo que aún no consta (un proceso, un plan) casi siempre espera, o vuelve a pedir lo anterior.
        """
        if not memoria.rutas:
            return
        # Casi siempre de las mismas rutas: repartido entre todas no se acaba nada.
        ruta, cual = azar.choice((*memoria.rutas[:2], *memoria.rutas)), azar.choice(self._elegidos)
        for _ in range(azar.choice((1, 2, 4))):
            va = self._van.get((cual, ruta), 0)
            clase, fijos = CAMINOS[cual][va % len(CAMINOS[cual])]
            if not all(memoria.ids.get((nombre, ruta)) for nombre in ids_de(clase)) and azar.random() < _PACIENCIA:
                self._van[cual, ruta] = max(va - 1, 0)
                return
            self._van[cual, ruta] = va + 1
            yield ruta, clase, fijos
