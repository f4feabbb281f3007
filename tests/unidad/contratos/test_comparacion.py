"""Qué cambio de contrato rompe a una institución y cuál no, según quién escriba el mensaje."""

from __future__ import annotations

from copy import deepcopy
from datetime import date
from typing import Any

import pytest

from contratos.canonica import canonica, huella
from contratos.comparacion import Direccion, comparar, direccion_de

HOY = date(2027, 3, 1)
SOLICITUD, AVISO = "solicitudes/senda.x.pedir.v1.json", "avisos/senda.x.ocurrido.v1.json"
BASE: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "type": "object",
    "description": "Una explicación",
    "properties": {
        "tipo": {"const": "senda.x.y.v1"},
        "datos": {
            "type": "object",
            "properties": {
                "ruta": {"type": "string", "format": "uuid"},
                "nivel": {"$ref": "#/$defs/Nivel"},
                "abierta": {"type": "string", "x-extensible-enum": ["a", "b"]},
                "clave": {"type": "string", "maxLength": 10, "pattern": "^[a-z]+$"},
                "veces": {"type": "integer", "minimum": 1, "maximum": 9},
                "nota": {"anyOf": [{"type": "string"}, {"type": "null"}], "default": None},
                "metas": {"type": "array", "items": {"$ref": "#/$defs/Meta"}, "minItems": 1},
                "title": {"type": "string", "maxLength": 5},
            },
            "required": ["ruta", "nivel"],
            "additionalProperties": False,
        },
    },
    "required": ["tipo", "datos"],
    "$defs": {
        "Nivel": {"title": "Nivel", "enum": ["alto", "bajo"]},
        "Meta": {"type": "object", "properties": {"derecho": {"type": "string"}}, "required": ["derecho"]},
        "Sellado": {"type": "object", "properties": {"relato": {"type": "string", "maxLength": 40}}, "required": []},
    },
    "x-mandatos": ["salud", "rectoria"],
    "x-participa": False,
    "x-servicio": "x",
}
DATOS = ("properties", "datos", "properties")
NO: frozenset[Direccion] = frozenset()
ENVIA, RECIBE, AMBAS = {Direccion.ENVIA}, {Direccion.RECIBE}, set(Direccion)


def poner(camino: tuple[str, ...], valor: Any):
    def cambio(esquema: dict[str, Any]) -> None:
        *hasta, ultimo = camino
        for paso in hasta:
            esquema = esquema[paso]
        esquema[ultimo] = valor

    return cambio


def quitar(*camino: str):
    def cambio(esquema: dict[str, Any]) -> None:
        *hasta, ultimo = camino
        for paso in hasta:
            esquema = esquema[paso]
        del esquema[ultimo]

    return cambio


def varios(*cambios):
    def todos(esquema: dict[str, Any]) -> None:
        for cambio in cambios:
            cambio(esquema)

    return todos


