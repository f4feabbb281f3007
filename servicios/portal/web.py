"""El contrato por HTTP: las mismas solicitudes firmadas, los mismos acuses y el mismo buzón, con espera larga.

Los cuerpos de un acuse o un aviso salen tal como los firmó el servicio. Lo que el portal no deja pasar se contesta con
un problema (`problemas`).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final
from uuid import UUID

from litestar import HttpMethod, Litestar, MediaType, Request, Response, Router, get, post, route
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers.base import BaseRouteHandler
from litestar.openapi import ResponseSpec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import HeaderParameter, PathParameter, QueryParameter
from msgspec import Struct, json

from contratos.acuse import Acuse, Resultado
from contratos.solicitud import MAXIMO_BYTES
from infra.anfitrion.hilo import EnHilo
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.examen import SolicitudInvalida
from servicios.portal.deposito import Guardado
from servicios.portal.problemas import ATIENDE, Problema
from servicios.portal.puerta import Puerta
from servicios.portal.tablas import acuses, avisos
from servicios.portal.vigia import Vigia, de_salud

#: Segundos que una llamada puede esperar, y los que espera un POST que no dice nada.
ESPERA_MAXIMA: Final = 60
ESPERA_AL_PEDIR: Final = 5
_POR_PAGINA: Final = 500


class Firmado(Struct, frozen=True, kw_only=True):
    """Un mensaje de un servicio. ``cuerpo``: el texto exacto que se firmó; ``firma``: su JWS separado."""

    numero: int
    cuerpo: str
    firma: str


class Tramo(Struct, frozen=True, kw_only=True):
    """Mensajes por orden. ``siguiente``: el ``desde`` con que se pide lo que venga después."""

    mensajes: tuple[Firmado, ...]
    siguiente: int


class Pendiente(Struct, frozen=True, kw_only=True):
    """La solicitud está guardada y su acuse aún no llegó: se pide después, o se repite la misma solicitud."""

    id: str


class Claves(Struct, frozen=True, kw_only=True):
    """``recepcion``: servicio -> X25519, hacia donde se sella. ``origenes``: ``kid`` de acuses y avisos -> Ed25519."""

    recepcion: Mapping[str, str]
    origenes: Mapping[str, str]


Firma = Annotated[str, HeaderParameter(name="Firma", max_length=4096, description="JWS separado (RFC 7515 ap. F)")]
Espera = Annotated[int, QueryParameter(ge=0, le=ESPERA_MAXIMA, description="Segundos que se espera si no hay nada")]
Desde = Annotated[int, QueryParameter(ge=1, le=2**53, description="Primer número que se quiere")]
Maximo = Annotated[int, QueryParameter(ge=1, le=_POR_PAGINA, description="Mensajes como mucho")]
Id = Annotated[UUID, PathParameter(description="Id de la solicitud")]
_DE_TODAS: Final = {
    400: "La llamada o la forma de la solicitud",
    401: "La firma, o quien firma no está en el directorio",
    403: "La institución está suspendida",
    405: "Esa ruta no admite ese método; los que admite, en «Allow»",
    500: "Falló el portal",
    503: "El portal no puede atender ahora",
}


def _negativas(**otras: str) -> dict[int, ResponseSpec]:
    todas = {**_DE_TODAS, **{int(estado.removeprefix("de_")): que for estado, que in otras.items()}}
    return {
        estado: ResponseSpec(Problema, generate_examples=False, description=que, media_type="application/problem+json")
        for estado, que in sorted(todas.items())
    }


_MUCHAS: Final = "Demasiadas esperas a la vez"


@dataclass
class _ConSolicitud(Operation):
    """El cuerpo se toma en crudo: lo firmado son los bytes exactos."""

    def __post_init__(self) -> None:
        cuerpo = Schema(type=OpenAPIType.OBJECT, description="Una solicitud: contratos/publicados/solicitudes/")
        self.request_body = RequestBody({"application/json": OpenAPIMediaType(schema=cuerpo)}, required=True)


@post(
    "/solicitudes",
    status_code=200,
    operation_class=_ConSolicitud,
    summary="Pedir algo a un servicio",
    responses={
        200: ResponseSpec(Acuse, generate_examples=False, description="Aceptada: su acuse; la firma, en «Firma»"),
        202: ResponseSpec(Pendiente, generate_examples=False, description="Guardada; su acuse aún no llegó"),
        422: ResponseSpec(Acuse, generate_examples=False, description="Rechazada: su acuse, con código y qué hacer"),
        **_negativas(de_413="La solicitud es demasiado grande"),
    },
)
async def pedir(
    request: Request[Any, Any, Any], puerta: NamedDependency[Puerta], firma: Firma, espera: Espera = ESPERA_AL_PEDIR
) -> Response[Any]:
    """Guarda la solicitud, la lleva a su servicio y espera su acuse. Repetirla tal cual da el mismo acuse."""
    identificador, acuse = await puerta.pedir(await request.body(), firma, espera)
    if acuse is None:
        donde = {"Location": f"/v1/solicitudes/{identificador}/acuse"}
        return Response(Pendiente(id=identificador), status_code=202, headers=donde)
    return _acuse(acuse)


@get(
    "/solicitudes/{identificador:uuid}/acuse",
    summary="El acuse de una solicitud",
    responses={
        200: ResponseSpec(Acuse, generate_examples=False, description="Aceptada"),
        202: ResponseSpec(Pendiente, generate_examples=False, description="Aún no llegó, o esa solicitud no existe"),
        422: ResponseSpec(Acuse, generate_examples=False, description="Rechazada"),
        **_negativas(de_404="El id no es un UUID", de_429=_MUCHAS),
    },
)
async def leer_acuse(
    request: Request[Any, Any, Any],
    puerta: NamedDependency[Puerta],
    identificador: Id,
    firma: Firma,
    espera: Espera = 0,
) -> Response[Any]:
    """El último acuse de una solicitud propia."""
    acuse = await puerta.leer_acuse(_orden(request), firma, str(identificador), espera)
    return Response(Pendiente(id=str(identificador)), status_code=202) if acuse is None else _acuse(acuse)


@get("/acuses", summary="Los acuses propios, por orden de llegada", responses=_negativas(de_429=_MUCHAS))
async def leer_acuses(
    request: Request[Any, Any, Any],
    puerta: NamedDependency[Puerta],
    firma: Firma,
    desde: Desde = 1,
    maximo: Maximo = 100,
    espera: Espera = 0,
) -> Tramo:
    """Todos, también los que ya se devolvieron al pedir."""
    hallados = await puerta.leer_desde(_orden(request), firma, acuses, desde, maximo, espera)
    return _tramo(hallados, desde)


@get("/buzon", summary="Los avisos propios, por su número", responses=_negativas(de_429=_MUCHAS))
async def leer_buzon(
    request: Request[Any, Any, Any],
    puerta: NamedDependency[Puerta],
    firma: Firma,
    desde: Desde = 1,
    maximo: Maximo = 100,
    espera: Espera = 0,
) -> Tramo:
    """Si falta un número en medio, se pide a coordinación que lo repita; puede llegar después que los siguientes."""
    hallados = await puerta.leer_desde(_orden(request), firma, avisos, desde, maximo, espera)
    return _tramo(hallados, desde)


@route(
    "/abono",
    http_method=[HttpMethod.DELETE, HttpMethod.PUT],
    status_code=204,
    summary="Dejar de recibir por HTTP, o volver a recibir",
    responses=_negativas(),
)
async def cambiar_abono(request: Request[Any, Any, Any], puerta: NamedDependency[Puerta], firma: Firma) -> None:
    """DELETE: acuses y avisos se quedan en las colas de la institución, que los lee por AMQP. PUT: lo deshace."""
    cambiar = puerta.volver_a_recoger if request.method == HttpMethod.PUT else puerta.dejar_de_recoger
    await cambiar(_orden(request), firma)


@get("/claves", summary="Claves públicas de los servicios")
async def leer_claves(claves: NamedDependency[Claves]) -> Claves:
    """Hacia qué clave sellar y con cuáles se firman acuses y avisos. Compruébalas con quien opera."""
    return claves


def una_sola_firma(conexion: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """Con dos, un intermediario y el portal podrían creer cada uno una. Errores: `SolicitudInvalida`."""
    if sum(nombre.lower() == b"firma" for nombre, _ in conexion.scope["headers"]) > 1:
        raise SolicitudInvalida("firma-malformada", "firma", "Envía una sola cabecera «Firma».")


def contrato() -> Router:
    """Lo que las instituciones pueden llamar; con «puerta» y «claves» entre las dependencias de quien lo monte."""
    suyas = [pedir, leer_acuse, leer_acuses, leer_buzon, cambiar_abono, leer_claves]
    return Router("/v1", route_handlers=suyas, guards=[una_sola_firma])


def aplicacion(
    puerta: Puerta, claves: Claves, documento: bytes, recoge: EnHilo, ajustes: Ajustes, otras: Sequence[Router] = (),
    capas: Sequence[Any] = (),
) -> Litestar:  # fmt: skip
    """La aplicación ASGI.

    ``documento``: el de OpenAPI; ``recoge``: lo que anda mientras ella esté arriba; ``capas``: lo que va por fuera.
    """

    @get("/v1/contrato/openapi.json", media_type=MediaType.JSON, sync_to_thread=False)
    def leer_contrato() -> bytes:
        return documento

    async def enchufar() -> None:
        puerta.timbre.enchufar()
        recoge.arrancar()

    async def desenchufar() -> None:
        puerta.timbre.parar()
        await asyncio.to_thread(recoge.parar)
        await asyncio.to_thread(puerta.cerrar)

    return Litestar(
        [contrato(), leer_contrato, de_salud(Vigia(puerta, recoge, ajustes)), *otras],
        dependencies={"puerta": _siempre(puerta), "claves": _siempre(claves)},
        exception_handlers=ATIENDE,
        middleware=capas,
        request_max_body_size=MAXIMO_BYTES,
        on_startup=[enchufar],
        on_shutdown=[desenchufar],
        openapi_config=None,
        # Las trazas de fábrica llevan valores; de registrar se ocupa `problemas`.
        logging_config=None,
    )


def _acuse(guardado: Guardado) -> Response[bytes]:
    aceptada = json.decode(guardado.cuerpo, type=Acuse).resultado is Resultado.ACEPTADA
    return Response(
        guardado.cuerpo,
        status_code=200 if aceptada else 422,
        media_type=MediaType.JSON,
        headers={"Firma": guardado.firma},
    )


def _tramo(hallados: Sequence[Guardado], desde: int) -> Tramo:
    mensajes = tuple(Firmado(numero=g.numero, cuerpo=g.cuerpo.decode(), firma=g.firma) for g in hallados)
    return Tramo(mensajes=mensajes, siguiente=mensajes[-1].numero + 1 if mensajes else desde)


def _orden(request: Request[Any, Any, Any]) -> str:
    """Método, ruta y consulta tal como llegaron: lo que firma quien lee."""
    consulta = request.scope["query_string"].decode("latin-1")
    ruta = request.scope.get("raw_path") or request.scope["path"].encode()
    destino = ruta.decode("latin-1").partition("?")[0]
    return f"{request.method} {destino}?{consulta}" if consulta else f"{request.method} {destino}"


def _siempre(valor: object) -> Provide:
    return Provide(lambda: valor, sync_to_thread=False)


__all__ = ["Claves", "Firmado", "Pendiente", "Tramo", "aplicacion", "contrato"]
