"""Correr una semilla: caos, calma, y el veredicto del lector."""

from __future__ import annotations

import gc
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from infra.mensajeria.diagnostico import lugar
from tests.simulacion.caos import Caos
from tests.simulacion.guion import Guion
from tests.simulacion.instituciones import Instituciones
from tests.simulacion.lector import SERVICIOS, Lectura
from tests.simulacion.lector_cadena import raiz
from tests.simulacion.lector_orden import faltas_de_las_contradicciones
from tests.simulacion.mundo import Mundo
from tests.simulacion.operador import Operador
from tests.simulacion.peticiones import SECRETOS
from tests.simulacion.plantilla import PROTOCOLO, plantilla
from tests.simulacion.recorridos import TURNOS
from tests.simulacion.sucesos import sucesos_de

#: Turnos de las instituciones: casi siempre pocos, que muchas historias cortas encuentran más que una larga.
_TURNOS = (1, 1, 1, 2, 2, 2, 3, 4, 6, 12)
#: De cada base: cuánto contó, cuánto aplicó y qué le queda a medias.
_ESTADO = """SELECT (SELECT posicion FROM cabecera), (SELECT sum(aplicada) FROM avances),
    (SELECT count(*) FROM bandeja), (SELECT count(*) FROM salida), (SELECT count(*) FROM fallos),
    (SELECT count(*) FROM apartados), (SELECT count(alto) FROM avances)"""
_FALLA = "SELECT EXISTS (SELECT 1 FROM fallos) OR EXISTS (SELECT 1 FROM bandeja WHERE fallos > 0)"
#: Intervalos de latido seguidos sin que nada cambie para dar el sistema por parado: más que cualquier retroceso.
_QUIETUD = 1
_TOPE_DE_CALMA = 400
_ANTES_DE_ARREGLAR = 6
_TOPE_DE_RONDAS = 3_000
_SEMILLAS_POR_RECOGIDA = 10
_corridas = [0]
_ADELANTOS = (0, 0, 0.05, 0.5, 2, 5, 30)
_SALTOS = (timedelta(minutes=40), timedelta(hours=3), timedelta(hours=30), timedelta(days=6))


@dataclass(frozen=True)
class Veredicto:
    """Cómo acabó una historia. ``raiz``: la del libro, en hexadecimal; ``guion``: con él se repite tal cual."""

    semilla: int
    faltas: tuple[str, ...]
    raiz: str
    hechos: int
    averias: dict[str, int]
    enviadas: int
    aceptadas: int
    guion: Guion
    sucesos: Counter[str]

    def __str__(self) -> str:
        cabeza = (
            f"semilla {self.semilla}: {self.hechos} hechos, {self.enviadas} solicitudes ({self.aceptadas} aceptadas)"
        )
        if not self.faltas:
            return f"{cabeza}, nada falta ni sobra; raíz {self.raiz[:16]}"
        faltas = "\n  ".join(self.faltas[:20])
        return f"{cabeza}\n  {faltas}\nrepetir: python -m tests.simulacion --semilla {self.semilla} -v (o --reducir)"


class SinReposo(Exception):
    """El sistema no llega a pararse sin fallos de por medio."""


def correr(
    semilla: int, contar: Callable[[str], None] = lambda _texto: None, turnos: int = 0, guion: Guion | None = None
) -> Veredicto:
    """Una semilla de principio a fin. ``contar`` recibe lo que va pasando; ``turnos`` 0 son los que diga la semilla.

    ``guion``: una historia ya contada de esa semilla, entera o recortada, en vez de la que la semilla contaría.
    """
    with _sin_recoger():
        return _contada(semilla, contar, turnos, guion)


@contextmanager
def _sin_recoger() -> Iterator[None]:
    """Sin recogida de basura a medias: cada una mira todo lo que hay vivo, y era la quinta parte de cada semilla."""
    andaba = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if andaba:
            gc.enable()
        _corridas[0] += 1
        if _corridas[0] % _SEMILLAS_POR_RECOGIDA == 0:
            gc.collect()


