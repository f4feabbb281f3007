"""Lo que el portal contesta cuando no deja pasar una llamada: RFC 9457, con nuestro código, campo y qué hacer.

Ninguno repite lo recibido, ni siquiera el nombre de un parámetro que no esperábamos.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from msgspec import Struct

from eventos.rechazo import Rechazo
from infra.almacen.motor import base_caida
from infra.mensajeria.examen import SolicitudInvalida
from servicios.comun.directorio import InstitucionDesconocida, InstitucionSuspendidaError
from servicios.portal.timbre import DemasiadasEsperas

registro = structlog.get_logger(__name__)
_FIRMA: Final = ("firma", "otro-usuario")
_NUESTROS: Final = frozenset({"desde", "espera", "firma", "identificador", "maximo"})


class Problema(Struct, frozen=True, kw_only=True):
    """``codigo`` es estable; ``campo``, el que falla, o vacío; ``que_hacer``, para una persona."""

    status: int
    codigo: str
    campo: str
    que_hacer: str
    type: str = "about:blank"


def _invalida(_: Request[Any, Any, Any], error: SolicitudInvalida) -> Response[Problema]:
    estado = 401 if error.codigo.startswith(_FIRMA) else 413 if error.codigo == "demasiado-grande" else 400
    return _respuesta(estado, error.codigo, error.campo, error.que_hacer)


def _rechazo(_: Request[Any, Any, Any], error: Rechazo) -> Response[Problema]:
    estado = {InstitucionSuspendidaError: 403, InstitucionDesconocida: 401}.get(type(error), 422)
    return _respuesta(estado, error.codigo, error.campo, error.que_hacer)


def _muchas(_: Request[Any, Any, Any], __: DemasiadasEsperas) -> Response[Problema]:
    return _respuesta(
        429, "demasiadas-esperas", "", "Espera con una sola llamada por canal: las abiertas ya te despertarán."
    )


def _parametro(_: Request[Any, Any, Any], error: ValidationException) -> Response[Problema]:
    """Nombra el parámetro si es de los nuestros: la cabecera que falta o la cifra fuera de límites."""
    extra = error.extra if isinstance(error.extra, list) else []
    claves = (e.get("key", "") for e in extra if isinstance(e, dict))
    campo = next((c for c in claves if c in _NUESTROS), "")
    if "'Firma'" in error.detail:  # la cabecera que falta solo la nombra el texto
        campo = "firma"
    return _respuesta(400, "llamada-invalida", campo, "Revisa ese parámetro o esa cabecera con el contrato OpenAPI.")


def _http(_: Request[Any, Any, Any], error: HTTPException) -> Response[Problema]:
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _respuesta(413, "demasiado-grande", "", "Lo grande va por referencia y hash, no dentro de la solicitud.")
    codigos = {404: "sin-recurso", 405: "sin-metodo"}
    return _respuesta(
        error.status_code,
        codigos.get(error.status_code, "llamada-invalida"),
        "",
        "Mira en el contrato OpenAPI qué se puede llamar.",
    )


def _fallo(_: Request[Any, Any, Any], error: Exception) -> Response[Problema]:
    if base_caida(error):
        return _respuesta(
            503, "sin-base", "", "El portal no puede guardar ahora: vuelve a intentarlo en unos segundos."
        )
    registro.error("llamada-con-fallo", clase=type(error).__name__)
    return _respuesta(
        500, "error-interno", "", "El portal falló y no guardó nada; avisa al operador y repite la llamada."
    )


def _respuesta(estado: int, codigo: str, campo: str, que_hacer: str) -> Response[Problema]:
    cuerpo = Problema(status=estado, codigo=codigo, campo=campo, que_hacer=que_hacer)
    return Response(cuerpo, status_code=estado, media_type="application/problem+json")


#: Qué función contesta a cada clase de error.
ATIENDE: Final[dict[Any, Any]] = {
    SolicitudInvalida: _invalida,
    Rechazo: _rechazo,
    DemasiadasEsperas: _muchas,
    ValidationException: _parametro,
    HTTPException: _http,
    Exception: _fallo,
}

__all__ = ["ATIENDE", "Problema"]
