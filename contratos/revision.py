"""Leer una petición como la lee el servicio, y decir de una vez todo lo que le falta o le sobra.

El servicio usa `leer` y responde con el primer fallo; quien prepara una solicitud usa `revisar` y los ve todos. Ningún
texto repite el valor recibido: nombra el campo y qué se espera.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple, TypeVar

import msgspec
from msgspec import Struct

from contratos.base import Peticion
from contratos.caminos import nombrable
from contratos.campos import Forma, campos
from contratos.formatos import FueraDeEsquema, exigir

P = TypeVar("P", bound=Peticion)


class Defecto(NamedTuple):
    """Algo que arreglar antes de enviar. ``campo``: su camino (``metas[0].derecho``); vacío, la petición entera."""

    campo: str
    que_hacer: str


def leer(clase: type[P], datos: Any) -> P:
    """La petición tipada, con sus campos abiertos y sellados juntos. Errores: `msgspec.ValidationError`."""
    peticion = msgspec.convert(datos, clase, strict=True, str_keys=True)
    exigir(clase, datos)
    return peticion


def revisar(clase: type[Peticion], datos: Any) -> tuple[Defecto, ...]:
    """Todos los defectos de unos datos en tipos de JSON; vacío si y solo si `leer` los admite."""
    hallados = tuple(_estructura(clase, datos, ""))
    if hallados:
        return hallados
    try:
        leer(clase, datos)
    except FueraDeEsquema as error:
        return (Defecto(error.camino, "No tiene la forma exacta que pide su esquema (fecha, instante o UUID)."),)
    except msgspec.ValidationError:
        return (Defecto("", "El contrato no la admite; compárala con su esquema."),)
    return ()


def comprobar(forma: Forma, valor: Any, camino: str = "") -> tuple[Defecto, ...]:
    """Los defectos de un valor suelto, en tipos de JSON."""
    return tuple(_valor(forma, valor, camino))


def _estructura(clase: type[Struct], datos: Any, camino: str) -> Iterator[Defecto]:
    if not isinstance(datos, dict):
        yield Defecto(camino, "Se espera un objeto con sus campos.")
        return
    conocidos = {c.nombre: c for c in campos(clase)}
    if clase.__struct_config__.forbid_unknown_fields:
        for clave in datos.keys() - conocidos.keys():
            explicado = f"Los campos son: {', '.join(conocidos)}."
            yield Defecto(_con(camino, clave), sobra(clave, list(conocidos), "Sobra", explicado))
    for nombre, campo in conocidos.items():
        aqui = _con(camino, nombre)
        if nombre in datos:
            yield from _valor(campo.forma, datos[nombre], aqui)
        elif campo.obligatorio:
            yield Defecto(aqui, f"Falta. {_se_espera(campo.forma)}")


def _valor(forma: Forma, valor: Any, camino: str) -> Iterator[Defecto]:
    if valor is None and forma.anulable:
        return
    if forma.de is not None and isinstance(valor, list | tuple):
        de_dentro = [d for i, v in enumerate(valor) for d in _valor(forma.de, v, f"{camino}[{i}]")]
        yield from de_dentro
        if de_dentro:
            return
    elif forma.estructura is not None:
        yield from _estructura(forma.estructura, valor, camino)
        return
    try:
        msgspec.convert(valor, forma.tipo, strict=True, str_keys=True)
    except msgspec.ValidationError:
        yield Defecto(camino, _se_espera(forma))


def _se_espera(forma: Forma) -> str:
    """Lo que hace falta saber para corregirlo; en un texto con patrón, también qué código es."""
    explicada = f" ({forma.descripcion})" if forma.medida("pattern") and forma.descripcion else ""
    return f"Se espera {forma}{explicada}."


def sobra(clave: object, conocidos: list[str], que: str, si_no: str) -> str:
    """Qué decir de un nombre que no está entre los conocidos: el que se le parece o, si no hay, ``si_no``."""
    parecidos = get_close_matches(clave, conocidos, 1) if isinstance(clave, str) else []
    return f"{que}; ¿querías decir «{parecidos[0]}»?" if parecidos else f"{que}. {si_no}"


def _con(camino: str, clave: object) -> str:
    return f"{camino}.{nombrable(clave)}" if camino else nombrable(clave)


__all__ = ["Defecto", "comprobar", "leer", "revisar", "sobra"]
