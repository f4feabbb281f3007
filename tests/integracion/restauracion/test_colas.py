"""Lo que quedó en las colas antes de restaurar puede ser lo único que quede de un hecho: se recoge, no se tira."""

from __future__ import annotations

import json
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa

from infra.almacen.esquema import avances
from infra.azar import AzarReal
from infra.mensajeria.hechos import mensajes_de
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.borrado import borrar
from infra.reloj import RelojReal
from senda.composicion import CONTEXTOS, Montaje, mapa
from senda.consulta import base_abierta
from senda.despliegue import ARCHIVO, leer
from senda.restauracion.bases import bases_de
from senda.restauracion.recuperacion import Recuperado, recuperar
from tests.integracion.restauracion.test_recuperar import hechos, mirar

pytestmark = pytest.mark.real


def con_bus(carpeta: Path, url: str, prefijo: str) -> None:
    escrito = json.loads((carpeta / ARCHIVO).read_text())
    (carpeta / ARCHIVO).write_text(json.dumps(escrito | {"bus": url, "prefijo": prefijo}))


def aplicado(carpeta: Path) -> dict[str, list[tuple[str, int]]]:
    """Hasta dónde aplicó cada servicio lo de cada origen."""
    consulta = sa.select(avances.c.origen, avances.c.aplicada).order_by(avances.c.origen)
    vistos = {}
    for nombre in CONTEXTOS:
        with base_abierta(leer(carpeta).bases[nombre]) as motor, motor.connect() as conexion:
            vistos[nombre] = [(f.origen, f.aplicada) for f in conexion.execute(consulta)]
    return vistos


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
        antes = aplicado(carpeta)
        with bases_de(carpeta, montaje.despliegue) as bases:
            hecho = recuperar(bases, montaje)
        assert isinstance(hecho, Recuperado)
        assert hecho.origenes["/gt/deteccion"] == len(vuelan)
        assert hechos(carpeta, "deteccion") == hechos(archivado.al_final, "deteccion")
        # Se recoge y no se aplica: aplicar puede ser contar, y aún no se sabía por dónde va cada uno.
        assert aplicado(carpeta) == antes
    finally:
        transporte.cerrar()
        borrar(url_amqp, topologia)
