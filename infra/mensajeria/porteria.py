"""La portería: a qué turno de la bandeja va cada solicitud que llega, y cuáles no caben.

Lo que pasa del cupo de una institución se le rechaza en el acto y no se guarda: ni surte efecto, ni ocupa su id, ni
queda respuesta que lo congele; repetir los mismos bytes más tarde es volver a pedirlo. Ese acuse va directo al bus, sin
pasar por la base: si la cola de quien no lee está llena, se pierde, y lo suyo deja de crecer.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

import msgspec
import structlog
from msgspec import Raw, Struct

from contratos.codigos import ARREGLOS, CUPO
from contratos.solicitud import MAXIMO_BYTES
from eventos.rechazo import Rechazo
from infra.almacen.almacen import Almacen
from infra.almacen.motor import leyendo
from infra.almacen.tanda import Tanda
from infra.mensajeria.acuses import Notaria
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.bandeja import INSTITUCION, Recibida
from infra.mensajeria.puertos import Servicio
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Mensaje, Transporte
from infra.mensajeria.turnos import DE_NADIE, Rondas, Turno, mirar, sin_leer
from infra.seguridad.firma import FirmaInvalida, publica_de_texto, verificar

registro = structlog.get_logger(__name__)

#: Cuántas caben en el turno de una institución sin comprobar que las firmó ella. Comprobar cuesta más que todo lo demás
#: de recibir; sin comprobar nunca, otra llenaría su cupo. Lo que publica su usuario del bus ya está comprobado.
SIN_COMPROBAR: Final = 200
#: Segundos (monótonos) que vale lo último que se supo de quién no lee.
VIGENCIA: Final = 1.0
_SI, _INMEDIATA = "si", "inmediata"


class _Asomada(Struct):
    institucion: str = ""
    datos: Raw = Raw(b"{}")


class _Prisa(Struct):
    nna: str = ""
    urgencia: str = ""


_asomarse = msgspec.json.Decoder(_Asomada)
_leer_prisa = msgspec.json.Decoder(_Prisa)


def en_su_turno(recibida: Recibida) -> Recibida:
    """La misma, en el turno que parece suyo."""
    turno = _turno_de(recibida)
    return recibida._replace(institucion=turno.institucion, urgente=turno.urgente)


def _turno_de(recibida: Recibida) -> Turno:
    """El que parece: quien publicó según el bus o, si no lo dice, quien dice firmar. Sin comprobar nada.

    Es urgente lo que dice ser de una niña, niño o adolescente, o de urgencia inmediata; espera aparte de lo demás de su
    institución, así que decirlo siempre no adelanta a nadie más que a ella misma.
    """
    if len(recibida.cuerpo) > MAXIMO_BYTES:
        return Turno(recibida.usuario or "")
    try:
        asomada = _asomarse.decode(recibida.cuerpo)
    except (ValueError, RecursionError):
        return Turno(recibida.usuario or "")
    dice = asomada.institucion if INSTITUCION.fullmatch(asomada.institucion) else ""
    return Turno(recibida.usuario or dice, _tiene_prisa(asomada.datos))


def _tiene_prisa(datos: Raw) -> bool:
    try:
        prisa = _leer_prisa.decode(datos)
    except (ValueError, RecursionError):
        return False
    return prisa.nna == _SI or prisa.urgencia == _INMEDIATA


def en_turno(tanda: Tanda, recibidas: Sequence[Recibida]) -> list[Recibida]:
    """Las mismas, cada una con la ronda que le toca en su turno."""
    rondas = mirar(tanda.conexion, {r.turno for r in recibidas}, tanda.ahora)
    return [puesta(r, r.turno, rondas) for r in recibidas]


def puesta(recibida: Recibida, turno: Turno, rondas: Rondas) -> Recibida:
    """La misma, en ese turno y con la ronda que le toca."""
    return recibida._replace(institucion=turno.institucion, urgente=turno.urgente, ronda=rondas.dar(turno))


@dataclass
class Porteria:
    """La de un servicio. ``transporte``: el del bucle que recibe."""

    almacen: Almacen
    transporte: Transporte
    servicio: Servicio
    notaria: Notaria
    ajustes: Ajustes
    nombres: Nombres
    _vistas: dict[str, bool] = field(default_factory=dict)
    _mirado: float = float("-inf")

    def hay_quien_no_lee(self, llegadas: Sequence[Recibida]) -> bool:
        """Si alguna es de quien ya tiene tantos acuses por salir que hay que mirar su cupo.

        Se mira como mucho cada `VIGENCIA`: lo que se cuele entretanto es poco al lado de un cupo.
        """
        ahora = self.almacen.reloj.monotono()
        if ahora - self._mirado >= VIGENCIA:
            self._vistas, self._mirado = {}, ahora
        quienes = {r.institucion for r in llegadas} - {DE_NADIE.institucion}
        if nuevas := quienes - self._vistas.keys():
            with leyendo(self.almacen.motor) as conexion:
                no_leen = sin_leer(conexion, nuevas, max(1, self.ajustes.cupo // 10))
            self._vistas.update({quien: quien in no_leen for quien in nuevas})
        return any(self._vistas[quien] for quien in quienes)

    def asomarse(self, llegadas: Sequence[Recibida], ahora: datetime) -> Rondas:
        """Cómo van los turnos de las que llegan. Recorre lo que espera en ellos: una vez por lote recibido."""
        with leyendo(self.almacen.motor) as conexion:
            return mirar(conexion, {DE_NADIE, *(r.turno for r in llegadas)}, ahora)

    def primeras(
        self, llegadas: Sequence[Recibida], rondas: Rondas, en_espera: Collection[Turno]
    ) -> tuple[list[Recibida], list[Recibida]]:
        """Las que no tienen detrás de quién esperar, una por turno y como mucho un trago corto, y las demás.

        Lo que no se sabe de quién es no adelanta, ni lo de quien tiene algo sin guardar (``en_espera``).
        """
        turnos = {r.turno for r in llegadas} - {DE_NADIE, *en_espera}
        libres = {t for t in turnos if not rondas.esperan.get(t) and rondas.pendientes(t) < self._cupo(t)}
        primeras: list[Recibida] = []
        detras: list[Recibida] = []
        for recibida in llegadas:
            if recibida.turno in libres and len(primeras) < self.ajustes.lote_apretado:
                libres.discard(recibida.turno)
                primeras.append(recibida)
            else:
                detras.append(recibida)
        return primeras, detras

    def admitir(self, llegadas: Sequence[Recibida], ahora: datetime, rondas: Rondas | None = None) -> list[Recibida]:
        """Las que caben, con su turno y su ronda, en su orden; a las demás se les contesta que no. Errores: el bus."""
        pedidos = [r.turno for r in llegadas]
        rondas = rondas or self.asomarse(llegadas, ahora)
        admitidas: list[Recibida] = []
        sobran: list[Recibida] = []
        with self.almacen.consulta() if self._hay_que_comprobar(rondas, pedidos) else nullcontext() as tanda:
            for recibida, pedido in zip(llegadas, pedidos, strict=True):
                turno = self._cierto(tanda, rondas, recibida, pedido)
                if rondas.pendientes(turno) < self._cupo(turno):
                    admitidas.append(puesta(recibida, turno, rondas))
                else:
                    sobran.append(recibida._replace(institucion=turno.institucion))
        if sobran:
            self._rehusar(sobran, ahora)
        return admitidas

    def _cupo(self, turno: Turno) -> int:
        return self.ajustes.cupo if turno.institucion else self.ajustes.cupo_de_nadie

    @staticmethod
    def _hay_que_comprobar(rondas: Rondas, pedidos: Sequence[Turno]) -> bool:
        """Si con lo que llega algún turno puede pasar de lo que cabe sin comprobar."""
        return any(rondas.pendientes(t) + cuantas > SIN_COMPROBAR for t, cuantas in Counter(pedidos).items())

    def _cierto(self, tanda: Tanda | None, rondas: Rondas, recibida: Recibida, turno: Turno) -> Turno:
        """El turno que dice, si es suyo o aún no hay que mirarlo; si no, el de nadie."""
        if tanda is None or recibida.usuario is not None or rondas.pendientes(turno) < SIN_COMPROBAR:
            return turno
        try:
            clave = publica_de_texto(self.servicio.clave_de(tanda, turno.institucion))
            verificar(recibida.firma, recibida.cuerpo, clave, self.servicio.nombre, recibida.recibido)
        except (Rechazo, FirmaInvalida):
            return DE_NADIE
        return turno

    def _rehusar(self, sobran: Sequence[Recibida], ahora: datetime) -> None:
        campo, que_hacer = ARREGLOS[CUPO]
        mensajes = []
        for recibida in sobran:
            if recibida.institucion:
                huella = sha256(recibida.cuerpo).hexdigest()
                # Sin id, como todo lo que no se llegó a mirar: no es la respuesta a esa solicitud.
                acuse = self.notaria.rechazada(huella, recibida.institucion, "", CUPO, campo, que_hacer, ahora)
                identificador = str(self.almacen.azar.uuid7(ahora))
                mensajes.append(
                    Mensaje(
                        self.nombres.acuses, recibida.institucion, "acuse", acuse.cuerpo, identificador,
                        {"firma": acuse.firma},
                    )
                )  # fmt: skip
        llegaron = sum(self.transporte.publicar(mensajes)) if mensajes else 0
        registro.warning(
            "rehusadas-por-cupo", servicio=self.servicio.nombre, lote=len(sobran), fallos=len(mensajes) - llegaron
        )


__all__ = ["SIN_COMPROBAR", "Porteria", "en_su_turno", "en_turno"]
