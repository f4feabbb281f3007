"""La matriz de derechos: el estado de cada uno se deduce de las evidencias, nunca se declara (reglas 3 y 9).

Deducir es una función de todo lo que se sabe, en el orden en que ocurrió: da igual en qué orden llegó.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from msgspec import Struct

from eventos.base import Hecho
from eventos.coordinacion import DerechoEnRestitucion, DerechoRestituido, DerechoVulneradoDeNuevo
from eventos.listas import Derecho
from servicios.coordinacion.dominio.suceso import Condicion, CondicionDePerfil, Evidencia, Perfil

#: Más no caben en un hecho; se citan las últimas.
MAXIMO_EVIDENCIAS = 500


class Estado(StrEnum):
    """En qué está un derecho de una ruta."""

    PENDIENTE = "pendiente"
    EN_RESTITUCION = "en-restitucion"
    RESTITUIDO = "restituido"
    VULNERADO = "vulnerado-de-nuevo"
    NO_APLICABLE = "no-aplicable"


class ReglaDeDerecho(Protocol):
    """Qué dice el protocolo de un derecho."""

    @property
    def derecho(self) -> Derecho: ...

    @property
    def aplica(self) -> CondicionDePerfil: ...

    @property
    def en_restitucion(self) -> Sequence[Condicion]: ...

    @property
    def restituye(self) -> Sequence[Condicion]: ...

    @property
    def vulnera(self) -> Sequence[Condicion]: ...


class EstadoDerecho(Struct, frozen=True):
    """Estado de un derecho y los eventos en que se apoya."""

    estado: Estado = Estado.PENDIENTE
    evidencias: tuple[UUID, ...] = ()


class Deducido(Struct, frozen=True):
    """Lo que las evidencias dicen de un derecho. ``contradice``: el último evento que lo vulneró."""

    estado: Estado
    evidencias: tuple[UUID, ...] = ()
    contradice: UUID | None = None


def aplicables(reglas: Iterable[ReglaDeDerecho], perfil: Perfil) -> tuple[Derecho, ...]:
    """Los derechos que se exigen a quien tiene este perfil."""
    return tuple(regla.derecho for regla in reglas if perfil.cumple(regla.aplica))


def deducir(regla: ReglaDeDerecho, evidencias: Iterable[Evidencia]) -> Deducido:
    """Estado de un derecho según las evidencias que valen, en el orden en que ocurrieron."""
    return _deducir(regla, _en_orden(evidencias))


def _en_orden(evidencias: Iterable[Evidencia]) -> list[Evidencia]:
    return sorted((e for e in evidencias if e.vale), key=lambda e: (e.ocurrido, e.registrado, e.id))


def _deducir(regla: ReglaDeDerecho, ordenadas: Iterable[Evidencia]) -> Deducido:
    estado, contradice = Estado.PENDIENTE, None
    pruebas: tuple[UUID, ...] = ()
    # De cada derecho hablan pocos tipos de hecho: mirar antes el tipo ahorra casi todas las comparaciones.
    hablan = {c.tipo for c in (*regla.vulnera, *regla.restituye, *regla.en_restitucion)}
    for evidencia in ordenadas:
        if evidencia.tipo not in hablan:
            continue
        vivo = estado in {Estado.EN_RESTITUCION, Estado.RESTITUIDO}
        if vivo and evidencia.cumple_alguna(regla.vulnera):
            estado, pruebas, contradice = Estado.VULNERADO, (), evidencia.id
        elif evidencia.cumple_alguna(regla.restituye):
            estado, pruebas = Estado.RESTITUIDO, (*pruebas, evidencia.id)
        elif evidencia.cumple_alguna(regla.en_restitucion):
            estado = estado if estado is Estado.RESTITUIDO else Estado.EN_RESTITUCION
            pruebas = (*pruebas, evidencia.id)
    return Deducido(estado, pruebas[-MAXIMO_EVIDENCIAS:], contradice)


def revisar(
    ruta: UUID,
    actuales: Mapping[Derecho, EstadoDerecho],
    reglas: Iterable[ReglaDeDerecho],
    evidencias: Sequence[Evidencia],
) -> list[Hecho]:
    """Los hechos que llevan la matriz de lo que consta a lo que las evidencias dicen. Sin cambios, ninguno."""
    hechos: list[Hecho] = []
    ordenadas = _en_orden(evidencias)
    for regla in reglas:
        actual = actuales.get(regla.derecho, EstadoDerecho())
        if actual.estado is not Estado.NO_APLICABLE:
            hechos += _paso(ruta, regla.derecho, actual, _deducir(regla, ordenadas), evidencias)
    return hechos


def _paso(
    ruta: UUID, derecho: Derecho, actual: EstadoDerecho, deducido: Deducido, evidencias: Sequence[Evidencia]
) -> list[Hecho]:
    vivo = actual.estado in {Estado.EN_RESTITUCION, Estado.RESTITUIDO}
    match deducido.estado:
        case Estado.RESTITUIDO if actual.estado is Estado.RESTITUIDO:
            # Sigue restituido, pero ha de citar pruebas que sigan en pie.
            caidas = set(actual.evidencias) - set(deducido.evidencias)
            return [DerechoRestituido(ruta=ruta, derecho=derecho, evidencias=deducido.evidencias)] if caidas else []
        case Estado.RESTITUIDO:
            return [DerechoRestituido(ruta=ruta, derecho=derecho, evidencias=deducido.evidencias)]
        case Estado.EN_RESTITUCION if actual.estado is Estado.EN_RESTITUCION:
            return []
        case Estado.EN_RESTITUCION:
            hechos: list[Hecho] = []
            if vivo:
                hechos.append(_vulnerado(ruta, derecho, actual, deducido, evidencias))
            return [*hechos, DerechoEnRestitucion(ruta=ruta, derecho=derecho, evidencia=deducido.evidencias[-1])]
        case _ if vivo:
            return [_vulnerado(ruta, derecho, actual, deducido, evidencias)]
        case _:
            return []


def _vulnerado(
    ruta: UUID, derecho: Derecho, actual: EstadoDerecho, deducido: Deducido, evidencias: Sequence[Evidencia]
) -> DerechoVulneradoDeNuevo:
    """Lo contradice el evento que lo vulneró o, si no hay, la rectificación que dejó sin valor su prueba."""
    rectificada = next(
        (e.contradicha_por for e in evidencias if e.contradicha_por is not None and e.id in actual.evidencias), None
    )
    contradice = deducido.contradice or rectificada or actual.evidencias[-1]
    return DerechoVulneradoDeNuevo(ruta=ruta, derecho=derecho, evidencia=contradice)
