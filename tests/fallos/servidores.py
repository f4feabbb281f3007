"""El RabbitMQ y el PostgreSQL de un banco de averías: propios, y con todo lo que hace falta para maltratarlos.

Los comparten muchas semillas, una tras otra; nunca dos a la vez: lo que aquí se rompe se rompe para todos.
"""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy as sa
from kombu.connection import Connection

from tests.servicios_reales import falla_amqp, falla_base
from tests.servidores_propios import (
    NoArranca,
    Servidor,
    apagar,
    binario_postgres,
    binario_rabbitmq,
    ejecutar,
    esperar,
    postgres_propio,
    rabbitmq_propio,
)

#: El disco de PostgreSQL, si se puede montar uno: cabe un banco y se llena en un instante.
TAMANO_DISCO = "320m"
SIN_DISCO = (
    "no se pudo montar un tmpfs para el disco de PostgreSQL (hace falta root con CAP_SYS_ADMIN): "
    "el disco lleno queda SIN PROBAR"
)
#: Sin fsync: aquí muere el proceso, no la máquina. Segmentos de 1 MB (`--wal-segsize`): un disco lleno se nota ya.
_CONF_POSTGRES = "fsync = off\nmin_wal_size = 8MB\nmax_wal_size = 64MB\nautovacuum = off\nmax_worker_processes = 2\n"
_CONF_RABBITMQ = "loopback_users = none\nraft.wal_max_size_bytes = 33554432\n"
#: Que el nodo no queme CPU esperando trabajo: la máquina es de todos.
_ERLANG = "+sbwt none +sbwtdcpu none +sbwtdio none +S 2:2"


@dataclass
class Bus:
    """Un nodo de RabbitMQ que se puede matar."""

    servidor: Servidor
    carpeta: Path

    @classmethod
    def arrancar(cls, carpeta: Path) -> Bus:
        os.environ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = _ERLANG
        return cls(rabbitmq_propio(carpeta, falla_amqp, conf=_CONF_RABBITMQ), carpeta)

    @property
    def url(self) -> str:
        return self.servidor.url

    def matar(self) -> None:
        """kill -9 del nodo entero: lo que no llegó al disco no llegó."""
        os.kill(int((self.carpeta / "pid").read_text()), signal.SIGKILL)

    def levantar(self) -> None:
        """Arranca el nodo que se mató, sobre lo que quedó en su disco."""
        programa = binario_rabbitmq("rabbitmq-server")
        if programa is None:
            raise NoArranca("RabbitMQ no está instalado")
        ejecutar([programa, "-detached"], self.servidor.entorno)
        esperar(falla_amqp, self.url)
        self.quitar_las_mudas()

    def quitar_las_mudas(self) -> None:
        """Borra las colas que dicen estar y no contestan, como manda docs/operar.md; el sistema las repone.

        RabbitMQ deja así la cola de quórum que se estaba declarando cuando murió: ni confirma, ni entrega, ni se purga.
        """
        mudas = self.control("list_unresponsive_queues", "name", "--quiet").split()
        with self.canal() as canal:
            for cola in mudas:
                if cola != "name":
                    canal.queue_delete(cola)

    def cortar_conexiones(self) -> None:
        """El broker cierra todas, como quien reinicia un cortafuegos."""
        self.control("close_all_connections", "averia")

    def control(self, *orden: str) -> str:
        """Una orden de rabbitmqctl y lo que dijo. Errores: `NoArranca`."""
        return ejecutar([*self.servidor.rabbitmqctl, *orden], self.servidor.entorno)

    @contextmanager
    def canal(self) -> Any:
        """Un canal para purgar y borrar."""
        fabrica: Any = Connection
        with fabrica(self.url) as conexion:
            yield conexion.default_channel

    def apagar(self) -> None:
        """Sin contemplaciones: sus datos se borran después."""
        with suppress(OSError, ValueError):
            self.matar()


@dataclass
class Cluster:
    """Un PostgreSQL que se puede reiniciar, cortar y dejar sin disco."""

    servidor: Servidor
    carpeta: Path
    disco: Path | None = None
    _lastre: list[Path] = field(default_factory=list)

    @classmethod
    def arrancar(cls, carpeta: Path) -> Cluster:
        disco = _montar(carpeta / "disco")
        suya = (disco or carpeta) / "pg"
        try:
            servidor = postgres_propio(suya, falla_base, conf=_CONF_POSTGRES, creacion=["--wal-segsize=1"])
        except NoArranca:
            _desmontar(disco)
            raise
        return cls(servidor, suya, disco)

    def url(self, base: str) -> str:
        """La dirección de una base suya, como administrador."""
        return sa.make_url(self.servidor.url).set(database=base).render_as_string(hide_password=False)

    def conectar(self, base: str = "postgres") -> psycopg.Connection[Any]:
        """Una conexión de administrador con autocommit. Errores: los de psycopg."""
        url = sa.make_url(self.servidor.url)
        return psycopg.connect(
            host=url.host, port=url.port, user=url.username, dbname=base, autocommit=True, connect_timeout=5
        )

    def ordenar(self, *sentencias: str, base: str = "postgres") -> None:
        """Ejecuta sentencias de administrador."""
        with self.conectar(base) as conexion:
            for sentencia in sentencias:
                conexion.execute(sentencia)

    def reiniciar(self) -> None:
        """Parada inmediata (como un corte de luz para el servidor) y arranque con recuperación."""
        self._control("restart", "-m", "immediate")

    def cortar_conexiones(self) -> None:
        """Termina todas las sesiones de los servicios, con lo que tuvieran a medias."""
        self.ordenar("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'senda%'")

    def llenar_disco(self) -> None:
        """Ocupa lo que queda. Hay que tener `disco`."""
        assert self.disco is not None
        archivo = self.disco / "lastre"
        self._lastre.append(archivo)
        with archivo.open("wb", buffering=0) as salida:
            trozo = b"\0" * 65_536
            try:
                while True:
                    salida.write(trozo)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise

    def vaciar_disco(self) -> None:
        """Deja sitio y, si PostgreSQL cayó por falta de él, lo arranca: lo que haría quien opera."""
        while self._lastre:
            self._lastre.pop().unlink(missing_ok=True)
        with suppress(NoArranca):
            self._control("start")
        esperar(falla_base, self.servidor.url)

    def apagar(self) -> None:
        apagar(self.servidor)
        _desmontar(self.disco)

    def _control(self, *orden: str) -> None:
        control = binario_postgres("pg_ctl")
        if control is None:
            raise NoArranca("PostgreSQL no está instalado")
        registro = str(self.carpeta / "registro")
        ejecutar([control, "-D", str(self.carpeta / "datos"), "-w", "-l", registro, *orden],
                 usuario=self.servidor.usuario)  # fmt: skip


def _montar(punto: Path) -> Path | None:
    """Un tmpfs de `TAMANO_DISCO`, o None si no hay permiso."""
    punto.mkdir(parents=True)
    if os.geteuid() != 0 or shutil.which("mount") is None:
        return None
    orden = ["mount", "-t", "tmpfs", "-o", f"size={TAMANO_DISCO},mode=0755", "senda-fallos", str(punto)]
    return punto if subprocess.run(orden, capture_output=True, check=False).returncode == 0 else None


def _desmontar(punto: Path | None) -> None:
    if punto is not None:
        subprocess.run(["umount", "-l", str(punto)], capture_output=True, check=False)


__all__ = ["SIN_DISCO", "Bus", "Cluster"]
