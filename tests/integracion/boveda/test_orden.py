"""`senda boveda` sobre un despliegue: la identidad entra y sale por donde nadie la ve pasar."""

from __future__ import annotations

from uuid import UUID

import msgspec
import pytest
from typer.testing import CliRunner

from infra.seguridad.boveda.ficha import FichaIdentidad
from senda.orden import app
from tests.integracion.boveda.mundo import FICHA, RASTROS
from tests.integracion.boveda.pais import ONG, OTRA, UNA


@pytest.fixture
def senda(pais):
    def correr(*orden, quien=ONG, entrada=b""):
        firma = ("--institucion", quien.institucion, "--agente", quien.agente) if quien else ()
        return CliRunner().invoke(
            app, ["boveda", *map(str, orden), *firma, "--carpeta", str(pais.carpeta)], input=entrada
        )

    return correr


def test_depositar_abrir_y_romper_el_vidrio(pais, senda, tmp_path):
    ruta = pais.detectar()
    privada = tmp_path / "privada"
    privada.write_bytes(pais.privadas["GT-ONG"].private_bytes_raw())
    titulo = ("--base", "mandato", "--referencia", ruta, "--para", "proteccion-nna")
    depositado = senda("depositar", ruta, *titulo, entrada=msgspec.json.encode(FICHA))
    assert (depositado.exit_code, depositado.output) == (0, "")
    abierto = senda("abrir", ruta, "--para", "proteccion-nna", "--privada", privada)
    assert msgspec.json.decode(abierto.stdout, type=FichaIdentidad) == FICHA
    negado = senda("abrir", ruta, "--para", "salud", "--privada", privada)
    assert negado.exit_code == 1
    assert "finalidad-no-amparada (finalidad)" in negado.stderr
    privada.write_bytes(pais.privadas["GT-SVET"].private_bytes_raw())
    excepcional = senda("abrir", ruta, "--excepcional", "riesgo-de-vida", "--privada", privada, quien=UNA)
    assert msgspec.json.decode(excepcional.stdout, type=FichaIdentidad) == FICHA
    assert pais.boveda.pendientes() == [], "la orden ya lo contó al libro"
    vistos = senda("accesos", ruta, quien=None)
    assert vistos.exit_code == 0
    assert all(palabra in vistos.stdout for palabra in ("negado-abrir", "abrir-excepcional", ONG.agente))
    assert not any(rastro.decode() in vistos.stdout for rastro in RASTROS)


def test_autorizar_dice_lo_que_concedio(pais, senda):
    ruta = pais.detectar()
    pais.depositar(ruta)
    pais.inscribir("GT-NNA")
    titulo = ("--base", "mandato", "--referencia", ruta, "--para", "proteccion-nna")
    entero = senda("autorizar", ruta, "GT-NNA", *titulo, "--hasta", "2026-01-06T00:00:00")
    assert entero.exit_code == 0
    assert str(UUID(entero.stdout.strip())) in entero.stdout
    assert "proteccion-nna; hasta 2026-01-06 00:00" in entero.stderr
    assert "menos de lo pedido" not in entero.stderr
    recortado = senda("autorizar", ruta, "GT-NNA", *titulo, "--para", "localizacion-familiar")
    assert "Para proteccion-nna; sin fecha de término. Es menos de lo pedido" in recortado.stderr


def test_una_ficha_mal_escrita_no_se_repite_en_el_error(pais, senda):
    mala = msgspec.json.encode({"nombres": ["Xochiquetzalia"]})
    titulo = ("--base", "mandato", "--referencia", pais.detectar(), "--para", "proteccion-nna")
    negado = senda("depositar", titulo[3], *titulo, entrada=mala)
    assert negado.exit_code == 1
    assert "ficha-invalida" in negado.output
    assert "Xochi" not in negado.output


@pytest.mark.parametrize(
    ("institucion", "agente"), [("GT-ONG", "Xochiquetzalia"), ("GT-ONG", "ag-1"), ("ong", "ag-7c1e90aa")]
)
@pytest.mark.parametrize("orden", [("boveda", "revocar"), ("registro", "registrar")])
def test_quien_actua_ha_de_tener_forma_de_seudonimo(tmp_path, orden, institucion, agente):
    """Lo que se anota no se borra, y el libro no sabría leer otra cosa: dejaría de contarse todo lo demás."""
    ruta = "94a76ce0-b760-4cb5-bb80-002faaad53bb"
    citado = (ruta,) if orden[0] == "boveda" else ()
    negado = CliRunner().invoke(
        app, [*orden, ruta, *citado, "--institucion", institucion, "--agente", agente, "--carpeta", str(tmp_path)]
    )
    assert negado.exit_code == 2
    assert "no tiene la forma" in " ".join(negado.output.split())
    assert agente not in negado.output.replace("ag-7c1e90aa", "")


def test_destruir_pide_dos_personas(pais, senda):
    ruta = pais.detectar()
    peticion = senda("destruir", "pedir", ruta, "la-persona-lo-pide", quien=UNA).stdout.strip()
    misma = senda("destruir", "confirmar", peticion, quien=UNA)
    assert (misma.exit_code, "destruccion-misma-persona" in misma.stderr) == (1, True)
    assert senda("destruir", "confirmar", peticion, quien=OTRA).exit_code == 0
    pronto = senda("destruir", "ejecutar", peticion, quien=OTRA)
    assert (pronto.exit_code, "destruccion-antes-de-tiempo" in pronto.stderr) == (1, True)
    assert senda("destruir", "desistir", peticion, quien=OTRA).exit_code == 0
    vistas = senda("destruir", "ver", quien=None).stdout
    assert peticion in vistas
    assert "desistida" in vistas


def test_repartir_y_reunir(pais, senda):
    partes = senda("repartir", "--umbral", 2, "--partes", 3, quien=None).stdout
    assert len(partes.splitlines()) == 3
    paquete = pais.carpeta / "boveda" / "paquete.jwe"
    perdida = pais.carpeta / "boveda" / "envoltura"
    clave = perdida.read_bytes()
    perdida.unlink()
    pocas = senda("reunir", paquete, quien=None, entrada=partes.splitlines()[0])
    assert (pocas.exit_code, "faltan-partes" in pocas.stderr) == (1, True)
    assert senda("reunir", paquete, quien=None, entrada=partes).exit_code == 0
    assert perdida.read_bytes() == clave


def test_sin_boveda_se_dice(pais, senda, tmp_path):
    ausente = CliRunner().invoke(app, ["boveda", "accesos", "--carpeta", str(tmp_path / "nada")])
    assert (ausente.exit_code, "no hay un despliegue" in ausente.stderr) == (2, True)
    assert senda("instalar", quien=None).exit_code == 1
