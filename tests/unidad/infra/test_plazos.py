"""Un plazo que falla siempre no impide que venzan los demás, ni se olvida."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from contratos.solicitudes.justicia import OtorgarMedidaProteccion
from eventos.base import Hecho
from eventos.justicia import MedidaVencida
from eventos.listas import Medida
from eventos.sobre import decodificar
from infra.almacen.esquema import eventos
from infra.almacen.tanda import Tanda
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.plazos import Plazos
from servicios.comun.contexto import Contexto
from servicios.comun.mesa import Casos, Interna, Mesa
from servicios.comun.vencimientos import RevisarFechas, agenda
from servicios.justicia.contexto import CONTEXTO
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.banco import Banco, banco

RUTAS = [UUID(int=n) for n in range(1, 9)]
CULPABLES = {RUTAS[0], RUTAS[1], RUTAS[2], RUTAS[5]}
LOTE = Ajustes(lote_plazos=3)


class Vencer(Interna, frozen=True, kw_only=True):
    ruta: UUID


@dataclass
class CasosQueFallan(Casos):
    """Los de justicia, salvo que algunas rutas fallan mientras estén entre las culpables."""

    culpables: set[UUID] = field(default_factory=lambda: set(CULPABLES))
    fallo: Exception = field(default_factory=lambda: ValueError("JUANA-PEREZ"))

    def decidir(self, encargo: Any, mesa: Mesa) -> Sequence[Hecho]:
        if isinstance(encargo, RevisarFechas | Vencer) and encargo.ruta in self.culpables:
            raise self.fallo
        if isinstance(encargo, Vencer):
            mesa.tanda.conexion.execute(sa.update(agenda).where(agenda.c.ruta == encargo.ruta).values(toca=None))
            return []
        return CONTEXTO.casos.decidir(encargo, mesa)


def _vencidos(tanda: Tanda, maximo: int) -> Sequence[Interna]:
    filas = tanda.leer(sa.select(agenda).where(agenda.c.toca <= tanda.ahora).order_by(agenda.c.ruta).limit(maximo))
    return [Vencer(ruta=fila.ruta) for fila in filas]


def _proximo(tanda: Tanda) -> datetime | None:
    filas = tanda.leer(sa.select(agenda.c.toca).where(agenda.c.toca.is_not(None)).order_by(agenda.c.toca).limit(1))
    return filas[0].toca if filas else None


#: Los dos modos que hay: al leerlos quedan citados para otro día (fechas), o siguen ahí hasta vencer (derivaciones).
MODOS: dict[str, dict[str, Any]] = {"citan": {}, "siguen": {"vencidos": _vencidos, "proximo": _proximo}}


@pytest.fixture(params=MODOS)
def abierto(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Banco, CasosQueFallan]]:
    casos = CasosQueFallan()
    contexto: Contexto = replace(CONTEXTO, casos=casos, **MODOS[request.param])
    with banco(contexto, tmp_path) as suyo:
        for ruta in RUTAS:
            suyo.conocer(abierta(ruta))
            vence = suyo.reloj.ahora().date() + timedelta(days=9)
            suyo.pedir(OtorgarMedidaProteccion(ruta=ruta, clase=Medida.REUBICACION, vence=vence))
        suyo.pasan(days=4000)
        yield suyo, casos


def _por_vencer(suyo: Banco) -> set[UUID]:
    with suyo.almacen.consulta() as tanda:
        if suyo.contexto.vencidos is _vencidos:
            return {fila.ruta for fila in tanda.leer(sa.select(agenda).where(agenda.c.toca.is_not(None)))}
        dichos = tanda.leer(sa.select(eventos.c.cuerpo).where(eventos.c.tipo == MedidaVencida.tipo))
        return set(RUTAS) - {UUID(decodificar(fila.cuerpo).hecho.sujeto) for fila in dichos}


def _hasta_que_no_quede(plazos: Plazos) -> None:
    for _ in range(50):
        if not plazos.paso():
            return
    pytest.fail("no acaba nunca")


def test_los_demas_vencen_y_el_culpable_vuelve_tras_su_retroceso(abierto: tuple[Banco, CasosQueFallan]):
    suyo, casos = abierto
    plazos = Plazos(suyo.almacen, suyo.contexto, LOTE)
    with capture_logs() as registro:
        _hasta_que_no_quede(plazos)
    assert _por_vencer(suyo) == CULPABLES
    assert len(registro) == len(CULPABLES)
    assert "JUANA" not in str(registro)
    assert not any(str(ruta) in str(registro) for ruta in RUTAS)

    # Ni gira en vacío ni se olvida: hay cita para volver, y se aleja hasta su tope.
    cita = plazos.proximo()
    assert cita is not None
    assert suyo.reloj.ahora() < cita <= suyo.reloj.ahora() + LOTE.retroceso_inicial
    for _ in range(12):
        suyo.reloj.adelantar_hasta(plazos.proximo() or pytest.fail("sin cita"))
        _hasta_que_no_quede(plazos)
    cita = plazos.proximo()
    assert cita is not None
    assert suyo.reloj.ahora() < cita <= suyo.reloj.ahora() + LOTE.retroceso_maximo
    assert _por_vencer(suyo) == CULPABLES

    casos.culpables.clear()
    suyo.reloj.adelantar(LOTE.retroceso_maximo)
    _hasta_que_no_quede(plazos)
    assert _por_vencer(suyo) == set()


def test_si_la_base_cae_no_se_culpa_a_nadie(abierto: tuple[Banco, CasosQueFallan]):
    suyo, casos = abierto
    casos.fallo = OperationalError("x", {}, Exception("database is locked"), connection_invalidated=True)
    plazos = Plazos(suyo.almacen, suyo.contexto, LOTE)
    with pytest.raises(OperationalError):
        plazos.paso()
    casos.culpables.clear()
    _hasta_que_no_quede(plazos)
    assert _por_vencer(suyo) == set()


def test_el_que_fallaba_y_dejo_de_vencer_ya_no_consta_que_falle(abierto: tuple[Banco, CasosQueFallan]):
    """Otra réplica lo venció, o un hecho lo cumplió: la alarma no ha de seguir hasta que el proceso reinicie."""
    suyo, _ = abierto
    plazos = Plazos(suyo.almacen, suyo.contexto, LOTE)
    _hasta_que_no_quede(plazos)
    assert plazos.con_fallo == len(CULPABLES)
    with suyo.almacen.tanda() as tanda:
        tanda.conexion.execute(sa.update(agenda).values(toca=None))
    suyo.reloj.adelantar(LOTE.retroceso_inicial)
    assert not plazos.paso()
    assert plazos.con_fallo == 0
