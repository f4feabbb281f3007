"""La salud y las cifras del portal, con las mismas rutas y nombres que los demás servicios.

Miden en un hilo aparte y de una en una: una base colgada no ocupa los hilos con que se atiende.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

import sqlalchemy as sa
from litestar import Response, Router, get
from prometheus_client.core import GaugeMetricFamily, Metric

from infra.almacen.motor import leyendo
from infra.anfitrion.hilo import EnHilo
from infra.mensajeria.ajustes import Ajustes
from infra.observabilidad import metricas
from infra.observabilidad.salud import Salud, medir, sin_base
from servicios.portal.contexto import CONTEXTO
from servicios.portal.puerta import Puerta
from servicios.portal.tablas import abonadas

#: Segundos.
_PLAZO: Final = 3.0
_CUANTAS: Final = sa.select(sa.func.count()).select_from(abonadas)


@dataclass
class Vigia:
    """Mira cómo está el portal."""

    puerta: Puerta
    hilo: EnHilo
    ajustes: Ajustes
    _midiendo: asyncio.Future[tuple[Salud, int]] | None = field(default=None)

    async def salud(self) -> tuple[Salud, int]:
        """El estado y cuántas instituciones hay abonadas, en `_PLAZO` como mucho."""
        if self._midiendo is None or self._midiendo.done():
            self._midiendo = asyncio.ensure_future(asyncio.to_thread(self._medir))
        try:
            return await asyncio.wait_for(asyncio.shield(self._midiendo), _PLAZO)
        except TimeoutError:
            return sin_base(CONTEXTO.nombre, self.puerta.almacen.reloj.ahora(), bus=self.hilo.bus), 0

    async def cifras(self) -> bytes:
        """Lo mismo, para Prometheus."""
        salud, cuantas = await self.salud()
        proceso = metricas.DelProceso(fallos=self.hilo.fallos(), contadas=self._propias(salud, cuantas))
        return metricas.exponer(salud, proceso)

    def _medir(self) -> tuple[Salud, int]:
        almacen = self.puerta.almacen
        salud = medir(almacen, CONTEXTO.nombre, self.ajustes, bus=self.hilo.bus)
        if not salud.base:
            return salud, 0
        with leyendo(almacen.motor) as conexion:
            return salud, conexion.scalar(_CUANTAS) or 0

    def _propias(self, salud: Salud, cuantas: int) -> Iterable[Metric]:
        medidas = [("portal_esperas", "Llamadas que esperan a que llegue algo", self.puerta.timbre.esperas)]
        medidas.append(("portal_en_curso", "Llamadas que usan la base o la esperan", self.puerta.en_curso))
        if salud.base:
            medidas.append(("portal_abonadas", "Instituciones cuyas colas vacía el portal", cuantas))
        for nombre, ayuda, valor in medidas:
            familia = GaugeMetricFamily(f"senda_{nombre}", ayuda, labels=["servicio"])
            familia.add_metric([CONTEXTO.nombre], float(valor))
            yield familia


def de_salud(vigia: Vigia) -> Router:
    """Las rutas de quien opera; el proxy de fuera no las deja pasar."""

    @get("/salud/vivo")
    async def vivo() -> Response[object]:
        vida = vigia.hilo.vida()
        return Response(vida, status_code=200 if vida.vivo else 503)

    @get("/salud/listo")
    async def listo() -> Response[object]:
        salud, _ = await vigia.salud()
        return Response(salud, status_code=200 if salud.listo else 503)

    @get("/metricas")
    async def cifras() -> Response[bytes]:
        return Response(await vigia.cifras(), media_type=metricas.FORMATO)

    return Router("/", route_handlers=[vivo, listo, cifras])


__all__ = ["Vigia", "de_salud"]
