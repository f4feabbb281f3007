"""La clave que envuelve a las demás, y su relevo: el anillo tiene la vigente y, mientras rota, también la que sale.

Vive en un archivo aparte (0600), nunca en una base: una copia antigua de la base no sirve sin la envoltura con que se
hizo, y por eso basta destruir esa envoltura para que las copias callen. El archivo son 32 bytes, o 64 a media rotación
(vigente ‖ saliente). Rotar: `entrar`, volver a envolver todo en una transacción, `salir`; quien se quede a medias lo
repite entero.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import Final, Self

CLAVE_BYTES: Final = 32


class AnilloIlegible(Exception):
    """El archivo de la clave que envuelve falta, no mide lo que debe o lo puede leer quien no debe."""

    codigo: Final = "envoltura-ilegible"

    def __str__(self) -> str:
        return "envoltura-ilegible: repón el archivo de la clave (0600) o recupérala con «senda boveda reunir»"


class Anillo:
    """La clave vigente y, a media rotación, la saliente. Otro proceso nota el cambio al volver a mirar el archivo."""

    def __init__(self, archivo: Path | None, claves: tuple[bytes, ...] = ()) -> None:
        """``claves``: solo sin archivo (`fijo`). Errores: `AnilloIlegible`."""
        self._archivo = archivo
        self._visto: tuple[int, int, int] | None = None
        self._claves = claves
        self._mirar()

    @classmethod
    def fijo(cls, clave: bytes) -> Self:
        """Un anillo sin archivo, que no rota. Errores: `ValueError` si la clave no mide 32 bytes."""
        if len(clave) != CLAVE_BYTES:
            raise ValueError("la clave maestra mide 32 bytes")
        return cls(None, (clave,))

    @classmethod
    def estrenar(cls, archivo: Path, clave: bytes) -> Self:
        """Escribe el archivo, que no puede existir, y lo abre. Errores: `FileExistsError`, `ValueError`."""
        if len(clave) != CLAVE_BYTES:
            raise ValueError("la clave maestra mide 32 bytes")
        descriptor = os.open(archivo, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as salida:
            salida.write(clave)
            salida.flush()
            os.fsync(salida.fileno())
        return cls(archivo)

    @property
    def claves(self) -> tuple[bytes, ...]:
        """La vigente y, a media rotación, la saliente. Errores: `AnilloIlegible`."""
        self._mirar()
        return self._claves

    @property
    def vigente(self) -> bytes:
        """Con la que se envuelve. Errores: `AnilloIlegible`."""
        return self.claves[0]

    def entrar(self, nueva: bytes) -> None:
        """Pone ``nueva`` como vigente y conserva la de antes. Si ya había una rotación a medias, sigue esa.

        Errores: `ValueError` si el anillo es fijo o la clave no mide 32 bytes; `OSError`.
        """
        if len(nueva) != CLAVE_BYTES:
            raise ValueError("la clave maestra mide 32 bytes")
        actuales = self.claves
        if len(actuales) == 1:
            self._escribir((nueva, *actuales))

    def salir(self, queda: bytes) -> None:
        """Destruye la saliente y pisa con ceros el archivo en que estaba. ``queda``: la que ha de quedar vigente.

        Errores: `AnilloIlegible` si la vigente es otra (y no destruye nada); `OSError`.
        """
        if self.vigente != queda:
            raise AnilloIlegible
        if len(self.claves) > 1:
            self._escribir(self.claves[:1])

    @contextmanager
    def turno(self) -> Iterator[None]:
        """Uno solo rota a la vez, sea de este proceso o de otro: dos a la vez destruirían la clave del otro."""
        if self._archivo is None:
            yield
            return
        candado = self._archivo.with_name(f".{self._archivo.name}.turno")
        descriptor = os.open(candado, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
            yield
        finally:
            os.close(descriptor)

    def _escribir(self, claves: tuple[bytes, ...]) -> None:
        if self._archivo is None:
            raise ValueError("un anillo fijo no rota")
        temporal = self._archivo.with_name(f".{self._archivo.name}.nuevo")
        temporal.unlink(missing_ok=True)
        with self._archivo.open("r+b") as viejo:
            descriptor = os.open(temporal, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, "wb") as salida:
                salida.write(b"".join(claves))
                salida.flush()
                os.fsync(salida.fileno())
            temporal.replace(self._archivo)
            carpeta = os.open(self._archivo.parent, os.O_RDONLY)
            os.fsync(carpeta)
            os.close(carpeta)
            # El nombre ya es del nuevo; los bloques del viejo se pisan. En un disco que copia al escribir no basta:
            # por eso el archivo va en un volumen cifrado (docs/boveda.md).
            viejo.write(bytes(CLAVE_BYTES * 2))
            viejo.flush()
            os.fsync(viejo.fileno())
        self._mirar()

    def _mirar(self) -> None:
        if self._archivo is None:
            return
        try:
            estado = self._archivo.stat()
            visto = (estado.st_ino, estado.st_mtime_ns, estado.st_size)
            if visto == self._visto:
                return
            octetos = self._archivo.read_bytes()
        except OSError:
            raise AnilloIlegible from None
        if estado.st_mode & 0o077 or len(octetos) not in {CLAVE_BYTES, CLAVE_BYTES * 2}:
            raise AnilloIlegible
        self._claves = tuple(octetos[i : i + CLAVE_BYTES] for i in range(0, len(octetos), CLAVE_BYTES))
        self._visto = visto


def huella_de(clave: bytes) -> str:
    """16 dígitos que dicen con qué clave se envolvió, sin decir nada de ella: la clave es azar de 256 bits."""
    return sha256(b"senda-envoltura\n" + clave).hexdigest()[:16]


__all__ = ["CLAVE_BYTES", "Anillo", "AnilloIlegible", "huella_de"]
