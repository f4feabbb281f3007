"""El reparto: qué hace cada institución con lo que llega a su buzón.

Lo normal es acusar, aceptar, prestar el servicio y darlo por atendido con los hechos que lo prueban. Según la historia,
alguna rechaza, tarda o calla; lo que vence lo reasigna la rectora.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contratos.protocolos import Protocolo
from contratos.solicitudes.coordinacion import (
    AceptarDerivacion,
    AtenderDerivacion,
    ReasignarDerivacion,
    RechazarDerivacion,
    RecibirDerivacion,
)
from eventos.coordinacion import DerivacionEmitida, DerivacionEscalada, DerivacionReasignada, DerivacionRetirada
from eventos.listas import ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoDerivacion, MotivoRechazo
from eventos.tipos import Urgencia
from senda.cliente import Aviso
from senda.demo.guion import Esperar, Guion, Hasta, NoAceptada, Paso
from senda.demo.historias.caso import Caso, Trato
from senda.demo.historias.prestaciones import Encargo, Modo, prestacion_de

#: Rechazos que llegan cuando el encargo se retiró mientras la institución trabajaba: no insiste.
YA_NO_HACE_FALTA = frozenset({"derivacion-terminada", "ruta-cerrada", "sin-participacion", "presuncion-ya-descartada"})
#: Parte de los encargos sin apremio que cualquier institución abre fuera de plazo.
DESCUIDO = 0.02
#: Horas hasta abrir el aviso, por urgencia. En todas se acusa dentro de plazo.
_ABRIR = {Urgencia.INMEDIATA: (0.5, 1.0), Urgencia.PRIORITARIA: (2.5, 8.0), Urgencia.ORDINARIA: (6.0, 20.0)}
#: Horas entre aceptar y prestar el servicio.
_PRESTAR = {Urgencia.INMEDIATA: (0.5, 2.0), Urgencia.PRIORITARIA: (3.0, 20.0), Urgencia.ORDINARIA: (72.0, 240.0)}


@dataclass
class Reparto:
    """Responde a los avisos de todas las instituciones.

    ``casos``: los de la demostración, por su ruta. ``modo_de``: cómo se atiende cada servicio; None, se acepta y queda
    en curso.
    """

    protocolo: Protocolo
    casos: dict[UUID, Caso] = field(default_factory=dict)
    modo_de: Callable[[ServicioPedido], Modo | None] = prestacion_de

    def __call__(self, institucion: str, aviso: Aviso) -> Guion | None:
        datos = aviso.datos
        match aviso.tipo:
            case DerivacionEmitida.tipo:
                return self._mientras_valga(self._responder(institucion, datos), datos)
            case DerivacionEscalada.tipo if institucion == self.protocolo.rectora:
                return self._mientras_valga(self._reasignar(institucion, datos), datos)
            case DerivacionRetirada.tipo | DerivacionReasignada.tipo:
                return self._dejar(institucion, datos)
            case _:
                return None

    def _responder(self, institucion: str, datos: dict[str, Any]) -> Guion:
        """Abre el aviso, decide y, si acepta, cumple."""
        ruta, urgencia = UUID(datos["ruta"]), Urgencia(datos["urgencia"])
        yield from self._conocer(ruta)
        caso = self.casos[ruta]
        encargo = Encargo(UUID(datos["derivacion"]), ServicioPedido(datos["servicio"]), institucion)
        yield Esperar(caso.horas(*_ABRIR[urgencia]))
        trato = self._trato(caso, encargo.servicio, datos)
        if trato is Trato.CALLA:
            return
        if trato is Trato.TARDA:
            yield Esperar(caso.dias(5, 9))
        acuse = RecibirDerivacion(ruta=ruta, derivacion=encargo.derivacion)
        if trato is Trato.RECHAZA:
            negativa = RechazarDerivacion(ruta=ruta, derivacion=encargo.derivacion, motivo=MotivoRechazo.SIN_CUPO)
            yield from caso.pedir(institucion, acuse, negativa)
            return
        # Lo que no apremia se acusa y se acepta de una vez: quien acepta, acusa.
        previas = (acuse,) if urgencia is Urgencia.INMEDIATA else ()
        yield from caso.pedir(institucion, *previas, AceptarDerivacion(ruta=ruta, derivacion=encargo.derivacion))
        caso.participan.add(institucion)
        caso.fuera.discard(institucion)
        modo = self.modo_de(encargo.servicio)
        if modo is None:
            return
        yield Esperar(caso.horas(*_PRESTAR[urgencia]))
        if encargo.derivacion in caso.retiradas:
            return
        pruebas = yield from modo(caso, encargo)
        atencion = AtenderDerivacion(
            ruta=ruta,
            derivacion=encargo.derivacion,
            resultado=ResultadoAtencion.COMPLETA if pruebas else ResultadoAtencion.DECLINADA,
            evidencias=pruebas,
        )
        yield from caso.pedir(institucion, atencion)

    def _reasignar(self, rectora: str, datos: dict[str, Any]) -> Guion:
        """La rectora pasa a otra institución lo que venció en manos de quien calla."""
        caso = self.casos.get(UUID(datos["ruta"]))
        servicio = ServicioPedido(datos["encargo"]["servicio"])
        if caso is None or caso.tratos.get(servicio) is not Trato.CALLA:
            return
        otra = self._otra(servicio, datos["encargo"]["a"])
        yield Esperar(caso.horas(3, 8))
        peticion = ReasignarDerivacion(ruta=caso.ruta, derivacion=UUID(datos["derivacion"]), a=otra)
        yield from caso.pedir(rectora, peticion)

    def _trato(self, caso: Caso, servicio: ServicioPedido, datos: dict[str, Any]) -> Trato:
        """El de la historia vale para la primera institución; quien lo recibe reasignado, cumple."""
        if datos["motivo"] == MotivoDerivacion.REASIGNACION:
            return Trato.ACEPTA
        if datos["urgencia"] != Urgencia.INMEDIATA and caso.azar.fraccion() < DESCUIDO:
            return caso.tratos.get(servicio, Trato.TARDA)
        return caso.tratos.get(servicio, Trato.ACEPTA)

    def _otra(self, servicio: ServicioPedido, quien: str) -> str:
        """Otra que preste el servicio; si no hay, la rectora."""
        rectora = self.protocolo.rectora
        prestan = (i.codigo for i in self.protocolo.instituciones if servicio in i.servicios)
        return next((codigo for codigo in prestan if codigo not in {quien, rectora}), rectora)

    def _conocer(self, ruta: UUID) -> Paso[None]:
        """El aviso puede llegar antes que el acuse de quien la detectó."""
        if ruta not in self.casos:
            yield Hasta(lambda: ruta in self.casos)

    def _dejar(self, institucion: str, datos: dict[str, Any]) -> Guion:
        """El encargo ya no es de quien lo tenía."""
        yield from self._conocer(UUID(datos["ruta"]))
        caso = self.casos[UUID(datos["ruta"])]
        caso.retiradas.add(UUID(datos["derivacion"]))
        caso.fuera.add(institucion)

    def _mientras_valga(self, guion: Guion, datos: dict[str, Any]) -> Guion:
        try:
            yield from guion
        except NoAceptada as error:
            if error.codigo not in YA_NO_HACE_FALTA:
                raise
            # El aviso de que se retiró puede venir detrás del rechazo; si no viniera, la demostración lo dirá.
            caso, derivacion = self.casos[UUID(datos["ruta"])], UUID(datos["derivacion"])
            yield from caso.hasta(lambda: derivacion in caso.retiradas)


__all__ = ["YA_NO_HACE_FALTA", "Reparto"]
