"""Un ejemplo de cada tipo, siempre el mismo: todos sus campos llenos, ids y tiempos fijos, sellado con clave fija."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
from msgspec import inspect as mi

from eventos.base import Hecho
from eventos.sobre import Anotado, Cifra
from infra.azar import AzarSembrado
from infra.seguridad.sello import abrir, sellar

CARPETA = Path(__file__).parent / "eventos"
CLAVE = bytes(range(32))
INSTANTE = datetime(2026, 5, 3, 14, 30, tzinfo=UTC)

#: Una cadena válida para cada forma cerrada; una forma nueva pide aquí su ejemplo.
CADENAS = {
    "guia-eri": "clave; primero, porque otras cadenas también lo serían",
    "GT-PGN": "código de institución",
    "ag-0123456789abcdef": "agente",
    "GTM": "país o moneda",
    "spa": "idioma",
    "gt": "país del protocolo",
    "GT-01-0101": "territorio",
    "1.0": "versión",
    "9-17": "tramo de edad",
    "ab" * 32: "huella",
    "A" * 43: "clave de firma",
}

_FIJOS: dict[type[mi.Type], object] = {
    mi.DateTimeType: INSTANTE.isoformat(),
    mi.DateType: "2026-06-01",
    mi.IntType: 2,
    mi.BoolType: True,
}


def ejemplo(clase: type[Hecho]) -> Anotado:
    """El ejemplo de un tipo, con su sobre."""
    azar = AzarSembrado(clase.tipo.encode())
    hecho = msgspec.convert(_valor(mi.type_info(clase), azar), clase)
    return Anotado(
        id=azar.uuid7(INSTANTE), origen=f"/gt/{clase.contexto}", hecho=hecho, institucion="GT-PGN",
        agente="ag-0123456789abcdef", ocurrido=INSTANTE, registrado=INSTANTE, causa=str(azar.uuid7(INSTANTE)),
        correlacion=str(azar.uuid7(INSTANTE)), agregado=hecho.agregado, version=1, solicitud="cd" * 32,
    )  # fmt: skip


def cifra_fija(tipo: str) -> Cifra:
    """Sella con la clave y el nonce fijos de un tipo."""
    azar = AzarSembrado(f"{tipo} nonce".encode())
    return lambda claro, dato: sellar(CLAVE, claro, dato, azar)


descifra_fija: Cifra = partial(abrir, CLAVE)


def _valor(tipo: mi.Type, azar: AzarSembrado) -> Any:
    match tipo:
        case mi.Metadata():
            return _valor(tipo.type, azar)
        case mi.StructType():
            return {c.encode_name: _valor(c.type, azar) for c in tipo.fields}
        case mi.UnionType():
            return _valor(tipo.types[0], azar)
        case mi.VarTupleType():
            return [_valor(tipo.item_type, azar) for _ in range(tipo.min_length or 1)]
        case mi.EnumType():
            return next(iter(tipo.cls)).value
        case mi.StrType():
            return _cadena(tipo) if tipo.pattern else "Texto que solo viaja sellado."
        case mi.UUIDType():
            return str(azar.uuid4())
        case _:
            return _FIJOS[type(tipo)]


def _cadena(tipo: mi.StrType) -> str:
    patron = re.compile(tipo.pattern or "")
    for cadena in CADENAS:
        if patron.search(cadena):
            return cadena
    raise LookupError(f"añade a CADENAS un ejemplo de {tipo.pattern}")
