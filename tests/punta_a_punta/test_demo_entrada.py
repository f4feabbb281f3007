"""Registros ajenos como entrada: lo que no dicen no se inventa, y lo que no vale se dice sin repetirlo."""

from __future__ import annotations

import gzip
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from eventos.coordinacion import DerivacionAtendida, RutaAbierta
from eventos.listas import Captacion, DuracionExplotacion, MedioControl, Modalidad
from eventos.perfil import Genero
from eventos.tipos import Sexo, SiNo
from infra.azar import AzarSembrado
from senda.consulta import historia
from senda.demo import ctdc, funcion
from senda.demo.obra import de_archivo
from servicios.auditoria.accesos import MotivoAcceso

CABECERA = ",".join(ctdc.COLUMNAS)
VACIA = dict.fromkeys(ctdc.COLUMNAS, 0)


def archivo(carpeta: Path, *filas: Mapping[str, object], nombre: str = "entrada.csv") -> Path:
    texto = "\n".join([CABECERA, *(",".join(str({**VACIA, **f}[c]) for c in ctdc.COLUMNAS) for f in filas)]) + "\n"
    destino = carpeta / nombre
    destino.write_bytes(gzip.compress(texto.encode()) if nombre.endswith(".gz") else texto.encode())
    return destino


def test_lo_que_no_consta_no_se_inventa():
    leido = ctdc.registro(VACIA)
    assert leido.persona.nna is SiNo.NO_CONSTA
    assert leido.persona.extranjera is SiNo.NO_CONSTA
    assert leido.persona.perfil.grupo_etario == "no-consta"
    assert (leido.persona.perfil.sexo, leido.persona.perfil.genero) == (Sexo.NO_CONSTA, Genero.NO_CONSTA)
    assert leido.persona.perfil.nacionalidades == ()
    assert (leido.medios, leido.captacion, leido.duracion) == ((), (), DuracionExplotacion.NO_CONSTA)
    assert leido.modalidades == (Modalidad.OTRA,)


def test_lo_que_consta_se_cuenta_entero():
    leido = ctdc.registro(
        VACIA
        | {"Age Band": 2, "Trafficking Duration": 3, "Means Threats": 1, "isSexualExploit": 1, "Woman": 1}
        | {"Recruiter Relation Family": 1, "Is Citizen of Country": 1}
    )
    assert (leido.persona.nna, leido.persona.extranjera) == (SiNo.SI, SiNo.NO)
    assert leido.persona.perfil.grupo_etario == "9-17"
    assert leido.persona.perfil.genero is Genero.FEMENINO
    assert leido.medios == (MedioControl.AMENAZAS,)
    assert leido.captacion == (Captacion.FAMILIA,)
    assert leido.duracion is DuracionExplotacion.DESDE_25


@pytest.mark.parametrize("nombre", ["entrada.csv", "entrada.csv.gz"])
def test_se_lee_con_y_sin_comprimir_y_hasta_el_limite(tmp_path, nombre):
    entrada = archivo(tmp_path, {}, {"Age Band": 5}, {}, nombre=nombre)
    assert ctdc.contar(entrada, None) == 3
    assert ctdc.contar(entrada, 2) == 2


@pytest.mark.parametrize("valor", ["MARIA PEREZ", "7", "-1", "", "1.5", "٣"])
def test_una_fila_que_no_vale_se_nombra_sin_repetirla(tmp_path, valor):
    entrada = archivo(tmp_path, {}, {"Woman": valor})
    with pytest.raises(ctdc.ArchivoInvalido, match=r"línea 3, columna «Woman»") as dicho:
        ctdc.contar(entrada, None)
    assert not valor or valor == "1.5" or f" {valor}" not in str(dicho.value)


def test_una_cabecera_que_no_vale_dice_que_falta(tmp_path):
    entrada = tmp_path / "entrada.csv"
    entrada.write_text("Age Band,Woman\n0,1\n")
    with pytest.raises(ctdc.ArchivoInvalido, match=r"faltan columnas: .*Trafficking Duration"):
        ctdc.contar(entrada, None)


@pytest.mark.parametrize("contenido", [b"", b"\xff\xfe\x00"])
def test_lo_que_no_es_un_csv_se_dice(tmp_path, contenido):
    entrada = tmp_path / "entrada.csv"
    entrada.write_bytes(contenido)
    with pytest.raises(ctdc.ArchivoInvalido):
        ctdc.contar(entrada, None)


def test_cada_registro_recorre_el_sistema_y_la_edad_la_decide_el_protocolo(tmp_path):
    entrada = archivo(tmp_path, *({"Age Band": n % 3, "isForcedLabour": 1} for n in range(6)))
    informe = funcion.embebida(
        tmp_path / "demo",
        de_archivo(entrada, 100),
        AzarSembrado(7),
        datetime(2026, 1, 5, 8, tzinfo=UTC),
        lambda _: None,
    )
    assert informe.verificado
    assert informe.rutas == 6
    assert informe.rechazos == {}
    assert informe.eventos_por_tipo[DerivacionAtendida.tipo] >= 6 * 4
    de_muestra = historia(tmp_path / "demo", UUID(informe.ruta_de_muestra), None, None, MotivoAcceso.OPERACION)
    apertura = next(a.hecho for a in de_muestra.hechos if isinstance(a.hecho, RutaAbierta))
    assert apertura.nna
