"""El arriendo: quién hace ahora un trabajo que solo puede hacer uno.

No es un candado de sesión: un titular congelado (SIGSTOP) lo retendría. Caduca solo, y cada titular nuevo sube la
valla; quien despierta tarde ya no puede mover la marca porque su valla no es la vigente.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import Connection, Engine

from infra.almacen.candado import Candado
from infra.almacen.esquema import arriendos
from infra.almacen.insertar import insertar_si_falta

_ENTERO = sa.select(arriendos).where(arriendos.c.nombre == sa.bindparam("cual")).with_for_update()
_DAR = sa.update(arriendos).where(arriendos.c.nombre == sa.bindparam("cual"))


@dataclass(slots=True)
class Arriendo:
    """Pretende un trabajo (``nombre``) para un ``titular`` por un ``plazo``. ``titular``: uno por proceso."""

    nombre: str
    titular: str
    plazo: timedelta
    _valla: int = 0
    #: Hasta cuándo es nuestro o, si es de otro, hasta cuándo no hay que volver a pedirlo.
    _vence: datetime | None = None
    #: Lo último que se vio del arriendo de otro, y desde cuándo está así.
    _visto: tuple[int, datetime] | None = None
    _desde: datetime | None = None

    def preparar(self, conexion: Connection, ahora: datetime) -> None:
        """Crea la fila si no está."""
        fila = {"nombre": self.nombre, "titular": "", "valla": 0, "vence": ahora}
        insertar_si_falta(conexion, arriendos, [fila])

    def valla(self, motor: Engine, ahora: datetime) -> int | None:
        """La valla con que este titular trabaja ahora, o None si el trabajo es de otro. Renueva a mitad de plazo."""
        if self._valla and self._vence is not None and ahora < self._vence - self.plazo / 2:
            return self._valla
        with motor.begin() as conexion:
            return self._tomar(conexion, ahora)

    @property
    def de_otro_hasta(self) -> datetime | None:
        """Si el trabajo es de otro, cuándo vence su arriendo (UTC)."""
        return None if self._valla else self._vence

    def es_de_otro(self, ahora: datetime) -> bool:
        """Si se sabe, sin preguntar, que el trabajo es de otro y aún no toca volver a pedirlo."""
        hasta = self.de_otro_hasta
        # Más allá de un plazo no es que falte: es que el reloj se atrasó.
        return hasta is not None and timedelta(0) < hasta - ahora <= self.plazo

    @property
    def candado(self) -> Candado:
        """Su fila y su valla: con ella tomada nadie puede subirla."""
        donde = f"FROM arriendos WHERE nombre = '{self.nombre}'"  # un nombre del programa
        return Candado(tomar=f"SELECT 1 {donde} FOR UPDATE", mirar=f"SELECT valla {donde}")

    def vigente(self, valla: int) -> bool:
        """Si esa, vista con el `candado` tomado, es la nuestra. Si no lo es, la olvida."""
        if valla == self._valla:
            return True
        self._valla, self._vence = 0, None
        return False

    def _sin_moverse_desde(self, visto: tuple[int, datetime], ahora: datetime) -> datetime:
        """Desde cuándo, según este reloj, el titular no renueva.

        Su ``vence`` lo escribió otro reloj: si iba seis días adelantado, fiarse sería esperar seis días a un muerto.
        """
        if self._desde is None or visto != self._visto or ahora < self._desde:
            self._visto, self._desde = visto, ahora
        return self._desde

    def _tomar(self, conexion: Connection, ahora: datetime) -> int | None:
        fila = conexion.execute(_ENTERO, {"cual": self.nombre}).one()
        propio = fila.titular == self.titular
        if not propio and fila.vence > ahora:
            desde = self._sin_moverse_desde((fila.valla, fila.vence), ahora)
            if ahora - desde < self.plazo:
                self._valla, self._vence = 0, min(fila.vence, desde + self.plazo)
                return None
        self._valla = int(fila.valla) if propio and fila.vence > ahora else int(fila.valla) + 1
        self._vence = ahora + self.plazo
        suyo = {"titular": self.titular, "valla": self._valla, "vence": self._vence}
        conexion.execute(_DAR, {"cual": self.nombre, **suyo})
        return self._valla
