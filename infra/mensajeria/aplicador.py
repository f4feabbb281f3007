"""Aplicar lo recibido: por cada origen, mientras las posiciones sean contiguas y la cadena case; una sola vez.

Efecto, avance y marca van en una transacción; lo que llega en orden se guarda en esa misma y no se vuelve a leer. Lo
que falla se reintenta con retroceso; agotado, se aparta.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import sqlalchemy as sa
import structlog

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import apartados, avances, entrada, fallos
from infra.almacen.motor import base_caida, leyendo
from infra.almacen.tanda import Tanda
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.apartados import apartar, aplicar, constar
from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.labor import Labor
from infra.mensajeria.panorama import panorama
from infra.mensajeria.puertos import HechoCrudo, Servicio

registro = structlog.get_logger(__name__)

# Construir una sentencia cuesta más que ejecutarla: las que se repiten se construyen una vez.
_CONTIGUOS = (
    sa.select(entrada.c.posicion, entrada.c.anterior, entrada.c.hoja, entrada.c.cuerpo)
    .where(entrada.c.origen == sa.bindparam("de"), entrada.c.posicion > sa.bindparam("aplicada"))
    .order_by(entrada.c.posicion)
    .limit(sa.bindparam("lote"))
)
_AVANCE = sa.select(
    avances.c.aplicada,
    avances.c.hoja,
    avances.c.alto,
    avances.c.anunciada,
    sa.select(sa.func.coalesce(sa.func.max(entrada.c.posicion), 0))
    .where(entrada.c.origen == avances.c.origen)
    .scalar_subquery(),
    sa.exists().where(fallos.c.origen == avances.c.origen),
    sa.select(apartados).exists(),
).where(avances.c.origen == sa.bindparam("de"))
_AVANZAR = (
    sa.update(avances)
    .where(avances.c.origen == sa.bindparam("de"))
    .values(aplicada=sa.bindparam("hasta"), hoja=sa.bindparam("ultima"))
)
_OLVIDAR_FALLOS = sa.delete(fallos).where(fallos.c.origen == sa.bindparam("de"))
_ALTO = sa.update(avances).where(avances.c.origen == sa.bindparam("de")).values(alto="divergencia")


class _Avance(NamedTuple):
    """Por dónde va un origen, con el turno tomado. ``hay_apartados``: de cualquiera."""

    aplicada: int
    hoja: bytes
    alto: str | None
    anunciada: int
    ultima: int
    hay_fallos: bool
    hay_apartados: bool


@dataclass
class Aplicador:
    """Lleva lo guardado en `entrada` a sus efectos. ``origenes``: los ``source`` que se siguen."""

    almacen: Almacen
    servicio: Servicio
    origenes: tuple[str, ...]
    ajustes: Ajustes
    #: Si en la última mirada faltaba alguna posición que ya debería estar.
    falta_algo: bool = False
    #: Si detrás de lo último aplicado al llegar hay algo guardado o anunciado.
    hay_detras: bool = False
    _reintento: datetime | None = None

    def aplicar(self) -> Labor:
        """Aplica un lote por origen."""
        ahora = self.almacen.reloj.ahora()
        with leyendo(self.almacen.motor) as conexion:
            vistas = [v for v in panorama(conexion, self.origenes) if v.alto is None]
            listas = [v for v in vistas if v.sigue and (v.reintento is None or self.ajustes.toca(v.reintento, ahora))]
            tramos = [(v, self._contiguos(conexion, v.origen, v.aplicada)) for v in listas]
        esperan = (v.reintento for v in vistas if v.sigue and v.reintento is not None and v.reintento > ahora)
        self._reintento = min(esperan, default=None)
        self.falta_algo = any(v.hueco is not None for v in vistas)
        labor = Labor.NADA
        for vista, crudos in tramos:
            if self._aplicar_lote(vista.origen, crudos):
                labor = max(labor, Labor.de(len(crudos), self.ajustes.lote_entrada))
            # Tras lo contiguo hay más, y no es que el lote se llenara: falta algo en medio.
            tope = max(vista.ultima, vista.anunciada)
            self.falta_algo |= len(crudos) < self.ajustes.lote_entrada and crudos[-1].posicion < tope
        return labor

    def al_llegar(self, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        """Guarda y aplica de una vez lo que sigue justo a lo aplicado.

        Falso, y no queda nada hecho, si no es así de sencillo o algo falla: ha de guardarse y aplicarse después.
        """
        try:
            with self.almacen.tanda() as tanda:
                avance = _avance(tanda, origen)
                hasta = avance.aplicada + len(crudos)
                if (
                    avance.alto is not None
                    or avance.hay_fallos
                    or [c.posicion for c in crudos] != list(range(avance.aplicada + 1, hasta + 1))
                ):
                    return False
                if len(_encadenados(avance.hoja, crudos)) < len(crudos):
                    return False
                # Si otra réplica ya guardó alguna, falla: la que vale es la guardada, y hay que compararlas.
                tanda.altas.anadir(entrada, filas_de(crudos, tanda.ahora))
                self._surtir_efecto(tanda, origen, crudos, avance)
        except Exception as error:
            if base_caida(error):
                raise
            return False
        self.hay_detras = max(avance.ultima, avance.anunciada) > hasta
        return True

    def proximo(self) -> datetime | None:
        """Cuándo toca reintentar un hecho que falló (UTC). Un origen en alto no se reintenta."""
        return self._reintento

    def _contiguos(self, conexion: sa.Connection, origen: str, aplicada: int) -> list[HechoCrudo]:
        """Lo siguiente por aplicar de un origen, hasta el primer hueco."""
        filas = conexion.execute(_CONTIGUOS, {"de": origen, "aplicada": aplicada, "lote": self.ajustes.lote_entrada})
        crudos = []
        for esperada, fila in enumerate(filas, aplicada + 1):
            if fila.posicion != esperada:
                break
            crudos.append(HechoCrudo(origen, *fila))
        return crudos

    def _aplicar_lote(self, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        if len(crudos) == 1:
            return self._aplicar_solo(origen, crudos[0])
        try:
            return self._aplicar_juntos(origen, crudos)
        except Exception as error:
            if base_caida(error):
                raise
        # Lo que sea: de uno en uno, para saber cuál falla.
        avanzo = False
        for crudo in crudos:
            if not self._aplicar_solo(origen, crudo):
                break
            avanzo = True
        return avanzo

    def _aplicar_solo(self, origen: str, crudo: HechoCrudo) -> bool:
        try:
            return self._aplicar_juntos(origen, [crudo])
        except Exception as error:
            if base_caida(error):
                raise
            clase = type(error).__name__
            registro.error(
                "hecho-con-fallo", servicio=self.servicio.nombre, origen=origen, posicion=crudo.posicion, clase=clase,
                lugar=lugar(error),
            )  # fmt: skip
            return self._anotar_fallo(crudo, clase)

    def _aplicar_juntos(self, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        """Efecto, avance y marca en una transacción. Falso si otra réplica ya lo había hecho o la cadena no casa."""
        with self.almacen.tanda() as tanda:
            avance = _avance(tanda, origen)
            hoja = avance.hoja
            crudos = [c for c in crudos if c.posicion > avance.aplicada]
            if not crudos or avance.alto is not None or crudos[0].posicion != avance.aplicada + 1:
                return False
            sanos = _encadenados(hoja, crudos)
            if sanos:
                self._surtir_efecto(tanda, origen, sanos, avance)
                if avance.hay_fallos:
                    tanda.conexion.execute(_OLVIDAR_FALLOS, {"de": origen})
        if len(sanos) < len(crudos):
            # El que no casa dice que antes de él había otra hoja que la que se aplicó.
            roto = crudos[len(sanos)]
            otra = HechoCrudo(origen, roto.posicion - 1, b"", roto.anterior, b"")
            dar_el_alto(self.almacen, self.servicio, otra, sanos[-1].hoja if sanos else hoja)
        return bool(sanos)

    def _surtir_efecto(self, tanda: Tanda, origen: str, sanos: Sequence[HechoCrudo], avance: _Avance) -> None:
        self.servicio.guardar_crudo(tanda, sanos)
        if self.servicio.interpreta:
            constar(tanda, origen, sanos[0].posicion, sanos[-1].posicion)
            aplicar(tanda, self.servicio, sanos, hay_apartados=avance.hay_apartados)
        _avanzar(tanda, sanos[-1])

    def _anotar_fallo(self, crudo: HechoCrudo, clase: str) -> bool:
        """Cuenta un intento fallido; agotados, aparta el hecho y sigue. Dice si se avanzó.

        Quien lleva el libro no aparta: un libro con huecos no prueba nada. Reintenta hasta que alguien lo arregle.
        """
        with self.almacen.tanda() as tanda:
            conexion = tanda.conexion
            aplicada = conexion.scalar(sa.select(avances.c.aplicada).where(avances.c.origen == crudo.origen))
            if aplicada != crudo.posicion - 1:
                return False  # otra réplica pudo con él
            donde = (fallos.c.origen == crudo.origen, fallos.c.posicion == crudo.posicion)
            intentos = (conexion.scalar(sa.select(fallos.c.intentos).where(*donde)) or 0) + 1
            if intentos >= self.ajustes.intentos and self.servicio.interpreta:
                apartar(tanda, crudo, f"fallo:{clase}")
                _avanzar(tanda, crudo)
                conexion.execute(_OLVIDAR_FALLOS, {"de": crudo.origen})
            else:
                conexion.execute(_OLVIDAR_FALLOS, {"de": crudo.origen})
                conexion.execute(
                    sa.insert(fallos).values(
                        origen=crudo.origen, posicion=crudo.posicion, intentos=intentos, clase=clase,
                        proximo=(proximo := tanda.ahora + self.ajustes.retroceso(intentos)),
                    )
                )  # fmt: skip
                self._reintento = min(self._reintento or proximo, proximo)
                return False
        registro.error("hecho-apartado", servicio=self.servicio.nombre, origen=crudo.origen, posicion=crudo.posicion)
        return True


def _avance(tanda: Tanda, origen: str) -> _Avance:
    return _Avance(*tanda.conexion.execute(_AVANCE, {"de": origen}).one())


def filas_de(crudos: Sequence[HechoCrudo], ahora: datetime) -> list[dict[str, Any]]:
    """Como se guardan en `entrada`."""
    return [
        {
            "origen": c.origen, "posicion": c.posicion, "anterior": c.anterior, "hoja": c.hoja, "cuerpo": c.cuerpo,
            "recibido": ahora,
        }
        for c in crudos
    ]  # fmt: skip


def dar_el_alto(almacen: Almacen, servicio: Servicio, crudo: HechoCrudo, conocida: bytes) -> None:
    """Deja de aplicar un origen que se contradice: nadie sabe ya cuál de sus historias es la buena. Y lo denuncia."""
    try:
        with almacen.tanda() as tanda:
            # Juntos: dado el alto no se vuelve aquí, y una denuncia perdida entre dos transacciones no la repite nadie.
            tanda.conexion.execute(_ALTO, {"de": crudo.origen})
            servicio.divergencia(tanda, crudo, conocida)
    except Exception as error:
        if not base_caida(error):
            # Aunque denunciarlo reviente, no se sigue aplicando.
            with almacen.motor.begin() as conexion:
                conexion.execute(_ALTO, {"de": crudo.origen})
        raise
    registro.critical("divergencia", servicio=servicio.nombre, origen=crudo.origen, posicion=crudo.posicion)


def denunciar(almacen: Almacen, servicio: Servicio, crudo: HechoCrudo, conocida: bytes) -> None:
    """Deja dicho que un origen se contradijo."""
    with almacen.tanda() as tanda:
        servicio.divergencia(tanda, crudo, conocida)
    registro.critical("divergencia", servicio=servicio.nombre, origen=crudo.origen, posicion=crudo.posicion)


def _avanzar(tanda: Tanda, ultimo: HechoCrudo) -> None:
    """Mueve el avance. Con el turno tomado nadie más puede haberlo movido."""
    tanda.altas.mover(_AVANZAR, {"de": ultimo.origen, "hasta": ultimo.posicion, "ultima": ultimo.hoja})


def _encadenados(anterior: bytes, crudos: Sequence[HechoCrudo]) -> list[HechoCrudo]:
    """El prefijo cuya cadena casa con la hoja anterior."""
    sanos = []
    for crudo in crudos:
        if crudo.anterior != anterior:
            break
        sanos.append(crudo)
        anterior = crudo.hoja
    return sanos


__all__ = ["Aplicador", "dar_el_alto", "denunciar", "filas_de"]
