"""El contrato por HTTP: las mismas solicitudes firmadas, los mismos acuses y el mismo buzón, con espera larga.

Los cuerpos de un acuse o un aviso salen tal como los firmó el servicio. Lo que el portal no deja pasar se contesta con
un problema (`problemas`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final

from litestar import Litestar, MediaType, Request, Response, Router, delete, get, post
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig, ResponseSpec
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import License, OpenAPIMediaType, Operation, RequestBody, Schema
from litestar.openapi.spec.enums import OpenAPIType
from litestar.params import HeaderParameter, PathParameter, QueryParameter
from msgspec import Struct, json

from contratos.acuse import Acuse, Resultado
from contratos.solicitud import MAXIMO_BYTES
from infra.anfitrion.hilo import EnHilo
from servicios.portal.deposito import Guardado
from servicios.portal.problemas import ATIENDE, Problema
from servicios.portal.puerta import Puerta
from servicios.portal.tablas import acuses, avisos

#: Segundos que una llamada puede esperar, y los que espera un POST que no dice nada.
ESPERA_MAXIMA: Final = 60
ESPERA_AL_PEDIR: Final = 5
_POR_PAGINA: Final = 500
_VERSION: Final = "1.0.0"


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
Id = Annotated[str, PathParameter(max_length=64, description="Id de la solicitud")]
_NEGATIVAS: Final = {
    estado: ResponseSpec(Problema, generate_examples=False, description=que, media_type="application/problem+json")
    for estado, que in {
        400: "La llamada o la forma de la solicitud",
        401: "La firma, o quien firma no está en el directorio",
        403: "La institución está suspendida",
        413: "La solicitud es demasiado grande",
        429: "Demasiadas esperas a la vez",
    }.items()
}


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
        **_NEGATIVAS,
    },
)
async def pedir(
    request: Request[Any, Any, Any], puerta: Puerta, firma: Firma, espera: Espera = ESPERA_AL_PEDIR
) -> Response[Any]:
    """Guarda la solicitud, la lleva a su servicio y espera su acuse. Repetirla tal cual da el mismo acuse."""
    identificador, acuse = await puerta.pedir(await request.body(), firma, espera)
    if acuse is None:
        donde = {"Location": f"/v1/solicitudes/{identificador}/acuse"}
        return Response(Pendiente(id=identificador), status_code=202, headers=donde)
    return _acuse(acuse)


@get(
    "/solicitudes/{identificador:str}/acuse",
    summary="El acuse de una solicitud",
    responses={
        200: ResponseSpec(Acuse, generate_examples=False, description="Aceptada"),
        202: ResponseSpec(Pendiente, generate_examples=False, description="Aún no llegó, o esa solicitud no existe"),
        422: ResponseSpec(Acuse, generate_examples=False, description="Rechazada"),
        **_NEGATIVAS,
    },
)
async def leer_acuse(
    request: Request[Any, Any, Any], puerta: Puerta, identificador: Id, firma: Firma, espera: Espera = 0
) -> Response[Any]:
    """El último acuse de una solicitud propia."""
    acuse = await puerta.leer_acuse(_orden(request), firma, identificador, espera)
    return Response(Pendiente(id=identificador), status_code=202) if acuse is None else _acuse(acuse)


@get("/acuses", summary="Los acuses propios, por orden de llegada", responses=_NEGATIVAS)
async def leer_acuses(
    request: Request[Any, Any, Any],
    puerta: Puerta,
    firma: Firma,
    desde: Desde = 1,
    maximo: Maximo = 100,
    espera: Espera = 0,
) -> Tramo:
    """Todos, también los que ya se devolvieron al pedir."""
    hallados = await puerta.leer_desde(_orden(request), firma, acuses, desde, maximo, espera)
    return _tramo(hallados, desde)


@get("/buzon", summary="Los avisos propios, por su número", responses=_NEGATIVAS)
async def leer_buzon(
    request: Request[Any, Any, Any],
    puerta: Puerta,
    firma: Firma,
    desde: Desde = 1,
    maximo: Maximo = 100,
    espera: Espera = 0,
) -> Tramo:
    """Si falta un número en medio, se pide a coordinación que lo repita; puede llegar después que los siguientes."""
    hallados = await puerta.leer_desde(_orden(request), firma, avisos, desde, maximo, espera)
    return _tramo(hallados, desde)


@delete("/abono", summary="Dejar de recibir por HTTP", responses=_NEGATIVAS)
async def desabonar(request: Request[Any, Any, Any], puerta: Puerta, firma: Firma) -> None:
    """Acuses y avisos vuelven a quedarse en las colas de la institución, que los lee por AMQP."""
    await puerta.dejar_de_recoger(_orden(request), firma)


@get("/claves", summary="Claves públicas de los servicios")
async def leer_claves(claves: Claves) -> Claves:
    """Hacia qué clave sellar y con cuáles se firman acuses y avisos. Compruébalas con quien opera."""
    return claves


def aplicacion(puerta: Puerta, claves: Claves, recoge: EnHilo | None = None, otras: Sequence[Router] = ()) -> Litestar:
    """La aplicación ASGI. ``recoge``: lo que vacía las colas, que anda mientras ella esté arriba."""
    salud = Router("/salud", route_handlers=[_vivo], include_in_schema=False)

    async def enchufar() -> None:
        puerta.timbre.enchufar()
        if recoge is not None:
            recoge.arrancar()

    async def desenchufar() -> None:
        if recoge is not None:
            recoge.parar()

    return Litestar(
        [
            Router("/v1", route_handlers=[pedir, leer_acuse, leer_acuses, leer_buzon, desabonar, leer_claves]),
            salud,
            *otras,
        ],
        dependencies={"puerta": _siempre(puerta), "claves": _siempre(claves)},
        exception_handlers=ATIENDE,
        request_max_body_size=MAXIMO_BYTES,
        on_startup=[enchufar],
        on_shutdown=[desenchufar],
        openapi_config=OpenAPIConfig(
            title="Senda: contrato de las instituciones por HTTP",
            version=_VERSION,
            description="Las mismas solicitudes, acuses y avisos que por AMQP. Cada llamada va firmada: un POST, sobre "
            "los bytes del cuerpo, como por AMQP; una lectura, sobre «GET /v1/buzon?desde=1», con servicio «portal» y "
            "quince minutos de vigencia como mucho.",
            license=License(name="Apache-2.0", identifier="Apache-2.0"),
            path="/v1/contrato",
            render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        ),
        # Las trazas de fábrica llevan valores; de registrar se ocupa `problemas`.
        logging_config=None,
    )


@get("/vivo")
async def _vivo() -> dict[str, bool]:
    """Si el proceso atiende."""
    return {"vivo": True}


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


__all__ = ["Claves", "Firmado", "Pendiente", "Tramo", "aplicacion"]
