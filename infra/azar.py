"""El azar, siempre inyectado: el del sistema en producción, o una semilla que manda sobre ids, claves y nonces.

Con la misma semilla, los mismos bytes en cualquier plataforma y versión de Python: solo depende de SHAKE-256.
"""

from __future__ import annotations

import secrets
from abc import ABC, abstractmethod
from datetime import UTC, datetime, timedelta
from hashlib import sha256, shake_256
from typing import Final, Protocol, Self, TypeAlias
from uuid import UUID

#: `bytes` con otro nombre: dentro de las clases, ``bytes`` es el método.
Octetos: TypeAlias = bytes

_EPOCA: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILISEGUNDO: Final = timedelta(milliseconds=1)


class Azar(Protocol):
    """Lo que necesita quien sortea ids, claves, nonces o esperas."""

    def bytes(self, n: int) -> Octetos:
        """``n`` bytes uniformes."""
        ...

    def uuid4(self) -> UUID:
        """Id que no dice nada: el de las rutas (RFC 9562 §5.4)."""
        ...

    def uuid7(self, instante: datetime) -> UUID:
        """Id que ordena por milisegundo: el de los hechos (RFC 9562 §5.7). ``instante`` con zona, desde 1970.

        Errores: `ValueError` si el instante no cabe en 48 bits; `TypeError` si no lleva zona.
        """
        ...

    def fraccion(self) -> float:
        """Uniforme en [0, 1), con 53 bits."""
        ...

    def hijo(self, nombre: str) -> Azar:
        """Otro azar, independiente. Sembrado: depende de la semilla y del nombre, no de cuánto se haya sorteado ya.

        El mismo nombre da el mismo hijo y, por tanto, los mismos nonces: cada pieza pide el suyo una vez.
        """
        ...


class _DesdeBytes(ABC):
    """Todo sale de `bytes`."""

    @abstractmethod
    def bytes(self, n: int) -> Octetos: ...

    def uuid4(self) -> UUID:
        return UUID(bytes=self.bytes(16), version=4)

    def uuid7(self, instante: datetime) -> UUID:
        milisegundos = (instante - _EPOCA) // _MILISEGUNDO
        if not 0 <= milisegundos < 1 << 48:
            raise ValueError("el instante no cabe en un UUIDv7")
        azar = int.from_bytes(self.bytes(10)) & (1 << 74) - 1
        alto, bajo = azar >> 62, azar & (1 << 62) - 1
        return UUID(int=milisegundos << 80 | 0x7 << 76 | alto << 64 | 0b10 << 62 | bajo)

    def fraccion(self) -> float:
        return (int.from_bytes(self.bytes(7)) >> 3) / (1 << 53)


class AzarReal(_DesdeBytes):
    """El del sistema operativo."""

    def bytes(self, n: int) -> Octetos:
        return secrets.token_bytes(n)

    def hijo(self, nombre: str) -> Self:  # noqa: ARG002
        return self


class AzarSembrado(_DesdeBytes):
    """SHAKE-256 de (clave ‖ contador), por bloques. No es para varios hilos: el orden ya no lo daría la semilla."""

    _BLOQUE: Final = 1024

    def __init__(self, semilla: int | Octetos) -> None:
        """``1`` y ``b"1"`` son semillas distintas."""
        marca = b"entero:%d" % semilla if isinstance(semilla, int) else b"bytes:" + semilla
        self._clave = sha256(b"senda-azar\n" + marca).digest()
        self._contador = 0
        self._reserva = b""
        self._gastado = 0

    def bytes(self, n: int) -> Octetos:
        if n < 0:
            raise ValueError("no se puede sortear un número negativo de bytes")
        hasta = self._gastado + n
        while hasta > len(self._reserva):
            bloque = shake_256(self._clave + self._contador.to_bytes(8)).digest(self._BLOQUE)
            self._contador += 1
            self._reserva = self._reserva[self._gastado :] + bloque
            hasta -= self._gastado
            self._gastado = 0
        trozo = self._reserva[self._gastado : hasta]
        self._gastado = hasta
        return trozo

    def hijo(self, nombre: str) -> AzarSembrado:
        return AzarSembrado(self._clave + nombre.encode())


__all__ = ["Azar", "AzarReal", "AzarSembrado"]
