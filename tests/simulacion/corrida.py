"""Correr una semilla: caos, calma, y el veredicto del lector."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from tests.simulacion.caos import Caos
from tests.simulacion.instituciones import Instituciones
from tests.simulacion.lector import SERVICIOS, Lectura
from tests.simulacion.lector_cadena import raiz
from tests.simulacion.mundo import Mundo
from tests.simulacion.peticiones import SECRETOS
from tests.simulacion.plantilla import PROTOCOLO, plantilla

#: Turnos de las instituciones: casi siempre pocos, que muchas historias cortas encuentran más que una larga.
_TURNOS = (4, 8, 8, 14, 24)
#: Intervalos de latido seguidos sin que nada cambie para dar el sistema por parado: más que cualquier retroceso.
_QUIETUD = 1
_TOPE_DE_CALMA = 400
_TOPE_DE_RONDAS = 3_000
_ADELANTOS = (0, 0, 0.05, 0.5, 2, 5, 30)
_SALTOS = (timedelta(minutes=40), timedelta(hours=3), timedelta(hours=30), timedelta(days=6))


@dataclass(frozen=True)
class Veredicto:
    """Cómo acabó una semilla. ``raiz``: la del libro, en hexadecimal."""

    semilla: int
    faltas: tuple[str, ...]
    raiz: str
    hechos: int
    averias: dict[str, int]
    enviadas: int
    aceptadas: int

    def __str__(self) -> str:
        cabeza = (
            f"semilla {self.semilla}: {self.hechos} hechos, {self.enviadas} solicitudes ({self.aceptadas} aceptadas)"
        )
        if not self.faltas:
            return f"{cabeza}, nada falta ni sobra; raíz {self.raiz[:16]}"
        faltas = "\n  ".join(self.faltas[:20])
        return f"{cabeza}\n  {faltas}\nrepetir: python -m tests.simulacion --semilla {self.semilla} -v"


class SinReposo(Exception):
    """El sistema no llega a pararse sin fallos de por medio."""


def correr(semilla: int, contar: Callable[[str], None] = lambda _texto: None, turnos: int = 0) -> Veredicto:
    """Una semilla de principio a fin. ``contar`` recibe lo que va pasando; ``turnos`` 0 son los que diga la semilla."""
    caos = Caos(semilla)
    mundo = Mundo(plantilla(), semilla, caos, contar)
    caos.al_averiar = lambda averia: contar(f"{mundo.reloj.ahora():%d %H:%M:%S} {caos.corre or '-'}: {averia}")
    instituciones = Instituciones(mundo)
    faltas: list[str] = []
    try:
        for _ in range(turnos or mundo.azar.choice(_TURNOS)):
            instituciones.turno()
            _pasa_el_tiempo(mundo)
            for _ in range(mundo.azar.choice((1, 2, 4))):
                mundo.ronda()
        _calma(mundo, instituciones)
    except SinReposo as error:
        faltas.append(str(error))
    finally:
        mundo.cerrar()
    lectura = Lectura(
        carpeta=mundo.plantilla.carpeta, enviados=instituciones.enviados, acuses=instituciones.acuses,
        avisos=instituciones.avisos, protocolo=PROTOCOLO, ahora=mundo.reloj.ahora(), secretos=SECRETOS,
    )  # fmt: skip
    faltas += lectura.faltas()
    hojas = [f["hoja"] for f in lectura.filas("auditoria", "SELECT hoja FROM libro ORDER BY indice")]
    return Veredicto(
        semilla, tuple(faltas), raiz(hojas).hex(), len(hojas), caos.averias, len(lectura.solicitudes),
        sum(1 for s in lectura.solicitudes.values() if s.aceptada),
    )  # fmt: skip


def _pasa_el_tiempo(mundo: Mundo) -> None:
    mundo.reloj.adelantar(timedelta(seconds=mundo.azar.choice(_ADELANTOS)))
    if mundo.caos.toca("saltar_reloj"):
        mundo.reloj.adelantar(mundo.azar.choice(_SALTOS))
    if mundo.azar.random() < 0.1:
        mundo.avisar_a_todos()


def _calma(mundo: Mundo, instituciones: Instituciones) -> None:
    """Nada más falla. Se adelanta el reloj lo justo hasta que nadie tenga nada que hacer. Errores: `SinReposo`."""
    mundo.calmar()
    quieto, antes = 0, None
    for _ in range(_TOPE_DE_CALMA):
        _hasta_reposo(mundo)
        instituciones.leer()
        instituciones.reenviar()
        _hasta_reposo(mundo)
        cita = mundo.proxima_cita()
        if cita is not None and cita <= mundo.reloj.ahora() + mundo.ajustes.latido:
            mundo.reloj.adelantar_hasta(cita)
            continue
        ahora = (_estado(mundo), len(instituciones.pendientes), len(instituciones.acuses))
        quieto, antes = (quieto + 1 if ahora == antes else 0), ahora
        if quieto >= _QUIETUD and not instituciones.pendientes:
            return
        if quieto > 10 * _QUIETUD:
            raise SinReposo(f"{len(instituciones.pendientes)} solicitudes siguen sin acuse y ya nadie hace nada")
        mundo.reloj.adelantar(mundo.ajustes.latido)
        mundo.avisar_a_todos()
    raise SinReposo("sin fallos y con tiempo, el sistema no llega al reposo")


def _hasta_reposo(mundo: Mundo) -> None:
    for _ in range(_TOPE_DE_RONDAS):
        if not mundo.ronda():
            return
    raise SinReposo("algún paso dice siempre que queda trabajo")


def _estado(mundo: Mundo) -> tuple[object, ...]:
    """Lo que cambia si alguien hace algo, salvo latir."""
    todo: list[object] = []
    for nombre in SERVICIOS:
        base = sqlite3.connect(mundo.plantilla.carpeta / f"{nombre}.db")
        for consulta in (
            "SELECT posicion FROM cabecera",
            "SELECT sum(aplicada) FROM avances",
            "SELECT count(*) FROM bandeja",
            "SELECT count(*) FROM salida",
            "SELECT count(*) FROM fallos",
        ):
            todo += base.execute(consulta).fetchone()
        base.close()
    return tuple(todo)
