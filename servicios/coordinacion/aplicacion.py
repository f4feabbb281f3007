"""Casos de uso: qué hace coordinación con lo que una institución le pide. El permiso ya se comprobó."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from msgspec.structs import replace

from contratos.solicitudes.coordinacion import (
    AceptarDerivacion,
    AtenderDerivacion,
    CerrarRuta,
    CoordinarCaso,
    DeclararDerechoNoAplicable,
    EmitirDerivacion,
    ReabrirRuta,
    ReasignarDerivacion,
    RechazarDerivacion,
    RecibirDerivacion,
    RectificarHecho,
    RetirarDerivacion,
)
from eventos.base import Hecho
from eventos.coordinacion import CasoCoordinado
from eventos.motivos import MotivoDerivacion
from eventos.tipos import Urgencia
from servicios.comun import rectificacion
from servicios.comun.mesa import Casos, Mesa
from servicios.coordinacion import automatico, instituciones, repeticion
from servicios.coordinacion.dominio import cierre, derechos, derivacion, encargo, plazo, rechazos
from servicios.coordinacion.dominio.encargo import Encargo
from servicios.coordinacion.dominio.suceso import Evidencia
from servicios.coordinacion.expediente import Expediente
from servicios.coordinacion.tablas import evidencias

CASOS = Casos()
automatico.inscribir_casos(CASOS)
instituciones.inscribir_casos(CASOS)
repeticion.inscribir_casos(CASOS)


@CASOS.atiende(RecibirDerivacion)
def recibir_derivacion(peticion: RecibirDerivacion, mesa: Mesa) -> Sequence[Hecho]:
    """Acuse humano de un encargo."""
    expediente = Expediente(mesa, peticion.ruta)
    return [derivacion.recibir(expediente.ruta.encargo(peticion.derivacion), mesa.institucion)]


@CASOS.atiende(AceptarDerivacion)
def aceptar_derivacion(peticion: AceptarDerivacion, mesa: Mesa) -> Sequence[Hecho]:
    """Asume un encargo."""
    expediente = Expediente(mesa, peticion.ruta)
    return derivacion.aceptar(expediente.ruta.encargo(peticion.derivacion), mesa.institucion)


@CASOS.atiende(RechazarDerivacion)
def rechazar_derivacion(peticion: RechazarDerivacion, mesa: Mesa) -> Sequence[Hecho]:
    """Declina un encargo, que pasa en el mismo acto a la siguiente institución: nunca queda sin dueño."""
    expediente = Expediente(mesa, peticion.ruta)
    d = expediente.ruta.encargo(peticion.derivacion)
    expediente.contar(*derivacion.rechazar(d, mesa.institucion, peticion.motivo, peticion.detalle))
    siguiente = encargo.destinataria(expediente.directorio, "", d.servicio, expediente.rectora, d.ya_pasaron)
    if siguiente is None:
        raise rechazos.SinAQuienReasignar
    expediente.contar(*encargo.reasignar(d, mesa.nuevo_id(), siguiente, expediente.plazos, mesa.ahora))
    return expediente.hechos


@CASOS.atiende(AtenderDerivacion)
def atender_derivacion(peticion: AtenderDerivacion, mesa: Mesa) -> Sequence[Hecho]:
    """Da un encargo por atendido, con pruebas."""
    expediente = Expediente(mesa, peticion.ruta)
    d = expediente.ruta.encargo(peticion.derivacion)
    # Antes que las pruebas, que quizá aún no llegaron: de lo que ya no es suyo no se le pide que espere.
    derivacion.exigir_atendible(d, mesa.institucion)
    pruebas = _pruebas(expediente, peticion.evidencias)
    return [derivacion.atender(d, mesa.institucion, peticion.resultado, pruebas, peticion.detalle)]


@CASOS.atiende(ReasignarDerivacion)
def reasignar_derivacion(peticion: ReasignarDerivacion, mesa: Mesa) -> Sequence[Hecho]:
    """Pasa un encargo a la institución que se diga."""
    expediente = Expediente(mesa, peticion.ruta)
    d = expediente.ruta.encargo(peticion.derivacion)
    derivacion.exigir_reasignable(d, mesa.institucion, expediente.rectora, peticion.a)
    # La rectora puede quedarse con cualquiera: es el último recurso.
    if peticion.a != expediente.rectora:
        encargo.exigir_destinataria(expediente.directorio, peticion.a, d.servicio)
    return encargo.reasignar(d, mesa.nuevo_id(), peticion.a, expediente.plazos, mesa.ahora)


@CASOS.atiende(RetirarDerivacion)
def retirar_derivacion(peticion: RetirarDerivacion, mesa: Mesa) -> Sequence[Hecho]:
    """Deja sin efecto un encargo."""
    expediente = Expediente(mesa, peticion.ruta)
    d = expediente.ruta.encargo(peticion.derivacion)
    nna = expediente.perfil.nna
    quien, rectora = mesa.institucion, expediente.rectora
    return [derivacion.retirar(d, quien, rectora, peticion.motivo, nna=nna, detalle=peticion.detalle)]


@CASOS.atiende(EmitirDerivacion)
def emitir_derivacion(peticion: EmitirDerivacion, mesa: Mesa) -> Sequence[Hecho]:
    """Encarga un servicio más allá de lo que el protocolo manda."""
    expediente = Expediente(mesa, peticion.ruta)
    expediente.ruta.exigir_abierta()
    encargo.exigir_destinataria(expediente.directorio, peticion.a, peticion.servicio_pedido)
    pedido = Encargo(
        regla="peticion-de-institucion",
        a=peticion.a,
        servicio=peticion.servicio_pedido,
        urgencia=peticion.urgencia,
        motivo=MotivoDerivacion.PETICION,
    )
    if any(d.a == pedido.a and d.servicio is pedido.servicio for d in expediente.ruta.pendientes):
        raise rechazos.DerivacionRepetida
    expediente.emitir(pedido, de=mesa.institucion)
    return expediente.hechos


@CASOS.atiende(DeclararDerechoNoAplicable)
def declarar_derecho_no_aplicable(peticion: DeclararDerechoNoAplicable, mesa: Mesa) -> Sequence[Hecho]:
    """Excluye un derecho de la matriz, si el protocolo lo permite por ese motivo."""
    expediente = Expediente(mesa, peticion.ruta)
    expediente.ruta.exigir_abierta()
    return [
        cierre.no_aplica(
            expediente.ruta,
            peticion.derecho,
            peticion.motivo,
            perfil=expediente.perfil,
            exigibles=expediente.exigibles,
            reglas=expediente.protocolo.exclusiones,
            evidencias=expediente.evidencias,
            autoridad_ninez=expediente.autoridad_ninez,
            detalle=peticion.detalle,
        )
    ]


@CASOS.atiende(CoordinarCaso)
def coordinar_caso(peticion: CoordinarCaso, mesa: Mesa) -> Sequence[Hecho]:
    """Registra una mesa; cada acuerdo de prestar un servicio se convierte en encargo."""
    expediente = Expediente(mesa, peticion.ruta)
    expediente.ruta.exigir_abierta()
    presentes = {*peticion.instituciones, *(acuerdo.responsable for acuerdo in peticion.acuerdos)}
    if not all(c in expediente.directorio and expediente.directorio[c].activa for c in presentes):
        raise rechazos.DestinatariaNoDisponible
    expediente.contar(
        CasoCoordinado(
            ruta=peticion.ruta, instituciones=peticion.instituciones, acuerdos=peticion.acuerdos, acta=peticion.acta
        )
    )
    for acuerdo in peticion.acuerdos:
        if acuerdo.servicio is None:
            continue
        encargo.exigir_destinataria(expediente.directorio, acuerdo.responsable, acuerdo.servicio)
        acordado = Encargo(
            regla="acuerdo-de-mesa",
            a=acuerdo.responsable,
            servicio=acuerdo.servicio,
            urgencia=Urgencia.PRIORITARIA,
            motivo=MotivoDerivacion.ACUERDO,
        )
        if encargo.ya_encargado(expediente.ruta, acordado):
            continue
        nueva = encargo.emitir(
            peticion.ruta, mesa.nuevo_id(), acordado,
            de=mesa.institucion, a=acuerdo.responsable, plazos_=expediente.plazos, ahora=mesa.ahora,
        )  # fmt: skip
        if acuerdo.vence is not None:
            vence = plazo.fin_del_dia(acuerdo.vence, expediente.protocolo.calendario)
            nueva = replace(nueva, vence_atencion=vence)
        expediente.contar(nueva)
    return expediente.hechos


@CASOS.atiende(CerrarRuta)
def cerrar_ruta(peticion: CerrarRuta, mesa: Mesa) -> Sequence[Hecho]:
    """Cierra la ruta, tras volver a deducir sus derechos con todo lo que se sabe (regla 3)."""
    expediente = Expediente(mesa, peticion.ruta)
    ruta = expediente.ruta
    ruta.exigir_abierta()
    protocolo = expediente.protocolo
    expediente.contar(*derechos.revisar(ruta.id, ruta.derechos, protocolo.derechos, expediente.evidencias))
    expediente.contar(
        *cierre.cerrar(
            expediente.ruta,
            peticion.motivo,
            reglas=protocolo.cierres,
            exigibles=expediente.exigibles,
            evidencias=expediente.evidencias,
            nna=expediente.perfil.nna,
            autoridad_ninez=expediente.autoridad_ninez,
            detalle=peticion.detalle,
        )
    )
    return expediente.hechos


@CASOS.atiende(ReabrirRuta)
def reabrir_ruta(peticion: ReabrirRuta, mesa: Mesa) -> Sequence[Hecho]:
    """Vuelve a seguir una ruta y emite lo que el protocolo manda al reabrir."""
    expediente = Expediente(mesa, peticion.ruta)
    expediente.contar_y_obligar([cierre.reabrir(expediente.ruta, peticion.motivo, peticion.detalle)])
    return expediente.hechos


@CASOS.atiende(RectificarHecho)
def rectificar_hecho(peticion: RectificarHecho, mesa: Mesa) -> Sequence[Hecho]:
    """Corrige un hecho de coordinación y vuelve a deducir los derechos."""
    expediente = Expediente(mesa, peticion.ruta)
    expediente.ruta.exigir_abierta()
    if expediente.ruta.en_pie.buscar(peticion.corrige) is None:
        raise rechazos.NoRectificable
    expediente.contar(rectificacion.rectificar(expediente.ruta.en_pie, peticion, mesa.institucion))
    ruta = expediente.ruta
    expediente.contar_y_obligar(
        derechos.revisar(ruta.id, ruta.derechos, expediente.protocolo.derechos, expediente.evidencias)
    )
    return expediente.hechos


def _pruebas(expediente: Expediente, ids: Sequence[UUID]) -> list[Evidencia]:
    """Las evidencias citadas. Errores: `EvidenciaDesconocida`, `EvidenciaDeOtraRuta`."""
    citadas = [e for e in expediente.evidencias if e.id in ids]
    ajenas = set(ids) - {e.id for e in citadas}
    if ajenas:
        conocidas = expediente.mesa.leer(sa.select(evidencias.c.evento).where(evidencias.c.evento.in_(ajenas)))
        raise rechazos.EvidenciaDeOtraRuta if len(conocidas) == len(ajenas) else rechazos.EvidenciaDesconocida
    return citadas
