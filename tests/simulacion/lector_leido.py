"""Lo que el lector lee: un hecho guardado, y una solicitud con los acuses que tuvo."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Hecho:
    """Un hecho guardado, abierto con `json`."""

    servicio: str
    posicion: int
    sobre: dict[str, Any]
    bytes: int

    @property
    def tipo(self) -> str:
        """El ``type`` del sobre."""
        return str(self.sobre["type"])

    @property
    def datos(self) -> dict[str, Any]:
        """Lo que cuenta."""
        datos: dict[str, Any] = self.sobre["data"]
        return datos

    @property
    def abiertos(self) -> dict[str, Any]:
        """Lo que su acuse debe repetir a quien lo pidió: lo abierto, sin la ruta."""
        return {campo: valor for campo, valor in self.datos.items() if campo not in {"ruta", "sellado"}}


@dataclass
class Enviada:
    """Los bytes de una solicitud, quiénes los mandaron y qué acuses hubo de ellos en ese servicio."""

    servicio: str
    cuerpo: bytes
    usuarios: set[str] = field(default_factory=set)
    acuses: list[tuple[str, dict[str, Any], bytes]] = field(default_factory=list)

    @property
    def atribuidos(self) -> list[tuple[str, dict[str, Any], bytes]]:
        """Acuses en que el servicio supo quién pedía."""
        return [a for a in self.acuses if a[1].get("id")]

    @property
    def aceptada(self) -> dict[str, Any] | None:
        """El acuse de aceptación, si lo hubo."""
        return next((a for _, a, _ in self.acuses if a["resultado"] == "aceptada"), None)
