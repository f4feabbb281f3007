"""Qué se puede pedir a repatriación."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta

from contratos.base import Mandato, PeticionDeRuta, peticion
from contratos.rectificacion import QUIEN_RECTIFICA, Rectificacion
from eventos.base import Sellado
from eventos.listas import QuienConsiente
from eventos.motivos import MotivoDesistimiento
from eventos.repatriacion import (
    Acompanante,
    Decision,
    Documento,
    Escolta,
    Factores,
    Iniciativa,
    MedioTraslado,
    PaisDestino,
    Permanencia,
    Receptora,
    ResultadoInteresSuperior,
    Sentido,
    Situacion,
)
from eventos.tipos import Cantidad, CodigoInstitucion, Idioma, NivelRiesgo, Relato, SiNo, Territorio, dice

_RETORNO = (Mandato.CONSULAR, Mandato.MIGRACION, Mandato.PROTECCION_NNA)
_CERCANAS = (*_RETORNO, Mandato.ATENCION, Mandato.ALBERGUE)


@peticion("solicitar-repatriacion", *_CERCANAS, Mandato.RECTORIA)
class SolicitarRepatriacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Pide que se estudie el retorno de la persona (S001 C2)."""

    sentido: Sentido
    iniciativa: Iniciativa
    pais_destino: Sellado[PaisDestino] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("evaluar-riesgo-retorno", *_CERCANAS, Mandato.SEGURIDAD, Mandato.PERSECUCION_PENAL)
class EvaluarRiesgoRetorno(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra el riesgo de volver y hasta cuándo vale (directriz OEA 37)."""

    nivel: NivelRiesgo
    medidas: Annotated[bool, dice("Hay medidas acordadas que reducen el riesgo")]
    vigente_hasta: Annotated[date, dice("Último día en que vale la evaluación")]
    factores: Sellado[Factores] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("determinar-interes-superior", Mandato.PROTECCION_NNA, Mandato.JUDICATURA)
class DeterminarInteresSuperior(PeticionDeRuta, frozen=True, kw_only=True):
    """Determina qué conviene más a la niña, niño o adolescente (directriz OEA 38)."""

    resultado: ResultadoInteresSuperior
    persona_oida: Annotated[bool, dice("Se oyó a la niña, niño o adolescente (regla 2)")]
    detalle: Sellado[Relato] = UNSET


@peticion("registrar-decision-informada", *_CERCANAS, Mandato.ASISTENCIA_LEGAL)
class RegistrarDecisionInformada(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra lo que la persona decide sobre su retorno (directriz OEA 37)."""

    decision: Decision
    por: QuienConsiente
    idioma: Annotated[Idioma, dice("Idioma en que se le informó, ISO 639-3")]
    riesgos_explicados: Annotated[bool, dice("Se le explicó la evaluación de riesgo")]
    persona_oida: Annotated[bool, dice("Si decide su representación, se oyó a la persona (regla 2)")]
    detalle: Sellado[Relato] = UNSET


@peticion("emitir-documentos", Mandato.CONSULAR, Mandato.DOCUMENTACION, Mandato.MIGRACION)
class EmitirDocumentos(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra los documentos emitidos; sus números quedan en la bóveda."""

    documentos: Annotated[tuple[Documento, ...], Meta(min_length=1, max_length=6, description="Qué se emitió")]
    vencen: Annotated[date | None, dice("Cuándo vence el primero; nulo si no vencen")] = None


@peticion("designar-acompanante", *_CERCANAS)
class DesignarAcompanante(PeticionDeRuta, frozen=True, kw_only=True):
    """Designa quién acompañará el traslado."""

    acompanante: Acompanante
    institucion_acompanante: Escolta = None


@peticion("programar-traslado", *_RETORNO)
class ProgramarTraslado(PeticionDeRuta, frozen=True, kw_only=True):
    """Fija el traslado; se rechaza sin decisión informada y riesgo vigente, e interés superior si es NNA (regla 1)."""

    fecha: Annotated[date, dice("Día previsto del traslado")]
    acompanante: Acompanante
    medio: Sellado[MedioTraslado] = UNSET
    destino: Sellado[Territorio] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("realizar-traslado", *_RETORNO)
class RealizarTraslado(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra que la persona viajó."""

    fecha: Annotated[date, dice("Día del traslado")]
    incidencias: Annotated[bool, dice("Hubo incidencias")] = False
    detalle: Sellado[Relato] = UNSET


@peticion("confirmar-recepcion", *_CERCANAS)
class ConfirmarRecepcion(PeticionDeRuta, frozen=True, kw_only=True):
    """Confirma que la persona llegó y quién está con ella."""

    receptora: Receptora
    conforme: Annotated[bool, dice("Llegó en las condiciones acordadas")]
    pais: Sellado[PaisDestino] = UNSET
    entidad: Sellado[CodigoInstitucion] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("realizar-seguimiento", *_CERCANAS)
class RealizarSeguimiento(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra cómo está la persona después del retorno o de la permanencia."""

    numero: Annotated[Cantidad, dice("Qué seguimiento es, desde 1")]
    situacion: Situacion
    proximo: Annotated[date | None, dice("Cuándo toca el siguiente; nulo si es el último")] = None
    detalle: Sellado[Relato] = UNSET


@peticion("conceder-permanencia", Mandato.MIGRACION)
class ConcederPermanencia(PeticionDeRuta, frozen=True, kw_only=True):
    """Concede la permanencia, coopere o no la persona (directrices OEA 35 y 36, regla 6)."""

    permanencia: Permanencia
    coopera: Annotated[SiNo, dice("Si cooperaba con la autoridad; consta para probar que no se exige")]
    vence: Annotated[date | None, dice("Hasta cuándo; nula si no vence")] = None


@peticion("desistir-repatriacion", *_CERCANAS, Mandato.RECTORIA)
class DesistirRepatriacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Deja sin efecto la repatriación, con motivo."""

    motivo: MotivoDesistimiento
    detalle: Sellado[Relato] = UNSET


@peticion("rectificar-hecho", *QUIEN_RECTIFICA)
class RectificarHecho(Rectificacion, frozen=True, kw_only=True):
    """Corrige un hecho de repatriación con otro hecho; nada se edita (regla 8)."""
