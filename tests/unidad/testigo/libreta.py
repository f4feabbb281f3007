"""Un libro de juguete con clave propia: sus puntos de control y sus pruebas, hechas como las define la norma."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from senda_verificar import arbol, nota
from servicios.auditoria import punto_de_control

NOMBRE = "senda.example/gt/libro"
CLAVE = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
AJENA = Ed25519PrivateKey.from_private_bytes(b"\x06" * 32)


@dataclass(frozen=True)
class Libreta:
    """``distinta_desde``: a partir de qué hoja cuenta otra historia, con la misma clave."""

    nombre: str = NOMBRE
    clave: Ed25519PrivateKey = field(default=CLAVE, repr=False)
    distinta_desde: int = 1 << 40

    @property
    def vkey(self) -> str:
        return nota.escribir_vkey(self.nombre, self.clave.public_key())

    @property
    def libros(self) -> dict[str, list[nota.Vkey]]:
        return {self.nombre: [nota.leer_vkey(self.vkey)]}

    def bifurcada(self, desde: int) -> Self:
        """La misma clave y otro contenido desde esa hoja: lo que haría quien opera y miente."""
        return replace(self, distinta_desde=desde)

    def hojas(self, desde: int, hasta: int) -> list[bytes]:
        return [sha256(b"%d%s" % (i, b"'" * (i >= self.distinta_desde))).digest() for i in range(desde, hasta)]

    def raiz(self, tamano: int) -> bytes:
        return arbol.raiz(self.hojas(0, tamano))

    def punto(self, tamano: int, extensiones: Sequence[str] = ()) -> str:
        return punto_de_control.firmar(self.nombre, self.clave, tamano, self.raiz(tamano), extensiones)

    def prueba(self, menor: int, mayor: int) -> list[bytes]:
        """RFC 6962, 2.1.2, tal como está escrito."""
        return self._subprueba(menor, 0, mayor, entero=True) if 0 < menor < mayor else []

    def peticion(self, anterior: int, tamano: int, *, prueba: Sequence[bytes] | None = None, punto: str = "") -> bytes:
        lineas = [b64encode(h).decode() for h in (self.prueba(anterior, tamano) if prueba is None else prueba)]
        return "\n".join([f"old {anterior}", *lineas, "", punto or self.punto(tamano)]).encode()

    def _subprueba(self, m: int, desde: int, hasta: int, *, entero: bool) -> list[bytes]:
        n = hasta - desde
        if m == n:
            return [] if entero else [arbol.raiz(self.hojas(desde, hasta))]
        k = 1 << ((n - 1).bit_length() - 1)
        if m <= k:
            otra = arbol.raiz(self.hojas(desde + k, hasta))
            return [*self._subprueba(m, desde, desde + k, entero=entero), otra]
        otra = arbol.raiz(self.hojas(desde, desde + k))
        return [*self._subprueba(m - k, desde + k, hasta, entero=False), otra]
