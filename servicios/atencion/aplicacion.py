"""Qué hace atención con cada petición sobre una persona. La oferta de albergues está en `oferta`."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import asdict, replace

from contratos.solicitudes.atencion import (
    AcordarPlan,
    AsignarAlojamiento,
    BrindarAtencionInmediata,
    ConcluirPlan,
    CumplirMeta,
    EvaluarNecesidades,
    EvaluarRiesgo,
    FinalizarAlojamiento,
    LograrReintegracionFamiliar,
    OtorgarConsentimiento,
    PrestarServicio,
    RectificarHecho,
    RegistrarSatisfaccion,
    RevisarPlan,
    RevocarConsentimiento,
)
from eventos.atencion import (
    AlojamientoAsignado,
    AlojamientoFinalizado,
    AtencionInmediataBrindada,
    ConsentimientoOtorgado,
    ConsentimientoRevocado,
    MetaCumplida,
    NecesidadesEvaluadas,
    PlanAcordado,
    PlanConcluido,
    PlanRevisado,
    ReintegracionFamiliarLograda,
    RiesgoEvaluado,
    SatisfaccionRegistrada,
    ServicioPrestado,
)
from eventos.base import UNSET, Hecho
from servicios.atencion.dominio import alojamiento, consentimiento, correccion, plan, resolucion, servicios
from servicios.atencion.dominio.alojamiento import Albergue, flujo_de
from servicios.atencion.dominio.ruta import Atencion, exigir_abierta
from servicios.atencion.fechas import VIGIA
from servicios.atencion.ocupacion import estancias
from servicios.atencion.oferta import CASOS
from servicios.comun.mesa import Mesa
from servicios.comun.rectificacion import rectificar
from servicios.comun.rutas import participaciones

VIGIA.inscribir(CASOS)


@CASOS.atiende(OtorgarConsentimiento)
def otorgar_consentimiento(peticion: OtorgarConsentimiento, mesa: Mesa) -> Sequence[Hecho]:
    """El id del consentimiento lo da el servicio; se conoce por el acuse."""
    ficha = mesa.ruta(peticion.ruta)
    exigir_abierta(abierta=ficha.abierta)
    otorgado = ConsentimientoOtorgado(consentimiento=mesa.nuevo_id(), **asdict(peticion))
    return [consentimiento.otorgar(otorgado, nna=ficha.nna, dia=mesa.ocurrido_en(peticion.ruta).date())]


@CASOS.atiende(RevocarConsentimiento)
def revocar_consentimiento(peticion: RevocarConsentimiento, mesa: Mesa) -> Sequence[Hecho]:
    """Vale también con la ruta cerrada: sus datos siguen siendo suyos."""
    revocado = ConsentimientoRevocado(**asdict(peticion))
    return [consentimiento.revocar(_atencion(mesa, peticion.ruta), revocado, nna=mesa.ruta(peticion.ruta).nna)]


@CASOS.atiende(EvaluarNecesidades)
def evaluar_necesidades(peticion: EvaluarNecesidades, mesa: Mesa) -> Sequence[Hecho]:
    """Anota qué necesita la persona."""
    _exigir_abierta(mesa, peticion.ruta)
    return [servicios.evaluar_necesidades(NecesidadesEvaluadas(**asdict(peticion)))]


@CASOS.atiende(EvaluarRiesgo)
def evaluar_riesgo(peticion: EvaluarRiesgo, mesa: Mesa) -> Sequence[Hecho]:
    """Anota el riesgo y hasta cuándo vale."""
    _exigir_abierta(mesa, peticion.ruta)
    return [servicios.evaluar_riesgo(RiesgoEvaluado(**asdict(peticion)), dia=mesa.ocurrido_en(peticion.ruta).date())]


@CASOS.atiende(BrindarAtencionInmediata)
def brindar_atencion_inmediata(peticion: BrindarAtencionInmediata, mesa: Mesa) -> Sequence[Hecho]:
    """Ni siquiera espera a que coordinación abra la ruta: basta que alguien participe ya en ella."""
    if not mesa.leer(sa.select(participaciones.c.via).where(participaciones.c.ruta == peticion.ruta).limit(1)):
        mesa.ruta(peticion.ruta)
    return [servicios.brindar_atencion_inmediata(AtencionInmediataBrindada(**asdict(peticion)))]


@CASOS.atiende(AsignarAlojamiento)
def asignar_alojamiento(peticion: AsignarAlojamiento, mesa: Mesa) -> Sequence[Hecho]:
    """Aloja a la persona si queda plaza para su sexo y edad."""
    ficha = mesa.ruta(peticion.ruta)
    asignado = AlojamientoAsignado(alojamiento=mesa.nuevo_id(), **asdict(peticion))
    resolucion.exigir_al_alojar(asignado, nna=ficha.nna)
    asignado = alojamiento.asignar(
        _atencion(mesa, peticion.ruta),
        asignado,
        albergue=mesa.estado(Albergue, flujo_de(peticion.albergue)),
        estancias=estancias(mesa, peticion.albergue),
        nna=ficha.nna,
        en_directorio=mesa.institucion_de(peticion.albergue) is not None,
        abierta=ficha.abierta,
        institucion=mesa.institucion,
        instante=mesa.ocurrido_en(peticion.ruta),
    )
    if asignado.plaza is not UNSET and not mesa.se_puede_sellar(peticion.ruta):
        # A quien ya no tiene clave no se le niega techo: su plaza será una que no se sabe.
        asignado = replace(asignado, plaza=UNSET)
    return [asignado]


@CASOS.atiende(FinalizarAlojamiento)
def finalizar_alojamiento(peticion: FinalizarAlojamiento, mesa: Mesa) -> Sequence[Hecho]:
    """Termina la estancia y libera la plaza."""
    return [alojamiento.finalizar(_atencion(mesa, peticion.ruta), AlojamientoFinalizado(**asdict(peticion)))]


@CASOS.atiende(AcordarPlan)
def acordar_plan(peticion: AcordarPlan, mesa: Mesa) -> Sequence[Hecho]:
    """El plan y sus metas reciben aquí su id."""
    ficha = mesa.ruta(peticion.ruta)
    exigir_abierta(abierta=ficha.abierta)
    metas = plan.metas_con_id(peticion.metas, None, mesa.nuevo_id)
    acordado = PlanAcordado(plan=mesa.nuevo_id(), **(asdict(peticion) | {"metas": metas}))
    return [
        plan.acordar(
            _atencion(mesa, peticion.ruta),
            acordado,
            nna=ficha.nna,
            institucion=mesa.institucion,
            instante=mesa.ocurrido_en(peticion.ruta),
        )
    ]


@CASOS.atiende(RevisarPlan)
def revisar_plan(peticion: RevisarPlan, mesa: Mesa) -> Sequence[Hecho]:
    """Cambia las metas del plan en marcha."""
    _exigir_abierta(mesa, peticion.ruta)
    atencion = _atencion(mesa, peticion.ruta)
    metas = plan.metas_con_id(peticion.metas, plan.en_marcha(atencion), mesa.nuevo_id)
    revisado = PlanRevisado(**(asdict(peticion) | {"metas": metas}))
    return [plan.revisar(atencion, revisado, institucion=mesa.institucion, instante=mesa.ocurrido_en(peticion.ruta))]


@CASOS.atiende(ConcluirPlan)
def concluir_plan(peticion: ConcluirPlan, mesa: Mesa) -> Sequence[Hecho]:
    """Da el plan por terminado."""
    return [plan.concluir(_atencion(mesa, peticion.ruta), PlanConcluido(**asdict(peticion)))]


@CASOS.atiende(PrestarServicio)
def prestar_servicio(peticion: PrestarServicio, mesa: Mesa) -> Sequence[Hecho]:
    """Anota un servicio dado a la persona o a su familia."""
    _exigir_abierta(mesa, peticion.ruta)
    prestado = ServicioPrestado(
        ruta=peticion.ruta,
        servicio=peticion.servicio_prestado,
        resultado=peticion.resultado,
        derivacion=peticion.derivacion,
        meta=peticion.meta,
        detalle=peticion.detalle,
    )
    return [
        servicios.prestar_servicio(
            _atencion(mesa, peticion.ruta),
            prestado,
            derivada=peticion.derivacion is None or _derivada(mesa, peticion.ruta, peticion.derivacion),
            institucion=mesa.institucion,
            instante=mesa.ocurrido_en(peticion.ruta),
        )
    ]


@CASOS.atiende(CumplirMeta)
def cumplir_meta(peticion: CumplirMeta, mesa: Mesa) -> Sequence[Hecho]:
    """Da una meta por lograda, con su prueba."""
    _exigir_abierta(mesa, peticion.ruta)
    return [plan.cumplir_meta(_atencion(mesa, peticion.ruta), MetaCumplida(**asdict(peticion)))]


@CASOS.atiende(RegistrarSatisfaccion)
def registrar_satisfaccion(peticion: RegistrarSatisfaccion, mesa: Mesa) -> Sequence[Hecho]:
    """Vale también con la ruta cerrada: a menudo se pregunta al terminar."""
    registrada = SatisfaccionRegistrada(
        ruta=peticion.ruta,
        servicio=peticion.servicio_valorado,
        puntaje=peticion.puntaje,
        comentario=peticion.comentario,
    )
    return [servicios.registrar_satisfaccion(_atencion(mesa, peticion.ruta), registrada)]


@CASOS.atiende(LograrReintegracionFamiliar)
def lograr_reintegracion(peticion: LograrReintegracionFamiliar, mesa: Mesa) -> Sequence[Hecho]:
    """Anota que la persona vive con una familia segura."""
    ficha = mesa.ruta(peticion.ruta)
    exigir_abierta(abierta=ficha.abierta)
    lograda = ReintegracionFamiliarLograda(**asdict(peticion))
    resolucion.exigir_al_reintegrar(lograda, nna=ficha.nna)
    return [servicios.lograr_reintegracion(lograda)]


@CASOS.atiende(RectificarHecho)
def rectificar_hecho(peticion: RectificarHecho, mesa: Mesa) -> Sequence[Hecho]:
    """Corrige un hecho de atención con otro."""
    atencion = _atencion(mesa, peticion.ruta)
    corregido = rectificar(atencion, peticion, mesa.institucion)
    correccion.exigir_rectificable(atencion, peticion.corrige)
    return [corregido]


def _atencion(mesa: Mesa, ruta: UUID) -> Atencion:
    return mesa.estado(Atencion, ruta)


def _exigir_abierta(mesa: Mesa, ruta: UUID) -> None:
    exigir_abierta(abierta=mesa.ruta(ruta).abierta)


def _derivada(mesa: Mesa, ruta: UUID, derivacion: UUID) -> bool:
    consulta = sa.select(participaciones.c.via).where(
        participaciones.c.ruta == ruta,
        participaciones.c.institucion == mesa.institucion,
        participaciones.c.via == str(derivacion),
    )
    return bool(mesa.leer(consulta))


__all__ = ["CASOS"]
