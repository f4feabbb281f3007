"""Un despliegue entero para el banco: los servicios en sus procesos, y las instituciones inscritas."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import sqlalchemy as sa

from contratos.acuse import Acuse, Resultado
from contratos.base import Mandato, Peticion
from contratos.protocolos import vigente
from contratos.solicitudes.coordinacion import InscribirInstitucion
from infra.almacen.esquema import bandeja, salida
from infra.almacen.motor import abrir_motor, leyendo
from infra.azar import Azar, AzarReal
from infra.mensajeria.topologia import Cola, Nombres, colas_de_institucion
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import Transporte
from infra.rabbitmq.claves import ALGORITMO
from infra.rabbitmq.gestion import Gestion
from infra.rabbitmq.permisos import seguridad
from senda.banco.hostil.ataque import AGENTE, SERVICIO
from senda.bus import acceso_de
from senda.cliente import Compuesta, Credencial, Enlace, componer
from senda.composicion import instalaciones, mapa
from senda.demo.limpieza import limpiar
from senda.demo.procesos import Procesos
from senda.despliegue import Despliegue, crear

PAIS = "gt"
#: Donde escucha un RabbitMQ recién instalado.
DEL_BUS = "amqp://guest:guest@127.0.0.1:5672/"
NORMAL, HOSTIL = "GT-NORMAL-BANCO", "GT-HOSTIL-BANCO"
#: Segundos que se espera un acuse antes de dar la corrida por rota.
_PACIENCIA = 300.0
_MIRADA = 1.0
_VHOST = "/"


class SinAcuse(Exception):
    """Una solicitud buena se quedó sin su acuse: no es una cifra, es un fallo. El mensaje no lleva nada recibido."""


@dataclass
class Pais:
    """El despliegue en marcha, visto por las instituciones y por quien opera.

    ``entradas``: por dónde entra al bus cada institución con usuario propio; las demás, como quien opera.
    """

    despliegue: Despliegue
    procesos: Procesos
    transporte: Transporte
    api: str | None
    credenciales: dict[str, Credencial]
    entradas: dict[str, str] = field(default_factory=dict)
    azar: Azar = field(default_factory=AzarReal)

    def __post_init__(self) -> None:
        self.nombres: Nombres = mapa(self.despliegue.prefijo).nombres
        self._suyos = {codigo: abrir(url) for codigo, url in self.entradas.items()}
        suya = self.despliegue.bases[SERVICIO]
        self._motor = abrir_motor(suya.url, suya.esquema)

    def componer(self, peticion: Peticion, institucion: str) -> Compuesta:
        """Una solicitud firmada, lista para enviar."""
        recepcion = self.despliegue.recepcion[peticion.servicio]
        credencial = self.credenciales[institucion]
        return componer(peticion, credencial, AGENTE, datetime.now(UTC), recepcion, self.azar)

    def pedir(self, peticion: Peticion, institucion: str) -> float:
        """Segundos desde que se envía hasta que se tiene su acuse, aceptada. Errores: `SinAcuse`."""
        compuesta = self.componer(peticion, institucion)
        huella = sha256(compuesta.cuerpo).hexdigest()
        cola = self.nombres.acuses_de(institucion)
        transporte = self._suyos.get(institucion, self.transporte)
        empezo = time.monotonic()
        Enlace(transporte, self.nombres).enviar([compuesta])
        while time.monotonic() - empezo < _PACIENCIA:
            entregas = transporte.recibir(cola, 100, _MIRADA)
            tardo = time.monotonic() - empezo
            transporte.confirmar(entregas)
            for entrega in entregas:
                acuse = msgspec.json.decode(entrega.mensaje.cuerpo, type=Acuse)
                if acuse.huella == huella:
                    if acuse.resultado is Resultado.ACEPTADA:
                        return tardo
                    raise SinAcuse(acuse.codigo)
            self.procesos.vigilar()
        raise SinAcuse

    def en_cola(self) -> int:
        """Solicitudes que esperan en el bus o en la bandeja del servicio atacado, y acuses por salir."""
        with leyendo(self._motor) as conexion:
            filas = sum(
                conexion.scalar(sa.select(sa.func.count()).select_from(tabla)) or 0 for tabla in (bandeja, salida)
            )
        return filas + self.transporte.pendientes(self.nombres.solicitudes_de(SERVICIO))

    def hasta(self, condicion: Callable[[], bool], plazo: float) -> bool:
        """Mira la condición hasta que se cumpla o pase el plazo (segundos); dice si se cumplió."""
        limite = time.monotonic() + plazo
        while not condicion():
            if time.monotonic() > limite:
                return False
            self.latir()
            time.sleep(0.2)  # se espera a procesos ajenos: no hay a qué suscribirse
        return True

    def latir(self) -> None:
        """Que nada de lo que está en marcha se haya caído, y que el bus no dé por muerta una conexión que no se usa."""
        self.procesos.vigilar()
        for transporte in (self.transporte, *self._suyos.values()):
            transporte.viva()

    def vaciar(self, institucion: str) -> int:
        """Lee y confirma los acuses de una institución; cuántos había."""
        cola, leidos = self.nombres.acuses_de(institucion), 0
        while entregas := self.transporte.recibir(cola, 500, 0.2):
            self.transporte.confirmar(entregas)
            leidos += len(entregas)
        self.transporte.cancelar(cola)
        return leidos

    def limitar(self, institucion: str, cuantos: int | None) -> None:
        """Cuántos acuses caben en la cola de una institución; None, los que sean. Sin API de gestión no hace nada."""
        if self.api is None:
            return
        cola = self.nombres.acuses_de(institucion)
        politica = ("policies", _VHOST, cola)
        if cuantos is None:
            Gestion(self.api).borrar(*politica)
        else:
            definicion = {
                "pattern": f"^{re.escape(cola)}$",
                "definition": {"max-length": cuantos},
                "apply-to": "queues",
            }
            Gestion(self.api).poner(definicion, *politica)

    def cerrar(self) -> None:
        """Suelta su mirador a la base y lo de cada institución en el bus."""
        for transporte in self._suyos.values():
            transporte.cerrar()
        self._motor.dispose()


@contextmanager
def en_marcha(carpeta: Path, amqp: str, base: str, api: str | None = None) -> Iterator[Pais]:
    """Instala, arranca, inscribe y, al salir, lo quita todo. ``base``: URL de quien puede crear esquemas y usuarios.

    ``api``: la de gestión del bus. Sin ella no se puede llenar la cola de quien no lee, y las instituciones no entran
    cada una con su usuario, como en un bus con permisos: el servicio ha de comprobar quién firma lo que hace cola.
    """
    azar = AzarReal()
    rectora = vigente(PAIS).rectora
    credenciales = {codigo: Credencial.generar(codigo, azar) for codigo in (rectora, NORMAL, HOSTIL)}
    with ExitStack() as pila:
        despliegue = crear(
            carpeta, instalaciones(), pais=PAIS, bus=amqp, base=base, prefijo=f"hostil-{azar.bytes(4).hex()}.",
            reloj="real", rectora=rectora, clave_rectora=credenciales[rectora].publica, azar=azar,
        )  # fmt: skip
        pila.callback(limpiar, despliegue, base, list(credenciales))
        procesos = pila.enter_context(Procesos(carpeta))
        procesos.esperar_listos()
        transporte = abrir(amqp)
        pila.callback(transporte.cerrar)
        transporte.preparar(mapa(despliegue.prefijo))
        for codigo in credenciales:
            for cola in colas_de_institucion(codigo, despliegue.prefijo):
                transporte.asegurar_cola(cola)
        entradas = {}
        if api is not None:
            entradas = {codigo: _con_su_usuario(pila, carpeta, Gestion(api), codigo) for codigo in (NORMAL, HOSTIL)}
        pais = Pais(despliegue, procesos, transporte, api, credenciales, entradas)
        pila.callback(pais.cerrar)
        pila.callback(pais.limitar, HOSTIL, None)
        for codigo in (NORMAL, HOSTIL):
            pais.pedir(_inscribir(codigo, credenciales[codigo].publica), rectora)
        yield pais


def _con_su_usuario(pila: ExitStack, carpeta: Path, gestion: Gestion, codigo: str) -> str:
    """Le da su usuario del bus, con los permisos de cualquier institución; por dónde entra."""
    acceso = acceso_de(carpeta)
    suyo = seguridad(mapa(acceso.despliegue.prefijo), (), [codigo], reparten=()).usuario(codigo)
    clave = acceso.claves.asegurar(codigo, AzarReal())
    usuario = {"password_hash": clave.hash, "hashing_algorithm": ALGORITMO, "tags": ""}
    gestion.poner(usuario, "users", codigo)
    pila.callback(gestion.borrar, "users", codigo)
    permisos = {"configure": suyo.configurar, "write": suyo.escribir, "read": suyo.leer}
    gestion.poner(permisos, "permissions", acceso.vhost, codigo)
    return acceso.url_de(codigo) or acceso.despliegue.bus


def suelta(pais: Pais) -> str:
    """Una cola que nadie de Senda lee."""
    cola = Cola(f"{pais.despliegue.prefijo}suelta")
    pais.transporte.asegurar_cola(cola)
    return cola.nombre


def _inscribir(codigo: str, clave: str) -> InscribirInstitucion:
    return InscribirInstitucion(
        codigo=codigo, pais=PAIS, mandatos_inscritos=(Mandato.DETECCION,), servicios=(), cobertura=("GT",),
        clave_firma=clave,
    )  # fmt: skip


__all__ = ["DEL_BUS", "HOSTIL", "NORMAL", "PAIS", "Pais", "SinAcuse", "en_marcha", "suelta"]
