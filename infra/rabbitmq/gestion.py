"""La API HTTP de gestión de RabbitMQ, lo justo: leer, escribir y borrar recursos por su ruta."""

from __future__ import annotations

import base64
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import quote, unquote, urlsplit

import msgspec

_ESPERA: Final = 60.0
_BIEN: Final = range(200, 300)
_SIN_PERMISO: Final = (401, 403)
_NO_ESTA: Final = 404


class GestionCaida(Exception):
    """La API de gestión no contesta o no deja. El mensaje dice qué hacer, sin la contraseña."""


class Gestion:
    """Un administrador del broker. ``url``: `http://usuario:clave@127.0.0.1:15672` (o https)."""

    def __init__(self, url: str) -> None:
        partes = urlsplit(url)
        if partes.scheme not in {"http", "https"} or not partes.hostname:
            raise ValueError("la API de gestión es http://usuario:clave@anfitrion:15672")
        anfitrion, puerto = partes.hostname, partes.port or (15671 if partes.scheme == "https" else 15672)
        clase = HTTPSConnection if partes.scheme == "https" else HTTPConnection
        self._abrir: Callable[[], HTTPConnection] = lambda: clase(anfitrion, puerto, timeout=_ESPERA)
        self._base = partes.path.rstrip("/")
        par = f"{unquote(partes.username or 'guest')}:{unquote(partes.password or 'guest')}"
        self._cabeceras = {
            "Authorization": "Basic " + base64.b64encode(par.encode()).decode(),
            "Content-Type": "application/json",
        }

    def leer(self, *ruta: str) -> Any:
        """Un recurso, o None si no está. Errores: `GestionCaida`."""
        return self._pedir("GET", ruta)

    def enviar(self, contenido: Any, *ruta: str) -> None:
        """Hace un POST. Errores: `GestionCaida`."""
        self._pedir("POST", ruta, contenido)

    def poner(self, contenido: Any, *ruta: str) -> None:
        """Hace un PUT. Errores: `GestionCaida`."""
        self._pedir("PUT", ruta, contenido)

    def borrar(self, *ruta: str) -> None:
        """Borra un recurso; que no esté no es un error. Errores: `GestionCaida`."""
        self._pedir("DELETE", ruta)

    def _pedir(self, metodo: str, ruta: tuple[str, ...], contenido: Any = None) -> Any:
        camino = "/".join([f"{self._base}/api", *(quote(parte, safe="") for parte in ruta)])
        cuerpo = None if contenido is None else msgspec.json.encode(contenido)
        conexion = self._abrir()
        try:
            conexion.request(metodo, camino, cuerpo, self._cabeceras)
            respuesta = conexion.getresponse()
            leido = respuesta.read()
        except (OSError, HTTPException) as error:
            raise GestionCaida(
                f"la API de gestión no contesta ({type(error).__name__}): ¿está activado rabbitmq_management?"
            ) from None
        finally:
            conexion.close()
        if respuesta.status == _NO_ESTA:
            return None
        if respuesta.status in _SIN_PERMISO:
            raise GestionCaida("ese usuario no administra el broker: ha de llevar la etiqueta «administrator»")
        if respuesta.status not in _BIEN:
            # El texto del broker nombra recursos y expresiones, nunca hashes.
            raise GestionCaida(f"{metodo} {camino}: {respuesta.status} {leido[:300].decode(errors='replace')}")
        return msgspec.json.decode(leido) if leido else None


__all__ = ["Gestion", "GestionCaida"]
