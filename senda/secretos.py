"""Los secretos con que nacen los servidores de un despliegue en contenedores: autoridad, certificados y contraseñas.

Cada destinatario tiene su carpeta (un volumen) y en ella solo lo suyo; la privada de la autoridad está en una aparte.
Lo que ya está no se toca: quien trae los suyos los pone antes. Nada sale por la pantalla ni por el entorno de otro.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from infra.azar import Azar
from infra.rabbitmq.certificados import AUTORIDAD, Taller

#: Cada servidor y los nombres con que se llega a él desde los demás contenedores, sueltos o en clúster.
SERVIDORES: Final[Mapping[str, tuple[str, ...]]] = {
    "rabbitmq": ("rabbitmq", "rabbitmq2", "rabbitmq3"),
    "postgres": ("postgres", "postgres-replica"),
    "postgres-boveda": ("postgres-boveda",),
}
DE_LA_AUTORIDAD: Final = "autoridad"
ADMINISTRADOR: Final = "senda-administrador"
_SOLO_DUENO: Final = 0o600
#: El grupo es el de Senda: quien instala corre con otro usuario que los servidores.
_Y_GRUPO: Final = 0o640


@dataclass(frozen=True)
class Secretos:
    """Prepara los de un despliegue en ``carpeta``. ``ademas``: nombres o IP con que se llega a ellos desde fuera."""

    carpeta: Path
    azar: Azar
    ahora: datetime
    ademas: Collection[str] = ("localhost", "127.0.0.1")

    def preparar(self) -> list[str]:
        """Crea lo que falte; devuelve las rutas creadas, relativas a la carpeta. Errores: `OSError`."""
        antes = self._hay()
        autoridad = self.carpeta / DE_LA_AUTORIDAD
        Taller(autoridad, self.azar, self.ahora).asegurar_autoridad()
        (autoridad / f"{AUTORIDAD}.key").chmod(_Y_GRUPO)
        for servidor, nombres in SERVIDORES.items():
            self._certificar(self.carpeta / servidor, [*nombres, *self.ademas])
        self._contrasenas()
        return sorted(self._hay() - antes)

    def _certificar(self, suya: Path, nombres: Collection[str]) -> None:
        """Su certificado y la autoridad en que ha de confiar; la privada de la autoridad solo pasa por ahí."""
        autoridad = self.carpeta / DE_LA_AUTORIDAD
        suya.mkdir(parents=True, exist_ok=True)
        llave = suya / f"{AUTORIDAD}.key"
        (suya / f"{AUTORIDAD}.pem").write_bytes((autoridad / f"{AUTORIDAD}.pem").read_bytes())
        _escribir(llave, (autoridad / f"{AUTORIDAD}.key").read_bytes(), _SOLO_DUENO)
        try:
            Taller(suya, self.azar, self.ahora).asegurar(nombres, [])
        finally:
            llave.unlink()

    def _contrasenas(self) -> None:
        de_postgres = self._nueva("postgres/clave")
        self._nueva("postgres/replicador")
        de_boveda = self._nueva("postgres-boveda/clave")
        conf = self.carpeta / "rabbitmq/administrador.conf"
        if not conf.exists():
            clave = self.azar.bytes(24).hex()
            _escribir(conf, f"default_user = {ADMINISTRADOR}\ndefault_pass = {clave}\n".encode(), _SOLO_DUENO)
        galleta = self.carpeta / "rabbitmq/.erlang.cookie"
        if not galleta.exists():
            _escribir(galleta, self.azar.bytes(24).hex().encode(), 0o400)
        de_rabbitmq = conf.read_text().rpartition("= ")[2].strip()
        for donde, clave in (
            ("instalar/postgres", de_postgres),
            ("instalar/rabbitmq", de_rabbitmq),
            ("boveda/clave", de_boveda),
        ):
            _escribir(self.carpeta / donde, clave.encode(), _Y_GRUPO)

    def _nueva(self, donde: str) -> str:
        archivo = self.carpeta / donde
        if not archivo.exists():
            _escribir(archivo, self.azar.bytes(24).hex().encode(), _SOLO_DUENO)
        return archivo.read_text().strip()

    def _hay(self) -> set[str]:
        return {str(a.relative_to(self.carpeta)) for a in self.carpeta.rglob("*") if a.is_file()}


def _escribir(archivo: Path, contenido: bytes, modo: int) -> None:
    """De una vez y con su modo desde el principio: quien lo lee nunca ve medio archivo."""
    archivo.parent.mkdir(parents=True, exist_ok=True)
    temporal = archivo.with_name(f"{archivo.name}.nuevo")
    temporal.unlink(missing_ok=True)
    with os.fdopen(os.open(temporal, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _SOLO_DUENO), "wb") as salida:
        os.fchmod(salida.fileno(), modo)
        salida.write(contenido)
    temporal.replace(archivo)


__all__ = ["ADMINISTRADOR", "SERVIDORES", "Secretos"]
