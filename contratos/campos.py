"""Qué pide cada campo de una petición, dicho para una persona: forma, límites, valores, ejemplo y si va sellado.

Sale de los mismos tipos con que el servicio valida; aquí no se declara nada por segunda vez.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Annotated, Any, Final
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType, structs

from eventos import tipos
from eventos.base import campos_sellados

UN_UUID: Final = "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42"
#: Un ejemplo por alias con patrón: el patrón lo identifica.
_DE_TIPOS: Final = {
    "CodigoInstitucion": "GT-PGN",
    "Agente": "ag-7c1e90aa",
    "Pais": "GTM",
    "Idioma": "quc",
    "PaisProtocolo": "gt",
    "Territorio": "GT-01-0101",
    "Clave": "no-consta",
    "Version": "1.0",
    "Huella": "0" * 64,
    "ClaveFirma": "A" * 43,
}


def _patron(alias: Any) -> str:
    return next(str(m.pattern) for m in alias.__metadata__ if m.pattern)


_EJEMPLOS: Final = {_patron(getattr(tipos, nombre)): ejemplo for nombre, ejemplo in _DE_TIPOS.items()}
#: Patrones que solo usa un campo.
_EJEMPLOS_PROPIOS: Final = {
    r"^([0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}\+|no-consta)(?!\n)$": "9-17",
    r"^(0|[1-9][0-9]{0,11})\.[0-9]{2}(?!\n)$": "15000.00",
    r"^[A-Z]{3}(?!\n)$": "GTM",
}


def con_patron(patron: str) -> str:
    """Un texto que cumple un patrón del contrato."""
    return (_EJEMPLOS | _EJEMPLOS_PROPIOS).get(patron, "no-consta")


@dataclass(frozen=True, slots=True)
class Forma:
    """Cómo es un valor. ``tipo``: con qué lo convierte msgspec; ``base``: el tipo de Python sin envolturas.

    ``de``: la forma de cada elemento, si es una lista.
    """

    tipo: Any
    base: Any
    anulable: bool
    descripcion: str
    medidas: tuple[Meta, ...]
    de: Forma | None = None

    @property
    def estructura(self) -> type[Struct] | None:
        """La clase, si el valor es un objeto con campos."""
        return self.base if isinstance(self.base, type) and issubclass(self.base, Struct) else None

    @property
    def valores(self) -> tuple[str, ...]:
        """Los admitidos, si es una lista cerrada."""
        cerrada = isinstance(self.base, type) and issubclass(self.base, Enum)
        return tuple(str(m.value) for m in self.base) if cerrada else ()

    @property
    def es_lista(self) -> bool:
        """Si admite varios."""
        return self.de is not None

    def medida(self, nombre: str) -> Any:
        """Una restricción (``ge``, ``max_length``, ``pattern``…), o None."""
        return next((v for m in self.medidas if (v := getattr(m, nombre)) is not None), None)

    @property
    def ejemplo(self) -> Any:
        """Un valor que el contrato admite, en tipos de JSON."""
        if self.de is not None:
            return [self.de.ejemplo]
        if self.estructura is not None:
            return {c.nombre: c.forma.ejemplo for c in campos(self.estructura) if c.obligatorio}
        if self.valores:
            return self.valores[0]
        if self.base is str:
            patron = self.medida("pattern")
            return con_patron(patron) if patron else "texto"
        if self.base is int:
            return max(1, self.medida("ge") or 0)
        return {bool: True, UUID: UN_UUID, date: "2026-05-03", datetime: "2026-05-03T14:20:00Z"}[self.base]

    def __str__(self) -> str:
        """La forma en palabras, sin repetir la descripción."""
        if self.de is not None:
            tope = self.medida("max_length")
            hasta = f", hasta {tope}" if tope else ""
            return f"lista de {self.de}{hasta}"
        if self.estructura is not None:
            return "objeto con " + ", ".join(c.nombre for c in campos(self.estructura))
        if self.valores:
            return "uno de: " + ", ".join(self.valores)
        if self.base is str:
            return self._texto()
        if self.base is int:
            minimo, maximo = self.medida("ge"), self.medida("le")
            limites = f" desde {minimo}" if minimo is not None else ""
            return f"entero{limites}" + (f" hasta {maximo}" if maximo is not None else "")
        return {
            bool: "sí o no (true o false)",
            UUID: "UUID",
            date: "fecha AAAA-MM-DD",
            datetime: "instante con zona, AAAA-MM-DDTHH:MM:SSZ",
        }[self.base]

    def _texto(self) -> str:
        if self.medida("pattern"):
            return f"texto como {self.ejemplo}"
        tope = self.medida("max_length")
        return f"texto de hasta {tope} caracteres" if tope else "texto"


@dataclass(frozen=True, slots=True)
class Campo:
    """Un campo de una petición. ``defecto``: lo que vale si no se manda, en tipos de Python; UNSET si no vale nada."""

    nombre: str
    forma: Forma
    obligatorio: bool
    sellado: bool
    defecto: Any = UNSET

    @property
    def descripcion(self) -> str:
        """Lo que dice el contrato de él."""
        return self.forma.descripcion


@cache
def campos(clase: type[Struct]) -> tuple[Campo, ...]:
    """Los campos de una petición o de una estructura de dentro, en su orden."""
    pistas = typing.get_type_hints(clase, include_extras=True)
    sellados = campos_sellados(clase)
    return tuple(
        Campo(c.name, _forma(pistas[c.name]), c.required, c.name in sellados, c.default) for c in structs.fields(clase)
    )


def _forma(pista: Any) -> Forma:
    capas = list(_capas(pista))
    # Anotar lo ya anotado añade al final: lo dicho más afuera, que es lo más preciso, va delante.
    medidas = tuple(m for capa in capas for m in reversed(getattr(capa, "__metadata__", ())) if isinstance(m, Meta))
    base = capas[-1]
    descripcion = next((m.description for m in medidas if m.description), "") or _de_la_clase(base)
    de = None
    if typing.get_origin(base) is tuple:
        de = _forma(typing.get_args(base)[0])
    anulable = any(types.NoneType in typing.get_args(capa) for capa in capas if _es_union(capa))
    return Forma(_sin_unset(pista), base, anulable, descripcion, medidas, de)


def _capas(pista: Any) -> Iterator[Any]:
    """De fuera adentro: anotado, unión con nulo o ausente, anotado… hasta el tipo desnudo."""
    while True:
        yield pista
        if typing.get_origin(pista) is Annotated:
            pista = typing.get_args(pista)[0]
        elif _es_union(pista):
            pista = next(t for t in typing.get_args(pista) if t not in {types.NoneType, UnsetType})
        else:
            return


def _es_union(pista: Any) -> bool:
    return typing.get_origin(pista) in {typing.Union, types.UnionType}


def _sin_unset(pista: Any) -> Any:
    """El mismo tipo sin la posibilidad de faltar: solo tiene sentido dentro de una estructura."""
    if typing.get_origin(pista) is Annotated:
        interno, *marcas = typing.get_args(pista)
        dentro = _sin_unset(interno)
        return dentro if dentro is not interno else Annotated[(interno, *marcas)]
    if _es_union(pista) and UnsetType in typing.get_args(pista):
        return typing.Union[tuple(t for t in typing.get_args(pista) if t is not UnsetType)]  # noqa: UP007  se arma al vuelo
    return pista


def _de_la_clase(base: Any) -> str:
    """La primera frase de una lista o estructura del catálogo, que ya dice qué es."""
    if isinstance(base, type) and issubclass(base, Enum | Struct) and base.__doc__:
        return base.__doc__.strip().splitlines()[0].rstrip(".")
    return ""


__all__ = ["UN_UUID", "Campo", "Forma", "campos", "con_patron"]
