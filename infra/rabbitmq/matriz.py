"""La matriz de permisos: todo lo que cada usuario podría intentar en el bus, y si debe poder.

Qué se debe poder sale de los nombres de la topología, no de las expresiones que se aplican: quien juzga es el broker.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from infra.mensajeria.topologia import Intercambio
from infra.mensajeria.transportes.sonda import NoEntra, Sonda
from infra.rabbitmq.permisos import Papel, Seguridad, Usuario

DE_PRUEBA = "senda.matriz"
_AJENO = "amq.topic"
"""Un intercambio que trae todo broker: sería otra vía por la que hablarse."""
_POR_OMISION = ""


class Accion(StrEnum):
    """Lo que se intenta."""

    PUBLICAR = "publicar"
    PUBLICAR_COMO = "publicar-como-otro"
    PUBLICAR_DIRECTO = "publicar-directo-en-la-cola"
    CONSUMIR = "consumir"
    PURGAR = "purgar"
    BORRAR_COLA = "borrar-cola"
    BORRAR_INTERCAMBIO = "borrar-intercambio"
    DECLARAR_COLA = "declarar-cola"
    DECLARAR_INTERCAMBIO = "declarar-intercambio"
    ATAR = "atar"
    MIRAR = "mirar-cuantos-esperan"


@dataclass(frozen=True, slots=True)
class Intento:
    """Un usuario, una acción y sobre qué. ``debido``: si ha de poder; None, si el broker no deja impedirlo."""

    usuario: str
    accion: Accion
    objeto: str
    clave: str = ""
    como: str | None = None
    debido: bool | None = False


@dataclass(frozen=True, slots=True)
class Resultado:
    """Un intento y qué dijo el broker. ``permitido``: None si no se pudo entrar con ese usuario."""

    intento: Intento
    permitido: bool | None

    @property
    def bien(self) -> bool:
        """Si es lo que debe. Lo que no se pudo comprobar no lo está."""
        return self.permitido is not None and self.intento.debido in {None, self.permitido}


def intentos(seguridad: Seguridad) -> Iterator[Intento]:
    """Todos los intentos, por usuario. Los debidos, para ver que el bus sirve; los demás, para ver que se niegan."""
    for usuario in seguridad.usuarios:
        yield from _de(seguridad, usuario)


def _de(seguridad: Seguridad, usuario: Usuario) -> Iterator[Intento]:
    quien, n = usuario.nombre, seguridad.topologia.nombres
    origenes = [u.nombre for u in seguridad.usuarios if u.papel is Papel.SERVICIO]
    for intercambio in seguridad.topologia.intercambios:
        for clave, suya in _claves(seguridad, intercambio, quien, origenes):
            debido = suya and intercambio.nombre in usuario.escribe
            yield Intento(quien, Accion.PUBLICAR, intercambio.nombre, clave, debido=debido)
        yield Intento(quien, Accion.BORRAR_INTERCAMBIO, intercambio.nombre)
    otros = [u.nombre for u in seguridad.usuarios if u.nombre != quien]
    for otro in [o for o in otros if seguridad.usuario(o).papel is Papel.INSTITUCION] or otros[:1]:
        yield Intento(quien, Accion.PUBLICAR_COMO, n.solicitudes, origenes[0], como=otro)
    yield Intento(quien, Accion.PUBLICAR, _AJENO, DE_PRUEBA)
    ajena = next(c.nombre for c in seguridad.colas if c.nombre not in usuario.lee)
    yield Intento(quien, Accion.PUBLICAR_DIRECTO, _POR_OMISION, ajena)
    yield Intento(quien, Accion.DECLARAR_COLA, f"{n.prefijo}{DE_PRUEBA}")
    yield Intento(quien, Accion.DECLARAR_INTERCAMBIO, f"{n.prefijo}{DE_PRUEBA}")
    for cola in (c.nombre for c in seguridad.colas):
        suya = cola in usuario.lee
        yield Intento(quien, Accion.CONSUMIR, cola, debido=suya)
        if not suya:  # vaciar la propia es lo mismo que leerla, y no se va a probar
            yield Intento(quien, Accion.PURGAR, cola)
            yield Intento(quien, Accion.MIRAR, cola, debido=None)
        yield Intento(quien, Accion.BORRAR_COLA, cola)
        yield from _ataduras(seguridad, usuario, cola, origenes)


def _ataduras(seguridad: Seguridad, usuario: Usuario, cola: str, origenes: Sequence[str]) -> Iterator[Intento]:
    """Atar es la otra forma de leer lo ajeno (una copia) y de quitarle a alguien lo suyo (desatar).

    Donde no puede escribir basta un intento, con lo único que sí puede leer; donde puede, se intenta con todo.
    """
    quien, n = usuario.nombre, seguridad.topologia.nombres
    suyo = quien if usuario.papel is Papel.SERVICIO else origenes[0]
    suyas = seguridad.topologia.seguidoras(quien)
    yield Intento(quien, Accion.ATAR, cola, f"{n.eventos} {suyo}.{DE_PRUEBA}", debido=cola in suyas)
    if cola not in suyas:
        return
    for origen in origenes:
        if origen != quien:
            yield Intento(quien, Accion.ATAR, cola, f"{n.eventos} {origen}.{DE_PRUEBA}")
    for intercambio in (n.solicitudes, n.acuses, n.buzon, n.reenvios, n.reparaciones, n.latidos):
        yield Intento(quien, Accion.ATAR, cola, f"{intercambio} {DE_PRUEBA}")


def _claves(
    seguridad: Seguridad, intercambio: Intercambio, quien: str, origenes: Sequence[str]
) -> Iterator[tuple[str, bool]]:
    """Claves con que publicar y si son suyas: donde la clave dice el origen, la de cada uno."""
    n = seguridad.topologia.nombres
    formas: dict[str, Callable[[str], str]] = {
        n.eventos: lambda origen: n.clave_de_evento(origen, DE_PRUEBA),
        n.latidos: str,
        n.reenvios: lambda origen: n.clave_de_reenvio(DE_PRUEBA.partition(".")[0], origen),
    }
    forma = formas.get(intercambio.nombre)
    if forma is None:
        yield DE_PRUEBA, True
        return
    for origen in origenes:
        yield forma(origen), origen == quien


def probar(seguridad: Seguridad, url_de: Callable[[str], str | None]) -> Iterator[Resultado]:
    """Intenta todo contra el broker, como cada usuario. ``url_de``: cómo entra; None, si no se tiene con qué."""
    for usuario in seguridad.usuarios:
        url = url_de(usuario.nombre)
        suyos = _de(seguridad, usuario)
        if url is None:
            yield from (Resultado(intento, None) for intento in suyos)
            continue
        with Sonda(url) as sonda:
            try:
                sonda.entrar()
            except NoEntra:
                yield from (Resultado(intento, None) for intento in suyos)
                continue
            yield from _con(sonda, suyos)


def _con(sonda: Sonda, suyos: Iterable[Intento]) -> Iterator[Resultado]:
    se_lee: dict[str, bool | None] = {}
    for intento in suyos:
        if intento.accion is Accion.PURGAR and se_lee.get(intento.objeto) is not False:
            # Leer y purgar piden el mismo permiso: no se vacía para demostrarlo.
            yield Resultado(intento, se_lee.get(intento.objeto))
            continue
        try:
            permitido: bool | None = _intentar(sonda, intento)
        except NoEntra:
            permitido = None
        if intento.accion is Accion.CONSUMIR:
            se_lee[intento.objeto] = permitido
        yield Resultado(intento, permitido)


def _intentar(sonda: Sonda, intento: Intento) -> bool:
    match intento.accion:
        case Accion.PUBLICAR | Accion.PUBLICAR_COMO | Accion.PUBLICAR_DIRECTO:
            return sonda.publicar(intento.objeto, intento.clave, intento.como)
        case Accion.ATAR:
            intercambio, _, clave = intento.clave.partition(" ")
            return sonda.atar(intento.objeto, intercambio, clave)
        case Accion.CONSUMIR:
            return sonda.consumir(intento.objeto)
        case Accion.PURGAR:
            return sonda.purgar(intento.objeto)
        case Accion.BORRAR_COLA:
            return sonda.borrar_cola(intento.objeto)
        case Accion.BORRAR_INTERCAMBIO:
            return sonda.borrar_intercambio(intento.objeto)
        case Accion.DECLARAR_COLA:
            return sonda.declarar_cola(intento.objeto)
        case Accion.DECLARAR_INTERCAMBIO:
            return sonda.declarar_intercambio(intento.objeto)
        case Accion.MIRAR:
            return sonda.mirar(intento.objeto)


__all__ = ["Accion", "Intento", "Resultado", "intentos", "probar"]
