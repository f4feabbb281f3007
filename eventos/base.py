"""Qué es un hecho y qué se puede decir en él.

Un hecho es una estructura inmutable que se declara una sola vez. Cada campo es *abierto* (viaja en claro porque una
regla lo necesita para encaminar) o *sellado* (viaja cifrado con la clave de la persona desde que se codifica). Quien
lee sin la clave recibe ``UNSET`` en los sellados: por eso ninguna regla puede apoyarse en ellos (decisión 002; la
única salvedad, la plaza de albergue, en la 024).
"""

from __future__ import annotations

import typing
from collections.abc import Callable
from functools import cache
from typing import Annotated, ClassVar, TypeVar
from uuid import NAMESPACE_URL, UUID, uuid5

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from eventos.tipos import CodigoInstitucion, Ruta

T = TypeVar("T")

#: Marca de un campo que reidentifica: va cifrado con la clave de la persona (arquitectura, idea 4).
SELLADO = Meta(extra={"sellado": True})
Sellado = Annotated[T | UnsetType, SELLADO]

ESPACIO = uuid5(NAMESPACE_URL, "https://senda.example/agregados")


class Hecho(Struct, frozen=True, kw_only=True, forbid_unknown_fields=False):
    """Algo que ocurrió. Hereda de `HechoDeRuta` o de `HechoDeInstitucion` y se inscribe con `hecho`."""

    tipo: ClassVar[str]
    version: ClassVar[int]
    contexto: ClassVar[str]

    @property
    def sujeto(self) -> str:
        """De quién habla: el id de la ruta o el código de la institución (``subject`` del sobre)."""
        raise TypeError(f"{type(self).__name__} no dice de quién habla")

    @property
    def agregado(self) -> UUID:
        """Id del flujo en que se guarda, dentro del almacén de su servicio."""
        return uuid5(ESPACIO, self.sujeto)


class HechoDeRuta(Hecho, frozen=True, kw_only=True):
    """Hecho de una persona; `ruta` es su seudónimo."""

    ruta: Ruta

    @property
    def sujeto(self) -> str:
        return str(self.ruta)

    @property
    def agregado(self) -> UUID:
        return self.ruta


class HechoDeInstitucion(Hecho, frozen=True, kw_only=True):
    """Hecho de una institución o de un recurso suyo; `codigo` la identifica."""

    codigo: CodigoInstitucion

    @property
    def sujeto(self) -> str:
        return self.codigo


H = TypeVar("H", bound=type[Hecho])
CATALOGO: dict[str, type[Hecho]] = {}
#: Atributos de la clase: un campo con uno de estos nombres quedaría tapado sin aviso al inscribirla.
RESERVADOS = frozenset({"tipo", "version", "contexto", "sujeto", "agregado", "sellado"})


def hecho(tipo: str, version: int = 1) -> Callable[[H], H]:
    """Inscribe una clase en el catálogo como ``senda.<contexto>.<tipo>.v<version>``; el contexto es el de su módulo."""

    def inscribir(clase: H) -> H:
        contexto = clase.__module__.rpartition(".")[2]
        completo = f"senda.{contexto}.{tipo}.v{version}"
        if reservados := RESERVADOS.intersection(clase.__struct_fields__):
            raise TypeError(f"{completo}: {sorted(reservados)} ya significan otra cosa en un hecho")
        if completo in CATALOGO:
            raise TypeError(f"{completo} ya está en el catálogo")
        clase.tipo, clase.version, clase.contexto = completo, version, contexto
        CATALOGO[completo] = clase
        return clase

    return inscribir


@cache
def campos_sellados(clase: type[Struct]) -> frozenset[str]:
    """Nombres de los campos sellados de una estructura (hecho o petición)."""
    pistas = typing.get_type_hints(clase, include_extras=True)
    return frozenset(nombre for nombre, pista in pistas.items() if SELLADO in getattr(pista, "__metadata__", ()))


def partir(estructura: Struct) -> tuple[dict[str, object], dict[str, object]]:
    """Separa una estructura en (campos abiertos, campos sellados presentes), ya en tipos de JSON."""
    sellados = campos_sellados(type(estructura))
    llano: dict[str, object] = msgspec.to_builtins(estructura)
    return (
        {c: v for c, v in llano.items() if c not in sellados},
        {c: v for c, v in llano.items() if c in sellados},
    )


__all__ = [
    "CATALOGO",
    "UNSET",
    "Hecho",
    "HechoDeInstitucion",
    "HechoDeRuta",
    "Sellado",
    "campos_sellados",
    "hecho",
    "partir",
]
