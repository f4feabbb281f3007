"""La referencia de los contratos: una sola página que se lee sin red, hecha de lo mismo que se publica."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup, escape

from contratos import ejemplos
from contratos.codigos import DE_EXAMEN
from eventos.base import CATALOGO
from eventos.titulos import titulo
from senda.codigos import por_contexto
from senda.referencia.campos import Fila, Lector

Documento = Mapping[str, Any]
_PLANTILLA: Final = Path(__file__).with_name("pagina.html")
_SERVICIOS: Final = {
    "deteccion": "Detección",
    "atencion": "Atención",
    "repatriacion": "Repatriación",
    "coordinacion": "Coordinación",
    "auditoria": "Auditoría",
    "comun": "En cualquier servicio",
}


class Mensaje(NamedTuple):
    """Un mensaje, como se enseña. ``por``: quién puede pedirlo, o por dónde llega."""

    ancla: str
    tipo: str
    titulo: str
    descripcion: str
    esquema: str
    por: tuple[str, ...]
    participa: bool
    retirada: Mapping[str, str] | None
    filas: list[Fila]
    ejemplos: list[tuple[str, str]]


class Grupo(NamedTuple):
    """Los mensajes de un servicio."""

    ancla: str
    nombre: str
    mensajes: list[Mensaje]


class Seccion(NamedTuple):
    """Lo que se envía, lo que se recibe o lo que ocurre."""

    ancla: str
    nombre: str
    grupos: list[Grupo]


def pagina(esquemas: Mapping[str, Documento], asyncapi: Documento) -> bytes:
    """El HTML entero. ``esquemas``: los publicados, por su ruta."""
    lector = Lector()
    mensajes = {ruta: _mensaje(ruta, esquema, asyncapi, lector) for ruta, esquema in esquemas.items()}
    secciones = [
        _seccion("pedir", "Lo que pides", "solicitudes/", mensajes),
        _seccion("recibir", "Lo que recibes en tu buzón", "avisos/", mensajes),
        _seccion("hechos", "Los hechos, como quedan en el libro", "eventos/", mensajes),
    ]
    con_sellado = next(e for ruta, e in esquemas.items() if ruta.startswith("solicitudes/") and _sella(e))
    sobres = {
        "solicitud": _sobre(con_sellado, lector),
        "hecho": _sobre(next(e for ruta, e in esquemas.items() if ruta.startswith("eventos/")), lector),
    }
    contextos = {g.ancla.removeprefix("pedir-") for g in secciones[0].grupos} | {"comun"}
    entorno = Environment(autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=StrictUndefined)
    entorno.filters["codigo"] = _codigo
    texto = entorno.from_string(_PLANTILLA.read_text(encoding="utf-8")).render(
        version=asyncapi["info"]["version"],
        canales=asyncapi["channels"],
        secciones=secciones,
        acuse=mensajes["acuse.v1.json"],
        sobres=sobres,
        listas=lector.listas,
        de_examen=DE_EXAMEN,
        codigos=[(f"codigos-{c}", _nombre(c), filas) for c, filas in por_contexto().items() if c in contextos],
    )
    return "\n".join(linea.rstrip() for linea in texto.splitlines() if linea.strip()).encode() + b"\n"


def _codigo(texto: str) -> Markup:
    """Lo que va entre dos acentos graves en las descripciones."""
    piezas = str(escape(texto)).split("``")
    return Markup("".join(f"<code>{p}</code>" if i % 2 else p for i, p in enumerate(piezas)))  # noqa: S704  ya escapado


def _nombre(contexto: str) -> str:
    return _SERVICIOS.get(contexto, contexto.capitalize())


def _seccion(ancla: str, nombre: str, carpeta: str, mensajes: Mapping[str, Mensaje]) -> Seccion:
    por_servicio: dict[str, list[Mensaje]] = {}
    for ruta, mensaje in mensajes.items():
        if ruta.startswith(carpeta):
            por_servicio.setdefault(mensaje.tipo.split(".")[1], []).append(mensaje)
    return Seccion(ancla, nombre, [Grupo(f"{ancla}-{s}", _nombre(s), m) for s, m in sorted(por_servicio.items())])


def _mensaje(ruta: str, esquema: Documento, asyncapi: Documento, lector: Lector) -> Mensaje:
    carpeta, _, archivo = ruta.rpartition("/")
    tipo = archivo.removesuffix(".json")
    contenido = {"solicitudes": "datos", "eventos": "data"}.get(carpeta, "")
    return Mensaje(
        ruta.removesuffix(".json").replace("/", "-"),
        tipo,
        titulo(tipo) if carpeta else "Acuse",
        str(esquema["description"]),
        ruta,
        tuple(esquema.get("x-mandatos", ())),
        bool(esquema.get("x-participa")),
        esquema.get("x-retirada"),
        lector.campos(esquema, contenido),
        [(como, _json(ejemplo)) for como, ejemplo in ejemplos_de(ruta, esquema, asyncapi).items()],
    )


def ejemplos_de(ruta: str, esquema: Documento, asyncapi: Documento) -> dict[str, Any]:
    """Los de un mensaje, cada uno con su nombre. El de una solicitud es el que ya lleva el AsyncAPI."""
    carpeta, _, archivo = ruta.rpartition("/")
    tipo = archivo.removesuffix(".json")
    if carpeta == "solicitudes":
        return {"": asyncapi["components"]["messages"][tipo]["examples"][0]["payload"]}
    if carpeta == "eventos":
        return {"": ejemplos.de_hecho(CATALOGO[tipo], esquema)}
    return {"": ejemplos.de_esquema(esquema)} if carpeta else ejemplos.acuses()


def _sella(esquema: Documento) -> bool:
    return "Sellado" in esquema.get("$defs", {})


def _sobre(esquema: Documento, lector: Lector) -> list[Fila]:
    """Los campos que rodean a lo propio de cada mensaje, iguales en todos."""
    propiedades = {
        nombre: {"type": "string", "description": "El de cada mensaje"} if str(p.get("const", "")).count(".") else p
        for nombre, p in esquema["properties"].items()
        if nombre not in {"datos", "data"}
    }
    return lector.campos({"properties": propiedades, "required": esquema["required"]}, "")


def _json(valor: Any) -> str:
    return msgspec.json.format(msgspec.json.encode(valor), indent=2).decode()


__all__ = ["ejemplos_de", "pagina"]
