"""La API HTTP de gestión de RabbitMQ, lo justo: leer, escribir y borrar recursos por su ruta."""

from __future__ import annotations

import base64
import ssl
from collections.abc import Callable
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from typing import Any, Final
from urllib.parse import SplitResult, parse_qs, quote, unquote, urlsplit

import msgspec

_ESPERA: Final = 60.0
_BIEN: Final = range(200, 300)
_SIN_PERMISO: Final = (401, 403)
_NO_ESTA: Final = 404


class GestionCaida(Exception):
    """La API de gestión no contesta o no deja. El mensaje dice qué hacer, sin la contraseña."""


class Gestion:
    """Un administrador del broker. ``url``: `http://usuario:clave@127.0.0.1:15672`, o https con `?ca=/ruta/ca.pem`.

    Con varias separadas por «;», las de los nodos de un clúster, pregunta al que conteste: todos dicen lo mismo.
    """

    def __init__(self, url: str) -> None:
        nodos = [urlsplit(una) for una in url.split(";")]
        if any(nodo.scheme not in {"http", "https"} or not nodo.hostname for nodo in nodos):
            raise ValueError("la API de gestión es http://usuario:clave@anfitrion:15672")
        self._nodos = [_abridor(nodo) for nodo in nodos]
        self._base = nodos[0].path.rstrip("/")
        par = f"{unquote(nodos[0].username or 'guest')}:{unquote(nodos[0].password or 'guest')}"
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
        estado, leido = self._preguntar(metodo, camino, cuerpo)
        if estado == _NO_ESTA:
            return None
        if estado in _SIN_PERMISO:
            raise GestionCaida("ese usuario no administra el broker: ha de llevar la etiqueta «administrator»")
        if estado not in _BIEN:
            # El texto del broker nombra recursos y expresiones, nunca hashes.
            raise GestionCaida(f"{metodo} {camino}: {estado} {leido[:300].decode(errors='replace')}")
        return msgspec.json.decode(leido) if leido else None

    def _preguntar(self, metodo: str, camino: str, cuerpo: bytes | None) -> tuple[int, bytes]:
        """Al primer nodo que conteste; repetir en otro lo que el anterior no llegó a contestar no cambia nada."""
        motivo = ""
        for abrir in list(self._nodos):
            conexion = abrir()
            try:
                conexion.request(metodo, camino, cuerpo, self._cabeceras)
                respuesta = conexion.getresponse()
                return respuesta.status, respuesta.read()
            except (OSError, HTTPException) as error:
                motivo = type(error).__name__
                self._nodos.append(self._nodos.pop(0))
            finally:
                conexion.close()
        raise GestionCaida(f"la API de gestión no contesta ({motivo}): ¿está activado rabbitmq_management?")


def _abridor(nodo: SplitResult) -> Callable[[], HTTPConnection]:
    anfitrion = str(nodo.hostname)
    if nodo.scheme == "http":
        return lambda: HTTPConnection(anfitrion, nodo.port or 15672, timeout=_ESPERA)
    autoridad = parse_qs(nodo.query).get("ca", [None])[-1]
    contexto = ssl.create_default_context(cafile=autoridad)
    return lambda: HTTPSConnection(anfitrion, nodo.port or 15671, timeout=_ESPERA, context=contexto)


__all__ = ["Gestion", "GestionCaida"]
