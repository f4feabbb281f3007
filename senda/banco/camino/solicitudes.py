"""Las solicitudes del banco: alertas firmadas por una institución, las mismas para todos los sistemas."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from contratos.solicitudes.deteccion import RecibirAlerta
from eventos.listas import CanalAlerta
from eventos.tipos import Urgencia
from infra.azar import AzarSembrado
from infra.seguridad import base64url
from senda.cliente import Compuesta, Credencial, componer

INSTITUCION: Final = "GT-SVET"
_ALERTA: Final = RecibirAlerta(canal=CanalAlerta.DENUNCIA, urgencia=Urgencia.ORDINARIA)


class Solicitante:
    """Quien pide. Con la misma semilla, la misma clave y los mismos ids."""

    def __init__(self, semilla: int) -> None:
        self._azar = AzarSembrado(b"solicitudes del banco %d" % semilla)
        self.credencial = Credencial.generar(INSTITUCION, self._azar)
        # La alerta no lleva nada sellado: la clave de recepción no se usa.
        publica = X25519PrivateKey.from_private_bytes(self._azar.bytes(32)).public_key()
        self._recepcion = base64url.a_texto(publica.public_bytes_raw())

    def pedir(self, cuantas: int) -> list[Compuesta]:
        """Otras tantas, firmadas."""
        ahora = datetime.now(UTC)
        return [
            componer(_ALERTA, self.credencial, "ag-0123abcd", ahora, self._recepcion, self._azar)
            for _ in range(cuantas)
        ]


__all__ = ["INSTITUCION", "Solicitante"]
