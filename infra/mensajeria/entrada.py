"""La entrada: recibir hechos de otros orígenes y guardarlos. Quien los aplica, en orden y una sola vez, es `aplicador`.

Lo que sigue justo a lo aplicado se guarda y se aplica en la misma transacción; lo demás se guarda y espera. Repetido se
descarta; otra hoja para la misma posición es divergencia y alto; un hueco se pide a su origen (`Huecos`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import groupby
from operator import attrgetter

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import avances, entrada
from infra.almacen.insertar import insertar_si_falta
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.aplicador import Aplicador, dar_el_alto, denunciar, filas_de
from infra.mensajeria.labor import Labor
from infra.mensajeria.pausas import nunca
from infra.mensajeria.puertos import Contradiccion, HechoCrudo, Latido, Servicio
from infra.mensajeria.recepcion import Recepcion
from infra.mensajeria.recibidos import MensajeIlegible, interpretar
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Entrega, Mensaje, Transporte
from infra.seguridad.cadena import CERO

registro = structlog.get_logger(__name__)

_HOJAS = sa.select(entrada.c.posicion, entrada.c.hoja).where(
    entrada.c.origen == sa.bindparam("de"), entrada.c.posicion.in_(sa.bindparam("cuales", expanding=True))
)


@dataclass
class Entrada:
    """Los pasos que reciben y aplican hechos ajenos. ``origenes``: nombre de servicio -> ``source`` de sus sobres.

    ``en_pausa``: si una persona paró de aplicar; lo que llega entretanto se guarda y espera.
    """

    almacen: Almacen
    transporte: Transporte
    servicio: Servicio
    origenes: dict[str, str]
    claves_de_origen: dict[str, str]
    ajustes: Ajustes = field(default_factory=Ajustes)
    nombres: Nombres = field(default_factory=Nombres)
    en_pausa: Callable[[], bool] = nunca

    def __post_init__(self) -> None:
        cola = self.nombres.entrada_de(self.servicio.nombre)
        self._recepcion = Recepcion(self.almacen, self.transporte, cola, self.ajustes.lote_recepcion)
        self._aplicador = Aplicador(self.almacen, self.servicio, tuple(self.origenes.values()), self.ajustes)
        #: Si lo último recibido dejó algo que aplicar o que echar en falta.
        self.dejo = False

    def preparar(self) -> None:
        """Crea la fila de avance de cada origen que se sigue."""
        filas = [
            {"origen": origen, "aplicada": 0, "hoja": CERO, "anunciada": 0, "pedidos": 0}
            for origen in self.origenes.values()
        ]
        with self.almacen.motor.begin() as conexion:
            insertar_si_falta(conexion, avances, filas)

    def recibir(self, espera: float = 0.0) -> bool:
        """Aplica lo que llega en orden, guarda lo demás y solo entonces confirma. Dice si hubo (espera en segundos)."""
        self.dejo = False
        return self._recepcion.tomar(self._acoger, espera)

    def aplicar(self) -> Labor:
        """Aplica un lote por origen."""
        return self._aplicador.aplicar()

    @property
    def falta_algo(self) -> bool:
        """Si al aplicar se vio que falta alguna posición."""
        return self._aplicador.falta_algo

    def proximo(self) -> datetime | None:
        """Cuándo toca reintentar un hecho que falló (UTC)."""
        return self._aplicador.proximo()

    def _acoger(self, entregas: Sequence[Entrega]) -> Sequence[Entrega]:
        crudos: list[HechoCrudo] = []
        latidos: list[Latido] = []
        buenas: list[Entrega] = []
        ilegibles: list[tuple[Entrega, str]] = []
        for entrega in entregas:
            try:
                self._exigir_su_clave(entrega.mensaje)
                recibido = interpretar(entrega.mensaje, self.origenes.values(), self.claves_de_origen)
            except MensajeIlegible as ilegible:
                ilegibles.append((entrega, ilegible.codigo))
                continue
            buenas.append(entrega)
            if isinstance(recibido, Latido):
                latidos.append(recibido)
            else:
                crudos.append(recibido)
        if not latidos:
            crudos = self._aplicar_lo_que_sigue(crudos)
        self.dejo = self.dejo or bool(crudos or latidos)
        divergentes, retrocesos = self._guardar_todo(crudos, latidos) if crudos or latidos else ([], [])
        for crudo, conocida in divergentes:
            dar_el_alto(self.almacen, self.servicio, crudo, conocida)
        for crudo, conocida in retrocesos:
            # Sin alto: un origen restaurado de una copia aún no contó otra historia; si lo hace, divergirá.
            denunciar(self.almacen, self.servicio, crudo, conocida)
        for entrega, codigo in ilegibles:
            registro.error("mensaje-ilegible", servicio=self.servicio.nombre, motivo=codigo)
            self.transporte.rechazar(entrega, codigo)
        return buenas

    def _guardar_todo(
        self, crudos: Sequence[HechoCrudo], latidos: Sequence[Latido]
    ) -> tuple[list[Contradiccion], list[Contradiccion]]:
        """Lo que contradice a lo guardado, y lo que dice haber vuelto atrás."""
        with self.almacen.motor.begin() as conexion:
            # El avance antes que la entrada, como quien aplica en otra réplica: al revés podrían esperarse uno a otro.
            for latido in sorted(latidos, key=attrgetter("origen")):
                self._anotar_latido(conexion, latido)
            divergentes = self._guardar(conexion, crudos)
            divergentes += [d for latido in latidos if (d := self._desmentido(conexion, latido))]
            retrocesos = [r for latido in latidos if (r := self.servicio.guardar_cabecera(conexion, latido))]
        return divergentes, retrocesos

    def _aplicar_lo_que_sigue(self, crudos: Sequence[HechoCrudo]) -> list[HechoCrudo]:
        """Guarda y aplica lo que llega en orden; devuelve lo demás, que solo se ha de guardar."""
        if self.en_pausa():
            return list(crudos)
        resto: list[HechoCrudo] = []
        for origen, suyos in groupby(sorted(crudos, key=_en_orden), key=attrgetter("origen")):
            seguidos = list(suyos)
            if len(seguidos) > self.ajustes.lote_entrada or not self._aplicador.al_llegar(origen, seguidos):
                resto += seguidos
            elif self._aplicador.hay_detras:
                self.dejo = True
        return resto

    def _exigir_su_clave(self, mensaje: Mensaje) -> None:
        """El origen que dice la cabecera ha de ser el de la clave, que es lo que el broker dejó pasar."""
        segun_clave = self.nombres.origen_segun_clave(mensaje.intercambio, mensaje.clave)
        if segun_clave is not None and self.origenes.get(segun_clave) != mensaje.cabeceras.get("origen"):
            raise MensajeIlegible("origen-ajeno")

    def _guardar(self, conexion: Connection, crudos: Sequence[HechoCrudo]) -> list[Contradiccion]:
        """Guarda lo nuevo y devuelve lo que contradice a lo ya guardado, con la hoja conocida."""
        ahora = self.almacen.reloj.ahora()
        por_origen: dict[str, list[HechoCrudo]] = defaultdict(list)
        for crudo in crudos:
            por_origen[crudo.origen].append(crudo)
        insertar_si_falta(conexion, entrada, filas_de(sorted(crudos, key=_en_orden), ahora))
        divergentes = []
        for origen, suyos in por_origen.items():
            # Después de insertar, no antes: otra réplica pudo guardar la suya mientras tanto.
            filas_suyas = conexion.execute(_HOJAS, {"de": origen, "cuales": [c.posicion for c in suyos]})
            conocidas: dict[int, bytes] = {f.posicion: f.hoja for f in filas_suyas}
            divergentes += [(c, conocidas[c.posicion]) for c in suyos if conocidas[c.posicion] != c.hoja]
        return divergentes

    def _anotar_latido(self, conexion: Connection, latido: Latido) -> None:
        """Apunta que latió y hasta dónde dice llegar."""
        mayor = sa.case((avances.c.anunciada < latido.posicion, latido.posicion), else_=avances.c.anunciada)
        conexion.execute(
            sa.update(avances)
            .where(avances.c.origen == latido.origen)
            .values(anunciada=mayor, latido=self.almacen.reloj.ahora())
        )

    def _desmentido(self, conexion: Connection, latido: Latido) -> Contradiccion | None:
        """Lo que un latido contradice: la hoja guardada de la posición que anuncia."""
        conocida: bytes | None = conexion.scalar(
            sa.select(entrada.c.hoja).where(entrada.c.origen == latido.origen, entrada.c.posicion == latido.posicion)
        )
        if conocida is None or conocida == latido.hoja:
            return None
        return HechoCrudo(latido.origen, latido.posicion, b"", latido.hoja, b""), conocida


def _en_orden(crudo: HechoCrudo) -> tuple[str, int]:
    return crudo.origen, crudo.posicion


__all__ = ["Entrada"]
