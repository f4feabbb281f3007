"""La ventanilla: el puerto HTTP de la bóveda (WSGI). La misma solicitud firmada que en el bus, pero sin cola.

``POST /`` con una `contratos.solicitud.Solicitud` en JSON y su firma (JWS separado, servicio «boveda») en la cabecera
``Firma``. Lo depositado va en ``sellado``: un JWE hacia la bóveda. Contesta JSON: los datos, o código, campo y qué
hacer. Escucha detrás de quien ponga TLS; aun sin él, nada viaja en claro.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog
from msgspec import Meta, Struct

from contratos.lectura import leer_json
from contratos.solicitud import MAXIMO_BYTES, Solicitud
from eventos.rechazo import Rechazo
from eventos.seguridad import MotivoAcceso, MotivoDestruccion
from eventos.tipos import CodigoInstitucion, Instante
from infra.almacen.motor import base_caida
from infra.reloj import Reloj
from infra.seguridad import base64url
from infra.seguridad.boveda.boveda import Boveda
from infra.seguridad.boveda.destruccion import Destruccion
from infra.seguridad.boveda.ficha import Entrega
from infra.seguridad.boveda.politica import Base, Finalidad, Titulo
from infra.seguridad.boveda.puertos import Quien
from infra.seguridad.boveda.tablas import vistas
from infra.seguridad.firma import FirmaInvalida, leer_cabecera, publica_de_texto, verificar

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment

SERVICIO: Final = "boveda"
_registro = structlog.get_logger(__name__)
_ESTADOS: Final = {200: "200 OK", 400: "400 Bad Request", 401: "401 Unauthorized", 409: "409 Conflict",
                   413: "413 Content Too Large", 422: "422 Unprocessable Content", 500: "500 Internal Server Error",
                   503: "503 Service Unavailable"}  # fmt: skip


class _DeRuta(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    ruta: UUID


class _ConTitulo(_DeRuta, frozen=True, kw_only=True, forbid_unknown_fields=True):
    base: Base
    referencia: UUID
    finalidades: Annotated[frozenset[Finalidad], Meta(max_length=len(Finalidad))]
    hasta: Instante | None = None

    @property
    def titulo(self) -> Titulo:
        return Titulo(base=self.base, referencia=self.referencia, finalidades=self.finalidades, hasta=self.hasta)


class Depositar(_ConTitulo, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Deposita la ficha que va en ``sellado``."""