NUEVO = {"type": "string"}
EXIGIDOS = ("properties", "datos", "required")
CASOS = {
    "opcional nuevo": (poner((*DATOS, "mas"), NUEVO), NO, "datos.mas"),
    "obligatorio nuevo": (
        varios(poner((*DATOS, "mas"), NUEVO), poner(EXIGIDOS, ["ruta", "nivel", "mas"])),
        ENVIA,
        "datos.mas",
    ),
    "campo quitado": (quitar(*DATOS, "abierta"), AMBAS, "datos.abierta"),
    "pasa a obligatorio": (poner(EXIGIDOS, ["ruta", "nivel", "veces"]), ENVIA, "datos.veces"),
    "pasa a opcional": (poner(EXIGIDOS, ["ruta"]), RECIBE, "datos.nivel"),
    "valor añadido a una lista cerrada": (
        poner(("$defs", "Nivel", "enum"), ["alto", "bajo", "medio"]),
        RECIBE,
        "datos.nivel",
    ),
    "valor quitado de una lista cerrada": (poner(("$defs", "Nivel", "enum"), ["alto"]), ENVIA, "datos.nivel"),
    "valor añadido a una lista abierta": (
        poner((*DATOS, "abierta", "x-extensible-enum"), ["a", "b", "c"]),
        NO,
        "datos.abierta",
    ),
    "lista cerrada que se abre": (
        poner(("$defs", "Nivel"), {"type": "string", "x-extensible-enum": ["alto", "bajo"]}),
        RECIBE,
        "datos.nivel",
    ),
    "texto que se cierra": (poner((*DATOS, "abierta"), {"enum": ["a", "b"]}), ENVIA, "datos.abierta"),
    "lista que se abre sin que quepa lo de antes": (
        poner(("$defs", "Nivel"), {"type": "string", "maxLength": 2}),
        AMBAS,
        "datos.nivel",
    ),
    "texto que se cierra en números": (poner((*DATOS, "abierta"), {"enum": [1, 2]}), AMBAS, "datos.abierta"),
    "maxLength estrecha": (poner((*DATOS, "clave", "maxLength"), 9), ENVIA, "datos.clave"),
    "maxLength ensancha": (poner((*DATOS, "clave", "maxLength"), 11), RECIBE, "datos.clave"),
    "maxLength quitado": (quitar(*DATOS, "clave", "maxLength"), RECIBE, "datos.clave"),
    "maxLength nuevo": (poner((*DATOS, "abierta", "maxLength"), 3), ENVIA, "datos.abierta"),
    "otro patrón": (poner((*DATOS, "clave", "pattern"), "^[a-z0-9]+$"), AMBAS, "datos.clave"),
    "sin patrón": (quitar(*DATOS, "clave", "pattern"), RECIBE, "datos.clave"),
    "mínimo sube": (poner((*DATOS, "veces", "minimum"), 2), ENVIA, "datos.veces"),
    "mínimo baja": (poner((*DATOS, "veces", "minimum"), 0), RECIBE, "datos.veces"),
    "máximo baja": (poner((*DATOS, "veces", "maximum"), 8), ENVIA, "datos.veces"),
    "minItems sube": (poner((*DATOS, "metas", "minItems"), 2), ENVIA, "datos.metas"),
    "tipo cambiado": (poner((*DATOS, "veces", "type"), "string"), AMBAS, "datos.veces"),
    "de entero a número": (poner((*DATOS, "veces", "type"), "number"), RECIBE, "datos.veces"),
    "formato quitado": (quitar(*DATOS, "ruta", "format"), RECIBE, "datos.ruta"),
    "ya no admite nulo": (poner((*DATOS, "nota"), {"type": "string", "default": None}), ENVIA, "datos.nota"),
    "admite nulo": (
        poner((*DATOS, "nivel"), {"anyOf": [{"$ref": "#/$defs/Nivel"}, {"type": "null"}]}),
        RECIBE,
        "datos.nivel",
    ),
    "otro valor por defecto": (poner((*DATOS, "nota", "default"), "x"), AMBAS, "datos.nota"),
    "dentro de una lista": (
        poner(("$defs", "Meta", "properties", "derecho", "maxLength"), 4),
        ENVIA,
        "datos.metas[].derecho",
    ),
    "admite lo desconocido": (quitar("properties", "datos", "additionalProperties"), RECIBE, "datos"),
    "un campo llamado como un texto": (poner((*DATOS, "title", "maxLength"), 4), ENVIA, "datos.title"),
    "campo sellado nuevo": (poner(("$defs", "Sellado", "properties", "mas"), NUEVO), NO, "sellado.mas"),
    "campo sellado quitado": (quitar("$defs", "Sellado", "properties", "relato"), AMBAS, "sellado.relato"),
    "límite de lo sellado": (
        poner(("$defs", "Sellado", "properties", "relato", "maxLength"), 30),
        ENVIA,
        "sellado.relato",
    ),
    "pasa a ir sellado": (
        varios(quitar(*DATOS, "clave"), poner(("$defs", "Sellado", "properties", "clave"), NUEVO)),
        AMBAS,
        "datos.clave",
    ),
    "deja de ir sellado": (
        varios(poner((*DATOS, "relato"), NUEVO), quitar("$defs", "Sellado", "properties", "relato")),
        AMBAS,
        "datos.relato",
    ),
    "un mandato que ya no basta": (poner(("x-mandatos",), ["salud"]), ENVIA, ""),
    "un mandato más": (poner(("x-mandatos",), ["salud", "rectoria", "consular"]), NO, ""),
    "deja de exigir mandato": (quitar("x-mandatos"), RECIBE, ""),
    "exige participar": (poner(("x-participa",), valor=True), ENVIA, ""),
    "lo atiende otro servicio": (poner(("x-servicio",), "y"), AMBAS, ""),
    "algo que no sabe comparar": (poner((*DATOS, "veces", "not"), {"const": 3}), AMBAS, "datos.veces"),
    "se anuncia su retirada": (poner(("x-retirada",), {"desde": "2027-01-01", "retirada": "2027-09-01"}), NO, ""),
}


