"""A dónde va una solicitud y cómo se espera su acuse: un bus de verdad, o el sistema embebido de una carpeta.

Un acuse solo se da por bueno si lo firmó el servicio y habla de los bytes que se enviaron.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from threading import Event
from typing import Final, Protocol

import msgspec
import sqlalchemy as sa

from contratos.acuse import Acuse
from eventos.sobre import decodificar
from infra.almacen.motor import abrir_motor, leyendo
from infra.azar import Azar
from infra.mensajeria.topologia import Nombres, colas_de_institucion
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import Entrega, TopologiaIncompatible, Transporte, TransporteCaido
from infra.reloj import Reloj, RelojReal, RelojSimulado, reloj_desde
from infra.seguridad.firma import FirmaInvalida, publica_de_texto, verificar
from senda.acceso_bus import Acceso
from senda.cliente import Compuesta, Enlace
from senda.demo.carpeta import MARCA
from senda.despliegue import Despliegue, leer
from senda.embebido import Embebido, en_exclusiva, reabrir
from senda.ventanilla.claves import ClavesDeServicio
from servicios.auditoria.libro import libro

#: Cuántas entregas se miran a la vez; lo que no es nuestro se deja donde estaba.
_LOTE: Final = 500
#: Segundos que se bloquea cada mirada a la cola.
_MIRADA: Final = 1.0
_PAUSA: Final = 0.05
_ALGO_DESPUES: Final = timedelta(minutes=1)


class NoSalio(Exception):
    """La solicitud no llegó a la cola de su servicio: no hay nada que esperar. El mensaje dice qué hacer."""


@dataclass(frozen=True, slots=True)
class Respuesta:
    """Lo que se supo. ``acuse``: None si no llegó a tiempo; ``ajenos``: los de otras solicitudes, vistos y dejados.

    ``recibo``: el acuse tal como llegó, con su firma, en una línea JSON que guardar (`senda_verificar.recibos`).
    """

    acuse: Acuse | None
    ajenos: int = 0
    recibo: bytes = b""


class Destino(Protocol):
    """Quién recibe la solicitud."""

    claves: ClavesDeServicio
    reloj: Reloj

    def tramitar(self, compuesta: Compuesta, institucion: str, espera: float) -> Respuesta:
        """Envía y espera hasta ``espera`` segundos. Errores: `NoSalio`, `TransporteCaido`, `EnMarcha`."""


@dataclass
class PorBus:
    """Un RabbitMQ en marcha."""

    url: str
    claves: ClavesDeServicio
    reloj: Reloj

    def tramitar(self, compuesta: Compuesta, institucion: str, espera: float) -> Respuesta:
        """Como en `Destino`. Los acuses ajenos no se confirman: al cerrar vuelven a la cola de la institución."""
        try:
            transporte = abrir(self.url_de(institucion) or self.url)
        except ValueError as error:
            raise NoSalio(str(error)) from None
        try:
            return self._tramitar(transporte, compuesta, institucion, espera)
        finally:
            transporte.cerrar()

    def _tramitar(self, transporte: Transporte, compuesta: Compuesta, institucion: str, espera: float) -> Respuesta:
        enlace = Enlace(transporte, Nombres(self.claves.prefijo))
        cola = enlace.nombres.acuses_de(institucion)
        try:
            asegurar_cola(enlace, institucion)
        except TransporteCaido:
            raise NoSalio("no se puede conectar con el bus: comprueba la dirección, el usuario y la red") from None
        enviar(enlace, [compuesta], cola)
        ajenos, limite = 0, self.reloj_de_espera() + espera
        while (falta := limite - self.reloj_de_espera()) > 0:
            for entrega in transporte.recibir(cola, _LOTE, min(falta, _MIRADA)):
                if (acuse := reconocer(entrega, compuesta, self.claves)) is not None:
                    transporte.confirmar([entrega])
                    return Respuesta(acuse, ajenos, _recibo(entrega))
                ajenos += 1
        return Respuesta(None, ajenos)

    #: Con qué dirección entra cada institución, si el bus tiene usuarios; None, con la de todos.
    url_de: Callable[[str], str | None] = field(default=lambda _: None)
    #: La paciencia es de quien espera, no del reloj (quizá acelerado) del despliegue.
    reloj_de_espera: Callable[[], float] = field(default=RelojReal().monotono)


@dataclass
class EnLaCarpeta:
    """Un despliegue embebido: se pone en marcha lo justo para atender la solicitud, y se cierra."""

    carpeta: Path
    claves: ClavesDeServicio
    reloj: Reloj
    azar: Azar

    def tramitar(self, compuesta: Compuesta, institucion: str, espera: float) -> Respuesta:
        """Como en `Destino`. Al volver, lo que la solicitud causó ya está en todos los servicios y en el libro."""
        with en_exclusiva(self.carpeta):
            sistema = reabrir(self.carpeta, self.reloj, self.azar)
            try:
                return self._tramitar(sistema, compuesta, institucion, espera)
            finally:
                sistema.cerrar()

    def _tramitar(self, sistema: Embebido, compuesta: Compuesta, institucion: str, espera: float) -> Respuesta:
        enlace = sistema.enlace()
        cola = enlace.nombres.acuses_de(institucion)
        asegurar_cola(enlace, institucion)
        sistema.planificador.hasta_reposo()
        enviar(enlace, [compuesta], cola)
        limite = self.reloj.ahora() + timedelta(seconds=espera)
        while True:
            sistema.planificador.hasta_reposo()
            for entrega in enlace.transporte.recibir(cola, _LOTE):
                if (acuse := reconocer(entrega, compuesta, self.claves)) is not None:
                    return Respuesta(acuse, recibo=_recibo(entrega))
            if self.reloj.ahora() >= limite:
                return Respuesta(None)
            self.dejar_pasar(sistema)

    def dejar_pasar(self, sistema: Embebido) -> None:
        """El tiempo hasta el siguiente asunto: con reloj simulado se salta; con el real, se espera un poco."""
        if isinstance(self.reloj, RelojSimulado):
            proximo = sistema.proximo()
            self.reloj.adelantar_hasta(proximo or self.reloj.ahora() + timedelta(seconds=_MIRADA))
        else:
            Event().wait(_PAUSA)
        for estacion in sistema.estaciones.values():
            for paso in estacion.pasos:
                paso.avisar()


def de_carpeta(carpeta: Path, azar: Azar) -> Destino:
    """El destino de un despliegue. Errores: `DespliegueAusente`."""
    despliegue = leer(carpeta)
    claves = ClavesDeServicio.de_despliegue(despliegue)
    if despliegue.bus.startswith("memory:"):
        return EnLaCarpeta(carpeta, claves, reloj_de(carpeta, despliegue), azar)
    return PorBus(
        despliegue.bus, claves, reloj_desde(despliegue.reloj), url_de=Acceso(carpeta, despliegue).url_para_entrar
    )


def reloj_de(carpeta: Path, despliegue: Despliegue) -> Reloj:
    """La hora de un despliegue embebido.

    La demostración deja su tiempo meses más allá (o más acá) del de la máquina: en su carpeta el tiempo sigue desde el
    último hecho del libro. Con el de la máquina, abrirla haría vencer de golpe cuanto quedó pendiente.
    """
    if not (carpeta / MARCA).is_file():
        return reloj_desde(despliegue.reloj)
    base = despliegue.bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    try:
        with leyendo(motor) as conexion:
            ultimo = conexion.scalar(sa.select(libro.c.cuerpo).order_by(libro.c.indice.desc()).limit(1))
    finally:
        motor.dispose()
    # Un poco después, para que lo que se pida no parezca simultáneo a lo que ya había.
    return RelojSimulado(decodificar(ultimo).registrado + _ALGO_DESPUES) if ultimo else reloj_desde(despliegue.reloj)


def reconocer(entrega: Entrega, compuesta: Compuesta, claves: ClavesDeServicio) -> Acuse | None:
    """El acuse de esta solicitud, si la entrega lo es y lo firmó su servicio; si no, None."""
    cuerpo = entrega.mensaje.cuerpo
    try:
        acuse = msgspec.json.decode(cuerpo, type=Acuse)
        # Sin id responde el servicio que no llegó a creer de quién era; la huella dice igual de qué habla.
        if acuse.id not in {compuesta.id, ""} or acuse.huella != sha256(compuesta.cuerpo).hexdigest():
            return None
        clave = publica_de_texto(claves.origenes[acuse.origen])
        firma = str(entrega.mensaje.cabeceras.get("firma", ""))
        cabecera = verificar(firma, cuerpo, clave, acuse.institucion or "nadie", acuse.instante)
    except (ValueError, KeyError, FirmaInvalida):  # los de msgspec son ValueError
        return None
    return acuse if cabecera.kid == acuse.origen and acuse.servicio == compuesta.servicio else None


def _recibo(entrega: Entrega) -> bytes:
    firma = str(entrega.mensaje.cabeceras.get("firma", ""))
    return msgspec.json.encode({"acuse": entrega.mensaje.cuerpo, "firma_acuse": firma}) + b"\n"


def asegurar_cola(enlace: Enlace, institucion: str) -> None:
    """La cola de acuses existe desde la primera vez que se escribe a la institución; antes, la declara ella.

    Primero se mira: el usuario de una institución puede no tener permiso para declarar, ni siquiera lo que ya está.
    """
    acuses, _ = colas_de_institucion(institucion, enlace.nombres.prefijo)
    if enlace.transporte.existe(acuses.nombre):
        return
    try:
        enlace.transporte.asegurar_cola(acuses)
    except TopologiaIncompatible:
        raise NoSalio(
            "no se puede abrir la cola de acuses de esa institución; comprueba --carpeta, el prefijo del archivo de "
            "claves y los permisos de su usuario del bus"
        ) from None


def enviar(enlace: Enlace, compuestas: Sequence[Compuesta], responder_a: str) -> None:
    """Publica, y exige que el bus las tenga todas. Errores: `NoSalio`."""
    try:
        if all(enlace.enviar(compuestas, responder_a)):
            return
    except TopologiaIncompatible:
        pass
    servicios = ", ".join(sorted({c.servicio for c in compuestas}))
    raise NoSalio(f"el bus no tiene la cola de solicitudes de «{servicios}»; ¿está el servicio instalado ahí?")


__all__ = [
    "Destino",
    "EnLaCarpeta",
    "NoSalio",
    "PorBus",
    "Respuesta",
    "TransporteCaido",
    "asegurar_cola",
    "de_carpeta",
    "enviar",
    "reconocer",
]
