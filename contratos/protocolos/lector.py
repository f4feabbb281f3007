"""Leer un paquete de protocolo: los TOML de su carpeta, juntos y comprobados. Una errata se nota al cargar."""

from __future__ import annotations

import re
import tomllib
import typing
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import msgspec

from contratos.base import Mandato
from contratos.protocolos.paquete import Condicion, Protocolo
from eventos.base import campos_sellados
from eventos.catalogo import CATALOGO
from eventos.listas import Derecho
from eventos.tipos import Urgencia

_CARPETA = Path(__file__).parent
_NOMBRE = re.compile(r"[a-z][a-z0-9-]{0,63}")
_VERSION = re.compile(r"[0-9]+(\.[0-9]+){0,2}")


class ProtocoloDesconocido(LookupError):
    """No hay paquete con ese nombre y versión."""


class ProtocoloInvalido(ValueError):
    """El paquete se contradice o nombra algo que no existe. El mensaje dice qué y dónde."""


@cache
def cargar(protocolo: str, version: str) -> Protocolo:
    """El paquete de la carpeta ``<protocolo>/<version>``. Errores: `ProtocoloDesconocido`, `ProtocoloInvalido`."""
    carpeta = _CARPETA / protocolo / version
    if not (_NOMBRE.fullmatch(protocolo) and _VERSION.fullmatch(version) and carpeta.is_dir()):
        raise ProtocoloDesconocido(f"no hay protocolo {protocolo} en versión {version}")
    return leer(carpeta)


@cache
def vigente(protocolo: str) -> Protocolo:
    """La versión más reciente de un protocolo. Errores: `ProtocoloDesconocido`, `ProtocoloInvalido`."""
    carpeta = _CARPETA / protocolo
    if not (_NOMBRE.fullmatch(protocolo) and carpeta.is_dir()):
        raise ProtocoloDesconocido(f"no hay protocolo {protocolo}")
    versiones = [c.name for c in carpeta.iterdir() if _VERSION.fullmatch(c.name)]
    return cargar(protocolo, max(versiones, key=lambda v: tuple(int(n) for n in v.split("."))))


def leer(carpeta: Path) -> Protocolo:
    """Lee y comprueba los TOML de una carpeta. Errores: `ProtocoloInvalido`."""
    datos: dict[str, Any] = {}
    for archivo in sorted(carpeta.glob("*.toml")):
        try:
            parte = tomllib.loads(archivo.read_text(encoding="utf-8"))
        except tomllib.TOMLDecodeError as error:
            raise ProtocoloInvalido(f"{archivo.name}: {error}") from None
        if repetidas := datos.keys() & parte.keys():
            raise ProtocoloInvalido(f"{archivo.name}: {sorted(repetidas)} ya está en otro archivo")
        datos |= parte
    try:
        paquete = msgspec.convert(datos, Protocolo)
    except msgspec.ValidationError as error:
        raise ProtocoloInvalido(str(error)) from None
    if errores := list(_errores(paquete)):
        raise ProtocoloInvalido("; ".join(errores))
    return paquete


def _errores(p: Protocolo) -> Iterator[str]:
    yield from _repetidos("institución", (i.codigo for i in p.instituciones))
    yield from _repetidos("regla", (r.id for r in p.reglas))
    yield from _repetidos("derecho", (r.derecho for r in p.derechos))
    yield from _repetidos("urgencia", (x.urgencia for x in p.plazos))
    if faltan := set(Urgencia) - {x.urgencia for x in p.plazos}:
        yield f"sin plazos para {sorted(faltan)}"
    if faltan_derechos := set(Derecho) - {r.derecho for r in p.derechos}:
        yield f"sin regla para {sorted(faltan_derechos)}"
    for quien, mandato in ((p.rectora, Mandato.RECTORIA), (p.supervisora, Mandato.SUPERVISION)):
        institucion = p.institucion(quien)
        if institucion is None or mandato not in institucion.mandatos:
            yield f"{quien}: no es una institución del paquete con mandato de {mandato}"
    yield from _errores_de_reglas(p)
    for donde, condicion in _condiciones(p):
        yield from (f"{donde}: {error}" for error in _errores_de_condicion(condicion))


def _errores_de_reglas(p: Protocolo) -> Iterator[str]:
    for regla in p.reglas:
        if bool(regla.por_cada) == bool(regla.servicio and regla.urgencia):
            yield f"regla {regla.id}: lleva servicio y urgencia, o bien por_cada"
        if not regla.a:
            continue
        institucion = p.institucion(regla.a)
        if institucion is None:
            yield f"regla {regla.id}: {regla.a} no está entre las instituciones"
        elif regla.servicio is not None and regla.servicio not in institucion.servicios:
            yield f"regla {regla.id}: {regla.a} no presta {regla.servicio}"


def _condiciones(p: Protocolo) -> Iterator[tuple[str, Condicion]]:
    for regla in p.reglas:
        yield from ((f"regla {regla.id}", c) for c in regla.cuando)
    for derecho in p.derechos:
        todas = (*derecho.en_restitucion, *derecho.restituye, *derecho.vulnera)
        yield from ((f"derecho {derecho.derecho}", c) for c in todas)
    for cierre in p.cierres:
        yield from ((f"cierre {cierre.motivo}", c) for c in cierre.exige)
    for reapertura in p.reaperturas:
        yield from ((f"reapertura {reapertura.motivo}", c) for c in reapertura.cuando)
    for exclusion in p.exclusiones:
        yield from ((f"exclusión {exclusion.motivo}", c) for c in exclusion.exige)


def _errores_de_condicion(condicion: Condicion) -> Iterator[str]:
    clase = CATALOGO.get(condicion.tipo)
    if clase is None:
        yield f"{condicion.tipo} no está en el catálogo"
        return
    for campo, valores in condicion.campos.items():
        pista = _pista(clase, campo.split("."))
        if pista is None:
            yield f"{condicion.tipo} no tiene un campo abierto {campo}"
            continue
        yield from (f"{condicion.tipo}.{campo} no admite «{v}»" for v in valores if not _admite(pista, v))


def _pista(clase: type[msgspec.Struct], camino: list[str]) -> Any:
    """El tipo de un campo abierto, entrando por listas y estructuras; None si no existe o va sellado."""
    actual: Any = clase
    for nombre in camino:
        actual = _elemento(actual)
        if not (isinstance(actual, type) and issubclass(actual, msgspec.Struct)) or nombre in campos_sellados(actual):
            return None
        actual = typing.get_type_hints(actual, include_extras=True).get(nombre)
    return _elemento(actual) if actual is not None else None


def _elemento(pista: Any) -> Any:
    """Quita anotaciones y, si es una lista, da el tipo de sus elementos: basta con que case uno."""
    if typing.get_origin(pista) is typing.Annotated:
        base = typing.get_args(pista)[0]
        return _elemento(base) if typing.get_origin(base) is tuple else (base if isinstance(base, type) else pista)
    return _elemento(typing.get_args(pista)[0]) if typing.get_origin(pista) is tuple else pista


def _admite(pista: Any, valor: object) -> bool:
    try:
        msgspec.convert(valor, pista)
    except msgspec.ValidationError:
        return False
    return True


def _repetidos(que: str, claves: Iterable[str]) -> Iterator[str]:
    yield from (f"{que} {clave} está {veces} veces" for clave, veces in Counter(claves).items() if veces > 1)
