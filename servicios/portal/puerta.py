"""Lo que el portal hace con cada llamada, sin saber de HTTP: comprobar quién es, guardar lo que pide, darle lo suyo."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.almacen import Almacen
from infra.almacen.motor import leyendo
from infra.mensajeria.examen import Examinada
from servicios.portal import deposito
from servicios.portal.acceso import exigir_lectura, exigir_solicitud
from servicios.portal.deposito import Guardado
from servicios.portal.timbre import SONDEO, Timbre

T = TypeVar("T")


@dataclass
class Puerta:
    """Todo corre en hilos del servidor, salvo las esperas. Los errores de firma y de directorio salen como son."""

    almacen: Almacen
    timbre: Timbre = field(default_factory=Timbre)

    async def pedir(self, cuerpo: bytes, firma: str, espera: float) -> tuple[str, Guardado | None]:
        """Deja la solicitud para su servicio y espera su acuse hasta ``espera`` segundos. Da su id y el acuse.

        Una vez devuelto esto, la solicitud está en la base y saldrá aunque el portal caiga. La que ya tiene acuse no se
        vuelve a enviar. Errores: los de `acceso.exigir_solicitud`, `DemasiadasEsperas`.
        """
        examinada, previo, ultimo = await asyncio.to_thread(self._dejar, cuerpo, firma)
        institucion, identificador = examinada.clave
        if previo is not None:
            return identificador, previo
        acuse = await self._cuando(
            institucion, espera, lambda c: deposito.acuse_del_cuerpo(c, institucion, examinada.huella, ultimo)
        )
        return identificador, acuse

    async def leer_acuse(self, orden: str, firma: str, identificador: str, espera: float) -> Guardado | None:
        """El acuse de una solicitud propia; None si aún no llegó."""
        quien = await asyncio.to_thread(self._entrar, orden, firma)
        return await self._cuando(quien, espera, lambda c: deposito.acuse_de(c, quien, identificador))

    async def leer_desde(
        self, orden: str, firma: str, tabla: sa.Table, numero: int, maximo: int, espera: float
    ) -> Sequence[Guardado]:
        """Acuses o avisos propios con ese número o posterior. Sin ninguno espera, y puede volver vacía."""
        quien = await asyncio.to_thread(self._entrar, orden, firma)
        halladas = await self._cuando(quien, espera, lambda c: deposito.desde(c, tabla, quien, numero, maximo) or None)
        return halladas or ()

    async def dejar_de_recoger(self, orden: str, firma: str) -> None:
        """Desabona a quien llama: sus colas vuelven a ser solo suyas."""

        def quitar() -> None:
            with self.almacen.tanda() as tanda:
                deposito.desabonar(tanda.conexion, exigir_lectura(tanda, orden, firma))

        await asyncio.to_thread(quitar)

    def _dejar(self, cuerpo: bytes, firma: str) -> tuple[Examinada, Guardado | None, int]:
        with self.almacen.tanda() as tanda:
            examinada, servicio = exigir_solicitud(tanda, cuerpo, firma)
            institucion, identificador = examinada.clave
            deposito.abonar(tanda.conexion, institucion, tanda.ahora)
            previo = deposito.acuse_del_cuerpo(tanda.conexion, institucion, examinada.huella)
            # Un acuse sin id solo dice que entonces no se creyó de quién era.
            if previo is None or previo.id != identificador:
                previo = None
                tanda.enviar(intercambio="solicitudes", clave=servicio, tipo="solicitud", cuerpo=cuerpo, firma=firma)
            return examinada, previo, deposito.ultimo_acuse(tanda.conexion, institucion)

    def _entrar(self, orden: str, firma: str) -> str:
        with self.almacen.consulta() as tanda:
            quien = exigir_lectura(tanda, orden, firma)
            if quien in deposito.todas_las_abonadas(tanda.conexion):
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
        aviso = self.timbre.entrar(institucion)
        try:
            while True:
                aviso.clear()
                hallado = await asyncio.to_thread(una_vez)
                queda = limite - asyncio.get_running_loop().time()
                if hallado is not None or queda <= 0:
                    return hallado
                try:
                    await asyncio.wait_for(aviso.wait(), min(queda, SONDEO))
                except TimeoutError:
                    continue
        finally:
            self.timbre.salir(institucion, aviso)


__all__ = ["Puerta"]
