"""Un testigo por HTTP: el ``add-checkpoint`` de C2SP y lo que cualquiera puede guardar de él.

Escucha a quien sea: no hay más permiso que la firma del libro. Fuente: https://c2sp.org/tlog-witness.
"""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import unquote

import structlog
from litestar import Litestar, Request, Response, get, post
from litestar.exceptions import HTTPException

from infra.almacen.motor import base_caida
from servicios.testigo.dominio import MAXIMO_CUERPO, TEXTO, Negativa, Respuesta
from servicios.testigo.testigo import Testigo

registro = structlog.get_logger(__name__)
#: Cabecera con el código de una negativa: el cuerpo de un 409 es solo un número.
CODIGO: Final = "Senda-Codigo"
_REFRENDADO: Final = "/refrendado/"


def aplicacion(testigo: Testigo) -> Litestar:
    """La aplicación ASGI."""
    # Una base colgada no puede ocupar los hilos de todo lo demás: se escribe de uno en uno de todos modos.
    turno = asyncio.Semaphore(4)

    @post("/add-checkpoint", status_code=200)
    async def refrendar(request: Request[Any, Any, Any]) -> Response[bytes]:
        cuerpo = await request.body()
        async with turno:
            return _http(await asyncio.to_thread(testigo.refrendar, cuerpo))

    @get("/vkey", sync_to_thread=False)
    def vkey() -> Response[bytes]:
        return _http(Respuesta(200, TEXTO, f"{testigo.memoria.vkey}\n".encode()))

    @get("/refrendado/{origen:path}")
    async def refrendado(request: Request[Any, Any, Any], origen: str) -> Response[bytes]:  # noqa: ARG001
        # La ruta tal como llegó: el nombre de un libro lleva barras, y las del principio o el final son suyas.
        cruda = bytes(request.scope.get("raw_path") or request.scope["path"].encode()).decode("latin-1")
        nombre = unquote(cruda.partition("?")[0].removeprefix(_REFRENDADO))
        async with turno:
            ultimo = await asyncio.to_thread(testigo.memoria.ultimo, nombre)
        if ultimo is None:
            return _http(_fallo(404, "sin-refrendos", "este testigo no ha refrendado nada de ese libro"))
        return _http(Respuesta(200, TEXTO, ultimo.texto.encode()))

    @get("/salud/vivo", sync_to_thread=False)
    def vivo() -> dict[str, bool]:
        return {"vivo": True}

    return Litestar(
        [refrendar, vkey, refrendado, vivo],
        exception_handlers={HTTPException: _de_http, Exception: _de_dentro},
        request_max_body_size=MAXIMO_CUERPO,
        openapi_config=None,
        # Las trazas de fábrica llevan valores.
        logging_config=None,
    )


def _http(respuesta: Respuesta) -> Response[bytes]:
    # El tipo va como cabecera: dicho como `media_type`, Litestar le añade un «charset» que C2SP no pone.
    cabeceras = {"Content-Type": respuesta.tipo} | ({CODIGO: respuesta.codigo} if respuesta.codigo else {})
    return Response(respuesta.cuerpo, status_code=respuesta.estado, headers=cabeceras)


def _fallo(estado: int, codigo: str, que_hacer: str) -> Respuesta:
    return Respuesta(estado, TEXTO, f"{codigo}: {que_hacer}\n".encode(), codigo)


def _de_http(peticion: Request[Any, Any, Any], error: HTTPException) -> Response[bytes]:
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _http(Negativa("peticion-excesiva").respuesta)
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _de_dentro(peticion, error)
    codigo = {404: "sin-recurso", 405: "sin-metodo"}.get(error.status_code, "llamada-invalida")
    return _http(_fallo(error.status_code, codigo, "mira en docs/testigos.md qué se puede llamar"))


def _de_dentro(_: Request[Any, Any, Any], error: Exception) -> Response[bytes]:
    if base_caida(error):
        return _http(_fallo(503, "sin-base", "el testigo no puede guardar ahora, y sin guardar no refrenda: repite"))
    registro.error("llamada-con-fallo", clase=type(error).__name__)
    return _http(_fallo(500, "error-interno", "el testigo falló y no refrendó nada; avisa a quien lo opera"))


__all__ = ["CODIGO", "aplicacion"]
