"""Un hecho visto por el protocolo: su tipo y sus campos abiertos, y las condiciones que se le pueden poner."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct

from eventos.tipos import SiNo


class Condicion(Protocol):
    """Un tipo de hecho y, por campo abierto, los valores que valen. Todos los campos han de casar."""

    @property
    def tipo(self) -> str: ...

    @property
    def campos(self) -> Mapping[str, Collection[str | bool | int]]: ...


class CondicionDePerfil(Protocol):
    """A quién alcanza: sin valor, a todas las personas."""

    @property
    def nna(self) -> bool | None: ...

    @property
    def extranjera(self) -> Collection[SiNo]: ...


class Perfil(Struct, frozen=True):
    """Lo que encamina de una persona. ``nna`` ya está decidido por la regla de edad del protocolo."""

    nna: bool
    extranjera: SiNo

    def cumple(self, condicion: CondicionDePerfil) -> bool:
        """Si la persona está entre las que la condición alcanza."""
        return (condicion.nna is None or condicion.nna == self.nna) and (
            not condicion.extranjera or self.extranjera in condicion.extranjera
        )


class Suceso(Struct, frozen=True, kw_only=True):
    """Tipo y campos abiertos (en tipos de JSON) de un hecho."""

    tipo: str
    campos: Mapping[str, Any]

    def cumple(self, condicion: Condicion) -> bool:
        """Si el hecho es de ese tipo y cada campo pedido lleva alguno de los valores. En una lista basta un elemento.

        Un campo anidado se nombra con punto: ``necesidades.servicio``.
        """
        return self.tipo == condicion.tipo and all(
            any(valor in admitidos for valor in _valores(self.campos, campo.split(".")))
            for campo, admitidos in condicion.campos.items()
        )

    def cumple_alguna(self, condiciones: Iterable[Condicion]) -> bool:
        """Si cumple al menos una."""
        return any(self.cumple(condicion) for condicion in condiciones)


class Evidencia(Suceso, frozen=True, kw_only=True):
    """Un hecho de la ruta que puede probar algo. ``con_mandato``: lo contó una institución facultada (regla 9)."""

    id: UUID
    ocurrido: datetime
    registrado: datetime
    con_mandato: bool
    contradicha_por: UUID | None = None

    @property
    def vale(self) -> bool:
        """Si sirve de prueba."""
        return self.con_mandato and self.contradicha_por is None


def _valores(dato: Any, camino: list[str]) -> Iterable[Any]:
    if isinstance(dato, list):
        for elemento in dato:
            yield from _valores(elemento, camino)
    elif not camino:
        yield dato
    elif isinstance(dato, Mapping) and camino[0] in dato:
        yield from _valores(dato[camino[0]], camino[1:])