class Autorizar(_ConTitulo, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Autoriza a otra institución."""

    a: CodigoInstitucion


class Abrir(_DeRuta, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Abre con permiso."""

    finalidad: Finalidad


class AbrirExcepcional(_DeRuta, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Rompe el vidrio."""

    motivo: MotivoAcceso


class Revocar(_DeRuta, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Cierra lo que se apoyaba en un consentimiento."""

    consentimiento: UUID


class PedirDestruccion(_DeRuta, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """La primera persona."""

    motivo: MotivoDestruccion


class ConfirmarDestruccion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """La segunda persona."""

    destruccion: UUID


class DesistirDestruccion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Parar una destrucción en curso."""

    destruccion: UUID


_Datos = (
    Depositar | Autorizar | Abrir | AbrirExcepcional | Revocar | PedirDestruccion
    | ConfirmarDestruccion | DesistirDestruccion
)  # fmt: skip
#: Ejecutar una destrucción no está: rota claves de todo el despliegue, y lo hace quien opera (`senda boveda`).
TIPOS: Final[dict[str, type[_Datos]]] = {
    "senda.boveda.depositar.v1": Depositar,
    "senda.boveda.autorizar.v1": Autorizar,
    "senda.boveda.abrir.v1": Abrir,
    "senda.boveda.abrir-excepcional.v1": AbrirExcepcional,
    "senda.boveda.revocar.v1": Revocar,
    "senda.boveda.pedir-destruccion.v1": PedirDestruccion,
    "senda.boveda.confirmar-destruccion.v1": ConfirmarDestruccion,
    "senda.boveda.desistir-destruccion.v1": DesistirDestruccion,
}


class _Negada(Exception):
    """Una respuesta que no es 200, con su código estable."""

    def __init__(self, estado: int, codigo: str, que_hacer: str, campo: str = "") -> None:
        super().__init__(codigo)
        self.estado, self.codigo, self.que_hacer, self.campo = estado, codigo, que_hacer, campo


@dataclass(frozen=True)
class Ventanilla:
    """La aplicación WSGI. ``clave_de``: la clave de firma (base64url) de una institución activa, o None.

    ``despues``: lo que se hace tras cada acto (llevar al libro lo pendiente); si falla, el acto ya está hecho.
    """

    boveda: Boveda
    destruccion: Destruccion
    clave_de: Callable[[str], str | None]
    reloj: Reloj
    despues: Callable[[], object]

    def __call__(self, entorno: WSGIEnvironment, empezar: StartResponse) -> Iterable[bytes]:
        try:
            estado, datos = 200, self._atender(entorno)
        except _Negada as negada:
            estado = negada.estado
            datos = {"codigo": negada.codigo, "campo": negada.campo, "que_hacer": negada.que_hacer}
        except Rechazo as rechazo:
            estado = 422
            datos = {"codigo": rechazo.codigo, "campo": rechazo.campo, "que_hacer": rechazo.que_hacer}
        except Exception as error:  # noqa: BLE001  el borde: ni la traza ni el texto, que podrían llevar lo recibido
            _registro.error("boveda-fallo", clase=type(error).__name__)
            estado = 503 if base_caida(error) else 500
            datos = {"codigo": "error-interno", "campo": "", "que_hacer": "No se aplicó nada; vuelve a intentarlo."}
        cuerpo = msgspec.json.encode(datos)
        cabeceras = [("Content-Type", "application/json"), ("Content-Length", str(len(cuerpo)))]
        empezar(_ESTADOS[estado], [*cabeceras, ("Cache-Control", "no-store")])
        return [cuerpo]

    def _atender(self, entorno: WSGIEnvironment) -> object:
        cuerpo = _cuerpo(entorno)
        solicitud = self._solicitud(cuerpo, str(entorno.get("HTTP_FIRMA", "")))
        clase = TIPOS.get(solicitud.tipo)
        if clase is None:
            raise _Negada(400, "tipo-desconocido", "Ese tipo no lo atiende la bóveda.", "tipo")
        try:
            datos = msgspec.json.decode(solicitud.datos, type=clase)
        except msgspec.MsgspecError:
            raise _Negada(
                400, "dato-invalido", "Un campo no cumple su esquema; mira docs/boveda.md.", "datos"
            ) from None
        self._una_sola_vez(solicitud)
        resultado = self._hacer(Quien(solicitud.institucion, solicitud.agente), datos, solicitud.sellado)
        try:
            self.despues()
        except Exception as error:  # noqa: BLE001  queda por contar; el siguiente acto lo cuenta
            _registro.warning("boveda-sin-contar", clase=type(error).__name__)
        return resultado

    def _hacer(self, quien: Quien, datos: _Datos, sellado: str) -> object:
        match datos:
            case Depositar():
                self.boveda.depositar(quien, datos.ruta, sellado, datos.titulo)
                return {}
            case Autorizar():
                # Nadie da más de lo que tiene: lo concedido puede ser menos que lo pedido.
                permiso, titulo = self.boveda.autorizar(quien, datos.ruta, datos.a, datos.titulo)
                return {"permiso": permiso, "finalidades": sorted(titulo.finalidades), "hasta": titulo.hasta}
            case Abrir():
                return _llana(self.boveda.abrir(quien, datos.ruta, datos.finalidad))
            case AbrirExcepcional():
                return _llana(self.boveda.abrir_excepcional(quien, datos.ruta, datos.motivo))
            case Revocar():
                return {"cerrados": self.boveda.revocar(quien, datos.ruta, datos.consentimiento)}
            case PedirDestruccion():
                return {"destruccion": self.destruccion.pedir(quien, datos.ruta, datos.motivo)}
            case ConfirmarDestruccion():
                return {"ejecutable": self.destruccion.confirmar(quien, datos.destruccion)}
            case DesistirDestruccion():
                self.destruccion.desistir(quien, datos.destruccion)
                return {}

    def _solicitud(self, cuerpo: bytes, firma: str) -> Solicitud:
        """La solicitud, ya creíble: la firmó esa institución, para la bóveda y sobre esos bytes."""
        try:
            leer_json(cuerpo)  # entero, y también «datos», que se decodifica después
            solicitud = msgspec.json.decode(cuerpo, type=Solicitud)
        except ValueError:  # los de msgspec y los de UTF-8 lo son
            raise _Negada(400, "forma-invalida", "Manda una solicitud con la forma del contrato.") from None
        try:
            cabecera = leer_cabecera(firma)
            clave = self.clave_de(cabecera.kid)
            if clave is None:
                raise _Negada(401, "institucion-sin-acceso", "La bóveda solo trata con instituciones activas.")
            verificar(firma, cuerpo, publica_de_texto(clave), SERVICIO, self.reloj.ahora())
        except FirmaInvalida as error:
            raise _Negada(401, error.codigo, error.que_hacer, "firma") from None
        if cabecera.kid != solicitud.institucion:
            raise _Negada(401, "firma-de-otra", "Firma con la clave de la institución que pide.", "institucion")
        if cabecera.id != str(solicitud.id):
            raise _Negada(401, "firma-de-otra-solicitud", "La firma protege otro id.", "id")
        return solicitud

    def _una_sola_vez(self, solicitud: Solicitud) -> None:
        """Quien guarde una solicitud ajena no puede repetirla: repondría una ficha vieja."""
        try:
            with self.boveda.motor.begin() as conexion:
                conexion.execute(sa.insert(vistas).values(institucion=solicitud.institucion, id=solicitud.id))
        except sa.exc.IntegrityError:
            raise _Negada(
                409, "id-reutilizado", "Ya se atendió; si no te llegó respuesta, usa otro id.", "id"
            ) from None


def _cuerpo(entorno: WSGIEnvironment) -> bytes:
    if entorno["REQUEST_METHOD"] != "POST":
        raise _Negada(400, "forma-invalida", "La bóveda solo atiende POST.")
    try:
        largo = int(entorno.get("CONTENT_LENGTH") or 0)
    except ValueError:
        largo = 0
    if not 0 < largo <= MAXIMO_BYTES:
        raise _Negada(413, "demasiado-grande", f"El cuerpo mide de 1 a {MAXIMO_BYTES} bytes, y se dice cuántos.")
    octetos: bytes = entorno["wsgi.input"].read(largo)
    return octetos


def _llana(entrega: Entrega) -> dict[str, object]:
    ficha = base64url.a_texto(entrega.ficha)
    return {"asiento": entrega.asiento, "ruta": entrega.ruta, "clave": entrega.clave, "ficha": ficha}


__all__ = ["SERVICIO", "TIPOS", "Ventanilla"]
