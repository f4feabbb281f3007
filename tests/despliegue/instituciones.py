"""Instituciones que usan un despliegue en contenedores desde fuera: una por AMQP con su certificado, otras por HTTP."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import msgspec

from contratos.acuse import Acuse, Resultado
from contratos.base import Mandato, Peticion
from contratos.solicitudes.coordinacion import InscribirInstitucion
from contratos.solicitudes.deteccion import RecibirAlerta
from eventos.listas import CanalAlerta, ServicioPedido
from eventos.tipos import Urgencia
from infra.azar import AzarReal
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.abrir import abrir
from infra.seguridad.firma import firmar
from senda import credencial as credenciales
from senda.cliente import Compuesta, Credencial, Enlace, componer
from tests.despliegue.contenedores import PACIENCIA, Contenedores
from tests.espera import hasta

AGENTE = "ag-7c1e90aa"
_TODOS = tuple(m for m in Mandato if m not in {Mandato.RECTORIA, Mandato.SUPERVISION})
_SERVICIOS = tuple(s for s in ServicioPedido if s is not ServicioPedido.COORDINACION)
_ESPERA = 20
_BIEN, _ESPERANDO, _RECHAZADA = 200, 202, 422


@dataclass
class PorHttp:
    """Una institución que firma y llama a un portal. Si no contesta, pregunta cuáles hay y prueba el siguiente."""

    portales: Callable[[], Sequence[str]]
    credencial: Credencial
    _hay: Sequence[str] = ()
    _turno: int = 0

    def llamar(self, metodo: str, destino: str, firma: str, cuerpo: bytes | None = None) -> httpx.Response | None:
        """La respuesta, o None si ese portal no contestó o no puede ahora: se repite tal cual."""
        if not self._hay:
            self._turno += 1
            self._hay = self.portales()
            return None
        base = self._hay[self._turno % len(self._hay)]
        try:
            respuesta = httpx.request(
                metodo, f"{base}{destino}", content=cuerpo, headers={"Firma": firma}, timeout=_ESPERA + 15
            )
        except httpx.TransportError:
            self._hay = ()
            return None
        if respuesta.is_server_error:
            self._hay = ()
            return None
        return respuesta

    def compuesta(self, peticion: Peticion) -> Compuesta:
        """Los bytes y la firma de una petición."""
        recepcion: dict[str, str] = {}

        def claves() -> bool:
            respuesta = self.llamar("GET", "/v1/claves", "")
            if respuesta is not None:
                recepcion.update(respuesta.json()["recepcion"])
            return bool(recepcion)

        hasta(claves, PACIENCIA)
        return componer(peticion, self.credencial, AGENTE, datetime.now(UTC), recepcion[peticion.servicio], AzarReal())

    def pedir(self, peticion: Peticion) -> Acuse:
        """Pide e insiste con los mismos bytes hasta tener el acuse. Errores: `AssertionError` si es un rechazo."""
        return self.insistir(self.compuesta(peticion))

    def insistir(self, compuesta: Compuesta) -> Acuse:
        """Como `pedir`, con lo ya firmado."""
        acuses: list[Acuse] = []

        def acusada() -> bool:
            respuesta = self.llamar("POST", f"/v1/solicitudes?espera={_ESPERA}", compuesta.firma, compuesta.cuerpo)
            if respuesta is None or respuesta.status_code == _ESPERANDO:
                return False
            assert respuesta.status_code in {_BIEN, _RECHAZADA}, respuesta.text
            acuses.append(msgspec.json.decode(respuesta.content, type=Acuse))
            return True

        hasta(acusada, PACIENCIA)
        assert acuses[0].resultado is not Resultado.RECHAZADA, acuses[0].codigo
        return acuses[0]

    def avisos(self) -> list[dict[str, Any]]:
        """Lo que hay en su buzón, cuando haya algo."""
        leidos: list[dict[str, Any]] = []

        def hay() -> bool:
            destino = f"/v1/buzon?desde=1&espera={_ESPERA}"
            caduca = datetime.now(UTC) + timedelta(minutes=5)
            firma = firmar(
                f"GET {destino}".encode(), self.credencial.clave, self.credencial.codigo, "portal", "lectura", caduca
            )
            respuesta = self.llamar("GET", destino, firma)
            if respuesta is not None:
                assert respuesta.status_code == _BIEN, respuesta.text
                leidos.extend(msgspec.json.decode(m["cuerpo"]) for m in respuesta.json()["mensajes"])
            return bool(leidos)

        hasta(hay, PACIENCIA)
        return leidos


@dataclass
class PorBus:
    """La rectora, por AMQP y TLS con el certificado que le dio el despliegue."""

    enlace: Enlace
    credencial: Credencial
    recepcion: dict[str, str]

    def pedir(self, peticion: Peticion) -> Acuse:
        """Publica y espera su acuse. Errores: `AssertionError` si no la deja el bus o se rechaza."""
        compuesta = componer(
            peticion, self.credencial, AGENTE, datetime.now(UTC), self.recepcion[peticion.servicio], AzarReal()
        )
        assert self.enlace.enviar([compuesta]) == [True]
        acuses: list[Acuse] = []

        def acusada() -> bool:
            acuses.extend(a for a in self.enlace.acuses(self.credencial.codigo) if str(a.id) == compuesta.id)
            return bool(acuses)

        hasta(acusada, PACIENCIA)
        assert acuses[0].resultado is not Resultado.RECHAZADA, acuses[0].codigo
        return acuses[0]

    def inscribir(self, codigo: str, contenedores: Contenedores, *, atiende: bool) -> PorHttp:
        """Otra institución: todos los servicios si ``atiende``; si no, solo detecta."""
        nueva = Credencial.generar(codigo, AzarReal())
        ficha: dict[str, Any] = {
            "codigo": codigo, "pais": "gt", "mandatos_inscritos": _TODOS if atiende else (Mandato.DETECCION,),
            "servicios": _SERVICIOS if atiende else (), "cobertura": ("GT",), "clave_firma": nueva.publica,
        }  # fmt: skip
        self.pedir(InscribirInstitucion(**ficha))
        return PorHttp(contenedores.portales, nueva)


@contextmanager
def rectora(contenedores: Contenedores, carpeta: Path, servicio: str = "rabbitmq") -> Iterator[PorBus]:
    """La rectora con lo que se lleva de la instalación: su clave de firma y su certificado del bus."""
    from_admin = {
        "ca.pem": "/srv/senda/tls/ca.pem", "GT-SVET.pem": "/srv/senda/tls/GT-SVET.pem",
        "GT-SVET.key": "/srv/senda/tls/GT-SVET.key", "rectora.clave": "/srv/senda/rectora.clave",
    }  # fmt: skip
    carpeta.mkdir(parents=True, exist_ok=True)
    for nombre, donde in from_admin.items():
        (carpeta / nombre).write_text(contenedores.en("administracion", "cat", donde))
        (carpeta / nombre).chmod(0o600)
    despliegue = msgspec.json.decode(contenedores.en("administracion", "cat", "/srv/senda/despliegue.json"))
    puerto = contenedores.servicios.port_for(servicio, 5671)
    enlace = Enlace(
        abrir(
            f"amqps://GT-SVET@127.0.0.1:{puerto}/senda?ca={carpeta}/ca.pem"
            f"&certificado={carpeta}/GT-SVET.pem&llave={carpeta}/GT-SVET.key"
        ),
        Nombres(),
    )
    try:
        yield PorBus(enlace, credenciales.leer(carpeta / "rectora.clave", "GT-SVET"), despliegue["recepcion"])
    finally:
        enlace.transporte.cerrar()


@dataclass
class Carga:
    """Alguien que no deja de avisar de alertas, una tras otra, e insiste con cada una hasta tener su acuse."""

    institucion: PorHttp
    acuses: list[Acuse] = field(default_factory=list)
    errores: list[BaseException] = field(default_factory=list)
    _parar: threading.Event = field(default_factory=threading.Event)

    def _andar(self) -> None:
        try:
            while not self._parar.is_set():
                alerta = RecibirAlerta(canal=CanalAlerta.DENUNCIA, urgencia=Urgencia.ORDINARIA)
                self.acuses.append(self.institucion.pedir(alerta))
        except BaseException as error:  # noqa: BLE001  lo cuenta quien espera
            self.errores.append(error)

    @contextmanager
    def en_marcha(self) -> Iterator[Carga]:
        """Mientras dure, anda; al salir ha terminado lo que llevaba."""
        hilo = threading.Thread(target=self._andar, daemon=True)
        hilo.start()
        try:
            yield self
        finally:
            self._parar.set()
            hilo.join(PACIENCIA)
        assert not self.errores, self.errores
        assert not hilo.is_alive()

    def avanza(self, cuantos: int = 3) -> None:
        """Espera a que se acusen otras ``cuantos``: el sistema sigue aceptando."""
        meta = len(self.acuses) + cuantos
        hasta(lambda: self.errores or len(self.acuses) >= meta, PACIENCIA)
        assert not self.errores, self.errores


__all__ = ["Carga", "PorBus", "PorHttp", "rectora"]
