"""Lo que un esquema publicado admite, el servicio no lo rechaza por su forma; lo que el esquema rechaza, tampoco pasa.

`SENDA_FUZZ` dice cuántos documentos por esquema (por defecto, un perfil corto).
"""

from __future__ import annotations

import os
import re
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema_rs import Draft202012Validator

from contratos.base import PETICIONES
from eventos.base import CATALOGO, Hecho
from eventos.sobre import codificar
from infra.azar import AzarSembrado
from infra.mensajeria.examen import SolicitudInvalida, abrir, leer
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.sobre_cerrado import cerrar
from senda.asyncapi import ejemplo_de
from senda.publicados import CARPETA
from tests.dorados.ejemplo import INSTANTE, ejemplo
from tests.unidad.contratos.generador import PALABRAS, cumple, palabras, tocado
from tests.unidad.eventos.estrategias import hechos

CUANTOS = int(os.environ.get("SENDA_FUZZ", "6"))
AZAR = AzarSembrado(4)
CLAVES = ClavesServicio.generar(AZAR)
#: Tan tarde que nada de lo generado es futuro: aquí solo importa la forma.
AHORA = datetime(9999, 12, 31, 12, tzinfo=UTC)
POR_FORMA = {"forma-invalida", "dato-invalido", "dato-en-claro", "json-invalido", "demasiado-anidado"}
perfil = settings(
    max_examples=CUANTOS, deadline=None, database=None, derandomize=CUANTOS < 100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)  # fmt: skip


@cache
def publicado(ruta: str) -> dict[str, Any]:
    """Un esquema, del archivo que se publica."""
    leido: dict[str, Any] = msgspec.json.decode((CARPETA / ruta).read_bytes())
    return leido


@cache
def validador(ruta: str, dentro: str = "") -> Draft202012Validator:
    esquema = publicado(ruta)
    if dentro:
        esquema = {"$ref": f"#/$defs/{dentro}", "$defs": esquema["$defs"]}
    return Draft202012Validator(esquema, validate_formats=True)


def sellado_con(claro: Any) -> str:
    return cerrar(msgspec.json.encode(claro), CLAVES.recepcion.public_key(), AZAR)


def segun_el_servicio(documento: Any, servicio: str) -> str:
    """El código con que el servicio lo rechaza, o vacío."""
    try:
        abrir(leer(msgspec.json.encode(documento)), servicio, CLAVES, AHORA)
    except SolicitudInvalida as invalida:
        return invalida.codigo
    return ""


def comprobar(tipo: str, documento: Any, claro: Any = None) -> None:
    """``claro``: lo que va cifrado en ``documento["sellado"]``, si va algo."""
    ruta = f"solicitudes/{tipo}.json"
    admitido = validador(ruta).is_valid(documento)
    if claro is not None:
        admitido &= validador(ruta, "Sellado").is_valid(claro)
    codigo = segun_el_servicio(documento, PETICIONES[tipo].servicio)
    assert codigo not in POR_FORMA if admitido else codigo, (codigo, admitido)


@pytest.mark.parametrize("tipo", PETICIONES)
@perfil
@given(datos=st.data())
def test_el_servicio_y_el_esquema_admiten_lo_mismo(tipo: str, datos: st.DataObject):
    esquema = publicado(f"solicitudes/{tipo}.json")
    documento = datos.draw(cumple(esquema), label="documento")
    documento["sellado"] = ""
    claro = None
    if "Sellado" in esquema.get("$defs", {}):
        claro = datos.draw(cumple({"$ref": "#/$defs/Sellado", "$defs": esquema["$defs"]}), label="claro")
        documento["sellado"] = sellado_con(claro)
    comprobar(tipo, documento, claro)
    comprobar(tipo, tocado(documento, datos), claro)
    if claro:
        torcido = tocado(claro, datos)
        comprobar(tipo, {**documento, "sellado": sellado_con(torcido)}, torcido)


@pytest.mark.parametrize("clase", CATALOGO.values(), ids=CATALOGO)
@perfil
@given(datos=st.data())
def test_todo_hecho_que_se_codifica_cumple_su_esquema(clase: type[Hecho], datos: st.DataObject):
    """Los dorados los mira `test_esquemas`; estos, generados de su tipo."""
    hecho = datos.draw(hechos(clase))
    anotado = msgspec.structs.replace(
        ejemplo(clase), hecho=hecho, agregado=hecho.agregado, ocurrido=INSTANTE, registrado=INSTANTE
    )
    cuerpo = msgspec.json.decode(codificar(anotado, lambda claro, _dato: claro))
    validador(f"eventos/{clase.tipo}.json").validate(cuerpo)


def test_el_generador_conoce_todas_las_palabras_que_se_publican():
    usadas = {p for ruta in CARPETA.rglob("*.v*.json") for p in palabras(msgspec.json.decode(ruta.read_bytes()))}
    assert usadas <= PALABRAS


@pytest.mark.parametrize(
    ("campo", "valor"),
    [
        ("id", "0f0e7c1e90aa4c6b8f2d3b5a1c9d7e42"),
        ("ocurrido", "2026-05-03 14:20:00Z"),
        ("ocurrido", "2026-05-03T14:20:00+0000"),
        ("datos.alerta", "0f0e7c1e90aa4c6b8f2d3b5a1c9d7e42"),
    ],
)
def test_lo_que_solo_el_esquema_rechaza_tampoco_pasa(campo: str, valor: str):
    tipo = "senda.deteccion.detectar-presunta-victima.v1"
    documento = ejemplo_de(PETICIONES[tipo])
    contenedor, _, nombre = campo.rpartition(".")
    (documento[contenedor] if contenedor else documento)[nombre] = valor
    with pytest.raises(SolicitudInvalida) as invalida:
        abrir(leer(msgspec.json.encode(documento)), "deteccion", CLAVES, AHORA)
    assert (invalida.value.codigo, invalida.value.campo) == (
        "dato-invalido" if contenedor else "forma-invalida", campo,
    )  # fmt: skip


def test_un_entero_escrito_con_decimales_es_un_entero():
    tipo = "senda.atencion.actualizar-cupos.v1"
    documento = ejemplo_de(PETICIONES[tipo])
    cuerpo = re.sub(rb":([0-9]+)([,}])", rb":\1.0\2", msgspec.json.encode(documento))
    assert b".0" in cuerpo
    abrir(leer(cuerpo), PETICIONES[tipo].servicio, CLAVES, AHORA)


#: Lo que el esquema admite y ningún reloj nuestro: RFC 3339 escribe años y segundos que el calendario de Python no
#: tiene. Se dice en docs/contratos.md; no hay más.
EXCEPCIONES: Final = (
    "0000-01-01T00:00:00Z",  # el año cero
    "2016-12-31T23:59:60Z",  # un segundo intercalar
    "9999-12-31T23:59:59.9999999Z",  # al redondear a microsegundos sale del calendario
    "9999-12-31T23:59:59-14:00",  # en UTC sale del calendario
    "0001-01-01T00:00:00+14:00",
)


@pytest.mark.parametrize("instante", EXCEPCIONES)
def test_las_excepciones_son_las_que_se_dicen(instante: str):
    tipo = "senda.deteccion.detectar-presunta-victima.v1"
    documento = ejemplo_de(PETICIONES[tipo]) | {"ocurrido": instante}
    assert validador(f"solicitudes/{tipo}.json").is_valid(documento)
    assert segun_el_servicio(documento, "deteccion") in {"forma-invalida", "dato-invalido"}
