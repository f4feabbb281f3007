"""Mentiras en la prueba de una ruta: un zip que se entrega a un tribunal."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Callable
from zipfile import ZipFile

from senda_verificar.faltas import Codigo
from senda_verificar.teselas import partir
from tests.mentiras.en_las_bases import rebajado
from tests.mentiras.mentira import Ancla, Mentira, en_lo_entregado, ruta
from tests.mentiras.operador import Operador

_HERMANOS = re.compile(rb"(?<=\d\n)(?:[A-Za-z0-9+/=]{44}\n)+")


@en_lo_entregado(ruta(Codigo.PRUEBA_INVALIDA))
def cambiar_un_hecho_de_la_prueba(operador: Operador) -> None:
    """Que el tribunal lea otra cosa que la que está en el libro."""
    _rehacer(operador, lambda m: m.update({_entrada(m, 0): rebajado(m[_entrada(m, 0)])}))


@en_lo_entregado(ruta(Codigo.PRUEBA_INVALIDA))
def presentar_pruebas_de_inclusion_vacias(operador: Operador) -> None:
    """Que lo que no está en el libro lo parezca porque no hay nada que comprobar."""
    _en_las_pruebas(operador, lambda prueba: _HERMANOS.sub(b"", prueba, count=1))


@en_lo_entregado(ruta(Codigo.PRUEBA_INVALIDA))
def presentar_pruebas_de_inclusion_enormes(operador: Operador) -> None:
    """Que quien verifica se canse o se llene: mil hermanos donde caben sesenta y tres."""
    relleno = b64encode(bytes(32)) + b"\n"
    _en_las_pruebas(operador, lambda prueba: _HERMANOS.sub(lambda m: m.group() + relleno * 1000, prueba, count=1))


@en_lo_entregado(ruta(Codigo.PRUEBA_INVALIDA))
def presentar_la_prueba_de_otro_hecho(operador: Operador) -> None:
    """Que la inclusión de un hecho valga para otro."""

    def cambiar(miembros: dict[str, bytes]) -> None:
        una, otra = (_prueba_de(_entrada(miembros, i)) for i in (0, 1))
        miembros[una], miembros[otra] = miembros[otra], miembros[una]

    _rehacer(operador, cambiar)


@en_lo_entregado(ruta(Codigo.VERSION_SALTEADA))
def ocultar_un_hecho_de_en_medio_de_la_ruta(operador: Operador) -> None:
    """Que el tribunal no vea un hecho incómodo."""
    _rehacer(operador, lambda m: _quitar(m, 1))


@en_lo_entregado(ruta(None), ruta(None, Ancla.PUNTO))
def ocultar_el_ultimo_hecho_de_la_ruta(operador: Operador) -> None:
    """Que parezca que la ruta acabó antes: la prueba de una ruta no dice que no falte el final."""
    _rehacer(operador, lambda m: _quitar(m, -1))


@en_lo_entregado(ruta(Codigo.SOLICITUD_AUSENTE))
def quitar_de_la_prueba_lo_que_se_firmo(operador: Operador) -> None:
    """Que no se pueda comprobar quién pidió un hecho."""

    def cambiar(miembros: dict[str, bytes]) -> None:
        miembros["solicitudes.jsonl"] = b"".join(miembros["solicitudes.jsonl"].splitlines(keepends=True)[1:])

    _rehacer(operador, cambiar)


def _rehacer(operador: Operador, cambiar: Callable[[dict[str, bytes]], None]) -> None:
    archivo = operador.prueba()
    with ZipFile(archivo) as zip_:
        miembros = {nombre: zip_.read(nombre) for nombre in zip_.namelist()}
    cambiar(miembros)
    with ZipFile(archivo, "w") as zip_:
        for nombre, datos in miembros.items():
            zip_.writestr(nombre, datos)


def _en_las_pruebas(operador: Operador, cambiar: Callable[[bytes], bytes]) -> None:
    def en_todas(miembros: dict[str, bytes]) -> None:
        miembros |= {n: cambiar(d) for n, d in miembros.items() if n.startswith("pruebas/")}

    _rehacer(operador, en_todas)


def _entrada(miembros: dict[str, bytes], cual: int) -> str:
    """La entrada número ``cual`` de las que cuenta detección, que no inscriben a nadie; -1, la última."""
    indices = sorted(int(n.removeprefix("entradas/")) for n in miembros if n.startswith("entradas/"))
    suyas = [n for i in indices if b"/deteccion\n" in miembros[n := f"entradas/{i}"].partition(b"{")[0]]
    return suyas[cual]


def _prueba_de(entrada: str) -> str:
    return f"pruebas/{entrada.removeprefix('entradas/')}.tlog-proof"


def _quitar(miembros: dict[str, bytes], cual: int) -> None:
    entrada = _entrada(miembros, cual)
    leida = partir(miembros[entrada])
    if leida is None or "subject" not in json.loads(leida[3]):
        raise LookupError("no es un hecho")
    del miembros[entrada], miembros[_prueba_de(entrada)]


MENTIRAS: tuple[Mentira, ...] = (
    cambiar_un_hecho_de_la_prueba,
    presentar_pruebas_de_inclusion_vacias,
    presentar_pruebas_de_inclusion_enormes,
    presentar_la_prueba_de_otro_hecho,
    ocultar_un_hecho_de_en_medio_de_la_ruta,
    ocultar_el_ultimo_hecho_de_la_ruta,
    quitar_de_la_prueba_lo_que_se_firmo,
)
