"""De lo que se sabe de una persona a una fila de un formato, con lo que en ella no cabe."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from math import inf
from typing import Any

from msgspec import UNSET, Struct
from msgspec.structs import replace

from contratos.clasificacion import Lista, a_ctdc, a_htcds, ficha, traducir
from contratos.clasificacion.ficha import PAIS_SIN_CONSTAR, Ficha
from contratos.tablas.idiomas import SIN_CONSTAR, idiomas
from contratos.tablas.paquete import Formato, Lleva
from contratos.tablas.perdida import Perdida
from eventos.deteccion import PresuntaVictimaDetectada, VictimaIdentificada
from eventos.paises import ALFA3_ASIGNADOS

Contada = PresuntaVictimaDetectada | VictimaIdentificada

#: Cómo se escribe, en cada tipo, lo que no consta: que un formato no lo lleve no pierde nada.
_NADA: frozenset[object] = frozenset({None, UNSET, "", "no-consta", "und", "ZZ", PAIS_SIN_CONSTAR, ()})

_SIN_ASIGNAR = "no es un código asignado de ISO 3166-1"


class Escrita(Struct, frozen=True):
    """Una fila: una celda por columna llevada, en su orden."""

    celdas: tuple[str, ...]
    perdidas: tuple[Perdida, ...]


def escribir(formato: Formato, contada: Contada) -> Escrita:
    """La fila de una persona, con lo sellado ya abierto. Lo que no consta va como lo escribe el formato."""
    suya, perdidas = _cabal(formato, ficha(contada))
    if formato.formato == "ctdc":
        valores = {columna: str(numero) for columna, numero in a_ctdc(suya).items()}
    else:
        campos = a_htcds(suya).campos
        valores = {c: formato.separador.join(_en_orden(formato, c, v)) for c, v in campos.items()}
    perdidas += [
        Perdida(donde=p.lista, valor=p.valor, motivo=p.motivo, sale_como=p.sale_como)
        for p in traducir(formato.cruce, suya).perdidas
        # La condición es de la tabla entera; que el formato no la diga está en su documentación.
        if p.lista is not Lista.CONDICION
    ]
    materno = getattr(contada.perfil, "idioma", SIN_CONSTAR)
    for columna in formato.de(Lleva.IDIOMA):
        valores[columna.nombre] = idiomas().escribir(materno)
        if materno != SIN_CONSTAR and not valores[columna.nombre]:
            perdidas.append(
                Perdida(donde="perfil.idioma", valor=materno, motivo="ISO 639-2 no tiene código para esa lengua")
            )
    perdidas += _no_llevados(formato, contada)
    return Escrita(tuple(valores.get(c.nombre) or c.vacio for c in formato.llevadas), tuple(perdidas))


def _cabal(formato: Formato, suya: Ficha) -> tuple[Ficha, list[Perdida]]:
    """La ficha con los países que lo son, una vez cada uno, y la edad en un tramo que el formato tenga."""
    perdidas = []
    paises = {p for p in suya.nacionalidades if p != PAIS_SIN_CONSTAR}
    if ajenos := paises - ALFA3_ASIGNADOS:
        perdidas.append(Perdida(donde="perfil.nacionalidades", motivo=_SIN_ASIGNAR))
    de_explotacion = suya.pais_explotacion
    if de_explotacion not in ALFA3_ASIGNADOS | {PAIS_SIN_CONSTAR}:
        de_explotacion = PAIS_SIN_CONSTAR
        perdidas.append(Perdida(donde="pais_explotacion", motivo=_SIN_ASIGNAR))
    grupo = suya.grupo_etario
    if formato.de(Lleva.GRUPO_ETARIO) and grupo not in (tramos := formato.cruce.de(Lista.GRUPO_ETARIO).valores):
        grupo = next((tramo for tramo in tramos if _cabe(suya.grupo_etario, tramo)), grupo)
        if grupo != suya.grupo_etario:
            # Lo que no cabe en ninguno lo declara el cruce.
            ancho = "el formato lo lleva en un tramo más ancho"
            perdidas.append(Perdida(donde=Lista.GRUPO_ETARIO, valor=suya.grupo_etario, motivo=ancho, sale_como=grupo))
    cabal = replace(
        suya, nacionalidades=tuple(sorted(paises - ajenos)), pais_explotacion=de_explotacion, grupo_etario=grupo
    )
    return cabal, perdidas


def _cabe(tramo: str, en: str) -> bool:
    (desde, hasta), (primero, ultimo) = _extremos(tramo), _extremos(en)
    return primero <= desde <= hasta <= ultimo


def _extremos(tramo: str) -> tuple[float, float]:
    if tramo.endswith("+"):
        return int(tramo[:-1]), inf
    desde, guion, hasta = tramo.partition("-")
    # «no-consta» no cabe en ningún tramo, ni ninguno en él.
    return (int(desde), int(hasta)) if guion and desde.isdecimal() else (inf, -inf)


def _en_orden(formato: Formato, columna: str, codigos: tuple[str, ...]) -> list[str]:
    """En el orden del estándar: el mismo conjunto en otro orden haría distintas dos filas iguales."""
    orden = next((e.codigos for e in formato.cruce.listas if e.campo == columna), ())
    return sorted(codigos, key=lambda c: (orden.index(c) if c in orden else 0, c))


def _no_llevados(formato: Formato, contada: Contada) -> Iterator[Perdida]:
    for perdido in formato.campos_perdidos:
        valor: Any = contada
        for nombre in perdido.campo.split("."):
            valor = getattr(valor, nombre, UNSET)
        if valor not in _NADA:
            # Un territorio o un relato no son de una lista pública: solo se cuentan.
            publico = str(valor.value) if isinstance(valor, Enum) else ""
            yield Perdida(donde=perdido.campo, valor=publico, motivo=perdido.motivo)
