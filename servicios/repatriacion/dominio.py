"""Las reglas del retorno. Cada función recibe el estado y el hecho propuesto, y lo devuelve si puede ocurrir.

Lo que protege a la persona (no aceptar, desistir, permanecer) se admite siempre, también con la ruta cerrada; lo que
la acerca a un viaje exige la regla 1 entera, y se vuelve a comprobar el día del viaje.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Protocol
from uuid import UUID

from eventos.base import Hecho
from eventos.listas import QuienConsiente
from eventos.repatriacion import (
    Acompanante,
    AcompananteDesignado,
    Decision,
    DecisionInformadaRegistrada,
    DocumentosEmitidos,
    InteresSuperiorDeterminado,
    PermanenciaConcedida,
    RecepcionConfirmada,
    RepatriacionDesistida,
    RepatriacionSolicitada,
    ResultadoInteresSuperior,
    RiesgoRetornoEvaluado,
    SeguimientoRealizado,
    Sentido,
    TrasladoProgramado,
    TrasladoRealizado,
)
from eventos.tipos import SiNo
from servicios.repatriacion import rechazos as no
from servicios.repatriacion.estado import Repatriacion

#: Lo más que puede valer una evaluación de riesgo. Valor por defecto del proyecto, sin fuente legal.
VIGENCIA_MAXIMA = timedelta(days=365)

_POR_NNA = frozenset({QuienConsiente.REPRESENTANTE_LEGAL, QuienConsiente.AUTORIDAD_NINEZ})
_POR_ADULTA = frozenset({QuienConsiente.REPRESENTANTE_LEGAL, QuienConsiente.APOYO_DESIGNADO})

#: Qué hechos posteriores se apoyan en cada uno.
_APOYOS: dict[type[Hecho], type[Hecho]] = {
    RepatriacionSolicitada: TrasladoProgramado,
    TrasladoRealizado: RecepcionConfirmada,
    RecepcionConfirmada: SeguimientoRealizado,
}


class Ficha(Protocol):
    """Lo que coordinación dice de la ruta. ``nna``: ya decidido por el protocolo si la edad no consta (regla 10)."""

    @property
    def nna(self) -> bool: ...
    @property
    def extranjera(self) -> SiNo: ...
    @property
    def abierta(self) -> bool: ...


def solicitar(rep: Repatriacion, propuesta: RepatriacionSolicitada, ficha: Ficha) -> RepatriacionSolicitada:
    """Abre el estudio del retorno; no decide nada.

    Si «extranjera» no consta se admite: nadie inventa una nacionalidad para negar un retorno. Una nacional hallada en
    el exterior puede constar como extranjera donde se la detectó, así que ese sentido no se comprueba.
    Errores: `RutaYaCerrada`, `YaSolicitada`, `SentidoImposible`.
    """
    _exigir_abierta(ficha)
    if rep.sentido is not None and rep.realizado is None:
        raise no.YaSolicitada
    if propuesta.sentido is Sentido.HACIA_SU_PAIS and ficha.extranjera is SiNo.NO:
        raise no.SentidoImposible
    return propuesta


def evaluar_riesgo(propuesta: RiesgoRetornoEvaluado, ficha: Ficha, ocurrido: datetime) -> RiesgoRetornoEvaluado:
    """Registra el riesgo de volver. Errores: `RutaYaCerrada`, `VigenciaImposible`."""
    _exigir_abierta(ficha)
    if _ya_paso(propuesta.vigente_hasta, ocurrido) or propuesta.vigente_hasta > (ocurrido + VIGENCIA_MAXIMA).date():
        raise no.VigenciaImposible
    return propuesta


def determinar_interes_superior(propuesta: InteresSuperiorDeterminado, ficha: Ficha) -> InteresSuperiorDeterminado:
    """Registra qué conviene más a la NNA (S004 §38); el retorno, solo si se la oyó (regla 2).

    Errores: `RutaYaCerrada`, `NoConstaComoNNA`, `PersonaSinOir`.
    """
    _exigir_abierta(ficha)
    if not ficha.nna:
        raise no.NoConstaComoNNA
    if propuesta.resultado is ResultadoInteresSuperior.RETORNO and not propuesta.persona_oida:
        raise no.PersonaSinOir
    return propuesta


def registrar_decision(
    rep: Repatriacion, propuesta: DecisionInformadaRegistrada, ficha: Ficha, ocurrido: datetime
) -> DecisionInformadaRegistrada:
    """Registra qué decide la persona. No aceptar no tiene condiciones: lo dice quien lo diga y basta (S004 §37).

    Errores, solo al aceptar: `RutaYaCerrada`, `DecisionSuperada`, `RiesgoSinEvaluar`, `DecisionSinConocerElRiesgo`,
    `DecideQuienNoPuede`.
    """
    if propuesta.decision is not Decision.ACEPTA:
        return propuesta
    _exigir_abierta(ficha)
    if rep.desde is not None and ocurrido < rep.desde:
        raise no.DecisionSuperada
    if rep.riesgo is None or _ya_paso(rep.riesgo.vigente_hasta, ocurrido):
        raise no.RiesgoSinEvaluar
    if not propuesta.riesgos_explicados or ocurrido < rep.riesgo.ocurrido:
        raise no.DecisionSinConocerElRiesgo
    if not _puede_aceptar(propuesta.por, oida=propuesta.persona_oida, nna=ficha.nna):
        raise no.DecideQuienNoPuede
    return propuesta


def emitir_documentos(propuesta: DocumentosEmitidos, ocurrido: datetime) -> DocumentosEmitidos:
    """La identidad es un derecho aunque no haya viaje ni ruta abierta. Errores: `DocumentosVencidos`."""
    if propuesta.vencen is not None and _ya_paso(propuesta.vencen, ocurrido):
        raise no.DocumentosVencidos
    return propuesta


def designar_acompanante(
    rep: Repatriacion, propuesta: AcompananteDesignado, ficha: Ficha, *, en_directorio: bool
) -> AcompananteDesignado:
    """Designa quién acompaña. ``en_directorio``: si la institución, cuando la hay, está activa en él.

    Errores: `RutaYaCerrada`, `SinSolicitud`, `FaltaAcompanante`, `EscoltaDesconocida`.
    """
    _exigir_abierta(ficha)
    if rep.sentido is None:
        raise no.SinSolicitud
    if ficha.nna and propuesta.acompanante is Acompanante.SIN_ACOMPANANTE:
        raise no.FaltaAcompanante
    if propuesta.institucion_acompanante is not None and not en_directorio:
        raise no.EscoltaDesconocida
    return propuesta


def programar_traslado(
    rep: Repatriacion, propuesta: TrasladoProgramado, ficha: Ficha, ocurrido: datetime
) -> TrasladoProgramado:
    """Fija el traslado, o le cambia el día. Exige la regla 1 (S004 §37), vigente el día del viaje.

    Errores: `RutaYaCerrada`, `SinSolicitud`, `YaViajo`, `FechaPasada` y los de la regla 1.
    """
    _exigir_abierta(ficha)
    if rep.sentido is None:
        raise no.SinSolicitud
    if rep.realizado is not None:
        raise no.YaViajo
    if _ya_paso(propuesta.fecha, ocurrido):
        raise no.FechaPasada
    _exigir_regla_1(rep, propuesta.fecha, propuesta.acompanante, ficha)
    return propuesta


def realizar_traslado(
    rep: Repatriacion, propuesta: TrasladoRealizado, ficha: Ficha, ocurrido: datetime
) -> TrasladoRealizado:
    """Registra el viaje programado, si ese día seguía cumpliéndose la regla 1 y tenía con qué viajar.

    La ruta puede haberse cerrado ya. Errores: `YaViajo`, `TrasladoSinProgramar`, `FechaPorLlegar`, `FechaPasada` (antes
    de programarse), `SinDocumentosDeViaje` y los de la regla 1.
    """
    if rep.realizado is not None:
        raise no.YaViajo
    if rep.programado is None:
        raise no.TrasladoSinProgramar
    if _por_llegar(propuesta.fecha, ocurrido):
        raise no.FechaPorLlegar
    if _ya_paso(propuesta.fecha, rep.programado.ocurrido):
        raise no.FechaPasada
    _exigir_regla_1(rep, propuesta.fecha, rep.programado.acompanante, ficha)
    if not rep.documentada(propuesta.fecha):
        raise no.SinDocumentosDeViaje
    return propuesta


def confirmar_recepcion(rep: Repatriacion, propuesta: RecepcionConfirmada) -> RecepcionConfirmada:
    """Quien recibe lo confirma, aunque la ruta ya se cerrara aquí. Errores: `TrasladoSinRealizar`, `YaRecibida`."""
    if rep.realizado is None:
        raise no.TrasladoSinRealizar
    if rep.recibida:
        raise no.YaRecibida
    return propuesta


def realizar_seguimiento(rep: Repatriacion, propuesta: SeguimientoRealizado) -> SeguimientoRealizado:
    """Registra cómo está tras el retorno o la permanencia, también con la ruta cerrada.

    Errores: `SinRecepcion`, `SeguimientoFueraDeOrden`.
    """
    if not (rep.recibida or rep.permanencia):
        raise no.SinRecepcion
    if propuesta.numero != rep.seguimientos + 1:
        raise no.SeguimientoFueraDeOrden
    return propuesta


def conceder_permanencia(propuesta: PermanenciaConcedida, ocurrido: datetime) -> PermanenciaConcedida:
    """Concede la permanencia. No mira denuncia, cooperación, riesgo ni solicitud (S004 §35-36, regla 6).

    Tampoco deja sin efecto el retorno que la persona aceptó: quedarse es un derecho, no una obligación.
    Errores: `PermanenciaVencida`.
    """
    if propuesta.vence is not None and _ya_paso(propuesta.vence, ocurrido):
        raise no.PermanenciaVencida
    return propuesta


def desistir(rep: Repatriacion, propuesta: RepatriacionDesistida) -> RepatriacionDesistida:
    """Deja sin efecto la repatriación en curso. Errores: `SinSolicitud`, `YaViajo`."""
    if rep.sentido is None:
        raise no.SinSolicitud
    if rep.realizado is not None:
        raise no.YaViajo
    return propuesta


def exigir_rectificable(rep: Repatriacion, corregido: UUID) -> None:
    """Un hecho no se corrige mientras otro posterior y en pie se apoye en él. Errores: `HechoConApoyos`.

    La decisión, el riesgo y el interés superior se corrigen siempre: sin ellos, el traslado deja de poder hacerse.
    """
    anotado = rep.buscar(corregido)
    apoyado = _APOYOS.get(type(anotado.hecho)) if anotado else None
    if anotado and apoyado and any(a.version > anotado.version and isinstance(a.hecho, apoyado) for a in rep.hechos):
        raise no.HechoConApoyos


def _exigir_regla_1(rep: Repatriacion, dia: date, acompanante: Acompanante, ficha: Ficha) -> None:
    """Decisión informada, riesgo vigente ese día y no alto sin medidas; si es NNA, interés superior y compañía.

    El destino viaja sellado: con «tercer-pais» no habría cómo probar que se va allí, así que solo vale «retorno».
    Errores: `FaltaDecisionInformada`, `RiesgoSinEvaluar`, `RiesgoVencido`, `RiesgoAltoSinMedidas`,
    `DecisionSinConocerElRiesgo`, `DecideQuienNoPuede`, `FaltaInteresSuperior`, `FaltaAcompanante`.
    """
    decidido, riesgo, interes = rep.decidido, rep.riesgo, rep.interes
    if decidido is None or decidido.decision is not Decision.ACEPTA:
        raise no.FaltaDecisionInformada
    if riesgo is None:
        raise no.RiesgoSinEvaluar
    if riesgo.vencido(dia):
        raise no.RiesgoVencido
    if riesgo.alto_sin_medidas:
        raise no.RiesgoAltoSinMedidas
    if not decidido.conoce(riesgo):
        raise no.DecisionSinConocerElRiesgo
    if not _puede_aceptar(decidido.por, oida=decidido.persona_oida, nna=ficha.nna):
        raise no.DecideQuienNoPuede
    if not ficha.nna:
        return
    if interes is None or interes.resultado is not ResultadoInteresSuperior.RETORNO or not interes.persona_oida:
        raise no.FaltaInteresSuperior
    if acompanante is Acompanante.SIN_ACOMPANANTE:
        raise no.FaltaAcompanante


def _puede_aceptar(por: QuienConsiente, *, oida: bool, nna: bool) -> bool:
    if nna:
        return por in _POR_NNA and oida
    return por is QuienConsiente.PERSONA or (por in _POR_ADULTA and oida)


def _exigir_abierta(ficha: Ficha) -> None:
    if not ficha.abierta:
        raise no.RutaYaCerrada


# Una fecha de calendario no lleva zona: según dónde, el día de un instante es el anterior o el siguiente al de UTC.
def _ya_paso(dia: date, instante: datetime) -> bool:
    return dia < (instante - timedelta(hours=12)).date()


def _por_llegar(dia: date, instante: datetime) -> bool:
    return dia > (instante + timedelta(hours=14)).date()
