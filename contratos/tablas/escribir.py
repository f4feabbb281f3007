"""De lo que se sabe de una persona a una fila de un formato, con lo que en ella no cabe."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from typing import Any

from msgspec import UNSET, Struct

from contratos.clasificacion import Lista, a_ctdc, a_htcds, ficha, traducir
from contratos.clasificacion.ficha import PAIS_SIN_CONSTAR
from contratos.tablas.idiomas import SIN_CONSTAR, idiomas
from contratos.tablas.paquete import Formato, Lleva
from contratos.tablas.perdida import Perdida
from eventos.deteccion import PresuntaVictimaDetectada, VictimaIdentificada

Contada = PresuntaVictimaDetectada | VictimaIdentificada

#: Cómo se escribe, en cada tipo, lo que no consta: que un formato no lo lleve no pierde nada.
_NADA: frozenset[object] = frozenset({None, UNSET, "", "no-consta", "und", "ZZ", PAIS_SIN_CONSTAR, ()})


class Escrita(Struct, frozen=True):
    """Una fila: una celda por columna llevada, en su orden."""

    celdas: tuple[str, ...]
    perdidas: tuple[Perdida, ...]


def escribir(formato: Formato, contada: Contada) -> Escrita:
    """La fila de una persona, con lo sellado ya abierto. Lo que no consta va como lo escribe el formato."""
    suya = ficha(contada)
    if formato.formato == "ctdc":
        valores = {columna: str(numero) for columna, numero in a_ctdc(suya).items()}
    else:
        valores = {c: formato.separador.join(v) for c, v in a_htcds(suya).campos.items()}
    perdidas = [
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


def _no_llevados(formato: Formato, contada: Contada) -> Iterator[Perdida]:
    for perdido in formato.campos_perdidos:
        valor: Any = contada
        for nombre in perdido.campo.split("."):
            valor = getattr(valor, nombre, UNSET)
        if valor not in _NADA:
            # Un territorio o un relato no son de una lista pública: solo se cuentan.
            publico = str(valor.value) if isinstance(valor, Enum) else ""
            yield Perdida(donde=perdido.campo, valor=publico, motivo=perdido.motivo)
