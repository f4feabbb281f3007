"""Quien escribe contra quien comprueba: lo exportado de una demostración no tiene faltas, aun después de borrar."""

from __future__ import annotations

import json
import shutil
import sqlite3
import stat
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from eventos.seguridad import ClaveDestruida, MotivoDestruccion
from infra.almacen.motor import abrir_motor, leyendo
from infra.almacen.tanda import Autoria
from infra.azar import AzarSembrado
from infra.mensajeria.puertos import Latido
from infra.reloj import RelojSimulado
from infra.seguridad.llavero import Llavero
from senda.auditoria.exportacion import claves_publicas, exportar_con_mandato, exportar_publico, firmadas
from senda.auditoria.prueba import probar_ruta
from senda.auditoria.verificacion import vkey_del_libro
from senda.consulta import ConsultaNegada
from senda.demo import funcion
from senda.demo.historias.cartel import HISTORIAS
from senda.demo.informe import Informe as Cifras
from senda.demo.obra import de_historias
from senda.despliegue import anillo_maestro, claves_de, leer
from senda.embebido import reabrir
from senda_verificar import confianza, directorio, prueba
from senda_verificar.faltas import Informe
from servicios.auditoria import accesos, exportacion
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.cabeceras import conservar
from servicios.auditoria.exportacion import DirectorioAjeno, DirectorioConEntradas, DirectorioOcupado
from servicios.auditoria.libro import libro, puntos
from servicios.auditoria.prueba import RutaSinHechos
from servicios.coordinacion.contexto import CONTEXTO as COORDINACION
from servicios.coordinacion.internas import ContarDeSeguridad

COMIENZO = datetime(2026, 1, 5, 8, tzinfo=UTC)
AHORA = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Cifras:
    carpeta = tmp_path_factory.mktemp("demo")
    return funcion.embebida(carpeta, de_historias(len(HISTORIAS)), AzarSembrado(7), COMIENZO, lambda _: None)


@pytest.fixture(scope="module")
def carpeta(demo: Cifras) -> Path:
    return Path(demo.carpeta)


@pytest.fixture(scope="module")
def claves(carpeta: Path) -> confianza.Confianza:
    return confianza.leer(claves_publicas(carpeta))


def entregar(carpeta: Path, destino: Path) -> Path:
    exportar_con_mandato(carpeta, destino, None, MotivoAcceso.SUPERVISION)
    return destino


def verificar(destino: Path, claves: confianza.Confianza, **mas: list[str]) -> Informe:
    return directorio.verificar(destino, claves, procesos=1, **mas)  # type: ignore[arg-type]


def todos(carpeta: Path) -> dict[str, bytes]:
    return {str(a.relative_to(carpeta)): a.read_bytes() for a in sorted(carpeta.rglob("*")) if a.is_file()}


def registrados(carpeta: Path) -> list[accesos.Asiento]:
    base = leer(carpeta).bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    try:
        with leyendo(motor, en_flujo=True) as conexion:
            return list(accesos.filas(conexion))
    finally:
        motor.dispose()


def test_lo_exportado_no_tiene_faltas_y_es_la_raiz_de_la_base(demo, carpeta, claves, tmp_path):
    informe = verificar(entregar(carpeta, tmp_path / "libro"), claves)
    assert informe.faltas == ()
    assert informe.raiz.hex() == demo.raiz
    assert informe.tamano == informe.firmado_hasta == demo.eventos
    assert len(informe.hechos) > 3
    assert sum(informe.hechos.values()) == demo.eventos
    assert not any("cuya solicitud ya no se puede abrir" in que for que in informe.sin_comprobar)
    assert not any("falta su línea" in que for que in informe.sin_comprobar)


def test_la_demostracion_deja_el_libro_exportado_con_sus_claves(demo):
    confiadas = confianza.leer(Path(demo.claves).read_text(encoding="utf-8"))
    assert verificar(Path(demo.libro), confiadas).correcto


