"""Atender solicitudes: se guardan antes de confirmarlas al bus, se responden todas y ninguna detiene a las demás.

Se atienden por lotes en una transacción; si el lote falla, se repite de una en una para que solo falle la culpable.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import structlog

from contratos.acuse import Resultado
from contratos.solicitud import MAXIMO_BYTES
from eventos.rechazo import Rechazo, TodaviaNo
from eventos.sobre import Anotado
from infra.almacen.almacen import Almacen
from infra.almacen.motor import base_caida, leyendo
from infra.almacen.tanda import Tanda
from infra.mensajeria import bandeja, repuestas
from infra.mensajeria.acuses import Notaria
from infra.mensajeria.afluencia import Afluencia
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.bandeja import Recibida
from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.examen import Examinada, SolicitudInvalida, abrir, comprobar_firma, leer
from infra.mensajeria.labor import Labor
from infra.mensajeria.puertos import Remitente, Servicio
from infra.mensajeria.recepcion import Recepcion
from infra.mensajeria.respuestas import Respuestas
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Entrega, Transporte
from infra.observabilidad.medidas import Medidas
from infra.seguridad.firma import publica_de_texto
from infra.seguridad.llavero import ClaveDestruida

registro = structlog.get_logger(__name__)

_ERROR_INTERNO = SolicitudInvalida("error-interno")
_SIN_CLAVE = SolicitudInvalida("clave-destruida")


class MedioHecho(Exception):
    """Un caso de uso se negó después de haber anotado hechos: es un defecto suyo, y no se aplica a medias."""


@dataclass
class Solicitudes:
    """Los pasos que atienden la cola de solicitudes de un servicio."""

    almacen: Almacen
    transporte: Transporte
    servicio: Servicio
    ajustes: Ajustes = field(default_factory=Ajustes)
    nombres: Nombres = field(default_factory=Nombres)
    medidas: Medidas | None = None
    _repuestas: bool | None = None

    def __post_init__(self) -> None:
        self.afluencia = Afluencia(self.almacen.reloj)
        cola = self.nombres.solicitudes_de(self.servicio.nombre)
        self._recepcion = Recepcion(self.almacen, self.transporte, cola, self.ajustes.lote_recepcion)
        self._notaria = Notaria(self.servicio.nombre, self.almacen.origen, self.almacen.claves)

    def recibir(self, espera: float = 0.0) -> bool:
        """Pasa mensajes de la cola a la bandeja y solo entonces los confirma. Dice si hubo (espera en segundos)."""
        return self._recepcion.tomar(self._guardar, espera)

    def atender(self) -> Labor:
        """Atiende un lote de la bandeja."""
        ahora = self.almacen.reloj.ahora()
        tope = ahora + self.ajustes.aplazamiento_maximo
        with leyendo(self.almacen.motor) as conexion:
            numeros = bandeja.por_atender(conexion, ahora, tope, self.ajustes.lote_solicitudes)
        labor = Labor.de(len(numeros), self.ajustes.lote_solicitudes)
        if len(numeros) <= 1:
            for numero in numeros:
                self._atender_sola(numero)
            return labor
        try:
            self._atender_juntas(numeros)
        except Exception as error:
            if base_caida(error):
                raise
            # Lo que sea: se repite de una en una y solo la culpable queda pendiente.
            for numero in numeros:
                self._atender_sola(numero)
        return labor

    def proximo(self) -> datetime | None:
        """Cuándo toca volver a mirar una solicitud que espera (UTC)."""
        with leyendo(self.almacen.motor) as conexion:
            return bandeja.proximo(conexion)

    def _guardar(self, entregas: Sequence[Entrega]) -> Sequence[Entrega]:
        ahora = self.almacen.reloj.ahora()
        todas = [bandeja.recibida(e, self.nombres, ahora) for e in entregas]
        caben = [r for r in todas if len(r.cuerpo) <= MAXIMO_BYTES]
        if len(caben) == len(todas):
            with self.almacen.motor.begin() as conexion:
                bandeja.guardar(conexion, caben)
            return entregas
        with self.almacen.tanda() as tanda:
            bandeja.guardar(tanda.conexion, caben)
            respuestas = self._respuestas(tanda)
            for enorme in (r for r in todas if len(r.cuerpo) > MAXIMO_BYTES):
                try:
                    leer(enorme.cuerpo)
                except SolicitudInvalida as invalida:
                    respuestas.devolver(enorme, invalida)
        self._contar(respuestas)
        return entregas

    def _atender_juntas(self, numeros: Sequence[int]) -> None:
        with self.almacen.tanda() as tanda:
            # Otra réplica pudo atenderlas mientras esperábamos el turno: se leen ya con él.
            recibidas = bandeja.leer(tanda.conexion, numeros)
            leidas = {r.numero: _leer(r) for r in recibidas}
            respuestas = self._respuestas(tanda)
            legibles = [e for e in leidas.values() if isinstance(e, Examinada)]
            respuestas.buscar_previas({e.clave for e in legibles})
            tanda.sugerir({e.ruta for e in legibles if e.ruta is not None})
            esperan = []
            for recibida in recibidas:
                try:
                    self._atender_una(tanda, respuestas, recibida, leidas[recibida.numero])
                except _Espera as espera:
                    esperan.append((recibida, espera.hasta))
            respuestas.volcar()
            en_espera = {r.numero for r, _ in esperan}
            bandeja.quitar(tanda.conexion, [r.numero for r in recibidas if r.numero not in en_espera])
            bandeja.aplazar(tanda.conexion, esperan)
        self._contar(respuestas)

    def _atender_sola(self, numero: int) -> None:
        try:
            self._atender_juntas([numero])
        except ClaveDestruida:
            self._dar_por_fallida(numero, _SIN_CLAVE)
        except Exception as error:
            if base_caida(error):
                raise
            clase = type(error).__name__
            registro.error("solicitud-con-fallo", servicio=self.servicio.nombre, clase=clase, lugar=lugar(error))
            self._anotar_fallo(numero)

    def _anotar_fallo(self, numero: int) -> None:
        with self.almacen.tanda() as tanda:
            for recibida in bandeja.leer(tanda.conexion, [numero]):
                van = recibida._replace(fallos=recibida.fallos + 1)
                if van.fallos < self.ajustes.intentos:
                    bandeja.aplazar(tanda.conexion, [(van, tanda.ahora + self.ajustes.retroceso(van.fallos))])
                    return
        self._dar_por_fallida(numero, _ERROR_INTERNO)

    def _dar_por_fallida(self, numero: int, motivo: SolicitudInvalida) -> None:
        """La responde con una negativa. Si ni siquiera se puede saber quién la firmó, se devuelve."""
        firmada = self._firmada(numero)
        with self.almacen.tanda() as tanda:
            respuestas = self._respuestas(tanda)
            for recibida in bandeja.leer(tanda.conexion, [numero]):
                if firmada is None:
                    respuestas.devolver(recibida, motivo)
                else:
                    respuestas.negar(recibida, firmada, motivo)
                respuestas.volcar()
                bandeja.quitar(tanda.conexion, [numero])
        self._contar(respuestas)

    def _firmada(self, numero: int) -> Examinada | None:
        """La solicitud, si se puede comprobar quién la firmó. En otra transacción: la que falló puede estar rota."""
        try:
            with self.almacen.consulta() as tanda:
                for recibida in bandeja.leer(tanda.conexion, [numero]):
                    examinada = leer(recibida.cuerpo)
                    self._autenticar(tanda, recibida, examinada)
                    return examinada
        except Exception as error:
            if base_caida(error):
                raise
        return None

    def _atender_una(
        self, tanda: Tanda, respuestas: Respuestas, recibida: Recibida, leida: Examinada | SolicitudInvalida
    ) -> None:
        if isinstance(leida, SolicitudInvalida):
            respuestas.devolver(recibida, leida)
            return
        if respuestas.repetida_tal_cual(recibida, leida):
            return
        try:
            self._autenticar(tanda, recibida, leida)
        except _NoEsSuya as ajena:
            respuestas.devolver(recibida, ajena.motivo, leida.solicitud.institucion)
            return
        except Rechazo as rechazo:
            self._esperar_si_cabe(tanda, recibida, rechazo)
            respuestas.devolver(recibida, _como_invalida(rechazo))
            return
        if respuestas.ya_respondida(recibida, leida) or self._ya_constaba(tanda, respuestas, recibida, leida):
            return
        antes = tanda.en_mano
        try:
            anotados = self._decidir(tanda, leida)
        except (Rechazo, SolicitudInvalida) as negativa:
            if tanda.en_mano != antes:
                raise MedioHecho from None
            if isinstance(negativa, Rechazo):
                self._esperar_si_cabe(tanda, recibida, negativa)
                negativa = _como_invalida(negativa)
            respuestas.negar(recibida, leida, negativa)
        else:
            respuestas.aceptar(recibida, leida, anotados)

    def _ya_constaba(self, tanda: Tanda, respuestas: Respuestas, recibida: Recibida, leida: Examinada) -> bool:
        """Si ya causó hechos que este origen recuperó. Que los haya se mira una vez: se recupera con él parado."""
        if self._repuestas is None:
            self._repuestas = repuestas.hay(tanda)
        return self._repuestas and respuestas.ya_constaba(recibida, leida)

    def _decidir(self, tanda: Tanda, examinada: Examinada) -> Sequence[Anotado]:
        peticion = abrir(examinada, self.servicio.nombre, self.almacen.claves, tanda.ahora)
        quien = examinada.solicitud
        remitente = Remitente(
            institucion=quien.institucion,
            agente=quien.agente,
            ocurrido=quien.ocurrido.astimezone(UTC),
            huella=examinada.huella,
        )
        return self.servicio.atender(tanda, peticion, remitente)

    def _autenticar(self, tanda: Tanda, recibida: Recibida, examinada: Examinada) -> None:
        """Comprueba quién la firmó. Errores: `Rechazo` si no está en el directorio; `_NoEsSuya` si no la firmó ella."""
        clave = publica_de_texto(self.servicio.clave_de(tanda, examinada.solicitud.institucion))
        try:
            comprobar_firma(
                examinada, recibida.cuerpo, recibida.firma, clave, self.servicio.nombre, recibida.recibido,
                recibida.usuario,
            )  # fmt: skip
        except SolicitudInvalida as motivo:
            raise _NoEsSuya(motivo) from None

    def _esperar_si_cabe(self, tanda: Tanda, recibida: Recibida, rechazo: Rechazo) -> None:
        """Entre orígenes no hay orden: lo que falta puede estar en camino. Se espera un poco antes de decir que no."""
        transcurrido = tanda.ahora - recibida.recibido
        # Recibida «después» de ahora: el reloj se atrasó, y no se sabe cuánto lleva.
        if isinstance(rechazo, TodaviaNo) and timedelta(0) <= transcurrido < self.ajustes.paciencia:
            raise _Espera(tanda.ahora + self.ajustes.mirada(transcurrido))

    def _respuestas(self, tanda: Tanda) -> Respuestas:
        return Respuestas(tanda, self._notaria, self.almacen.llavero)

    def _contar(self, respuestas: Respuestas) -> None:
        """Con la tanda ya confirmada: lo que se revirtió no se respondió."""
        ahora = self.almacen.reloj.ahora()
        for dada in respuestas.dadas:
            if self.medidas is not None:
                self.medidas.respondida(dada.resultado, (ahora - dada.recibido).total_seconds())
            if dada.institucion is not None:
                negada = dada.resultado in {Resultado.RECHAZADA.value, "devuelta"}
                self.afluencia.anotar(dada.institucion, negada=negada)


@dataclass
class _Espera(Exception):
    """La solicitud se vuelve a mirar en ese instante (UTC)."""

    hasta: datetime


@dataclass
class _NoEsSuya(Exception):
    """La firma no es de la institución que dice pedir."""

    motivo: SolicitudInvalida


def _leer(recibida: Recibida) -> Examinada | SolicitudInvalida:
    try:
        return leer(recibida.cuerpo)
    except SolicitudInvalida as invalida:
        return invalida


def _como_invalida(rechazo: Rechazo) -> SolicitudInvalida:
    return SolicitudInvalida(rechazo.codigo, rechazo.campo, rechazo.que_hacer)
