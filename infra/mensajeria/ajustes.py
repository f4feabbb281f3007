"""Medidas de la mensajería que un operador puede querer cambiar. Tiempos con `timedelta`; lotes en mensajes."""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec import Struct, structs


class Ajustes(Struct, frozen=True, kw_only=True):
    """Valores por defecto razonados; el lote es la palanca (hallazgos.md)."""

    lote_recepcion: int = 200
    lote_solicitudes: int = 50
    #: Lote de solicitudes mientras llegan más de las que caben en una tanda: recibir va antes, y atender, a tragos
    #: cortos, para que quien pide una no espere a un lote entero de quien pide miles.
    lote_apretado: int = 10
    #: Y de la que hace cola ella sola, si entretanto otra pide una tras otra: lo que cae entre dos suyas la retrasa.
    lote_entre_dos: int = 4
    #: Rondas de un trago mientras piden varias: una o dos solicitudes de cada una, y las miles de quien inunda esperan.
    rondas: int = 2
    #: Si lo que no cabe en una tanda hace cola, por turnos entre instituciones, en vez de atenderse por llegada. Sin
    #: turnos cuesta menos y quien inunda retrasa a las demás: solo donde pide una sola.
    turnos: bool = True
    #: Solicitudes de una institución que esperan como mucho (y otras tantas urgentes), y las que no se sabe de quién.
    cupo: int = 10_000
    cupo_de_nadie: int = 1_000
    lote_entrada: int = 200
    lote_relevo: int = 500
    lote_reparacion: int = 500
    lote_plazos: int = 50
    #: Cuánto espera una solicitud a que llegue lo que otro servicio contó antes de rechazarse, y cada cuánto se mira.
    paciencia: timedelta = timedelta(seconds=5)
    mirada_minima: timedelta = timedelta(milliseconds=50)
    mirada_maxima: timedelta = timedelta(seconds=1)
    #: Intentos antes de apartar un hecho o dar por fallida una solicitud.
    intentos: int = 5
    retroceso_inicial: timedelta = timedelta(milliseconds=200)
    retroceso_maximo: timedelta = timedelta(seconds=30)
    #: Cuánto se tolera un hueco antes de pedirlo otra vez a su origen.
    paciencia_hueco: timedelta = timedelta(seconds=2)
    arriendo: timedelta = timedelta(seconds=10)
    latido: timedelta = timedelta(seconds=15)
    #: Edad de un aviso urgente sin entregar a partir de la cual se alarma.
    alarma_urgente: timedelta = timedelta(seconds=30)
    #: Retraso al aplicar lo recibido o al atender un plazo a partir del cual se alarma: los reintentos caben dentro.
    alarma_atraso: timedelta = timedelta(minutes=2)
    #: Cuánto vale el «sigo aquí» de un proceso; lo renueva a un tercio.
    presencia: timedelta = timedelta(seconds=30)

    @property
    def aplazamiento_maximo(self) -> timedelta:
        """Lo más lejos que se cita algo a medias."""
        return max(self.retroceso_maximo, self.mirada_minima, self.mirada_maxima)

    def toca(self, cita: datetime, ahora: datetime) -> bool:
        """Si llegó la hora de algo aplazado, o su cita está más lejos de lo que se cita nunca: se atrasó el reloj.

        La hora de una máquina salta: adelantada seis días y puesta en su sitio, lo citado entretanto esperaría seis.
        """
        return cita <= ahora or cita > ahora + self.aplazamiento_maximo

    def retroceso(self, intentos: int) -> timedelta:
        """Espera antes del siguiente intento: se dobla hasta el máximo."""
        doblado: timedelta = self.retroceso_inicial * float(2 ** min(intentos - 1, 20))
        return min(doblado, self.retroceso_maximo)

    def mirada(self, transcurrido: timedelta) -> timedelta:
        """Espera antes de volver a mirar una solicitud que aguarda: tanto como ya esperó, entre sus límites."""
        return max(self.mirada_minima, min(transcurrido, self.mirada_maxima))

    def por(self, factor: float) -> Ajustes:
        """Los mismos tiempos con un reloj acelerado ``factor`` veces: las esperas siguen durando lo mismo de verdad."""
        tiempos = {c: v * factor for c, v in structs.asdict(self).items() if isinstance(v, timedelta)}
        return structs.replace(self, **tiempos)
