"""Un origen que cuenta dos historias: qué contradicciones se provocan, y cuáles ha de haber oído su destinatario.

Se ponen en el bus sin pasar por las averías. Solo hay una manera de que una no llegue a nadie: que se borre la cola en
que esperaba, y nadie la vuelve a contar. Esa, y ninguna otra de la misma historia, deja de exigirse.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import NamedTuple

from infra.almacen.motor import leyendo
from infra.mensajeria.hechos import mensajes_de
from infra.mensajeria.topologia import Topologia
from infra.mensajeria.transportes.base import Entrega, Transporte
from infra.mensajeria.transportes.memoria import BrokerMemoria
from senda.composicion import CONTEXTOS
from tests.simulacion.plantilla import Plantilla


class Contradiccion(NamedTuple):
    """Ante quién, de qué origen (``/gt/deteccion``) y en qué posición."""

    servicio: str
    origen: str
    posicion: int


@dataclass
class Contradicciones:
    """Las de una historia."""

    plantilla: Plantilla
    topologia: Topologia
    broker: BrokerMemoria
    contar: Callable[[str], None]
    _hechas: list[Contradiccion] = field(default_factory=list)
    #: Las que esperan en su cola, por su clave y sus bytes: nadie las confirmó aún.
    _en_cola: list[tuple[tuple[str, bytes], Contradiccion]] = field(default_factory=list)
    _perdidas: list[Contradiccion] = field(default_factory=list)

    @property
    def exigibles(self) -> list[Contradiccion]:
        """Las que han de haber dejado su alto y, si las oyó auditoría, su denuncia."""
        quedan = list(self._hechas)
        for perdida in self._perdidas:
            quedan.remove(perdida)
        return quedan

    def hacer(self, azar: Random, camino: Transporte) -> None:
        """Un origen vuelve a contar, de otra manera, algo que otro servicio ya aplicó."""
        a_quien = azar.choice(sorted(CONTEXTOS))
        origen = azar.choice(CONTEXTOS[a_quien].sigue)
        fuente = self.plantilla.despliegue.origenes[origen]
        consulta = "SELECT aplicada FROM avances WHERE origen = ?"
        aplicada = self.plantilla.cruda(a_quien).execute(consulta, (fuente,)).fetchone()[0]
        if not aplicada:
            return
        posicion = azar.randint(1, aplicada)
        with leyendo(self.plantilla.motores[origen]) as conexion:
            (bueno,) = mensajes_de(conexion, fuente, origen, self.topologia.nombres, posicion, 1, a_quien)
        self.contar(f"{origen} contradice ante {a_quien} su posición {posicion}")
        malo = replace(bueno, cuerpo=bueno.cuerpo + b" ")
        if self.broker.existe(self.topologia.nombres.entrada_de(a_quien)):
            suya = Contradiccion(a_quien, fuente, posicion)
            self._hechas.append(suya)
            self._en_cola.append(((malo.clave, malo.cuerpo), suya))
        camino.publicar([malo])

    def oidas(self, entregas: Sequence[Entrega]) -> None:
        """Lo que alguien dio por atendido: si entre ello hay una, ya no espera."""
        for entrega in entregas if self._en_cola else ():
            mensaje = (entrega.mensaje.clave, entrega.mensaje.cuerpo)
            suya = next((par for par in self._en_cola if par[0] == mensaje), None)
            if suya is not None:
                self._en_cola.remove(suya)

    def se_borra(self, cola: str) -> None:
        """Se pierde con la cola lo que esperaba en ella."""
        perdidas = [par for par in self._en_cola if self.topologia.nombres.entrada_de(par[1].servicio) == cola]
        self._en_cola = [par for par in self._en_cola if par not in perdidas]
        self._perdidas += [suya for _, suya in perdidas]


__all__ = ["Contradiccion", "Contradicciones"]
