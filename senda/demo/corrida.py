"""Correr una escena: embebida con reloj simulado, o contra servicios en procesos aparte con reloj acelerado."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event

from infra.mensajeria.ajustes import Ajustes
from infra.reloj import Reloj, RelojSimulado
from senda.demo.escena import Escena
from senda.demo.guion import GuionRoto
from senda.demo.reposo import Reposo
from senda.despliegue import Despliegue
from senda.embebido import Embebido

#: Segundos reales entre dos miradas cuando no hay nada que leer ni enviar.
_DESCANSO = 0.05
#: Segundos reales sin noticias, con todo en reposo, para dar la corrida por acabada.
_CALMA = 1.0
#: Lo que se da de más a una historia que llegó sin acabar al final previsto.
PRORROGA = timedelta(days=90)
#: Se llama de vez en cuando con (guiones en curso, instante simulado).
Avance = Callable[[int, datetime], None]
#: Con tiempo simulado sobra latir a menudo, o mirar si llegó lo que falta: cada vez es otro instante en que parar.
AJUSTES_SIMULADOS = Ajustes(latido=timedelta(days=7), mirada_minima=Ajustes().paciencia)


def correr_embebida(sistema: Embebido, reloj: RelojSimulado, escena: Escena, fin: datetime, avance: Avance) -> None:
    """Hasta que no quede nada por hacer antes de ``fin``, y toda historia empezada acabe.

    El tiempo salta de asunto en asunto. Errores: `GuionRoto` si alguna no acaba ni en `PRORROGA`.
    """
    while True:
        ahora = reloj.ahora()
        escena.enviar_lo_que_toca(ahora)
        sistema.planificador.hasta_reposo()
        avance(escena.en_curso, ahora)
        if escena.leer(ahora):
            continue
        # Una historia que se retrasó (quien lo llevaba estaba de descanso, un cierre que hubo que repetir) acaba.
        limite = fin + PRORROGA if escena.en_curso else fin
        citas = [c for c in (escena.proximo(), sistema.proximo()) if c is not None and c <= limite]
        if not citas:
            break
        reloj.adelantar_hasta(min(citas))
    if escena.en_curso:
        raise GuionRoto(f"quedan {escena.en_curso} guiones sin terminar al llegar el final previsto")


@dataclass
class CorridaReal:
    """Contra servicios en marcha. ``paciencia``: segundos reales sin ningún avance que se toleran."""

    despliegue: Despliegue
    reloj: Reloj
    escena: Escena
    paciencia: float = 120.0

    def correr(self, avance: Avance) -> None:
        """Hasta que no quede guion en curso ni nada pendiente en ningún servicio. Errores: `GuionRoto`."""
        ultimo, descanso = time.monotonic(), Event()
        with Reposo(self.despliegue) as reposo:
            while True:
                ahora = self.reloj.ahora()
                movidos = self.escena.enviar_lo_que_toca(ahora) + self.escena.leer(ahora)
                avance(self.escena.en_curso, ahora)
                if movidos:
                    ultimo = time.monotonic()
                    continue
                quieta = time.monotonic() - ultimo
                if quieta > self.paciencia and self.escena.en_curso and self.escena.proximo() is None:
                    sin_acuse = self.escena.esperan_acuse
                    raise GuionRoto(f"quedan {self.escena.en_curso} guiones parados; {sin_acuse} solicitudes sin acuse")
                # Un aviso puede estar de camino entre el broker y aquí: se da por acabado tras un rato sin noticias.
                if not self.escena.en_curso and quieta > _CALMA and reposo.hay():
                    return
                self.escena.enlace.transporte.viva()
                descanso.wait(_DESCANSO)


__all__ = ["AJUSTES_SIMULADOS", "Avance", "CorridaReal", "correr_embebida"]
