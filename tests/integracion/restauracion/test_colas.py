"""Lo que quedó en las colas antes de restaurar puede ser lo único que quede de un hecho: se recoge, no se tira."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest

from infra.azar import AzarReal
from infra.mensajeria.hechos import mensajes_de
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.borrado import borrar
from infra.reloj import RelojReal
from senda.composicion import Montaje, mapa
from senda.consulta import base_abierta
from senda.despliegue import ARCHIVO, leer
from senda.restauracion.bases import bases_de
from senda.restauracion.recuperacion import Recuperado, recuperar
from tests.integracion.restauracion.test_recuperar import hechos, mirar

pytestmark = pytest.mark.real


def con_bus(carpeta: Path, url: str, prefijo: str) -> None:
    escrito = json.loads((carpeta / ARCHIVO).read_text())
    (carpeta / ARCHIVO).write_text(json.dumps(escrito | {"bus": url, "prefijo": prefijo}))


def test_lo_que_solo_estaba_en_las_colas_vuelve_a_su_origen(archivado, desastre, url_amqp, prefijo_amqp) -> None:
    prefijo = f"{prefijo_amqp}r{uuid4().hex[:8]}."
    topologia = mapa(prefijo)
    carpeta = desastre(retenido=False)
    con_bus(carpeta, url_amqp, prefijo)
    tenia = len(hechos(carpeta, "deteccion"))
    transporte = abrir(url_amqp)
    try:
        transporte.preparar(topologia)
        with base_abierta(leer(archivado.al_final).bases["deteccion"]) as motor, motor.connect() as conexion:
            vuelan = mensajes_de(conexion, "/gt/deteccion", "deteccion", topologia.nombres, tenia + 1, 500)
        assert vuelan
        assert all(transporte.publicar(vuelan))
        assert mirar(carpeta).origenes[0].conocidos == tenia  # ninguna base lo sabe
        montaje = Montaje(carpeta, leer(carpeta), RelojReal(), AzarReal())
        with bases_de(carpeta, montaje.despliegue) as bases:
            hecho = recuperar(bases, montaje)
        assert isinstance(hecho, Recuperado)
        assert hecho.origenes["/gt/deteccion"] == len(vuelan)
        assert hechos(carpeta, "deteccion") == hechos(archivado.al_final, "deteccion")
    finally:
        transporte.cerrar()
        borrar(url_amqp, topologia)
