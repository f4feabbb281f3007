"""Publicar por AMQP con certeza: confirmaciones en ventana y mensajes devueltos.

py-amqp confirma de uno en uno (unos 600 mensajes/s en colas de quórum); aquí se publica sin esperar y se cuentan los
`basic.ack`, `basic.nack` y `basic.return`. Un mensaje sin ruta se devuelve y, además, se confirma: manda la devolución.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import amqp
import structlog

from infra.mensajeria.transportes.base import Mensaje, TopologiaAusente, TopologiaIncompatible, TransporteCaido
from infra.mensajeria.transportes.enlace import Enlace

_registro = structlog.get_logger(__name__)

PERSISTENTE = 2
OBLIGATORIO = True  # mandatory: lo que nadie recibe vuelve
TIPO_EVENTO = "application/cloudevents+json"
TIPO_OTRO = "application/octet-stream"
GRACIA = 5.0
"""Segundos que se espera al resto de un lote desde la última respuesta.

Si otros de su intercambio se confirmaron, el broker está bien y la que calla es una cola: esperarla más haría esperar a
todos, y dar por no confirmado lo que lo estuvo solo repite. De un intercambio del que no se sabe nada se espera toda la
paciencia: un acuse se confirma en milisegundos, y un hecho espera a la más lenta de las colas que lo siguen.
"""


class _Lote:
    """Lo publicado en una llamada y qué se sabe de cada mensaje."""

    def __init__(self, mensajes: Sequence[Mensaje]) -> None:
        self.mensajes = mensajes
        self.en_vuelo: dict[int, int] = {}  # etiqueta de publicación -> índice, en orden
        self.confirmados = [False] * len(mensajes)
        self.respuestas = 0
        self._pendientes = Counter(m.intercambio for m in mensajes)
        self._oidos: set[str] = set()
        self._devueltos: set[int] = set()
        self._indices: defaultdict[tuple[str, str, str], list[int]] = defaultdict(list)

    def emitir(self, etiqueta: int, indice: int) -> None:
        m = self.mensajes[indice]
        self.en_vuelo[etiqueta] = indice
        self._indices[m.id, m.intercambio, m.clave].append(indice)

    def responder(self, etiqueta: int, *, multiple: bool, confirmado: bool) -> None:
        if multiple:
            respondidas = []
            for pendiente in self.en_vuelo:
                if pendiente > etiqueta:
                    break
                respondidas.append(pendiente)
        else:
            respondidas = [etiqueta]
        for respondida in respondidas:
            indice = self.en_vuelo.pop(respondida, None)
            if indice is not None:
                self.confirmados[indice] = confirmado
                self.respuestas += 1
                intercambio = self.mensajes[indice].intercambio
                self._pendientes[intercambio] -= 1
                self._oidos.add(intercambio)

    @property
    def todos_oidos(self) -> bool:
        """Si de cada intercambio con mensajes por confirmar se confirmó ya alguno."""
        return all(quien in self._oidos for quien, cuantos in self._pendientes.items() if cuantos)

    def devolver(self, devuelto: str, intercambio: str, clave: str) -> None:
        # Dos copias del mismo id al mismo sitio corren la misma suerte.
        self._devueltos.update(self._indices[devuelto, intercambio, clave])

    def resultado(self) -> list[bool]:
        return [confirmado and i not in self._devueltos for i, confirmado in enumerate(self.confirmados)]


class Publicador:
    """Un canal de confirmaciones sobre un enlace. `ventana`: mensajes sin confirmar a la vez; `paciencia`: segundos."""

    def __init__(self, enlace: Enlace, *, ventana: int, paciencia: float, reloj: Callable[[], float]) -> None:
        self._enlace = enlace
        self._ventana = ventana
        self._paciencia = paciencia
        self._reloj = reloj
        self._canal: Any = None
        self._generacion = 0
        self._emitidos = 0
        self._lote = _Lote(())

    def publicar(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        """Véase `Transporte.publicar`."""
        if not mensajes:
            return []
        conexion = self._enlace.conexion()
        with self._enlace.vigilado():
            try:
                canal = self._canal_abierto(conexion)
                self._lote = lote = _Lote(mensajes)
                emitidos = 0
                while emitidos < len(mensajes):
                    tramo = mensajes[emitidos : emitidos + self._ventana - len(lote.en_vuelo)]
                    with self._enlace.juntando():
                        for indice, mensaje in enumerate(tramo, start=emitidos):
                            self._emitir(canal, indice, mensaje)
                    emitidos += len(tramo)
                    # Se vacía media ventana de una vez: esperar de uno en uno alternaría escribir y leer.
                    if not self._esperar(self._ventana // 2 if emitidos < len(mensajes) else 0):
                        break
                return lote.resultado()
            except amqp.exceptions.ChannelError as error:
                self._olvidar_canal()
                if isinstance(error, amqp.exceptions.NotFound):
                    raise TopologiaAusente(f"{error.reply_text}: declara la topología") from None
                raise TopologiaIncompatible(f"el broker no admite la publicación: {error.reply_text}") from None

    def _emitir(self, canal: Any, indice: int, mensaje: Mensaje) -> None:
        self._emitidos += 1
        self._lote.emitir(self._emitidos, indice)
        # No basic_publish: lee el socket antes de cada mensaje, y aquí se lee al esperar.
        canal.send_method(
            amqp.spec.Basic.Publish,
            "Bssbb",
            (0, mensaje.intercambio, mensaje.clave, OBLIGATORIO, False),
            self._cuerpo(mensaje),
        )

    def _esperar(self, en_vuelo: int) -> bool:
        """Hasta que queden esos sin respuesta. Falso si una cola calla: lo suyo, y lo no emitido, no consta confirmado.

        Errores: `TransporteCaido` si no responde nada, que entonces el que calla es el broker.
        """
        limite, oidas = self._reloj() + self._paciencia, self._lote.respuestas
        while len(self._lote.en_vuelo) > en_vuelo:
            falta = limite - self._reloj()
            if falta <= 0 or not self._enlace.leer(falta):
                if not self._lote.respuestas:
                    self._enlace.soltar()
                    raise TransporteCaido("el broker no confirma lo publicado")
                callan = {
                    (m.intercambio, m.clave) for m in map(self._lote.mensajes.__getitem__, self._lote.en_vuelo.values())
                }
                _registro.error("cola-que-no-confirma", destinos=sorted(callan), mensajes=len(self._lote.en_vuelo))
                self._olvidar_canal()  # lo que confirme tarde no es de ningún lote
                return False
            if self._lote.respuestas > oidas:
                oidas = self._lote.respuestas
                limite = self._reloj() + min(GRACIA if self._lote.todos_oidos else self._paciencia, self._paciencia)
        return True

    def _cuerpo(self, mensaje: Mensaje) -> Any:
        propiedades: dict[str, Any] = {
            "content_type": TIPO_EVENTO if mensaje.tipo.startswith("senda.") else TIPO_OTRO,
            "delivery_mode": PERSISTENTE,
            "message_id": mensaje.id,
            "type": mensaje.tipo,
            "user_id": self._enlace.usuario,
            "application_headers": dict(mensaje.cabeceras),
        }
        if mensaje.responder_a is not None:
            propiedades["reply_to"] = mensaje.responder_a
        return amqp.Message(mensaje.cuerpo, **propiedades)

    def _canal_abierto(self, conexion: Any) -> Any:
        if self._canal is None or self._generacion != self._enlace.generacion:
            self._canal = conexion.channel()
            self._generacion = self._enlace.generacion
            self._emitidos = 0
            self._canal.confirm_select()
            self._canal.events["basic_ack"].add(self._al_confirmar)
            self._canal.events["basic_nack"].add(self._al_negar)
            self._canal.events["basic_return"].add(self._al_devolver)
        return self._canal

    def _olvidar_canal(self) -> None:
        canal, self._canal = self._canal, None
        if canal is not None:
            canal.close()

    def _al_confirmar(self, etiqueta: int, multiple: bool) -> None:  # noqa: FBT001 - firma de py-amqp
        self._lote.responder(etiqueta, multiple=multiple, confirmado=True)

    def _al_negar(self, etiqueta: int, multiple: bool) -> None:  # noqa: FBT001 - ídem
        self._lote.responder(etiqueta, multiple=multiple, confirmado=False)

    def _al_devolver(self, _error: Any, intercambio: str, clave: str, devuelto: Any) -> None:
        self._lote.devolver(devuelto.properties.get("message_id", ""), intercambio, clave)
