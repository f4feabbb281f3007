"""El tiempo inyectado: UTC, sin retrocesos y compartible entre procesos."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from infra.reloj import RelojAcelerado, RelojReal, RelojSimulado, reloj_desde

LUNES = datetime(2026, 1, 5, tzinfo=UTC)


class Manecillas:
    """Época y monótono de una máquina que mueve la prueba."""

    def __init__(self, epoca: float, monotono: float) -> None:
        self.epoca, self.monotono = epoca, monotono

    def reloj(self, factor: float = 3600, inicio_real: float = 1000.0) -> RelojAcelerado:
        return RelojAcelerado(LUNES, inicio_real, factor, epoca=lambda: self.epoca, monotono=lambda: self.monotono)


def test_el_real_da_utc_con_zona() -> None:
    reloj = RelojReal()
    assert reloj.ahora().tzinfo is UTC
    assert reloj.monotono() <= reloj.monotono()


def test_el_simulado_solo_se_mueve_cuando_lo_mueven() -> None:
    reloj = RelojSimulado(LUNES)
    assert (reloj.ahora(), reloj.monotono()) == (LUNES, 0.0)
    reloj.adelantar(timedelta(hours=1))
    reloj.adelantar_hasta(LUNES + timedelta(hours=3))
    reloj.adelantar_hasta(LUNES)
    assert (reloj.ahora(), reloj.monotono()) == (LUNES + timedelta(hours=3), 10_800.0)
    with pytest.raises(ValueError, match="no retrocede"):
        reloj.adelantar(timedelta(seconds=-1))


def test_el_simulado_pasa_a_utc_y_exige_zona() -> None:
    guatemala = timezone(timedelta(hours=-6))
    ahora = RelojSimulado(datetime(2026, 1, 4, 18, tzinfo=guatemala)).ahora()
    assert ahora == LUNES
    assert ahora.tzinfo is UTC
    with pytest.raises(ValueError, match="zona"):
        RelojSimulado(datetime(2026, 1, 5))  # noqa: DTZ001


def test_el_acelerado_acelera_los_plazos_y_no_la_paciencia() -> None:
    maquina = Manecillas(epoca=1000.0, monotono=50.0)
    reloj = maquina.reloj()
    assert reloj.ahora() == LUNES
    maquina.monotono += 2
    assert reloj.ahora() == LUNES + timedelta(hours=2)
    assert reloj.monotono() == 52.0


def test_dos_procesos_comparten_el_tiempo_aunque_arranquen_en_momentos_distintos() -> None:
    maquina = Manecillas(epoca=1000.0, monotono=50.0)
    primero = maquina.reloj()
    maquina.epoca, maquina.monotono = 1007.0, 57.0
    segundo = maquina.reloj()
    assert primero.ahora() == segundo.ahora() == LUNES + timedelta(hours=7)


def test_un_ajuste_de_hora_no_lo_mueve() -> None:
    maquina = Manecillas(epoca=1000.0, monotono=50.0)
    reloj = maquina.reloj()
    maquina.epoca -= 30
    assert reloj.ahora() == LUNES


def test_el_acelerado_va_y_vuelve_por_texto() -> None:
    reloj = RelojAcelerado.desde_texto("acelerado:3600:2026-01-05T00:00:00Z:1767571200.25")
    assert reloj.texto() == "acelerado:3600.0:2026-01-05T00:00:00Z:1767571200.25"
    assert RelojAcelerado.desde_texto(reloj.texto()).texto() == reloj.texto()
    assert isinstance(reloj_desde(reloj.texto()), RelojAcelerado)
    assert isinstance(reloj_desde("real"), RelojReal)


@pytest.mark.parametrize(
    "texto",
    [
        "",
        "acelerado",
        "acelerado:3600:2026-01-05T00:00:00Z",
        "acelerado:x:2026-01-05T00:00:00Z:1",
        "acelerado:0:2026-01-05T00:00:00Z:1",
        "acelerado:inf:2026-01-05T00:00:00Z:1",
        "acelerado:nan:2026-01-05T00:00:00Z:1",
        "acelerado:60:2026-01-05T00:00:00Z:nan",
        "acelerado:60:2026-01-05T00:00:00:1",
        "lento:60:2026-01-05T00:00:00Z:1",
    ],
)
def test_un_texto_malo_se_rechaza(texto: str) -> None:
    with pytest.raises(ValueError):
        reloj_desde(texto)
