"""`senda auditar accesos`: quién leyó las rutas de una persona, todas las suyas, y si el registro está íntegro."""

from __future__ import annotations

import msgspec
import pytest
from sqlalchemy import text
from typer.testing import CliRunner

from contratos.solicitudes.deteccion import ConfirmarVinculo
from eventos.deteccion import Fundamento
from senda.consulta import historia
from senda.orden import app
from senda.orden.accesos import PARA_QUE
from servicios.auditoria.accesos import TODAS, Acceso, MotivoAcceso, cabecera, registrar
from tests.integracion.boveda.pais import ONG

RECTORA = "GT-SVET"


@pytest.fixture
def leida(pais):
    """Una ruta que leyeron dos instituciones, y una lectura de todas."""
    ruta, otra = pais.detectar(), pais.detectar()
    historia(pais.carpeta, ruta, None, "GT-ONG", MotivoAcceso.ATENCION)
    historia(pais.carpeta, otra, None, None, MotivoAcceso.OPERACION)
    with pais.almacenes["auditoria"].motor.begin() as conexion:
        registrar(conexion, Acceso(RECTORA, TODAS, MotivoAcceso.ESTADISTICA, pais.reloj.ahora()))
    historia(pais.carpeta, ruta, None, None, MotivoAcceso.MANDATO_JUDICIAL)
    return ruta, otra


def accesos(pais, ruta, *opciones):
    return CliRunner().invoke(app, ["auditar", "accesos", str(ruta), "--carpeta", str(pais.carpeta), *opciones])


def ultimo(pais):
    with pais.almacenes["auditoria"].motor.connect() as conexion:
        return cabecera(conexion)


def test_dice_quien_cuando_y_para_que_tambien_quien_las_leyo_todas_y_quien_saca_el_informe(pais, leida):
    ruta, _ = leida
    sacado = accesos(pais, ruta, "--json")
    assert sacado.exit_code == 0
    contado = msgspec.json.decode(sacado.stdout)
    assert [(a["institucion"], a["ruta"], a["motivo"]) for a in contado["accesos"]] == [
        ("GT-ONG", str(ruta), "atencion"),
        (RECTORA, TODAS, "estadistica"),
        (RECTORA, str(ruta), "mandato-judicial"),
        (RECTORA, str(ruta), "peticion-de-la-persona"),
    ]
    assert (contado["integra"], contado["rota_en"], contado["ocultas"]) == (True, None, 0)
    numero, hoja = ultimo(pais)
    assert (contado["accesos"][-1]["numero"], contado["accesos"][-1]["hoja"]) == (numero, hoja.hex())


def test_en_papel_se_lee_sin_saber_de_codigos(pais, leida):
    ruta, otra = leida
    papel = accesos(pais, ruta).stdout
    for dicho in ("atenderla", "hacer estadística", "todas las rutas", "lo pidió ella", "está íntegro", "GT-ONG"):
        assert dicho in papel
    assert "hacer funcionar el sistema" not in papel, "eso fue otra persona"
    assert str(otra) not in papel
    assert set(PARA_QUE) == set(MotivoAcceso)


def test_las_rutas_vinculadas_son_de_la_misma_persona_y_se_cuentan_solo_a_quien_las_ve(pais, leida):
    ruta, otra = leida
    pais.pedir(ONG, ConfirmarVinculo(ruta=ruta, otra=otra, fundamento=Fundamento.RECONOCIMIENTO))
    pais.asentar()
    todo = msgspec.json.decode(accesos(pais, ruta, "--json").stdout)
    assert todo["rutas"] == [str(ruta), str(otra)]
    assert [a["numero"] for a in todo["accesos"]] == list(range(1, ultimo(pais)[0] + 1))
    with pais.almacenes["coordinacion"].motor.begin() as conexion:
        conexion.execute(text("DELETE FROM participaciones WHERE ruta = :otra"), {"otra": otra.hex})
    parte = msgspec.json.decode(accesos(pais, ruta, "--json", "--como", "GT-ONG", "--motivo", "atencion").stdout)
    assert (parte["rutas"], parte["ocultas"]) == ([str(ruta)], 1)
    assert {a["ruta"] for a in parte["accesos"]} == {str(ruta), TODAS}
    assert (parte["accesos"][-1]["institucion"], parte["accesos"][-1]["motivo"]) == ("GT-ONG", "atencion")


def test_quien_no_participa_ni_supervisa_no_lo_saca_ni_consta_que_lo_sacara(pais, leida):
    ruta, _ = leida
    pais.inscribir("GT-AJENA")
    antes = ultimo(pais)
    for como in ("GT-AJENA", "GT-NADIE"):
        negado = accesos(pais, ruta, "--json", "--como", como)
        assert (negado.exit_code, negado.stdout) == (2, "")
    assert ultimo(pais) == antes
    assert CliRunner().invoke(app, ["auditar", "accesos", str(ruta), "--carpeta", "/nada"]).exit_code == 2


@pytest.mark.parametrize(
    ("cambio", "donde"),
    [
        ("UPDATE accesos SET institucion = 'GT-MP' WHERE numero = 1", 1),
        ("DELETE FROM accesos WHERE numero = 3", 3),
        ("UPDATE accesos SET motivo = 'curiosidad' WHERE numero = 4", 4),
        ("UPDATE accesos SET instante = 'ayer' WHERE numero = 4", 4),
    ],
)
def test_si_la_cadena_esta_rota_lo_dice_con_su_numero_y_sale_con_uno(pais, leida, cambio, donde):
    ruta, _ = leida
    with pais.almacenes["auditoria"].motor.begin() as conexion:
        for orden in ("update", "delete"):
            conexion.execute(text(f"DROP TRIGGER accesos_sin_{orden}"))
        conexion.execute(text(cambio))
    papel, sacado = accesos(pais, ruta), accesos(pais, ruta, "--json")
    contado = msgspec.json.decode(sacado.stdout)
    assert (papel.exit_code, sacado.exit_code) == (1, 1)
    assert f"no casa desde el n.º {donde}" in " ".join(papel.stdout.split())
    assert (contado["integra"], contado["rota_en"]) == (False, donde)
