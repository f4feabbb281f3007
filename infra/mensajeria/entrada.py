"""La entrada: recibir hechos de otros orígenes, guardarlos y aplicarlos en orden, una sola vez.

`recibir` guarda y confirma; `aplicar` avanza por cada origen mientras las posiciones sean contiguas y la cadena case.
Repetido se descarta; otra hoja para la misma posición es divergencia y alto; un hueco se pide a su origen.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import OperationalError

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import avances, entrada, fallos
from infra.almacen.insertar import insertar_si_falta
from infra.almacen.motor import leyendo
from infra.almacen.tanda import Tanda
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.apartados import apartar, aplicar
from infra.mensajeria.puertos import HechoCrudo, Servicio
from infra.mensajeria.recibidos import Latido, MensajeIlegible, interpretar
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Entrega, Transporte
from infra.seguridad.cadena import CERO

registro = structlog.get_logger(__name__)


@dataclass
class Entrada:
    """Los pasos que reciben y aplican hechos ajenos. ``origenes``: nombre de servicio -> ``source`` de sus sobres."""

    almacen: Almacen
    transporte: Transporte
    servicio: Servicio
    origenes: dict[str, str]
    claves_de_origen: dict[str, str]
    ajustes: Ajustes = field(default_factory=Ajustes)
    nombres: Nombres = field(default_factory=Nombres)

    def __post_init__(self) -> None:
        self._cola = self.nombres.entrada_de(self.servicio.nombre)

    def preparar(self) -> None:
        """Crea la fila de avance de cada origen que se sigue."""
        filas = [
            {"origen": origen, "aplicada": 0, "hoja": CERO, "anunciada": 0, "pedidos": 0}
            for origen in self.origenes.values()
        ]
        with self.almacen.motor.begin() as conexion:
            insertar_si_falta(conexion, avances, filas)

    def recibir(self, espera: float = 0.0) -> bool:
        """Pasa mensajes de la cola a la tabla y solo entonces los confirma. Dice si recibió algo."""
        entregas = self.transporte.recibir(self._cola, self.ajustes.lote_recepcion, espera)
        if not entregas:
            return False
        crudos, latidos, buenas = self._clasificar(entregas)
        with self.almacen.motor.begin() as conexion:
            divergentes = self._guardar(conexion, crudos)
            for latido in latidos:
                self._anotar_latido(conexion, latido)
        for crudo, conocida in divergentes:
            self._alto(crudo, conocida)
        self.transporte.confirmar(buenas)
        return True

    def aplicar(self) -> bool:
        """Aplica un lote por origen. Dice si avanzó en alguno."""
        avanzo = False
        for origen in self.origenes.values():
            crudos = self._contiguos(origen)
            if crudos:
                avanzo = self._aplicar_lote(origen, crudos) or avanzo
        return avanzo

    def proximo(self) -> datetime | None:
        """Cuándo toca reintentar un hecho que falló (UTC)."""
        with leyendo(self.almacen.motor) as conexion:
            proximo: datetime | None = conexion.scalar(sa.select(sa.func.min(fallos.c.proximo)))
        return proximo

    def _clasificar(self, entregas: Sequence[Entrega]) -> tuple[list[HechoCrudo], list[Latido], list[Entrega]]:
        crudos, latidos, buenas = [], [], []
        conocidos = set(self.origenes.values())
        for entrega in entregas:
            try:
                recibido = interpretar(entrega.mensaje, conocidos, self.claves_de_origen)
            except MensajeIlegible as ilegible:
                registro.error("mensaje-ilegible", servicio=self.servicio.nombre, motivo=ilegible.codigo)
                self.transporte.rechazar(entrega, ilegible.codigo)
                continue
            buenas.append(entrega)
            if isinstance(recibido, Latido):
                latidos.append(recibido)
            else:
                crudos.append(recibido)
        return crudos, latidos, buenas

    def _guardar(self, conexion: Connection, crudos: Sequence[HechoCrudo]) -> list[tuple[HechoCrudo, bytes]]:
        """Guarda lo nuevo y devuelve lo que contradice a lo ya guardado, con la hoja conocida."""
        por_origen: dict[str, list[HechoCrudo]] = defaultdict(list)
        for crudo in crudos:
            por_origen[crudo.origen].append(crudo)
        divergentes = []
        ahora = self.almacen.reloj.ahora()
        for origen, suyos in por_origen.items():
            consulta = sa.select(entrada.c.posicion, entrada.c.hoja).where(
                entrada.c.origen == origen, entrada.c.posicion.in_([c.posicion for c in suyos])
            )
            conocidas: dict[int, bytes] = {f.posicion: f.hoja for f in conexion.execute(consulta)}
            nuevas = []
            for crudo in suyos:
                conocida = conocidas.setdefault(crudo.posicion, crudo.hoja)
                if conocida != crudo.hoja:
                    divergentes.append((crudo, conocida))
                else:
                    nuevas.append(
                        {
                            "origen": origen, "posicion": crudo.posicion, "anterior": crudo.anterior,
                            "hoja": crudo.hoja, "cuerpo": crudo.cuerpo, "recibido": ahora,
                        }
                    )  # fmt: skip
            insertar_si_falta(conexion, entrada, nuevas)
        return divergentes

    def _anotar_latido(self, conexion: Connection, latido: Latido) -> None:
        conexion.execute(
            sa.update(avances)
            .where(avances.c.origen == latido.origen, avances.c.anunciada < latido.posicion)
            .values(anunciada=latido.posicion)
        )

    def _contiguos(self, origen: str) -> list[HechoCrudo]:
        """Lo siguiente por aplicar de un origen, hasta el primer hueco."""
        with leyendo(self.almacen.motor) as conexion:
            avance = conexion.execute(sa.select(avances).where(avances.c.origen == origen)).one()
            if avance.alto is not None:
                return []
            fallo = conexion.execute(sa.select(fallos.c.proximo).where(fallos.c.origen == origen)).first()
            if fallo is not None and fallo.proximo > self.almacen.reloj.ahora():
                return []
            filas = conexion.execute(
                sa.select(entrada)
                .where(entrada.c.origen == origen, entrada.c.posicion > avance.aplicada)
                .order_by(entrada.c.posicion)
                .limit(self.ajustes.lote_entrada)
            ).all()
        crudos = []
        for esperada, fila in enumerate(filas, avance.aplicada + 1):
            if fila.posicion != esperada:
                break
            crudos.append(HechoCrudo(origen, fila.posicion, fila.anterior, fila.hoja, fila.cuerpo))
        return crudos

    def _aplicar_lote(self, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        try:
            return self._aplicar_juntos(origen, crudos)
        except OperationalError:
            raise
        except Exception as error:  # noqa: BLE001  lo que sea: de uno en uno, para saber cuál falla
            if len(crudos) == 1:
                return self._anotar_fallo(crudos[0], type(error).__name__)
        avanzo = False
        for crudo in crudos:
            if not self._aplicar_solo(origen, crudo):
                break
            avanzo = True
        return avanzo

    def _aplicar_solo(self, origen: str, crudo: HechoCrudo) -> bool:
        try:
            return self._aplicar_juntos(origen, [crudo])
        except OperationalError:
            raise
        except Exception as error:
            registro.exception("hecho-con-fallo", servicio=self.servicio.nombre, clase=type(error).__name__)
            return self._anotar_fallo(crudo, type(error).__name__)

    def _aplicar_juntos(self, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        """Efecto, avance y marca en una transacción. Falso si otra réplica ya lo había hecho o la cadena no casa."""
        with self.almacen.tanda() as tanda:
            avance = tanda.conexion.execute(sa.select(avances).where(avances.c.origen == origen)).one()
            crudos = [c for c in crudos if c.posicion > avance.aplicada]
            if not crudos or avance.alto is not None or crudos[0].posicion != avance.aplicada + 1:
                return False
            sanos = _encadenados(avance.hoja, crudos)
            if sanos:
                self._surtir_efecto(tanda, sanos)
                self._avanzar(tanda, origen, avance.aplicada, sanos[-1])
        if len(sanos) < len(crudos):
            self._alto(crudos[len(sanos)], sanos[-1].hoja if sanos else avance.hoja)
        return bool(sanos)

    def _surtir_efecto(self, tanda: Tanda, crudos: Sequence[HechoCrudo]) -> None:
        self.servicio.guardar_crudo(tanda, crudos)
        if self.servicio.interpreta:
            aplicar(tanda, self.servicio, crudos)

    def _avanzar(self, tanda: Tanda, origen: str, desde: int, ultimo: HechoCrudo) -> None:
        hecho = tanda.conexion.execute(
            sa.update(avances)
            .where(avances.c.origen == origen, avances.c.aplicada == desde)
            .values(aplicada=ultimo.posicion, hoja=ultimo.hoja)
        )
        if hecho.rowcount != 1:
            raise RuntimeError("otro proceso movió el avance de este origen dentro de nuestro turno")
        tanda.conexion.execute(sa.delete(fallos).where(fallos.c.origen == origen))

    def _anotar_fallo(self, crudo: HechoCrudo, clase: str) -> bool:
        """Cuenta un intento fallido; agotados, aparta el hecho y sigue. Dice si se avanzó."""
        with self.almacen.tanda() as tanda:
            conexion = tanda.conexion
            donde = (fallos.c.origen == crudo.origen, fallos.c.posicion == crudo.posicion)
            intentos = (conexion.scalar(sa.select(fallos.c.intentos).where(*donde)) or 0) + 1
            if intentos >= self.ajustes.intentos:
                apartar(tanda, crudo, f"fallo:{clase}")
                self._avanzar(tanda, crudo.origen, crudo.posicion - 1, crudo)
                registro.error(
                    "hecho-apartado", servicio=self.servicio.nombre, origen=crudo.origen, posicion=crudo.posicion
                )
                return True
            conexion.execute(sa.delete(fallos).where(fallos.c.origen == crudo.origen))
            conexion.execute(
                sa.insert(fallos).values(
                    origen=crudo.origen, posicion=crudo.posicion, intentos=intentos, clase=clase,
                    proximo=tanda.ahora + self.ajustes.retroceso(intentos),
                )
            )  # fmt: skip
        return False

    def _alto(self, crudo: HechoCrudo, conocida: bytes) -> None:
        """Deja de aplicar un origen que se contradice: nadie sabe ya cuál de sus historias es la buena."""
        with self.almacen.tanda() as tanda:
            tanda.conexion.execute(
                sa.update(avances).where(avances.c.origen == crudo.origen).values(alto="divergencia")
            )
            self.servicio.divergencia(tanda, crudo, conocida)
        registro.critical("divergencia", servicio=self.servicio.nombre, origen=crudo.origen, posicion=crudo.posicion)


def _encadenados(anterior: bytes, crudos: Sequence[HechoCrudo]) -> list[HechoCrudo]:
    """El prefijo cuya cadena casa con la hoja anterior."""
    sanos = []
    for crudo in crudos:
        if crudo.anterior != anterior:
            break
        sanos.append(crudo)
        anterior = crudo.hoja
    return sanos


__all__ = ["Entrada"]
