"""La escena: lleva los guiones a golpe de acuse y de reloj.

No sabe de historias: envía lo que toca, reparte acuses y avisa de los buzones.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count

from contratos.acuse import Acuse, Resultado
from infra.azar import Azar
from infra.mensajeria.topologia import colas_de_institucion
from senda.cliente import Compuesta, Credencial, Enlace, componer
from senda.demo.guion import Acuses, Esperar, Guion, GuionRoto, Hasta, Juntas, Pedir, Reaccion
from senda.demo.horario import a_su_hora
from senda.demo.sorteo import elegir

_AGENTES = 4


@dataclass(order=True, slots=True)
class _Turno:
    instante: datetime
    orden: int
    guion: Guion = field(compare=False)
    accion: Juntas | Esperar = field(compare=False)


@dataclass(slots=True)
class _Espera:
    """Un guion y las solicitudes cuyo acuse espera."""

    guion: Guion
    ids: tuple[str, ...]
    acuses: dict[str, Acuse] = field(default_factory=dict)


@dataclass
class Escena:
    """Lleva los guiones. ``recepcion``: clave X25519 de cada servicio, para sellar. Tiempos en UTC.

    ``por_tandas``: si las instituciones despachan a horas fijas (con reloj simulado) o en cuanto pueden. ``tope``:
    cuántos guiones a la vez como mucho antes de dar entrada a otro.
    """

    enlace: Enlace
    credenciales: Mapping[str, Credencial]
    recepcion: Mapping[str, str]
    azar: Azar
    reaccion: Reaccion
    por_tandas: bool = True
    tope: int | None = None
    acuses: int = 0
    rechazos: dict[str, int] = field(default_factory=dict)
    terminadas: int = 0
    _turnos: list[_Turno] = field(default_factory=list)
    _esperan: dict[str, _Espera] = field(default_factory=dict)
    _aguardan: list[tuple[Hasta, Guion]] = field(default_factory=list)
    _orden: count[int] = field(default_factory=count)
    _programa: Iterator[tuple[datetime, Guion]] = field(default_factory=lambda: iter(()))
    _entrada: tuple[datetime, Guion] | None = None

    def __post_init__(self) -> None:
        self._agentes = {c: [f"ag-{self.azar.bytes(4).hex()}" for _ in range(_AGENTES)] for c in self.credenciales}
        for codigo in self.credenciales:
            for cola in colas_de_institucion(codigo, self.enlace.nombres.prefijo):
                self.enlace.transporte.asegurar_cola(cola)

    def programar(self, programa: Iterable[tuple[datetime, Guion]]) -> None:
        """Los guiones que irán entrando, ordenados por instante. Se leen según hacen falta."""
        self._programa = iter(programa)
        self._entrada = next(self._programa, None)

    def empezar(self, guion: Guion, cuando: datetime) -> None:
        """Da entrada a un guion ya."""
        self._avanzar(guion, None, cuando)

    @property
    def en_curso(self) -> int:
        """Guiones que aún no terminaron, contando si queda alguno por entrar."""
        return self._vivos + (self._entrada is not None)

    @property
    def _vivos(self) -> int:
        return len(self._turnos) + len(self._esperan) + len(self._aguardan)

    @property
    def esperan_acuse(self) -> int:
        """Solicitudes enviadas y sin acuse todavía."""
        return len(self._esperan)

    def proximo(self) -> datetime | None:
        """Cuándo toca el siguiente paso de algún guion o entra otro."""
        citas = [self._turnos[0].instante] if self._turnos else []
        if self._entrada is not None and self._cabe_otro():
            citas.append(self._entrada[0])
        return min(citas, default=None)

    def enviar_lo_que_toca(self, ahora: datetime) -> int:
        """Compone y envía todo lo previsto hasta ahora; devuelve cuántas solicitudes salieron. Errores: `GuionRoto`."""
        self._dar_entrada(ahora)
        por_enviar: list[Compuesta] = []
        while self._turnos and self._turnos[0].instante <= ahora:
            turno = heapq.heappop(self._turnos)
            if isinstance(turno.accion, Esperar):
                self._avanzar(turno.guion, None, turno.instante)
                continue
            compuestas = [self._componer(pedir, turno.instante) for pedir in turno.accion.peticiones]
            espera = _Espera(turno.guion, tuple(c.id for c in compuestas))
            self._esperan |= dict.fromkeys(espera.ids, espera)
            por_enviar += compuestas
        if por_enviar and not all(self.enlace.enviar(por_enviar)):
            raise GuionRoto("el bus no aceptó una solicitud")
        return len(por_enviar)

    def leer(self, ahora: datetime) -> int:
        """Lee acuses y luego buzones de todas las instituciones y sigue los guiones; devuelve cuántos mensajes leyó.

        Los acuses primero: quien responde a un aviso puede necesitar lo que otro acaba de saber de esa ruta.
        """
        leidos = self._leer_acuses(ahora) + self._leer_buzones(ahora)
        if leidos:
            self._mirar_si_ocurrio(ahora)
        return leidos

    def _mirar_si_ocurrio(self, ahora: datetime) -> None:
        mirados = [(que.ocurre(), que, guion) for que, guion in self._aguardan]
        self._aguardan = [(que, guion) for ocurrio, que, guion in mirados if not ocurrio]
        for ocurrio, _, guion in mirados:
            if ocurrio:
                self._avanzar(guion, None, ahora)

    def _leer_acuses(self, ahora: datetime) -> int:
        leidos = 0
        for codigo in self.credenciales:
            for acuse in self.enlace.acuses(codigo):
                leidos += 1
                self.acuses += 1
                if acuse.resultado is Resultado.RECHAZADA:
                    self.rechazos[acuse.codigo] = self.rechazos.get(acuse.codigo, 0) + 1
                self._recibir(acuse, ahora)
        return leidos

    def _recibir(self, acuse: Acuse, ahora: datetime) -> None:
        espera = self._esperan.pop(acuse.id, None)
        if espera is None:
            return
        espera.acuses[acuse.id] = acuse
        if len(espera.acuses) == len(espera.ids):
            self._avanzar(espera.guion, tuple(espera.acuses[i] for i in espera.ids), ahora)

    def _leer_buzones(self, ahora: datetime) -> int:
        leidos = 0
        for codigo in self.credenciales:
            for aviso in self.enlace.buzon(codigo):
                leidos += 1
                nuevo = self.reaccion(codigo, aviso)
                if nuevo is not None:
                    self._avanzar(nuevo, None, ahora)
        return leidos

    def _cabe_otro(self) -> bool:
        return self.tope is None or self._vivos < self.tope

    def _dar_entrada(self, ahora: datetime) -> None:
        while self._entrada is not None and self._entrada[0] <= ahora and self._cabe_otro():
            self._avanzar(self._contado(self._entrada[1]), None, ahora)
            self._entrada = next(self._programa, None)

    def _contado(self, guion: Guion) -> Guion:
        yield from guion
        self.terminadas += 1

    def _componer(self, pedir: Pedir, ocurrido: datetime) -> Compuesta:
        agente = elegir(self.azar, self._agentes[pedir.institucion])
        destino = self.recepcion[pedir.peticion.servicio]
        return componer(pedir.peticion, self.credenciales[pedir.institucion], agente, ocurrido, destino, self.azar)

    def _avanzar(self, guion: Guion, acuses: Acuses | None, ahora: datetime) -> None:
        try:
            accion = next(guion) if acuses is None else guion.send(acuses)
        except StopIteration:
            return
        if isinstance(accion, Hasta):
            self._aguardan.append((accion, guion))
            return
        espera = accion.cuanto
        instante = a_su_hora(ahora, espera) if self.por_tandas else ahora + espera
        heapq.heappush(self._turnos, _Turno(instante, next(self._orden), guion, accion))


__all__ = ["Escena"]
