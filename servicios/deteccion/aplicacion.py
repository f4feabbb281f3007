"""Qué hace detección con cada petición: carga lo que sabe de la ruta, pregunta al dominio y devuelve el hecho."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import asdict

from contratos.solicitudes.deteccion import (
    AplicarEvaluacion,
    ConfirmarVinculo,
    DescartarPresuncion,
    DetectarPresuntaVictima,
    EntregarInformacion,
    IdentificarVictima,
    RechazarVinculo,
    RecibirAlerta,
    RectificarHecho,
    SenalarRiesgo,
)
from eventos.base import Hecho
from eventos.deteccion import (
    AlertaRecibida,
    EvaluacionAplicada,
    IdentidadVinculada,
    InformacionEntregada,
    PresuncionDescartada,
    PresuntaVictimaDetectada,
    RiesgoInmediatoSenalado,
    VictimaIdentificada,
    VinculoRechazado,
)
from servicios.comun.mesa import Casos, Mesa
from servicios.comun.rectificacion import rectificar
from servicios.deteccion import dominio, vinculo
from servicios.deteccion.dominio import Deteccion
from servicios.deteccion.instrumentos import riesgo_de
from servicios.deteccion.internas import ProponerVinculo

CASOS = Casos()


@CASOS.atiende(RecibirAlerta)
def recibir_alerta(peticion: RecibirAlerta, mesa: Mesa) -> Sequence[Hecho]:
    """La noticia inicial recibe su seudónimo; quien la dio lo conoce por el acuse."""
    return [AlertaRecibida(ruta=mesa.nuevo_id(), **asdict(peticion))]


@CASOS.atiende(DetectarPresuntaVictima)
def detectar_presunta_victima(peticion: DetectarPresuntaVictima, mesa: Mesa) -> Sequence[Hecho]:
    """La persona recibe su seudónimo, o sigue con el de la alerta de la que viene."""
    alerta = _deteccion(mesa, peticion.alerta) if peticion.alerta else None
    ruta = dominio.ruta_para(alerta, mesa.nuevo_id())
    return [PresuntaVictimaDetectada(ruta=ruta, **asdict(peticion))]


@CASOS.atiende(AplicarEvaluacion)
def aplicar_evaluacion(peticion: AplicarEvaluacion, mesa: Mesa) -> Sequence[Hecho]:
    """Anota el instrumento y su resultado y, si sus indicadores señalan un peligro de ahora, avisa de él con ello."""
    evaluacion = dominio.evaluar(_deteccion(mesa, peticion.ruta), EvaluacionAplicada(**asdict(peticion)))
    riesgo = riesgo_de(evaluacion)
    return [evaluacion] if riesgo is None else [evaluacion, riesgo]


@CASOS.atiende(SenalarRiesgo)
def senalar_riesgo(peticion: SenalarRiesgo, mesa: Mesa) -> Sequence[Hecho]:
    """Avisa de un peligro inmediato."""
    return [dominio.senalar_riesgo(_deteccion(mesa, peticion.ruta), RiesgoInmediatoSenalado(**asdict(peticion)))]


@CASOS.atiende(IdentificarVictima)
def identificar_victima(peticion: IdentificarVictima, mesa: Mesa) -> Sequence[Hecho]:
    """Identifica formalmente a quien se presumía víctima."""
    return [dominio.identificar(_deteccion(mesa, peticion.ruta), VictimaIdentificada(**asdict(peticion)))]


@CASOS.atiende(DescartarPresuncion)
def descartar_presuncion(peticion: DescartarPresuncion, mesa: Mesa) -> Sequence[Hecho]:
    """Descarta la presunción, con motivo."""
    return [dominio.descartar(_deteccion(mesa, peticion.ruta), PresuncionDescartada(**asdict(peticion)))]


@CASOS.atiende(EntregarInformacion)
def entregar_informacion(peticion: EntregarInformacion, mesa: Mesa) -> Sequence[Hecho]:
    """Anota que se informó a la persona."""
    return [dominio.informar(_deteccion(mesa, peticion.ruta), InformacionEntregada(**asdict(peticion)))]


@CASOS.atiende(ProponerVinculo)
def proponer_vinculo(interna: ProponerVinculo, mesa: Mesa) -> Sequence[Hecho]:
    """Anota la coincidencia que halló el registro único, si no se sabía ya."""
    return vinculo.proponer(_deteccion(mesa, interna.ruta), _deteccion(mesa, interna.otra))


@CASOS.atiende(ConfirmarVinculo)
def confirmar_vinculo(peticion: ConfirmarVinculo, mesa: Mesa) -> Sequence[Hecho]:
    """Une dos rutas de la misma persona."""
    propuesto = IdentidadVinculada(**asdict(peticion))
    return [vinculo.confirmar(_deteccion(mesa, peticion.ruta), _deteccion(mesa, peticion.otra), propuesto)]


@CASOS.atiende(RechazarVinculo)
def rechazar_vinculo(peticion: RechazarVinculo, mesa: Mesa) -> Sequence[Hecho]:
    """Descarta que dos rutas propuestas sean de la misma persona."""
    rechazo = VinculoRechazado(**asdict(peticion))
    return [vinculo.rechazar(_deteccion(mesa, peticion.ruta), _deteccion(mesa, peticion.otra), rechazo)]


@CASOS.atiende(RectificarHecho)
def rectificar_hecho(peticion: RectificarHecho, mesa: Mesa) -> Sequence[Hecho]:
    """Corrige un hecho de detección con otro."""
    deteccion = _deteccion(mesa, peticion.ruta)
    correccion = rectificar(deteccion, peticion, mesa.institucion)
    dominio.exigir_rectificable(deteccion, peticion.corrige)
    return [correccion]


def _deteccion(mesa: Mesa, ruta: UUID) -> Deteccion:
    return mesa.estado(Deteccion, ruta)
