"""De dónde salen RabbitMQ y PostgreSQL en las pruebas: lo primero que atienda de esta lista, cada uno por su lado.

1. ``SENDA_AMQP_URL`` y ``SENDA_BASE_URL``, si están (y entonces no se busca más: si no atienden, es un fallo).
2. Esta máquina, en sus puertos de siempre.
3. Docker, con ``docker-compose.desarrollo.yml`` (lo levanta pytest-docker, en puertos libres).
4. Los binarios instalados: un nodo propio en una carpeta temporal.

Que no haya es un fallo con explicación, aquí y en CI; nunca se salta una prueba. ``python -m tests.servicios_reales``
(lo llama ``make test``) dice qué se usará, y baja o instala antes lo que falte.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import sqlalchemy as sa
from kombu.connection import Connection
from pytest_docker.plugin import DockerComposeExecutor, Services, get_docker_ip

from tests.servidores_propios import (
    NoArranca,
    Servidor,
    binario_postgres,
    binario_rabbitmq,
    esperar,
    postgres_propio,
    rabbitmq_propio,
)

RAIZ = Path(__file__).parent.parent
COMPOSE = RAIZ / "docker-compose.desarrollo.yml"


class SinServicios(RuntimeError):
    """Falta un servidor y no se pudo poner; el mensaje dice qué se intentó y qué hacer."""


def falla_amqp(url: str) -> str:
    """Por qué no atiende el RabbitMQ de `url`, o vacío si atiende."""
    try:
        with Connection(url, connect_timeout=3) as conexion:
            # Sin pasar por connect(), que reintenta y tarda dos segundos en decir que no.
            conexion.transport.close_connection(conexion.transport.establish_connection())
    except Exception as error:  # noqa: BLE001 - cada transporte falla a su manera y aquí todas valen igual
        return _motivo(error)
    return ""


def falla_base(url: str) -> str:
    """Por qué no atiende el PostgreSQL de `url`, o vacío si atiende."""
    motor = sa.create_engine(url, poolclass=sa.NullPool, connect_args={"connect_timeout": 3})
    try:
        with motor.connect():
            return ""
    except Exception as error:  # noqa: BLE001 - ídem: SQLAlchemy deja escapar hasta TypeError si la base no es UTF-8
        return _motivo(error.__cause__ or error)


@dataclass(frozen=True)
class Clase:
    """Lo que hay que saber de cada uno de los dos servidores para encontrarlo."""

    nombre: str
    variable: str
    locales: tuple[str, ...]
    falla: Callable[[str], str]
    servicio: str
    puerto: int
    url_docker: str
    propio: Callable[[Path, Callable[[str], str]], Servidor]
    instalado: Callable[[], bool]
    paquete: str


RABBITMQ = Clase(
    nombre="RabbitMQ",
    variable="SENDA_AMQP_URL",
    locales=("amqp://guest:guest@127.0.0.1:5672/",),
    falla=falla_amqp,
    servicio="rabbitmq",
    puerto=5672,
    url_docker="amqp://guest:guest@{}:{}/",
    propio=rabbitmq_propio,
    instalado=lambda: bool(binario_rabbitmq("rabbitmq-server")),
    paquete="rabbitmq-server",
)
POSTGRES = Clase(
    nombre="PostgreSQL",
    variable="SENDA_BASE_URL",
    locales=(
        "postgresql+psycopg://postgres@127.0.0.1:5432/postgres",
        "postgresql+psycopg://postgres:senda@127.0.0.1:5432/postgres",  # la de docker-compose.desarrollo.yml
    ),
    falla=falla_base,
    servicio="postgres",
    puerto=5432,
    url_docker="postgresql+psycopg://postgres:senda@{}:{}/postgres",
    propio=postgres_propio,
    instalado=lambda: bool(binario_postgres("postgres")),
    paquete="postgresql",
)
CLASES = (RABBITMQ, POSTGRES)
VARIABLES_DOCKER = (
    "ESCUCHA=127.0.0.1",
    "PUERTO_RABBITMQ=0",
    "PUERTO_RABBITMQ_WEB=0",
    "PUERTO_POSTGRES=0",
    "USUARIO_RABBITMQ=guest",
    "CLAVE_RABBITMQ=guest",
    "USUARIO_POSTGRES=postgres",
    "CLAVE_POSTGRES=senda",
    "BASE_POSTGRES=postgres",
)


def encontrado(clase: Clase) -> Servidor | None:
    """El que ya atiende (pasos 1 y 2). Errores: `SinServicios` si la variable apunta a uno que no atiende."""
    if url := os.environ.get(clase.variable):
        if motivo := clase.falla(url):
            raise SinServicios(f"{clase.nombre}: {clase.variable} apunta a un servidor que no atiende: {motivo}")
        return Servidor(url=url, origen=clase.variable)
    for url in clase.locales:
        if not clase.falla(url):
            return Servidor(url=url, origen="esta máquina")
    return None


def conseguir(clase: Clase, carpeta: Path) -> Servidor:
    """Encuentra o arranca (pasos 1 a 4); lo arrancado lo apaga quien llama. Errores: `SinServicios`."""
    if servidor := encontrado(clase):
        return servidor
    intentos = [f"no atiende {clase.locales[0].rpartition('@')[2]}"]
    if not (sin_docker := _falta_docker()):
        try:
            return _con_docker(clase, carpeta)
        except Exception as error:  # noqa: BLE001 - pytest-docker lanza Exception a secas
            intentos.append(f"docker: {_motivo(error)}")
    else:
        intentos.append(f"docker: {sin_docker}")
    try:
        propio = clase.propio(carpeta / clase.servicio, clase.falla)
        return propio if sin_docker else replace(propio, origen=f"{propio.origen} ({intentos[-1]})")
    except NoArranca as error:
        intentos.append(f"propio: {error}")
    raise SinServicios(
        f"{clase.nombre} no está: {'; '.join(intentos)}. "
        f"Pon {clase.variable}, o instálalo (make servicios), o arranca Docker."
    )


def preparar() -> None:
    """Baja las imágenes o instala los paquetes que harán falta. Errores: `SinServicios` si no hay forma."""
    faltan = []
    for clase in CLASES:
        if servidor := encontrado(clase):
            print(f"{clase.nombre}: {servidor.origen}")
        else:
            faltan.append(clase)
    if faltan and not _falta_docker():
        compose = [*orden_compose(), "-f", str(COMPOSE), "-p", "senda-preparar"]
        # Crear sin arrancar baja solo las imágenes que falten: sin red vale con tenerlas ya.
        creado = subprocess.run(
            [*compose, "up", "--no-start", *(c.servicio for c in faltan)], check=False, timeout=1800
        )
        _calla([*compose, "down", "-v"])
        if creado.returncode == 0:
            print(*(f"{c.nombre}: docker-compose.desarrollo.yml, en un puerto libre" for c in faltan), sep="\n")
            return
        print("docker no pudo bajar las imágenes; se intenta con lo instalado")
    if paquetes := [c.paquete for c in faltan if not c.instalado()]:
        _instalar(paquetes)
    for clase in faltan:
        print(f"{clase.nombre}: un servidor propio mientras duren las pruebas")


def orden_compose() -> list[str]:
    """`docker compose`, o el `docker-compose` de antes; vacío si no hay ninguno."""
    for orden in (["docker", "compose"], ["docker-compose"]):
        if shutil.which(orden[0]) and _calla([*orden, "version"]):
            return orden
    return []


def _falta_docker() -> str:
    if not shutil.which("docker"):
        return "no está"
    if not _calla(["docker", "info"]):
        return "está instalado pero no atiende"
    return "" if orden_compose() else "no tiene compose"


def _con_docker(clase: Clase, carpeta: Path) -> Servidor:
    """Levanta solo ese servicio, en un puerto libre y con proyecto propio."""
    # Puerto 0: que lo elija docker, para no chocar con quien ya tenga el compose arriba. Lo demás, lo que dice la url.
    compose = ["env", *VARIABLES_DOCKER, *orden_compose()]
    proyecto = f"{carpeta.name}-{clase.servicio}".lower()
    docker = DockerComposeExecutor(" ".join(compose), str(COMPOSE), proyecto)
    completa = [*compose, "-f", str(COMPOSE), "-p", proyecto]
    try:
        docker.execute(f"up -d {clase.servicio}")
        servidor = Servidor(
            url=clase.url_docker.format(get_docker_ip(), Services(docker).port_for(clase.servicio, clase.puerto)),
            origen="docker-compose.desarrollo.yml",
            rabbitmqctl=[*completa, "exec", "-T", "rabbitmq", "rabbitmqctl"] if clase is RABBITMQ else [],
            apagar=[*completa, "down", "-v"],
        )
        esperar(clase.falla, servidor.url, 180)
    except Exception:
        docker.execute("down -v")
        raise
    return servidor


def _instalar(paquetes: list[str]) -> None:
    orden = f"apt-get install -y {' '.join(paquetes)}"
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise SinServicios(
            f"Faltan {' y '.join(paquetes)}. En Debian y Ubuntu: sudo {orden}. "
            "También vale Docker, o dar SENDA_AMQP_URL y SENDA_BASE_URL."
        )
    print(f"Instalando {' y '.join(paquetes)}…", flush=True)
    entorno = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for paso in (["update", "-qq"], ["install", "-y", "-qq", "--no-install-recommends", *paquetes]):
        if subprocess.run(["apt-get", *paso], env=entorno, stdout=subprocess.DEVNULL, check=False).returncode:
            raise SinServicios(f"apt-get {paso[0]} falló; prueba a mano: {orden}")


def _calla(orden: list[str]) -> bool:
    try:
        return subprocess.run(orden, capture_output=True, timeout=20, check=False).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _motivo(error: BaseException) -> str:
    """El mensaje de un error en una línea: basta para saber qué pasa sin volcar la traza entera."""
    return " ".join(str(error).split())[:300] or type(error).__name__


if __name__ == "__main__":
    try:
        preparar()
    except SinServicios as error:
        sys.exit(str(error))
