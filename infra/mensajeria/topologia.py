"""Todo lo que Senda declara en el broker, en un solo sitio.

Es un dato puro: quien lo declara es un transporte. Cambiar aquí un argumento de una cola que ya existe obliga a
borrarla (vacía) en cada despliegue; el broker se niega a redeclararla y el transporte lanza `TopologiaIncompatible`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

LIMITE_DE_ENTREGAS = 100
"""Veces que un mensaje puede volver sin confirmar antes de ir a `senda.muertos`.

Sin límite, un mensaje que tumba el proceso lo tumba para siempre. Pero cada caída, y cada pausa porque la base no
responde, suma una vuelta a todo lo que el consumidor tenía en vuelo, no solo al culpable: un límite bajo (los 20 de
fábrica de RabbitMQ 4) mandaría a muertos mensajes sanos durante un corte largo de PostgreSQL. Lo indescifrable no
espera a este límite: se rechaza en la primera entrega.
"""


class Reparto(StrEnum):
    """Cómo encamina un intercambio."""

    TEMA = "topic"
    CLAVE = "direct"
    TODOS = "fanout"


@dataclass(frozen=True, slots=True)
class Intercambio:
    """Un intercambio durable."""

    nombre: str
    reparto: Reparto


@dataclass(frozen=True, slots=True)
class Atadura:
    """Lo que llega al intercambio con esa clave (o casa con ella, si reparte por tema) va a la cola que la lleva."""

    intercambio: str
    clave: str = ""


@dataclass(frozen=True, slots=True)
class Cola:
    """Una cola de quórum durable con sus ataduras.

    `muertos` es el intercambio al que va lo rechazado y lo que agota sus entregas; vacío, no hay. `consumidor_unico`
    deja en espera a las demás réplicas: la cola conserva el orden.
    """

    nombre: str
    ataduras: tuple[Atadura, ...] = ()
    muertos: str = ""
    consumidor_unico: bool = False
    limite_de_entregas: int = LIMITE_DE_ENTREGAS

    @property
    def argumentos(self) -> dict[str, str | int | bool]:
        """Argumentos de declaración en RabbitMQ; el broker los compara si la cola ya existe."""
        argumentos: dict[str, str | int | bool] = {"x-queue-type": "quorum"}
        if self.muertos:
            argumentos |= {
                "x-dead-letter-exchange": self.muertos,
                # El paso a muertos también se confirma: con la estrategia de fábrica un reinicio del broker en ese
                # instante pierde el mensaje. Exige reject-publish, que sin longitud máxima nunca actúa.
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
                "x-delivery-limit": self.limite_de_entregas,
            }
        if self.consumidor_unico:
            argumentos["x-single-active-consumer"] = True
        return argumentos


@dataclass(frozen=True, slots=True)
class Nombres:
    """Nombres de intercambios y colas. `prefijo` se antepone a todos: aísla sistemas que comparten un broker."""

    prefijo: str = ""
    eventos: str = field(init=False)
    """Tema; clave `<origen>.<tipo>`, p. ej. `deteccion.senda.deteccion.victima-identificada.v1`."""
    latidos: str = field(init=False)
    """Tema; clave, el origen."""
    solicitudes: str = field(init=False)
    """Clave, el servicio que atiende."""
    acuses: str = field(init=False)
    """Clave, la institución que pidió."""
    buzon: str = field(init=False)
    """Clave, la institución destinataria."""
    reparaciones: str = field(init=False)
    """Clave, el origen al que se pide un tramo."""
    reenvios: str = field(init=False)
    """Tema; clave `<servicio que pidió el tramo>.<origen>`, que dice de quién es el tramo."""
    muertos: str = field(init=False)
    """Difusión a la cola de su mismo nombre; lo mira una persona (alarma)."""

    def __post_init__(self) -> None:
        for nombre in ("eventos", "latidos", "solicitudes", "acuses", "buzon", "reparaciones", "reenvios", "muertos"):
            object.__setattr__(self, nombre, f"{self.prefijo}senda.{nombre}")

    def entrada_de(self, servicio: str) -> str:
        """Cola por la que el servicio recibe todo lo de los orígenes que sigue."""
        return f"{self.prefijo}senda.entrada.{servicio}"

    def solicitudes_de(self, servicio: str) -> str:
        """Cola de solicitudes de instituciones al servicio."""
        return f"{self.solicitudes}.{servicio}"

    def reparaciones_de(self, origen: str) -> str:
        """Cola por la que se pide al origen un tramo que falta."""
        return f"{self.reparaciones}.{origen}"

    def acuses_de(self, institucion: str) -> str:
        """Cola de acuses de la institución."""
        return f"{self.acuses}.{institucion}"

    def buzon_de(self, institucion: str) -> str:
        """Cola con lo que le toca a la institución."""
        return f"{self.buzon}.{institucion}"

    @staticmethod
    def clave_de_reenvio(a_quien: str, origen: str) -> str:
        """Clave de encaminado de un tramo que se vuelve a enviar solo a quien lo pidió."""
        return f"{a_quien}.{origen}"

    def origen_segun_clave(self, intercambio: str, clave: str) -> str | None:
        """El origen que la clave de un hecho nombra; None si por ese intercambio no llegan hechos.

        Con los permisos de tema, el broker no deja publicar con la clave de otro origen: la cabecera del mensaje la
        pone cualquiera, la clave no.
        """
        if intercambio == self.eventos:
            return clave.partition(".")[0]
        return clave.rpartition(".")[2] if intercambio == self.reenvios else None

    @staticmethod
    def clave_de_origen(origen: str) -> str:
        """Con la que se ata quien sigue al origen: casa con la de todos sus eventos."""
        return f"{origen}.#"

    @staticmethod
    def clave_de_evento(origen: str, tipo: str) -> str:
        """Clave de encaminado de un evento: origen y `type` del sobre."""
        return f"{origen}.{tipo}"


@dataclass(frozen=True, slots=True)
class Topologia:
    """Lo que hay que declarar, en orden: primero intercambios, luego colas con sus ataduras."""

    intercambios: tuple[Intercambio, ...]
    colas: tuple[Cola, ...]
    nombres: Nombres = field(default_factory=Nombres)

    def con(self, otra: Topologia) -> Topologia:
        """Esta y además las colas de otra, sin repetir ninguna."""
        propias = {cola.nombre for cola in self.colas}
        return replace(self, colas=(*self.colas, *(c for c in otra.colas if c.nombre not in propias)))

    def seguidoras(self, origen: str) -> tuple[str, ...]:
        """Colas que deben recibir los eventos del origen: las que el relevo comprueba antes de publicar."""
        esperada = Atadura(self.nombres.eventos, self.nombres.clave_de_origen(origen))
        return tuple(cola.nombre for cola in self.colas if esperada in cola.ataduras)


def topologia(servicios: Mapping[str, Collection[str]], prefijo: str = "") -> Topologia:
    """Topología de un despliegue. `servicios`: servicio -> orígenes que sigue. Cada servicio es también un origen."""
    n = Nombres(prefijo)
    intercambios = (
        Intercambio(n.muertos, Reparto.TODOS),
        Intercambio(n.eventos, Reparto.TEMA),
        Intercambio(n.latidos, Reparto.TEMA),
        Intercambio(n.reenvios, Reparto.TEMA),
        *(Intercambio(nombre, Reparto.CLAVE) for nombre in (n.solicitudes, n.acuses, n.buzon, n.reparaciones)),
    )
    colas = [Cola(n.muertos, (Atadura(n.muertos),))]
    for servicio, origenes in servicios.items():
        colas += [
            Cola(
                n.entrada_de(servicio),
                (
                    *(Atadura(n.eventos, n.clave_de_origen(origen)) for origen in sorted(origenes)),
                    *(Atadura(n.latidos, origen) for origen in sorted(origenes)),
                    Atadura(n.reenvios, n.clave_de_reenvio(servicio, "*")),
                ),
                muertos=n.muertos,
                consumidor_unico=True,
            ),
            Cola(n.solicitudes_de(servicio), (Atadura(n.solicitudes, servicio),), muertos=n.muertos),
            Cola(n.reparaciones_de(servicio), (Atadura(n.reparaciones, servicio),), muertos=n.muertos),
        ]
    return Topologia(intercambios, tuple(colas), n)


def solo_recibe(servicio: str, origenes: Collection[str], prefijo: str = "") -> Topologia:
    """La de quien sigue a otros y nadie sigue ni le pide nada: los intercambios, lo muerto y su entrada."""
    entera = topologia({servicio: origenes}, prefijo)
    suyas = {entera.nombres.muertos, entera.nombres.entrada_de(servicio)}
    return replace(entera, colas=tuple(cola for cola in entera.colas if cola.nombre in suyas))


def colas_de_institucion(codigo: str, prefijo: str = "") -> tuple[Cola, Cola]:
    """Colas de acuses y de buzón de una institución inscrita.

    Las consume ella, pero también llevan a muertos: un acuse que su programa rechaza no desaparece sin verse.
    """
    n = Nombres(prefijo)
    return (
        Cola(n.acuses_de(codigo), (Atadura(n.acuses, codigo),), muertos=n.muertos),
        Cola(n.buzon_de(codigo), (Atadura(n.buzon, codigo),), muertos=n.muertos),
    )
