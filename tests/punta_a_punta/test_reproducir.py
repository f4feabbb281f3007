"""Reproducir lo que una demostración deja: coincide, nombra lo alterado, y a una fecha es lo de entonces."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from json import loads
from pathlib import Path
from typing import Any, NoReturn, cast
from uuid import UUID

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner, Result

from eventos.coordinacion import RutaAbierta
from eventos.sobre import Anotado, decodificar
from infra.almacen.esquema import aplicaciones, cabecera, entregas, eventos
from infra.almacen.motor import abrir_motor, leyendo
from infra.almacen.tanda import Autoria, Tanda
from infra.azar import AzarReal, AzarSembrado
from infra.mensajeria.transportes.amqp import TransporteAmqp
from infra.mensajeria.transportes.base import Mensaje, Transporte
from infra.mensajeria.transportes.memoria import BrokerMemoria, TransporteMemoria
from infra.reloj import RelojSimulado
from infra.seguridad.llavero import Llavero
from senda.composicion import Montaje
from senda.demo import funcion
from senda.demo.funcion import Marcha
from senda.demo.historias.cartel import HISTORIAS
from senda.demo.informe import Informe
from senda.demo.limpieza import limpiar
from senda.demo.obra import de_archivo, de_historias
from senda.despliegue import leer
from senda.embebido import Embebido
from senda.orden import app
from senda.reproduccion import rehacer as de_rehacer
from senda.reproduccion.lecturas import con_lecturas, de_servicio
from senda.reproduccion.rehacer import rehacer
from servicios.auditoria.accesos import TODAS, accesos
from servicios.auditoria.comparacion import Contraste
from servicios.auditoria.intercalado import Corte, Intercalado
from servicios.comun.contexto import Contexto
from servicios.coordinacion.tablas import buzon
from tests.punta_a_punta.test_demo import COMIENZO
from tests.punta_a_punta.test_demo_procesos import entrada
from tests.unidad.coordinacion.muestras import deteccion

__all__ = ["entrada"]  # la fixture

RECTORA = "GT-SVET"
FINAL = datetime(2027, 6, 1, tzinfo=UTC)


@dataclass
class Demo:
    """Lo que quedó, y copias de las lecturas de coordinación a mitad de camino, cada una con su instante."""

    carpeta: Path
    informe: Informe
    copias: list[tuple[datetime, Path]]

    def orden(self, *argumentos: str, salida: int = 0) -> Any:
        resultado = correr(self.carpeta, *argumentos)
        assert resultado.exception is None or isinstance(resultado.exception, SystemExit), resultado.exception
        assert resultado.exit_code == salida, resultado.output
        return loads(resultado.stdout) if resultado.stdout else None


def correr(carpeta: Path, *argumentos: str) -> Result:
    return CliRunner().invoke(app, ["auditar", "reproducir", *argumentos, "--carpeta", str(carpeta), "--json"])


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    raiz = tmp_path_factory.mktemp("reproducir")
    carpeta, vistas = raiz / "demo", [0]
    copias: list[tuple[datetime, Path]] = []

    def copiar(marcha: Marcha) -> None:
        vistas[0] += 1
        if vistas[0] % 40 == 0 and len(copias) < 8:
            copia = raiz / f"copia-{vistas[0]}.db"
            with closing(sqlite3.connect(carpeta / "coordinacion.db")) as viva, closing(sqlite3.connect(copia)) as otra:
                viva.backup(otra)
            copias.append((marcha.ahora, copia))

    informe = funcion.embebida(carpeta, de_historias(len(HISTORIAS)), AzarSembrado(7), COMIENZO, copiar)
    return Demo(carpeta, informe, copias)


@contextmanager
def base(carpeta: Path, servicio: str) -> Iterator[sa.Engine]:
    motor = abrir_motor(f"sqlite:///{carpeta / f'{servicio}.db'}")
    yield motor
    motor.dispose()


@contextmanager
def alterada(carpeta: Path, servicio: str, sentencia: str) -> Iterator[None]:
    """La base de un servicio con algo cambiado a mano; al salir, como estaba."""
    archivo = carpeta / f"{servicio}.db"
    shutil.copy(archivo, archivo.with_suffix(".sana"))
    with closing(sqlite3.connect(archivo)) as conexion:
        assert conexion.execute(sentencia).rowcount == 1
        conexion.commit()
    try:
        yield
    finally:
        shutil.move(archivo.with_suffix(".sana"), archivo)


def primera(carpeta: Path, servicio: str, consulta: str) -> tuple[Any, ...]:
    with closing(sqlite3.connect(carpeta / f"{servicio}.db")) as conexion:
        return tuple(conexion.execute(consulta).fetchone())


def test_todo_coincide_y_se_dice_con_que_versiones(demo: Demo):
    servicios = {s["servicio"]: s for s in demo.orden("lecturas")["servicios"]}
    assert set(servicios) == set(con_lecturas(leer(demo.carpeta))) >= {"coordinacion", "auditoria", "portal"}
    for informe in servicios.values():
        assert informe["comparado"]
        assert (informe["diferencias"], informe["omitidas"], informe["supuestos"]) == ([], 0, 0)
    coordinacion = servicios["coordinacion"]
    assert coordinacion["propios"] + coordinacion["ajenos"] == sum(demo.informe.eventos_por_servicio.values())
    assert all(coordinacion["tablas"][t] for t in ("buzon", "derivaciones", "derechos", "evidencias", "senales"))
    assert coordinacion["versiones"]["protocolos"] == [
        {"codigo": "gt", "version": "1.0", "veces": demo.informe.rutas, "aqui": True}
    ]
    assert coordinacion["versiones"]["instrumentos"]
    assert all(tipo.rpartition(".v")[2].isdigit() for tipo in coordinacion["versiones"]["esquemas"])
    assert "agenda.toca" in servicios["atencion"]["aparte"]
    assert servicios["auditoria"]["tablas"]["sujetos"] == sum(demo.informe.eventos_por_servicio.values())


def test_salvo_el_buzon_nada_depende_del_orden_entre_origenes(demo: Demo, monkeypatch: pytest.MonkeyPatch):
    """Todo lo propio y luego lo ajeno, origen tras origen: a quién se dijo algo, en cambio, sí tiene orden."""

    def al_reves(intercalado: Intercalado, corte: Corte) -> Iterator[Anotado]:
        for cauce in (intercalado.propio, *intercalado.ajenos.values()):
            yield from (anotado for _, anotado in cauce.tomar(max(corte.propia, *corte.ajenas.values(), 0)))

    monkeypatch.setattr(de_rehacer, "_diario", lambda *_: iter(()))
    monkeypatch.setattr(Intercalado, "_sin_diario", al_reves)
    despliegue = leer(demo.carpeta)
    for servicio in con_lecturas(despliegue):
        if servicio != "portal":
            halladas = de_servicio(despliegue, servicio, None, lambda *_: None).diferencias
            esperadas = {"buzon", "buzones"} if servicio == "coordinacion" else set()
            assert {d.tabla for d in halladas} == esperadas


def test_un_despliegue_de_antes_se_lleva_a_esta_version(demo: Demo, tmp_path: Path):
    carpeta = copia_de(demo, tmp_path)
    for archivo in carpeta.glob("*.db"):
        with closing(sqlite3.connect(archivo)) as conexion:
            if conexion.execute("SELECT 1 FROM sqlite_master WHERE name = 'entregas'").fetchone():
                conexion.executescript(
                    "DROP TABLE entregas; DROP TABLE aplicaciones; DROP TABLE pausas; DROP TABLE repuestas;"
                    "DROP INDEX solicitudes_por_huella; DROP INDEX salida_urgentes;"
                    "DROP INDEX bandeja_por_ronda; DROP INDEX bandeja_por_turno; DROP INDEX salida_por_destino;"
                    "ALTER TABLE bandeja DROP COLUMN institucion; ALTER TABLE bandeja DROP COLUMN urgente;"
                    "ALTER TABLE bandeja DROP COLUMN ronda; ALTER TABLE avances DROP COLUMN latido;"
                    "UPDATE version_esquema SET version_num = '001' WHERE version_num = '006'"
                )
    assert correr(carpeta, "lecturas", "coordinacion").exit_code == 2
    for _ in range(2):
        assert CliRunner().invoke(app, ["operar", "migrar", "--carpeta", str(carpeta)]).exit_code == 0
    resultado = correr(carpeta, "lecturas", "coordinacion")
    (informe,) = loads(resultado.stdout)["servicios"]
    # De antes no consta el orden: se dice cuántos van por su registro, y no se da por cierto.
    assert informe["supuestos"] == informe["ajenos"] > 0
    sabido = loads(correr(carpeta, "conocimiento", RECTORA).stdout)
    assert (sabido["entregados"], sabido["entregas_desde"]) == ([], None)
    assert sabido["por_salir"]


@pytest.mark.parametrize(
    ("servicio", "sentencia", "que", "columna"),
    [
        ("coordinacion", "UPDATE derivaciones SET estado = 'atendida' WHERE rowid = {rowid}", "difiere", "estado"),
        ("coordinacion", "UPDATE buzon SET cuerpo = '{{}}' WHERE rowid = {rowid}", "difiere", "cuerpo"),
        ("atencion", "DELETE FROM participaciones WHERE rowid = {rowid}", "falta", None),
        ("justicia", "INSERT INTO participaciones SELECT ruta, 'GT-NADIE', 'x' FROM rutas LIMIT 1", "sobra", None),
        ("auditoria", "INSERT INTO sujetos VALUES ('alguien', 1)", "sobra", None),
    ],
)
def test_una_fila_alterada_a_mano_se_nombra_y_solo_ella(demo: Demo, servicio, sentencia, que, columna):
    tabla = next(p for p in sentencia.split() if p in {"derivaciones", "buzon", "participaciones", "sujetos"})
    donde = " WHERE estado != 'atendida'" if tabla == "derivaciones" else ""
    rowid, *_ = primera(demo.carpeta, servicio, f"SELECT rowid FROM {tabla}{donde} LIMIT 1")
    with alterada(demo.carpeta, servicio, sentencia.format(rowid=rowid)):
        (informe,) = demo.orden("lecturas", servicio, salida=1)["servicios"]
    (hallada,) = informe["diferencias"]
    assert (hallada["tabla"], hallada["que"], hallada["columna"]) == (tabla, que, columna)
    assert hallada["clave"]
    (sano,) = demo.orden("lecturas", servicio)["servicios"]
    assert sano["diferencias"] == []


def test_a_una_fecha_son_las_que_eran_entonces(demo: Demo):
    """Contra copias de verdad, hechas sobre la marcha: también el buzón, número a número."""
    despliegue, miradas = leer(demo.carpeta), 0
    for instante, copia in demo.copias:
        with ExitStack() as pila:
            motor = abrir_motor(f"sqlite:///{copia}")
            pila.callback(motor.dispose)
            entonces = pila.enter_context(leyendo(motor))
            if not sin_nada_mas_en(demo.carpeta, entonces, instante):
                continue
            rehechas = pila.enter_context(rehacer(despliegue, "coordinacion", instante, lambda *_: None))
            contraste = Contraste()
            contraste.comparar(entonces, rehechas.conexion, rehechas.contexto.lecturas.todas())
            assert contraste.diferencias == []
            assert contraste.tablas["buzon"]
            miradas += 1
    assert miradas


def sin_nada_mas_en(carpeta: Path, entonces: sa.Connection, instante: datetime) -> bool:
    """Si lo que la copia tenía es todo lo de hasta ese instante: en él pudo pasar algo más tras copiar."""
    propia = entonces.execute(sa.select(cabecera.c.posicion)).scalar_one()
    with base(carpeta, "coordinacion") as motor, leyendo(motor) as conexion:
        siguiente = conexion.scalar(sa.select(eventos.c.cuerpo).where(eventos.c.posicion == propia + 1))
        cuantos = sa.select(sa.func.count()).where(aplicaciones.c.instante <= instante)
        iguales = conexion.scalar(cuantos) == entonces.scalar(cuantos)
    return iguales and siguiente is not None and decodificar(siguiente).registrado > instante


def test_recortar_la_fecha_recorta_lo_reproducido(demo: Demo):
    with base(demo.carpeta, "coordinacion") as motor, leyendo(motor) as conexion:
        todos = map(decodificar, conexion.scalars(sa.select(eventos.c.cuerpo).order_by(eventos.c.posicion)))
        abiertas = sorted(a.registrado for a in todos if isinstance(a.hecho, RutaAbierta))
    for cuantas in (1, len(abiertas) // 2, len(abiertas)):
        # La orden lee segundos enteros.
        hasta = abiertas[cuantas - 1].replace(microsecond=0) + timedelta(seconds=1)
        esperadas = sum(cuando <= hasta for cuando in abiertas)
        (informe,) = demo.orden("lecturas", "coordinacion", "--hasta", f"{hasta:%Y-%m-%dT%H:%M:%S}")["servicios"]
        assert informe["tablas"]["rutas"] == esperadas
        assert not informe["comparado"]


def test_lo_rehecho_se_puede_guardar_y_no_pisa_nada(demo: Demo, tmp_path: Path):
    destino = tmp_path / "rehechas.db"
    demo.orden("lecturas", "coordinacion", "--hasta", "2026-03-01", "--guardar", str(destino))
    assert destino.stat().st_mode & 0o777 == 0o600
    with closing(sqlite3.connect(destino)) as guardada:
        assert guardada.execute("SELECT count(*) FROM buzon").fetchone()[0] > 0
    assert correr(demo.carpeta, "lecturas", "coordinacion", "--guardar", str(destino)).exit_code == 2


def test_una_ruta_con_las_versiones_de_entonces(demo: Demo):
    entera = demo.orden("ruta", demo.informe.ruta_de_muestra)
    assert sum(entera["versiones"]["esquemas"].values()) == len(entera["hechos"])
    assert [p["version"] for p in entera["versiones"]["protocolos"]] == ["1.0"]
    mitad = entera["hechos"][len(entera["hechos"]) // 2]["registrado"][:19]
    antes = demo.orden("ruta", demo.informe.ruta_de_muestra, "--hasta", mitad)
    assert 0 < len(antes["hechos"]) < len(entera["hechos"])
    assert sum(antes["versiones"]["esquemas"].values()) == len(antes["hechos"])


def test_lo_que_sabia_una_institucion_es_lo_entregado(demo: Demo):
    with base(demo.carpeta, "coordinacion") as motor, leyendo(motor) as conexion:
        quien, cuantos = conexion.execute(
            sa.select(buzon.c.institucion, sa.func.count())
            .group_by(buzon.c.institucion)
            .order_by(sa.desc(sa.func.count()))
        ).fetchall()[0]
        vivos = list(
            conexion.scalars(sa.select(buzon.c.cuerpo).where(buzon.c.institucion == quien).order_by(buzon.c.numero))
        )
    ahora = demo.orden("conocimiento", quien)
    assert len(ahora["entregados"]) == cuantos
    assert (ahora["por_salir"], ahora["sin_libro"]) == ([], [])
    assert [a["aviso"] for a in ahora["entregados"]] == [loads(cuerpo) for cuerpo in vivos]
    assert ahora["acuses"]
    assert ahora["acusadas"]
    corte = ahora["entregados"][cuantos // 2]["entregado"][:19]
    antes = demo.orden("conocimiento", quien, "--hasta", corte)
    esperados = [a for a in ahora["entregados"] if a["entregado"][:19] < corte or a["entregado"] == f"{corte}Z"]
    assert [a["numero"] for a in antes["entregados"]] == [a["numero"] for a in esperados]
    assert len(antes["acuses"]) < len(ahora["acuses"])


class SinBuzon:
    """Un transporte que no confirma ningún aviso de buzón mientras esté cerrado."""

    def __init__(self, dentro: Transporte, cerrado: list[bool]) -> None:
        self._dentro, self._cerrado = dentro, cerrado

    def publicar(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        pasan = [
            m for m in mensajes if not (self._cerrado[0] and m.tipo.startswith("senda.") and ".buzon" in m.intercambio)
        ]
        llegaron = iter(self._dentro.publicar(pasan))
        return [m in pasan and next(llegaron) for m in mensajes]

    def __getattr__(self, nombre: str) -> Any:
        return getattr(self._dentro, nombre)


def test_lo_dejado_y_sin_salir_no_se_sabia(demo: Demo, tmp_path: Path):
    """El bus estuvo tres días sin confirmar: el origen ya lo había escrito y la institución no lo sabía."""
    carpeta = copia_de(demo, tmp_path)
    reloj, broker, cerrado = RelojSimulado(FINAL), BrokerMemoria(), [True]
    montaje = Montaje(
        carpeta,
        leer(carpeta),
        reloj,
        AzarReal(),
        broker,
        envolver=lambda dentro: cast("Transporte", SinBuzon(dentro, cerrado)),
    )
    sistema = Embebido(montaje, broker)
    nueva = UUID(int=0xABC0 << 64 | 4 << 76 | 8 << 60)
    autoria = Autoria(institucion="GT-PNC", agente="ag-0123abcd", ocurrido=FINAL, causa="", correlacion="prueba")
    with sistema.estaciones["deteccion"].almacen.tanda() as tanda:
        tanda.anotar([deteccion(ruta=nueva)], autoria)
    sistema.planificador.hasta_reposo()
    reloj.adelantar_hasta(FINAL + timedelta(days=3))
    cerrado[0] = False
    sistema.planificador.hasta_reposo()
    sistema.cerrar()
    with base(carpeta, "coordinacion") as motor, leyendo(motor) as conexion:
        suyos = sa.select(buzon.c.institucion).where(buzon.c.ruta == nueva, buzon.c.disponible == FINAL)
        quien = str(conexion.scalars(suyos).all()[0])

    def de_la_nueva(hasta: datetime) -> tuple[list[Any], list[Any]]:
        resultado = correr(carpeta, "conocimiento", quien, "--hasta", f"{hasta:%Y-%m-%dT%H:%M:%S}")
        assert resultado.exit_code == 0, resultado.output
        dicho = loads(resultado.stdout)
        return tuple([a for a in dicho[que] if a["ruta"] == str(nueva)] for que in ("entregados", "por_salir"))  # type: ignore[return-value]

    entregados, por_salir = de_la_nueva(FINAL + timedelta(days=1))
    assert (entregados, len(por_salir)) == ([], 1)
    assert por_salir[0]["dejado"] == f"{FINAL:%Y-%m-%dT%H:%M:%S}Z"
    entregados, por_salir = de_la_nueva(FINAL + timedelta(days=4))
    assert entregados[0]["entregado"] == f"{FINAL + timedelta(days=3):%Y-%m-%dT%H:%M:%S}Z"
    # Repetido más tarde, sigue valiendo la primera vez. Y una entrega que nadie contó se nombra.
    with base(carpeta, "coordinacion") as motor, motor.begin() as conexion:
        repetida = {"institucion": quien, "mensaje": f"{entregados[0]['evento']}.{quien}"}
        conexion.execute(sa.insert(entregas), {**repetida, "instante": FINAL + timedelta(days=9)})
        falsa = {"institucion": quien, "mensaje": f"{UUID(int=9)}.{quien}", "instante": FINAL}
        conexion.execute(sa.insert(entregas), falsa)
    resultado = correr(carpeta, "conocimiento", quien)
    assert resultado.exit_code == 1
    dicho = loads(resultado.stdout)
    assert dicho["sin_libro"] == [falsa["mensaje"]]
    assert entregados[0] in dicho["entregados"]


def copia_de(demo: Demo, destino: Path) -> Path:
    """La misma demostración en otra carpeta: sus direcciones son absolutas."""
    carpeta = destino / "copia"
    shutil.copytree(demo.carpeta, carpeta)
    archivo = carpeta / "despliegue.json"
    archivo.write_text(archivo.read_text().replace(str(demo.carpeta), str(carpeta)))
    return carpeta


def _explota(*_: object, **__: object) -> NoReturn:
    raise AssertionError("reproducir no hace esto")


def test_reproducir_no_cambia_nada_fuera(demo: Demo, monkeypatch: pytest.MonkeyPatch):
    for clase, metodos in (
        (TransporteMemoria, ("__init__", "publicar", "recibir")),
        (TransporteAmqp, ("__init__", "publicar")),
        (Llavero, ("__init__", "presentes")),
        (Tanda, ("anotar", "enviar", "volcar")),
        (Contexto, ("conocer", "encargar", "vencer")),
    ):
        for metodo in metodos:
            monkeypatch.setattr(clase, metodo, _explota)
    antes = huellas(demo.carpeta)
    hasta = "2026-03-01"
    for argumentos in (
        ["lecturas"], ["lecturas", "--hasta", hasta], ["ruta", demo.informe.ruta_de_muestra, "--hasta", hasta],
        ["conocimiento", RECTORA], ["conocimiento", RECTORA, "--hasta", hasta],
    ):  # fmt: skip
        numero = accesos_hasta_ahora(demo.carpeta)
        demo.orden(*argumentos)
        assert accesos_hasta_ahora(demo.carpeta) == numero + 1 or argumentos[0] == "ruta"
    assert huellas(demo.carpeta) == antes


def huellas(carpeta: Path) -> dict[str, str]:
    """SHA-256 de cada archivo; de la base de auditoría, de cada tabla salvo la constancia de quién leyó."""
    halladas = {p.name: sha256(p.read_bytes()).hexdigest() for p in carpeta.rglob("*") if p.is_file()}
    del halladas["auditoria.db"]
    with closing(sqlite3.connect(carpeta / "auditoria.db")) as conexion:
        tablas = [
            t for (t,) in conexion.execute("SELECT name FROM sqlite_master WHERE type = 'table'") if t != "accesos"
        ]
        for tabla in tablas:
            filas = sorted(map(repr, conexion.execute(f"SELECT * FROM {tabla}")))
            halladas[tabla] = sha256("\n".join(filas).encode()).hexdigest()
    return halladas


def accesos_hasta_ahora(carpeta: Path) -> int:
    with base(carpeta, "auditoria") as motor, leyendo(motor) as conexion:
        return conexion.scalar(sa.select(sa.func.max(accesos.c.numero))) or 0


def test_deja_constancia_y_no_lo_puede_cualquiera(demo: Demo):
    demo.orden("lecturas", "deteccion", "--motivo", "mandato-judicial")
    with base(demo.carpeta, "auditoria") as motor, leyendo(motor) as conexion:
        ultimo = conexion.execute(sa.select(accesos).order_by(accesos.c.numero.desc()).limit(1)).one()
    assert (ultimo.institucion, ultimo.ruta, ultimo.motivo) == (RECTORA, TODAS, "mandato-judicial")
    numero = accesos_hasta_ahora(demo.carpeta)
    for negada in (["lecturas", "--como", "GT-PNC"], ["conocimiento", RECTORA, "--como", "GT-PNC"]):
        assert correr(demo.carpeta, *negada).exit_code == 2
    assert accesos_hasta_ahora(demo.carpeta) == numero
    demo.orden("conocimiento", "GT-PNC", "--como", "GT-PNC")
    assert accesos_hasta_ahora(demo.carpeta) == numero + 1


@pytest.mark.parametrize(
    "argumentos", [["lecturas", "ninguno"], ["conocimiento", "GT-NADIE"], ["ruta", str(UUID(int=1))]]
)
def test_lo_que_no_se_puede_sale_con_2(demo: Demo, argumentos: list[str]):
    assert correr(demo.carpeta, *argumentos).exit_code == 2


def test_si_al_libro_le_falta_se_dice_y_no_se_inventan_diferencias(demo: Demo, tmp_path: Path):
    carpeta = copia_de(demo, tmp_path)
    with closing(sqlite3.connect(carpeta / "coordinacion.db")) as conexion:
        conexion.execute("UPDATE cabecera SET posicion = posicion + 1")
        conexion.commit()
    resultado = correr(carpeta, "lecturas", "coordinacion")
    assert resultado.exit_code == 2
    assert "/gt/coordinacion" in resultado.stderr


@pytest.mark.real
def test_con_procesos_de_verdad_tambien_coincide(tmp_path: Path, entrada: Path, url_amqp: str, url_base: str):
    """Seis procesos, RabbitMQ y PostgreSQL: el orden en que cada uno conoció las cosas no lo decide ningún reloj."""
    carpeta = tmp_path / "demo"
    informe = funcion.en_procesos(
        carpeta, de_archivo(entrada, 100), AzarReal(), url_amqp, url_base, lambda _: None, conservar=True
    )
    despliegue = leer(carpeta)
    try:
        for servicio in con_lecturas(despliegue):
            reproducidas = de_servicio(despliegue, servicio, None, lambda *_: None)
            assert (servicio, reproducidas.diferencias, reproducidas.supuestos) == (servicio, (), 0)
            assert reproducidas.apartados == 0
        resultado = correr(carpeta, "conocimiento", RECTORA)
        assert resultado.exit_code == 0, resultado.output
        assert informe.verificado
    finally:
        limpiar(despliegue, url_base, [RECTORA])
