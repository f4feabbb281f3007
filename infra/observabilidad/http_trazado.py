"""La llegada de una solicitud por HTTP, como raíz de su traza. No toca la petición ni la respuesta."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Final

from infra.observabilidad.puntos_de_traza import CABECERA, de_cabecera
from infra.observabilidad.trazas import Atributos, Trazas, ahora

#: Lo que se contesta cuando la firma valió y la solicitud quedó guardada; de lo demás no hay nada que seguir.
_GUARDADA: Final = frozenset({200, 202, 422})


@dataclass
class SolicitudesTrazadas:
    """Una aplicación ASGI que anota los ``POST`` a ``camino`` de la que lleva dentro."""

    dentro: Any
    trazas: Trazas
    camino: str

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST" or scope["path"] != self.camino:
            await self.dentro(scope, receive, send)
            return
        desde, huella, estado = ahora(), sha256(), 0

        async def recibir() -> Any:
            mensaje = await receive()
            huella.update(mensaje.get("body", b""))
            return mensaje

        async def enviar(mensaje: Any) -> None:
            nonlocal estado
            estado = mensaje.get("status", estado)
            await send(mensaje)

        await self.dentro(scope, recibir, enviar)
        raiz = self.trazas.puntos.solicitud(huella.hexdigest())
        if estado in _GUARDADA and self.trazas.se_anota(raiz.traza):
            suyas = [valor for nombre, valor in scope["headers"] if nombre.lower() == CABECERA.encode()]
            ajeno = de_cabecera(suyas[0].decode("latin-1")) if len(suyas) == 1 else None
            atributos: Atributos = {
                "http.request.method": "POST", "http.route": self.camino, "http.response.status_code": estado,
            }  # fmt: skip
            padre = self.trazas.estrenar(raiz)
            punto = raiz if padre is None else self.trazas.otro(raiz.traza)
            enlaces = () if ajeno is None else (ajeno,)
            self.trazas.anotar(f"POST {self.camino}", "SERVER", punto, padre, desde, atributos, enlaces=enlaces)


__all__ = ["SolicitudesTrazadas"]
