"""El JSON Schema (2020-12) de cada mensaje, sacado de los mismos tipos con que el servicio valida.

Cada esquema vale solo: no remite a ningún otro. Los campos sellados no aparecen entre los abiertos: van cifrados en
``sellado``, y lo que se cifra dentro se describe aparte, en ``$defs.Sellado``.

Lo que una institución envía es cerrado: lo que sobra se rechaza. Lo que recibe es abierto, y el esquema lo dice: admite
campos que aún no están y sus listas llevan los valores conocidos en ``x-extensible-enum``, no en ``enum``; así un
validador no rompe el día en que una lista crece (docs/contratos.md).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec
from msgspec import Struct

from contratos.acuse import Acuse
from contratos.base import Peticion
from contratos.solicitud import Solicitud
from eventos.base import Hecho, HechoDeRuta, campos_sellados
from eventos.sobre import Sobre, esquema

BORRADOR: Final = "https://json-schema.org/draft/2020-12/schema"
TIPO_DE_ACUSE: Final = "senda.acuse.v1"
Esquema = dict[str, Any]

_LO_SELLADO_DE_UN_HECHO: Final = {
    "type": "string",
    "contentEncoding": "base64",
    "description": "Los campos de $defs.Sellado, cifrados (AES-256-GCM) con la clave de la persona",
}
_LO_SELLADO_DE_UNA_PETICION: Final = {
    "type": "string",
    "maxLength": 24_000,
    "description": "JWE (ECDH-ES + A256GCM) hacia la clave del servicio, con los campos de $defs.Sellado; o vacío",
}
#: Listas de dos o tres respuestas de las que cuelga qué hacer: otra más sería otra versión, también al recibir.
CERRADAS: Final = frozenset({"Resultado", "SiNo"})
_SIN_SELLADO: Final = {"const": "", "description": "Esta petición no lleva campos sellados"}


def de_hecho(clase: type[Hecho]) -> Esquema:
    """El sobre entero de un hecho, con su ``data``. Admite campos nuevos: una versión menor puede añadirlos."""
    abierto, sellado, definiciones = _partes(clase)
    data = _objeto(abierto, clase)
    if sellado:
        data["properties"]["sellado"] = _LO_SELLADO_DE_UN_HECHO
        definiciones["Sellado"] = _objeto(sellado, clase, obligatorios=())
    sobre = _definicion(Sobre)
    sobre["properties"] |= {
        "specversion": {"const": "1.0"},
        "type": {"const": clase.tipo},
        "dataschema": {"const": esquema(clase.tipo)},
        "datacontenttype": {"const": "application/json"},
        "data": data,
    }
    if issubclass(clase, HechoDeRuta):
        sobre["properties"]["subject"] = {"type": "string", "format": "uuid", "description": "La ruta"}
    return _abierto(_documento(clase.tipo, clase, sobre, definiciones))


def de_peticion(clase: type[Peticion]) -> Esquema:
    """El cuerpo de la solicitud que la pide. ``x-mandatos``: basta uno; ``x-participa``: si ha de estar en la ruta."""
    abierto, sellado, definiciones = _partes(clase)
    solicitud = _definicion(Solicitud)
    solicitud["properties"] |= {
        "tipo": {"const": clase.tipo},
        "datos": {**_objeto(abierto, clase), "additionalProperties": False},
        "sellado": {**_LO_SELLADO_DE_UNA_PETICION, "default": ""} if sellado else {**_SIN_SELLADO, "default": ""},
    }
    if sellado:
        definiciones["Sellado"] = {**_objeto(sellado, clase, obligatorios=()), "additionalProperties": False}
    documento = _documento(clase.tipo, clase, solicitud, definiciones)
    return documento | {
        "x-servicio": clase.servicio,
        "x-mandatos": sorted(clase.mandatos),
        "x-participa": clase.participa,
    }


def de_solicitud() -> Esquema:
    """El sobre de cualquier solicitud: lo que se mira antes de saber qué pide."""
    solicitud = _definicion(Solicitud)
    solicitud["properties"]["datos"] = {"type": "object", "description": "Los campos abiertos de la petición"}
    return solicitud | {"description": _descripcion(Solicitud)}


def de_aviso(clase: type[Hecho], *, con_encargo: bool) -> Esquema:
    """Lo que deja en un buzón un hecho. ``con_encargo``: si trae resumido el encargo del que habla."""
    abierto, _, definiciones = _partes(clase)
    objeto = _objeto(abierto, clase)
    propios: Esquema = {
        "numero": {"type": "integer", "minimum": 1, "description": "Número en el buzón, sin huecos"},
        "evento": {"type": "string", "format": "uuid", "description": "Id del hecho"},
        "tipo": {"const": clase.tipo},
        "disponible": {"type": "string", "format": "date-time", "description": "Desde cuándo está en el buzón (UTC)"},
    }
    if con_encargo:
        textos = ("de", "a", "servicio", "urgencia")
        plazos = ("vence_acuse", "vence_atencion")
        propios["encargo"] = {
            "type": "object",
            "properties": {c: {"type": "string"} for c in textos}
            | {c: {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]} for c in plazos},
            "required": [*textos, *plazos],
        }
    objeto["properties"] = propios | objeto["properties"]
    objeto["required"] = [*propios, *objeto["required"]]
    return _abierto(_documento(f"{clase.tipo}:aviso", clase, objeto, definiciones))


def de_acuse() -> Esquema:
    """El recibo firmado de una solicitud."""
    (_, definiciones) = msgspec.json.schema_components([Acuse], ref_template="#/$defs/{name}")
    raiz = definiciones.pop("Acuse")
    return _abierto(_documento(TIPO_DE_ACUSE, Acuse, raiz, definiciones))


def _documento(nombre: str, clase: type[Any], raiz: Mapping[str, Any], definiciones: Mapping[str, Any]) -> Esquema:
    documento = {"$schema": BORRADOR, "$id": esquema(nombre), **raiz}
    documento |= {"title": clase.__name__, "description": _descripcion(clase)}
    if usadas := _alcanzables(documento, definiciones):
        documento["$defs"] = usadas
    return documento


def _abierto(documento: Esquema) -> Esquema:
    """El mismo documento con sus listas de valores abiertas, salvo las de `CERRADAS`."""
    for nombre, definicion in documento.get("$defs", {}).items():
        if "enum" in definicion and nombre not in CERRADAS:
            valores = definicion.pop("enum")
            definicion |= {"type": "string", "x-extensible-enum": valores}
    return documento


def _partes(clase: type[Struct]) -> tuple[Esquema, Esquema, Esquema]:
    """Las propiedades abiertas, las selladas y las definiciones a que remiten."""
    (_, definiciones) = msgspec.json.schema_components([clase], ref_template="#/$defs/{name}")
    propiedades = definiciones.pop(clase.__name__)["properties"]
    sellados = campos_sellados(clase)
    abiertas = {nombre: p for nombre, p in propiedades.items() if nombre not in sellados}
    return abiertas, {n: p for n, p in propiedades.items() if n in sellados}, definiciones


def _objeto(propiedades: Esquema, clase: type[Struct], obligatorios: Iterable[str] | None = None) -> Esquema:
    if obligatorios is None:
        obligatorios = [c.encode_name for c in msgspec.structs.fields(clase) if c.required and c.name in propiedades]
    return {"type": "object", "properties": dict(propiedades), "required": list(obligatorios)}


def _definicion(clase: type[Struct]) -> Esquema:
    (_, definiciones) = msgspec.json.schema_components([clase], ref_template="#/$defs/{name}")
    definicion: Esquema = definiciones[clase.__name__]
    return definicion


def _alcanzables(raiz: Any, definiciones: Mapping[str, Any]) -> Esquema:
    """Las definiciones a que se llega desde la raíz, por orden alfabético."""
    usadas: Esquema = {"Sellado": definiciones["Sellado"]} if "Sellado" in definiciones else {}
    pendientes = [raiz, *usadas.values()]
    while pendientes:
        for nombre in _referencias(pendientes.pop()) - usadas.keys():
            usadas[nombre] = definiciones[nombre]
            pendientes.append(definiciones[nombre])
    return dict(sorted(usadas.items()))


def _referencias(nodo: Any) -> set[str]:
    if isinstance(nodo, Mapping):
        propia = {str(nodo["$ref"]).rpartition("/")[2]} if "$ref" in nodo else set()
        return propia.union(*(_referencias(hijo) for hijo in nodo.values()))
    if isinstance(nodo, list | tuple):
        return set().union(*(_referencias(hijo) for hijo in nodo))
    return set()


def _descripcion(clase: type[Any]) -> str:
    return " ".join((clase.__doc__ or "").split())


__all__ = [
    "BORRADOR",
    "CERRADAS",
    "TIPO_DE_ACUSE",
    "Esquema",
    "de_acuse",
    "de_aviso",
    "de_hecho",
    "de_peticion",
    "de_solicitud",
]
