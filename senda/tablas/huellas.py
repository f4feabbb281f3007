"""El id de cada solicitud de una importación: el mismo al repetirla, y sin que nadie de fuera pueda adivinar la fila.

Con un hash sin clave, quien vea el id (va en claro) probaría todas las filas posibles hasta dar con la que lo produce,
que son pocas: lo sellado quedaría a la vista. Por eso la huella lleva la clave de firma de la institución.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime
from hmac import digest
from typing import Final
from uuid import UUID

import msgspec

from contratos.base import Peticion
from infra.azar import AzarSembrado
from senda.cliente import Compuesta, Credencial, componer

_HASH: Final = "sha256"


class AzarDeFila(AzarSembrado):
    """El azar con que se arma una solicitud de una fila: su id y, de lo que dice entera, lo demás."""

    def __init__(self, semilla: bytes, suyo: bytes) -> None:
        super().__init__(semilla)
        self._id = UUID(bytes=suyo[:16], version=4)

    def uuid4(self) -> UUID:
        return self._id


class Huellas:
    """Las de un archivo que importa una institución.

    Las filas iguales son personas distintas: se cuenta cuál es cada una. Se lleva en un archivo temporal y con huellas,
    para que un archivo de muchas filas distintas no ocupe memoria ni deje rastro.
    """

    def __init__(self, credencial: Credencial, formato: str, cuenta: sqlite3.Connection) -> None:
        clave = credencial.clave.private_bytes_raw()
        self._clave = digest(clave, f"senda-tablas\n{formato}\n{credencial.codigo}".encode(), _HASH)
        self._cuenta = cuenta
        self._cuenta.execute("CREATE TABLE vistas (huella BLOB PRIMARY KEY, veces INTEGER NOT NULL) WITHOUT ROWID")

    @classmethod
    @contextmanager
    def de(cls, credencial: Credencial, formato: str) -> Iterator[Huellas]:
        """Para una pasada por un archivo."""
        # El nombre vacío es una base temporal en disco, que SQLite borra al cerrar.
        with closing(sqlite3.connect("", isolation_level=None)) as cuenta:
            cuenta.execute("PRAGMA synchronous = OFF")
            cuenta.execute("PRAGMA journal_mode = OFF")
            yield cls(credencial, formato, cuenta)

    def de_fila(self, celdas: Mapping[str, str]) -> bytes:
        """La de una fila por lo que dice y por cuántas iguales iban: reordenar el archivo no cambia el conjunto."""
        huella = self._sacar(b"fila", msgspec.json.encode(sorted((c, v) for c, v in celdas.items() if v)))
        return self._sacar(b"vez", huella, str(self._contar(huella)).encode())

    def de_id(self, externo: str) -> bytes | None:
        """La de un id ajeno; None si ya salió en este archivo."""
        huella = self._sacar(b"externo", externo.encode())
        return huella if self._contar(huella) == 1 else None

    def componer(
        self, huella: bytes, peticion: Peticion, credencial: Credencial, agente: str, ocurrido: datetime,
        recepcion: str, ahora: datetime,
    ) -> Compuesta:  # fmt: skip
        """La solicitud de una fila: con los mismos datos, los mismos bytes, también cifrada."""
        suyo = self._sacar(b"id", huella, peticion.tipo.encode())
        dicho = msgspec.json.encode([peticion, credencial.codigo, agente, ocurrido.isoformat(), recepcion])
        # La semilla depende de todo lo que se dice: la misma efímera con otro contenido repetiría el nonce.
        azar = AzarDeFila(self._sacar(b"azar", suyo, dicho), suyo)
        return componer(peticion, credencial, agente, ocurrido, recepcion, azar, ahora)

    def _contar(self, huella: bytes) -> int:
        fila = self._cuenta.execute(
            "INSERT INTO vistas VALUES (?, 1) ON CONFLICT (huella) DO UPDATE SET veces = veces + 1 RETURNING veces",
            (huella,),
        ).fetchone()
        return int(fila[0])

    def _sacar(self, *partes: bytes) -> bytes:
        # Cada parte con su longitud delante: partes distintas no se confunden por cómo se cortan.
        return digest(self._clave, b"".join(len(p).to_bytes(4) + p for p in partes), _HASH)


__all__ = ["AzarDeFila", "Huellas"]
