"""Subir de versión: los bytes no cambian; se sube al leer."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import pytest

from eventos.base import CATALOGO, UNSET, HechoDeRuta, Sellado, hecho
from eventos.sobre import codificar, decodificar
from eventos.tipos import Relato, SiNo, Urgencia
from eventos.versiones import SUBIDAS, sube
from tests.dorados.ejemplo import cifra_fija, descifra_fija, ejemplo


@pytest.fixture
def tipos() -> Iterator[tuple[type[HechoDeRuta], type[HechoDeRuta]]]:
    catalogo, subidas = dict(CATALOGO), dict(SUBIDAS)

    @hecho("aviso", version=1)
    class AvisoViejo(HechoDeRuta, frozen=True, kw_only=True):
        urgente: bool
        detalle: Sellado[Relato] = UNSET

    @hecho("aviso", version=3)
    class Aviso(HechoDeRuta, frozen=True, kw_only=True):
        urgencia: Urgencia
        nna: SiNo
        detalle: Sellado[Relato] = UNSET

    contexto = Aviso.contexto

    @sube(f"senda.{contexto}.aviso.v1", f"senda.{contexto}.aviso.v2")
    def a_la_2(datos):
        urgente = datos.pop("urgente")
        return datos | {"urgencia": "inmediata" if urgente else "ordinaria"}

    @sube(f"senda.{contexto}.aviso.v2", f"senda.{contexto}.aviso.v3")
    def a_la_3(datos):
        return datos | {"nna": "no-consta"}

    yield AvisoViejo, Aviso
    CATALOGO.clear()
    CATALOGO.update(catalogo)
    SUBIDAS.clear()
    SUBIDAS.update(subidas)


@pytest.mark.parametrize("descifrar", [None, descifra_fija], ids=["sin-clave", "con-clave"])
def test_lo_viejo_se_lee_como_lo_nuevo(tipos, descifrar):
    viejo, nuevo = tipos
    anotado = ejemplo(viejo)
    cuerpo = codificar(anotado, cifra_fija("aviso"))
    leido = decodificar(cuerpo, descifrar)
    assert isinstance(leido.hecho, nuevo)
    assert leido.hecho.urgencia is Urgencia.INMEDIATA
    assert leido.hecho.nna is SiNo.NO_CONSTA
    assert leido.hecho.detalle == (UNSET if descifrar is None else "Texto que solo viaja sellado.")
    assert msgspec.structs.replace(leido, hecho=anotado.hecho) == anotado


def test_un_tipo_no_se_inscribe_dos_veces(tipos):
    _, nuevo = tipos
    with pytest.raises(TypeError):
        hecho("aviso", version=3)(nuevo)