def _comparar(ruta: str, cambio):
    nuevo = deepcopy(BASE)
    cambio(nuevo)
    return comparar({ruta: canonica(ruta, BASE)}, {ruta: canonica(ruta, nuevo)}, HOY)


@pytest.mark.parametrize("caso", CASOS)
@pytest.mark.parametrize("ruta", [SOLICITUD, AVISO])
def test_cada_cambio_se_dice_una_vez_y_rompe_a_quien_debe(caso: str, ruta: str):
    cambio, a_quien, campo = CASOS[caso]
    (hallado,) = _comparar(ruta, cambio)
    assert (hallado.archivo, hallado.campo) == (ruta, campo)
    assert hallado.rompe == (direccion_de(ruta) in a_quien)


OBJETO: dict[str, Any] = {"type": "object"}
TEXTO, NUMERO = {"type": "string"}, {"type": "integer"}
REMITE = [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}]
DOS = {"A": {"type": "object", "required": ["a"]}, "B": {"type": "string", "maxLength": 5}}
OTRAS = DOS | {"B": {"type": "string", "maxLength": 4}}
SIN_CAMPOS = {
    "un mapa cambia de valor": (
        OBJETO | {"additionalProperties": TEXTO},
        OBJETO | {"additionalProperties": NUMERO},
        AMBAS,
        "{}",
    ),
    "un mapa acota su valor": (
        OBJETO | {"additionalProperties": TEXTO},
        OBJETO | {"additionalProperties": TEXTO | {"maxLength": 3}},
        ENVIA,
        "{}",
    ),
    "un objeto libre pasa a mapa": (OBJETO, OBJETO | {"additionalProperties": TEXTO}, ENVIA, "{}"),
    "se cierra sin campos": (OBJETO, OBJETO | {"additionalProperties": False}, ENVIA, ""),
    "se abre sin campos": (OBJETO | {"additionalProperties": False}, OBJETO, RECIBE, ""),
    "exige uno que no describe": (OBJETO, OBJETO | {"required": ["a"]}, ENVIA, "a"),
    "deja de exigir uno que no describe": (OBJETO | {"required": ["a"]}, OBJETO, RECIBE, "a"),
    "cambia una definición de un anyOf": (
        {"anyOf": REMITE, "$defs": DOS},
        {"anyOf": REMITE, "$defs": OTRAS},
        ENVIA,
        "",
    ),
    "cambia la única opción de su tipo": (
        {"anyOf": [TEXTO | {"maxLength": 4}, NUMERO]},
        {"anyOf": [NUMERO, TEXTO | {"maxLength": 5}]},
        RECIBE,
        "",
    ),
    "una opción más": ({"anyOf": [TEXTO, NUMERO]}, {"anyOf": [TEXTO, NUMERO, OBJETO]}, AMBAS, ""),
    "dos opciones que no se emparejan": (
        {"anyOf": [TEXTO | {"maxLength": 4}, TEXTO | {"pattern": "^a"}]},
        {"anyOf": [TEXTO | {"maxLength": 5}, TEXTO | {"pattern": "^b"}]},
        AMBAS,
        "",
    ),
    "nulo o cualquier cosa": ({"anyOf": [TEXTO, OBJETO, {"type": "null"}]}, {"anyOf": [TEXTO, OBJETO, {}]}, AMBAS, ""),
    "cambia una definición de lo que no sabe comparar": (
        {"not": {"$ref": "#/$defs/B"}, "$defs": DOS},
        {"not": {"$ref": "#/$defs/B"}, "$defs": OTRAS},
        AMBAS,
        "",
    ),
    "empieza a exigir mandato": (OBJETO, OBJETO | {"x-mandatos": ["rectoria"]}, ENVIA, ""),
}


@pytest.mark.parametrize("caso", SIN_CAMPOS)
@pytest.mark.parametrize("ruta", [SOLICITUD, AVISO])
def test_lo_que_no_nombra_sus_campos_tambien_se_compara(caso: str, ruta: str):
    antes, ahora, a_quien, campo = SIN_CAMPOS[caso]
    (hallado,) = comparar({ruta: canonica(ruta, antes)}, {ruta: canonica(ruta, ahora)}, HOY)
    assert hallado.campo == campo
    assert hallado.rompe == (direccion_de(ruta) in a_quien)


