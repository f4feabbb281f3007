"""Atender solicitudes: se responden o se guardan antes de confirmarlas al bus, y ninguna detiene a las demás.

Se atienden según llegan, por lotes en una transacción (decisión 038). Si el lote falla se guarda en la bandeja, de la
que se atiende otra vez y, si vuelve a fallar, de una en una para que solo falle la culpable.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from contratos.solicitud import MAXIMO_BYTES
from infra.almacen.almacen import Almacen
from infra.almacen.motor import base_caida, leyendo
from infra.mensajeria import bandeja
from infra.mensajeria.acuses import Notaria
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.atencion import Atencion
from infra.mensajeria.bandeja import Recibida
from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.examen import Examinada, SolicitudInvalida
from infra.mensajeria.labor import Labor
from infra.mensajeria.puertos import Servicio
from infra.mensajeria.recepcion import Recepcion
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Entrega, Transporte
from infra.seguridad.llavero import ClaveDestruida

registro = structlog.get_logger(__name__)

_ERROR_INTERNO = SolicitudInvalida("error-interno")
_SIN_CLAVE = SolicitudInvalida("clave-destruida")


def _nunca() -> bool:
    return False


@dataclass
class Solicitudes:
    """Los pasos que atienden la cola de solicitudes de un servicio.

    ``en_pausa``: si una persona paró de atender; lo que llega entretanto se guarda y espera.
    """

    almacen: Almacen
    transporte: Transporte
    servicio: Servicio
    ajustes: Ajustes = field(default_factory=Ajustes)
    nombres: Nombres = field(default_factory=Nombres)
    en_pausa: Callable[[], bool] = _nunca

    def __post_init__(self) -> None:
        cola = self.nombres.solicitudes_de(self.servicio.nombre)
        self._recepcion = Recepcion(self.almacen, self.transporte, cola, self.ajustes.lote_recepcion)
        notaria = Notaria(self.servicio.nombre, self.almacen.origen, self.almacen.claves)
        self.atencion = Atencion(self.almacen, self.servicio, self.ajustes, notaria)

    def recibir(self, espera: float = 0.0) -> bool:
        """Atiende lo que haya en la cola, o lo deja en la bandeja, y solo entonces lo confirma al bus.

        Dice si hubo (espera en segundos).
        """
        return self._recepcion.tomar(self._acoger, espera)

    def atender(self) -> Labor:
        """Atiende un lote de la bandeja."""
        ahora = self.almacen.reloj.ahora()
        tope = ahora + self.ajustes.aplazamiento_maximo
        with leyendo(self.almacen.motor) as conexion:
            numeros = bandeja.por_atender(conexion, ahora, tope, self.ajustes.lote_solicitudes)
        labor = Labor.de(len(numeros), self.ajustes.lote_solicitudes)
        if len(numeros) <= 1:
            for numero in numeros:
                self._atender_sola(numero)
            return labor
        try:
            self._atender_juntas(numeros)
        except Exception as error:
            if base_caida(error):
                raise
            # Lo que sea: se repite de una en una y solo la culpable queda pendiente.
            for numero in numeros:
                self._atender_sola(numero)
        return labor

    def proximo(self) -> datetime | None:
        """Cuándo toca volver a mirar una solicitud que espera (UTC)."""
        with leyendo(self.almacen.motor) as conexion:
            return bandeja.proximo(conexion)

    def _acoger(self, entregas: Sequence[Entrega]) -> Sequence[Entrega]:
        ahora = self.almacen.reloj.ahora()
        todas = [bandeja.recibida(e, self.nombres, ahora) for e in entregas]
        if self.en_pausa():
            self._guardar(todas)
            return entregas
        for desde in range(0, len(todas), self.ajustes.lote_solicitudes):
            lote = todas[desde : desde + self.ajustes.lote_solicitudes]
            try:
                self._atender_llegadas(lote)
            except Exception as error:
                if base_caida(error):
                    raise
                # Lo que sea: se vuelve a ellas con más calma.
                self._guardar(lote)
        return entregas

    def _atender_llegadas(self, recibidas: Sequence[Recibida]) -> None:
        with self.almacen.tanda() as tanda:
            esperan = self.atencion.atender(tanda, recibidas)
            bandeja.guardar(tanda.conexion, [r for r, _ in esperan], [hasta for _, hasta in esperan])

    def _guardar(self, recibidas: Sequence[Recibida]) -> None:
        """A la bandeja, para atenderlas luego. Las que no caben en ella se responden ya: no hay nada que decidir."""
        if caben := [r for r in recibidas if len(r.cuerpo) <= MAXIMO_BYTES]:
            with self.almacen.motor.begin() as conexion:
                bandeja.guardar(conexion, caben, [r.recibido for r in caben])
        if enormes := [r for r in recibidas if len(r.cuerpo) > MAXIMO_BYTES]:
            self._atender_llegadas(enormes)

    def _atender_juntas(self, numeros: Sequence[int]) -> None:
        with self.almacen.tanda() as tanda:
            # Otra réplica pudo atenderlas mientras esperábamos el turno: se leen ya con él.
            recibidas = bandeja.leer(tanda.conexion, numeros)
            esperan = self.atencion.atender(tanda, recibidas)
            en_espera = {r.numero for r, _ in esperan}
            bandeja.quitar(tanda.conexion, [r.numero for r in recibidas if r.numero not in en_espera])
            bandeja.aplazar(tanda.conexion, esperan)

    def _atender_sola(self, numero: int) -> None:
        try:
            self._atender_juntas([numero])
        except ClaveDestruida:
            self._dar_por_fallida(numero, _SIN_CLAVE)
        except Exception as error:
            if base_caida(error):
                raise
            clase = type(error).__name__
            registro.error("solicitud-con-fallo", servicio=self.servicio.nombre, clase=clase, lugar=lugar(error))
            self._anotar_fallo(numero)

    def _anotar_fallo(self, numero: int) -> None:
        with self.almacen.tanda() as tanda:
            for recibida in bandeja.leer(tanda.conexion, [numero]):
                van = recibida._replace(fallos=recibida.fallos + 1)
                if van.fallos < self.ajustes.intentos:
                    bandeja.aplazar(tanda.conexion, [(van, tanda.ahora + self.ajustes.retroceso(van.fallos))])
                    return
        self._dar_por_fallida(numero, _ERROR_INTERNO)

    def _dar_por_fallida(self, numero: int, motivo: SolicitudInvalida) -> None:
        firmada = self._firmada(numero)
        with self.almacen.tanda() as tanda:
            for recibida in bandeja.leer(tanda.conexion, [numero]):
                self.atencion.dar_por_fallida(tanda, recibida, firmada, motivo)
                bandeja.quitar(tanda.conexion, [numero])

    def _firmada(self, numero: int) -> Examinada | None:
        """La solicitud, si se puede comprobar quién la firmó. En otra transacción: la que falló puede estar rota."""
        try:
            with self.almacen.consulta() as tanda:
                for recibida in bandeja.leer(tanda.conexion, [numero]):
                    return self.atencion.firmada(tanda, recibida)
        except Exception as error:
            if base_caida(error):
                raise
        return None


__all__ = ["Solicitudes"]