def test_queda_constancia_del_acceso_antes_de_entregar(carpeta, tmp_path):
    habia = len(registrados(carpeta))
    entregar(carpeta, tmp_path / "libro")
    suyo = registrados(carpeta)[habia]
    rectora = leer(carpeta).rectora
    assert (suyo.institucion, suyo.ruta, suyo.motivo) == (rectora, accesos.TODAS, MotivoAcceso.SUPERVISION)
    # Y la propia entrega ya lo lleva.
    lineas = (tmp_path / "libro/accesos.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(lineas[-1])["numero"] == suyo.numero


def test_sin_mandato_no_se_entrega_ni_se_anota_nada(carpeta, tmp_path):
    habia = len(registrados(carpeta))
    with pytest.raises(ConsultaNegada):
        exportar_con_mandato(carpeta, tmp_path / "libro", "GT-PNC", MotivoAcceso.SUPERVISION)
    assert not (tmp_path / "libro").exists()
    assert len(registrados(carpeta)) == habia


def test_lo_publico_no_trae_ni_un_byte_de_entradas(carpeta, claves, tmp_path):
    exportar_publico(carpeta, tmp_path / "publico")
    informe = verificar(tmp_path / "publico", claves)
    assert informe.correcto
    escritos = todos(tmp_path / "publico")
    assert {ruta.split("/")[0] for ruta in escritos} == {"checkpoint", "puntos.jsonl", "cabeceras.jsonl", "tile"}
    assert not any(ruta.startswith("tile/entries") for ruta in escritos)
    base = leer(carpeta).bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    with leyendo(motor) as conexion:
        cuerpos = list(conexion.scalars(sa.select(libro.c.cuerpo)))
    motor.dispose()
    junto = b"\n".join(escritos.values())
    for cuerpo in cuerpos:
        sobre = json.loads(cuerpo)
        for campo in ("id", "subject", "agente", "agregado"):
            assert sobre[campo].encode() not in junto
        assert cuerpo not in junto


def test_en_dos_veces_da_lo_mismo_que_de_una(carpeta, claves, tmp_path):
    """Con el libro a medias y después entero: archivo por archivo, lo mismo que exportarlo entero de una vez."""
    de_una, en_dos = tmp_path / "una", tmp_path / "dos"
    base = leer(carpeta).bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    with leyendo(motor) as conexion:
        tamanos = list(conexion.scalars(sa.select(puntos.c.tamano).order_by(puntos.c.tamano)))
    motor.dispose()
    # Una copia de la base cortada en un punto intermedio: es como estaba entonces.
    antes = next(t for t in tamanos if t > 600)
    cortada = cortar(carpeta, tmp_path / "cortada", antes)
    for con_entradas in (False, True):
        for url, destino in ((cortada, en_dos), (base.url, en_dos), (base.url, de_una)):
            exportar_base(carpeta, url, destino / str(con_entradas), con_entradas=con_entradas)
        nuevos, viejos = todos(de_una / str(con_entradas)), todos(en_dos / str(con_entradas))
        # Las teselas parciales de entonces pueden seguir: C2SP no obliga a quitarlas. Lo demás, byte a byte.
        parciales = {r for r in set(viejos) - set(nuevos) if ".p/" in r}
        assert {r: d for r, d in viejos.items() if r not in parciales} == nuevos
        assert verificar(en_dos / str(con_entradas), claves).correcto


def exportar_base(carpeta: Path, url: str, destino: Path, *, con_entradas: bool, ahora: datetime = AHORA) -> None:
    motor = abrir_motor(url)
    with firmadas(carpeta, leer(carpeta)) as suyas, leyendo(motor, en_flujo=True) as conexion:
        exportacion.exportar(
            conexion, destino, ahora, con_entradas=con_entradas, solicitudes=suyas.de if con_entradas else None
        )
    motor.dispose()


def cortar(carpeta: Path, copia: Path, tamano: int) -> str:
    """Una copia de la base de auditoría como al firmar ``tamano``. Se quitan los disparadores, que lo impiden."""
    copia.mkdir()
    shutil.copy(carpeta / "auditoria.db", copia / "auditoria.db")
    url = f"sqlite:///{copia / 'auditoria.db'}"
    motor = sa.create_engine(url)
    with motor.begin() as conexion:
        disparadores = sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
        for nombre in list(conexion.scalars(disparadores)):
            conexion.execute(sa.text(f'DROP TRIGGER "{nombre}"'))
        conexion.execute(sa.delete(libro).where(libro.c.indice >= tamano))
        conexion.execute(sa.delete(puntos).where(puntos.c.tamano > tamano))
        conexion.execute(sa.text("DELETE FROM nodos WHERE (indice + 1) * (1 << (8 * nivel)) > :t"), {"t": tamano})
    motor.dispose()
    return url


def test_sobre_el_directorio_de_otro_libro(carpeta, tmp_path):
    destino = entregar(carpeta, tmp_path / "libro")
    punto = destino / "checkpoint"
    sano = punto.read_text(encoding="utf-8")
    nombre, tamano, raiz, resto = sano.split("\n", 3)
    for ajeno in (
        f"otro.example/libro\n{tamano}\n{raiz}\n{resto}",
        "\n".join([nombre, str(int(tamano) + 1), raiz, resto]),
        "\n".join([nombre, tamano, raiz[::-1], resto]),
        "hola",
        "",
    ):
        punto.write_text(ajeno, encoding="utf-8")
        habia = todos(destino)
        with pytest.raises(DirectorioAjeno):
            exportar_publico(carpeta, destino)
        assert todos(destino) == habia
    suelta = tmp_path / "suelta"
    suelta.mkdir()
    (suelta / "tesis.txt").write_text("lo de alguien")
    with pytest.raises(DirectorioOcupado):
        exportar_publico(carpeta, suelta)
    assert todos(suelta) == {"tesis.txt": b"lo de alguien"}


def test_el_punto_guardado_antes_sigue_valiendo(carpeta, claves, tmp_path):
    destino = entregar(carpeta, tmp_path / "libro")
    guardados = [json.loads(linea) for linea in (destino / "puntos.jsonl").read_text(encoding="utf-8").splitlines()]
    assert verificar(destino, claves, retenidos=guardados[::40]).correcto


def test_los_acuses_de_las_instituciones_estan_cumplidos(carpeta, claves, tmp_path):
    destino = entregar(carpeta, tmp_path / "libro")
    recibos = [linea for a in (destino / "solicitudes").glob("*.jsonl") for linea in a.read_text("utf-8").splitlines()]
    assert len(recibos) > 400
    assert verificar(destino, claves, guardados=recibos).correcto


def test_la_prueba_de_una_ruta_se_verifica_y_es_siempre_la_misma(demo, carpeta, claves, tmp_path):
    ruta, habia = UUID(demo.ruta_de_muestra), len(registrados(carpeta))
    uno, otro = tmp_path / "uno.zip", tmp_path / "otro.zip"
    cuantos = probar_ruta(carpeta, ruta, uno, None, MotivoAcceso.MANDATO_JUDICIAL)
    assert probar_ruta(carpeta, ruta, otro, None, MotivoAcceso.MANDATO_JUDICIAL) == cuantos
    assert uno.read_bytes() == otro.read_bytes()
    informe = prueba.verificar(uno, claves)
    assert informe.faltas == ()
    assert sum(informe.hechos.values()) == cuantos
    assert "hablan de 1 ruta" in informe.comprobado[0]
    assert [a.ruta for a in registrados(carpeta)[habia:]] == [str(ruta)] * 2

    # Trae también la inscripción de la rectora: sin fijarla de fuera falta saber de quién es, pero nada más.
    sin_rectora = "".join(
        linea for linea in claves_publicas(carpeta).splitlines(keepends=True) if not linea.startswith("institucion")
    )
    suelta = prueba.verificar(uno, confianza.leer(sin_rectora))
    assert suelta.faltas == ()
    assert any("fija la de la rectora" in que for que in suelta.sin_comprobar)

    with pytest.raises(FileExistsError):
        probar_ruta(carpeta, ruta, uno, None, MotivoAcceso.MANDATO_JUDICIAL)
    with pytest.raises(ConsultaNegada):
        probar_ruta(carpeta, ruta, tmp_path / "no.zip", "GT-PNC", MotivoAcceso.MANDATO_JUDICIAL)
    with pytest.raises(RutaSinHechos):
        probar_ruta(carpeta, UUID(int=4), tmp_path / "no.zip", None, MotivoAcceso.MANDATO_JUDICIAL)
    assert not (tmp_path / "no.zip").exists()


def test_lo_publico_no_se_escribe_sobre_las_entradas(carpeta, tmp_path):
    """Quedarían entradas y accesos viejos bajo un punto nuevo."""
    libro = entregar(carpeta, tmp_path / "libro")
    with pytest.raises(DirectorioConEntradas):
        exportar_publico(carpeta, libro)


def test_con_entradas_nadie_mas_lo_lee_aunque_la_carpeta_ya_estuviera(carpeta, tmp_path):
    (tmp_path / "libro").mkdir(mode=0o755)
    assert stat.S_IMODE(entregar(carpeta, tmp_path / "libro").stat().st_mode) == 0o700


def test_una_cabecera_que_llega_antes_que_sus_hechos_aun_no_se_entrega(carpeta, claves, tmp_path):
    """El sistema está en marcha: el latido se adelantó. Pasado un minuto, si no llegaron, es que faltan."""
    base = tmp_path / "auditoria.db"
    origen = make_url(leer(carpeta).bases["auditoria"].url).database
    with closing(sqlite3.connect(str(origen))) as viva, closing(sqlite3.connect(base)) as copia:
        viva.backup(copia)
    firmada = claves_de(carpeta, "deteccion").firmar_cabecera("/gt/deteccion", 9_999, "ab" * 32, AHORA)
    motor = abrir_motor(f"sqlite:///{base}")
    with motor.begin() as conexion:
        conservar(conexion, Latido("/gt/deteccion", 9_999, b"\xab" * 32, AHORA, firmada))
    motor.dispose()
    for despues, faltas in ((timedelta(seconds=1), set()), (timedelta(minutes=2), {"truncado"})):
        destino = tmp_path / f"libro-{despues.seconds}"
        exportar_base(carpeta, f"sqlite:///{base}", destino, con_entradas=True, ahora=AHORA + despues)
        assert {str(f.codigo) for f in verificar(destino, claves).faltas} == faltas


# La última: borra la clave de una persona.
def test_tras_destruir_la_clave_de_una_persona_sigue_sin_faltas_y_dice_que_firmas_ya_no_se_ven(
    demo, carpeta, claves, tmp_path
):
    ruta, despliegue = UUID(demo.ruta_de_muestra), leer(carpeta)
    base = despliegue.bases["llavero"]
    llavero = Llavero(base.url, anillo_maestro(carpeta), AzarSembrado(1), RelojSimulado(COMIENZO), esquema=base.esquema)
    antes = verificar(entregar(carpeta, tmp_path / "antes"), claves)
    llavero.destruir(ruta)
    llavero.cerrar()

    # Mientras no conste en el libro, que falte lo firmado es una falta: pudo ser un acto inventado.
    sin_constar = verificar(entregar(carpeta, tmp_path / "sin constar"), claves)
    assert {str(f.codigo) for f in sin_constar.faltas} == {"solicitud-ausente"}
    contar_la_destruccion(carpeta, ruta)

    informe = verificar(entregar(carpeta, tmp_path / "despues"), claves)
    assert informe.faltas == ()
    assert informe.tamano == antes.tamano + 1
    sin_ver = [que for que in informe.sin_comprobar if "ya no se puede abrir (se destruyó la clave)" in que]
    (perdidas,) = (int(que.split()[3]) for que in sin_ver)
    assert perdidas == len(sin_constar.faltas) > 0
    # Los hechos son los mismos: solo cambian de «firmados» a «ya no se puede ver».
    assert firmados(antes) == firmados(informe) + perdidas
    # Y de lo que ya se había exportado no queda, al continuar, lo que se firmó: es lo mismo que exportarlo hoy.
    continuado = entregar(carpeta, tmp_path / "antes")
    assert verificar(continuado, claves).correcto
    assert solicitudes_de(continuado) == solicitudes_de(tmp_path / "despues")

    probar_ruta(carpeta, ruta, tmp_path / "ruta.zip", None, MotivoAcceso.MANDATO_JUDICIAL)
    de_la_ruta = prueba.verificar(tmp_path / "ruta.zip", claves)
    assert de_la_ruta.faltas == ()
    assert any("ya no se puede abrir" in que for que in de_la_ruta.sin_comprobar)


def solicitudes_de(libro: Path) -> list[bytes]:
    return [a.read_bytes() for a in sorted((libro / "solicitudes").rglob("*.jsonl"))]


def contar_la_destruccion(carpeta: Path, ruta: UUID) -> None:
    """Lo que la bóveda manda al libro cuando destruye: coordinación lo cuenta y auditoría lo recibe y lo firma."""
    fin = datetime(2026, 12, 31, tzinfo=UTC)
    sistema = reabrir(carpeta, RelojSimulado(fin), AzarSembrado(3))
    autoria = Autoria(institucion="GT-SVET", agente="ag-00000001", ocurrido=fin, causa="", correlacion="c")
    hecho = ClaveDestruida(
        ruta=ruta, motivo=MotivoDestruccion.PERSONA_LO_PIDE, pedida=fin, autorizan=("ag-00000001", "ag-00000002")
    )
    with sistema.estaciones["coordinacion"].almacen.tanda() as tanda:
        COORDINACION.encargar(tanda, ContarDeSeguridad(hecho=hecho), autoria)
    for _ in range(200):
        if not sistema.planificador.ronda():
            break
    sistema.cerrar()


def firmados(informe: Informe) -> int:
    (que,) = (que for que in informe.comprobado if "actos con la firma" in que)
    return int(que.split()[0])


def test_las_claves_publicas_llevan_la_del_libro_y_la_rectora(carpeta):
    dichas = claves_publicas(carpeta, "witness …")
    despliegue = leer(carpeta)
    assert f"log {vkey_del_libro(despliegue)}" in dichas
    assert f"institucion {despliegue.rectora}+" in dichas
    assert dichas.endswith("witness …\n")
    assert len(confianza.leer(claves_publicas(carpeta)).origenes) == len(despliegue.origenes)
