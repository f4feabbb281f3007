"""Las reglas del proceso, la protección y la reparación. Ninguna condiciona la atención (regla 6).

Cada función recibe lo que consta y el hecho propuesto, y lo devuelve si puede ocurrir. Con la ruta cerrada no se abren
procesos, pero todo lo demás se registra: proteger no espera (S004 §33) y un hecho judicial no se pierde. Los requisitos
entre actos son decisiones del proyecto, sin norma procesal citada, salvo los que llevan fuente.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from eventos.justicia import (
    AcusacionFormulada,
    AsistenciaJuridicaAsignada,
    Autorizacion,
    AutorizacionDeProteccion,
    CooperacionInternacionalRespondida,
    CooperacionInternacionalSolicitada,
    DeclaracionAnticipadaTomada,
    DenunciaPresentada,
    InvestigacionIniciada,
    MedidaProteccionDenegada,
    MedidaProteccionLevantada,
    MedidaProteccionOtorgada,
    NoCriminalizacion,
    NoCriminalizacionInvocada,
    ProcesoArchivado,
    ProcesoReabierto,
    QuerellanteAdhesivoConstituido,
    ReparacionCumplida,
    ReparacionOrdenada,
    SentenciaDictada,
)
from eventos.motivos import MotivoLevantamiento
from servicios.justicia import rechazos as no
from servicios.justicia.estado import CONDENAN, Justicia


def denunciar(propuesta: DenunciaPresentada, *, ruta_abierta: bool) -> DenunciaPresentada:
    """Abre un proceso; puede no haberla nunca, y puede haber varias. Errores: `RutaYaCerrada`."""
    if not ruta_abierta:
        raise no.RutaYaCerrada
    return propuesta


def investigar(just: Justicia, propuesta: InvestigacionIniciada, *, ruta_abierta: bool) -> InvestigacionIniciada:
    """Investiga un proceso denunciado o, de oficio, uno nuevo: no hace falta que la persona denuncie (S004 §17).

    Errores: `RutaYaCerrada` (de oficio), `ProcesoDesconocido`, `ProcesoTerminado`, `YaInvestigado`.
    """
    if propuesta.de_oficio:
        if not ruta_abierta:
            raise no.RutaYaCerrada
        return propuesta
    _exigir_en_curso(just, propuesta.proceso)
    if just.investigado(propuesta.proceso):
        raise no.YaInvestigado
    return propuesta


def constituir_querellante(just: Justicia, propuesta: QuerellanteAdhesivoConstituido) -> QuerellanteAdhesivoConstituido:
    """La víctima interviene en el proceso. Errores: `ProcesoDesconocido`, `ProcesoTerminado`, `YaConstituida`."""
    _exigir_en_curso(just, propuesta.proceso)
    calidades = [h.calidad for _, h in just.de(QuerellanteAdhesivoConstituido) if h.proceso == propuesta.proceso]
    if propuesta.calidad in calidades:
        raise no.YaConstituida
    return propuesta


def tomar_declaracion(just: Justicia, propuesta: DeclaracionAnticipadaTomada) -> DeclaracionAnticipadaTomada:
    """Declara una sola vez por proceso (S004 §17 y §31).

    Errores: `ProcesoDesconocido`, `ProcesoTerminado`, `DeclaracionYaTomada`.
    """
    _exigir_en_curso(just, propuesta.proceso)
    if any(h.proceso == propuesta.proceso for _, h in just.de(DeclaracionAnticipadaTomada)):
        raise no.DeclaracionYaTomada
    return propuesta


def acusar(just: Justicia, propuesta: AcusacionFormulada) -> AcusacionFormulada:
    """Acusa, o amplía la acusación. Errores: `ProcesoDesconocido`, `ProcesoTerminado`, `SinSindicados`."""
    _exigir_en_curso(just, propuesta.proceso)
    if propuesta.sindicados < 1:
        raise no.SinSindicados
    return propuesta


def sentenciar(just: Justicia, propuesta: SentenciaDictada) -> SentenciaDictada:
    """Sentencia a quien se acusó. Otra posterior, de recurso, sustituye a la que no era firme.

    Errores: `ProcesoDesconocido`, `ProcesoTerminado`, `SinAcusacion`, `CondenadosNoCuadran`.
    """
    _exigir_en_curso(just, propuesta.proceso)
    acusados = just.acusados(propuesta.proceso)
    if not acusados:
        raise no.SinAcusacion
    condena = propuesta.fallo in CONDENAN
    if condena != (propuesta.condenados > 0) or propuesta.condenados > acusados:
        raise no.CondenadosNoCuadran
    return propuesta


def archivar(just: Justicia, propuesta: ProcesoArchivado) -> ProcesoArchivado:
    """Termina sin sentencia. Errores: `ProcesoDesconocido`, `ProcesoConSentencia`, `ProcesoTerminado`."""
    _exigir_abierto(just, propuesta.proceso)
    if just.sentencias(propuesta.proceso):
        raise no.ProcesoConSentencia
    if just.archivado(propuesta.proceso):
        raise no.ProcesoTerminado
    return propuesta


def reabrir(just: Justicia, propuesta: ProcesoReabierto) -> ProcesoReabierto:
    """Un proceso archivado sigue su curso. Errores: `ProcesoDesconocido`, `ProcesoSinArchivar`."""
    _exigir_abierto(just, propuesta.proceso)
    if not just.archivado(propuesta.proceso):
        raise no.ProcesoSinArchivar
    return propuesta


def ordenar_reparacion(just: Justicia, propuesta: ReparacionOrdenada, ocurrido: datetime) -> ReparacionOrdenada:
    """Ordena reparar a partir de una condena, aunque no sea firme (S001: «condenatorias que incluyan reparación»).

    Errores: `ProcesoDesconocido`, `SinCondena`, `ClasesRepetidas`, `VenceAntes`.
    """
    _exigir_abierto(just, propuesta.proceso)
    if not just.condenado(propuesta.proceso):
        raise no.SinCondena
    if len(set(propuesta.clases)) != len(propuesta.clases):
        raise no.ClasesRepetidas
    _exigir_que_no_nazca_vencida(propuesta.vence, ocurrido)
    return propuesta


def cumplir_reparacion(just: Justicia, propuesta: ReparacionCumplida) -> ReparacionCumplida:
    """Anota lo cumplido: nunca más de lo ordenado, y «total» solo si no falta ninguna clase. Puede llegar por partes.

    Errores: `ReparacionDesconocida`, `ReparacionYaCumplida`, `MasDeLoOrdenado`, `ReparacionIncompleta`.
    """
    ordenada = just.reparacion(propuesta.reparacion)
    if ordenada is None:
        raise no.ReparacionDesconocida
    if any(cumplida.total for cumplida in just.cumplimientos(propuesta.reparacion)):
        raise no.ReparacionYaCumplida
    if not set(propuesta.clases) <= set(ordenada.clases):
        raise no.MasDeLoOrdenado
    if propuesta.total and set(ordenada.clases) - just.cumplidas(propuesta.reparacion) - set(propuesta.clases):
        raise no.ReparacionIncompleta
    return propuesta


def otorgar_medida(
    just: Justicia, propuesta: MedidaProteccionOtorgada, ocurrido: datetime, *, de_oficio: bool
) -> MedidaProteccionOtorgada:
    """Otorga una medida pedida, o de oficio; no exige denuncia ni proceso (S004 §33).

    Errores: `MedidaDesconocida`, `MedidaYaOtorgada`, `MedidaYaDenegada`, `VenceAntes`.
    """
    if not de_oficio:
        if just.otorgada(propuesta.medida) is not None:
            raise no.MedidaYaOtorgada
        if not just.solicitada(propuesta.medida):
            raise no.MedidaDesconocida
        if just.denegada(propuesta.medida):
            raise no.MedidaYaDenegada
    _exigir_que_no_nazca_vencida(propuesta.vence, ocurrido)
    return propuesta


def denegar_medida(just: Justicia, propuesta: MedidaProteccionDenegada) -> MedidaProteccionDenegada:
    """No otorga una medida pedida. No cierra nada: cabe pedir otra, u otorgarla de oficio (S004 §33).

    Errores: `MedidaDesconocida`, `MedidaYaOtorgada`, `MedidaYaDenegada`.
    """
    if just.otorgada(propuesta.medida) is not None:
        raise no.MedidaYaOtorgada
    if not just.solicitada(propuesta.medida):
        raise no.MedidaDesconocida
    if just.denegada(propuesta.medida):
        raise no.MedidaYaDenegada
    return propuesta


def levantar_medida(
    just: Justicia, propuesta: MedidaProteccionLevantada, ocurrido: datetime
) -> MedidaProteccionLevantada:
    """Deja sin efecto una medida que rige; por vencida, solo si venció.

    Errores: `MedidaDesconocida`, `MedidaSinOtorgar`, `MedidaSinVencer`.
    """
    otorgada = just.otorgada(propuesta.medida)
    if otorgada is None and not just.solicitada(propuesta.medida):
        raise no.MedidaDesconocida
    if otorgada is None or just.levantada(propuesta.medida):
        raise no.MedidaSinOtorgar
    vencida = otorgada.vence is not None and _ya_paso(otorgada.vence, ocurrido)
    if propuesta.motivo is MotivoLevantamiento.VENCIDA and not vencida:
        raise no.MedidaSinVencer
    return propuesta


def autorizar(just: Justicia, propuesta: AutorizacionDeProteccion, ocurrido: datetime) -> AutorizacionDeProteccion:
    """Resuelve lo que la ley reserva a un juez. No condiciona el ingreso de urgencia: viene después (regla 6).

    Errores: `SinAbrigoQueProrrogar`, `VenceAntes`.
    """
    if propuesta.autorizacion is Autorizacion.PRORROGA_ABRIGO and not just.con_abrigo:
        raise no.SinAbrigoQueProrrogar
    _exigir_que_no_nazca_vencida(propuesta.vence, ocurrido)
    return propuesta


def asignar_asistencia(
    propuesta: AsistenciaJuridicaAsignada, *, en_directorio: bool, asiste: bool
) -> AsistenciaJuridicaAsignada:
    """Da a la persona quien la asesore, haya o no proceso (S004 §32). ``asiste``: si la entidad tiene mandato.

    Quien acusa no la representa: asignar a la fiscalía no sería asistirla. Errores: `EntidadDesconocida`,
    `EntidadNoAsiste`.
    """
    if not en_directorio:
        raise no.EntidadDesconocida
    if not asiste:
        raise no.EntidadNoAsiste
    return propuesta


def solicitar_cooperacion(
    just: Justicia, propuesta: CooperacionInternacionalSolicitada
) -> CooperacionInternacionalSolicitada:
    """Pide cooperación, para un proceso o sin él (proteger, informar). Errores: `ProcesoDesconocido`."""
    if propuesta.proceso is not None:
        _exigir_abierto(just, propuesta.proceso)
    return propuesta


def responder_cooperacion(
    just: Justicia, propuesta: CooperacionInternacionalRespondida
) -> CooperacionInternacionalRespondida:
    """Anota la respuesta del otro Estado. Errores: `CooperacionDesconocida`, `CooperacionYaRespondida`."""
    solicitadas = [h.cooperacion for _, h in just.de(CooperacionInternacionalSolicitada)]
    if propuesta.cooperacion not in solicitadas:
        raise no.CooperacionDesconocida
    if just.respondida(propuesta.cooperacion):
        raise no.CooperacionYaRespondida
    return propuesta


def invocar_no_criminalizacion(
    just: Justicia, propuesta: NoCriminalizacionInvocada, *, resuelve: bool
) -> NoCriminalizacionInvocada:
    """Invoca o resuelve que no se la sancione (S004 §40). Conceder cabe de oficio; denegar, solo lo invocado.

    ``resuelve``: si quien pide es fiscalía o tribunal. Errores: `NoResuelve`, `SinInvocar`.
    """
    if propuesta.situacion is NoCriminalizacion.INVOCADA:
        return propuesta
    if not resuelve:
        raise no.NoResuelve
    if propuesta.situacion is NoCriminalizacion.DENEGADA and not just.invocacion_pendiente:
        raise no.SinInvocar
    return propuesta


def _exigir_abierto(just: Justicia, proceso: UUID) -> None:
    if not just.abierto(proceso):
        raise no.ProcesoDesconocido


def _exigir_en_curso(just: Justicia, proceso: UUID) -> None:
    _exigir_abierto(just, proceso)
    if just.terminado(proceso):
        raise no.ProcesoTerminado


def _exigir_que_no_nazca_vencida(vence: date | None, ocurrido: datetime) -> None:
    if vence is not None and _ya_paso(vence, ocurrido):
        raise no.VenceAntes


def _ya_paso(dia: date, instante: datetime) -> bool:
    # Una fecha de calendario no lleva zona: en UTC puede ser ya mañana donde aún es hoy, y lo que protege aún rige.
    return dia < (instante - timedelta(hours=12)).date()
