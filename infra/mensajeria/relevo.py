"""El relevo: publica lo que el almacén ya confirmó. La base es la bandeja de salida; el bus, el mensajero.

Los hechos salen en orden y su marca avanza solo por el prefijo confirmado y encaminado. Lo demás (acuses, buzones,
reparaciones) sale por la tabla `salida`, mensaje a mensaje: uno sin ruta se reintenta y no detiene a los otros.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import Row

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import entregas, marcas, salida
from infra.almacen.insertar import insertar_si_falta
from infra.almacen.motor import leyendo
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.arriendo import Arriendo
from infra.mensajeria.hechos import DESTINO_HECHOS, por_publicar
from infra.mensajeria.labor import Labor
from infra.mensajeria.llenas import BUZON, DE_INSTITUCION, Llenas
from infra.mensajeria.topologia import Topologia, colas_de_institucion
from infra.mensajeria.transportes.base import (
    Mensaje,
    TopologiaAusente,
    TopologiaIncompatible,
    Transporte,
)
from infra.observabilidad.medidas import Medidas

registro = structlog.get_logger(__name__)

# Se pregunta en cada vuelta: construirla cada vez costaba más que contestarla.
_POR_SALIR = (
    sa.select(salida)
    .where((salida.c.proximo <= sa.bindparam("ahora")) | (salida.c.proximo > sa.bindparam("tope")))
    # Por su hora y no por su número: lo que no sale se reintenta detrás de lo que aún no se probó. Quien no lee no
    # ocupa el principio de cada lote.
    .order_by(salida.c.proximo, salida.c.numero)
    .limit(sa.bindparam("lote", type_=sa.Integer))
)
_PRIMERA_CITA = sa.select(sa.func.min(salida.c.proximo))
_MARCAR = (
    sa.update(marcas)
    .where(marcas.c.destino == DESTINO_HECHOS, marcas.c.posicion == sa.bindparam("desde"))
    .values(posicion=sa.bindparam("hasta"))
)
_QUITAR = sa.delete(salida).where(salida.c.numero.in_(sa.bindparam("cuales", expanding=True)))
_APLAZAR = (
    sa.update(salida)
    .where(salida.c.numero.in_(sa.bindparam("cuales", expanding=True)))
    .values(intentos=salida.c.intentos + sa.bindparam("mas"), proximo=sa.bindparam("cuando"))
)
_CONSTA_LA_ENTREGA = sa.insert(entregas)


@dataclass
class Relevo:
    """El paso que publica. ``titular`` identifica a este proceso ante el arriendo."""

    almacen: Almacen
    transporte: Transporte
    servicio: str
    topologia: Topologia
    titular: str
    ajustes: Ajustes = field(default_factory=Ajustes)
    medidas: Medidas | None = None
    _atascos: int = 0
    _reintento: datetime | None = None

    def __post_init__(self) -> None:
        self._arriendo = Arriendo("relevo", self.titular, self.ajustes.arriendo)
        self._seguidoras = self.topologia.seguidoras(self.servicio)
        self._aseguradas: set[str] = set()
        self.llenas = Llenas(self.ajustes)

    def preparar(self) -> None:
        """Crea la marca y el arriendo si faltan."""
        with self.almacen.motor.begin() as conexion:
            insertar_si_falta(conexion, marcas, [{"destino": DESTINO_HECHOS, "posicion": 0}])
            self._arriendo.preparar(conexion, self.almacen.reloj.ahora())

    def paso(self) -> Labor:
        """Publica un tramo de hechos y uno de salida, si este proceso es el titular."""
        ahora = self.almacen.reloj.ahora()
        if self._arriendo.es_de_otro(ahora):
            return Labor.NADA
        marca, tramo, filas = self._pendiente(ahora)
        if not (tramo or filas):
            return Labor.NADA
        if self._arriendo.valla(self.almacen.motor, ahora) is None:
            self.llenas.olvidar()
            return Labor.NADA
        salieron, suerte = self._publicar(tramo, self.llenas.por_probar(filas, ahora), ahora)
        self.llenas.anotar(filas, suerte, ahora)
        # La cola de una institución pudo borrarse: al reintentar se declara otra vez.
        self._aseguradas -= {f.clave for f in filas if suerte.get(f.numero) is False}
        return self._dar_por_publicado(marca, salieron, filas, suerte, ahora)

    def proximo(self) -> datetime | None:
        """Cuándo toca volver a intentarlo (UTC): un mensaje devuelto, hechos sin cola o el arriendo de otro."""
        ajeno = self._arriendo.de_otro_hasta
        if ajeno is not None:
            return ajeno
        with leyendo(self.almacen.motor) as conexion:
            devuelto = conexion.scalar(_PRIMERA_CITA)
        return min((cita for cita in (devuelto, self._reintento) if cita is not None), default=None)

    def _pendiente(self, ahora: datetime) -> tuple[int, list[Mensaje], Sequence[Row[Any]]]:
        """La marca, los hechos que la siguen y lo que toca sacar de la salida."""
        tope = ahora + self.ajustes.aplazamiento_maximo  # véase `Ajustes.toca`
        lote = self.ajustes.lote_relevo
        with leyendo(self.almacen.motor) as conexion:
            marca, tramo = por_publicar(
                conexion, self.almacen.origen, self.servicio, self.topologia.nombres, lote
            )  # fmt: skip
            filas = conexion.execute(_POR_SALIR, {"ahora": ahora, "tope": tope, "lote": lote}).all()
        return marca, tramo, filas

    def _publicar(
        self, tramo: Sequence[Mensaje], filas: Sequence[Row[Any]], ahora: datetime
    ) -> tuple[int, dict[int, bool]]:
        """Cuántos hechos, desde el primero, confirmó el bus y encaminó; y de cada fila, por su número, si salió.

        Todo de una vez, que esperar a que confirme cuesta lo mismo: la salida delante, que un acuse no espere a los
        hechos. La cola de un seguidor que no confirma no tapa lo demás: de cada mensaje se sabe lo suyo.
        """
        suerte = {f.numero: False for f in filas} | self._responder([f for f in filas if not f.intercambio])
        salen = self._con_cola([f for f in filas if f.intercambio])
        hechos = tramo if tramo and self._todas_atadas() else ()
        llegaron = self.transporte.publicar([*(self._mensaje(f) for f in salen), *hechos])
        suerte |= {f.numero: llego for f, llego in zip(salen, llegaron, strict=False)}
        salieron = len(list(takewhile(bool, llegaron[len(salen) :])))
        if tramo:
            self._atascos = 0 if salieron == len(tramo) else self._atascos + 1
            self._reintento = ahora + self.ajustes.retroceso(self._atascos) if self._atascos else None
        return salieron, suerte

    def _todas_atadas(self) -> bool:
        """`mandatory` no ve la cola que falta si otra recibe: se comprueba cada seguidora y se repone la que falte."""
        faltan = self._sin_atar(self._seguidoras)
        if not faltan:
            return True
        registro.error("falta-cola", servicio=self.servicio, colas=faltan)
        self.transporte.preparar(self.topologia)
        return not self._sin_atar(faltan)

    def _sin_atar(self, colas: Sequence[str]) -> list[str]:
        nombres = self.topologia.nombres
        return self.transporte.atar(nombres.eventos, nombres.clave_de_origen(self.servicio), colas)

    def _dar_por_publicado(
        self, marca: int, salieron: int, filas: Sequence[Row[Any]], suerte: Mapping[int, bool], ahora: datetime
    ) -> Labor:
        """Mueve la marca y quita lo enviado, juntos."""
        if not (salieron or filas):
            return Labor.NADA
        with self.almacen.motor.begin() as conexion:
            if not self._arriendo.vigente(conexion):
                # Otro titular manda ya; lo publicado de más llegará repetido y quien recibe lo descarta.
                return Labor.NADA
            if salieron:
                conexion.execute(_MARCAR, {"desde": marca, "hasta": marca + salieron})
            if filas:
                self._quitar(conexion, filas, suerte, ahora)
        if any(self._puede_salir(f, suerte) for f in filas):
            return Labor.QUEDA
        return max(Labor.de(n, self.ajustes.lote_relevo) for n in (salieron, sum(suerte.values())))

    def _puede_salir(self, fila: Row[Any], suerte: Mapping[int, bool]) -> bool:
        """Si no se intentó porque su cola estaba llena, y ya no lo está."""
        return fila.numero not in suerte and self.llenas.hasta(fila) is None

    def _quitar(
        self, conexion: sa.Connection, filas: Sequence[Row[Any]], suerte: Mapping[int, bool], ahora: datetime
    ) -> None:
        confirmado = self.almacen.reloj.ahora()
        enviadas = [f for f in filas if suerte.get(f.numero)]
        devueltas = [f for f in filas if not suerte.get(f.numero)]
        # A una cola de respuesta que ya no existe no se le escribe para siempre: quien la abrió se fue.
        sobran = {f.numero for f in devueltas if not f.intercambio and f.intentos + 1 >= self.ajustes.intentos}
        if fuera := sobran.union(f.numero for f in enviadas):
            conexion.execute(_QUITAR, {"cuales": sorted(fuera)})
        self._constar(conexion, enviadas, confirmado)
        self._aplazar(conexion, [f for f in devueltas if f.numero not in sobran], suerte, ahora)
        if self.medidas is not None:
            for fila in enviadas:
                self.medidas.enviado(fila.intercambio, (confirmado - fila.creado).total_seconds())

    def _constar(self, conexion: sa.Connection, salidas: Sequence[Row[Any]], confirmado: datetime) -> None:
        """Qué avisos de buzón quedaron al alcance de su institución, y desde cuándo: no está en ningún hecho."""
        avisos = [
            {"institucion": f.clave, "mensaje": f.id, "instante": confirmado} for f in salidas if f.intercambio == BUZON
        ]
        if avisos:
            conexion.execute(_CONSTA_LA_ENTREGA, avisos)

    def _responder(self, filas: Sequence[Row[Any]]) -> dict[int, bool]:
        """A una cola suelta. En un bus con permisos no se puede, y que alguien lo pida no ha de parar lo demás."""
        if not filas:
            return {}
        try:
            llegaron = self.transporte.publicar([self._mensaje(f) for f in filas])
        except TopologiaAusente:
            raise
        except TopologiaIncompatible:
            registro.warning("respuesta-vedada", servicio=self.servicio, cuantas=len(filas))
            return {}
        return {f.numero: llego for f, llego in zip(filas, llegaron, strict=True)}

    def _aplazar(
        self, conexion: sa.Connection, filas: Sequence[Row[Any]], suerte: Mapping[int, bool], ahora: datetime
    ) -> None:
        """Lo de una cola llena, de una sentencia, hasta que se la vuelva a probar; de lo demás, cada una lo suyo."""
        citas: defaultdict[tuple[datetime, bool], list[int]] = defaultdict(list)
        for fila in filas:
            if not self._puede_salir(fila, suerte):
                cuando = self.llenas.hasta(fila) or ahora + self.ajustes.retroceso(fila.intentos + 1)
                citas[cuando, fila.numero in suerte].append(fila.numero)
        for (cuando, intentada), cuales in citas.items():
            conexion.execute(_APLAZAR, {"cuales": cuales, "mas": int(intentada), "cuando": cuando})

    def _con_cola(self, filas: Sequence[Row[Any]]) -> list[Row[Any]]:
        """Las filas con dónde caer. La cola de una institución existe desde que se le escribe, esté conectada o no."""
        sin_cola: set[str] = set()
        for codigo in sorted({f.clave for f in filas if f.intercambio in DE_INSTITUCION} - self._aseguradas):
            try:
                for cola in colas_de_institucion(codigo, self.topologia.nombres.prefijo):
                    self.transporte.asegurar_cola(cola)
            except TopologiaAusente:
                raise
            except TopologiaIncompatible:
                registro.error("cola-de-institucion", servicio=self.servicio, institucion=codigo)
                sin_cola.add(codigo)
            else:
                self._aseguradas.add(codigo)
        return [f for f in filas if f.intercambio not in DE_INSTITUCION or f.clave not in sin_cola]

    def _mensaje(self, fila: Row[Any]) -> Mensaje:
        intercambio = getattr(self.topologia.nombres, fila.intercambio) if fila.intercambio else ""
        cabeceras = {"firma": fila.firma} if fila.firma else {}
        return Mensaje(intercambio, fila.clave, fila.tipo, fila.cuerpo, fila.id, cabeceras)


_URGENTES = sa.select(sa.func.count()).where(salida.c.urgente, salida.c.creado <= sa.bindparam("limite"))


def urgentes_sin_entregar(conexion: sa.Connection, ahora: datetime, ajustes: Ajustes) -> int:
    """Avisos urgentes que nadie ha recibido y ya deberían: cada derivación así es alguien a quien nadie va a buscar."""
    return conexion.scalar(_URGENTES, {"limite": ahora - ajustes.alarma_urgente}) or 0


__all__ = ["DESTINO_HECHOS", "Relevo", "urgentes_sin_entregar"]
