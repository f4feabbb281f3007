"""De los TOML de una carpeta a un paquete tipado, con todos los errores de forma y no solo el primero.

Heredar es juntar listas: cada pieza del país sustituye, campo a campo, a la de la base con su misma clave, o se añade
al final. Quien sustituye algo ha de decir su propia fuente.
"""

from __future__ import annotations

import re
import tomllib
import typing
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import msgspec
from msgspec import NODEFAULT

from contratos.protocolos.paquete import Herencia, Protocolo

#: Por lista, el campo que distingue a cada pieza.
CLAVES: Final = {
    "plazos": "urgencia",
    "antelaciones": "asunto",
    "instituciones": "codigo",
    "reglas": "id",
    "derechos": "derecho",
    "cierres": "motivo",
    "reaperturas": "motivo",
    "exclusiones": "motivo",
    "referencias": "codigo",
}
#: Lo que un paquete base puede llevar: lo que no depende de las instituciones ni del calendario de un país.
HEREDABLES: Final = ("plazos", "antelaciones", "reglas", "derechos", "cierres", "reaperturas", "exclusiones")
_DE_BASE: Final = frozenset({"paquete", "version", *HEREDABLES})

_TRADUCCIONES: Final = (
    (r"Object missing required field `(\w+)`", r"falta el campo \1"),
    (r"Object contains unknown field `(\w+)`", r"no existe el campo \1"),
    (r"Invalid enum value '?(.*?)'?(?= - at|$)", r"«\1» no está en la lista"),
    (r"Expected `(.+?)` matching regex .*?(?= - at|$)", "no tiene la forma que se pide"),
    (r"Expected `(.+?)` of length (\S+ \d+)", r"su longitud ha de ser \2"),
    (r"Expected `(.+?)` (\S+ -?[\d.]+)", r"ha de ser \2"),
    (r"Expected `(.+?)`, got `(.+?)`", r"se esperaba \1 y hay \2"),
    (r" - at `\$\.?(.*?)`$", r" (en \1)"),
)


def juntar(carpeta: Path) -> tuple[dict[str, Any], list[str]]:
    """Los TOML de una carpeta en uno, y lo que impide leer alguno."""
    datos: dict[str, Any] = {}
    errores: list[str] = []
    for archivo in sorted(carpeta.glob("*.toml")):
        try:
            parte = tomllib.loads(archivo.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            errores.append(f"{archivo.name}: no es TOML válido: {error}")
            continue
        if repetidas := sorted(datos.keys() & parte.keys()):
            errores.append(f"{archivo.name}: {', '.join(repetidas)} ya está en otro archivo")
        datos |= parte
    return datos, errores


def heredar(datos: dict[str, Any], leer_base: Callable[[Herencia], Mapping[str, Any] | None]) -> Iterator[str]:
    """Completa ``datos`` con la base que declaran, si declaran alguna, y dice lo que lo impide."""
    if "hereda" not in datos:
        return
    try:
        herencia = msgspec.convert(datos["hereda"], Herencia)
    except msgspec.ValidationError as error:
        yield f"hereda: {_en_espanol(error)}"
        return
    base = leer_base(herencia)
    if base is None:
        yield f"hereda: no hay un paquete base {herencia.paquete} en versión {herencia.version}"
        return
    if sobran := sorted(base.keys() - _DE_BASE):
        yield f"hereda: el paquete base {herencia.paquete} no puede llevar {', '.join(sobran)}"
    for lista in HEREDABLES:
        propias = datos.get(lista, [])
        if isinstance(propias, list) and all(isinstance(p, dict) for p in propias):
            datos[lista], errores = _superponer(lista, base.get(lista, []), propias)
            yield from errores


def _superponer(lista: str, de_base: list[Any], propias: list[Any]) -> tuple[list[Any], list[str]]:
    campo, errores = CLAVES[lista], []
    piezas = {pieza.get(campo): pieza for pieza in de_base}
    de_mas: list[Any] = []
    vistas: set[Any] = set()
    for propia in propias:
        clave = str(propia.get(campo))  # lo que no sea un texto no está en la base: su error lo dirá al tiparla
        if clave in vistas:
            errores.append(f"{lista} {clave}: está más de una vez")
        elif clave in piezas:
            if "fuente" not in propia:
                errores.append(f"{lista} {clave}: sustituye a la heredada y no dice su fuente")
            piezas[clave] = {**piezas[clave], **propia}
            vistas.add(clave)
        else:
            de_mas.append(propia)
    return [*piezas.values(), *de_mas], errores


def montar(datos: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Cada campo de `Protocolo` ya tipado, sin las piezas que no lo están bien, y qué les pasa a esas."""
    campos: dict[str, Any] = {}
    errores: list[str] = [f"no existe el campo {n}" for n in sorted(datos.keys() - set(Protocolo.__struct_fields__))]
    pistas = typing.get_type_hints(Protocolo, include_extras=True)
    for campo in msgspec.structs.fields(Protocolo):
        nombre = campo.name
        if nombre not in datos:
            if campo.default is NODEFAULT:
                errores.append(f"falta {nombre}")
            continue
        valor = datos[nombre]
        if nombre in CLAVES and isinstance(valor, list):
            campos[nombre], suyos = _piezas(nombre, valor, typing.get_args(pistas[nombre])[0])
            errores += suyos
            continue
        try:
            campos[nombre] = msgspec.convert(valor, pistas[nombre])
        except msgspec.ValidationError as error:
            errores.append(f"{nombre}: {_en_espanol(error)}")
    return campos, errores


def _piezas(lista: str, valores: list[Any], clase: type[Any]) -> tuple[tuple[Any, ...], list[str]]:
    buenas: list[Any] = []
    errores: list[str] = []
    for n, valor in enumerate(valores, 1):
        try:
            buenas.append(msgspec.convert(valor, clase))
        except msgspec.ValidationError as error:
            clave = valor.get(CLAVES[lista], "") if isinstance(valor, dict) else ""
            errores.append(f"{lista} {clave or f'n.º {n}'}: {_en_espanol(error)}")
    return tuple(buenas), errores


def _en_espanol(error: msgspec.ValidationError) -> str:
    """Lo que dice msgspec, en español."""
    texto = str(error)
    for patron, traducido in _TRADUCCIONES:
        texto = re.sub(patron, traducido, texto)
    return texto


__all__ = ["CLAVES", "HEREDABLES", "heredar", "juntar", "montar"]
