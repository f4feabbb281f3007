"""Que la simulación PUEDE fallar: se quita una defensa de las de verdad y en pocas semillas se nota."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
import sqlalchemy as sa

from infra.almacen.esquema import avances, entrada
from infra.almacen.tanda import Tanda
from infra.mensajeria import aplicador
from infra.mensajeria.apartados import aplicar
from infra.mensajeria.aplicador import Aplicador
from infra.mensajeria.panorama import panorama
from infra.mensajeria.puertos import HechoCrudo
from infra.mensajeria.respuestas import Respuestas
from tests.simulacion.caos import Intensidades
from tests.simulacion.corrida import correr

Quitar = Callable[[pytest.MonkeyPatch], None]
_SEMILLAS = range(1, 5)


def sin_repetidos(mp: pytest.MonkeyPatch) -> None:
    """Una solicitud repetida se atiende como si fuera nueva."""
    mp.setattr(Respuestas, "repetida_tal_cual", lambda *_: False)
    mp.setattr(Respuestas, "ya_respondida", lambda *_: False)


def sin_orden(mp: pytest.MonkeyPatch) -> None:
    """Se aplica lo que haya llegado después de lo aplicado, aunque falte algo en medio."""

    def contiguos(self: Aplicador, conexion: sa.Connection, origen: str, aplicada: int) -> list[HechoCrudo]:
        e = entrada.c
        consulta = sa.select(e.posicion, e.anterior, e.hoja, e.cuerpo).where(e.origen == origen, e.posicion > aplicada)
        return [HechoCrudo(origen, *fila) for fila in conexion.execute(consulta.order_by(e.posicion))]

    def todos(self: Aplicador, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        with self.almacen.tanda() as tanda:
            nuevos = _nuevos(tanda, origen, crudos)
            if nuevos:
                _efecto(self, tanda, nuevos)
                aplicador._avanzar(tanda, nuevos[-1])
        return bool(nuevos)

    mp.setattr(aplicador, "panorama", lambda *a: [v._replace(sigue=v.ultima > v.aplicada) for v in panorama(*a)])
    mp.setattr(Aplicador, "_contiguos", contiguos)
    mp.setattr(Aplicador, "_aplicar_juntos", todos)


def avance_aparte(mp: pytest.MonkeyPatch) -> None:
    """El avance se confirma antes que su efecto, en otra transacción."""

    def todos(self: Aplicador, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        with self.almacen.tanda() as tanda:
            nuevos = _nuevos(tanda, origen, crudos)
            if nuevos:
                aplicador._avanzar(tanda, nuevos[-1])
        with self.almacen.tanda() as tanda:
            _efecto(self, tanda, nuevos)
        return bool(nuevos)

    mp.setattr(Aplicador, "_aplicar_juntos", todos)


#: Averías a la medida de cada defensa: así bastan unas pocas semillas.
_FUERTE: dict[Quitar, Intensidades] = {
    sin_repetidos: Intensidades(duplicar=0.3, perder=0.2),
    sin_orden: Intensidades(perder=0.2, retrasar=0.3, barajar=0.5),
    avance_aparte: Intensidades(morir_al_confirmar=0.03),
}


@pytest.mark.parametrize("quitar", list(_FUERTE))
def test_sin_esa_defensa_la_simulacion_lo_nota(quitar: Quitar, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(Intensidades, "de_semilla", lambda _azar: _FUERTE[quitar])
    assert not any(_falla(semilla) for semilla in _SEMILLAS)
    quitar(monkeypatch)
    assert any(_falla(semilla) for semilla in _SEMILLAS)


def _falla(semilla: int) -> bool:
    try:
        return bool(correr(semilla).faltas)
    except Exception:  # noqa: BLE001 - un servicio que revienta también se nota
        return True


def _nuevos(tanda: Tanda, origen: str, crudos: Sequence[HechoCrudo]) -> list[HechoCrudo]:
    aplicada = tanda.conexion.scalar(sa.select(avances.c.aplicada).where(avances.c.origen == origen)) or 0
    return [c for c in crudos if c.posicion > aplicada]


def _efecto(de: Aplicador, tanda: Tanda, crudos: Sequence[HechoCrudo]) -> None:
    de.servicio.guardar_crudo(tanda, crudos)
    if de.servicio.interpreta:
        aplicar(tanda, de.servicio, crudos)