def _contada(semilla: int, contar: Callable[[str], None], turnos: int, guion: Guion | None) -> Veredicto:
    caos = Caos(semilla, None if guion is None else guion.averias)
    mundo = Mundo(plantilla(), semilla, caos, contar)
    caos.al_averiar = lambda averia: contar(f"{mundo.reloj.ahora():%d %H:%M:%S} {caos.corre or '-'}: {averia}")
    operador = Operador(mundo)
    instituciones = Instituciones(mundo, operador)
    faltas: list[str] = []
    hechas: dict[int, tuple[int, ...]] = {}
    cuantos = turnos or (TURNOS if instituciones.recorrido else Random(f"turnos-{semilla}").choice(_TURNOS))
    try:
        for turno in range(cuantos) if guion is None else guion.turnos:
            mundo.empezar(turno)
            hechas[turno] = instituciones.turno(turno, None if guion is None else guion.peticiones.get(turno, ()))
            _pasa_el_tiempo(mundo)
            for _ in range(mundo.azar.choice((1, 2, 4))):
                mundo.ronda()
        mundo.empezar("calma")
        _calma(mundo, instituciones, operador)
        if operador.refrenda:
            operador.refrendar()
    except SinReposo as error:
        faltas.append(str(error))
    except Exception as error:  # noqa: BLE001 - un servicio que revienta es una falta como otra cualquiera
        contar("".join(traceback.format_exception(error)))
        faltas.append(f"revienta: {type(error).__name__} en {lugar(error)}")
    finally:
        operador.cerrar()
        mundo.cerrar()
    lectura = Lectura(
        filas=mundo.plantilla.filas, enviados=instituciones.enviados, acuses=instituciones.acuses,
        avisos=instituciones.avisos, protocolo=PROTOCOLO, ahora=mundo.reloj.ahora(), secretos=SECRETOS,
        apartan=bool({"tropezar", "desconocer"} & caos.ocurridas.keys()),
    )  # fmt: skip
    faltas += mundo.vigilante.faltas
    faltas += lectura.faltas()
    faltas += faltas_de_las_contradicciones(
        mundo.contradicciones.exigibles, operador.levantados, lectura.hechos["auditoria"]
    )
    hojas = [f["hoja"] for f in lectura.filas("auditoria", "SELECT hoja FROM libro ORDER BY indice")]
    contada = Guion(semilla, tuple(hechas), hechas, caos.ocurridas)
    previas = len(mundo.plantilla.historia)
    return Veredicto(
        semilla, tuple(faltas), raiz(hojas).hex(), len(hojas), caos.averias, len(lectura.solicitudes),
        sum(1 for s in lectura.solicitudes.values() if s.aceptada), contada,
        sucesos_de(lectura.hechos, instituciones.enviados[previas:], instituciones.acuses[previas:], caos.averias),
    )  # fmt: skip


def _pasa_el_tiempo(mundo: Mundo) -> None:
    mundo.reloj.adelantar(timedelta(seconds=mundo.azar.choice(_ADELANTOS)))
    if mundo.caos.toca("saltar_reloj"):
        mundo.reloj.adelantar(mundo.azar.choice(_SALTOS))
    if mundo.azar.random() < 0.1:
        mundo.avisar_a_todos()


def _calma(mundo: Mundo, instituciones: Instituciones, operador: Operador) -> None:
    """Nada más falla. Se adelanta el reloj lo justo hasta que nadie tenga nada que hacer. Errores: `SinReposo`."""
    mundo.calmar()
    instituciones.insistir()
    quieto, antes = 0, None
    hay_torpes = bool({"tropezar", "desconocer"} & mundo.caos.ocurridas.keys())
    for vuelta in range(_TOPE_DE_CALMA):
        _hasta_reposo(mundo)
        instituciones.leer()
        instituciones.reenviar()
        # Antes de arreglar nada, que dé tiempo a agotar los intentos: apartar también se prueba.
        espera = hay_torpes and (vuelta == 0 or (vuelta < _ANTES_DE_ARREGLAR and _algo_falla(mundo)))
        if not espera:
            mundo.actualizar()
        operador.reparar()
        _hasta_reposo(mundo)
        cita = mundo.proxima_cita()
        if cita is not None and cita <= mundo.reloj.ahora() + mundo.ajustes.latido:
            mundo.reloj.adelantar_hasta(cita)
            continue
        ahora = (_estado(mundo), len(instituciones.pendientes), len(instituciones.acuses))
        quieto, antes = (quieto + 1 if ahora == antes else 0), ahora
        if quieto >= _QUIETUD and not (espera or instituciones.pendientes or mundo.plazos_con_fallo):
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


def _algo_falla(mundo: Mundo) -> bool:
    return any(mundo.plantilla.cruda(nombre).execute(_FALLA).fetchone()[0] for nombre in SERVICIOS)


def _estado(mundo: Mundo) -> tuple[object, ...]:
    """Lo que cambia si alguien hace algo, salvo latir."""
    return tuple(fila for nombre in SERVICIOS for fila in mundo.plantilla.cruda(nombre).execute(_ESTADO))
