"""El documento AsyncAPI 3 de lo que una institución ve del bus: pide en un canal y lee en los dos suyos."""

from __future__ import annotations

from typing import Any, Final

from contratos.base import PETICIONES, Peticion
from contratos.campos import campos
from contratos.solicitudes.coordinacion import RepetirBuzon
from eventos.base import Hecho
from infra.mensajeria.topologia import Cola, Nombres, colas_de_institucion
from servicios.coordinacion.buzon import AVISADOS

Documento = dict[str, Any]
#: Versión de los contratos publicados; cambia con ellos, no con el programa.
VERSION: Final = "0.1.0"
_ID, _RUTA, _AGENTE = "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42", "94a76ce0-b760-4cb5-bb80-002faaad53bb", "ag-7c1e90aa"
_PARAMETRO: Final = {"institucion": {"description": "Código de la institución: GT-PGN"}}
_FIRMA: Final = {
    "type": "object",
    "properties": {
        "firma": {
            "type": "string",
            "description": "JWS separado (RFC 7515, alg EdDSA) sobre los bytes exactos del cuerpo. Su cabecera "
            "protegida lleva `kid` (quién firma), `servicio`, `id` (el de la solicitud) y `exp` (segundos desde 1970)",
        }
    },
    "required": ["firma"],
}
_FIRMA_DE_AVISO: Final = {
    "type": "object",
    "properties": {
        "firma": {
            "type": "string",
            "description": "JWS separado (RFC 7515, alg EdDSA) del servicio sobre los bytes exactos del cuerpo. Su "
            "cabecera protegida lleva `kid` (el origen: /gt/coordinacion), `servicio` (la institución a la que se "
            "dirige), `id` (`aviso-` y el número) y `exp`. Un aviso repetido trae los mismos bytes y la misma firma",
        }
    },
    "required": ["firma"],
}


def documento() -> Documento:
    """El documento entero, en tipos de JSON."""
    nombres = Nombres()
    acuses, buzon = colas_de_institucion("{institucion}", nombres.prefijo)
    servicios = sorted({clase.servicio for clase in PETICIONES.values()})
    canales = {f"solicitudes-{s}": _canal_de_solicitudes(nombres, s) for s in servicios}
    canales["acuses"] = _canal_propio(acuses, "Recibos firmados de lo que la institución pidió", {"acuse": "acuse"})
    canales["buzon"] = _canal_propio(
        buzon,
        "Lo que le toca a la institución, numerado sin huecos. Puede llegar repetido y desordenado: se ordena y se "
        f"descarta lo repetido por `numero`. Lo que falte se pide con {RepetirBuzon.tipo}",
        {c.tipo: f"aviso-{c.tipo}" for c in AVISADOS},
    )
    operaciones = {
        f"pedir-a-{s}": {"action": "send", "channel": {"$ref": f"#/channels/solicitudes-{s}"}} for s in servicios
    }
    operaciones |= {
        f"leer-{canal}": {"action": "receive", "channel": {"$ref": f"#/channels/{canal}"}}
        for canal in ("acuses", "buzon")
    }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Senda: contrato de las instituciones",
            "version": VERSION,
            "description": "Toda solicitud recibe un acuse firmado. Repetir un id con el mismo cuerpo devuelve el "
            "mismo acuse y no repite efectos. Los códigos de rechazo, en docs/codigos.md.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "servers": {
            "bus": {
                "host": "bus.senda.example:5671",
                "protocol": "amqps",
                "description": "RabbitMQ. Cada institución entra con su usuario y solo alcanza sus canales.",
                "security": [{"$ref": "#/components/securitySchemes/usuario"}],
            }
        },
        "channels": canales,
        "operations": operaciones,
        "components": {
            "messages": _mensajes(),
            "securitySchemes": {
                "usuario": {
                    "type": "userPassword",
                    "description": "El usuario del broker es el código de la institución",
                }
            },
        },
    }


def ejemplo_de(clase: type[Peticion]) -> Documento:
    """Una solicitud que el contrato admite, sin nada sellado."""
    datos = {c.nombre: c.forma.ejemplo for c in campos(clase) if c.obligatorio}
    if "ruta" in datos:
        datos["ruta"] = _RUTA
    return {
        "id": _ID,
        "tipo": clase.tipo,
        "institucion": "GT-PGN",
        "agente": _AGENTE,
        "ocurrido": "2026-05-03T14:20:00Z",
        "datos": datos,
        "sellado": "",
    }


def _canal_de_solicitudes(nombres: Nombres, servicio: str) -> Documento:
    suyas = sorted(c.tipo for c in PETICIONES.values() if c.servicio == servicio)
    return {
        "address": servicio,
        "description": f"Lo que se puede pedir a {servicio}",
        "messages": {tipo: {"$ref": f"#/components/messages/{tipo}"} for tipo in suyas},
        "bindings": {
            "amqp": {
                "is": "routingKey",
                "exchange": {"name": nombres.solicitudes, "type": "direct", "durable": True, "autoDelete": False},
            }
        },
    }


def _canal_propio(cola: Cola, descripcion: str, mensajes: dict[str, str]) -> Documento:
    return {
        "address": cola.nombre,
        "description": descripcion,
        "parameters": _PARAMETRO,
        "messages": {n: {"$ref": f"#/components/messages/{m}"} for n, m in sorted(mensajes.items())},
        "bindings": {
            "amqp": {
                "is": "queue",
                "queue": {"name": cola.nombre, "durable": True, "exclusive": False, "autoDelete": False},
            }
        },
    }


def _mensajes() -> Documento:
    mensajes: Documento = {
        clase.tipo: {
            "title": _titulo(clase),
            "headers": _FIRMA,
            "payload": {"$ref": f"./solicitudes/{clase.tipo}.json"},
            "examples": [{"payload": ejemplo_de(clase)}],
        }
        for _, clase in sorted(PETICIONES.items())
    }
    mensajes["acuse"] = {
        "title": "Recibo firmado de una solicitud",
        "headers": _FIRMA,
        "payload": {"$ref": "./acuse.v1.json"},
    }
    for clase in AVISADOS:
        mensajes[f"aviso-{clase.tipo}"] = {
            "title": _titulo(clase),
            "headers": _FIRMA_DE_AVISO,
            "payload": {"$ref": f"./avisos/{clase.tipo}.json"},
        }
    return mensajes


def _titulo(clase: type[Hecho | Peticion]) -> str:
    return (clase.__doc__ or "").strip().splitlines()[0]


__all__ = ["VERSION", "documento", "ejemplo_de"]
