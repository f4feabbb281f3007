"""El documento OpenAPI 3.1 del contrato por HTTP: el que sirve el portal y el publicado, de las mismas rutas."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

import msgspec
from litestar import Litestar
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.spec import License

from contratos.acuse import Acuse, HechoCausado, Resultado
from contratos.esquemas import de_solicitud
from contratos.solicitudes.coordinacion import AceptarDerivacion
from eventos.coordinacion import DerivacionAceptada
from senda.asyncapi import ejemplo_de
from servicios.portal.web import Firmado, Pendiente, Tramo, contrato

Documento = dict[str, Any]
#: Versión del contrato por HTTP; cambia con él, no con el programa.
VERSION: Final = "1.0.0"
_JSON: Final = "application/json"
_FIRMA: Final = "JWS separado (RFC 7515 ap. F) del servicio sobre los bytes del cuerpo; su clave, en /v1/claves"
_JWS: Final = "eyJhbGciOiJFZERTQSIsImtpZCI6Ii9ndC9jb29yZGluYWNpb24i…..MEQCIF8…"
_SOLICITUD: Final = ejemplo_de(AceptarDerivacion)
_ACEPTADA: Final = Acuse(
    huella=sha256(msgspec.json.encode(_SOLICITUD)).hexdigest(),
    servicio="coordinacion",
    origen="/gt/coordinacion",
    resultado=Resultado.ACEPTADA,
    instante=datetime(2026, 5, 3, 14, 20, 1, tzinfo=UTC),
    posicion=412,
    institucion=_SOLICITUD["institucion"],
    id=_SOLICITUD["id"],
    eventos=(
        HechoCausado(
            UUID("019ded7f-11e8-7000-8000-0f0e7c1e90aa"), DerivacionAceptada.tipo, _SOLICITUD["datos"]["ruta"],
            {"derivacion": _SOLICITUD["datos"]["derivacion"]},
        ),
    ),
)  # fmt: skip


@cache
def texto() -> bytes:
    """El documento, en JSON, con las claves en su orden."""
    return msgspec.json.format(msgspec.json.encode(documento()), indent=2) + b"\n"


def documento() -> Documento:
    """El documento entero, en tipos de JSON."""
    configuracion = OpenAPIConfig(
        title="Senda: contrato de las instituciones por HTTP",
        version=VERSION,
        description="Las mismas solicitudes, acuses y avisos que por AMQP. Cada llamada va firmada: un POST, sobre "
        "los bytes del cuerpo, como por AMQP; una lectura, sobre «GET /v1/buzon?desde=1», con servicio «portal» y "
        "quince minutos de vigencia como mucho. Cómo, con un ejemplo, en docs/http.md.",
        license=License(name="Apache-2.0", identifier="Apache-2.0"),
    )
    # Quien las monta pone estas; sin decirlo, saldrían como parámetros.
    suyas = {nombre: Provide(lambda: None, sync_to_thread=False) for nombre in ("puerta", "claves")}
    rutas = Litestar([contrato()], dependencies=suyas, openapi_config=configuracion, logging_config=None)
    entero: Documento = msgspec.json.decode(msgspec.json.encode(rutas.openapi_schema.to_schema()))
    pedir = entero["paths"]["/v1/solicitudes"]["post"]
    pedir["requestBody"]["content"][_JSON] = {"schema": de_solicitud(), "example": _SOLICITUD}
    for operacion in (op for ruta in entero["paths"].values() for op in ruta.values()):
        for estado, respuesta in operacion["responses"].items():
            _completar(estado, respuesta)
    return entero


def _completar(estado: str, respuesta: Documento) -> None:
    """El ejemplo de una respuesta, si lo hay de lo que devuelve, y la cabecera de las que van firmadas."""
    for contenido in respuesta.get("content", {}).values():
        que = contenido["schema"].get("$ref", "").rpartition("/")[2]
        if (ejemplo := _ejemplo(que, estado)) is not None:
            contenido["example"] = ejemplo
        if que == "Acuse":
            respuesta["headers"] = {"Firma": {"required": True, "schema": {"type": "string"}, "description": _FIRMA}}
    if estado == "405":
        respuesta["headers"] = {"Allow": {"required": True, "schema": {"type": "string"}}}


def _ejemplo(que: str, estado: str) -> Any:
    acuse = _rechazo() if estado == "422" else _ACEPTADA
    firmado = Firmado(numero=7, cuerpo=msgspec.json.encode(_ACEPTADA).decode(), firma=_JWS)
    ejemplos: Documento = {
        "Acuse": acuse,
        "Pendiente": Pendiente(id=_SOLICITUD["id"]),
        "Tramo": Tramo(mensajes=(firmado,), siguiente=8),
    }
    return msgspec.to_builtins(ejemplos[que]) if que in ejemplos else None


def _rechazo() -> Acuse:
    return msgspec.structs.replace(
        _ACEPTADA, resultado=Resultado.RECHAZADA, eventos=(), posicion=0, codigo="sin-mandato", campo="tipo",
        que_hacer="Pide a la rectora el mandato que falta.",
    )  # fmt: skip


__all__ = ["VERSION", "documento", "texto"]
