"""Los hechos que una simulación sabe contar, por su nombre corto. Cada uno es del catálogo, con sus campos abiertos."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final, NamedTuple
from uuid import UUID

from contratos.base import Mandato
from contratos.protocolos import Protocolo
from eventos.atencion import AlojamientoAsignado, ClaseAlojamiento, Necesidad, NecesidadesEvaluadas
from eventos.base import HechoDeRuta
from eventos.deteccion import PresuntaVictimaDetectada, RiesgoInmediatoSenalado, VictimaIdentificada
from eventos.justicia import AcusacionFormulada, MedidaProteccionSolicitada
from eventos.listas import Medida, QuienConsiente, ServicioPedido
from eventos.repatriacion import (
    Decision,
    DecisionInformadaRegistrada,
    Iniciativa,
    InteresSuperiorDeterminado,
    RepatriacionSolicitada,
    ResultadoInteresSuperior,
    Sentido,
)
from eventos.tipos import SiNo, Urgencia
from senda.protocolo import rechazos
from senda.protocolo.persona import Persona

DETECCION: Final = "deteccion"


class Escena(NamedTuple):
    """De quién se cuenta, bajo qué paquete y de dónde salen los ids."""

    ruta: UUID
    persona: Persona
    paquete: Protocolo
    nuevo_id: Callable[[], UUID]


def contar(historia: str, escena: Escena) -> Iterator[tuple[str, HechoDeRuta]]:
    """Los hechos de una historia («deteccion,identificacion,ingreso»). Errores: `HechoDesconocido`."""
    nombres = [nombre.strip() for nombre in historia.split(",") if nombre.strip()]
    nombres = [DETECCION, *(n for n in nombres if n != DETECCION)]
    if not HECHOS.keys() >= set(nombres):
        raise rechazos.HechoDesconocido
    for nombre in nombres:
        yield nombre, HECHOS[nombre](escena)


def deteccion(e: Escena) -> PresuntaVictimaDetectada:
    """La presunción: lo que sabe quien la ve primero."""
    p = e.persona
    return PresuntaVictimaDetectada(
        ruta=e.ruta,
        nna=p.nna,
        extranjera=p.extranjera,
        idioma="und",
        riesgo=p.riesgo,
        pais_deteccion=e.paquete.pais,
    )


def _identificacion(e: Escena) -> VictimaIdentificada:
    return VictimaIdentificada(ruta=e.ruta, nna=e.persona.nna, extranjera=e.persona.extranjera)


def _peligro(e: Escena) -> RiesgoInmediatoSenalado:
    return RiesgoInmediatoSenalado(ruta=e.ruta, urgencia=Urgencia.INMEDIATA)


def _necesidades(e: Escena) -> NecesidadesEvaluadas:
    pedidas = (
        Necesidad(servicio=ServicioPedido.SALUD_MENTAL, urgencia=Urgencia.PRIORITARIA),
        Necesidad(servicio=ServicioPedido.DOCUMENTACION, urgencia=Urgencia.ORDINARIA),
    )
    return NecesidadesEvaluadas(ruta=e.ruta, necesidades=pedidas)


def _ingreso(e: Escena) -> AlojamientoAsignado:
    albergues = (i.codigo for i in e.paquete.instituciones if Mandato.ALBERGUE in i.mandatos)
    return AlojamientoAsignado(
        ruta=e.ruta,
        alojamiento=e.nuevo_id(),
        albergue=next(albergues, e.paquete.rectora),
        clase=ClaseAlojamiento.ALBERGUE_ESPECIALIZADO,
        urgente=True,
    )


def _medida(e: Escena) -> MedidaProteccionSolicitada:
    return MedidaProteccionSolicitada(
        ruta=e.ruta, medida=e.nuevo_id(), clase=Medida.SEGURIDAD_PERSONAL, urgencia=Urgencia.INMEDIATA
    )


def _acusacion(e: Escena) -> AcusacionFormulada:
    return AcusacionFormulada(ruta=e.ruta, proceso=e.nuevo_id(), sindicados=1)


def _retorno(e: Escena) -> RepatriacionSolicitada:
    nacional = e.persona.extranjera is SiNo.NO
    return RepatriacionSolicitada(
        ruta=e.ruta,
        sentido=Sentido.DESDE_EL_EXTERIOR if nacional else Sentido.HACIA_SU_PAIS,
        iniciativa=Iniciativa.PERSONA,
    )


def _se_queda(e: Escena) -> HechoDeRuta:
    if e.paquete.es_nna(e.persona.nna):
        return InteresSuperiorDeterminado(
            ruta=e.ruta, resultado=ResultadoInteresSuperior.PERMANENCIA, persona_oida=True
        )
    return DecisionInformadaRegistrada(
        ruta=e.ruta,
        decision=Decision.RECHAZA,
        por=QuienConsiente.PERSONA,
        idioma="und",
        riesgos_explicados=True,
        persona_oida=True,
    )


#: Nombre corto -> cómo se cuenta.
HECHOS: Final[dict[str, Callable[[Escena], HechoDeRuta]]] = {
    DETECCION: deteccion,
    "identificacion": _identificacion,
    "peligro": _peligro,
    "necesidades": _necesidades,
    "ingreso": _ingreso,
    "medida": _medida,
    "acusacion": _acusacion,
    "retorno": _retorno,
    "se-queda": _se_queda,
}

__all__ = ["DETECCION", "HECHOS", "Escena", "contar", "deteccion"]
