"""Lo que dice la simulación es lo que coordinación hace: el servicio de verdad, sobre SQLite, con la misma historia."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from contratos.protocolos.lector import ultimo
from contratos.solicitudes.coordinacion import InscribirInstitucion
from eventos.coordinacion import DerivacionEmitida, InstitucionInscrita, RutaAbierta
from eventos.sobre import Anotado, decodificar
from infra.almacen.esquema import eventos
from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from senda.cliente import Credencial
from senda.embebido import estrenar
from senda.protocolo.historia import Escena
from senda.protocolo.historia import contar as contar_hechos
from senda.protocolo.persona import suponer
from senda.protocolo.simulacion import simular
from servicios.coordinacion.contexto import CONTEXTO
from servicios.coordinacion.internas import InscribirRectora
from tests.unidad.banco import Banco, banco
from tests.unidad.historia import INICIO, RUTA, anotado

HISTORIA = "deteccion,identificacion,ingreso,peligro,necesidades,medida,acusacion,retorno,se-queda"


def inscribir(b: Banco, pais: str) -> None:
    paquete = ultimo(pais)
    with b.almacen.tanda() as tanda:
        CONTEXTO.encargar(tanda, InscribirRectora(codigo=paquete.rectora, clave_firma="0" * 43, pais=pais))
    for n, i in enumerate(paquete.instituciones, 1):
        if i.codigo != paquete.rectora:
            peticion = InscribirInstitucion(
                codigo=i.codigo, pais=pais, mandatos_inscritos=i.mandatos, servicios=i.servicios,
                cobertura=i.cobertura, clave_firma=str(n).rjust(43, "A"),
            )  # fmt: skip
            b.pedir(peticion, institucion=paquete.rectora)


def contados(b: Banco) -> list[Anotado]:
    with b.almacen.tanda() as tanda:
        return [decodificar(fila.cuerpo) for fila in tanda.leer(eventos.select().order_by(eventos.c.posicion))]


def encargo(d: DerivacionEmitida) -> tuple[object, ...]:
    return (d.regla, d.de, d.a, d.servicio, d.urgencia, d.vence_acuse, d.vence_atencion, d.plazo_legal, d.motivo)


@pytest.mark.parametrize(
    ("pais", "edad", "nacionalidades"),
    [
        ("gt", "15", ("HND",)),
        ("gt", "34", ("GTM",)),
        ("gt", None, ()),
        ("pe", "12", ("BOL",)),
        ("pe", "34", ("PER",)),
        ("pe", "34", ("VEN",)),
    ],
)
def test_la_misma_historia_da_los_mismos_encargos_y_derechos(
    tmp_path: Path, pais: str, edad: str | None, nacionalidades: tuple[str, ...]
):
    paquete = ultimo(pais)
    persona = suponer(pais, edad=edad, sexo=None, nacionalidades=nacionalidades, riesgo="alto")
    with banco(CONTEXTO, tmp_path) as b:
        inscribir(b, pais)
        escena = Escena(RUTA, persona, paquete, AzarSembrado(3).uuid4)
        for n, (_, hecho) in enumerate(contar_hechos(HISTORIA, escena), 1):
            with b.almacen.tanda() as tanda:
                cuando = b.reloj.ahora()
                CONTEXTO.conocer(tanda, anotado(hecho, n, institucion=paquete.rectora, ocurrido=cuando))
            b.pasan(days=1)
        hechos = [a.hecho for a in contados(b)]
    supuesto = simular(paquete, persona, HISTORIA, INICIO)
    emitidas = [encargo(h) for h in hechos if isinstance(h, DerivacionEmitida)]
    assert emitidas == [encargo(e.derivacion) for paso in supuesto.pasos for e in paso.encargos]
    [abierta] = [h for h in hechos if isinstance(h, RutaAbierta)]
    assert set(abierta.derechos) <= set(supuesto.derechos)
    assert (abierta.nna, abierta.protocolo) == (supuesto.perfil.nna, pais)


def test_un_despliegue_de_otro_pais_inscribe_a_su_rectora_con_lo_que_dice_su_paquete(tmp_path: Path):
    azar = AzarSembrado(1)
    rectora = Credencial.generar("PE-MININTER", azar.hijo("rectora"))
    sistema = estrenar(tmp_path / "pe", rectora, RelojSimulado(INICIO), azar, "pe")
    try:
        motor = sistema.estaciones["coordinacion"].almacen.motor
        with motor.connect() as conexion:
            [primero, *_] = [decodificar(f.cuerpo) for f in conexion.execute(eventos.select())]
    finally:
        sistema.cerrar()
    assert isinstance(primero.hecho, InstitucionInscrita)
    assert (primero.hecho.codigo, primero.hecho.pais) == ("PE-MININTER", "pe")
    assert primero.registrado - INICIO < timedelta(days=1)
