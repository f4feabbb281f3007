"""El catálogo de averías. Cada una es una función: rompe algo, espera lo suyo y lo deja como quien opera lo dejaría.

El sorteo de cada una sale de la semilla; lo que la máquina hace mientras, no: una semilla repite el programa y la
intención de la carga, no el entrelazado.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import psycopg

from senda.composicion import CONTEXTOS
from tests.fallos.escenario import Escenario
from tests.fallos.restaurado import origen_restaurado

_HORAS = 3600.0
_SALTOS = (40 * 60.0, 3 * _HORAS, 30 * _HORAS, 6 * 24 * _HORAS)


Averia = Callable[[Escenario], None]


def servicio_muere(e: Escenario) -> None:
    e.matar_y_volver(e.azar.choice((0.0, 0.3, 1.0)))


def mueren_todos(e: Escenario) -> None:
    vivos = [v for nombre in CONTEXTOS for v in e.flota.de(nombre)]
    e.contar(f"mueren {len(vivos)} a la vez")
    for vivo in vivos:
        e.flota.matar(vivo)
    e.esperar(0.3)
    for nombre in sorted(CONTEXTOS):
        e.flota.nacer(nombre)


def zombi(e: Escenario) -> None:
    """Una réplica hace lo suyo mientras el otro está congelado más que su arriendo; luego despierta y sigue."""
    vivo = e.uno()
    if len(e.flota.de(vivo.nombre)) == 1:
        e.flota.nacer(vivo.nombre)
        e.esperar(0.7)
    e.contar(f"se congela {vivo.nombre} (pid {vivo.pid})")
    e.flota.congelar(vivo)
    e.pausa(e.azar.choice((2.2, 3.0)))
    e.contar(f"despierta {vivo.nombre}")
    e.flota.despertar(vivo)


def bus_muere(e: Escenario) -> None:
    e.contar("kill -9 al broker")
    e.bus.matar()
    e.pausa(0.3)
    e.bus.levantar()
    e.contar("broker de vuelta")


def bus_reinicia(e: Escenario) -> None:
    e.contar("se para el broker con orden")
    e.bus.control("stop_app")
    e.pausa(0.3)
    e.bus.control("start_app")


def cola_purgada(e: Escenario) -> None:
    cola = e.cola()
    with e.bus.canal() as canal:
        quedaban = canal.queue_purge(cola) if _esta(e, cola) else 0
    e.contar(f"se purga {cola} ({quedaban} mensajes)")


def colas_borradas(e: Escenario) -> None:
    colas = [cola.nombre for cola in e.topologia.colas]
    cuales = e.azar.choice(([e.cola()], e.azar.sample(colas, 5), colas))
    e.contar(f"se borran {len(cuales)} colas")
    with e.bus.canal() as canal:
        for cola in cuales:
            canal.queue_delete(cola)


def conexiones_del_bus(e: Escenario) -> None:
    e.contar("el broker cierra todas las conexiones")
    e.bus.cortar_conexiones()


def bus_sin_sitio(e: Escenario) -> None:
    """La alarma de disco del broker: deja de admitir lo que se publica hasta que haya sitio."""
    e.contar("alarma de disco en el broker")
    e.bus.control("set_disk_free_limit", "900000GB")
    e.pausa(1.0)
    e.bus.control("set_disk_free_limit", "50MB")


def base_reinicia(e: Escenario) -> None:
    e.contar("PostgreSQL se reinicia (immediate)")
    e.cluster.reiniciar()


def conexiones_de_la_base(e: Escenario) -> None:
    e.contar("PostgreSQL termina todas las sesiones")
    e.cluster.cortar_conexiones()


def respuesta_cortada(e: Escenario) -> None:
    assert e.red_base is not None
    antes, cuantas = e.red_base.cortadas, e.azar.choice((1, 3, 8))
    e.red_base.por_cortar += cuantas
    e.pausa(2.0)
    e.red_base.por_cortar = 0
    e.contar(f"la base confirmó {e.red_base.cortadas - antes} veces y nadie lo supo")


def red_lenta(e: Escenario) -> None:
    assert e.red_base is not None
    assert e.red_bus is not None
    demora = e.azar.choice((0.02, 0.08))
    e.contar(f"la red tarda {demora} s")
    e.red_base.demora = e.red_bus.demora = demora
    e.pausa(2.0)
    e.red_base.demora = e.red_bus.demora = 0.0


def red_cortada(e: Escenario) -> None:
    assert e.red_base is not None
    assert e.red_bus is not None
    for _ in range(e.azar.choice((1, 4))):
        cual = e.azar.choice((e.red_base, e.red_bus))
        e.contar(f"se cortan las conexiones con {'la base' if cual is e.red_base else 'el bus'}")
        cual.cortar()
        e.pausa(0.4)


def disco_lleno(e: Escenario) -> None:
    e.contar("se llena el disco de PostgreSQL")
    e.cluster.llenar_disco()
    e.pausa(1.5)
    e.cluster.vaciar_disco()
    e.contar("vuelve a haber sitio")


def reloj_adelanta(e: Escenario) -> None:
    _saltar(e, 1.0)


def reloj_atrasa(e: Escenario) -> None:
    _saltar(e, -1.0)


def _saltar(e: Escenario, sentido: float) -> None:
    """La hora de uno o de todos salta y luego vuelve: para quien la lleva, dos saltos, uno en cada sentido."""
    nombres = e.azar.choice(([e.azar.choice(sorted(CONTEXTOS))], sorted(CONTEXTOS)))
    cuanto = sentido * e.azar.choice(_SALTOS)
    e.contar(f"salta {cuanto:+.0f} s el reloj de {', '.join(nombres)}")
    e.flota.mover_reloj(nombres, cuanto)
    e.pausa(1.5)
    e.contar("el reloj vuelve a su hora")
    e.flota.mover_reloj(nombres, 0.0)


def _esta(e: Escenario, cola: str) -> bool:
    with e.bus.canal() as canal:
        try:
            canal.queue_declare(cola, passive=True)
        except Exception:  # noqa: BLE001  el canal se cierra con ella: lo que sea, no está
            return False
    return True


CATALOGO: dict[str, Averia] = {
    "servicio-muere": servicio_muere,
    "mueren-todos": mueren_todos,
    "zombi": zombi,
    "bus-muere": bus_muere,
    "bus-reinicia": bus_reinicia,
    "cola-purgada": cola_purgada,
    "colas-borradas": colas_borradas,
    "conexiones-del-bus": conexiones_del_bus,
    "bus-sin-sitio": bus_sin_sitio,
    "base-reinicia": base_reinicia,
    "conexiones-de-la-base": conexiones_de_la_base,
    "respuesta-cortada": respuesta_cortada,
    "red-lenta": red_lenta,
    "red-cortada": red_cortada,
    "disco-lleno": disco_lleno,
    "reloj-adelanta": reloj_adelanta,
    "reloj-atrasa": reloj_atrasa,
    "origen-restaurado": origen_restaurado,
}
#: Las que pasan por el intermediario: solo con ellas se pone, que pasar por él cuesta.
POR_LA_RED = frozenset({"respuesta-cortada", "red-lenta", "red-cortada"})
#: Lo que una avería puede encontrarse roto por otra.
AJENO = (psycopg.Error, OSError)


def programa(semilla: int, posibles: list[str]) -> list[str]:
    """Las averías de una semilla, en orden. La primera rota por el catálogo: N semillas las cubren todas."""
    azar = Random(f"programa-{semilla}")
    otras = [azar.choice(posibles) for _ in range(azar.choice((0, 1, 1, 2)))]
    return [posibles[semilla % len(posibles)], *otras]


__all__ = ["CATALOGO", "POR_LA_RED", "programa"]
