"""Un PostgreSQL propio que archiva su WAL, con copia base y restauración a un instante, como manda docs/respaldo.md."""

from __future__ import annotations

import os
import pwd
import shutil
import time
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import make_url

from tests.servicios_reales import falla_base
from tests.servidores_propios import (
    ESPERA,
    NoArranca,
    Servidor,
    apagar,
    binario_postgres,
    ejecutar,
    esperar,
    postgres_propio,
    puerto_libre,
    usuario_sin_privilegios,
)


@dataclass
class ClusterArchivado:
    """El clúster, la carpeta donde archiva su WAL y la de sus copias base."""

    carpeta: Path
    servidor: Servidor
    archivo: Path
    copias: int = 0

    @classmethod
    def estrenar(cls, carpeta: Path) -> ClusterArchivado:
        """Uno nuevo, en un puerto libre. Errores: `NoArranca`."""
        carpeta.mkdir(parents=True)
        archivo = carpeta / "wal"
        archivo.mkdir()
        ceder(carpeta)
        ceder(archivo)
        orden = f"test ! -f {archivo}/%f && cp %p {archivo}/%f"
        conf = f"archive_mode = on\narchive_command = '{orden}'\nwal_level = replica\nfsync = off\n"
        return cls(carpeta, postgres_propio(carpeta / "principal", falla_base, conf=conf), archivo)

    @property
    def url(self) -> str:
        return self.servidor.url

    def consultar(self, orden: str) -> Any:
        """Lo que contesta a quien lo administra."""
        motor = sa.create_engine(self.url, poolclass=sa.NullPool, isolation_level="AUTOCOMMIT")
        with motor.connect() as conexion:
            return conexion.scalar(sa.text(orden))

    def instante(self) -> datetime:
        """La hora del servidor: un destino para restaurar."""
        ahora: datetime = self.consultar("SELECT clock_timestamp()")
        return ahora

    def copiar(self) -> Path:
        """Una copia base, como la haría el operador."""
        self.copias += 1
        destino = self.carpeta / f"base-{self.copias}"
        url = make_url(self.url)
        orden = ["-h", str(url.host), "-p", str(url.port), "-U", "postgres", "-D", str(destino), "-X", "none"]
        ejecutar([_binario("pg_basebackup"), *orden, "-c", "fast"], usuario=self.servidor.usuario)
        return destino

    def archivar(self) -> None:
        """Cierra el segmento de WAL en curso y espera a que esté archivado."""
        ultimo = self.consultar("SELECT pg_walfile_name(pg_switch_wal())")
        limite = time.monotonic() + ESPERA
        while not (self.archivo / str(ultimo)).exists():
            if time.monotonic() > limite:
                raise NoArranca("el WAL no se archivó")
            time.sleep(0.05)  # archiva otro proceso: no hay a qué suscribirse

    def restaurar(self, copia: Path, hasta: datetime | None) -> Servidor:
        """Otro clúster, en otro puerto, con esa copia y el WAL archivado hasta un instante (o entero), ya abierto."""
        destino = copia.with_name(f"{copia.name}-{puerto_libre()}")
        shutil.copytree(copia, destino, copy_function=shutil.copy2)
        for raiz, carpetas, archivos in os.walk(destino):
            for nombre in (".", *carpetas, *archivos):
                ceder(Path(raiz) / nombre)
        destino.chmod(0o700)
        with (destino / "postgresql.auto.conf").open("a") as ajustes:
            ajustes.write(f"restore_command = 'cp {self.archivo}/%f %p'\narchive_mode = 'off'\n")
            ajustes.write("recovery_target_timeline = 'current'\n")
            if hasta is not None:
                ajustes.write(f"recovery_target_time = '{hasta.isoformat()}'\nrecovery_target_action = 'promote'\n")
        (destino / "recovery.signal").touch()
        puerto, control = puerto_libre(), _binario("pg_ctl")
        # Lo que el principal lleva en la línea de órdenes no va en la copia, y con menos conexiones no recupera.
        opciones = f"-p {puerto} -c listen_addresses=127.0.0.1 -c unix_socket_directories={self.carpeta}"
        opciones += " -c max_connections=200"
        arrancar = [control, "-D", str(destino), "-w", "-l", f"{destino}.log", "-o", opciones, "start"]
        usuario = self.servidor.usuario
        ejecutar(arrancar, usuario=usuario)
        restaurado = Servidor(
            url=make_url(self.url).set(port=puerto).render_as_string(hide_password=False),
            origen="restaurado de una copia",
            usuario=usuario,
            apagar=[control, "-D", str(destino), "-m", "immediate", "stop"],
        )
        esperar(_en_recuperacion, restaurado.url)
        return restaurado

    def apagar(self) -> None:
        apagar(self.servidor)


def ceder(camino: Path) -> None:
    """A quien corre PostgreSQL, si las pruebas corren como root."""
    if os.geteuid() == 0:
        suyo = pwd.getpwnam(usuario_sin_privilegios())
        os.chown(camino, suyo.pw_uid, suyo.pw_gid)


def _binario(nombre: str) -> str:
    camino = binario_postgres(nombre)
    if camino is None:
        raise NoArranca(f"no está {nombre}")
    return camino


def _en_recuperacion(url: str) -> str:
    if motivo := falla_base(url):
        return motivo
    motor = sa.create_engine(url, poolclass=sa.NullPool)
    with motor.connect() as conexion:
        return "sigue recuperando" if conexion.scalar(sa.text("SELECT pg_is_in_recovery()")) else ""


__all__ = ["ClusterArchivado"]
