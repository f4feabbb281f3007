"""Lo común a todas las pruebas: servidores de verdad, uno por corrida, y un rincón propio en ellos por trabajador.

Los servidores se buscan cuando la primera prueba los pide. Quien primero llega deja escrito lo que encontró en la
carpeta de la corrida; los demás trabajadores lo leen. El proceso principal apaga al final lo que se arrancó.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from tests.inquilinos import Bus, base_propia, bus_propio
from tests.nodo_rabbit import FALTA, NodoRabbit, arrancar, instalado, limpiar
from tests.servicios_reales import CLASES, POSTGRES, RABBITMQ, Clase, SinServicios, conseguir
from tests.servidores_propios import NoArranca, Servidor, apagar

#: Variable con la carpeta de la corrida; los trabajadores de xdist la heredan.
CARPETA = "SENDA_PRUEBAS_CARPETA"
_NODO = "nodo.json"


class Hallazgo(msgspec.Struct):
    """Lo que dio la búsqueda de un servidor: el servidor, o por qué no lo hay."""

    servidor: Servidor | None = None
    motivo: str = ""
    uso: str = ""


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        os.environ[CARPETA] = tempfile.mkdtemp(prefix="senda-pruebas-")
        Path(os.environ[CARPETA]).chmod(0o755)  # PostgreSQL corre con otro usuario y ha de poder entrar


def pytest_unconfigure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and (carpeta := os.environ.pop(CARPETA, "")):
        for clase in CLASES:
            if (hallazgo := _leer(Path(carpeta), clase)) and hallazgo.servidor:
                apagar(hallazgo.servidor)
        if nodo := _nodo_arrancado(Path(carpeta)):
            apagar(nodo.servidor)
        shutil.rmtree(carpeta, ignore_errors=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for clase in CLASES:
        if hallazgo := _leer(Path(os.environ[CARPETA]), clase):
            texto = hallazgo.servidor.origen if hallazgo.servidor else hallazgo.motivo
            terminalreporter.write_line(f"{clase.nombre}: {texto}{hallazgo.uso and f' ({hallazgo.uso})'}")


@pytest.fixture(scope="session")
def rabbitmq() -> Servidor:
    """El servidor de RabbitMQ de la corrida, entero. Casi siempre lo que se quiere es `url_amqp`."""
    return _servidor(RABBITMQ)


@pytest.fixture(scope="session")
def postgres() -> Servidor:
    """El servidor de PostgreSQL de la corrida, entero. Casi siempre lo que se quiere es `url_base`."""
    return _servidor(POSTGRES)


@pytest.fixture
def nodo_rabbit() -> Iterator[NodoRabbit]:
    """Un RabbitMQ propio con TLS y gestión, para esta prueba sola. Sin el binario se salta, y se dice."""
    if not instalado():
        pytest.skip(FALTA)
    carpeta = Path(os.environ[CARPETA])
    with (carpeta / "nodo.cerrojo").open("w") as cerrojo:
        fcntl.flock(cerrojo, fcntl.LOCK_EX)
        nodo = _nodo_arrancado(carpeta)
        if nodo is None:
            nodo = arrancar(carpeta / "nodo")
            (carpeta / _NODO).write_bytes(msgspec.json.encode(nodo))
        try:
            yield nodo
        finally:
            limpiar(nodo)


@pytest.fixture(scope="session")
def bus(rabbitmq: Servidor) -> Iterator[Bus]:
    """Dónde trabaja este trabajador: dirección con vhost propio o, si no se pudo crear, prefijo para todo nombre."""
    with bus_propio(rabbitmq, _nombre()) as propio:
        _anotar(RABBITMQ, Hallazgo(servidor=rabbitmq, uso=propio.modo))
        yield propio


@pytest.fixture(scope="session")
def url_amqp(bus: Bus) -> str:
    """Dirección AMQP de este trabajador, con su vhost."""
    return bus.url


@pytest.fixture(scope="session")
def prefijo_amqp(bus: Bus) -> str:
    """Prefijo de colas y exchanges: vacío si el vhost es propio."""
    return bus.prefijo


@pytest.fixture(scope="session")
def url_base(postgres: Servidor) -> Iterator[str]:
    """Dirección SQLAlchemy de una base vacía de PostgreSQL, propia de este trabajador."""
    try:
        with base_propia(postgres, _nombre().replace("-", "_")) as url:
            yield url
    except NoArranca as error:
        pytest.fail(f"PostgreSQL: {error}", pytrace=False)


def _nombre() -> str:
    return f"{Path(os.environ[CARPETA]).name}-{os.environ.get('PYTEST_XDIST_WORKER', 'solo')}"


def _servidor(clase: Clase) -> Servidor:
    carpeta = Path(os.environ[CARPETA])
    with (carpeta / f"{clase.servicio}.cerrojo").open("w") as cerrojo:
        fcntl.flock(cerrojo, fcntl.LOCK_EX)
        hallazgo = _leer(carpeta, clase)
        if not hallazgo:
            try:
                hallazgo = Hallazgo(servidor=conseguir(clase, carpeta))
            except SinServicios as error:
                hallazgo = Hallazgo(motivo=str(error))
            _anotar(clase, hallazgo)
    if not hallazgo.servidor:
        pytest.fail(hallazgo.motivo, pytrace=False)
    return hallazgo.servidor


def _leer(carpeta: Path, clase: Clase) -> Hallazgo | None:
    archivo = carpeta / f"{clase.servicio}.json"
    return msgspec.json.decode(archivo.read_bytes(), type=Hallazgo) if archivo.exists() else None


def _nodo_arrancado(carpeta: Path) -> NodoRabbit | None:
    archivo = carpeta / _NODO
    return msgspec.json.decode(archivo.read_bytes(), type=NodoRabbit) if archivo.exists() else None


def _anotar(clase: Clase, hallazgo: Hallazgo) -> None:
    archivo = Path(os.environ[CARPETA]) / f"{clase.servicio}.json"
    # De una vez: otro trabajador puede estar leyendo.
    provisional = archivo.with_suffix(f".{os.getpid()}")
    provisional.write_bytes(msgspec.json.encode(hallazgo))
    provisional.rename(archivo)
