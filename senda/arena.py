"""La caja de arena: un Senda entero en un proceso, con una institución de prueba a la que le llegan encargos.

Es el sistema de verdad, con SQLite y el bus en memoria (o un RabbitMQ, si quien prueba habla AMQP): quien integra
contra ella integra contra Senda. Solo sobran las demás instituciones, que aquí hace una sola, «GT-ARENA».
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event
from typing import Annotated, Any, Final, TypeVar, cast
from uuid import UUID

from litestar import Litestar, Router, post
from litestar.di import NamedDependency, Provide
from litestar.params import JSONBody
from msgspec import Meta, Struct

from contratos.acuse import Acuse, Resultado
from contratos.base import Mandato, Peticion
from contratos.protocolos import vigente
from contratos.solicitudes.coordinacion import ActualizarInstitucion, InscribirInstitucion
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.listas import ServicioPedido
from eventos.tipos import NivelRiesgo, SiNo
from infra.anfitrion.hilo import EnHilo
from infra.anfitrion.planificador import ConBucles, Planificador
from infra.azar import Azar
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import Mensaje, Transporte, TransporteCaido
from infra.reloj import Reloj
from senda import credencial as credenciales
from senda import openapi, portal
from senda.cliente import Credencial, Enlace, componer
from senda.embebido import BUS, Embebido, estrenar
from servicios.portal.web import aplicacion

#: Quien hace de todas las demás instituciones.
COMPARSA: Final = "GT-ARENA"
_TODOS: Final = tuple(m for m in Mandato if m not in {Mandato.RECTORIA, Mandato.SUPERVISION})
_LOS_SERVICIOS: Final = tuple(s for s in ServicioPedido if s is not ServicioPedido.COORDINACION)
_AGENTE: Final = "ag-0000a4e7"
_PAIS: Final = "gt"
#: Segundos: lo que se espera un acuse, y lo que se descansa entre rondas sin trabajo.
_PACIENCIA: Final = 30.0
_DESCANSO: Final = 0.005


class ArenaRota(Exception):
    """La caja de arena no pudo hacer lo que se le pidió: es un defecto suyo. El mensaje lleva solo un código."""


class Historia(Struct, frozen=True, kw_only=True):
    """Con qué se abre una ruta de prueba."""

    nna: Annotated[bool, Meta(description="Si la persona es niña, niño o adolescente")] = False
    extranjera: Annotated[bool, Meta(description="Si es extranjera en Guatemala")] = False


class Abierta(Struct, frozen=True, kw_only=True):
    """La ruta abierta; sus encargos llegarán al buzón de la institución de prueba."""

    ruta: UUID


T = TypeVar("T")


@dataclass
class _Encargo:
    """Algo que se pide desde otro hilo y hace el de las rondas. ``listo`` recibe el resultado, o el error."""

    hacer: Callable[[], object]
    listo: SimpleQueue[tuple[object, Exception | None]] = field(default_factory=SimpleQueue)


@dataclass
class Arena:
    """El sistema, su portal y las dos instituciones. Todo lo que toca el bus va en un solo hilo."""

    sistema: Embebido
    portal: portal.Portal
    rectora: Credencial
    propia: Credencial
    comparsa: Credencial
    _encargos: SimpleQueue[_Encargo] = field(default_factory=SimpleQueue)
    _enlace: Enlace = field(init=False)
    _descanso: Event = field(default_factory=Event)

    def __post_init__(self) -> None:
        self._enlace = self.sistema.enlace()
        self._planificador = Planificador[ConBucles](
            [*self.sistema.estaciones.values(), self.portal], self.sistema.montaje.reloj
        )
        self.portal.preparar()

    def ronda(self) -> bool:
        """Una ronda de todo, y lo que se haya encargado desde fuera. Dice si hizo algo."""
        hizo = self._planificador.ronda()
        try:
            encargo = self._encargos.get_nowait()
        except Empty:
            return hizo
        try:
            encargo.listo.put((encargo.hacer(), None))
        except Exception as error:  # noqa: BLE001  lo recibe quien encargó
            encargo.listo.put((None, error))
        return True

    def presentar(self) -> None:
        """La rectora inscribe a la de prueba, con todos los servicios, y a la comparsa, que solo detecta."""
        self.pedir(self.rectora, InscribirInstitucion(**self._ficha(self.propia, _TODOS, _LOS_SERVICIOS)))
        self.pedir(self.rectora, InscribirInstitucion(**self._ficha(self.comparsa, (Mandato.DETECCION,), ())))

    def cambiar_clave(self, nueva: Credencial) -> None:
        """La rectora inscribe otra clave para la institución de prueba: desde entonces, la anterior no vale."""
        self.pedir(self.rectora, ActualizarInstitucion(**self._ficha(nueva, _TODOS, _LOS_SERVICIOS)))
        self.propia = nueva

    def abrir_ruta(self, historia: Historia) -> UUID:
        """La comparsa detecta a alguien. Devuelve la ruta que nace."""
        detectada = DetectarPresuntaVictima(
            nna=_si_no(historia.nna), extranjera=_si_no(historia.extranjera), idioma="spa", riesgo=NivelRiesgo.MEDIO,
            pais_deteccion=_PAIS,
        )  # fmt: skip
        return UUID(self.pedir(self.comparsa, detectada).eventos[0].sujeto)

    def en_su_hilo(self, hacer: Callable[[], T]) -> T:
        """Lo que dé ``hacer``, llamado por el hilo de las rondas. Errores: los suyos."""
        encargo = _Encargo(hacer)
        self._encargos.put(encargo)
        resultado, error = encargo.listo.get(timeout=2 * _PACIENCIA)
        if error is not None:
            raise error
        return cast("T", resultado)

    def publicar(self, mensajes: Sequence[Mensaje]) -> None:
        """Pone algo en el bus por fuera de los servicios: así se ve qué hace un cliente con lo que no es de ellos."""
        self._enlace.transporte.publicar(mensajes)

    def cerrar(self) -> None:
        """Suelta bases y transportes."""
        self._enlace.transporte.cerrar()
        self.portal.cerrar()
        self.sistema.cerrar()

    def aplicacion(self) -> Litestar:
        """La aplicación ASGI: el portal de verdad más ``POST /arena/rutas``."""
        hilo = EnHilo({"arena": self.ronda}, self._planificador.sondear, cerrar=self.cerrar)
        self.portal.puerta.almacen.al_confirmar(hilo.despertar)
        aqui = Router(
            "/arena", route_handlers=[_abrir_ruta], dependencies={"arena": Provide(lambda: self, sync_to_thread=False)}
        )
        return aplicacion(
            self.portal.puerta, portal.claves_publicas(self.sistema.despliegue), openapi.texto(), hilo,
            self.portal.ajustes, [aqui],
        )  # fmt: skip

    @staticmethod
    def _ficha(
        quien: Credencial, mandatos: tuple[Mandato, ...], servicios: tuple[ServicioPedido, ...]
    ) -> dict[str, Any]:
        return {
            "codigo": quien.codigo, "pais": _PAIS, "mandatos_inscritos": mandatos, "servicios": servicios,
            "cobertura": ("GT",), "clave_firma": quien.publica,
        }  # fmt: skip

    def pedir(self, quien: Credencial, peticion: Peticion) -> Acuse:
        """Pide y da rondas hasta su acuse. Errores: `ArenaRota` si se rechaza o no llega."""
        montaje = self.sistema.montaje
        recepcion = montaje.despliegue.recepcion[peticion.servicio]
        compuesta = componer(peticion, quien, _AGENTE, montaje.reloj.ahora(), recepcion, montaje.azar_de("arena"))
        # Su cola la declara quien le escribe primero, y aquí se mira antes.
        for cola in colas_de_institucion(quien.codigo, self._enlace.nombres.prefijo):
            self._enlace.transporte.asegurar_cola(cola)
        self._enlace.enviar([compuesta])
        limite = montaje.reloj.monotono() + _PACIENCIA
        while montaje.reloj.monotono() < limite:
            if not self._planificador.ronda():
                self._descanso.wait(_DESCANSO)
                self._planificador.sondear()
            for acuse in self._enlace.acuses(quien.codigo):
                if acuse.id == compuesta.id:
                    if acuse.resultado is Resultado.RECHAZADA:
                        raise ArenaRota(acuse.codigo)
                    return acuse
        raise ArenaRota("sin-acuse")


def estrenar_arena(
    carpeta: Path,
    codigo: str,
    reloj: Reloj,
    azar: Azar,
    *,
    bus: str = BUS,
    envolver: Callable[[Transporte], Transporte] = lambda transporte: transporte,
) -> Arena:
    """Monta una caja de arena en una carpeta vacía y deja en ella la clave de la institución de prueba.

    ``envolver``: qué se hace con el transporte por el que publica cada servicio. Errores: `FileExistsError` si la
    carpeta no está vacía; `CredencialInvalida` si el código no lo es, o es el de otra de las que hay aquí;
    `TransporteCaido` si no hay bus. Lo que no se pudo montar no deja nada en la carpeta.
    """
    if carpeta.exists() and (not carpeta.is_dir() or any(carpeta.iterdir())):
        raise FileExistsError(carpeta)
    if codigo in {COMPARSA, vigente(_PAIS).rectora}:
        raise credenciales.CredencialInvalida("ese código lo usa otra institución de la caja de arena: elige otro")
    _exigir_bus(bus)
    propia, comparsa = (Credencial.generar(credenciales.exigir_codigo(c), azar) for c in (codigo, COMPARSA))
    rectora = Credencial.generar(vigente(_PAIS).rectora, azar)
    sistema = estrenar(carpeta, rectora, reloj, azar, _PAIS, bus=bus, envolver=envolver)
    montaje = sistema.montaje

    def nuevo_transporte() -> Transporte:
        return abrir(bus, sistema.broker)

    suyo = portal.montar(
        carpeta, sistema.despliegue, reloj, montaje.azar_de("portal"), nuevo_transporte, "portal-arena", montaje.ajustes
    )
    arena = Arena(sistema, suyo, rectora, propia, comparsa)
    arena.presentar()
    credenciales.guardar_todas(carpeta, [propia, rectora])
    return arena


def _exigir_bus(bus: str) -> None:
    sonda = abrir(bus)
    viva = sonda.viva()
    sonda.cerrar()
    if not viva:
        raise TransporteCaido("no responde")


@post("/rutas", status_code=200, summary="Abrir una ruta de prueba", sync_to_thread=True)
def _abrir_ruta(arena: NamedDependency[Arena], data: JSONBody[Historia]) -> Abierta:
    """Alguien es detectado: en un momento llegan encargos al buzón de la institución de prueba."""
    return Abierta(ruta=arena.en_su_hilo(lambda: arena.abrir_ruta(data)))


def _si_no(verdad: bool) -> SiNo:
    return SiNo.SI if verdad else SiNo.NO


__all__ = ["COMPARSA", "Arena", "ArenaRota", "Historia", "estrenar_arena"]
