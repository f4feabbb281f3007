"""Poner una ficha en los términos de un estándar, diciendo lo que en ellos no cabe."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec import Struct

from contratos.clasificacion.ficha import PAIS_SIN_CONSTAR, Ficha
from contratos.clasificacion.lector import cruce
from contratos.clasificacion.paquete import Cruce, Equivalencias, Lista

#: Cómo se escribe en toda lista lo que no se sabe. Que un estándar no lo diga no pierde nada.
SIN_CONSTAR = "no-consta"
#: La columna de CTDC que no sale de una lista: si la ciudadanía es la del país de explotación.
CIUDADANA = "Is Citizen of Country"


class Perdida(Struct, frozen=True, kw_only=True):
    """Un valor que el estándar no puede decir tal cual. ``sale_como``: con qué código más ancho, si sale."""

    lista: Lista
    valor: str
    motivo: str
    sale_como: str = ""


class Traduccion(Struct, frozen=True, kw_only=True):
    """Una ficha en un estándar: campo -> códigos, sin repetir y en el orden de la ficha."""

    cruce: str
    version: str
    campos: dict[str, tuple[str, ...]]
    perdidas: tuple[Perdida, ...]


def traducir(estandar: Cruce, ficha: Ficha) -> Traduccion:
    """La ficha con los códigos de un cruce. Un código sin campo es una columna que vale «1»."""
    campos: dict[str, tuple[str, ...]] = {}
    perdidas: list[Perdida] = []
    for equivalencias in estandar.listas:
        valores = ficha.valores(equivalencias.lista)
        perdidas += _perdidas(equivalencias, valores)
        codigos = _codigos(equivalencias, valores)
        if equivalencias.campo:
            campos |= {equivalencias.campo: codigos} if codigos else {}
        else:
            campos |= dict.fromkeys(codigos, ("1",))
    return Traduccion(cruce=estandar.cruce, version=estandar.version, campos=campos, perdidas=tuple(perdidas))


def a_htcds(ficha: Ficha) -> Traduccion:
    """Un registro en campos de HTCDS 2.0. Añade ciudadanía y país de explotación (ISO 3166-1 alfa-3) si constan."""
    traducida = traducir(cruce("htcds"), ficha)
    campos = dict(traducida.campos)
    if ficha.nacionalidades:
        campos["prs_Citizenship"] = ficha.nacionalidades
    if ficha.pais_explotacion != PAIS_SIN_CONSTAR:
        campos |= {"hte_Type": ("Exploitation",), "hte_Country": (ficha.pais_explotacion,)}
    return Traduccion(cruce=traducida.cruce, version=traducida.version, campos=campos, perdidas=traducida.perdidas)


def a_ctdc(ficha: Ficha) -> dict[str, int]:
    """Una fila con todas las columnas de la base sintética de CTDC. Lo que no consta es 0, como en la base."""
    campos = traducir(cruce("ctdc"), ficha).campos
    fila = {columna: int(campos.get(columna, ("0",))[0]) for columna in columnas_ctdc()}
    fila[CIUDADANA] = int(ficha.pais_explotacion in ficha.nacionalidades)
    return fila


def columnas_ctdc() -> dict[str, int]:
    """Las columnas de CTDC y el mayor valor de cada una; el menor es siempre 0."""
    columnas: dict[str, int] = {}
    for e in cruce("ctdc").listas:
        columnas |= {e.campo: max(map(int, e.codigos))} if e.campo else dict.fromkeys(e.codigos, 1)
    return columnas | {CIUDADANA: 1}


def _codigos(e: Equivalencias, valores: tuple[str, ...]) -> tuple[str, ...]:
    codigos = tuple(dict.fromkeys(c for c in map(e.codigo, valores) if c))
    return codigos[:1] if e.unico else codigos


def _perdidas(e: Equivalencias, valores: tuple[str, ...]) -> Iterator[Perdida]:
    sale = _codigos(e, valores)
    for valor in dict.fromkeys(v for v in valores if v != SIN_CONSTAR):
        if valor in e.valores:
            if e.valores[valor] not in sale:
                yield Perdida(lista=e.lista, valor=valor, motivo="el campo admite un solo código")
        elif falta := e.sin_equivalente.get(valor):
            yield Perdida(lista=e.lista, valor=valor, motivo=falta.motivo, sale_como=falta.va_como)
        else:
            yield Perdida(lista=e.lista, valor=valor, motivo="el estándar no tiene ese tramo")
