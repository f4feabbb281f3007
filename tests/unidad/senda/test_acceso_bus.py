"""Con qué entra cada usuario al bus: con lo suyo o con nada; nunca, sin decirlo, con lo de otro."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from infra.azar import AzarSembrado
from infra.mensajeria.transportes import direccion
from senda.acceso_bus import Acceso, LlaveAusente
from senda.despliegue import Despliegue

GENERAL = "amqps://general:x@bus.ejemplo:5671/senda"


@pytest.fixture
def acceso(tmp_path: Path) -> Acceso:
    despliegue = Despliegue(
        pais="gt", bus=GENERAL, bases={}, rectora="GT-SVET", clave_rectora="", claves_de_origen={}, recepcion={}
    )
    (tmp_path / "tls").mkdir()
    return Acceso(tmp_path, despliegue)


def test_con_certificado_y_sin_llave_se_dice_cual_falta(acceso: Acceso):
    (acceso.certificados / "deteccion.pem").touch()
    # Aunque quede una contraseña vieja: quien tiene certificado no entra con ella.
    acceso.claves.asegurar("deteccion", AzarSembrado(1))
    for entrar in (acceso.url_de_servicio, acceso.url_para_entrar):
        with pytest.raises(LlaveAusente, match=r"tls/deteccion\.key"):
            entrar("deteccion")
    # A la matriz le basta saber que aquí no puede entrar como él.
    assert acceso.url_de("deteccion") is None

    (acceso.certificados / "deteccion.key").touch()
    assert acceso.url_de_servicio("deteccion").startswith("amqps://deteccion@bus.ejemplo:5671/senda?certificado=")


def test_sin_nada_suyo_un_servicio_entra_con_la_direccion_del_despliegue(acceso: Acceso):
    assert acceso.url_de_servicio("deteccion") == GENERAL
    assert acceso.url_para_entrar("deteccion") is None


def test_con_varios_nodos_cada_direccion_lleva_con_que_entra_el(acceso: Acceso):
    varias = Acceso(
        acceso.carpeta,
        msgspec.structs.replace(acceso.despliegue, bus="amqps://bus1:5671/senda;amqps://bus2:5671/senda"),
    )
    for archivo in ("ca.pem", "deteccion.pem", "deteccion.key"):
        (varias.certificados / archivo).touch()
    assert varias.vhost == "senda"
    uno, otro = varias.url_de_servicio("deteccion").split(";")
    assert uno.startswith("amqps://deteccion@bus1:5671/senda?ca=")
    assert otro == uno.replace("bus1", "bus2")
    assert direccion.leer(f"{uno};{otro}")["login_method"] == "EXTERNAL"
