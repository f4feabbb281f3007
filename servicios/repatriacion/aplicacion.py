"""Qué hace repatriación con cada petición: carga lo que sabe de la ruta, pregunta al dominio y devuelve el hecho."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import asdict

from contratos.solicitudes.repatriacion import (
    ConcederPermanencia,
    ConfirmarRecepcion,
    DesignarAcompanante,
    DesistirRepatriacion,
    DeterminarInteresSuperior,
    EmitirDocumentos,
    EvaluarRiesgoRetorno,
    ProgramarTraslado,
    RealizarSeguimiento,
    RealizarTraslado,
    RectificarHecho,
    RegistrarDecisionInformada,
    SolicitarRepatriacion,
)
from eventos.base import Hecho
from eventos.repatriacion import (
    AcompananteDesignado,
    DecisionInformadaRegistrada,
    DocumentosEmitidos,
    InteresSuperiorDeterminado,
    PermanenciaConcedida,
    RecepcionConfirmada,
    RepatriacionDesistida,
    RepatriacionSolicitada,
    RiesgoRetornoEvaluado,
    SeguimientoRealizado,
    TrasladoProgramado,
    TrasladoRealizado,
)
from servicios.comun.mesa import Casos, Mesa
from servicios.comun.rectificacion import rectificar
from servicios.repatriacion import dominio
from servicios.repatriacion.estado import Repatriacion
from servicios.repatriacion.fechas import VIGIA

CASOS = Casos()
VIGIA.inscribir(CASOS)


@CASOS.atiende(SolicitarRepatriacion)
def solicitar_repatriacion(peticion: SolicitarRepatriacion, mesa: Mesa) -> Sequence[Hecho]:
    """Abre el estudio del retorno."""
    propuesta = RepatriacionSolicitada(**asdict(peticion))
    return [dominio.solicitar(_estado(mesa, peticion.ruta), propuesta, mesa.ruta(peticion.ruta))]


@CASOS.atiende(EvaluarRiesgoRetorno)
def evaluar_riesgo_retorno(peticion: EvaluarRiesgoRetorno, mesa: Mesa) -> Sequence[Hecho]:
    """Registra el riesgo de volver y hasta cuándo vale."""
    propuesta = RiesgoRetornoEvaluado(**asdict(peticion))
    return [dominio.evaluar_riesgo(propuesta, mesa.ruta(peticion.ruta), mesa.ocurrido)]


@CASOS.atiende(DeterminarInteresSuperior)
def determinar_interes_superior(peticion: DeterminarInteresSuperior, mesa: Mesa) -> Sequence[Hecho]:
    """Registra qué conviene más a la niña, niño o adolescente."""
    propuesta = InteresSuperiorDeterminado(**asdict(peticion))
    return [dominio.determinar_interes_superior(propuesta, mesa.ruta(peticion.ruta))]


@CASOS.atiende(RegistrarDecisionInformada)
def registrar_decision_informada(peticion: RegistrarDecisionInformada, mesa: Mesa) -> Sequence[Hecho]:
    """Registra lo que la persona decide."""
    rep, ficha = _estado(mesa, peticion.ruta), mesa.ruta(peticion.ruta)
    propuesta = DecisionInformadaRegistrada(**asdict(peticion))
    return [dominio.registrar_decision(rep, propuesta, ficha, mesa.ocurrido)]


@CASOS.atiende(EmitirDocumentos)
def emitir_documentos(peticion: EmitirDocumentos, mesa: Mesa) -> Sequence[Hecho]:
    """Registra los documentos emitidos."""
    mesa.ruta(peticion.ruta)
    return [dominio.emitir_documentos(DocumentosEmitidos(**asdict(peticion)), mesa.ocurrido)]


@CASOS.atiende(DesignarAcompanante)
def designar_acompanante(peticion: DesignarAcompanante, mesa: Mesa) -> Sequence[Hecho]:
    """Designa quién acompaña."""
    rep, ficha = _estado(mesa, peticion.ruta), mesa.ruta(peticion.ruta)
    codigo = peticion.institucion_acompanante
    escolta = mesa.institucion_de(codigo) if codigo else None
    en_directorio = escolta is not None and escolta.activa
    propuesta = AcompananteDesignado(**asdict(peticion))
    return [dominio.designar_acompanante(rep, propuesta, ficha, en_directorio=en_directorio)]


@CASOS.atiende(ProgramarTraslado)
def programar_traslado(peticion: ProgramarTraslado, mesa: Mesa) -> Sequence[Hecho]:
    """Fija el traslado."""
    rep, ficha = _estado(mesa, peticion.ruta), mesa.ruta(peticion.ruta)
    return [dominio.programar_traslado(rep, TrasladoProgramado(**asdict(peticion)), ficha, mesa.ocurrido)]


@CASOS.atiende(RealizarTraslado)
def realizar_traslado(peticion: RealizarTraslado, mesa: Mesa) -> Sequence[Hecho]:
    """Registra que la persona viajó."""
    rep, ficha = _estado(mesa, peticion.ruta), mesa.ruta(peticion.ruta)
    return [dominio.realizar_traslado(rep, TrasladoRealizado(**asdict(peticion)), ficha, mesa.ocurrido)]


@CASOS.atiende(ConfirmarRecepcion)
def confirmar_recepcion(peticion: ConfirmarRecepcion, mesa: Mesa) -> Sequence[Hecho]:
    """Confirma que la persona llegó."""
    return [dominio.confirmar_recepcion(_estado(mesa, peticion.ruta), RecepcionConfirmada(**asdict(peticion)))]


@CASOS.atiende(RealizarSeguimiento)
def realizar_seguimiento(peticion: RealizarSeguimiento, mesa: Mesa) -> Sequence[Hecho]:
    """Registra cómo está la persona después."""
    return [dominio.realizar_seguimiento(_estado(mesa, peticion.ruta), SeguimientoRealizado(**asdict(peticion)))]


@CASOS.atiende(ConcederPermanencia)
def conceder_permanencia(peticion: ConcederPermanencia, mesa: Mesa) -> Sequence[Hecho]:
    """Concede la permanencia, coopere o no la persona."""
    mesa.ruta(peticion.ruta)
    return [dominio.conceder_permanencia(PermanenciaConcedida(**asdict(peticion)), mesa.ocurrido)]


@CASOS.atiende(DesistirRepatriacion)
def desistir_repatriacion(peticion: DesistirRepatriacion, mesa: Mesa) -> Sequence[Hecho]:
    """Deja sin efecto la repatriación."""
    return [dominio.desistir(_estado(mesa, peticion.ruta), RepatriacionDesistida(**asdict(peticion)))]


@CASOS.atiende(RectificarHecho)
def rectificar_hecho(peticion: RectificarHecho, mesa: Mesa) -> Sequence[Hecho]:
    """Corrige un hecho de repatriación con otro."""
    rep = _estado(mesa, peticion.ruta)
    correccion = rectificar(rep, peticion, mesa.institucion)
    dominio.exigir_rectificable(rep, peticion.corrige)
    return [correccion]


def _estado(mesa: Mesa, ruta: UUID) -> Repatriacion:
    return mesa.estado(Repatriacion, ruta)
