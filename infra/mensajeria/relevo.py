"""El relevo: publica lo que el almacén ya confirmó. La base es la bandeja de salida; el bus, el mensajero.

Los hechos salen en orden y su marca avanza solo por el prefijo confirmado y encaminado. Lo demás (acuses, buzones,
reparaciones) sale por la tabla `salida`, mensaje a mensaje: uno sin ruta se reintenta y no detiene a los otros.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile

import sqlalchemy as sa
import structlog

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import eventos, marcas, salida
from infra.almacen.insertar import insertar_si_falta
from infra.almacen.motor import leyendo
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.arriendo import Arriendo
from infra.mensajeria.hechos import mensajes_de
from infra.mensajeria.topologia import Topologia, colas_de_institucion
from infra.mensajeria.transportes.base import Mensaje, Transporte

registro = structlog.get_logger(__name__)

DESTINO_HECHOS = "eventos"
_DE_INSTITUCION = ("acuses", "buzon")


@dataclass
class Relevo:
    """El paso que publica. ``titular`` identifica a este proceso ante el arriendo."""

    almacen: Almacen
    transporte: Transporte
    servicio: str
    topologia: Topologia
    titular: str
    ajustes: Ajustes = field(default_factory=Ajustes)

    def __post_init__(self) -> None:
        self._arriendo = Arriendo("relevo", self.titular, self.ajustes.arriendo)
        self._seguidoras = self.topologia.seguidoras(self.servicio)
        self._aseguradas: set[str] = set()

    def preparar(self) -> None:
        """Crea la marca y el arriendo si faltan."""
        with self.almacen.motor.begin() as conexion:
            insertar_si_falta(conexion, marcas, [{"destino": DESTINO_HECHOS, "posicion": 0}])
            self._arriendo.preparar(conexion, self.almacen.reloj.ahora())

    def paso(self) -> bool:
        """Publica un tramo de hechos y uno de salida, si este proceso es el titular. Dice si publicó algo."""
        if not self._hay_trabajo():
            return False
        with self.almacen.motor.begin() as conexion:
            valla = self._arriendo.tomar(conexion, self.almacen.reloj.ahora())
        if valla is None:
            return False
        hechos = self._publicar_hechos(valla)
        return self._publicar_salida(valla) or hechos

    def proximo(self) -> datetime | None:
        """Cuándo toca reintentar un mensaje devuelto (UTC)."""
        with leyendo(self.almacen.motor) as conexion:
            proximo: datetime | None = conexion.scalar(sa.select(sa.func.min(salida.c.proximo)))
        return proximo

    def _hay_trabajo(self) -> bool:
        with leyendo(self.almacen.motor) as conexion:
            marca = conexion.scalar(sa.select(marcas.c.posicion).where(marcas.c.destino == DESTINO_HECHOS)) or 0
            ultima = conexion.scalar(sa.select(sa.func.max(eventos.c.posicion))) or 0
            if ultima > marca:
                return True
            ahora = self.almacen.reloj.ahora()
            return (
                conexion.execute(sa.select(salida.c.numero).where(salida.c.proximo <= ahora).limit(1)).first()
                is not None
            )

    def _publicar_hechos(self, valla: int) -> bool:
        with leyendo(self.almacen.motor) as conexion:
            marca = conexion.scalar(sa.select(marcas.c.posicion).where(marcas.c.destino == DESTINO_HECHOS)) or 0
            tramo = mensajes_de(
                conexion,
                self.almacen.origen,
                self.servicio,
                self.topologia.nombres,
                marca + 1,
                self.ajustes.lote_relevo,
            )
        if not tramo or not self._todas_atadas():
            return False
        salieron = len(list(takewhile(bool, self.transporte.publicar(tramo))))
        if not salieron:
            return False
        with self.almacen.motor.begin() as conexion:
            if not self._arriendo.vigente(conexion, valla):
                # Otro titular manda ya; lo publicado de más llegará repetido y quien recibe lo descarta.
                return False
            conexion.execute(
                sa.update(marcas)
                .where(marcas.c.destino == DESTINO_HECHOS, marcas.c.posicion == marca)
                .values(posicion=marca + salieron)
            )
        return True

    def _todas_atadas(self) -> bool:
        """`mandatory` no ve la cola que falta si otra recibe: se comprueba que existe cada seguidora."""
        intercambio = self.topologia.nombres.eventos
        faltan = [cola for cola in self._seguidoras if not self.transporte.atada(intercambio, cola)]
        if faltan:
            registro.error("falta-cola", servicio=self.servicio, colas=faltan)
            self.transporte.preparar(self.topologia)
        return not faltan

    def _publicar_salida(self, valla: int) -> bool:
        ahora = self.almacen.reloj.ahora()
        consulta = (
            sa.select(salida).where(salida.c.proximo <= ahora).order_by(salida.c.numero).limit(self.ajustes.lote_relevo)
        )
        with leyendo(self.almacen.motor) as conexion:
            filas = conexion.execute(consulta).all()
        if not filas:
            return False
        self._asegurar({f.clave for f in filas if f.intercambio in _DE_INSTITUCION})
        llegaron = self.transporte.publicar([self._mensaje(f) for f in filas])
        enviados = [f.numero for f, llego in zip(filas, llegaron, strict=True) if llego]
        devueltos = [f for f, llego in zip(filas, llegaron, strict=True) if not llego]
        with self.almacen.motor.begin() as conexion:
            if not self._arriendo.vigente(conexion, valla):
                return False
            if enviados:
                conexion.execute(sa.delete(salida).where(salida.c.numero.in_(enviados)))
            for fila in devueltos:
                intentos = fila.intentos + 1
                conexion.execute(
                    sa.update(salida)
                    .where(salida.c.numero == fila.numero)
                    .values(intentos=intentos, proximo=ahora + self.ajustes.retroceso(intentos))
                )
        return bool(enviados)

    def _asegurar(self, instituciones: set[str]) -> None:
        """La cola de una institución existe desde que se le escribe: lo suyo la espera aunque no esté conectada."""
        for codigo in sorted(instituciones - self._aseguradas):
            for cola in colas_de_institucion(codigo, self.topologia.nombres.prefijo):
                self.transporte.asegurar_cola(cola)
            self._aseguradas.add(codigo)

    def _mensaje(self, fila: sa.Row) -> Mensaje:  # type: ignore[type-arg]
        intercambio = getattr(self.topologia.nombres, fila.intercambio) if fila.intercambio else ""
        cabeceras = {"firma": fila.firma} if fila.firma else {}
        return Mensaje(intercambio, fila.clave, fila.tipo, fila.cuerpo, fila.id, cabeceras)


def urgentes_sin_entregar(almacen: Almacen, ajustes: Ajustes) -> int:
    """Avisos urgentes que nadie ha recibido y ya deberían: una derivación así es una persona a la que nadie va a buscar."""
    limite = almacen.reloj.ahora() - ajustes.alarma_urgente
    consulta = sa.select(sa.func.count()).where(salida.c.urgente, salida.c.creado <= limite)
    with leyendo(almacen.motor) as conexion:
        return conexion.scalar(consulta) or 0


__all__ = ["DESTINO_HECHOS", "Relevo", "urgentes_sin_entregar"]
