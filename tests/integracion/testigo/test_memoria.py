"""Lo que un testigo refrenda lo recuerda, y ni a la vez ni en ningún orden retrocede o refrenda dos raíces."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError, OperationalError

from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from senda import testigo as testigos
from senda_verificar import nota
from servicios.auditoria import punto_de_control
from servicios.testigo.dominio import Respuesta
from servicios.testigo.memoria import MemoriaAusente, evidencias, refrendados
from servicios.testigo.testigo import Testigo
from tests.unidad.testigo.libreta import AJENA, CLAVE, NOMBRE, Libreta

LIBRO = Libreta()
FALSO = LIBRO.bifurcada(3)


def refrendos_dados(testigo: Testigo) -> list[tuple[int, bytes]]:
    return [(r.tamano, r.raiz) for r in testigo.memoria.historial()]


def test_un_refrendo_verifica_como_dice_la_especificacion(testigo: Testigo, reloj: RelojSimulado) -> None:
    respuesta = testigo.refrendar(LIBRO.peticion(0, 5))
    assert (respuesta.estado, respuesta.codigo) == (200, "")
    punto = nota.leer(LIBRO.punto(5) + respuesta.cuerpo.decode())
    assert nota.exigir_firma(punto, nota.leer_vkey(testigo.memoria.vkey)) == int(reloj.ahora().timestamp())
    guardado = testigo.memoria.ultimo(NOMBRE)
    assert guardado is not None
    assert guardado.texto == LIBRO.punto(5) + respuesta.cuerpo.decode()


def test_crece_con_el_libro(testigo: Testigo) -> None:
    for anterior, tamano in [(0, 1), (1, 5), (5, 6), (6, 300)]:
        assert testigo.refrendar(LIBRO.peticion(anterior, tamano)).estado == 200
    assert refrendos_dados(testigo) == [(n, LIBRO.raiz(n)) for n in (1, 5, 6, 300)]


def test_el_mismo_punto_tiene_siempre_la_misma_respuesta_y_no_ocupa_mas(testigo: Testigo, reloj: RelojSimulado) -> None:
    primera = testigo.refrendar(LIBRO.peticion(0, 5))
    reloj.adelantar(timedelta(days=1))
    assert testigo.refrendar(LIBRO.peticion(5, 5)) == primera
    assert len(testigo.memoria.historial()) == 1


def test_mismo_tamano_y_raiz_con_otras_extensiones_es_otro_refrendo(testigo: Testigo) -> None:
    testigo.refrendar(LIBRO.peticion(0, 5))
    otro = LIBRO.punto(5, ["instante 2026-05-03T12:00:00.000000Z"])
    linea = testigo.refrendar(LIBRO.peticion(5, 5, punto=otro)).cuerpo.decode()
    nota.exigir_firma(nota.leer(otro + linea), testigo.vkey)
    assert len(testigo.memoria.historial()) == 2


def test_un_punto_viejo_no_vuelve(testigo: Testigo) -> None:
    testigo.refrendar(LIBRO.peticion(0, 5))
    testigo.refrendar(LIBRO.peticion(5, 9))
    for vieja in (LIBRO.peticion(0, 5), LIBRO.peticion(5, 5), LIBRO.peticion(5, 9), LIBRO.peticion(0, 9)):
        assert testigo.refrendar(vieja)[2:] == (b"9\n", "otro-tamano")
    assert [r.tamano for r in testigo.memoria.historial()] == [5, 9]
    assert testigo.memoria.evidencias() == []


@pytest.mark.parametrize(
    ("peticion", "codigo", "motivo"),
    [
        (FALSO.peticion(9, 9), "bifurcacion", "bifurcacion"),
        (FALSO.peticion(9, 12), "sin-consistencia", "sin-consistencia"),
        (FALSO.peticion(0, 5), "otro-tamano", "bifurcacion"),  # un tamaño que se refrendó hace tiempo
        (FALSO.peticion(5, 9), "otro-tamano", "bifurcacion"),
    ],
)
def test_lo_que_contradice_se_niega_y_se_guarda_firmado(
    testigo: Testigo, peticion: bytes, codigo: str, motivo: str
) -> None:
    testigo.refrendar(LIBRO.peticion(0, 5))
    testigo.refrendar(LIBRO.peticion(5, 9))
    for _ in range(2):  # repetirlo no añade otra
        assert testigo.refrendar(peticion).codigo == codigo
    (evidencia,) = testigo.memoria.evidencias()
    assert (evidencia.motivo, evidencia.aclarada) == (motivo, False)
    # Vale ante un tercero: lo firmó el libro, y para ese tamaño hay otra raíz refrendada o una prueba que falta.
    assert nota.verificar(evidencia.texto, LIBRO.vkey).raiz == FALSO.raiz(evidencia.tamano)
    assert [r.tamano for r in testigo.memoria.historial()] == [5, 9]


def test_una_prueba_mala_de_un_punto_bueno_se_aclara_al_refrendarlo(testigo: Testigo) -> None:
    testigo.refrendar(LIBRO.peticion(0, 5))
    assert testigo.refrendar(LIBRO.peticion(5, 9, prueba=[bytes(32)])).codigo == "sin-consistencia"
    testigo.refrendar(LIBRO.peticion(5, 9))
    assert [e.aclarada for e in testigo.memoria.evidencias()] == [True]


def test_un_libro_vacio_con_otra_raiz_tambien_acusa(testigo: Testigo) -> None:
    vacio = punto_de_control.firmar(NOMBRE, CLAVE, 0, bytes(32))
    assert testigo.refrendar(LIBRO.peticion(0, 0, punto=vacio)).codigo == "bifurcacion"
    assert [e.tamano for e in testigo.memoria.evidencias()] == [0]
    assert testigo.refrendar(LIBRO.peticion(0, 0)).estado == 200


def test_quien_no_es_el_libro_no_deja_rastro(testigo: Testigo) -> None:
    testigo.refrendar(LIBRO.peticion(0, 5))
    impostor = Libreta(clave=AJENA, distinta_desde=0)
    assert testigo.refrendar(impostor.peticion(5, 5)).codigo == "firma-ajena"
    assert testigo.memoria.evidencias() == []


def test_si_el_reloj_atrasa_no_dice_haber_visto_lo_mayor_antes_que_lo_menor(carpeta: Path, testigo: Testigo) -> None:
    testigo.refrendar(LIBRO.peticion(0, 5))
    antes = testigo.reloj.ahora()
    with testigos.abierto(carpeta, RelojSimulado(antes - timedelta(hours=1))) as atrasado:
        linea = atrasado.refrendar(LIBRO.peticion(5, 9)).cuerpo.decode()
    assert nota.exigir_firma(nota.leer(LIBRO.punto(9) + linea), testigo.vkey) == int(antes.timestamp())


def test_cada_libro_lleva_su_cuenta(testigo: Testigo, reloj: RelojSimulado) -> None:
    otro = Libreta("senda.example/hn/libro")
    assert testigo.refrendar(otro.peticion(0, 3)).codigo == "libro-desconocido"
    testigo.memoria.conocer(otro.vkey, reloj.ahora())
    testigo.refrendar(LIBRO.peticion(0, 9))
    assert testigo.refrendar(otro.peticion(0, 3)).estado == 200


def test_a_la_vez_solo_uno_avanza_desde_cada_tamano(carpeta: Path, reloj: RelojSimulado) -> None:
    """Ocho testigos con la misma base (como ocho procesos) a los que piden cosas incompatibles en el mismo instante."""
    a_la_vez = 8
    with ExitStack() as pila, ThreadPoolExecutor(a_la_vez) as hilos:
        quienes = [pila.enter_context(testigos.abierto(carpeta, reloj)) for _ in range(a_la_vez)]
        for ronda in range(25):
            libro = Libreta(f"senda.example/{ronda}/libro")
            quienes[0].memoria.conocer(libro.vkey, reloj.ahora())
            quienes[0].refrendar(libro.peticion(0, 4))
            # Desde lo mismo, unos llegan más lejos que otros y la mitad cuenta otra historia.
            otra = libro.bifurcada(4)
            peticiones = [(libro if n % 2 else otra).peticion(4, 5 + n // 2) for n in range(a_la_vez)]
            barrera = threading.Barrier(a_la_vez)

            def pedir(quien: Testigo, cuerpo: bytes, barrera: threading.Barrier = barrera) -> Respuesta:
                barrera.wait()
                return quien.refrendar(cuerpo)

            dichas = list(hilos.map(pedir, quienes, peticiones))
            assert sorted(d.codigo for d in dichas) == [""] + ["otro-tamano"] * (a_la_vez - 1)
            historial = [r for r in quienes[0].memoria.historial() if r.origen == libro.nombre]
            assert len(historial) == 2
            assert {d.cuerpo for d in dichas if d.codigo} == {b"%d\n" % historial[1].tamano}


def test_la_base_se_niega_por_su_cuenta(testigo: Testigo) -> None:
    """Aunque el programa se equivocase: ni atrás, ni dos raíces, ni tocar lo escrito."""
    testigo.refrendar(LIBRO.peticion(0, 9))
    fila = {"origen": NOMBRE, "huella": bytes(32), "texto": "", "linea": "", "instante": testigo.reloj.ahora()}
    motor = testigo.memoria._motor
    intentos: list[sa.Executable] = [
        sa.insert(refrendados).values(tamano=8, raiz=LIBRO.raiz(8), **fila),
        sa.insert(refrendados).values(tamano=9, raiz=FALSO.raiz(9), **fila),
        sa.update(refrendados).values(tamano=1),
        sa.delete(refrendados),
        sa.delete(evidencias),
    ]
    for intento in intentos[:4]:
        with pytest.raises(IntegrityError), motor.begin() as conexion:
            conexion.execute(intento)
    testigo.refrendar(FALSO.peticion(9, 9))
    with pytest.raises(IntegrityError), motor.begin() as conexion:
        conexion.execute(intentos[4])
    assert refrendos_dados(testigo) == [(9, LIBRO.raiz(9))]


def test_sin_guardar_no_hay_refrendo(testigo: Testigo) -> None:
    def falla(_: sa.Connection) -> None:
        raise OperationalError("COMMIT", None, Exception("disco lleno"))

    testigo.refrendar(LIBRO.peticion(0, 5))
    sa.event.listen(testigo.memoria._motor, "commit", falla)
    with pytest.raises(OperationalError):
        testigo.refrendar(LIBRO.peticion(5, 9))
    sa.event.remove(testigo.memoria._motor, "commit", falla)
    assert refrendos_dados(testigo) == [(5, LIBRO.raiz(5))]


def test_lo_confirmado_espera_al_disco(testigo: Testigo) -> None:
    with testigo.memoria._motor.connect() as conexion:
        assert conexion.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def borrar(memoria: Path) -> None:
    for archivo in memoria.parent.glob(f"{memoria.name}*"):
        archivo.unlink()


def vaciar(memoria: Path) -> None:
    borrar(memoria)
    memoria.touch()


def danar(memoria: Path) -> None:
    borrar(memoria)
    memoria.write_bytes(b"no es una base" * 100)


@pytest.mark.parametrize("perder", [borrar, vaciar, danar])
def test_quien_olvido_no_refrenda(carpeta: Path, reloj: RelojSimulado, perder: Callable[[Path], None]) -> None:
    with testigos.abierto(carpeta, reloj) as testigo:
        testigo.refrendar(LIBRO.peticion(0, 9))
    perder(carpeta / testigos.MEMORIA)
    with pytest.raises(MemoriaAusente), testigos.abierto(carpeta, reloj):
        pass


def test_la_memoria_de_otro_no_sirve(carpeta: Path, tmp_path: Path, reloj: RelojSimulado) -> None:
    testigos.instalar(tmp_path / "otro", "otro.example/testigo", LIBRO.vkey, reloj, AzarSembrado(2))
    (tmp_path / "otro" / testigos.MEMORIA).replace(carpeta / testigos.MEMORIA)
    with pytest.raises(MemoriaAusente), testigos.abierto(carpeta, reloj):
        pass


def test_la_clave_es_solo_de_su_dueno(carpeta: Path, reloj: RelojSimulado) -> None:
    assert (carpeta / testigos.CLAVE).stat().st_mode & 0o777 == 0o600
    assert (carpeta / testigos.MEMORIA).stat().st_mode & 0o777 == 0o600
    (carpeta / testigos.CLAVE).chmod(0o640)
    with pytest.raises(testigos.TestigoAusente), testigos.abierto(carpeta, reloj):
        pass


def test_la_clave_de_otro_no_firma_por_este(carpeta: Path, reloj: RelojSimulado) -> None:
    (carpeta / testigos.CLAVE).write_bytes(bytes(32))
    with pytest.raises(testigos.TestigoAusente), testigos.abierto(carpeta, reloj):
        pass


def test_no_se_instala_encima(carpeta: Path, reloj: RelojSimulado) -> None:
    with pytest.raises(FileExistsError):
        testigos.instalar(carpeta, "otro.example/testigo", LIBRO.vkey, reloj, AzarSembrado(2))
    (carpeta / testigos.CLAVE).unlink()
    with pytest.raises(FileExistsError):  # ni con lo que quede de uno
        testigos.instalar(carpeta, "otro.example/testigo", LIBRO.vkey, reloj, AzarSembrado(2))


@pytest.mark.parametrize("nombre", ["", "con espacio", "con+mas"])
def test_un_nombre_que_no_vale_no_deja_nada(tmp_path: Path, reloj: RelojSimulado, nombre: str) -> None:
    with pytest.raises(nota.ClaveInvalida):
        testigos.instalar(tmp_path / "nuevo", nombre, LIBRO.vkey, reloj, AzarSembrado(2))
    assert not (tmp_path / "nuevo").exists()


def test_la_clave_de_un_testigo_no_es_la_de_un_libro(tmp_path: Path, testigo: Testigo, reloj: RelojSimulado) -> None:
    with pytest.raises(nota.ClaveInvalida):
        testigos.instalar(tmp_path / "nuevo", "a", testigo.memoria.vkey, reloj, AzarSembrado(2))


def test_el_instante_guardado_es_el_firmado(testigo: Testigo) -> None:
    testigo.refrendar(LIBRO.peticion(0, 5))
    (uno,) = testigo.memoria.historial()
    assert uno.instante == datetime.fromtimestamp(
        nota.exigir_firma(nota.leer(uno.texto), testigo.vkey) or 0, uno.instante.tzinfo
    )
