"""La escena: guiones que avanzan a golpe de acuse y de reloj.

Un guion es un generador que cede lo que su institución pide (`Pedir`) y recibe el acuse; así una historia se lee de
arriba abajo como ocurrió. La escena no sabe de historias: envía lo que toca, reparte acuses y avisa de los buzones.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from contratos.acuse import Acuse, Resultado
from contratos.base import Peticion
from infra.azar import Azar
from senda.cliente import Aviso, Compuesta, Credencial, Enlace, componer

_CUARTO_DE_HORA = 900


@dataclass(frozen=True, slots=True)
class Pedir:
    """Una institución pide algo, pasado un tiempo desde el paso anterior de su guion."""

    institucion: str
    peticion: Peticion
    tras: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Esperar:
    """El guion no pide nada; solo deja pasar el tiempo."""

    cuanto: timedelta


Guion = Generator[Pedir | Esperar, Acuse | None, None]
#: Qué hace una institución con lo que llega a su buzón: un guion nuevo, o nada.
Reaccion = Callable[[str, Aviso], Guion | None]


class GuionRoto(Exception):
    """Una petición que la historia daba por buena fue rechazada: la demostración no puede fingir que siguió."""


@dataclass(order=True, slots=True)
class _Turno:
    instante: datetime
    orden: int
    guion: Guion = field(compare=False)
    accion: Pedir | Esperar = field(compare=False)


@dataclass
class Escena:
    """Lleva los guiones. ``recepcion``: clave X25519 de cada servicio, para sellar. Tiempos en UTC."""

    enlace: Enlace
    credenciales: Mapping[str, Credencial]
    recepcion: Mapping[str, str]
    azar: Azar
    reaccion: Reaccion
    acuses: int = 0
    rechazos: dict[str, int] = field(default_factory=dict)
    _turnos: list[_Turno] = field(default_factory=list)
    _esperan: dict[str, Guion] = field(default_factory=dict)
    _orden: count[int] = field(default_factory=count)

    def empezar(self, guion: Guion, cuando: datetime) -> None:
        """Da entrada a un guion en un instante."""
        self._avanzar(guion, None, cuando)

    @property
    def en_curso(self) -> int:
        """Guiones que aún no terminaron."""
        return len(self._turnos) + len(self._esperan)

    @property
    def esperan_acuse(self) -> int:
        """Solicitudes enviadas y sin acuse todavía."""
        return len(self._esperan)

    def proximo(self) -> datetime | None:
        """Cuándo toca el siguiente paso de algún guion."""
        return self._turnos[0].instante if self._turnos else None

    def enviar_lo_que_toca(self, ahora: datetime) -> int:
        """Compone y envía todo lo previsto hasta ahora; devuelve cuántas solicitudes salieron."""
        por_enviar: list[tuple[Compuesta, Guion]] = []
        while self._turnos and self._turnos[0].instante <= ahora:
            turno = heapq.heappop(self._turnos)
            if isinstance(turno.accion, Esperar):
                self._avanzar(turno.guion, None, turno.instante)
            else:
                por_enviar.append((self._componer(turno.accion, turno.instante), turno.guion))
        for compuesta, guion in por_enviar:
            self._esperan[compuesta.id] = guion
        if por_enviar and not all(self.enlace.enviar([c for c, _ in por_enviar])):
            raise GuionRoto("el bus no aceptó una solicitud")
        return len(por_enviar)

    def leer(self, ahora: datetime) -> int:
        """Lee acuses y buzones de todas las instituciones y sigue los guiones; devuelve cuántos mensajes leyó."""
        leidos = 0
        for codigo in self.credenciales:
            for acuse in self.enlace.acuses(codigo):
                leidos += 1
                self.acuses += 1
                if acuse.resultado is Resultado.RECHAZADA:
                    self.rechazos[acuse.codigo] = self.rechazos.get(acuse.codigo, 0) + 1
                guion = self._esperan.pop(acuse.id, None)
                if guion is not None:
                    self._avanzar(guion, acuse, ahora)
            for aviso in self.enlace.buzon(codigo):
                leidos += 1
                nuevo = self.reaccion(codigo, aviso)
                if nuevo is not None:
                    self._avanzar(nuevo, None, ahora)
        return leidos

    def _componer(self, pedir: Pedir, ocurrido: datetime) -> Compuesta:
        agente = f"ag-{self.azar.bytes(4).hex()}"
        destino = self.recepcion[pedir.peticion.servicio]
        return componer(pedir.peticion, self.credenciales[pedir.institucion], agente, ocurrido, destino, self.azar)

    def _avanzar(self, guion: Guion, acuse: Acuse | None, ahora: datetime) -> None:
        try:
            accion = next(guion) if acuse is None else guion.send(acuse)
        except StopIteration:
            return
        espera = accion.cuanto if isinstance(accion, Esperar) else accion.tras
        heapq.heappush(self._turnos, _Turno(_al_cuarto(ahora + espera), next(self._orden), guion, accion))


def _al_cuarto(instante: datetime) -> datetime:
    """El siguiente cuarto de hora: las instituciones despachan por tandas, y así el sistema también."""
    sobra = instante.timestamp() % _CUARTO_DE_HORA
    return instante if not sobra else instante + timedelta(seconds=_CUARTO_DE_HORA - sobra)


def aceptada(acuse: Acuse | None) -> Acuse:
    """El acuse, si fue de aceptación. Errores: `GuionRoto` con el código del rechazo."""
    if acuse is None:
        raise GuionRoto("sin acuse")
    if acuse.resultado is not Resultado.ACEPTADA:
        raise GuionRoto(f"{acuse.servicio}: {acuse.codigo} ({acuse.campo})")
    return acuse


def ids(acuse: Acuse) -> Iterable[str]:
    """Ids de los hechos que causó una solicitud."""
    return (str(hecho.id) for hecho in acuse.eventos)