def test_los_textos_el_orden_y_los_nombres_internos_no_son_cambios():
    nuevo = deepcopy(BASE)
    nuevo["description"] = "Otra explicación"
    nuevo["properties"]["datos"]["required"].reverse()
    nuevo["$defs"]["Grado"] = nuevo["$defs"].pop("Nivel")
    nuevo["properties"]["datos"]["properties"]["nivel"] = {"$ref": "#/$defs/Grado", "title": "otro"}
    viejo, nueva = canonica(AVISO, BASE), canonica(AVISO, nuevo)
    assert comparar({AVISO: viejo}, {AVISO: nueva}, HOY) == []
    solo_texto = canonica(AVISO, BASE | {"description": "Otra", "x-mandatos": ["rectoria", "salud"]})
    assert huella(viejo) == huella(solo_texto)
    assert huella(viejo) != huella(canonica(AVISO, BASE | {"x-participa": True}))


@pytest.mark.parametrize(
    ("retirada", "rompe"), [(None, True), ("2027-03-02", True), ("2027-03-01", False), ("2027-02-28", False)]
)
def test_quitar_un_mensaje_rompe_salvo_que_llegara_la_fecha_publicada(retirada: str | None, *, rompe: bool):
    viejo = canonica(SOLICITUD, BASE)
    if retirada:
        viejo["x-retirada"] = {"desde": "2026-09-01", "retirada": retirada}
    (quitado,) = comparar({SOLICITUD: viejo}, {}, HOY)
    assert quitado.rompe is rompe
    (nuevo,) = comparar({}, {SOLICITUD: viejo}, HOY)
    assert not nuevo.rompe


@pytest.mark.parametrize(("ahora", "rompe"), [("2027-08-31", True), ("2027-09-02", False)])
def test_una_retirada_anunciada_se_retrasa_pero_no_se_adelanta(ahora: str, *, rompe: bool):
    antes = canonica(AVISO, BASE | {"x-retirada": {"desde": "2027-01-01", "retirada": "2027-09-01"}})
    despues = canonica(AVISO, BASE | {"x-retirada": {"desde": "2027-01-01", "retirada": ahora}})
    (cambio,) = comparar({AVISO: antes}, {AVISO: despues}, HOY)
    assert cambio.rompe is rompe


def test_por_donde_se_pide_y_se_lee_no_se_mueve():
    def documento(cola: str, *tipos: str) -> dict[str, Any]:
        mensajes = {t: {"headers": {"type": "object", "required": ["firma"]}} for t in tipos}
        canal = {"address": cola, "bindings": {"amqp": {"is": "queue"}}, "messages": {t: {} for t in tipos}}
        return canonica("asyncapi.json", {"channels": {"buzon": canal}, "components": {"messages": mensajes}})

    def cambios(nuevo: dict[str, Any]) -> list[tuple[str, bool]]:
        antes = {"asyncapi.json": documento("senda.buzon", "a", "b")}
        return [(c.campo, c.rompe) for c in comparar(antes, {"asyncapi.json": nuevo}, HOY)]

    assert cambios(documento("otra.cola", "a", "b")) == [("channels.buzon.address", True)]
    # De los mensajes que llegan o se van hablan sus archivos, con su fecha de retirada.
    assert cambios(documento("senda.buzon", "b", "c")) == []
    sin_firma = documento("senda.buzon", "a", "b")
    sin_firma["headers"]["a"] = {}
    assert cambios(sin_firma) == [("headers.a.required", True), ("headers.a.type", True)]


@pytest.mark.parametrize("ruta", [SOLICITUD, AVISO])
def test_sellar_algo_donde_no_se_sellaba_nada_no_rompe(ruta: str):
    antes, ahora = deepcopy(BASE), deepcopy(BASE)
    del antes["$defs"]["Sellado"]
    ahora["$defs"]["Sellado"]["additionalProperties"] = False
    cambios = comparar({ruta: canonica(ruta, antes)}, {ruta: canonica(ruta, ahora)}, HOY)
    assert [(c.campo, c.rompe) for c in cambios] == [("sellado.relato", False)]


