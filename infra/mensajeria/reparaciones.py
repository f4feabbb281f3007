"""Reparar huecos: quien nota que le falta un tramo lo pide, y el origen lo reenvía solo a quien lo pidió."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import msgspec
import sqlalchemy as sa
import structlog
from msgspec import Struct

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import avances, entrada
from infra.almacen.motor import leyendo
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.hechos import mensajes_de
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Transporte

registro = structlog.get_logger(__name__)


class PeticionDeTramo(Struct, frozen=True):
    """«Envíame otra vez lo tuyo desde esta posición»."""

    servicio: str
    desde: int


_leer = msgspec.json.Decoder(PeticionDeTramo)


@dataclass
class Huecos:
    """El paso que nota huecos y los pide. ``origenes``: nombre de servicio -> ``source``."""

    almacen: Almacen
    servicio: str
    origenes: dict[str, str]
    ajustes: Ajustes = field(default_factory=Ajustes)

    def paso(self) -> bool:
        """Pide lo que falte y ya debería haber llegado. Dice si pidió algo."""
        pidio = False
        for nombre, origen in self.origenes.items():
            if self._falta(origen) is not None:
                pidio = self._atender(nombre, origen) or pidio
        return pidio

    def proximo(self) -> datetime | None:
        """Cuándo toca pedir (otra vez) un tramo (UTC)."""
        with leyendo(self.almacen.motor) as conexion:
            filas = conexion.execute(sa.select(avances).where(avances.c.falta_desde.is_not(None))).all()
        return min((self._vence(f.falta_desde, f.pedidos) for f in filas), default=None)

    def _falta(self, origen: str) -> int | None:
        """La primera posición que falta de un origen, o None. También limpia un hueco ya cerrado."""
        with leyendo(self.almacen.motor) as conexion:
            avance = conexion.execute(sa.select(avances).where(avances.c.origen == origen)).one()
            siguiente = avance.aplicada + 1
            esta = conexion.execute(
                sa.select(entrada.c.posicion).where(entrada.c.origen == origen, entrada.c.posicion == siguiente)
            ).first()
            ultima = conexion.scalar(sa.select(sa.func.max(entrada.c.posicion)).where(entrada.c.origen == origen)) or 0
        hay_hueco = esta is None and max(ultima, avance.anunciada) >= siguiente and avance.alto is None
        if not hay_hueco and avance.falta_desde is not None:
            with self.almacen.motor.begin() as conexion:
                conexion.execute(
                    sa.update(avances).where(avances.c.origen == origen).values(falta_desde=None, pedidos=0)
                )
        return siguiente if hay_hueco else None

    def _atender(self, nombre: str, origen: str) -> bool:
        with self.almacen.tanda() as tanda:
            avance = tanda.conexion.execute(sa.select(avances).where(avances.c.origen == origen)).one()
            donde = sa.update(avances).where(avances.c.origen == origen)
            if avance.falta_desde is None:
                tanda.conexion.execute(donde.values(falta_desde=tanda.ahora, pedidos=0))
                return False
            if self._vence(avance.falta_desde, avance.pedidos) > tanda.ahora:
                return False
            pedido = PeticionDeTramo(self.servicio, avance.aplicada + 1)
            tanda.enviar(
                intercambio="reparaciones", clave=nombre, tipo="reparacion", cuerpo=msgspec.json.encode(pedido)
            )
            tanda.conexion.execute(donde.values(pedidos=avance.pedidos + 1))
        registro.warning("hueco-pedido", servicio=self.servicio, origen=origen, desde=pedido.desde)
        return True

    def _vence(self, falta_desde: datetime, pedidos: int) -> datetime:
        espera = self.ajustes.paciencia_hueco
        return (
            falta_desde
            + espera
            + sum((self.ajustes.retroceso(n) + espera for n in range(1, pedidos + 1)), start=espera * 0)
        )


@dataclass
class Reparaciones:
    """El paso que reenvía tramos propios a quien los pide."""

    almacen: Almacen
    transporte: Transporte
    servicio: str
    ajustes: Ajustes = field(default_factory=Ajustes)
    nombres: Nombres = field(default_factory=Nombres)

    def paso(self, espera: float = 0.0) -> bool:
        """Atiende las peticiones pendientes. Si el reenvío no llega, quien lo pidió lo pedirá otra vez."""
        entregas = self.transporte.recibir(self.nombres.reparaciones_de(self.servicio), 20, espera)
        for entrega in entregas:
            try:
                pedido = _leer.decode(entrega.mensaje.cuerpo)
            except (msgspec.DecodeError, msgspec.ValidationError):
                self.transporte.rechazar(entrega, "reparacion-ilegible")
                continue
            with leyendo(self.almacen.motor) as conexion:
                tramo = mensajes_de(
                    conexion, self.almacen.origen, self.servicio, self.nombres, pedido.desde,
                    self.ajustes.lote_reparacion, pedido.servicio,
                )  # fmt: skip
            self.transporte.publicar(tramo)
            self.transporte.confirmar([entrega])
        return bool(entregas)
