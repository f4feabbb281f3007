"""El caos de una semilla: qué se rompe, con qué frecuencia y en qué punto exacto.

Todo sorteo sale de la semilla. Cada una rompe unas cosas y otras no (intensidades sorteadas, a menudo cero): mezclarlo
todo siempre taparía unos fallos con otros.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import log
from random import Random
from typing import Any, Protocol, TypeVar

from infra.mensajeria.topologia import Cola, Topologia
from infra.mensajeria.transportes.base import Entrega, Mensaje, Transporte, TransporteCaido

T = TypeVar("T")


class Muerte(BaseException):
    """El proceso muere aquí (kill -9). No hereda de `Exception`: un muerto no atiende errores."""


@dataclass
class Intensidades:
    """Probabilidad de cada avería, por oportunidad."""

    perder: float = 0.0
    duplicar: float = 0.0
    retrasar: float = 0.0
    barajar: float = 0.0
    cortar: float = 0.0
    morir_en_transporte: float = 0.0
    morir_en_sentencia: float = 0.0
    morir_al_confirmar: float = 0.0
    base_ambigua: float = 0.0
    base_caida: float = 0.0
    caer: float = 0.0
    replicar: float = 0.0
    borrar_colas: float = 0.0
    borrar_una_cola: float = 0.0
    saltar_reloj: float = 0.0
    congelar: float = 0.0
    interponer: float = 0.0
    tropezar: float = 0.0
    desconocer: float = 0.0
    contradecir: float = 0.0

    @classmethod
    def de_semilla(cls, azar: Random) -> Intensidades:
        """La mitad de las averías no existe en una semilla; las demás, de raras a frecuentes. Alguna va en calma.

        Lo que una avería tapa (quien muere no llega a repetir) se ve en las semillas que no la tienen.
        """
        maximos = {
            "perder": 0.25, "duplicar": 0.25, "retrasar": 0.4, "barajar": 0.5, "cortar": 0.06,
            "morir_en_transporte": 0.012, "morir_en_sentencia": 0.0008, "morir_al_confirmar": 0.004,
            "base_ambigua": 0.005, "base_caida": 0.0008, "caer": 0.002, "replicar": 0.006,
            "borrar_colas": 0.002, "borrar_una_cola": 0.004, "saltar_reloj": 0.4, "congelar": 0.5,
            "interponer": 0.05, "tropezar": 0.04, "desconocer": 0.2, "contradecir": 0.001,
        }  # fmt: skip
        tanto = azar.choice((0.1, 1.0, 1.0))
        return cls(**{c.name: azar.choice((0.0, 0.0, 0.3, 1.0)) * tanto * maximos[c.name] for c in fields(cls)})


#: Avería -> en qué ocasiones (contadas desde 1, las de esa avería) ocurre.
Averias = Mapping[str, Sequence[int]]


def _al_azar(semilla: int, averia: str, probabilidad: float) -> Iterator[int]:
    """En qué ocasiones ocurre una avería. Cada una tiene su azar: quitar una no mueve las demás."""
    azar, ocasion = Random(f"averia-{averia}-{semilla}"), 0
    while probabilidad > 0:
        # Cuánto falta para la siguiente, de una vez: sortear cada ocasión costaba más que simularla.
        ocasion += 1 if probabilidad >= 1 else 1 + int(log(1 - azar.random()) / log(1 - probabilidad))
        yield ocasion


@dataclass
class Caos:
    """Las averías de una historia: las que la semilla sortea o, al repetir una historia escrita, esas y no otras."""

    semilla: int
    escritas: Averias | None = None
    activo: bool = True
    #: Nombre de quien corre ahora; nadie muere si no corre nadie (lo que hace la prueba misma no falla).
    corre: str = ""
    #: Lo que se hace mientras el proceso que publica está congelado (otra réplica sigue sin él).
    mientras: Callable[[], None] | None = None
    #: Las que ocurrieron: con ellas se repite la misma historia.
    ocurridas: dict[str, list[int]] = field(default_factory=dict)
    al_averiar: Callable[[str], None] | None = None
    #: El azar de la última avería: qué mensaje, cuánto tarde, quién.
    azar: Random = field(default_factory=Random)

    def __post_init__(self) -> None:
        self.intensidades = Intensidades.de_semilla(Random(f"caos-{self.semilla}"))
        self._vienen = dict(self._sorteo())
        self._proxima = {averia: next(vienen, 0) for averia, vienen in self._vienen.items()}
        self._ocasion = dict.fromkeys(self._vienen, 0)
        #: Mensajes ya confirmados a quien publicó y aún en camino: (rondas que faltan, broker, mensaje).
        self._en_camino: list[tuple[int, Transporte, Mensaje]] = []

    def _sorteo(self) -> Iterator[tuple[str, Iterator[int]]]:
        if self.escritas is not None:
            yield from ((averia, iter(sorted(cuales))) for averia, cuales in self.escritas.items() if cuales)
            return
        for campo in fields(self.intensidades):
            if probabilidad := getattr(self.intensidades, campo.name):
                yield campo.name, _al_azar(self.semilla, campo.name, probabilidad)

    @property
    def averias(self) -> dict[str, int]:
        """Cuántas veces ocurrió cada una."""
        return {averia: len(cuales) for averia, cuales in self.ocurridas.items()}

    def hay(self, averia: str) -> bool:
        """Si esa avería existe en esta historia y aún puede ocurrir."""
        return self.activo and averia in self._proxima

    def toca(self, averia: str) -> bool:
        """Si ahora se rompe eso."""
        if not self.activo or averia not in self._proxima:
            return False
        ocasion = self._ocasion[averia] = self._ocasion[averia] + 1
        if ocasion != self._proxima[averia]:
            return False
        self._proxima[averia] = next(self._vienen[averia], 0)
        self.ocurridas.setdefault(averia, []).append(ocasion)
        self.azar = Random(f"{averia}-{ocasion}-{self.semilla}")
        if self.al_averiar:
            self.al_averiar(averia)
        return True

    def quiza_morir(self, donde: str) -> None:
        """Mata a quien corre, o no."""
        if self.corre and self.toca(donde):
            raise Muerte(donde)

    def retrasar(self, salida: Transporte, mensaje: Mensaje) -> None:
        """Deja un mensaje en camino unas rondas: los que se publiquen después le adelantan."""
        self._en_camino.append((self.azar.randrange(1, 12), salida, mensaje))

    def pasa_una_ronda(self) -> None:
        """Entrega lo que ya llega. Si su cola desapareció mientras tanto, se pierde."""
        llegan = [(s, m) for faltan, s, m in self._en_camino if faltan <= 1 or not self.activo]
        self._en_camino = [(f - 1, s, m) for f, s, m in self._en_camino if f > 1 and self.activo]
        for salida, mensaje in llegan:
            salida.publicar([mensaje])

    def sin_acabar(self) -> bool:
        """Si queda algo en camino."""
        return bool(self._en_camino)


class Mirador(Protocol):
    """Quien ve lo que el bus contestó y lo que se le confirmó."""

    def publicado(self, mensajes: Sequence[Mensaje], llegaron: Sequence[bool]) -> None: ...

    def confirmado(self, entregas: Sequence[Entrega]) -> None: ...


class TransporteCaotico:
    """Un transporte que hace lo que el contrato del bus permite y nadie querría.

    Lo confirmado a quien publica puede perderse (el broker muere antes de escribirlo), llegar dos veces, tarde o en
    otro orden; la conexión se corta antes o después de surtir efecto; el proceso muere en cualquiera de esos puntos.
    """

    def __init__(self, abrir: Callable[[], Transporte], caos: Caos, camino: Transporte, mirador: Mirador) -> None:
        self._abrir = abrir
        self._dentro = abrir()
        self._caos = caos
        self._camino = camino
        self._mirador = mirador

    def preparar(self, topologia: Topologia) -> None:
        self._dentro.preparar(topologia)

    def asegurar_cola(self, cola: Cola) -> None:
        self._dentro.asegurar_cola(cola)

    def publicar(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        self._quiza_romper()
        if self._caos.activo and len(mensajes) > 1 and self._caos.toca("cortar"):
            # Se corta a mitad: un prefijo ya llegó y quien publica no lo sabe.
            self._uno_a_uno(mensajes[: self._caos.azar.randrange(1, len(mensajes))])
            self._cortar()
        llegaron = self._uno_a_uno(mensajes)
        self._mirador.publicado(mensajes, llegaron)
        if self._caos.mientras is not None and self._caos.toca("congelar"):
            self._caos.mientras()
        self._quiza_romper()
        return llegaron

    def recibir(self, cola: str, maximo: int, espera: float = 0.0) -> list[Entrega]:
        entregas = self._dentro.recibir(cola, maximo, espera)
        if entregas:
            self._quiza_romper()
            if len(entregas) > 1 and self._caos.toca("barajar"):
                self._caos.azar.shuffle(entregas)
        return entregas

    def confirmar(self, entregas: Sequence[Entrega]) -> None:
        self._quiza_romper()
        self._dentro.confirmar(entregas)
        self._mirador.confirmado(entregas)
        self._quiza_romper()

    def rechazar(self, entrega: Entrega, motivo: str) -> None:
        self._quiza_romper()
        self._dentro.rechazar(entrega, motivo)

    def pendientes(self, cola: str) -> int:
        return self._dentro.pendientes(cola)

    def existe(self, cola: str) -> bool:
        return self._dentro.existe(cola)

    def atar(self, intercambio: str, clave: str, colas: Sequence[str]) -> list[str]:
        return self._dentro.atar(intercambio, clave, colas)

    def cancelar(self, cola: str) -> None:
        self._dentro.cancelar(cola)

    def viva(self) -> bool:
        return self._dentro.viva()

    def cerrar(self) -> None:
        self._dentro.cerrar()

    def _uno_a_uno(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        if not self._caos.activo:
            return self._dentro.publicar(mensajes)
        return [self._poner(mensaje) for mensaje in mensajes]

    def _poner(self, mensaje: Mensaje) -> bool:
        if self._caos.toca("perder"):
            # Con ruta: lo que no tiene ruta se devuelve, y eso no lo cambia perder un mensaje.
            return self._hay_ruta(mensaje)
        if self._caos.toca("retrasar"):
            if self._hay_ruta(mensaje):
                self._caos.retrasar(self._camino, mensaje)
                return True
            return False
        if self._caos.toca("duplicar"):
            self._dentro.publicar([mensaje])
        return self._dentro.publicar([mensaje])[0]

    def _hay_ruta(self, mensaje: Mensaje) -> bool:
        canal: Any = self._dentro
        canal._broker.exigir_intercambio(mensaje.intercambio)
        return bool(canal._canal.destinos(mensaje.intercambio, mensaje.clave))

    def _quiza_romper(self) -> None:
        self._caos.quiza_morir("morir_en_transporte")
        if self._caos.toca("cortar"):
            self._cortar()

    def _cortar(self) -> None:
        # Lo recibido sin confirmar vuelve a su cola y lo que se confirme después se ignora, como en una conexión nueva.
        self._dentro.cerrar()
        self._dentro = self._abrir()
        raise TransporteCaido


__all__ = ["Averias", "Caos", "Intensidades", "Muerte", "TransporteCaotico"]