def _http() -> dict[str, Any]:
    parametro = {"name": "desde", "in": "query", "description": "x", "schema": {"type": "integer", "maximum": 9}}
    tramo = {"type": "object", "properties": {"numero": {"type": "integer"}}, "title": "T"}
    cuerpo = {"application/json": {"schema": {"$ref": "#/components/schemas/Tramo"}, "example": {"numero": 1}}}
    leer = {"summary": "Leer", "parameters": [parametro], "responses": {"200": {"description": "x", "content": cuerpo}}}
    return {"paths": {"/v1/buzon": {"get": leer}}, "components": {"schemas": {"Tramo": tramo}}}


LEER = ("paths", "/v1/buzon", "get")
OTRO = {"name": "hasta", "in": "query", "schema": {"type": "integer"}}
EN_200 = (*LEER, "responses", "200", "content")
PARAMETRO = _http()["paths"]["/v1/buzon"]["get"]["parameters"][0]
POR_HTTP = {
    "ruta nueva": (poner(("paths", "/v1/x"), {"get": {"responses": {}}}), False, "GET /v1/x"),
    "método quitado": (poner(("paths", "/v1/buzon"), {}), True, "GET /v1/buzon"),
    "parámetro opcional nuevo": (poner((*LEER, "parameters"), [PARAMETRO, OTRO]), False, "GET /v1/buzon query.hasta"),
    "parámetro obligatorio nuevo": (
        poner((*LEER, "parameters"), [PARAMETRO, OTRO | {"required": True}]),
        True,
        "GET /v1/buzon query.hasta",
    ),
    "parámetro quitado": (poner((*LEER, "parameters"), []), True, "GET /v1/buzon query.desde"),
    "pasa a obligatorio": (
        poner((*LEER, "parameters"), [PARAMETRO | {"required": True}]),
        True,
        "GET /v1/buzon query.desde",
    ),
    "parámetro que admite menos": (
        poner((*LEER, "parameters"), [PARAMETRO | {"schema": {"type": "integer", "maximum": 8}}]),
        True,
        "GET /v1/buzon query.desde",
    ),
    "parámetro que admite más": (
        poner((*LEER, "parameters"), [PARAMETRO | {"schema": {"type": "integer"}}]),
        False,
        "GET /v1/buzon query.desde",
    ),
    "cuerpo obligatorio nuevo": (
        poner((*LEER, "requestBody"), {"required": True, "content": {}}),
        True,
        "GET /v1/buzon cuerpo",
    ),
    "estado nuevo": (poner((*LEER, "responses", "429"), {"description": "x"}), False, "GET /v1/buzon 429"),
    "estado quitado": (quitar(*LEER, "responses", "200"), True, "GET /v1/buzon 200"),
    "tipo de contenido quitado": (quitar(*EN_200, "application/json"), True, "GET /v1/buzon 200 application/json"),
    "respuesta que cambia": (
        poner(("components", "schemas", "Tramo", "properties", "numero", "type"), "string"),
        True,
        "GET /v1/buzon 200 application/json.numero",
    ),
    "respuesta con un campo más": (
        poner(("components", "schemas", "Tramo", "properties", "mas"), NUEVO),
        False,
        "GET /v1/buzon 200 application/json.mas",
    ),
}


@pytest.mark.parametrize("caso", POR_HTTP)
def test_el_contrato_por_http_tampoco_se_rompe(caso: str):
    cambio, rompe, campo = POR_HTTP[caso]
    nuevo = _http()
    cambio(nuevo)
    ruta = "openapi.json"
    (hallado,) = comparar({ruta: canonica(ruta, _http())}, {ruta: canonica(ruta, nuevo)}, HOY)
    assert (hallado.campo, hallado.rompe) == (campo, rompe)


def test_del_contrato_por_http_no_cuentan_los_textos_y_no_haberlo_publicado_no_rompe():
    otro = _http()
    otro["paths"]["/v1/buzon"]["get"] |= {"summary": "Otro", "operationId": "otra"}
    otro["components"]["schemas"]["Tramo"]["title"] = "Otro"
    otro["paths"]["/v1/buzon"]["get"]["responses"]["200"]["content"]["application/json"]["example"] = {"numero": 2}
    antes, ahora = canonica("openapi.json", _http()), canonica("openapi.json", otro)
    assert huella(antes) == huella(ahora)
    (nuevo,) = comparar({}, {"openapi.json": ahora}, HOY)
    assert not nuevo.rompe
    (quitado,) = comparar({"openapi.json": antes}, {}, HOY)
    assert quitado.rompe
