"""Los clientes del kit como los tendría una institución: cada uno con sus dependencias, y un bus para él solo."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest

from infra.azar import AzarReal
from infra.mensajeria.topologia import solo_recibe
from infra.rabbitmq.aplicar import aplicar
from infra.rabbitmq.gestion import Gestion
from infra.rabbitmq.permisos import seguridad
from infra.reloj import RelojReal
from senda.bus import REPARTEN
from senda.composicion import CONTEXTOS, mapa
from senda.conformidad.escenarios import TODOS, nombre_de
from senda.conformidad.examinar import INSTITUCION, examinar
from senda.embebido import BUS
from servicios.portal.contexto import CONTEXTO as PORTAL
from tests.conftest import CARPETA
from tests.inquilinos import bus_propio
from tests.nodo_rabbit import NodoRabbit
from tests.servidores_propios import Servidor

KIT = Path(__file__).parents[2] / "contratos" / "kit"
#: Con `make conformidad`, todos los escenarios y todos los defectos; en `make test`, los que más dicen por segundo.
ENTERA = os.environ.get("SENDA_CONFORMIDAD") == "entera"
#: Segundos: un cliente en su sitio espera más; aquí cada repetición es parte de la prueba.
_DEPRISA = {"SENDA_SIN_ACUSE": "1", "SENDA_CADA": "0.3"}
_VHOST = "conformidad"


def segun(*pocos: str) -> list[str]:
    """Los escenarios que tocan: esos, o todos en la corrida entera."""
    return [nombre_de(e) for e in TODOS if ENTERA or nombre_de(e) in pocos]


@dataclass(frozen=True)
class BusDelExamen:
    """Por dónde entran los servicios y por dónde el cliente."""

    servicios: str
    cliente: str


@pytest.fixture
def examen(tmp_path: Path) -> Callable[..., dict[str, str]]:
    """Examina a un cliente en esos escenarios; con ``bus``, también por AMQP. Da por qué falla cada uno que falla."""

    def pasar(
        orden: list[str], nombres: list[str], bus: BusDelExamen | None = None, plazo: float = 60.0
    ) -> dict[str, str]:
        escenarios = [e for e in TODOS if nombre_de(e) in nombres]
        assert len(escenarios) == len(nombres)
        notas = examinar(
            orden, tmp_path / "examen", escenarios, RelojReal(), AzarReal(), bus=bus.servicios if bus else BUS,
            bus_del_cliente=bus.cliente if bus else None, entorno=_DEPRISA, plazo=plazo,
        )  # fmt: skip
        print((tmp_path / "examen" / "cliente.log").read_text()[-4000:])  # solo se ve si la prueba falla
        return {n.escenario: n.motivo for n in notas if not n.pasa}

    (tmp_path / "examen").mkdir()
    return pasar


@pytest.fixture
def bus_con_permisos(nodo_rabbit: NodoRabbit) -> BusDelExamen:
    """RabbitMQ con TLS: la institución entra con su certificado y sus permisos; los servicios, como administrador."""
    nodo_rabbit.taller().asegurar([], [INSTITUCION])
    querida = seguridad(
        mapa("").con(solo_recibe(PORTAL.nombre, PORTAL.sigue)), tuple(CONTEXTOS), [INSTITUCION],
        reparten=REPARTEN, vhost=_VHOST,
    )  # fmt: skip
    gestion = Gestion(nodo_rabbit.api)
    aplicar(gestion, querida, {u.nombre: "" for u in querida.usuarios})
    gestion.poner({"configure": ".*", "write": ".*", "read": ".*"}, "permissions", _VHOST, "guest")
    return BusDelExamen(f"{nodo_rabbit.servidor.url.rstrip('/')}/{_VHOST}", nodo_rabbit.url(_VHOST, INSTITUCION))


@pytest.fixture
def bus_llano(rabbitmq: Servidor) -> Iterator[BusDelExamen]:
    """Un vhost vacío, sin permisos ni TLS: basta para ver si el juego suspende a quien debe."""
    with bus_propio(rabbitmq, f"senda-conformidad-{uuid4().hex[:8]}") as propio:
        if propio.prefijo:
            pytest.skip("en ese RabbitMQ no se pueden crear vhosts, y el examen necesita uno vacío")
        yield BusDelExamen(propio.url, propio.url)


@pytest.fixture(scope="session")
def python_de_institucion() -> str:
    """Un Python con lo que pide `kit/python/requisitos.txt` y nada más. Sin red se salta, y se dice."""

    def montar(carpeta: Path) -> None:
        _correr([sys.executable, "-m", "venv", "--without-pip", str(carpeta)])
        requisitos = str(KIT / "python" / "requisitos.txt")
        python = str(carpeta / "bin" / "python")
        _correr([sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-compile", "-r", requisitos])

    return str(_una_vez("python", montar) / "bin" / "python")


@pytest.fixture(scope="session")
def carpeta_de_node() -> Path:
    """El cliente de Node con lo que fija su `package-lock.json`. Sin Node o sin red se salta, y se dice."""
    if not shutil.which("node") or not shutil.which("npm"):
        pytest.skip("Node no está instalado (node y npm): el cliente de kit/node queda SIN PROBAR")

    def montar(carpeta: Path) -> None:
        shutil.copytree(KIT / "node", carpeta)
        _correr(["npm", "ci", "--silent", "--no-audit", "--no-fund"], carpeta)

    return _una_vez("node", montar)


def _una_vez(nombre: str, montar: Callable[[Path], None]) -> Path:
    """La carpeta, montada por el primer trabajador que la pide."""
    base = Path(os.environ[CARPETA])
    carpeta, fallo = base / f"kit-{nombre}", base / f"kit-{nombre}.fallo"
    with _cerrojo(base / f"kit-{nombre}.cerrojo"):
        if not carpeta.exists() and not fallo.exists():
            try:
                montar(carpeta)
            except subprocess.SubprocessError:
                fallo.touch()
    if fallo.exists():
        pytest.skip(f"no se pudo instalar lo que pide kit/{nombre} (¿sin red?): su cliente queda SIN PROBAR")
    return carpeta


@contextmanager
def _cerrojo(archivo: Path) -> Iterator[None]:
    with archivo.open("w") as abierto:
        fcntl.flock(abierto, fcntl.LOCK_EX)
        yield


def _correr(orden: list[str], carpeta: Path | None = None) -> None:
    subprocess.run(orden, cwd=carpeta, check=True, capture_output=True, timeout=180)
