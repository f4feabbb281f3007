"""Los casos de uso de las peticiones internas."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache

import sqlalchemy as sa

from contratos.base import Mandato
from contratos.protocolos import Protocolo, ProtocoloDesconocido, cargar, vigente
from eventos.base import Hecho, partir
from eventos.coordinacion import DerechoRestituido, Etapa
from eventos.listas import ServicioPedido
from eventos.motivos import MotivoCierre, MotivoReapertura
from eventos.vigentes import Vigentes
from servicios.comun import directorio
from servicios.comun.mesa import Casos, Mesa
from servicios.coordinacion.dominio import apertura, cierre, derechos, derivacion, encargo, institucion
from servicios.coordinacion.dominio.institucion import Datos, Institucion
from servicios.coordinacion.dominio.suceso import Suceso
from servicios.coordinacion.expediente import Expediente, rectora
from servicios.coordinacion.internas import (
    AbrirRuta,
    ContarDeSeguridad,
    InscribirRectora,
    Reaccionar,
    RelevarSuspendida,
    RevisarDerechos,
    VencerDerivacion,
)
from servicios.coordinacion.tablas import derivaciones, senales

#: El que rige si ni el país de la detección ni el de la rectora tienen un paquete completo.
PROTOCOLO_POR_DEFECTO = "gt"


def inscribir_casos(casos: Casos) -> None:
    """Registra los casos internos."""
    casos.atiende(AbrirRuta)(abrir_ruta)
    casos.atiende(Reaccionar)(reaccionar)
    casos.atiende(RevisarDerechos)(revisar_derechos)
    casos.atiende(VencerDerivacion)(vencer_derivacion)
    casos.atiende(RelevarSuspendida)(relevar_suspendida)
    casos.atiende(InscribirRectora)(inscribir_rectora)
    casos.atiende(ContarDeSeguridad)(contar_de_seguridad)


def abrir_ruta(interna: AbrirRuta, mesa: Mesa) -> Sequence[Hecho]:
    """Abre la ruta una sola vez, emite los encargos obligatorios y cuenta lo que ya se sabe de los derechos."""
    hecho = interna.deteccion
    expediente = Expediente(mesa, hecho.ruta)
    if expediente.ruta.apertura is not None:
        return revisar_derechos(RevisarDerechos(ruta=hecho.ruta), mesa)
    protocolo = _protocolo_de(hecho.pais_deteccion, rectora(expediente.directorio))
    expediente.contar(apertura.abrir(hecho, protocolo))
    perfil = expediente.ruta.perfil_al_abrir()
    for evidencia in expediente.evidencias:
        if evidencia.contradicha_por is None:
            expediente.obligar(evidencia, perfil)
    ruta = expediente.ruta
    expediente.contar_y_obligar(derechos.revisar(ruta.id, ruta.derechos, protocolo.derechos, expediente.evidencias))
    return expediente.hechos


def reaccionar(interna: Reaccionar, mesa: Mesa) -> Sequence[Hecho]:
    """Reabre, deriva o cierra según lo que el protocolo manda por ese hecho."""
    anotado = interna.anotado
    expediente = Expediente(mesa, anotado.agregado)
    if expediente.ruta.apertura is None:
        return []
    protocolo, suceso = expediente.protocolo, Suceso(tipo=anotado.hecho.tipo, campos=partir(anotado.hecho)[0])
    if not expediente.ruta.abierta:
        motivo = cierre.motivo_para_reabrir(expediente.ruta, suceso, anotado.registrado, protocolo.reaperturas)
        if motivo is None:
            return []
        expediente.contar_y_obligar([cierre.reabrir(expediente.ruta, motivo)])
    expediente.obligar(suceso)
    for regla in protocolo.cierres:
        if regla.automatico and suceso.cumple_alguna(regla.exige):
            expediente.contar(*_cerrar_solo(expediente, regla.motivo))
            break
    return expediente.hechos


def revisar_derechos(interna: RevisarDerechos, mesa: Mesa) -> Sequence[Hecho]:
    """Cuenta lo que las evidencias dicen de los derechos.

    En una ruta cerrada nada cambia, salvo que caiga lo que la cerró: un derecho que se dio por restituido o el hecho
    que probaba el motivo. Entonces se reabre.
    """
    expediente = Expediente(mesa, interna.ruta)
    ruta = expediente.ruta
    if ruta.apertura is None:
        return []
    protocolo = expediente.protocolo
    if interna.tipo and interna.tipo not in _tipos_de_derechos(protocolo.protocolo, protocolo.version):
        return []
    cambios = derechos.revisar(ruta.id, ruta.derechos, protocolo.derechos, expediente.evidencias)
    if not ruta.abierta:
        motivo = _cae_el_cierre(expediente, cambios)
        if motivo is None:
            return []
        expediente.contar_y_obligar([cierre.reabrir(ruta, motivo)])
    expediente.contar_y_obligar(cambios)
    return expediente.hechos


def vencer_derivacion(interna: VencerDerivacion, mesa: Mesa) -> Sequence[Hecho]:
    """Vence y escala una etapa, y hace constar a la institución que calla."""
    expediente = Expediente(mesa, interna.ruta)
    d = expediente.ruta.derivaciones.get(interna.derivacion)
    if d is None:
        return []
    de_la_rectora = d.a == expediente.rectora
    a_quien = expediente.protocolo.supervisora if de_la_rectora else expediente.rectora
    hechos = derivacion.vencer(d, interna.etapa, mesa.ahora, a_quien)
    if hechos and interna.etapa is Etapa.ACUSE:
        hechos += _silencio(mesa, d.a, expediente.protocolo.silencio_tras)
    return hechos


def relevar_suspendida(interna: RelevarSuspendida, mesa: Mesa) -> Sequence[Hecho]:
    """Pasa un encargo de una institución suspendida a otra que lo preste o, si no la hay, a la rectora."""
    expediente = Expediente(mesa, interna.ruta)
    d = expediente.ruta.derivaciones.get(interna.derivacion)
    if d is None or not d.pendiente:
        return []
    otra = encargo.destinataria(expediente.directorio, "", d.servicio, expediente.rectora, d.ya_pasaron)
    return encargo.reasignar(d, mesa.nuevo_id(), otra or expediente.rectora, expediente.plazos, mesa.ahora)


def inscribir_rectora(interna: InscribirRectora, mesa: Mesa) -> Sequence[Hecho]:
    """Inscribe a la rectora con lo que el protocolo dice de ella, si todavía no hay ninguna."""
    estado = mesa.estado(Institucion, institucion.id_de(interna.codigo))
    if estado.inscrita or rectora(directorio.todas(mesa.tanda)) is not None:
        return []
    propia = _protocolo_de(interna.pais, interna.codigo).institucion(interna.codigo)
    servicios = propia.servicios if propia else (ServicioPedido.COORDINACION, ServicioPedido.SEGUIMIENTO)
    datos = Datos(
        codigo=interna.codigo,
        pais=interna.pais,
        mandatos=tuple(m.value for m in propia.mandatos) if propia else (Mandato.RECTORIA.value,),
        servicios=servicios,
        cobertura=propia.cobertura if propia else (interna.codigo[:2],),
        clave_firma=interna.clave_firma,
        rige=True,
    )
    return [institucion.inscribir(estado, datos, claves_ajenas=(), hay_rectora=False)]


def contar_de_seguridad(interna: ContarDeSeguridad, mesa: Mesa) -> Sequence[Hecho]:
    """Lleva al libro lo que hizo la bóveda, salvo que ya conste de la misma persona en el mismo instante."""
    ya = mesa.estado(Vigentes, interna.hecho.ruta)
    consta = any(a.hecho == interna.hecho and (a.agente, a.ocurrido) == (mesa.agente, mesa.ocurrido) for a in ya.hechos)
    return [] if consta else [interna.hecho]


@cache
def _tipos_de_derechos(protocolo: str, version: str) -> frozenset[str]:
    reglas = cargar(protocolo, version).derechos
    return frozenset(c.tipo for r in reglas for c in (*r.en_restitucion, *r.restituye, *r.vulnera))


def _protocolo_de(pais: str, quien_lleva: str | None) -> Protocolo:
    """El del país; si no tiene o es un borrador, el de la rectora, que lleva el despliegue. Nadie queda sin ruta."""
    for candidato in (pais, (quien_lleva or "")[:2].lower()):
        try:
            return vigente(candidato)
        except ProtocoloDesconocido:
            continue
    return vigente(PROTOCOLO_POR_DEFECTO)


def _cerrar_solo(expediente: Expediente, motivo: MotivoCierre) -> Sequence[Hecho]:
    if not cierre.probado(expediente.ruta, motivo, expediente.protocolo.cierres, expediente.evidencias):
        return []
    return cierre.cerrar(
        expediente.ruta,
        motivo,
        reglas=expediente.protocolo.cierres,
        exigibles=expediente.exigibles,
        evidencias=expediente.evidencias,
        nna=expediente.perfil.nna,
        autoridad_ninez=False,
    )


def _cae_el_cierre(expediente: Expediente, cambios: Sequence[Hecho]) -> MotivoReapertura | None:
    ruta = expediente.ruta
    if ruta.cierre is MotivoCierre.RESTITUCION_PLENA:
        empeora = any(not isinstance(cambio, DerechoRestituido) for cambio in cambios)
        return MotivoReapertura.DERECHO_VULNERADO if empeora else None
    if ruta.cierre and not cierre.probado(ruta, ruta.cierre, expediente.protocolo.cierres, expediente.evidencias):
        return MotivoReapertura.CIERRE_ERRONEO
    return None


def _silencio(mesa: Mesa, codigo: str, tras: int) -> Sequence[Hecho]:
    """Cuántos acuses lleva vencidos desde su última señal, contando el de ahora."""
    ultima: datetime | None = next(
        (f.ultima for f in mesa.leer(sa.select(senales).where(senales.c.institucion == codigo))), None
    )
    if ultima is None:
        return []
    callados = sa.select(sa.func.count()).where(derivaciones.c.a == codigo, derivaciones.c.vencida_acuse > ultima)
    vencidas = int(mesa.leer(callados)[0][0]) + 1
    estado = mesa.estado(Institucion, institucion.id_de(codigo))
    return institucion.silencio(estado, codigo, vencidas_sin_senal=vencidas, tras=tras, desde=ultima)
