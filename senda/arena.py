"""La caja de arena: un Senda entero en un proceso, con una institución de prueba a la que le llegan encargos.

Es el sistema de verdad, con SQLite y el bus en memoria (o un RabbitMQ, si quien prueba habla AMQP): quien integra
contra ella integra contra Senda. Solo sobran las demás instituciones, que aquí hace una sola, «GT-ARENA».
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event
from typing import Annotated, Final
from uuid import UUID

from litestar import Litestar, Router, post
from litestar.di import Provide
from msgspec import Meta, Struct

from contratos.acuse import Acuse, Resultado
from contratos.base import Mandato, Peticion
from contratos.protocolos import vigente
from contratos.solicitudes.coordinacion import InscribirInstitucion
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.listas import ServicioPedido
from eventos.tipos import NivelRiesgo, SiNo
from infra.anfitrion.hilo import EnHilo
from infra.anfitrion.planificador import ConBucles, Planificador
from infra.azar import Azar
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import Transporte
from infra.reloj import Reloj
from senda import credencial as credenciales
from senda import portal
from senda.cliente import Credencial, Enlace, componer
from senda.embebido import BUS, Embebido, estrenar
from servicios.portal.web import aplicacion

#: Quien hace de todas las demás instituciones.
COMPARSA: Final = "GT-ARENA"
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


@dataclass
class _Encargo:
    """Algo que se pide desde otro hilo y hace el de las rondas. ``listo`` recibe el resultado o el error."""

    historia: Historia
    listo: SimpleQueue[UUID | Exception] = field(default_factory=SimpleQueue)


@dataclass
class Arena:
    """El sistema, su portal y las dos instituciones. Todo lo que toca el bus va en un solo hilo."""

    sistema: Embebido
    portal: portal.Portal
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
            encargo.listo.put(self.abrir_ruta(encargo.historia))
        except Exception as error:  # noqa: BLE001  lo recibe quien encargó
            encargo.listo.put(error)
        return True

    def presentar(self, rectora: Credencial) -> None:
        """La rectora inscribe a la de prueba, con todos los servicios, y a la comparsa, que solo detecta."""
        servicios = tuple(s for s in ServicioPedido if s is not ServicioPedido.COORDINACION)
        mandatos = tuple(m for m in Mandato if m not in {Mandato.RECTORIA, Mandato.SUPERVISION})
        self._inscribir(rectora, self.propia, mandatos, servicios)
        self._inscribir(rectora, self.comparsa, (Mandato.DETECCION,), ())

    def abrir_ruta(self, historia: Historia) -> UUID:
        """La comparsa detecta a alguien. Devuelve la ruta que nace."""
        detectada = DetectarPresuntaVictima(
            nna=_si_no(historia.nna), extranjera=_si_no(historia.extranjera), idioma="spa", riesgo=NivelRiesgo.MEDIO,
            pais_deteccion=_PAIS,
        )  # fmt: skip
        return UUID(self._pedir(self.comparsa, detectada).eventos[0].sujeto)

    def encargar(self, historia: Historia) -> UUID:
        """Lo mismo, desde otro hilo: espera a que lo haga el de las rondas."""
        encargo = _Encargo(historia)
        self._encargos.put(encargo)
        resultado = encargo.listo.get(timeout=30)
        if isinstance(resultado, Exception):
            raise resultado
        return resultado

    def cerrar(self) -> None:
        """Suelta bases y transportes."""
        self._enlace.transporte.cerrar()
        self.portal.cerrar()
        self.sistema.cerrar()

    def aplicacion(self) -> Litestar:
        """La aplicación ASGI: el portal de verdad más ``POST /arena/rutas``."""
        hilo = EnHilo(self.ronda, self._planificador.sondear, cerrar=self.cerrar)
        self.portal.puerta.almacen.al_confirmar(hilo.despertar)
        aqui = Router(
            "/arena", route_handlers=[_abrir_ruta], dependencies={"arena": Provide(lambda: self, sync_to_thread=False)}
        )
        return aplicacion(self.portal.puerta, portal.claves_publicas(self.sistema.despliegue), hilo, [aqui])

    def _inscribir(
        self, rectora: Credencial, quien: Credencial, mandatos: tuple[Mandato, ...],
        servicios: tuple[ServicioPedido, ...],
    ) -> None:  # fmt: skip
        self._pedir(
            rectora,
            InscribirInstitucion(
                codigo=quien.codigo, pais=_PAIS, mandatos_inscritos=mandatos, servicios=servicios, cobertura=("GT",),
                clave_firma=quien.publica,
            ),
        )  # fmt: skip

    def _pedir(self, quien: Credencial, peticion: Peticion) -> Acuse:
        """Pide y da rondas hasta su acuse. Errores: `ArenaRota` si se rechaza o no llega."""
        montaje = self.sistema.montaje
        recepcion = montaje.despliegue.recepcion[peticion.servicio]
        compuesta = componer(peticion, quien, _AGENTE, montaje.reloj.ahora(), recepcion, montaje.azar_de("arena"))
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


def estrenar_arena(carpeta: Path, codigo: str, reloj: Reloj, azar: Azar, *, bus: str = BUS) -> Arena:
    """Monta una caja de arena en una carpeta vacía y deja en ella la clave de la institución de prueba.

    Errores: `FileExistsError` si la carpeta ya tiene un despliegue; `CredencialInvalida` si el código no lo es.
    """
    propia, comparsa = (Credencial.generar(credenciales.exigir_codigo(c), azar) for c in (codigo, COMPARSA))
    rectora = Credencial.generar(vigente(_PAIS).rectora, azar)
    sistema = estrenar(carpeta, rectora, reloj, azar, _PAIS, bus=bus)
    montaje = sistema.montaje

    def nuevo_transporte() -> Transporte:
        return abrir(bus, sistema.broker)

    suyo = portal.montar(
        carpeta, sistema.despliegue, reloj, montaje.azar_de("portal"), nuevo_transporte, "portal-arena", montaje.ajustes
    )
    arena = Arena(sistema, suyo, propia, comparsa)
    arena.presentar(rectora)
    credenciales.guardar_todas(carpeta, [propia, rectora])
    return arena


@post("/rutas", status_code=200, summary="Abrir una ruta de prueba", sync_to_thread=True)
def _abrir_ruta(arena: Arena, data: Historia) -> Abierta:
    """Alguien es detectado: en un momento llegan encargos al buzón de la institución de prueba."""
    return Abierta(ruta=arena.encargar(data))


def _si_no(verdad: bool) -> SiNo:
    return SiNo.SI if verdad else SiNo.NO


__all__ = ["COMPARSA", "Arena", "ArenaRota", "Historia", "estrenar_arena"]
