"""Atender solicitudes: se responden o se guardan antes de confirmarlas al bus, y ninguna detiene a las demás.

Sin nadie esperando se atienden según llegan, por lotes en una transacción (decisión 038). En cuanto hay cola van a la
bandeja, salvo la primera de quien no tiene nada en ella, y de ella se atiende por turnos (decisión 040). Si un lote
falla se repite de una en una: solo falla la mala.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import structlog

from contratos.codigos import CUPO
from contratos.solicitud import MAXIMO_BYTES
from infra.almacen.almacen import Almacen
from infra.almacen.devueltas import contar_devuelta
from infra.almacen.motor import base_caida, leyendo
from infra.almacen.tanda import Tanda
from infra.mensajeria import bandeja
from infra.mensajeria.acuses import Notaria
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.atencion import Atencion
from infra.mensajeria.bandeja import Recibida, Trago
from infra.mensajeria.compas import Compas
from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.examen import Examinada, SolicitudInvalida
from infra.mensajeria.labor import Labor
from infra.mensajeria.pausas import nunca
from infra.mensajeria.porteria import Porteria, en_su_turno, en_turno
from infra.mensajeria.puertos import Servicio
from infra.mensajeria.recepcion import Recepcion
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Entrega, Transporte
from infra.mensajeria.turnos import DE_NADIE, Rondas, Turno
from infra.seguridad.llavero import ClaveDestruida

registro = structlog.get_logger(__name__)

_ERROR_INTERNO = SolicitudInvalida("error-interno")
_SIN_CLAVE = SolicitudInvalida("clave-destruida")


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
    en_pausa: Callable[[], bool] = nunca

    def __post_init__(self) -> None:
        cola = self.nombres.solicitudes_de(self.servicio.nombre)
        self._recepcion = Recepcion(self.almacen, self.transporte, cola, self.ajustes.lote_recepcion)
        notaria = Notaria(self.servicio.nombre, self.almacen.origen, self.almacen.claves)
        self.atencion = Atencion(self.almacen, self.servicio, self.ajustes, notaria)
        self._porteria = Porteria(self.almacen, self.transporte, self.servicio, notaria, self.ajustes, self.nombres)
        self._apretada = False
        #: Si en la bandeja puede quedar algo que toque ya: lo que llega va detrás de lo suyo.
        self._hay_cola = True
        #: Si lo último recibido dejó algo en la bandeja.
        self.dejo = False
        #: A quién decir que en lo confirmado hay respuestas de varias: no se hace esperar a una por juntar las de otra.
        self.al_mezclar: Callable[[], None] = _nada
        self._compas = Compas(self.almacen.reloj)
        #: De quién es lo recibido que aún no se guardó.
        self._retenidas: set[Turno] = set()

    def recibir(self, espera: float = 0.0) -> bool:
        """Atiende lo que haya en la cola, o lo deja en la bandeja, y solo entonces lo confirma al bus.

        Dice si hubo (espera en segundos).
        """
        self._apretada = self.dejo = False
        if self._recepcion.retiene:
            espera = self._compas.cede_lo_recibido()
        else:
            self._retenidas = set()
        return self._recepcion.tomar(self._acoger, espera)

    def atender(self) -> Labor:
        """Atiende un lote de la bandeja."""
        # Si no consta que haya, se mira sin tomar el turno de nadie.
        if not (self._hay_cola or self._tocan(Trago(1))):
            return Labor.NADA
        trago = self._trago()
        try:
            cuantas = self._atender_lote(trago)
        except Exception as error:
            if base_caida(error):
                raise
            # Lo que sea: se repite de una en una y solo la culpable queda pendiente.
            numeros = self._tocan(trago)
            for numero in numeros:
                self._atender_sola(numero)
            cuantas = len(numeros)
        # De unas rondas se sale sin saber si hay más.
        labor = Labor.QUEDA if cuantas and trago.rondas == self.ajustes.rondas else Labor.de(cuantas, trago.lote)
        self._hay_cola = labor is Labor.QUEDA
        return labor

    def _trago(self) -> Trago:
        """Lo que se atiende de una vez: pidiendo varias, unas rondas; de la que hace cola sola, pocas; si no, todas."""
        lote, a_ratos = self.ajustes.lote_solicitudes, self._compas.espera_una_sola()
        if self._compas.piden_varias() and not a_ratos:
            return Trago(lote, self.ajustes.rondas)
        if a_ratos and self._compas.cede_seguido():
            return Trago(min(lote, self.ajustes.lote_entre_dos))
        return Trago(min(lote, self.ajustes.lote_apretado) if self._apretada or a_ratos else lote)

    def descanso(self) -> float:
        """Segundos que conviene dejar la máquina a los demás antes de atender otra vez lo que hace cola."""
        return self._compas.descanso()

    def proximo(self) -> datetime | None:
        """Cuándo toca volver a mirar una solicitud que espera (UTC)."""
        with leyendo(self.almacen.motor) as conexion:
            return bandeja.proximo(conexion)

    def _acoger(self, entregas: Sequence[Entrega]) -> Sequence[Entrega]:
        ahora = self.almacen.reloj.ahora()
        todas = [en_su_turno(bandeja.recibida(e, self.nombres, ahora)) for e in entregas]
        self._compas.oir(r.turno for r in todas)
        # No se sabe cuántas hay detrás, ni de quién: se vacía la cola antes de atender a nadie.
        tope = min(self.ajustes.lote_recepcion, self.ajustes.lote_solicitudes + 1)
        self._apretada = self.ajustes.turnos and len(entregas) >= tope
        if self._apretada or self._hay_cola or self.en_pausa() or self._porteria.hay_quien_no_lee(todas):
            return self._retener(entregas, todas, self._hacer_cola(todas, ahora))
        for desde in range(0, len(todas), self.ajustes.lote_solicitudes):
            lote = todas[desde : desde + self.ajustes.lote_solicitudes]
            try:
                self._atender_llegadas(lote)
            except Exception as error:
                if base_caida(error):
                    raise
                # Lo que sea: se vuelve a ellas con más calma.
                self._guardar(lote, ahora)
        return entregas

    def _retener(
        self, entregas: Sequence[Entrega], todas: Sequence[Recibida], quedan: Sequence[Recibida]
    ) -> list[Entrega]:
        """Lo que queda espera sin guardar ni confirmar a la vez siguiente; da lo demás, que ya se puede confirmar."""
        self._retenidas = {r.turno for r in quedan}
        cuales = set(map(id, quedan))
        de_cada_una = list(zip(entregas, todas, strict=True))
        self._recepcion.retener([e for e, r in de_cada_una if id(r) in cuales])
        return [e for e, r in de_cada_una if id(r) not in cuales]

    def _hacer_cola(self, todas: Sequence[Recibida], ahora: datetime) -> Sequence[Recibida]:
        """Atiende ya lo de quien no tiene nada esperando, que es su turno, y guarda lo demás.

        Si ha de salir antes el acuse de otra, no guarda nada, y lo devuelve.
        """
        vistas = self._porteria.asomarse(todas, ahora)
        rondas: Rondas | None = vistas
        resto = todas
        if self.ajustes.turnos and not self.en_pausa():
            primeras, detras = self._porteria.primeras(todas, vistas, self._retenidas)
            try:
                if primeras:
                    rondas = None  # atenderlas puede dejar alguna esperando
                    if self._atender_llegadas(primeras):
                        self._compas.atendidas_al_llegar(r.turno for r in primeras)
                    self.al_mezclar()
                    if self._compas.cede_lo_recibido():
                        return detras
                resto = detras
            except Exception as error:
                if base_caida(error):
                    raise
                # Lo que sea: se vuelve a ellas con más calma.
        self._compas.esperan(r.turno for r in resto)
        self._guardar(resto, ahora, rondas)
        return ()

    def _atender_llegadas(self, recibidas: Sequence[Recibida]) -> bool:
        """Dice si causaron algún hecho."""
        with self.almacen.tanda() as tanda:
            self._responder(tanda, recibidas)
            hechos, _ = tanda.en_mano
        self._avisar_si_mezcla(recibidas)
        return hechos > 0

    def _avisar_si_mezcla(self, respondidas: Sequence[Recibida]) -> None:
        if len({recibida.turno for recibida in respondidas}) > 1:
            self.al_mezclar()

    def _guardar(self, recibidas: Sequence[Recibida], ahora: datetime, rondas: Rondas | None = None) -> None:
        """A la bandeja, cada una a su turno; a la que pasa del cupo se le dice que no.

        La que es demasiado grande para guardarse se responde ya: no hay nada que decidir.
        """
        if not recibidas:
            return
        admitidas = self._porteria.admitir(recibidas, ahora, rondas)
        caben = [r for r in admitidas if len(r.cuerpo) <= MAXIMO_BYTES]
        with self.almacen.motor.begin() as conexion:
            bandeja.guardar(conexion, caben, [r.recibido for r in caben])
            if rehusadas := len(recibidas) - len(admitidas):
                contar_devuelta(conexion, ahora, CUPO, rehusadas)
        self._hay_cola = self.dejo = True
        self.atencion.rehusadas(rehusadas)
        if enormes := [r for r in admitidas if len(r.cuerpo) > MAXIMO_BYTES]:
            self._atender_llegadas(enormes)

    def _tocan(self, trago: Trago) -> list[int]:
        ahora = self.almacen.reloj.ahora()
        with leyendo(self.almacen.motor) as conexion:
            return bandeja.por_atender(conexion, ahora, self._tope(ahora), trago)

    def _tope(self, ahora: datetime) -> datetime:
        return ahora + self.ajustes.aplazamiento_maximo

    def _atender_lote(self, trago: Trago) -> int:
        with self.almacen.tanda() as tanda:
            desde = self.almacen.reloj.monotono()  # sin lo que se esperó el turno: eso no lo costó nadie
            # Con el turno tomado: lo que otra réplica atendió mientras se esperaba ya no está.
            tomadas = bandeja.tomar(tanda.conexion, tanda.ahora, self._tope(tanda.ahora), trago)
            self._responder(tanda, tomadas)
        self._compas.atendido(self._hacen_cola(tomadas, trago), desde)
        self._avisar_si_mezcla(tomadas)
        return len(tomadas)

    def _hacen_cola(self, tomadas: Sequence[Recibida], trago: Trago) -> set[Turno]:
        """De quién puede quedar más, si el trago se llenó: de una sola caben tantas como rondas, una en cada una.

        Lo que no se sabe de quién es no es otra institución: quien además manda basura hace cola ella sola; quien mandó
        una entre la basura de otra, no.
        """
        caben = min(trago.lote, trago.rondas)
        if len(tomadas) < caben:
            return set()
        cuantas = Counter(r.turno for r in tomadas)
        suyas = {turno for turno in cuantas if turno != DE_NADIE} or set(cuantas)
        if len(suyas) == 1 and cuantas[next(iter(suyas))] < min(caben, self.ajustes.rondas):
            return set()
        return suyas

    def _responder(self, tanda: Tanda, recibidas: Sequence[Recibida]) -> None:
        """Responde a las que se puede; las demás, que en la bandeja no están, esperan en ella su próxima mirada."""
        if not recibidas:
            return
        if esperan := self.atencion.atender(tanda, recibidas):
            # Otra mirada es otra vez en su turno: quien hace mirar mucho lo suyo espera más, no los demás.
            bandeja.guardar(tanda.conexion, en_turno(tanda, [r for r, _ in esperan]), [cita for _, cita in esperan])
            self.dejo = True

    def _atender_sola(self, numero: int) -> None:
        try:
            with self.almacen.tanda() as tanda:
                recibidas = bandeja.leer(tanda.conexion, [numero])
                bandeja.quitar(tanda.conexion, [numero])
                self._responder(tanda, recibidas)
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
                    cita = tanda.ahora + self.ajustes.retroceso(van.fallos)
                    bandeja.aplazar(tanda.conexion, [(van, cita)], tanda.ahora)
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


def _nada() -> None:
    return None


__all__ = ["Solicitudes"]
