"""Lo que no se ve al final porque otra defensa lo arregla: cuándo el relevo da por publicado un hecho.

Una marca que se adelanta o retrocede no pierde nada (lo que falta se pide), pero solo porque además hay reparaciones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from infra.mensajeria.topologia import Topologia
from infra.mensajeria.transportes.base import Mensaje
from infra.mensajeria.transportes.memoria import BrokerMemoria
from tests.simulacion.plantilla import Plantilla

_MARCA = "SELECT posicion FROM marcas WHERE destino = 'eventos'"


@dataclass
class Vigilante:
    """Mira cada publicación y cada marca. ``faltas``: lo que vio mal, en frases."""

    plantilla: Plantilla
    topologia: Topologia
    broker: BrokerMemoria
    faltas: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._origen = {source: nombre for nombre, source in self.plantilla.despliegue.origenes.items()}
        self._marcas = {nombre: self._marca(nombre) for nombre in self._origen.values()}
        #: Hasta dónde recibió el bus, en orden y con todas las colas seguidoras en su sitio.
        self._llego = dict(self._marcas)

    def publicado(self, mensajes: Sequence[Mensaje], llegaron: Sequence[bool]) -> None:
        """Lo que el bus contestó a una publicación."""
        for mensaje, llego in zip(mensajes, llegaron, strict=True):
            if not llego or mensaje.intercambio != self.topologia.nombres.eventos:
                continue
            nombre, posicion = self._origen[str(mensaje.cabeceras["origen"])], int(mensaje.cabeceras["posicion"])
            if posicion == self._llego[nombre] + 1 and all(map(self.broker.existe, self.topologia.seguidoras(nombre))):
                self._llego[nombre] = posicion

    def relevado(self, nombre: str) -> None:
        """Tras un paso del relevo: la marca no retrocede ni pasa de lo que llegó."""
        previa, marca = self._marcas[nombre], self._marca(nombre)
        self._marcas[nombre] = marca
        if marca < previa:
            self.faltas.append(f"{nombre}: la marca retrocede de {previa} a {marca}")
        if marca > self._llego[nombre]:
            self.faltas.append(f"{nombre}: da por publicado hasta {marca} y solo llegó hasta {self._llego[nombre]}")
            self._llego[nombre] = marca

    def _marca(self, nombre: str) -> int:
        fila = self.plantilla.cruda(nombre).execute(_MARCA).fetchone()
        return int(fila[0]) if fila else 0
