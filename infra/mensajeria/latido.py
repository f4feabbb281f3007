"""El latido: cada origen publica a veces su cabecera firmada. Así se nota que faltó hasta el último mensaje."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import arriendos, cabecera
from infra.almacen.insertar import insertar_si_falta
from infra.almacen.motor import leyendo
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.recibidos import TIPO_LATIDO
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Mensaje, Transporte

_CABECERA = sa.select(cabecera.c.posicion, cabecera.c.hoja)
#: Fila de `arriendos` en que consta cuándo se latió: quien late la toma, y así las réplicas laten por turno.
_TURNO = "latido"
_ULTIMO = sa.select(arriendos.c.vence).where(arriendos.c.nombre == _TURNO).with_for_update()
_APUNTAR = sa.update(arriendos).where(arriendos.c.nombre == _TURNO)
_INSTANTE = timedelta(microseconds=1)


@dataclass
class Pulso:
    """El paso que late. Publica sin guardar: un latido perdido lo suple el siguiente."""

    almacen: Almacen
    transporte: Transporte
    servicio: str
    ajustes: Ajustes = field(default_factory=Ajustes)
    nombres: Nombres = field(default_factory=Nombres)
    _ultimo: datetime | None = None
    _posicion: int = 0

    def paso(self) -> bool:
        """Late si toca: pasado el intervalo, y solo si hay hechos. Dice si latió."""
        ahora = self.almacen.reloj.ahora()
        # Si el último es «después» de ahora, el reloj se atrasó: callar hasta alcanzarlo sería callar días.
        if self._ultimo is not None and timedelta(0) <= ahora - self._ultimo < self.ajustes.latido:
            return False
        return self.latir()

    def latir(self) -> bool:
        """Firma y publica ya la cabecera, toque o no: lo último que hace quien se despide. Dice si había qué decir."""
        with self.almacen.motor.begin() as conexion:
            ahora = self._tomar_turno(conexion)
            fila = conexion.execute(_CABECERA).one()
        if not fila.posicion:
            return False
        firmada = self.almacen.claves.firmar_cabecera(self.almacen.origen, fila.posicion, fila.hoja.hex(), ahora)
        identificador = f"{self.servicio}-{fila.posicion}-{ahora.timestamp()}"
        latido = Mensaje(
            self.nombres.latidos, self.servicio, TIPO_LATIDO, firmada, identificador, {"origen": self.almacen.origen}
        )
        self.transporte.publicar([latido])
        # Cuándo toca el siguiente lo dice el reloj propio, no la hora firmada, que puede ir por delante.
        self._ultimo, self._posicion = self.almacen.reloj.ahora(), fila.posicion
        return True

    def _tomar_turno(self, conexion: Connection) -> datetime:
        """El instante con que latir, posterior al de todo latido anterior, también de otra réplica y con otro reloj.

        Quien dijera después menos que antes se acusaría de haber recortado su historia.
        """
        ultimo: datetime | None = conexion.scalar(_ULTIMO)
        if ultimo is None:
            fila = {"nombre": _TURNO, "titular": "", "valla": 0, "vence": self.almacen.reloj.ahora()}
            insertar_si_falta(conexion, arriendos, [fila])
            ultimo = conexion.scalar(_ULTIMO)
        # La hora se mira con el turno ya tomado.
        ahora = self.almacen.reloj.ahora()
        if ultimo is not None:
            ahora = max(ahora, ultimo + _INSTANTE)
        conexion.execute(_APUNTAR.values(vence=ahora))
        return ahora

    def proximo(self) -> datetime | None:
        """Cuándo toca latir, si hay algo que la última vez no se dijo (UTC)."""
        if self._ultimo is None:
            return None
        # Lo que escribió otra réplica lo dice ella.
        posicion = self.almacen.posicion_vista
        if posicion is None:
            with leyendo(self.almacen.motor) as conexion:
                posicion = conexion.execute(_CABECERA).one().posicion
        if posicion <= self._posicion:
            return None
        return self._ultimo + self.ajustes.latido
