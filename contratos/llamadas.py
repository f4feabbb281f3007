"""Qué cambió en el contrato por HTTP: qué se llama, con qué parámetros y qué contesta."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any

from contratos.entre_esquemas import Comparador, Direccion, Hallazgo, defecto, exigido, eximido
from contratos.nodos import Efecto

Forma = Mapping[str, Any]
Dirigido = tuple[Direccion, Hallazgo]


def diferencias(viejo: Forma, nuevo: Forma) -> Iterator[Dirigido]:
    """Entre dos formas canónicas de `openapi.json`. Lo que se manda y lo que se contesta rompen al revés."""
    comparador = Comparador(viejo["$defs"], nuevo["$defs"])
    for donde, antes, ahora in _pares(viejo["operations"], nuevo["operations"]):
        if antes is None or ahora is None:
            yield Direccion.ENVIA, _entero(donde, antes)
            continue
        envia = chain(
            _parametros(comparador, antes["parameters"], ahora["parameters"], donde),
            _obligacion(antes["body"], ahora["body"], f"{donde} cuerpo"),
            _contenidos(comparador, antes["body"]["content"], ahora["body"]["content"], f"{donde} cuerpo"),
        )
        yield from ((Direccion.ENVIA, hallazgo) for hallazgo in envia)
        recibe = _respuestas(comparador, antes["responses"], ahora["responses"], donde)
        yield from ((Direccion.RECIBE, hallazgo) for hallazgo in recibe)


def _parametros(comparador: Comparador, antes: Forma, ahora: Forma, donde: str) -> Iterator[Hallazgo]:
    for aqui, viejo, nuevo in _pares(antes, ahora, donde):
        if viejo is None and nuevo is not None and nuevo["required"]:
            yield aqui, "parámetro obligatorio nuevo", Efecto.ESTRECHA
        elif viejo is None or nuevo is None:
            yield _entero(aqui, viejo)
        else:
            yield from _obligacion(viejo, nuevo, aqui)
            yield from comparador.nodo(viejo["schema"], nuevo["schema"], aqui)
            yield from defecto(aqui, viejo["schema"], nuevo["schema"])


def _respuestas(comparador: Comparador, antes: Forma, ahora: Forma, donde: str) -> Iterator[Hallazgo]:
    for aqui, viejo, nuevo in _pares(antes, ahora, donde):
        if viejo is None or nuevo is None:
            yield _entero(aqui, viejo)
        else:
            yield from _contenidos(comparador, viejo["headers"], nuevo["headers"], aqui)
            yield from _contenidos(comparador, viejo["content"], nuevo["content"], aqui)


def _contenidos(comparador: Comparador, antes: Forma, ahora: Forma, donde: str) -> Iterator[Hallazgo]:
    """Los tipos de un cuerpo, o las cabeceras de una respuesta."""
    for aqui, viejo, nuevo in _pares(antes, ahora, donde):
        if viejo is None or nuevo is None:
            yield _entero(aqui, viejo)
        else:
            yield from comparador.nodo(viejo["schema"], nuevo["schema"], aqui)


def _obligacion(antes: Forma, ahora: Forma, donde: str) -> Iterator[Hallazgo]:
    if antes["required"] != ahora["required"]:
        yield exigido(donde) if ahora["required"] else eximido(donde)


def _entero(donde: str, antes: Forma | None) -> Hallazgo:
    # Lo que se añade no estorba a quien no lo usa; lo que se quita deja a alguien llamando a nada.
    return (donde, "añadido", Efecto.NADA) if antes is None else (donde, "quitado", Efecto.CAMBIA)


def _pares(antes: Forma, ahora: Forma, donde: str = "") -> Iterable[tuple[str, Forma | None, Forma | None]]:
    claves = sorted(antes.keys() | ahora.keys())
    return ((f"{donde} {clave}".strip(), antes.get(clave), ahora.get(clave)) for clave in claves)


__all__ = ["diferencias"]
