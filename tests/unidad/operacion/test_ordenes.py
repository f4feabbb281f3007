"""Las órdenes de quien opera, sobre un despliegue en disco sin nada en marcha."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import msgspec
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from infra.almacen.esquema import arriendos, avances, entrada, eventos, pausas, salida, solicitudes
from infra.almacen.motor import abrir_motor
from infra.azar import AzarSembrado
from infra.mensajeria.relevo import DESTINO_HECHOS
from infra.observabilidad import salud
from senda.composicion import instalaciones
from senda.despliegue import crear, leer
from senda.orden import app
from senda.orden.estado import GUIA, duracion

QUIEN = "ag-0123abcd"
AHORA = datetime.now(UTC)
EDADES = ((0, "0 s"), (119, "119 s"), (600, "10 min"), (7200, "2 h"), (259_200, "3 d"))
PEDIDAS = (("GT-PNC", "aceptada"), ("GT-PNC", "rechazada"), ("GT-MP", "aceptada"))


@pytest.fixture(scope="module")
def carpeta(tmp_path_factory: pytest.TempPathFactory) -> Path:
    lugar = tmp_path_factory.mktemp("operar") / "despliegue"
    comun = {"pais": "gt", "base": None, "prefijo": "", "reloj": "real", "rectora": "GT-SVET", "clave_rectora": "x"}
    # Un bus que nadie atiende: aquí no se usa.
    crear(lugar, instalaciones(), bus="amqp://127.0.0.1:9/", azar=AzarSembrado(1), **comun)  # type: ignore[arg-type]
    return lugar


@pytest.fixture
def deteccion(carpeta: Path) -> Iterator[sa.Engine]:
    motor = abrir_motor(leer(carpeta).bases["deteccion"].url)
    yield motor
    with motor.begin() as conexion:
        for tabla in (pausas, arriendos, salida):
            conexion.execute(sa.delete(tabla))
    motor.dispose()


def operar(carpeta: Path, *argumentos: str) -> tuple[int, str]:
    hecho = CliRunner().invoke(app, ["operar", *argumentos, "--carpeta", str(carpeta)])
    return hecho.exit_code, hecho.stdout + hecho.stderr


@pytest.mark.parametrize(
    ("argumentos", "dice"),
    [
        (("pausar", "nadie", "--motivo", "defecto", "--quien", QUIEN), "No hay un servicio"),
        (("pausar", "deteccion", "--motivo", "defecto", "--quien", "Marta"), "seudónimo"),
        (("pausar", "deteccion", "--quien", QUIEN), "--motivo"),
        (("pausar", "deteccion", "--motivo", "porque sí", "--quien", QUIEN), "porque"),
        (("reanudar", "deteccion", "--quien", QUIEN), "no estaba en pausa"),
        (("reparar", "coordinacion", "portal"), "no sigue a"),
        (("reparar", "coordinacion", "--desde", "3"), "de qué origen"),
        (("reparar", "coordinacion"), "bus no contesta"),
        (("levantar", "coordinacion", "portal", "--quien", QUIEN), "no sigue a"),
        (("levantar", "coordinacion", "deteccion", "--quien", "Marta"), "seudónimo"),
        (("levantar", "coordinacion", "deteccion", "--quien", QUIEN), "no tiene en alto"),
    ],
)
def test_lo_que_no_vale_se_dice_y_no_cambia_nada(carpeta: Path, deteccion: sa.Engine, argumentos, dice):
    codigo, dicho = operar(carpeta, *argumentos)
    assert codigo in {1, 2}
    assert dice in dicho
    with deteccion.connect() as conexion:
        assert conexion.execute(sa.select(pausas)).all() == []


def test_pausar_dos_veces_conserva_el_primer_motivo(carpeta: Path, deteccion: sa.Engine):
    una = ("pausar", "deteccion", "--quien", QUIEN, "--tarea", "aplicar", "--motivo")
    assert operar(carpeta, *una, "defecto")[0] == 0
    codigo, dicho = operar(carpeta, *una, "simulacro")
    assert (codigo, "ya estaba en pausa" in dicho) == (1, True)
    codigo, dicho = operar(carpeta, "pausar", "deteccion", "--quien", "ag-99999999", "--motivo", "migracion")
    assert (codigo, "atender y publicar" in dicho) == (0, True)
    with deteccion.connect() as conexion:
        vistas = {(p.tarea, p.motivo) for p in conexion.execute(sa.select(pausas))}
    assert vistas == {("aplicar", "defecto"), ("atender", "migracion"), ("publicar", "migracion")}


def test_el_estado_ensena_pausas_y_manda_a_la_guia(carpeta: Path, deteccion: sa.Engine):
    operar(carpeta, "pausar", "deteccion", "--quien", QUIEN, "--tarea", "atender", "--motivo", "defecto")
    codigo, dicho = operar(carpeta, "estado")
    assert codigo == 1
    assert "deteccion: en pausa «atender»" in dicho
    assert "por defecto (ag-0123abcd)" in dicho
    assert "SendaOlvidadoEnPausa" in dicho
    codigo, crudo = operar(carpeta, "estado", "--json")
    (suya,) = [uno for uno in msgspec.json.decode(crudo) if uno["servicio"] == "deteccion"]
    assert [(p["tarea"], p["quien"]) for p in suya["pausas"]] == [("atender", QUIEN)]


def test_un_alto_se_levanta_solo_si_lo_recibido_es_lo_que_el_origen_guarda(carpeta: Path, deteccion: sa.Engine):
    hojas = [bytes([n]) * 32 for n in range(3)]
    with deteccion.begin() as conexion:
        for n in (1, 2):
            conexion.execute(
                sa.insert(eventos).values(
                    posicion=n, agregado=uuid4(), version=1, tipo="t", cuerpo=b"", anterior=hojas[n - 1], hoja=hojas[n]
                )
            )
    coordinacion = abrir_motor(leer(carpeta).bases["coordinacion"].url)
    suyo = avances.c.origen == "/gt/deteccion"
    with coordinacion.begin() as conexion:
        conexion.execute(sa.insert(avances).values(origen="/gt/deteccion", aplicada=1, hoja=hojas[1], anunciada=2))
        conexion.execute(sa.update(avances).where(suyo).values(alto="divergencia"))
        recibida = {"origen": "/gt/deteccion", "posicion": 2, "anterior": hojas[1], "cuerpo": b"", "recibido": AHORA}
        conexion.execute(sa.insert(entrada).values(hoja=b"otra".ljust(32), **recibida))
    orden = ("levantar", "coordinacion", "deteccion", "--quien", QUIEN)
    codigo, dicho = operar(carpeta, *orden)
    assert (codigo, "historia-distinta (origen), en la posición 2" in dicho) == (1, True)
    with coordinacion.begin() as conexion:
        assert conexion.scalar(sa.select(avances.c.alto).where(suyo)) == "divergencia"
        conexion.execute(sa.delete(entrada))
        conexion.execute(sa.insert(entrada).values(hoja=hojas[2], **recibida))
    assert operar(carpeta, *orden)[0] == 0
    with coordinacion.connect() as conexion:
        assert conexion.scalar(sa.select(avances.c.alto).where(suyo)) is None
    coordinacion.dispose()


def test_el_embebido_no_se_pausa(carpeta: Path, tmp_path: Path):
    otra = tmp_path / "embebido"
    otra.mkdir()
    texto = (carpeta / "despliegue.json").read_text().replace("amqp://127.0.0.1:9/", "memory://")
    (otra / "despliegue.json").write_text(texto)
    codigo, dicho = operar(otra, "pausar", "deteccion", "--quien", QUIEN, "--motivo", "defecto")
    assert (codigo, "no hay réplicas" in dicho) == (2, True)


def test_quien_pide_mas_y_quien_no_lee(carpeta: Path, deteccion: sa.Engine):
    with deteccion.begin() as conexion:
        for n, (quien, resultado) in enumerate(PEDIDAS):
            conexion.execute(
                sa.insert(solicitudes).values(
                    institucion=quien, id=str(n), huella="h", cuerpo=b"", firma="", resultado=resultado, acuse=b"",
                    firma_acuse="", atendida=AHORA,
                )
            )  # fmt: skip
        mensaje = {"intercambio": "buzon", "clave": "GT-PGN", "tipo": "t", "id": "1", "cuerpo": b"", "intentos": 3}
        conexion.execute(sa.insert(salida).values(creado=AHORA, proximo=AHORA, **mensaje))
    codigo, dicho = operar(carpeta, "instituciones")
    filas = [linea.split() for linea in dicho.splitlines() if "deteccion" in linea]
    assert codigo == 0
    assert filas == [
        ["deteccion", "GT-PNC", "2", "1", "0"],
        ["deteccion", "GT-MP", "1", "0", "0"],
        ["deteccion", "GT-PGN", "0", "0", "1"],
    ]


def test_cada_alarma_del_estado_tiene_apartado_en_la_guia():
    guia = (Path(__file__).parents[3] / "docs/guardia.md").read_text()
    codigos = {v for n, v in vars(salud).items() if n.isupper() and isinstance(v, str)} - {DESTINO_HECHOS}
    assert codigos == set(GUIA)
    assert all(f"\n### {apartado}\n" in guia for apartado in GUIA.values())


@pytest.mark.parametrize(
    ("segundos", "dice"), [(0, "0 s"), (119, "119 s"), (600, "10 min"), (7200, "2 h"), (3e5, "3 d")]
)
def test_las_edades_se_leen(segundos: float, dice: str):
    assert duracion(segundos) == dice
