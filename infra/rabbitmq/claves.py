"""Contraseñas de los usuarios del bus: al azar, en archivos que solo lee su dueño; al broker va solo su hash salado."""

from __future__ import annotations

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final

import msgspec
from msgspec import Struct

from infra.azar import Azar

ALGORITMO: Final = "rabbit_password_hashing_sha256"
_SAL: Final = 4
_LARGO: Final = 32


class ClaveIlegible(Exception):
    """El archivo de una contraseña no se entiende o lo puede leer quien no debe. El mensaje dice qué hacer."""


class Clave(Struct, frozen=True):
    """Una contraseña y la sal de su hash (4 bytes, hexadecimal): guardada, el hash sale siempre igual."""

    contrasena: str
    sal: str

    def __repr__(self) -> str:
        return "Clave(…)"

    @property
    def hash(self) -> str:
        """El hash como lo guarda RabbitMQ: base64 de la sal y SHA-256(sal ‖ contraseña en UTF-8)."""
        sal = bytes.fromhex(self.sal)
        return base64.b64encode(sal + sha256(sal + self.contrasena.encode()).digest()).decode()


@dataclass(frozen=True)
class Claves:
    """Las contraseñas de un despliegue, una por archivo (0600)."""

    carpeta: Path

    def leer(self, usuario: str) -> Clave | None:
        """La de un usuario, o None si no tiene. Errores: `ClaveIlegible`."""
        archivo = self._archivo(usuario)
        try:
            with archivo.open("rb") as entrada:
                if os.fstat(entrada.fileno()).st_mode & 0o077:
                    raise ClaveIlegible(f"{archivo} lo puede leer alguien más: «chmod 600» y renuévala")
                return msgspec.json.decode(entrada.read(), type=Clave)
        except FileNotFoundError:
            return None
        except msgspec.MsgspecError:
            raise ClaveIlegible(f"{archivo} no es una contraseña del bus: bórralo y aplica otra vez") from None

    def asegurar(self, usuario: str, azar: Azar) -> Clave:
        """La de un usuario; si no tiene, una nueva. Errores: `ClaveIlegible`; los del disco."""
        hallada = self.leer(usuario)
        if hallada is not None:
            return hallada
        return self._escribir(usuario, azar)

    def renovar(self, usuario: str, azar: Azar) -> Clave:
        """Cambia la de un usuario. La anterior vale en el broker hasta que se apliquen las definiciones."""
        return self._escribir(usuario, azar)

    def quitar(self, usuario: str) -> None:
        """Olvida la de un usuario."""
        self._archivo(usuario).unlink(missing_ok=True)

    def _escribir(self, usuario: str, azar: Azar) -> Clave:
        clave = Clave(azar.bytes(_LARGO).hex(), azar.bytes(_SAL).hex())
        self.carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
        archivo = self._archivo(usuario)
        provisional = archivo.with_suffix(".nueva")
        provisional.unlink(missing_ok=True)
        descriptor = os.open(provisional, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as salida:
            salida.write(msgspec.json.encode(clave))
            salida.flush()
            os.fsync(salida.fileno())
        provisional.rename(archivo)
        return clave

    def _archivo(self, usuario: str) -> Path:
        if not usuario or usuario.startswith(".") or "/" in usuario:
            raise ValueError("ese nombre no es de un usuario del bus")
        return self.carpeta / f"{usuario}.clave"


#: Hash de cada usuario que entra con contraseña; el que falta solo entra con su certificado.
Hashes = Mapping[str, str]

__all__ = ["ALGORITMO", "Clave", "ClaveIlegible", "Claves", "Hashes"]
