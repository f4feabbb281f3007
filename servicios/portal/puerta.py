"""Lo que el portal hace con cada llamada, sin saber de HTTP: comprobar quién es, guardar lo que pide, darle lo suyo."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from infra.almacen.almacen import Almacen
from infra.almacen.motor import base_caida, leyendo
from infra.mensajeria.examen import Examinada
from servicios.portal import deposito
from servicios.portal.acceso import exigir_lectura, exigir_solicitud
from servicios.portal.deposito import Guardado
from servicios.portal.timbre import SONDEO, DemasiadasEsperas, Timbre

#: Trabajos con la base a la vez: los que caben en sus conexiones, y suyos, para que lo demás no espere detrás de ellos.
_HILOS: Final = 8
_MAXIMO_EN_CURSO: Final = 256

T = TypeVar("T")


class PuertaLlena(Exception):
    """Hay demasiadas llamadas sin atender: esta se contesta ya, en vez de esperar detrás de todas."""


@dataclass
class Puerta:
    """Todo corre en hilos propios, salvo las esperas. Los errores de firma y de directorio salen como son.

    ``maximo``: llamadas a la base en curso o en espera de hilo; la siguiente es `PuertaLlena`.
    """

    almacen: Almacen
    timbre: Timbre = field(default_factory=Timbre)
    maximo: int = _MAXIMO_EN_CURSO
    _en_curso: int = 0

    def __post_init__(self) -> None:
        self._hilos = ThreadPoolExecutor(_HILOS, thread_name_prefix="puerta")

    async def pedir(self, cuerpo: bytes, firma: str, espera: float) -> tuple[str, Guardado | None]:
        """Deja la solicitud para su servicio y espera su acuse hasta ``espera`` segundos. Da su id y el acuse.

        Una vez guardada saldrá aunque el portal caiga, así que después ya no se contesta un error. La que ya tiene
        acuse no se vuelve a enviar. Errores: los de `acceso.exigir_solicitud`, `PuertaLlena`.
        """
        examinada, previo, ultimo = await self._en_hilo(lambda: self._dejar(cuerpo, firma))
        institucion, identificador = examinada.clave
        if previo is not None:
            return identificador, previo
        try:
            acuse = await self._cuando(
                institucion, espera, lambda c: deposito.acuse_del_cuerpo(c, institucion, examinada.huella, ultimo)
            )
        except (DemasiadasEsperas, PuertaLlena):
            acuse = None
        except SQLAlchemyError as error:
            if not base_caida(error):
                raise
            acuse = None
        return identificador, acuse

    async def leer_acuse(self, orden: str, firma: str, identificador: str, espera: float) -> Guardado | None:
        """El acuse de una solicitud propia; None si aún no llegó."""
        quien = await self._en_hilo(lambda: self._entrar(orden, firma))
        return await self._cuando(quien, espera, lambda c: deposito.acuse_de(c, quien, identificador))

    async def leer_desde(
        self, orden: str, firma: str, tabla: sa.Table, numero: int, maximo: int, espera: float
    ) -> Sequence[Guardado]:
        """Acuses o avisos propios con ese número o posterior. Sin ninguno espera, y puede volver vacía."""
        quien = await self._en_hilo(lambda: self._entrar(orden, firma))
        halladas = await self._cuando(quien, espera, lambda c: deposito.desde(c, tabla, quien, numero, maximo) or None)
        return halladas or ()

    async def dejar_de_recoger(self, orden: str, firma: str) -> None:
        """Da de baja a quien llama: sus colas vuelven a ser solo suyas, y llamar otra vez no lo cambia."""
        await self._en_hilo(lambda: self._cambiar(orden, firma, deposito.desabonar))

    async def volver_a_recoger(self, orden: str, firma: str) -> None:
        """Abona otra vez a quien se dio de baja."""
        await self._en_hilo(lambda: self._cambiar(orden, firma, deposito.reabonar))

    def _cambiar(self, orden: str, firma: str, cambiar: Callable[[Connection, str, datetime], None]) -> None:
        with self.almacen.consulta() as tanda:
            quien = exigir_lectura(tanda, orden, firma)
        with self.almacen.tanda() as tanda:
            cambiar(tanda.conexion, quien, tanda.ahora)

    def cerrar(self) -> None:
        """Suelta los hilos y la base; lo empezado termina."""
        self._hilos.shutdown(wait=True)
        self.almacen.motor.dispose()

    def _dejar(self, cuerpo: bytes, firma: str) -> tuple[Examinada, Guardado | None, int]:
        # Primero se lee: quien no es nadie no llega a tomar el turno de escritura.
        with self.almacen.consulta() as tanda:
            examinada, servicio = exigir_solicitud(tanda, cuerpo, firma)
            if (previo := _creido(tanda.conexion, examinada)) is not None:
                return examinada, previo, previo.numero
        institucion, _ = examinada.clave
        with self.almacen.tanda() as tanda:
            # Con el turno: el que llegó mientras se esperaba no se repetirá, porque el depósito no guarda dos iguales.
            if (previo := _creido(tanda.conexion, examinada)) is not None:
                return examinada, previo, previo.numero
            deposito.abonar(tanda.conexion, institucion, tanda.ahora)
            # La que sigue aquí se queda con la firma nueva: la anterior pudo caducar esperando al bus.
            if not deposito.refirmar(tanda.conexion, examinada.huella, firma):
                tanda.enviar(
                    intercambio=deposito.SOLICITUDES, clave=servicio, tipo="solicitud", cuerpo=cuerpo, firma=firma,
                    id_mensaje=examinada.huella,
                )  # fmt: skip
            return examinada, None, deposito.ultimo_acuse(tanda.conexion, institucion)

    def _entrar(self, orden: str, firma: str) -> str:
        with self.almacen.consulta() as tanda:
            quien = exigir_lectura(tanda, orden, firma)
            if deposito.consta(tanda.conexion, quien):
                return quien
        with self.almacen.tanda() as tanda:
            deposito.abonar(tanda.conexion, quien, tanda.ahora)
        return quien

    async def _cuando(self, institucion: str, espera: float, mirar: Callable[[Connection], T | None]) -> T | None:
        """Lo que ``mirar`` encuentre, en cuanto lo haya y como mucho en ``espera`` segundos."""

        def una_vez() -> T | None:
            with leyendo(self.almacen.motor) as conexion:
                return mirar(conexion)

        limite = asyncio.get_running_loop().time() + espera
        hallado = await self._en_hilo(una_vez)
        if hallado is not None or espera <= 0:
            return hallado
        aviso = self.timbre.entrar(institucion)
        try:
            while hallado is None and (queda := limite - asyncio.get_running_loop().time()) > 0:
                if self.timbre.parado:
                    break
                with suppress(TimeoutError):
                    await asyncio.wait_for(aviso.wait(), min(queda, SONDEO))
                aviso.clear()
                hallado = await self._en_hilo(una_vez)
        finally:
            self.timbre.salir(institucion, aviso)
        return hallado

    @property
    def en_curso(self) -> int:
        """Llamadas que usan la base o la esperan."""
        return self._en_curso

    async def _en_hilo(self, hacer: Callable[[], T]) -> T:
        if self._en_curso >= self.maximo:
            raise PuertaLlena
        self._en_curso += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._hilos, hacer)
        finally:
            self._en_curso -= 1


def _creido(conexion: Connection, examinada: Examinada) -> Guardado | None:
    """El acuse de esos bytes, si lo hay. Uno sin id solo dice que entonces no se creyó de quién era."""
    institucion, identificador = examinada.clave
    acuse = deposito.acuse_del_cuerpo(conexion, institucion, examinada.huella)
    return acuse if acuse is not None and acuse.id == identificador else None


__all__ = ["Puerta", "PuertaLlena"]
