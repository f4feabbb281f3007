"""Reparar huecos: quien nota que le falta un tramo lo pide, y el origen lo reenvía solo a quien lo pidió."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Annotated

import msgspec
import sqlalchemy as sa
import structlog
from msgspec import Meta, Struct, structs

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import avances, entrada
from infra.almacen.motor import leyendo
from infra.almacen.tanda import Tanda
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.hechos import mensajes_de
from infra.mensajeria.panorama import Vista, panorama
from infra.mensajeria.recepcion import Recepcion
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Entrega, Mensaje, Transporte

registro = structlog.get_logger(__name__)

Posicion = Annotated[int, Meta(ge=1, le=2**63 - 1)]


class PeticionDeTramo(Struct, frozen=True):
    """«Envíame otra vez lo tuyo», de una posición a otra, ambas incluidas."""

    servicio: Annotated[str, Meta(pattern=r"^[a-z]{1,40}$")]
    desde: Posicion
    hasta: Posicion


#: A partir de tantos intentos el retroceso ya no crece.
_CRECEN = 20
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
        ahora = self.almacen.reloj.ahora()
        with leyendo(self.almacen.motor) as conexion:
            vistas = panorama(conexion, self.origenes.values())
        pidio = False
        for nombre, origen in self.origenes.items():
            for vista in vistas:
                if vista.origen == origen and self._hay_que_atender(vista, ahora):
                    pidio = self._atender(nombre, origen) or pidio
        return pidio

    def pedir_ya(self, nombre: str, desde: int | None = None, hasta: int | None = None) -> PeticionDeTramo | None:
        """Pide un tramo a un origen sin esperar a que toque; None si no le falta nada.

        Por omisión, el hueco; con ``desde``, hasta lo último que se sabe que existe. Lo repetido se descarta al llegar.
        Lo envía el relevo de este servicio. Errores: `KeyError` si no sigue a ese origen.
        """
        with self.almacen.tanda() as tanda:
            (vista,) = panorama(tanda.conexion, [self.origenes[nombre]])
            if desde is None and vista.hueco is not None:
                desde, hasta = vista.hueco, hasta or self._hasta(tanda.conexion, vista)
            hasta = hasta or max(vista.ultima, vista.anunciada)
            if desde is None or desde > hasta:
                return None
            pedido = PeticionDeTramo(self.servicio, desde, hasta)
            self._enviar(tanda, nombre, pedido)
        return pedido

    def proximo(self) -> datetime | None:
        """Cuándo toca pedir (otra vez) un tramo (UTC)."""
        with leyendo(self.almacen.motor) as conexion:
            vistas = panorama(conexion, self.origenes.values())
        return min((self._vence(v.falta_desde, v.pedidos) for v in vistas if v.hueco and v.falta_desde), default=None)

    def _hay_que_atender(self, vista: Vista, ahora: datetime) -> bool:
        if vista.hueco is None or vista.falta_desde is None:
            return vista.hueco is not None or vista.falta_desde is not None
        return vista.hueco != vista.falta or self._toca(vista.falta_desde, vista.pedidos, ahora)

    def _atender(self, nombre: str, origen: str) -> bool:
        """Anota un hueco nuevo (o uno que avanza: lo pedido está llegando), olvida uno cerrado o pide uno que dura."""
        with self.almacen.tanda() as tanda:
            vista = panorama(tanda.conexion, [origen])[0]
            donde = sa.update(avances).where(avances.c.origen == origen)
            if vista.hueco is None:
                tanda.conexion.execute(donde.values(falta=None, falta_desde=None, pedidos=0))
                return False
            if vista.falta_desde is None or vista.hueco != vista.falta or self._de_otra_hora(vista, tanda.ahora):
                tanda.conexion.execute(donde.values(falta=vista.hueco, falta_desde=tanda.ahora, pedidos=0))
                return False
            if self._vence(vista.falta_desde, vista.pedidos) > tanda.ahora:
                return False
            hasta = self._hasta(tanda.conexion, vista)
            pedido = PeticionDeTramo(self.servicio, vista.hueco, hasta)
            self._enviar(tanda, nombre, pedido)
            pedidos = self._pedidos(vista.falta_desde, vista.pedidos, tanda.ahora)
            tanda.conexion.execute(donde.values(pedidos=pedidos))
        registro.warning("hueco-pedido", servicio=self.servicio, origen=origen, desde=pedido.desde, hasta=hasta)
        return True

    @staticmethod
    def _enviar(tanda: Tanda, nombre: str, pedido: PeticionDeTramo) -> None:
        tanda.enviar(intercambio="reparaciones", clave=nombre, tipo="reparacion", cuerpo=msgspec.json.encode(pedido))

    def _hasta(self, conexion: sa.Connection, vista: Vista) -> int:
        """La última posición del hueco: antes de la primera que ya se tiene, o lo último que el origen anunció."""
        consulta = sa.select(sa.func.min(entrada.c.posicion)).where(
            entrada.c.origen == vista.origen, entrada.c.posicion > vista.aplicada
        )
        tenida = conexion.scalar(consulta)
        return vista.anunciada if tenida is None else int(tenida) - 1

    def _pedidos(self, falta_desde: datetime, pedidos: int, ahora: datetime) -> int:
        """Los que van con el de ahora. Los que no se hicieron a su hora cuentan como hechos.

        Tras una parada larga se pide una vez, no una por cada cita perdida.
        """
        atrasado = ahora - self._vence(falta_desde, pedidos + 1)
        if atrasado < timedelta(0):
            return pedidos + 1
        return pedidos + 2 + atrasado // (self.ajustes.retroceso_maximo + self.ajustes.paciencia_hueco)

    def _toca(self, falta_desde: datetime, pedidos: int, ahora: datetime) -> bool:
        vence = self._vence(falta_desde, pedidos)
        return vence <= ahora or vence > ahora + self._mas_lejos

    def _de_otra_hora(self, vista: Vista, ahora: datetime) -> bool:
        """Si lo anotado es de antes de atrasar el reloj: la próxima cita queda más lejos de lo que se cita nunca."""
        return vista.falta_desde is not None and self._vence(vista.falta_desde, vista.pedidos) > ahora + self._mas_lejos

    @property
    def _mas_lejos(self) -> timedelta:
        return self.ajustes.retroceso_maximo + self.ajustes.paciencia_hueco

    def _vence(self, falta_desde: datetime, pedidos: int) -> datetime:
        paciencia = self.ajustes.paciencia_hueco
        crecen = min(pedidos, _CRECEN)
        esperas = (self.ajustes.retroceso(n) + paciencia for n in range(1, crecen + 1))
        iguales = (self.ajustes.retroceso_maximo + paciencia) * (pedidos - crecen)
        return falta_desde + sum(esperas, start=paciencia) + iguales


@dataclass
class Reparaciones:
    """El paso que reenvía tramos propios a quien los pide."""

    almacen: Almacen
    transporte: Transporte
    servicio: str
    ajustes: Ajustes = field(default_factory=Ajustes)
    nombres: Nombres = field(default_factory=Nombres)

    def __post_init__(self) -> None:
        cola = self.nombres.reparaciones_de(self.servicio)
        self._recepcion = Recepcion(self.almacen, self.transporte, cola, 20)

    def paso(self, espera: float = 0.0) -> bool:
        """Atiende las peticiones pendientes (espera en segundos). Dice si hubo alguna.

        Si el reenvío no llega, quien lo pidió lo pedirá otra vez.
        """
        return self._recepcion.tomar(self._atender, espera)

    def _atender(self, entregas: Sequence[Entrega]) -> Sequence[Entrega]:
        atendidas = []
        for entrega in entregas:
            try:
                pedido = _leer.decode(entrega.mensaje.cuerpo)
            except (ValueError, RecursionError):  # los errores de msgspec y de UTF-8 son ValueError
                self.transporte.rechazar(entrega, "reparacion-ilegible")
                continue
            self._reenviar(pedido)
            atendidas.append(entrega)
        return atendidas

    def _reenviar(self, pedido: PeticionDeTramo) -> None:
        """Un lote del tramo; si queda más, se lo pide a sí mismo: cada paso sigue siendo acotado."""
        cuantos = min(self.ajustes.lote_reparacion, pedido.hasta - pedido.desde + 1)
        if cuantos < 1:
            return
        with leyendo(self.almacen.motor) as conexion:
            tramo = mensajes_de(
                conexion, self.almacen.origen, self.servicio, self.nombres, pedido.desde, cuantos, pedido.servicio
            )
        llego = any(self.transporte.publicar(tramo))
        if llego and len(tramo) == cuantos and pedido.desde + cuantos <= pedido.hasta:
            self.transporte.publicar([self._resto(structs.replace(pedido, desde=pedido.desde + cuantos))])

    def _resto(self, pedido: PeticionDeTramo) -> Mensaje:
        cuerpo = msgspec.json.encode(pedido)
        id_mensaje = f"tramo-{pedido.servicio}-{pedido.desde}-{pedido.hasta}"
        return Mensaje(self.nombres.reparaciones, self.servicio, "reparacion", cuerpo, id_mensaje)


__all__ = ["Huecos", "PeticionDeTramo", "Reparaciones"]
