"""Atender solicitudes: se guardan antes de confirmarlas al bus, se responden todas y ninguna detiene a las demás.

Se atienden por lotes en una transacción; si el lote falla, se repite de una en una para que solo falle la culpable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
import structlog
from sqlalchemy import Row
from sqlalchemy.exc import OperationalError

from contratos.acuse import Resultado
from eventos.rechazo import Rechazo, TodaviaNo
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import bandeja, devueltas, solicitudes
from infra.almacen.motor import leyendo
from infra.almacen.tanda import Tanda
from infra.mensajeria.acuses import AcuseFirmado, Notaria
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.examen import Examinada, SolicitudInvalida, abrir, comprobar_firma, leer
from infra.mensajeria.puertos import Remitente, Servicio
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Transporte
from infra.seguridad.firma import publica_de_texto

registro = structlog.get_logger(__name__)


@dataclass
class Solicitudes:
    """Los pasos que atienden la cola de solicitudes de un servicio."""

    almacen: Almacen
    transporte: Transporte
    servicio: Servicio
    ajustes: Ajustes = field(default_factory=Ajustes)
    nombres: Nombres = field(default_factory=Nombres)

    def __post_init__(self) -> None:
        self._cola = self.nombres.solicitudes_de(self.servicio.nombre)
        self._notaria = Notaria(self.servicio.nombre, self.almacen.origen, self.almacen.claves)

    def recibir(self, espera: float = 0.0) -> bool:
        """Pasa mensajes de la cola a la bandeja y solo entonces los confirma. Dice si recibió algo."""
        entregas = self.transporte.recibir(self._cola, self.ajustes.lote_recepcion, espera)
        if not entregas:
            return False
        ahora = self.almacen.reloj.ahora()
        filas = [
            {
                "cuerpo": e.mensaje.cuerpo,
                "firma": str(e.mensaje.cabeceras.get("firma", "")),
                "usuario": e.usuario,
                "responder_a": e.responder_a,
                "recibido": ahora,
                "proximo": ahora,
                "fallos": 0,
            }
            for e in entregas
        ]
        with self.almacen.motor.begin() as conexion:
            conexion.execute(sa.insert(bandeja), filas)
        self.transporte.confirmar(entregas)
        return True

    def atender(self) -> bool:
        """Atiende un lote de la bandeja. Dice si hizo algo."""
        numeros = self._por_atender()
        if not numeros:
            return False
        try:
            self._atender_juntas(numeros)
        except OperationalError:
            raise
        except Exception:  # noqa: BLE001  lo que sea: se repite de una en una y solo la culpable queda pendiente
            for numero in numeros:
                self._atender_sola(numero)
        return True

    def proximo(self) -> datetime | None:
        """Cuándo toca volver a mirar una solicitud que espera (UTC)."""
        with leyendo(self.almacen.motor) as conexion:
            proximo: datetime | None = conexion.scalar(sa.select(sa.func.min(bandeja.c.proximo)))
        return proximo

    def _por_atender(self) -> list[int]:
        consulta = (
            sa.select(bandeja.c.numero)
            .where(bandeja.c.proximo <= self.almacen.reloj.ahora())
            .order_by(bandeja.c.numero)
            .limit(self.ajustes.lote_solicitudes)
        )
        with leyendo(self.almacen.motor) as conexion:
            return list(conexion.scalars(consulta))

    def _atender_juntas(self, numeros: Sequence[int]) -> None:
        with self.almacen.tanda() as tanda:
            # Otra réplica pudo atenderlas mientras esperábamos el turno: se leen ya con él.
            filas = tanda.conexion.execute(
                sa.select(bandeja).where(bandeja.c.numero.in_(numeros)).order_by(bandeja.c.numero)
            ).all()
            hechas = [fila.numero for fila in filas if self._atender_una(tanda, fila)]
            if hechas:
                tanda.conexion.execute(sa.delete(bandeja).where(bandeja.c.numero.in_(hechas)))

    def _atender_sola(self, numero: int) -> None:
        try:
            self._atender_juntas([numero])
        except OperationalError:
            raise
        except Exception as error:
            registro.exception("solicitud-con-fallo", servicio=self.servicio.nombre, clase=type(error).__name__)
            self._anotar_fallo(numero)

    def _anotar_fallo(self, numero: int) -> None:
        with self.almacen.tanda() as tanda:
            fila = tanda.conexion.execute(sa.select(bandeja).where(bandeja.c.numero == numero)).one_or_none()
            if fila is None:
                return
            if fila.fallos + 1 < self.ajustes.intentos:
                espera = self.ajustes.retroceso(fila.fallos + 1)
                tanda.conexion.execute(
                    sa.update(bandeja)
                    .where(bandeja.c.numero == numero)
                    .values(fallos=fila.fallos + 1, proximo=tanda.ahora + espera)
                )
                return
            invalida = SolicitudInvalida(
                "error-interno",
                "",
                "El servicio falló al atenderla y no aplicó nada; avisa al operador y pídela con otro id.",
            )
            self._rechazar(tanda, fila, invalida)
            tanda.conexion.execute(sa.delete(bandeja).where(bandeja.c.numero == numero))

    def _atender_una(self, tanda: Tanda, fila: Row[Any]) -> bool:
        """Atiende una fila dentro de la tanda. Falso si ha de esperar a que llegue lo que otro servicio contó."""
        try:
            examinada = leer(fila.cuerpo)
            self._autenticar(tanda, examinada, fila)
        except SolicitudInvalida as invalida:
            self._rechazar(tanda, fila, invalida)
            return True
        except TodaviaNo as todavia:
            return self._esperar(tanda, fila, todavia)
        except Rechazo as rechazo:
            self._rechazar(tanda, fila, _como_invalida(rechazo))
            return True
        if self._ya_respondida(tanda, examinada, fila):
            return True
        try:
            peticion = abrir(examinada, self.servicio.nombre, self.almacen.claves, tanda.ahora)
            remitente = Remitente(
                institucion=examinada.solicitud.institucion,
                agente=examinada.solicitud.agente,
                ocurrido=examinada.solicitud.ocurrido,
                huella=examinada.huella,
            )
            anotados = self.servicio.atender(tanda, peticion, remitente)
        except TodaviaNo as todavia:
            return self._esperar(tanda, fila, todavia, examinada)
        except Rechazo as rechazo:
            self._responder(tanda, fila, examinada, self._negativa(examinada, _como_invalida(rechazo), tanda.ahora))
        except SolicitudInvalida as invalida:
            self._responder(tanda, fila, examinada, self._negativa(examinada, invalida, tanda.ahora))
        else:
            quien = examinada.solicitud
            acuse = self._notaria.aceptada(
                examinada.huella, quien.institucion, str(quien.id), anotados, tanda.posicion(), tanda.ahora
            )
            self._responder(tanda, fila, examinada, acuse)
        return True

    def _autenticar(self, tanda: Tanda, examinada: Examinada, fila: Row[Any]) -> None:
        clave = self.servicio.clave_de(tanda, examinada.solicitud.institucion)
        comprobar_firma(
            examinada, fila.cuerpo, fila.firma, publica_de_texto(clave), self.servicio.nombre, fila.recibido, fila.usuario
        )  # fmt: skip

    def _ya_respondida(self, tanda: Tanda, examinada: Examinada, fila: Row[Any]) -> bool:
        """Idempotencia por (institución, id, huella): la repetida recibe los mismos bytes; otro cuerpo, un error propio."""
        quien = examinada.solicitud
        previa = tanda.conexion.execute(
            sa.select(solicitudes).where(
                solicitudes.c.institucion == quien.institucion, solicitudes.c.id == str(quien.id)
            )
        ).one_or_none()
        if previa is None:
            return False
        if previa.huella == examinada.huella:
            acuse = AcuseFirmado(Resultado(previa.resultado), previa.acuse, previa.firma_acuse)
        else:
            reutilizado = SolicitudInvalida(
                "id-reutilizado", "id", "Ese id ya se usó con otro cuerpo; pide con un id nuevo."
            )
            acuse = self._negativa(examinada, reutilizado, tanda.ahora)
        self._mandar(tanda, fila, quien.institucion, acuse)
        return True

    def _esperar(self, tanda: Tanda, fila: Row[Any], todavia: TodaviaNo, examinada: Examinada | None = None) -> bool:
        """Entre orígenes no hay orden: lo que falta puede estar en camino. Se espera un poco antes de decir que no."""
        transcurrido = tanda.ahora - fila.recibido
        if transcurrido < self.ajustes.paciencia:
            espera = max(timedelta(milliseconds=50), min(transcurrido, timedelta(seconds=1)))
            tanda.conexion.execute(
                sa.update(bandeja).where(bandeja.c.numero == fila.numero).values(proximo=tanda.ahora + espera)
            )
            return False
        if examinada is None:
            self._rechazar(tanda, fila, _como_invalida(todavia))
        else:
            self._responder(tanda, fila, examinada, self._negativa(examinada, _como_invalida(todavia), tanda.ahora))
        return True

    def _responder(self, tanda: Tanda, fila: Row[Any], examinada: Examinada, acuse: AcuseFirmado) -> None:
        """Guarda lo firmado con su respuesta y la deja en la salida, en la misma transacción que los hechos."""
        quien = examinada.solicitud
        tanda.conexion.execute(
            sa.insert(solicitudes).values(
                institucion=quien.institucion, id=str(quien.id), huella=examinada.huella, cuerpo=fila.cuerpo,
                firma=fila.firma, resultado=acuse.resultado.value, acuse=acuse.cuerpo, firma_acuse=acuse.firma,
                atendida=tanda.ahora,
            )
        )  # fmt: skip
        self._mandar(tanda, fila, quien.institucion, acuse)

    def _rechazar(self, tanda: Tanda, fila: Row[Any], invalida: SolicitudInvalida) -> None:
        """Rechaza lo que no se pudo atribuir a nadie: no ocupa el id de la institución que dice ser."""
        huella = sha256(fila.cuerpo).hexdigest()
        acuse = self._notaria.rechazada(
            huella, fila.usuario or "", "", invalida.codigo, invalida.campo, invalida.que_hacer, tanda.ahora
        )
        tanda.conexion.execute(sa.insert(devueltas).values(huella=huella, codigo=invalida.codigo, recibido=tanda.ahora))
        registro.warning("solicitud-devuelta", servicio=self.servicio.nombre, codigo=invalida.codigo)
        self._mandar(tanda, fila, fila.usuario, acuse)

    def _negativa(self, examinada: Examinada, invalida: SolicitudInvalida, ahora: datetime) -> AcuseFirmado:
        quien = examinada.solicitud
        return self._notaria.rechazada(
            examinada.huella,
            quien.institucion,
            str(quien.id),
            invalida.codigo,
            invalida.campo,
            invalida.que_hacer,
            ahora,
        )

    def _mandar(self, tanda: Tanda, fila: Row[Any], institucion: str | None, acuse: AcuseFirmado) -> None:
        if institucion:
            tanda.enviar(intercambio="acuses", clave=institucion, tipo="acuse", cuerpo=acuse.cuerpo, firma=acuse.firma)
        elif fila.responder_a:
            tanda.enviar(intercambio="", clave=fila.responder_a, tipo="acuse", cuerpo=acuse.cuerpo, firma=acuse.firma)


def _como_invalida(rechazo: Rechazo) -> SolicitudInvalida:
    return SolicitudInvalida(rechazo.codigo, rechazo.campo, rechazo.que_hacer)
