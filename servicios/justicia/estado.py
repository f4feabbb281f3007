"""Lo que consta en justicia de una ruta, deducido de sus hechos en pie."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from eventos.justicia import (
    AcusacionFormulada,
    Autorizacion,
    AutorizacionDeProteccion,
    ClaseReparacion,
    CooperacionInternacionalRespondida,
    DenunciaPresentada,
    Fallo,
    InvestigacionIniciada,
    MedidaProteccionDenegada,
    MedidaProteccionLevantada,
    MedidaProteccionOtorgada,
    MedidaProteccionSolicitada,
    NoCriminalizacion,
    NoCriminalizacionInvocada,
    ProcesoArchivado,
    ProcesoReabierto,
    ReparacionCumplida,
    ReparacionOrdenada,
    Resolucion,
    ResultadoCooperacion,
    SentenciaDictada,
)
from eventos.vigentes import Vigentes

CONDENAN = frozenset({Fallo.CONDENATORIA, Fallo.MIXTA})


class Justicia(Vigentes, frozen=True, kw_only=True):
    """Procesos, medidas, reparaciones y cooperación de una ruta; cada uno por su id."""

    def abierto(self, proceso: UUID) -> bool:
        """Si una denuncia o una investigación de oficio abrió ese proceso aquí."""
        return any(h.proceso == proceso for _, h in self.de(DenunciaPresentada)) or any(
            h.proceso == proceso and h.de_oficio for _, h in self.de(InvestigacionIniciada)
        )

    def investigado(self, proceso: UUID) -> bool:
        return any(h.proceso == proceso for _, h in self.de(InvestigacionIniciada))

    def archivado(self, proceso: UUID) -> bool:
        """Si se archivó y no se reabrió después."""
        finales = [a.hecho for a in self.hechos if isinstance(a.hecho, ProcesoArchivado | ProcesoReabierto)]
        suyos = [h for h in finales if h.proceso == proceso]
        return bool(suyos) and isinstance(suyos[-1], ProcesoArchivado)

    def archivos(self, proceso: UUID) -> int:
        """Cuántas veces se archivó."""
        return sum(h.proceso == proceso for _, h in self.de(ProcesoArchivado))

    def reaperturas(self, proceso: UUID) -> int:
        return sum(h.proceso == proceso for _, h in self.de(ProcesoReabierto))

    def acusados(self, proceso: UUID) -> int:
        """Cuántas personas se acusó, sumadas las ampliaciones."""
        return sum(h.sindicados for _, h in self.de(AcusacionFormulada) if h.proceso == proceso)

    def sentencias(self, proceso: UUID) -> list[SentenciaDictada]:
        """De la primera a la última: la última es la que vale."""
        return [h for _, h in self.de(SentenciaDictada) if h.proceso == proceso]

    def terminado(self, proceso: UUID) -> bool:
        """Archivado, o con sentencia firme."""
        return self.archivado(proceso) or any(s.firme for s in self.sentencias(proceso))

    def condenado(self, proceso: UUID) -> bool:
        """Si la última sentencia condena, del todo o en parte."""
        sentencias = self.sentencias(proceso)
        return bool(sentencias) and sentencias[-1].fallo in CONDENAN

    def reparacion(self, reparacion: UUID) -> ReparacionOrdenada | None:
        return next((h for _, h in self.de(ReparacionOrdenada) if h.reparacion == reparacion), None)

    def cumplimientos(self, reparacion: UUID) -> Iterator[ReparacionCumplida]:
        return (h for _, h in self.de(ReparacionCumplida) if h.reparacion == reparacion)

    def cumplidas(self, reparacion: UUID) -> frozenset[ClaseReparacion]:
        """Clases de las que consta algún cumplimiento."""
        return frozenset(clase for h in self.cumplimientos(reparacion) for clase in h.clases)

    def solicitada(self, medida: UUID) -> bool:
        return any(h.medida == medida for _, h in self.de(MedidaProteccionSolicitada))

    def otorgada(self, medida: UUID) -> MedidaProteccionOtorgada | None:
        return next((h for _, h in self.de(MedidaProteccionOtorgada) if h.medida == medida), None)

    def denegada(self, medida: UUID) -> bool:
        return any(h.medida == medida for _, h in self.de(MedidaProteccionDenegada))

    def resuelta(self, medida: UUID) -> bool:
        """Si lo pedido se otorgó, se denegó o se levantó."""
        return self.otorgada(medida) is not None or self.denegada(medida) or self.levantada(medida)

    def levantada(self, medida: UUID) -> bool:
        return any(h.medida == medida for _, h in self.de(MedidaProteccionLevantada))

    @property
    def con_abrigo(self) -> bool:
        """Si alguna vez se autorizó el abrigo."""
        return any(
            h.autorizacion is Autorizacion.ABRIGO and h.resolucion is Resolucion.CONCEDIDA
            for _, h in self.de(AutorizacionDeProteccion)
        )

    def respondida(self, cooperacion: UUID) -> bool:
        """Si el otro Estado respondió del todo: una respuesta parcial admite otras."""
        return any(
            h.cooperacion == cooperacion and h.resultado is not ResultadoCooperacion.PARCIAL
            for _, h in self.de(CooperacionInternacionalRespondida)
        )

    @property
    def invocacion_pendiente(self) -> bool:
        """Si se invocó la no criminalización y nadie ha resuelto después."""
        situaciones = [h.situacion for _, h in self.de(NoCriminalizacionInvocada)]
        return bool(situaciones) and situaciones[-1] is NoCriminalizacion.INVOCADA


__all__ = ["CONDENAN", "Justicia"]
