"""Un RabbitMQ y un PostgreSQL propios, en una carpeta y un puerto libres, desde los binarios instalados.

No tocan los servicios del sistema: se pueden matar, congelar y borrar. Sirven a `make test` cuando no hay otros y a las
pruebas que rompen el servidor a propósito.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

#: Segundos que se espera a que un servidor recién arrancado atienda.
ESPERA = 90.0


class NoArranca(RuntimeError):
    """El servidor no se pudo arrancar; el mensaje dice cuál y qué contestó."""


@dataclass(frozen=True)
class Servidor:
    """Un servidor al alcance: su dirección, de dónde sale y con qué órdenes se administra y se apaga."""

    url: str
    origen: str
    rabbitmqctl: list[str] = field(default_factory=list)
    entorno: dict[str, str] = field(default_factory=dict)
    usuario: str | None = None
    apagar: list[str] = field(default_factory=list)


def puerto_libre() -> int:
    with socket.socket() as zocalo:
        zocalo.bind(("127.0.0.1", 0))
        return int(zocalo.getsockname()[1])


def ejecutar(orden: list[str], entorno: dict[str, str] | None = None, usuario: str | None = None) -> str:
    """Corre una orden y devuelve lo que dijo. Errores: `NoArranca` con su última línea."""
    hecho = subprocess.run(
        orden,
        env={**os.environ, **(entorno or {})},
        user=usuario,
        group=pwd.getpwnam(usuario).pw_gid if usuario else None,
        extra_groups=[] if usuario else None,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=ESPERA,
        check=False,
    )
    if hecho.returncode:
        ultima = (hecho.stdout.strip().splitlines() or ["sin más explicación"])[-1]
        raise NoArranca(f"{Path(orden[0]).name} salió con {hecho.returncode}: {ultima}")
    return hecho.stdout


def esperar(falla: Callable[[str], str], url: str, plazo: float = ESPERA) -> None:
    """Sondea hasta que `falla(url)` devuelve vacío. Errores: `NoArranca` con el último motivo."""
    limite = time.monotonic() + plazo
    while motivo := falla(url):
        if time.monotonic() > limite:
            raise NoArranca(f"no atendió en {plazo:.0f} s: {motivo}")
        time.sleep(0.2)  # se espera a un proceso ajeno: no hay a qué suscribirse


def binario_rabbitmq(nombre: str) -> str | None:
    """El guion de RabbitMQ. El de /usr/sbin en Debian cambia de usuario y pierde las variables: se prefiere el otro."""
    caminos = [
        "/usr/lib/rabbitmq/bin",
        *os.environ.get("PATH", "").split(os.pathsep),
        "/usr/sbin",
        "/opt/homebrew/sbin",
    ]
    return shutil.which(nombre, path=os.pathsep.join(caminos))


def binario_postgres(nombre: str) -> str | None:
    """El ejecutable de PostgreSQL: el del PATH o el de la versión más nueva que haya instalado Debian."""
    versiones = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda p: float(p.parent.name), reverse=True)
    caminos = [*map(str, versiones), os.environ.get("PATH", "")]
    return shutil.which(nombre, path=os.pathsep.join(caminos))


def rabbitmq_propio(
    carpeta: Path, falla: Callable[[str], str], *, conf: str = "", complementos: Sequence[str] = ()
) -> Servidor:
    """Arranca un nodo nuevo en `carpeta`. `falla(url)` dice por qué no atiende, o vacío. Errores: `NoArranca`.

    `conf` se añade a su rabbitmq.conf. Si no llega a atender, se apaga: no queda un nodo suelto.
    """
    servidor, control = binario_rabbitmq("rabbitmq-server"), binario_rabbitmq("rabbitmqctl")
    if not servidor or not control:
        raise NoArranca("RabbitMQ no está instalado")
    carpeta.mkdir(parents=True)
    puerto = puerto_libre()
    nodo = f"senda-{puerto}@localhost"
    (carpeta / "rabbitmq.conf").write_text(f"log.file.level = warning\n{conf or 'loopback_users = none'}\n")
    (carpeta / "plugins").write_text(f"[{','.join(complementos)}].\n")
    entorno = {
        "HOME": str(carpeta),  # ahí queda la galleta de Erlang
        "RABBITMQ_NODENAME": nodo,
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(puerto),
        "RABBITMQ_DIST_PORT": str(puerto_libre()),
        "RABBITMQ_MNESIA_BASE": str(carpeta / "datos"),
        "RABBITMQ_LOG_BASE": str(carpeta / "registro"),
        "RABBITMQ_PID_FILE": str(carpeta / "pid"),
        "RABBITMQ_CONFIG_FILE": str(carpeta / "rabbitmq.conf"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(carpeta / "plugins"),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
    }
    ejecutar([servidor, "-detached"], entorno)
    propio = Servidor(
        url=f"amqp://guest:guest@127.0.0.1:{puerto}/",
        origen="un nodo propio, desde los binarios instalados",
        rabbitmqctl=[control, "-n", nodo],
        entorno=entorno,
        apagar=[control, "-n", nodo, "stop"],
    )
    try:
        esperar(falla, propio.url)
    except NoArranca:
        apagar(propio)
        raise
    return propio


def postgres_propio(
    carpeta: Path, falla: Callable[[str], str], *, conf: str = "", creacion: Sequence[str] = ()
) -> Servidor:
    """Crea y arranca un PostgreSQL nuevo en `carpeta`. `falla(url)` como en `rabbitmq_propio`. Errores: `NoArranca`.

    `conf` se añade a su postgresql.conf, donde está también el puerto: `pg_ctl start` sin más lo vuelve a poner en
    marcha. `creacion`: opciones para initdb.
    """
    initdb, control = binario_postgres("initdb"), binario_postgres("pg_ctl")
    if not initdb or not control:
        raise NoArranca("PostgreSQL no está instalado")
    # PostgreSQL se niega a correr como root: se le da la carpeta a su usuario, o a nadie si no existe.
    usuario = usuario_sin_privilegios() if os.geteuid() == 0 else None
    carpeta.mkdir(parents=True)
    if usuario:
        shutil.chown(carpeta, usuario)
    datos, puerto = carpeta / "datos", puerto_libre()
    ejecutar(
        [initdb, "-D", str(datos), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync", *creacion],
        usuario=usuario,
    )
    with (datos / "postgresql.conf").open("a") as configuracion:
        configuracion.write(
            f"\nport = {puerto}\nlisten_addresses = '127.0.0.1'\nunix_socket_directories = '{carpeta}'\n"
            f"max_connections = 200\n{conf}\n"
        )
    ejecutar([control, "-D", str(datos), "-w", "-l", str(carpeta / "registro"), "start"], usuario=usuario)
    propio = Servidor(
        url=f"postgresql+psycopg://postgres@127.0.0.1:{puerto}/postgres",
        origen="un servidor propio, desde los binarios instalados",
        usuario=usuario,
        apagar=[control, "-D", str(datos), "-m", "immediate", "stop"],
    )
    esperar(falla, propio.url)
    return propio


def apagar(servidor: Servidor) -> None:
    """Apaga lo que se arrancó aquí; a lo ajeno no lo toca. Un servidor ya muerto no es un error."""
    if servidor.apagar:
        try:
            ejecutar(servidor.apagar, servidor.entorno, servidor.usuario)
        except (NoArranca, subprocess.TimeoutExpired) as error:
            print(f"al apagar {servidor.origen}: {error}")


def usuario_sin_privilegios() -> str:
    for nombre in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(nombre).pw_name
        except KeyError:
            continue
    raise NoArranca("PostgreSQL no corre como root y no hay usuario postgres ni nobody")
