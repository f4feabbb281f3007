"""Atender solicitudes dentro de una tanda: de cada una sale su respuesta, o se sabe hasta cuándo ha de esperar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from contratos.acuse import Resultado
from eventos.rechazo import Rechazo, TodaviaNo
from eventos.sobre import Anotado
from infra.almacen.almacen import Almacen
from infra.almacen.tanda import Tanda
from infra.mensajeria import repuestas
from infra.mensajeria.acuses import Notaria
from infra.mensajeria.afluencia import Afluencia
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.bandeja import Recibida
from infra.mensajeria.examen import Examinada, SolicitudInvalida, abrir, comprobar_firma, leer
from infra.mensajeria.puertos import Remitente, Servicio
from infra.mensajeria.respuestas import Respuestas
from infra.observabilidad.medidas import Medidas
from infra.seguridad.firma import publica_de_texto

#: Una solicitud que ha de esperar y cuándo se vuelve a mirar (UTC).
EnEspera = tuple[Recibida, datetime]


class MedioHecho(Exception):
    """Un caso de uso se negó después de haber anotado hechos: es un defecto suyo, y no se aplica a medias."""


@dataclass
class Atencion:
    """La de un servicio. Lo respondido se cuenta cuando su tanda confirma."""

    almacen: Almacen
    servicio: Servicio
    ajustes: Ajustes
    notaria: Notaria
    medidas: Medidas | None = None
    _repuestas: bool | None = None

    def __post_init__(self) -> None:
        self.afluencia = Afluencia(self.almacen.reloj)

    def atender(self, tanda: Tanda, recibidas: Sequence[Recibida]) -> list[EnEspera]:
        """Responde a cada una; devuelve las que han de esperar."""
        leidas = [_leer(r) for r in recibidas]
        respuestas = self._respuestas(tanda)
        legibles = [e for e in leidas if isinstance(e, Examinada)]
        respuestas.buscar_previas({e.clave for e in legibles})
        tanda.sugerir({e.ruta for e in legibles if e.ruta is not None})
        esperan = []
        for recibida, leida in zip(recibidas, leidas, strict=True):
            try:
                self._atender_una(tanda, respuestas, recibida, leida)
            except _Espera as espera:
                esperan.append((recibida, espera.hasta))
        respuestas.volcar()
        return esperan

    def dar_por_fallida(
        self, tanda: Tanda, recibida: Recibida, firmada: Examinada | None, motivo: SolicitudInvalida
    ) -> None:
        """La responde con una negativa; si no se sabe quién la firmó (``firmada`` es None), la devuelve."""
        respuestas = self._respuestas(tanda)
        if firmada is None:
            respuestas.devolver(recibida, motivo)
        else:
            respuestas.negar(recibida, firmada, motivo)
        respuestas.volcar()

    def firmada(self, tanda: Tanda, recibida: Recibida) -> Examinada:
        """La solicitud, comprobado quién la firmó. Errores: los de examinarla, y `Rechazo`."""
        examinada = leer(recibida.cuerpo)
        self._autenticar(tanda, recibida, examinada)
        return examinada

    def rehusadas(self, cuantas: int) -> None:
        """Que a tantas se les dijo que no sin mirarlas."""
        if self.medidas is not None:
            self.medidas.rehusadas(cuantas)

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
        except (_NoEsSuya, Rechazo) as porque:
            self._no_atribuida(tanda, respuestas, recibida, leida, porque)
            return
        if self._recupero(tanda) and respuestas.ya_constaba(recibida, leida):
            return
        if respuestas.ya_respondida(recibida, leida):
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

    def _no_atribuida(
        self, tanda: Tanda, respuestas: Respuestas, recibida: Recibida, leida: Examinada, porque: _NoEsSuya | Rechazo
    ) -> None:
        if self._recupero(tanda) and respuestas.recordada(recibida, leida):
            return
        if isinstance(porque, _NoEsSuya):
            respuestas.devolver(recibida, porque.motivo, leida.solicitud.institucion)
            return
        self._esperar_si_cabe(tanda, recibida, porque)
        respuestas.devolver(recibida, _como_invalida(porque))

    def _recupero(self, tanda: Tanda) -> bool:
        """Si este origen recuperó hechos alguna vez. Se mira una sola: se recupera con él parado."""
        if self._repuestas is None:
            self._repuestas = repuestas.hay(tanda)
        return self._repuestas

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
        respuestas = Respuestas(tanda, self.notaria, self.almacen.llavero)
        # Con la tanda ya confirmada: lo que se revirtió no se respondió.
        tanda.tras_confirmar.append(lambda: self._contar(respuestas))
        return respuestas

    def _contar(self, respuestas: Respuestas) -> None:
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


__all__ = ["Atencion", "EnEspera", "MedioHecho"]
