"""Que dos rutas sean de la misma persona lo propone el registro y lo decide una persona."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contratos.solicitudes.deteccion import ConfirmarVinculo, RechazarVinculo, RecibirAlerta, RectificarHecho
from eventos.comun import Efecto
from eventos.deteccion import Fundamento, IdentidadVinculada, MotivoVinculo, VinculoPropuesto
from eventos.listas import CanalAlerta
from eventos.motivos import MotivoRectificacion
from eventos.tipos import Urgencia
from infra.almacen.motor import leyendo
from servicios.comun.rutas import de_la_misma_persona
from servicios.deteccion.contexto import CONTEXTO
from servicios.deteccion.internas import ProponerVinculo
from servicios.deteccion.vinculo import (
    OtraSinDeteccion,
    VinculoConsigo,
    VinculoSinProponer,
    VinculoYaConfirmado,
    VinculoYaRechazado,
)
from tests.unidad.banco import Banco, banco
from tests.unidad.historia import OTRA_RUTA

ALERTA = RecibirAlerta(canal=CanalAlerta.POLICIA, urgencia=Urgencia.INMEDIATA)


@pytest.fixture
def deteccion(tmp_path) -> Iterator[Banco]:
    with banco(CONTEXTO, tmp_path) as abierto:
        yield abierto


@pytest.fixture
def rutas(deteccion):
    return [deteccion.pedir(ALERTA)[0].hecho.ruta for _ in range(3)]


def juntas(deteccion, ruta, instante=None):
    with leyendo(deteccion.motor) as conexion:
        return de_la_misma_persona(conexion, ruta, instante)


def rechazar(una, otra):
    return RechazarVinculo(ruta=una, otra=otra, motivo=MotivoVinculo.HOMONIMIA)


def test_se_propone_una_vez_en_un_sentido_o_en_otro(deteccion, rutas):
    una, otra, _ = rutas
    [propuesta] = deteccion.pedir(ProponerVinculo(ruta=una, otra=otra))
    assert propuesta.hecho == VinculoPropuesto(ruta=una, otra=otra)
    for a, b in ((una, otra), (otra, una), (una, una), (una, OTRA_RUTA)):
        assert deteccion.pedir(ProponerVinculo(ruta=a, otra=b)) == []


def test_proponer_no_une_nada(deteccion, rutas):
    deteccion.pedir(ProponerVinculo(ruta=rutas[0], otra=rutas[1]))
    assert juntas(deteccion, rutas[0]) == {rutas[0]}


def test_confirmar_une_desde_cualquiera_de_las_dos_y_en_cadena(deteccion, rutas):
    una, otra, tercera = rutas
    deteccion.pedir(ProponerVinculo(ruta=una, otra=otra))
    [hecho] = deteccion.pedir(ConfirmarVinculo(ruta=otra, otra=una))
    assert hecho.hecho == IdentidadVinculada(ruta=otra, otra=una, fundamento=Fundamento.HUELLA)
    deteccion.pedir(ConfirmarVinculo(ruta=otra, otra=tercera, fundamento=Fundamento.DOCUMENTO))
    assert juntas(deteccion, una) == juntas(deteccion, tercera) == set(rutas)


def test_con_huella_hace_falta_que_el_registro_lo_propusiera(deteccion, rutas):
    una, otra, _ = rutas
    for peticion in (ConfirmarVinculo(ruta=una, otra=otra), rechazar(una, otra)):
        with pytest.raises(VinculoSinProponer):
            deteccion.pedir(peticion)


def test_lo_resuelto_no_se_repite_ni_se_vuelve_a_proponer(deteccion, rutas):
    una, otra, tercera = rutas
    deteccion.pedir(ProponerVinculo(ruta=una, otra=otra))
    deteccion.pedir(ConfirmarVinculo(ruta=una, otra=otra))
    deteccion.pedir(ProponerVinculo(ruta=una, otra=tercera))
    deteccion.pedir(rechazar(una, tercera))
    for peticion, error in (
        (ConfirmarVinculo(ruta=otra, otra=una), VinculoYaConfirmado),
        (rechazar(una, otra), VinculoYaConfirmado),
        (ConfirmarVinculo(ruta=tercera, otra=una), VinculoYaRechazado),
        (ConfirmarVinculo(ruta=una, otra=una), VinculoConsigo),
        (ConfirmarVinculo(ruta=una, otra=OTRA_RUTA), OtraSinDeteccion),
    ):
        with pytest.raises(error):
            deteccion.pedir(peticion)
    assert deteccion.pedir(ProponerVinculo(ruta=tercera, otra=una)) == []
    assert juntas(deteccion, tercera) == {tercera}


def test_rectificar_un_vinculo_separa_y_la_historia_de_antes_sigue_junta(deteccion, rutas):
    una, otra, _ = rutas
    [hecho] = deteccion.pedir(ConfirmarVinculo(ruta=una, otra=otra, fundamento=Fundamento.RECONOCIMIENTO))
    unidas = deteccion.reloj.ahora()
    deteccion.pasan(days=1)
    corrige = RectificarHecho(
        ruta=una, corrige=hecho.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.ERROR_DE_REGISTRO
    )
    deteccion.pedir(corrige)
    assert juntas(deteccion, una) == {una}
    assert juntas(deteccion, una, unidas) == {una, otra}
