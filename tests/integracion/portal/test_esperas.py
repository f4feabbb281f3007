"""La espera larga: se despierta al llegar algo, tiene tope por institución y no ocupa los hilos con que se atiende."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from types import SimpleNamespace

import pytest

from senda.arena import Historia
from servicios.portal import puerta as puertas
from servicios.portal.puerta import Puerta, PuertaLlena
from servicios.portal.timbre import DemasiadasEsperas, Timbre


def una_puerta(monkeypatch, **opciones) -> Puerta:
    """Con una base de mentira: lo que se prueba es la espera."""
    monkeypatch.setattr(puertas, "leyendo", lambda _motor: nullcontext())
    return Puerta(SimpleNamespace(motor=None), **opciones)  # type: ignore[arg-type]


async def _hasta(condicion) -> None:
    """Cede el turno hasta que se cumpla."""
    while not condicion():  # noqa: ASYNC110  no hay a quién pedirle que avise
        await asyncio.sleep(0)


def test_se_despierta_al_llegar_y_no_cuando_toca_mirar(monkeypatch):
    monkeypatch.setattr(puertas, "SONDEO", 3600.0)
    llegado: list[str] = []

    async def esperar() -> str | None:
        puerta = una_puerta(monkeypatch)
        puerta.timbre.enchufar()
        espera = asyncio.ensure_future(puerta._cuando("GT-A", 3600.0, lambda _: llegado[0] if llegado else None))
        await _hasta(lambda: puerta.timbre.esperas == 1)
        puerta.timbre.sonar("GT-B")
        llegado.append("algo")
        puerta.timbre.sonar("GT-A")
        return await asyncio.wait_for(espera, 30)

    assert asyncio.run(esperar()) == "algo"


def test_al_pedir_parada_quien_espera_contesta_ya(monkeypatch):
    async def esperar() -> str | None:
        puerta = una_puerta(monkeypatch)
        puerta.timbre.enchufar()
        espera = asyncio.ensure_future(puerta._cuando("GT-A", 3600.0, lambda _: None))
        await _hasta(lambda: puerta.timbre.esperas == 1)
        puerta.timbre.parar()
        return await asyncio.wait_for(espera, 30)

    assert asyncio.run(esperar()) is None


def test_mas_de_ocho_esperas_no_y_las_de_otra_no_cuentan():
    timbre = Timbre()
    abiertas = [timbre.entrar("GT-A") for _ in range(8)]
    with pytest.raises(DemasiadasEsperas):
        timbre.entrar("GT-A")
    timbre.salir("GT-B", timbre.entrar("GT-B"))
    timbre.salir("GT-A", abiertas[0])
    timbre.entrar("GT-A")


def test_con_las_esperas_llenas_leer_esperando_da_429_y_pedir_o_leer_sin_esperar_no(arena, propia, encargo):
    timbre = arena.portal.puerta.timbre
    llenas = [timbre.entrar("GT-PRUEBA") for _ in range(8)]

    negada = propia.leer("/v1/acuses?espera=5")
    leida = propia.leer("/v1/acuses")
    pedida = propia.pedir("recibir-derivacion", espera=5, **encargo)
    for aviso in llenas:
        timbre.salir("GT-PRUEBA", aviso)

    assert (negada.status_code, negada.json()["codigo"]) == (429, "demasiadas-esperas")
    assert leida.status_code == 200
    # Guardada está: que no se pueda esperar no es que no se vaya a hacer.
    assert pedida.status_code in {200, 202}
    assert propia.leer("/v1/acuses?desde=1&espera=10").json()["mensajes"]


def test_con_demasiadas_en_curso_se_contesta_ya_que_no(monkeypatch):
    async def llenar() -> None:
        puerta = una_puerta(monkeypatch, maximo=2)
        suelta = asyncio.Event()
        bucle = asyncio.get_running_loop()

        def trabajar() -> None:
            asyncio.run_coroutine_threadsafe(suelta.wait(), bucle).result(30)

        ocupadas = [asyncio.ensure_future(puerta._en_hilo(trabajar)) for _ in range(2)]
        await _hasta(lambda: puerta.en_curso == 2)
        with pytest.raises(PuertaLlena):
            await puerta._en_hilo(lambda: None)
        suelta.set()
        await asyncio.gather(*ocupadas)
        assert await puerta._en_hilo(lambda: 7) == 7

    asyncio.run(llenar())


def test_el_buzon_despierta_a_quien_lo_espera(arena, propia):
    assert propia.buzon(espera=0) == []
    arena.en_su_hilo(lambda: arena.abrir_ruta(Historia()))
    assert propia.buzon(espera=30)
