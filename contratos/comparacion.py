"""Qué cambió entre dos juegos de contratos publicados, campo a campo, y si rompe a una institución.

La regla depende de quién escribe el mensaje. En lo que la institución *envía*, rompe que se admita menos: lo que hoy
manda se rechazaría. En lo que *recibe*, rompe que se admita más: le llegaría lo que su validador no espera. Un campo
nuevo opcional, o cualquiera que se añada a lo que recibe, no rompe: sus esquemas dicen que admiten campos nuevos.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

from msgspec import Struct

from contratos import llamadas
from contratos.canonica import ASYNCAPI, OPENAPI
from contratos.entre_esquemas import Comparador, Direccion, Hallazgo
from contratos.nodos import Efecto

Formas = Mapping[str, Mapping[str, Any]]


class Cambio(Struct, frozen=True, kw_only=True):
    """Una diferencia. ``campo``: su camino, vacío si es el archivo entero; dentro de lo sellado, ``sellado.…``."""

    archivo: str
    campo: str
    que: str
    efecto: Efecto
    direccion: Direccion
    rompe: bool


_ROMPE: Final = {
    Direccion.ENVIA: frozenset({Efecto.ESTRECHA, Efecto.CAMBIA}),
    Direccion.RECIBE: frozenset({Efecto.ENSANCHA, Efecto.CAMBIA}),
}


def direccion_de(ruta: str) -> Direccion:
    """Sale de la carpeta: una institución envía solicitudes y recibe todo lo demás."""
    return Direccion.ENVIA if ruta.startswith("solicitudes/") else Direccion.RECIBE


def comparar(viejas: Formas, nuevas: Formas, hoy: date) -> list[Cambio]:
    """Cada diferencia entre dos juegos de formas canónicas, por archivo. ``hoy`` decide qué retirada ya llegó."""
    cambios: list[Cambio] = []
    for ruta in sorted(viejas.keys() | nuevas.keys()):
        cambios += [
            Cambio(archivo=ruta, campo=c, que=q, efecto=e, direccion=direccion, rompe=e in _ROMPE[direccion])
            for direccion, (c, q, e) in _dirigidos(ruta, viejas.get(ruta), nuevas.get(ruta), hoy)
        ]
    return cambios


def _dirigidos(
    ruta: str, viejo: Mapping[str, Any] | None, nuevo: Mapping[str, Any] | None, hoy: date
) -> Iterable[tuple[Direccion, Hallazgo]]:
    if ruta == OPENAPI and viejo is not None and nuevo is not None:
        # Ahí van las dos cosas: lo que se manda y lo que contesta.
        return llamadas.diferencias(viejo, nuevo)
    return ((direccion_de(ruta), hallazgo) for hallazgo in _archivo(ruta, viejo, nuevo, hoy))


def _archivo(
    ruta: str, viejo: Mapping[str, Any] | None, nuevo: Mapping[str, Any] | None, hoy: date
) -> Iterable[Hallazgo]:
    if viejo is None:
        return [("", "mensaje nuevo", Efecto.NADA)]
    if nuevo is None:
        return [_quitado(viejo, hoy)]
    if viejo == nuevo:
        return []
    if ruta == ASYNCAPI:
        return _arbol(viejo, nuevo, "")
    return _documento(viejo, nuevo)


def _quitado(viejo: Mapping[str, Any], hoy: date) -> Hallazgo:
    # La fecha que vale es la que se publicó: una escrita después no avisó a nadie.
    retirada = viejo.get("x-retirada")
    if retirada is None:
        return "", "quitado sin fecha de retirada publicada", Efecto.CAMBIA
    if date.fromisoformat(retirada["retirada"]) > hoy:
        return "", f"quitado antes de su retirada ({retirada['retirada']})", Efecto.CAMBIA
    return "", f"retirado: se anunció para el {retirada['retirada']}", Efecto.NADA


def _documento(viejo: Mapping[str, Any], nuevo: Mapping[str, Any]) -> Iterator[Hallazgo]:
    comparador = Comparador(viejo.get("$defs", {}), nuevo.get("$defs", {}))
    yield from _retirada(viejo.get("x-retirada"), nuevo.get("x-retirada"))
    yield from _mandatos(frozenset(viejo.get("x-mandatos", ())), frozenset(nuevo.get("x-mandatos", ())))
    yield from comparador.nodo(viejo, nuevo, "")
    yield from comparador.sellado()


def _retirada(antes: Mapping[str, str] | None, ahora: Mapping[str, str] | None) -> Iterator[Hallazgo]:
    if antes == ahora:
        return
    if ahora is None:
        yield "", "ya no se retira", Efecto.NADA
    elif antes is None:
        yield "", f"obsoleto: se retira el {ahora['retirada']}", Efecto.NADA
    else:
        adelanta = ahora["retirada"] < antes["retirada"]
        que = f"retirada del {antes['retirada']} al {ahora['retirada']}"
        yield "", que, Efecto.CAMBIA if adelanta else Efecto.NADA


def _mandatos(antes: frozenset[str], ahora: frozenset[str]) -> Iterator[Hallazgo]:
    # Sin ninguno, la pide cualquiera: de ahí a uno se estrecha.
    if not antes and ahora:
        yield "", f"pasa a exigir un mandato: {', '.join(sorted(ahora))}", Efecto.ESTRECHA
        return
    if antes and not ahora:
        yield "", "ya no exige ningún mandato", Efecto.ENSANCHA
        return
    yield from (("", f"el mandato {m} ya no basta", Efecto.ESTRECHA) for m in sorted(antes - ahora))
    yield from (("", f"el mandato {m} también basta", Efecto.NADA) for m in sorted(ahora - antes))


def _arbol(antes: Any, ahora: Any, camino: str) -> Iterator[Hallazgo]:
    """Del AsyncAPI: por dónde se pide y se lee. Todo lo que no sea añadir deja a alguien hablando a nadie."""
    if not (isinstance(antes, Mapping) and isinstance(ahora, Mapping)):
        if antes != ahora:
            yield camino, "cambia", Efecto.CAMBIA
        return
    # De un mensaje que llega o se va ya habla su propio archivo.
    for clave in sorted(antes.keys() & ahora.keys() if camino == "headers" else antes.keys() | ahora.keys()):
        aqui = f"{camino}.{clave}" if camino else clave
        if clave not in ahora:
            yield aqui, "quitado", Efecto.CAMBIA
        elif clave not in antes:
            yield aqui, "añadido", Efecto.NADA
        else:
            yield from _arbol(antes[clave], ahora[clave], aqui)


__all__ = ["Cambio", "Direccion", "Efecto", "Formas", "comparar", "direccion_de"]
