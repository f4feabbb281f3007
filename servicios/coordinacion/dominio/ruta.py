"""La ruta: qué se sabe de ella y cómo cambia con cada hecho de coordinación."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Self
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from eventos.base import Hecho
from eventos.comun import HechoRectificado
from eventos.coordinacion import (
    CasoCoordinado,
    DerechoEnRestitucion,
    DerechoNoAplicable,
    DerechoRestituido,
    DerechoVulneradoDeNuevo,
    DerivacionAceptada,
    DerivacionAtendida,
    DerivacionEmitida,
    DerivacionReasignada,
    DerivacionRechazada,
    DerivacionRecibida,
    DerivacionRetirada,
    DerivacionVencida,
    RutaAbierta,
    RutaCerrada,
    RutaReabierta,
)
from eventos.listas import Derecho, ResultadoAtencion
from eventos.motivos import MotivoCierre
from eventos.sobre import Anotado
from eventos.vigentes import Vigentes
from servicios.coordinacion.dominio import rechazos
from servicios.coordinacion.dominio.derechos import Estado as EnDerecho
from servicios.coordinacion.dominio.derechos import EstadoDerecho
from servicios.coordinacion.dominio.derivacion import Derivacion
from servicios.coordinacion.dominio.derivacion import Estado as EnDerivacion
from servicios.coordinacion.dominio.suceso import Perfil

#: Lo que se corrige rectificando. Lo demás se deshace por su propia vía: retirar, reasignar, reabrir.
_RECTIFICABLES = (DerivacionAtendida, DerechoNoAplicable, CasoCoordinado)

_PASA_A: dict[type[Hecho], EnDerivacion] = {
    DerivacionRecibida: EnDerivacion.RECIBIDA,
    DerivacionAceptada: EnDerivacion.ACEPTADA,
    DerivacionRechazada: EnDerivacion.RECHAZADA,
    DerivacionRetirada: EnDerivacion.RETIRADA,
}


class Ruta(Struct, frozen=True, kw_only=True):
    """El recorrido de una persona visto por coordinación. Sin ``apertura`` todavía no existe.

    ``rectificables``: los hechos en pie que otro puede corregir.
    """

    id: UUID
    apertura: RutaAbierta | None = None
    abierta: bool = False
    cierre: MotivoCierre | None = None
    cerrada_en: datetime | None = None
    derechos: Mapping[Derecho, EstadoDerecho] = {}
    derivaciones: Mapping[UUID, Derivacion] = {}
    sustituye: Mapping[UUID, UUID] = {}
    rectificables: tuple[Anotado, ...] = ()

    @classmethod
    def vacio(cls, id: UUID) -> Self:
        return cls(id=id)

    def evolucionar(self, anotado: Anotado) -> Self:
        """Pliega un hecho guardado."""
        ruta = self.con(anotado.hecho, anotado.registrado)
        if isinstance(anotado.hecho, _RECTIFICABLES):
            return replace(ruta, rectificables=(*ruta.rectificables, anotado))
        return ruta

    def con(self, hecho: Hecho, registrado: datetime) -> Self:
        """La ruta tras un hecho, esté ya guardado o se esté decidiendo ahora. ``registrado`` en UTC."""
        match hecho:
            case RutaAbierta():
                matriz = {derecho: EstadoDerecho() for derecho in hecho.derechos}
                return replace(self, apertura=hecho, abierta=True, derechos=matriz)
            case RutaCerrada():
                return replace(self, abierta=False, cierre=hecho.motivo, cerrada_en=registrado)
            case RutaReabierta():
                return replace(self, abierta=True, cierre=None, cerrada_en=None)
            case HechoRectificado():
                return self._rectificado(hecho.corrige)
            case DerechoEnRestitucion() | DerechoRestituido() | DerechoVulneradoDeNuevo() | DerechoNoAplicable():
                return self._con_derecho(hecho)
            case _:
                return self._con_derivacion(hecho)

    @property
    def en_pie(self) -> Vigentes:
        """Los hechos que se pueden rectificar."""
        return Vigentes(id=self.id, hechos=self.rectificables)

    @property
    def pendientes(self) -> list[Derivacion]:
        """Encargos de los que alguien debe responder."""
        return [d for d in self.derivaciones.values() if d.pendiente]

    def exigir_abierta(self) -> RutaAbierta:
        """Lo que dijo su apertura, si sigue abierta. Errores: `RutaSinAbrir`, `RutaYaCerrada`."""
        if self.apertura is None:
            raise rechazos.RutaSinAbrir
        if not self.abierta:
            raise rechazos.RutaYaCerrada
        return self.apertura

    def encargo(self, id_derivacion: UUID) -> Derivacion:
        """Un encargo de esta ruta. Errores: `DerivacionDesconocida`; los de `exigir_abierta`."""
        encargo = self.derivaciones.get(id_derivacion)
        self.exigir_abierta()
        if encargo is None:
            raise rechazos.DerivacionDesconocida
        return encargo

    def perfil_al_abrir(self) -> Perfil:
        """El perfil con que se abrió."""
        apertura = self.apertura
        if apertura is None:
            raise rechazos.RutaSinAbrir
        return Perfil(apertura.nna, apertura.extranjera)

    def _emitida(self, hecho: DerivacionEmitida) -> Self:
        previa = self.derivaciones.get(self.sustituye[hecho.derivacion]) if hecho.derivacion in self.sustituye else None
        return self._poner(
            Derivacion(
                id=hecho.derivacion,
                ruta=hecho.ruta,
                de=hecho.de,
                a=hecho.a,
                servicio=hecho.servicio,
                urgencia=hecho.urgencia,
                regla=hecho.regla,
                motivo=hecho.motivo,
                plazo_legal=hecho.plazo_legal,
                vence_acuse=hecho.vence_acuse,
                vence_atencion=hecho.vence_atencion,
                anteriores=previa.ya_pasaron if previa else (),
            )
        )

    def _con_derivacion(self, hecho: Hecho) -> Self:
        match hecho:
            case DerivacionEmitida():
                return self._emitida(hecho)
            case DerivacionReasignada():
                ruta = replace(self, sustituye={**self.sustituye, hecho.nueva: hecho.derivacion})
                return ruta._mover(hecho.derivacion, EnDerivacion.REASIGNADA)  # noqa: SLF001
            case DerivacionVencida():
                d = self.derivaciones[hecho.derivacion]
                return self._poner(replace(d, vencidas=d.vencidas | {hecho.etapa}))
            case DerivacionAtendida():
                return self._mover(hecho.derivacion, EnDerivacion.ATENDIDA, hecho.resultado)
            case DerivacionRecibida() | DerivacionAceptada() | DerivacionRechazada() | DerivacionRetirada():
                return self._mover(hecho.derivacion, _PASA_A[type(hecho)])
            case _:
                return self

    def _con_derecho(
        self, hecho: DerechoEnRestitucion | DerechoRestituido | DerechoVulneradoDeNuevo | DerechoNoAplicable
    ) -> Self:
        match hecho:
            case DerechoEnRestitucion():
                nuevo = EstadoDerecho(EnDerecho.EN_RESTITUCION, (hecho.evidencia,))
            case DerechoRestituido():
                nuevo = EstadoDerecho(EnDerecho.RESTITUIDO, hecho.evidencias)
            case DerechoVulneradoDeNuevo():
                nuevo = EstadoDerecho(EnDerecho.VULNERADO, (hecho.evidencia,))
            case _:
                nuevo = EstadoDerecho(EnDerecho.NO_APLICABLE)
        return replace(self, derechos={**self.derechos, hecho.derecho: nuevo})

    def _mover(self, id_derivacion: UUID, estado: EnDerivacion, resultado: ResultadoAtencion | None = None) -> Self:
        return self._poner(replace(self.derivaciones[id_derivacion], estado=estado, resultado=resultado))

    def _poner(self, encargo: Derivacion) -> Self:
        return replace(self, derivaciones={**self.derivaciones, encargo.id: encargo})

    def _rectificado(self, corrige: UUID) -> Self:
        corregido = next((a for a in self.rectificables if a.id == corrige), None)
        if corregido is None:
            return self
        ruta = replace(self, rectificables=tuple(a for a in self.rectificables if a is not corregido))
        match corregido.hecho:
            case DerivacionAtendida() as hecho:
                return ruta._mover(hecho.derivacion, EnDerivacion.ACEPTADA)  # noqa: SLF001
            case DerechoNoAplicable() as hecho:
                return replace(ruta, derechos={**ruta.derechos, hecho.derecho: EstadoDerecho()})
            case _:
                return ruta
