"""El relevo: publica lo que el almacén ya confirmó. La base es la bandeja de salida; el bus, el mensajero.

Los hechos salen en orden y su marca avanza solo por el prefijo confirmado y encaminado. Lo demás (acuses, buzones,
reparaciones) sale por la tabla `salida`, mensaje a mensaje: uno sin ruta se reintenta y no detiene a los de otros.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import Row

from infra.almacen.almacen import Almacen
from infra.almacen.candado import con_candado
from infra.almacen.esquema import marcas, salida
from infra.almacen.insertar import Altas, insertar_si_falta
from infra.almacen.motor import leyendo
from infra.mensajeria import saliente
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.arriendo import Arriendo
from infra.mensajeria.hechos import DESTINO_HECHOS, por_publicar
from infra.mensajeria.labor import Labor
from infra.mensajeria.llenas import DE_INSTITUCION, Llenas
from infra.mensajeria.topologia import Topologia, colas_de_institucion
from infra.mensajeria.transportes.base import (
    Mensaje,
    TopologiaAusente,
    TopologiaIncompatible,
    Transporte,
    TransporteCaido,
)
from infra.observabilidad.medidas import Medidas

registro = structlog.get_logger(__name__)

_MARCAR = (
    sa.update(marcas)
    .where(marcas.c.destino == sa.literal_column(f"'{DESTINO_HECHOS}'"), marcas.c.posicion == sa.bindparam("desde"))
    .values(posicion=sa.bindparam("hasta"))
)


@dataclass
class _Sabido:
    """Lo que se va sabiendo de una publicación: hechos confirmados, desde el primero, y si salió cada fila probada."""

    hechos: int = 0
    suerte: dict[int, bool] = field(default_factory=dict)

    def anotar(self, filas: Sequence[Row[Any]], llegaron: Sequence[bool]) -> None:
        """Qué fue de esas filas, que van delante en lo publicado."""
        self.suerte |= {f.numero: llego for f, llego in zip(filas, llegaron, strict=False)}


@contextmanager
def _aparte(fallos: list[Exception]) -> Iterator[None]:
    """Lo que falle dentro no impide lo que sigue: queda entre los fallos."""
    try:
        yield
    except (TransporteCaido, TopologiaIncompatible) as fallo:
        fallos.append(fallo)


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
    #: Cuándo toca sacar lo que al mirar aún no tocaba, y si de lo que tocaba quedó algo, que se citó después de mirar.
    _despues: datetime | None = None
    _quedaron: bool = True

    def __post_init__(self) -> None:
        self._arriendo = Arriendo("relevo", self.titular, self.ajustes.arriendo)
        self._seguidoras = self.topologia.seguidoras(self.servicio)
        self._aseguradas: set[str] = set()
        self._sin_cola: set[str] = set()
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
            self._sin_cola.clear()
            return Labor.NADA
        sabido = _Sabido()
        try:
            self._publicar(tramo, self.llenas.por_probar(filas, ahora), sabido, ahora)
        finally:
            # Si algo falla, lo que salió consta igual.
            labor = self._dar_por_publicado(marca, filas, sabido, ahora)
        return labor

    def proximo(self) -> datetime | None:
        """Cuándo toca volver a intentarlo (UTC): un mensaje devuelto, hechos sin cola o el arriendo de otro."""
        ajeno = self._arriendo.de_otro_hasta
        if ajeno is not None:
            return ajeno
        if self._quedaron:
            with leyendo(self.almacen.motor) as conexion:
                devuelto = saliente.primera_cita(conexion)
        else:
            devuelto = self._despues
        return min((cita for cita in (devuelto, self._reintento) if cita is not None), default=None)

    def _pendiente(self, ahora: datetime) -> tuple[int, list[Mensaje], Sequence[Row[Any]]]:
        """La marca, los hechos que la siguen y lo que toca sacar de la salida."""
        tope = ahora + self.ajustes.aplazamiento_maximo  # véase `Ajustes.toca`
        lote = self.ajustes.lote_relevo
        with leyendo(self.almacen.motor) as conexion:
            marca, tramo = por_publicar(
                conexion, self.almacen.origen, self.servicio, self.topologia.nombres, lote
            )  # fmt: skip
            filas, self._despues = saliente.por_salir(conexion, ahora, tope, lote)
        self._quedaron = bool(filas)
        return marca, tramo, filas

    def _publicar(self, tramo: Sequence[Mensaje], filas: Sequence[Row[Any]], sabido: _Sabido, ahora: datetime) -> None:
        """Publica lo que se pueda y apunta en ``sabido`` qué salió. Errores: el primero, con lo demás ya intentado."""
        fallos: list[Exception] = []
        salen: list[Row[Any]] = []
        hechos: Sequence[Mensaje] = ()
        with _aparte(fallos):
            salen = self._con_cola([f for f in filas if f.intercambio], sabido)
        with _aparte(fallos):
            hechos = tramo if tramo and self._todas_atadas() else ()
        try:
            self._juntos(salen, hechos, sabido, ahora)
        except TopologiaIncompatible:
            # De lo que el broker niega no se sabe nada, y la culpa es de una parte: cada una por su lado.
            with _aparte(fallos):
                self._juntos(salen, (), sabido, ahora)
            with _aparte(fallos):
                self._juntos((), hechos, sabido, ahora)
        with _aparte(fallos):
            self._responder([f for f in filas if not f.intercambio], sabido)
        if tramo:
            self._atascos = 0 if sabido.hechos == len(tramo) else self._atascos + 1
            self._reintento = ahora + self.ajustes.retroceso(self._atascos) if self._atascos else None
        if fallos:
            raise fallos[0]

    def _juntos(self, filas: Sequence[Row[Any]], hechos: Sequence[Mensaje], sabido: _Sabido, ahora: datetime) -> None:
        """De una vez, que esperar a que confirme cuesta lo mismo. La salida delante: un acuse no espera a los hechos.

        La cola de un seguidor que no confirma no tapa lo demás: de cada mensaje se sabe lo suyo.
        """
        llegaron = self.transporte.publicar([*(self._mensaje(f) for f in filas), *hechos])
        sabido.anotar(filas, llegaron)
        sabido.hechos += len(list(takewhile(bool, llegaron[len(filas) :])))
        self.llenas.anotar(filas, llegaron, ahora)
        # La cola de una institución pudo borrarse: al reintentar se declara otra vez.
        self._aseguradas -= {f.clave for f in filas if not sabido.suerte[f.numero]}

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

    def _dar_por_publicado(self, marca: int, filas: Sequence[Row[Any]], sabido: _Sabido, ahora: datetime) -> Labor:
        """Mueve la marca y quita lo enviado, juntos."""
        if not (sabido.hechos or sabido.suerte or any(self.llenas.hasta(f) for f in filas)):
            return Labor.NADA
        with con_candado(self.almacen.motor, self._arriendo.candado) as (conexion, (valla,)):
            if not self._arriendo.vigente(valla):
                # Otro titular manda ya; lo publicado de más llegará repetido y quien recibe lo descarta.
                return Labor.NADA
            altas = Altas(conexion)
            if sabido.hechos:
                altas.mover(_MARCAR, {"desde": marca, "hasta": marca + sabido.hechos})
            if filas:
                self._quitar(altas, filas, sabido.suerte, ahora)
            altas.escribir()
        self._quedaron = not all(sabido.suerte.get(f.numero) for f in filas)
        # Con el lote lleno puede haber más detrás, aunque de este no saliera nada: lo suyo ya está aplazado.
        if len(filas) >= self.ajustes.lote_relevo or any(self._puede_salir(f, sabido.suerte) for f in filas):
            return Labor.QUEDA
        return max(Labor.de(n, self.ajustes.lote_relevo) for n in (sabido.hechos, sum(sabido.suerte.values())))

    def _puede_salir(self, fila: Row[Any], suerte: Mapping[int, bool]) -> bool:
        """Si no se intentó y ya nada lo impide: su cola estaba llena y admitió otra, o lo de antes falló."""
        return fila.numero not in suerte and self.llenas.hasta(fila) is None

    def _quitar(self, altas: Altas, filas: Sequence[Row[Any]], suerte: Mapping[int, bool], ahora: datetime) -> None:
        confirmado = self.almacen.reloj.ahora()
        enviadas = [f for f in filas if suerte.get(f.numero)]
        # A una cola de respuesta que ya no existe no se le escribe para siempre: quien la abrió se fue.
        sobran = {
            f.numero
            for f in filas
            if suerte.get(f.numero) is False and not f.intercambio and f.intentos + 1 >= self.ajustes.intentos
        }
        fuera = sobran.union(f.numero for f in enviadas)
        altas.quitar(salida.c.numero, sorted(fuera))
        saliente.constar(altas, enviadas, confirmado)
        if quedan := [f for f in filas if f.numero not in fuera]:
            self._aplazar(altas.conexion, quedan, suerte, ahora)
        if self.medidas is not None:
            for fila in enviadas:
                self.medidas.enviado(fila.intercambio, (confirmado - fila.creado).total_seconds())

    def _responder(self, filas: Sequence[Row[Any]], sabido: _Sabido) -> None:
        """A una cola suelta. En un bus con permisos no se puede, y que alguien lo pida no ha de parar lo demás."""
        if not filas:
            return
        try:
            llegaron = self.transporte.publicar([self._mensaje(f) for f in filas])
        except TopologiaAusente:
            raise
        except TopologiaIncompatible:
            registro.warning("respuesta-vedada", servicio=self.servicio, cuantas=len(filas))
            llegaron = [False] * len(filas)
        sabido.anotar(filas, llegaron)

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
            saliente.aplazar(conexion, cuales, cuando, intentadas=intentada)

    def _con_cola(self, filas: Sequence[Row[Any]], sabido: _Sabido) -> list[Row[Any]]:
        """Las filas con dónde caer. La cola de una institución existe desde que se le escribe, esté conectada o no."""
        sin_cola = self._sin_cola
        codigos = {f.clave for f in filas if f.intercambio in DE_INSTITUCION} - self._aseguradas
        sin_cola -= codigos
        for codigo in sorted(codigos):
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
        faltan = [f for f in filas if f.intercambio in DE_INSTITUCION and f.clave in sin_cola]
        sabido.anotar(faltan, [False] * len(faltan))
        return [f for f in filas if f.numero not in sabido.suerte]

    @property
    def atascadas(self) -> set[str]:
        """Instituciones cuya cola no admite más, o que no la tienen."""
        return self.llenas.instituciones | self._sin_cola

    def _mensaje(self, fila: Row[Any]) -> Mensaje:
        intercambio = getattr(self.topologia.nombres, fila.intercambio) if fila.intercambio else ""
        cabeceras = {"firma": fila.firma} if fila.firma else {}
        return Mensaje(intercambio, fila.clave, fila.tipo, fila.cuerpo, fila.id, cabeceras)


__all__ = ["DESTINO_HECHOS", "Relevo"]
