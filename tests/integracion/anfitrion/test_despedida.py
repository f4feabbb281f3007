"""Quien se despide firma hasta dónde contó: lo último que se hizo también queda prometido."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from contratos.base import Mandato
from contratos.solicitudes.coordinacion import InscribirInstitucion
from eventos.listas import ServicioPedido
from infra.almacen.esquema import cabecera
from infra.almacen.motor import leyendo
from infra.azar import AzarSembrado
from infra.mensajeria.ajustes import Ajustes
from infra.reloj import RelojSimulado
from senda.cliente import Credencial, componer
from senda.embebido import Embebido, estrenar
from servicios.auditoria.cabeceras import cabeceras
from tests.integracion.pilas import INICIO


def prometida(sistema: Embebido, origen: str) -> int:
    mayor = sa.select(sa.func.max(cabeceras.c.posicion)).where(cabeceras.c.origen == origen)
    with leyendo(sistema.estaciones["auditoria"].almacen.motor) as conexion:
        return conexion.scalar(mayor) or 0


def test_lo_ultimo_queda_prometido_al_despedirse(tmp_path: Path) -> None:
    azar, reloj = AzarSembrado(1), RelojSimulado(INICIO)
    rectora = Credencial.generar("GT-SVET", azar)
    sistema = estrenar(tmp_path, rectora, reloj, azar, ajustes=Ajustes())
    sistema.planificador.hasta_reposo()
    coordinacion = sistema.estaciones["coordinacion"].almacen
    nueva = InscribirInstitucion(
        codigo="GT-CASA", pais="gt", mandatos_inscritos=(Mandato.ATENCION,),
        servicios=(ServicioPedido.PSICOSOCIAL,), cobertura=("GT-09",),
        clave_firma=Credencial.generar("GT-CASA", azar).publica,
    )  # fmt: skip
    recepcion = sistema.despliegue.recepcion["coordinacion"]
    sistema.enlace().enviar([componer(nueva, rectora, "ag-7c1e90aa", reloj.ahora(), recepcion, azar)])
    sistema.planificador.hasta_reposo()
    with leyendo(coordinacion.motor) as conexion:
        contados = conexion.scalar(sa.select(cabecera.c.posicion)) or 0
    assert prometida(sistema, coordinacion.origen) < contados
    sistema.despedir()
    assert prometida(sistema, coordinacion.origen) == contados
    sistema.cerrar()
