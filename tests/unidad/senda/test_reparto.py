"""Cada contenedor recibe su carpeta: con lo suyo puede trabajar, y con ella no se alcanza nada de los demás."""

from __future__ import annotations

import pytest

from infra.azar import AzarReal
from infra.seguridad.identidad_servicio import ClavesInvalidas
from senda.boveda import CONSULTADOS
from senda.cliente import Credencial
from senda.composicion import CONTEXTOS, instalaciones
from senda.despliegue import anillo_maestro, claves_de, crear, leer, maestra
from senda.reparto import PARTES, repartir


@pytest.fixture
def carpeta(tmp_path):
    rectora = Credencial.generar("GT-SVET", AzarReal())
    crear(
        tmp_path / "admin", instalaciones(), pais="gt", bus="amqps://bus:5671/senda", base=None, prefijo="",
        reloj="real", rectora="GT-SVET", clave_rectora=rectora.publica, azar=AzarReal(),
    )  # fmt: skip
    tls = tmp_path / "admin" / "tls"
    tls.mkdir()
    for nombre in ("ca", *CONTEXTOS, "portal", "GT-SVET"):
        (tls / f"{nombre}.pem").write_text(f"certificado de {nombre}")
        (tls / f"{nombre}.key").write_text(f"llave de {nombre}")
    (tmp_path / "comun").mkdir()
    return tmp_path


def hecho(carpeta):
    repartir(carpeta / "admin", carpeta / "reparto", carpeta / "comun" / "maestra")
    return carpeta / "reparto"


def test_cada_servicio_tiene_su_base_y_sus_claves_y_ninguna_otra(carpeta):
    reparto = hecho(carpeta)
    for nombre in CONTEXTOS:
        suya = reparto / nombre
        assert set(leer(suya).bases) == {nombre, "llavero"}
        assert claves_de(suya, nombre).firma.private_bytes_raw()
        assert maestra(suya) == maestra(carpeta / "admin")
        assert {a.name for a in (suya / "claves").iterdir()} == {nombre}
        assert {a.name for a in (suya / "tls").iterdir()} == {"ca.pem", f"{nombre}.pem", f"{nombre}.key"}


def test_el_portal_no_puede_abrir_nada(carpeta):
    portal = hecho(carpeta) / "portal"
    assert set(leer(portal).bases) == {"portal"}
    assert not (portal / "maestra").exists()
    with pytest.raises(ClavesInvalidas):
        claves_de(portal, "coordinacion")


def test_la_boveda_lee_lo_que_pregunta_y_no_entra_al_bus(carpeta):
    boveda = hecho(carpeta) / "boveda"
    assert set(leer(boveda).bases) == {*CONSULTADOS, "llavero"}
    assert {a.name for a in (boveda / "tls").iterdir()} == {"ca.pem"}


def test_las_trazas_de_todos_salen_de_la_misma_clave_y_la_boveda_no_exporta(carpeta):
    reparto = hecho(carpeta)
    claves = {(reparto / nombre / "trazas").read_bytes() for nombre in (*CONTEXTOS, "portal")}
    assert claves == {(carpeta / "admin" / "trazas").read_bytes()}
    assert not (reparto / "boveda" / "trazas").exists()
    hecho(carpeta)
    assert claves == {(reparto / "portal" / "trazas").read_bytes()}


def test_nadie_recibe_la_llave_de_la_autoridad_ni_la_de_una_institucion(carpeta):
    reparto = hecho(carpeta)
    assert not [a for a in reparto.rglob("*.key") if a.stem in {"ca", "GT-SVET"}]
    assert set(PARTES) == {a.name for a in reparto.iterdir()}


def test_rotar_la_maestra_desde_una_carpeta_vale_en_todas(carpeta):
    reparto = hecho(carpeta)
    de_un_servicio = anillo_maestro(reparto / "atencion")
    anillo = anillo_maestro(reparto / "boveda")
    anillo.entrar(bytes(range(32)))
    anillo.salir(bytes(range(32)))
    assert de_un_servicio.vigente == anillo_maestro(carpeta / "admin").vigente == bytes(range(32))
    assert (reparto / "boveda" / "maestra").is_symlink()
    hecho(carpeta)
    assert maestra(reparto / "justicia") == bytes(range(32))


def test_una_maestra_de_otro_despliegue_no_se_pisa(carpeta):
    (carpeta / "comun" / "maestra").write_bytes(bytes(32))
    with pytest.raises(FileExistsError):
        hecho(carpeta)
    assert len(maestra(carpeta / "admin")) == 32
