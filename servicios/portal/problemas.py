"""Lo que el portal contesta cuando no deja pasar una llamada: RFC 9457, con nuestro código, campo y qué hacer.

Ninguno repite lo recibido, ni siquiera el nombre de un parámetro que no esperábamos.
"""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from msgspec import Struct

from eventos.rechazo import Rechazo
from infra.almacen.motor import base_caida
from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.examen import SolicitudInvalida
from servicios.comun.directorio import InstitucionDesconocida, InstitucionSuspendidaError
from servicios.portal.puerta import PuertaLlena
from servicios.portal.timbre import DemasiadasEsperas

registro = structlog.get_logger(__name__)
_FIRMA: Final = ("firma", "otro-usuario")
_TIPO: Final = "application/problem+json"
#: Segundos: lo que conviene esperar antes de repetir una llamada que no se pudo atender.
_REPETIR: Final = {"Retry-After": "5"}
#: Código de cada problema que pone el portal -> qué pasó. Los demás son de `contratos.codigos` o del directorio.
DEL_PORTAL: Final[dict[str, str]] = {
    "llamada-invalida": "Falta un parámetro o una cabecera, o no vale.",
    "firma-larga": "La firma de una lectura caduca demasiado tarde.",
    "sin-recurso": "Esa ruta no existe.",
    "sin-metodo": "Esa ruta no admite ese método.",
    "demasiadas-esperas": "La institución tiene ya abiertas todas las esperas que se le admiten.",
    "puerta-llena": "El portal tiene demasiadas llamadas en curso; no guardó nada.",
    "sin-base": "La base del portal no responde; no guardó nada.",
}
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


def _llena(_: Request[Any, Any, Any], __: PuertaLlena) -> Response[Problema]:
    return _respuesta(503, "puerta-llena", "", "Repite la llamada en unos segundos: no se guardó nada.", _REPETIR)


def _parametro(_: Request[Any, Any, Any], error: ValidationException) -> Response[Problema]:
    """Nombra el parámetro si es de los nuestros: la cabecera que falta o la cifra fuera de límites."""
    extra = error.extra if isinstance(error.extra, list) else []
    claves = (e.get("key", "") for e in extra if isinstance(e, dict))
    campo = next((c for c in claves if c in _NUESTROS), "")
    if "'Firma'" in error.detail:  # la cabecera que falta solo la nombra el texto
        campo = "firma"
    return _respuesta(400, "llamada-invalida", campo, "Revisa ese parámetro o esa cabecera con el contrato OpenAPI.")


def _http(peticion: Request[Any, Any, Any], error: HTTPException) -> Response[Problema]:
    if error.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return _respuesta(413, "demasiado-grande", "", "Lo grande va por referencia y hash, no dentro de la solicitud.")
    if error.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return _fallo(peticion, error)
    codigos = {404: "sin-recurso", 405: "sin-metodo"}
    return _respuesta(
        error.status_code,
        codigos.get(error.status_code, "llamada-invalida"),
        "",
        "Mira en el contrato OpenAPI qué se puede llamar.",
        {"Allow": _admitidos(error)} if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED else None,
    )


def _admitidos(error: HTTPException) -> str:
    cabeceras = {nombre.lower(): valor for nombre, valor in (error.headers or {}).items()}
    return cabeceras.get("allow", "")


def _fallo(_: Request[Any, Any, Any], error: Exception) -> Response[Problema]:
    if base_caida(error):
        return _respuesta(503, "sin-base", "", "El portal no puede guardar ahora: repite en unos segundos.", _REPETIR)
    registro.error("llamada-con-fallo", clase=type(error).__name__, lugar=lugar(error))
    return _respuesta(
        500, "error-interno", "", "El portal falló; repite la llamada tal cual y, si sigue, avisa a quien lo opera."
    )


def _respuesta(
    estado: int, codigo: str, campo: str, que_hacer: str, cabeceras: Mapping[str, str] | None = None
) -> Response[Problema]:
    cuerpo = Problema(status=estado, codigo=codigo, campo=campo, que_hacer=que_hacer)
    return Response(cuerpo, status_code=estado, media_type=_TIPO, headers=dict(cabeceras or {}))


#: Qué función contesta a cada clase de error.
ATIENDE: Final[dict[Any, Any]] = {
    SolicitudInvalida: _invalida,
    Rechazo: _rechazo,
    DemasiadasEsperas: _muchas,
    PuertaLlena: _llena,
    ValidationException: _parametro,
    HTTPException: _http,
    Exception: _fallo,
}

__all__ = ["ATIENDE", "DEL_PORTAL", "Problema"]
