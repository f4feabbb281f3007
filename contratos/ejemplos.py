"""Un mensaje de ejemplo que su esquema admite, sacado del propio esquema."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final
from uuid import UUID

import msgspec

from contratos.acuse import Acuse, HechoCausado, Resultado
from contratos.campos import UN_UUID, con_patron
from eventos.base import Hecho

_POR_FORMATO: Final = {"uuid": UN_UUID, "date": "2026-05-03", "date-time": "2026-05-03T14:20:00Z"}
#: Lo que su esquema solo dice que es texto o número.
_POR_NOMBRE: Final[dict[str, Any]] = {
    "institucion": "GT-PGN",
    "agente": "ag-7c1e90aa",
    "de": "GT-MP",
    "a": "GT-PGN",
    "causaid": UN_UUID,
    "correlacionid": UN_UUID,
    "solicitud": "0" * 64,
    "servicio": "salud",
    "urgencia": "inmediata",
}


def de_esquema(esquema: Mapping[str, Any]) -> Any:
    """Lleno, sin lo sellado: cifrado no enseñaría nada."""
    return _valor(esquema, esquema.get("$defs", {}), "")


def de_hecho(clase: type[Hecho], esquema: Mapping[str, Any]) -> dict[str, Any]:
    """Un hecho en su sobre, tal como lo publica su servicio."""
    sobre = de_esquema(esquema)
    hecho = msgspec.convert(sobre["data"], clase)
    propios = {"source": f"/gt/{clase.contexto}", "subject": hecho.sujeto, "agregado": str(hecho.agregado)}
    return {**sobre, **propios}


def acuses() -> dict[str, Any]:
    """Los dos recibos que puede tener una solicitud."""
    comun: dict[str, Any] = {
        "huella": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "servicio": "coordinacion",
        "origen": "/gt/coordinacion",
        "instante": datetime(2026, 5, 3, 14, 20, 1, tzinfo=UTC),
        "posicion": 4127,
        "institucion": "GT-PGN",
        "id": UN_UUID,
    }
    causado = HechoCausado(
        id=UUID("019df15c-8a2b-7c41-9d0e-6f1a2b3c4d5e"),
        tipo="senda.coordinacion.derivacion-aceptada.v1",
        sujeto="94a76ce0-b760-4cb5-bb80-002faaad53bb",
        datos={"derivacion": "97354ded-db14-46b4-bdc5-7046a08852b3"},
    )
    aceptada = Acuse(**comun, resultado=Resultado.ACEPTADA, eventos=(causado,))
    rechazada = Acuse(
        **comun,
        resultado=Resultado.RECHAZADA,
        codigo="no-es-la-destinataria",
        campo="datos.derivacion",
        que_hacer="Solo la institución encargada puede recibir, aceptar, rechazar o atender la derivación.",
    )
    return {a.resultado.value: msgspec.json.decode(msgspec.json.encode(a)) for a in (aceptada, rechazada)}


def _valor(esquema: Mapping[str, Any], definiciones: Mapping[str, Any], nombre: str) -> Any:
    if "$ref" in esquema:
        return _valor(definiciones[str(esquema["$ref"]).rpartition("/")[2]], definiciones, nombre)
    if "anyOf" in esquema:
        return _valor(esquema["anyOf"][0], definiciones, nombre)
    if "const" in esquema:
        return esquema["const"]
    if valores := esquema.get("enum", esquema.get("x-extensible-enum")):
        return valores[0]
    match esquema.get("type"):
        case "object":
            hijos = esquema.get("properties", {}).items()
            return {campo: _valor(hijo, definiciones, campo) for campo, hijo in hijos if campo != "sellado"}
        case "array":
            uno = _valor(esquema["items"], definiciones, nombre)
            # Cuando se piden varios, son distintos: dos personas, no dos veces la misma.
            otros = [f"{uno[:-1]}{n}" if isinstance(uno, str) else uno for n in range(1, esquema.get("minItems", 1))]
            return [uno, *otros]
        case "integer":
            return max(1, esquema.get("minimum", 1))
        case "boolean":
            return True
        case _:
            return _texto(esquema, nombre)


def _texto(esquema: Mapping[str, Any], nombre: str) -> str:
    if "format" in esquema:
        return _POR_FORMATO[esquema["format"]]
    if "pattern" in esquema:
        return con_patron(esquema["pattern"])
    return str(_POR_NOMBRE.get(nombre, "texto"))


__all__ = ["acuses", "de_esquema", "de_hecho"]
