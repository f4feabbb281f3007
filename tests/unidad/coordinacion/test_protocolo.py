"""El paquete de Guatemala se lee, está completo y una errata en cualquier paquete se nota al cargar."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from contratos.protocolos import ProtocoloDesconocido, ProtocoloInvalido, cargar, lector, vigente
from eventos.listas import Derecho
from eventos.tipos import SiNo, Urgencia
from tests.unidad.coordinacion.muestras import GT

ORIGINAL = Path(lector.__file__).parent / "gt" / "1.0"


@pytest.fixture
def copia(tmp_path: Path) -> Path:
    destino = tmp_path / "1.0"
    shutil.copytree(ORIGINAL, destino)
    return destino


def cambiar(carpeta: Path, archivo: str, de: str, a: str) -> None:
    ruta = carpeta / archivo
    texto = ruta.read_text(encoding="utf-8")
    assert de in texto
    ruta.write_text(texto.replace(de, a, 1), encoding="utf-8")


def test_la_matriz_dice_algo_de_cada_derecho():
    assert {regla.derecho for regla in GT.derechos} == set(Derecho)


def test_cada_urgencia_tiene_plazos_y_ninguno_se_presenta_como_legal_sin_fuente():
    assert set(GT.por_urgencia) == set(Urgencia)
    assert all(p.legal is ("sin fuente legal" not in p.fuente) for p in GT.plazos)


def test_la_edad_que_no_consta_se_decide_por_el_protocolo_y_su_fuente_lo_dice():
    assert GT.es_nna(SiNo.NO_CONSTA)
    assert GT.es_nna(SiNo.SI)
    assert not GT.es_nna(SiNo.NO)
    assert "sin fuente legal" in GT.edad_desconocida.fuente


def test_la_vigente_es_la_version_mas_reciente():
    assert vigente("gt") is cargar("gt", "1.0")


@pytest.mark.parametrize(("nombre", "version"), [("xx", "1.0"), ("gt", "9.9"), ("..", "1.0"), ("gt", "../1.0")])
def test_un_paquete_que_no_existe_se_dice(nombre: str, version: str):
    with pytest.raises(ProtocoloDesconocido):
        cargar(nombre, version)


@pytest.mark.parametrize(
    ("archivo", "de", "a", "dice"),
    [
        ("derivaciones.toml", "presunta-victima-detectada.v1", "presunta-victima-vista.v1", "no está en el catálogo"),
        ("derivaciones.toml", 'a = "GT-PGN"', 'a = "GT-NADIE"', "no está entre las instituciones"),
        ("derivaciones.toml", 'servicio = "atencion-inmediata"', 'servicio = "salud"', "no presta salud"),
        ("derivaciones.toml", 'urgencia = "inmediata"\n', "", "servicio y urgencia"),
        (
            "derivaciones.toml",
            'detectada.v1" }',
            'detectada.v1", campos = { peligro = ["alto"] } }',
            "campo abierto peligro",
        ),
        ("derivaciones.toml", 'detectada.v1" }', 'detectada.v1", campos = { riesgo = ["muy"] } }', "no admite «muy»"),
        ("derechos.toml", 'derecho = "reparacion"', 'derecho = "privacidad"', "está más de una vez"),
        ("derechos.toml", 'derecho = "reparacion"', 'derecho = "deporte"', "«deporte» no está en la lista"),
        ("protocolo.toml", 'rectora = "GT-SVET"', 'rectora = "GT-MP"', "mandato de rectoria"),
        ("protocolo.toml", "silencio_tras = 3", "silencio = 3", "no existe el campo silencio"),
        ("protocolo.toml", "silencio_tras = 3", "silencio_tras = ", "protocolo.toml"),
        ("protocolo.toml", 'protocolo = "gt"', "instituciones = []", "ya está en otro archivo"),
    ],
)
def test_una_errata_se_nota_al_cargar(copia: Path, archivo: str, de: str, a: str, dice: str):
    cambiar(copia, archivo, de, a)
    with pytest.raises(ProtocoloInvalido, match=dice):
        lector.leer(copia)


def test_un_campo_sellado_no_puede_ser_condicion(copia: Path):
    cambiar(copia, "derivaciones.toml", 'detectada.v1" }', 'detectada.v1", campos = { territorio = ["GT-01"] } }')
    with pytest.raises(ProtocoloInvalido, match="campo abierto"):
        lector.leer(copia)


def test_ninguna_regla_de_atencion_pide_denuncia_ni_cooperacion():
    de_justicia = {"medida-de-proteccion", "reparacion"}
    for regla in (regla for pais in lector.paises() for regla in lector.ultimo(pais).reglas):
        if any(".justicia." in c.tipo for c in regla.cuando):
            assert regla.servicio in de_justicia
