"""El azar inyectado: la semilla manda, los hijos no se pisan y los ids son los de la norma."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256, shake_256
from uuid import RFC_4122

import pytest

from infra.azar import Azar, AzarReal, AzarSembrado

INSTANTE = datetime(2026, 1, 5, 12, 30, 15, 123_999, tzinfo=UTC)


@pytest.fixture(params=["real", "sembrado"])
def azar(request: pytest.FixtureRequest) -> Azar:
    return AzarReal() if request.param == "real" else AzarSembrado(7)


def test_la_secuencia_es_la_del_formato_y_no_depende_de_los_trozos() -> None:
    clave = sha256(b"senda-azar\nentero:7").digest()
    esperado = b"".join(shake_256(clave + n.to_bytes(8)).digest(1024) for n in range(5))
    azar = AzarSembrado(7)
    trozos = [azar.bytes(n) for n in (0, 1, 1000, 23, 1024, 2048, 1024)]
    assert b"".join(trozos) == esperado


def test_vector_fijo_para_cualquier_plataforma() -> None:
    assert AzarSembrado(7).bytes(16).hex() == "05fcca9e9aed0fe48889608841b6c402"


def test_semillas_e_hijos_distintos_no_coinciden() -> None:
    padre = AzarSembrado(7)
    azares = [padre, AzarSembrado(8), AzarSembrado(b"7"), padre.hijo("a"), padre.hijo("b"), padre.hijo("a").hijo("b")]
    assert len({azar.bytes(16) for azar in azares}) == len(azares)


def test_el_hijo_no_depende_de_lo_gastado_por_el_padre() -> None:
    gastado = AzarSembrado(7)
    gastado.bytes(5000)
    assert gastado.hijo("claves").bytes(64) == AzarSembrado(7).hijo("claves").bytes(64)


def test_uuid4(azar: Azar) -> None:
    ids = {azar.uuid4() for _ in range(500)}
    assert len(ids) == 500
    assert {(i.version, i.variant) for i in ids} == {(4, RFC_4122)}


def test_uuid7_lleva_el_milisegundo_y_74_bits_de_azar(azar: Azar) -> None:
    ids = [azar.uuid7(INSTANTE) for _ in range(500)]
    milisegundos = int(datetime(2026, 1, 5, 12, 30, 15, tzinfo=UTC).timestamp()) * 1000 + 123
    assert {i.int >> 80 for i in ids} == {milisegundos}
    assert {(i.version, i.variant) for i in ids} == {(7, RFC_4122)}
    todos_unos = todos_ceros = ids[0].int
    for i in ids:
        todos_unos &= i.int
        todos_ceros |= i.int
    cambian = todos_unos ^ todos_ceros
    assert cambian.bit_count() == 74


def test_uuid7_fuera_de_rango(azar: Azar) -> None:
    with pytest.raises(ValueError, match="UUIDv7"):
        azar.uuid7(datetime(1969, 12, 31, tzinfo=UTC))
    with pytest.raises(TypeError):
        azar.uuid7(datetime(2026, 1, 5))  # noqa: DTZ001


def test_fraccion_cubre_el_intervalo(azar: Azar) -> None:
    valores = [azar.fraccion() for _ in range(2000)]
    assert all(0 <= v < 1 for v in valores)
    assert min(valores) < 0.05
    assert max(valores) > 0.95


def test_no_hay_bytes_negativos() -> None:
    with pytest.raises(ValueError, match="negativo"):
        AzarSembrado(1).bytes(-1)
