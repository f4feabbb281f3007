"""Correr una escena: embebida con reloj simulado, o contra servicios en procesos aparte con reloj acelerado."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from threading import Event

import sqlalchemy as sa

from infra.almacen.esquema import avances, cabecera
from infra.almacen.motor import abrir_motor, leyendo
from infra.mensajeria.ajustes import Ajustes
from infra.reloj import Reloj, RelojSimulado
from senda.demo.escena import Escena, GuionRoto
from senda.despliegue import Despliegue
from senda.embebido import Embebido

#: Segundos reales entre dos miradas cuando no hay nada que leer ni enviar.
_DESCANSO = 0.02
#: Se llama de vez en cuando con (guiones en curso, instante simulado).
Avance = Callable[[int, datetime], None]
#: Con tiempo simulado sobra latir a menudo: cada latido es otro instante en que parar.
AJUSTES_SIMULADOS = Ajustes(latido=timedelta(days=7))


def correr_embebida(sistema: Embebido, reloj: RelojSimulado, escena: Escena, fin: datetime, avance: Avance) -> None:
    """Hasta que no quede nada por hacer antes de ``fin``. El tiempo salta de asunto en asunto. Errores: `GuionRoto`."""
    while True:
        ahora = reloj.ahora()
        escena.enviar_lo_que_toca(ahora)
        sistema.planificador.hasta_reposo()
        avance(escena.en_curso, ahora)
        if escena.leer(ahora):
            continue
        citas = [c for c in (escena.proximo(), sistema.proximo()) if c is not None and c <= fin]
        if not citas:
            break
        reloj.adelantar_hasta(min(citas))
    if escena.en_curso:
        raise GuionRoto(f"quedan {escena.en_curso} guiones sin terminar al llegar el final previsto")


@dataclass
class CorridaReal:
    """Contra servicios en marcha. ``paciencia``: segundos reales sin ningún avance que se toleran."""

    carpeta: Path
    despliegue: Despliegue
    reloj: Reloj
    escena: Escena
    paciencia: float = 120.0

    def correr(self, fin: datetime, avance: Avance) -> None:
        """Hasta acabar los guiones, llegar a ``fin`` (simulado) y que el libro lo tenga todo. Errores: `GuionRoto`."""
        ultimo = time.monotonic()
        descanso = Event()
        while self.escena.en_curso or self.reloj.ahora() < fin or not self.libro_al_dia():
            ahora = self.reloj.ahora()
            movidos = self.escena.enviar_lo_que_toca(ahora) + self.escena.leer(ahora)
            avance(self.escena.en_curso, ahora)
            if movidos:
                ultimo = time.monotonic()
                continue
            if self.escena.esperan_acuse and time.monotonic() - ultimo > self.paciencia:
                raise GuionRoto(f"{self.escena.esperan_acuse} solicitudes siguen sin acuse")
            self.escena.enlace.transporte.viva()
            descanso.wait(_DESCANSO)

    def libro_al_dia(self) -> bool:
        """Si auditoría aplicó hasta la última posición de cada origen."""
        posiciones = {
            origen: self._valor(nombre, sa.select(cabecera.c.posicion))
            for nombre, origen in self.despliegue.origenes.items()
        }
        return all(
            self._valor("auditoria", sa.select(avances.c.aplicada).where(avances.c.origen == origen)) == posicion
            for origen, posicion in posiciones.items()
        )

    def _valor(self, servicio: str, consulta: sa.Select[tuple[int]]) -> int:
        base = self.despliegue.bases[servicio]
        motor = abrir_motor(base.url, base.esquema)
        try:
            with leyendo(motor) as conexion:
                return conexion.scalar(consulta) or 0
        finally:
            motor.dispose()


__all__ = ["AJUSTES_SIMULADOS", "Avance", "CorridaReal", "correr_embebida"]
