"""El estado de una repatriación: lo que queda de sus hechos en pie.

Entre dos riesgos, dos decisiones o dos determinaciones vale la que ocurrió después, aunque se registrara antes.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Self
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from eventos.comun import HechoRectificado
from eventos.listas import QuienConsiente
from eventos.repatriacion import (
    Acompanante,
    AcompananteDesignado,
    Decision,
    DecisionInformadaRegistrada,
    Documento,
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
from eventos.sobre import Anotado
from eventos.tipos import NivelRiesgo
from eventos.vigentes import Vigentes

#: Con cualquiera se cruza una frontera; entre algunos países basta el de identidad. Una partida o una autorización, no.
_CON_QUE_VIAJAR = frozenset(
    {Documento.PASAPORTE, Documento.SALVOCONDUCTO, Documento.DOCUMENTO_VIAJE, Documento.DOCUMENTO_IDENTIDAD}
)
_GRAVEDAD = {NivelRiesgo.BAJO: 0, NivelRiesgo.MEDIO: 1, NivelRiesgo.ALTO: 2}


class Riesgo(Struct, frozen=True, kw_only=True):
    """La última evaluación del riesgo de volver."""

    nivel: NivelRiesgo
    medidas: bool
    vigente_hasta: date
    ocurrido: datetime

    def vencido(self, dia: date) -> bool:
        """Si ya no vale ese día."""
        return dia > self.vigente_hasta

    @property
    def alto_sin_medidas(self) -> bool:
        """Nadie viaja así (regla 1)."""
        return self.nivel is NivelRiesgo.ALTO and not self.medidas


class Decidido(Struct, frozen=True, kw_only=True):
    """La última decisión. ``conocido``: el nivel de riesgo evaluado cuando se tomó; None si no había evaluación."""

    decision: Decision
    por: QuienConsiente
    riesgos_explicados: bool
    persona_oida: bool
    ocurrido: datetime
    conocido: NivelRiesgo | None

    def conoce(self, riesgo: Riesgo) -> bool:
        """Si se decidió sabiendo un riesgo al menos igual de grave (S004 §37: decisión fundamentada)."""
        if not self.riesgos_explicados or self.conocido is None:
            return False
        return _GRAVEDAD[riesgo.nivel] <= _GRAVEDAD[self.conocido]


class Interes(Struct, frozen=True, kw_only=True):
    """La última determinación del interés superior."""

    resultado: ResultadoInteresSuperior
    persona_oida: bool
    ocurrido: datetime


class Programado(Struct, frozen=True, kw_only=True):
    """El traslado con fecha. ``id``: el del hecho que lo fijó."""

    id: UUID
    fecha: date
    acompanante: Acompanante
    ocurrido: datetime


class Repatriacion(Vigentes, frozen=True, kw_only=True):
    """Una ruta vista por repatriación.

    ``sentido``: None si no hay solicitud en curso. ``desde``: lo que se decidió antes ya no cuenta, porque después se
    decidió otra cosa, se viajó o se desistió.
    """

    sentido: Sentido | None = None
    riesgo: Riesgo | None = None
    decidido: Decidido | None = None
    desde: datetime | None = None
    interes: Interes | None = None
    acompanante: Acompanante | None = None
    programado: Programado | None = None
    realizado: date | None = None
    recibida: bool = False
    seguimientos: int = 0
    permanencia: bool = False

    def documentada(self, dia: date) -> bool:
        """Si consta emitido un documento con que viajar, y lo emitido vale ese día."""
        return any(
            _CON_QUE_VIAJAR.intersection(h.documentos) and (h.vencen is None or dia <= h.vencen)
            for _, h in self.de(DocumentosEmitidos)
        )

    def evolucionar(self, anotado: Anotado) -> Self:
        """El estado tras un hecho. Una rectificación vuelve a plegar lo que queda en pie."""
        en_pie = super().evolucionar(anotado).hechos
        if not isinstance(anotado.hecho, HechoRectificado):
            return replace(self._tras(anotado), hechos=en_pie)
        otra = self.vacio(self.id)
        for uno in en_pie:
            otra = otra.evolucionar(uno)
        # Corregir el hecho que dejó sin efecto un traslado no lo revive: se programa otra vez, con todo comprobado.
        return otra if otra.programado == self.programado else replace(otra, programado=None)

    def _tras(self, anotado: Anotado) -> Self:
        match anotado.hecho:
            case RepatriacionSolicitada() as hecho:
                return replace(self._para_otro_viaje(), sentido=hecho.sentido)
            case RiesgoRetornoEvaluado() | DecisionInformadaRegistrada() | InteresSuperiorDeterminado():
                return self._tras_valorar(anotado)
            case AcompananteDesignado() as hecho:
                return replace(self, acompanante=hecho.acompanante)
            case TrasladoProgramado() as hecho:
                return self._tras_programar(anotado, hecho)
            case TrasladoRealizado() as hecho:
                # La decisión valía para este viaje: otro pide otra.
                return replace(self._sin_decidir(anotado.ocurrido), realizado=hecho.fecha)
            case RecepcionConfirmada():
                return replace(self, recibida=True)
            case SeguimientoRealizado() as hecho:
                return replace(self, seguimientos=max(self.seguimientos, hecho.numero))
            case PermanenciaConcedida():
                return replace(self, permanencia=True)
            case RepatriacionDesistida():
                return replace(self._sin_decidir(anotado.ocurrido), sentido=None, acompanante=None)
            case _:
                return self

    def _tras_programar(self, anotado: Anotado, hecho: TrasladoProgramado) -> Self:
        # Si la aceptación en que se apoyaba se anuló, al volver a plegar tampoco queda el traslado.
        if self.decidido is None or self.decidido.decision is not Decision.ACEPTA:
            return self
        programado = Programado(
            id=anotado.id, fecha=hecho.fecha, acompanante=hecho.acompanante, ocurrido=anotado.ocurrido
        )
        return replace(self, programado=programado)

    def _tras_valorar(self, anotado: Anotado) -> Self:
        """Riesgo, decisión o interés superior: lo que contradice la regla 1 deja sin efecto el traslado programado."""
        cuando = anotado.ocurrido
        match anotado.hecho:
            case RiesgoRetornoEvaluado() as hecho if self.riesgo is None or cuando >= self.riesgo.ocurrido:
                riesgo = Riesgo(
                    nivel=hecho.nivel, medidas=hecho.medidas, vigente_hasta=hecho.vigente_hasta, ocurrido=cuando
                )
                return replace(self._sin_traslado(riesgo.alto_sin_medidas), riesgo=riesgo)
            case DecisionInformadaRegistrada() as hecho if self.desde is None or cuando >= self.desde:
                decidido = Decidido(
                    decision=hecho.decision,
                    por=hecho.por,
                    riesgos_explicados=hecho.riesgos_explicados,
                    persona_oida=hecho.persona_oida,
                    ocurrido=cuando,
                    conocido=self.riesgo.nivel if self.riesgo and self.riesgo.ocurrido <= cuando else None,
                )
                sin_traslado = self._sin_traslado(hecho.decision is not Decision.ACEPTA)
                return replace(sin_traslado, decidido=decidido, desde=cuando)
            case InteresSuperiorDeterminado() as hecho if self.interes is None or cuando >= self.interes.ocurrido:
                interes = Interes(resultado=hecho.resultado, persona_oida=hecho.persona_oida, ocurrido=cuando)
                retorno = hecho.resultado is ResultadoInteresSuperior.RETORNO
                return replace(self._sin_traslado(not retorno), interes=interes)
            case _:
                return self

    def _para_otro_viaje(self) -> Self:
        if self.realizado is None:
            return self
        return type(self)(id=self.id, desde=self.desde, permanencia=self.permanencia)

    def _sin_decidir(self, cuando: datetime) -> Self:
        desde = cuando if self.desde is None else max(cuando, self.desde)
        return replace(self, programado=None, decidido=None, desde=desde)

    def _sin_traslado(self, contradice: bool) -> Self:  # noqa: FBT001
        return replace(self, programado=None) if contradice else self


__all__ = ["Decidido", "Interes", "Programado", "Repatriacion", "Riesgo"]
