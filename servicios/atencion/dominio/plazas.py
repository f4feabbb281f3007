"""Cuántas plazas quedan de cada sexo y edad en un albergue, y cuál se da a quien ingresa.

Un albergue declara cuántas le quedan libres (acoge también a quien no tiene ruta). Desde ese recuento, cada ingreso
resta una y cada salida de quien ya estaba la devuelve. De quien no se sabe qué plaza ocupa (se destruyó su clave, o
ingresó cuando no se decía) se cuenta una en cada grupo en que puede estar: se dirá que no antes que dar dos veces la
misma cama.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from msgspec import UNSET, Struct, UnsetType

from eventos.plazas import Cupo, Plaza
from eventos.rechazo import Rechazo


class FaltaPlaza(Rechazo):
    """Hay plazas de varias clases para su edad y no se dijo cuál."""

    codigo = "falta-plaza"
    campo = "sellado.plaza"
    que_hacer = "Ese albergue tiene plazas de varias clases para su edad: di cuál ocupa (sexo y tramo), sellada."


class PlazaDeOtraEdad(Rechazo):
    """Una plaza de adultas para una niña, o al revés."""

    codigo = "plaza-de-otra-edad"
    campo = "sellado.plaza"
    que_hacer = (
        "La ruta dice que es NNA y la plaza es de adultas, o al revés: elige una de su edad; si la ruta se equivoca, "
        "que se identifique antes a la persona."
    )


class PlazaFueraDeAlbergue(Rechazo):
    """Dijo una plaza, y solo un albergue las tiene."""

    codigo = "plaza-fuera-de-albergue"
    campo = "sellado.plaza"
    que_hacer = "Solo un albergue tiene plazas: quita la plaza, o pide una clase de albergue."


class SinPlaza(Rechazo):
    """No queda plaza para su sexo y edad."""

    codigo = "sin-plaza"
    campo = "datos.albergue"
    que_hacer = "No quedan plazas para su sexo y edad: busca otro albergue, o que este actualice sus cupos."


class Plazas(Struct, frozen=True, kw_only=True):
    """Plazas de un sexo y un tramo: las que hay, las que quedan y cuántas puede ocupar quien tiene ruta."""

    total: int
    libres: int
    ocupadas: int


class Estancia(Struct, frozen=True, kw_only=True):
    """Una estancia que cuenta: sigue viva, o terminó tras el recuento y era anterior a él.

    ``plaza``: la que ocupa; `UNSET` si no se sabe. ``nna``: con qué edades ha constado la persona, que es entre lo que
    pudo ingresar. ``desde_recuento``: si ingresó después de él.
    """

    plaza: Plaza | UnsetType = UNSET
    nna: frozenset[bool]
    viva: bool = True
    desde_recuento: bool = False

    def caben(self, grupos: Collection[Plaza]) -> frozenset[Plaza]:
        """En qué grupos puede estar: en el suyo; si no se sabe o ya no se declara, en cualquiera de su edad."""
        if self.plaza is UNSET:
            edades = self.nna
        elif self.plaza in grupos:
            return frozenset({self.plaza})
        else:
            edades = frozenset({self.plaza.de_nna})
        return frozenset(grupo for grupo in grupos if grupo.de_nna in edades)

    def devuelve(self, grupos: Collection[Plaza]) -> frozenset[Plaza]:
        """De qué grupo quedó libre su plaza al salir: de ninguno, si pudo ser de varios de los que ha habido."""
        if self.plaza is not UNSET:
            return frozenset({self.plaza})
        posibles = self.caben(grupos)
        return posibles if len(posibles) == 1 else frozenset()


def contar(
    cupos: Iterable[Cupo], estancias: Collection[Estancia], *, antes: Collection[Plaza] = ()
) -> dict[Plaza, Plazas]:
    """Las plazas de cada grupo declarado, ahora. ``antes``: los que se declararon alguna vez."""
    grupos = {Plaza(sexo=cupo.sexo, tramo=cupo.tramo): cupo for cupo in cupos}
    todos = grupos.keys() | set(antes)
    vivas = [(estancia, estancia.caben(grupos)) for estancia in estancias if estancia.viva]
    devueltas = [estancia.devuelve(todos) for estancia in estancias if not estancia.viva]
    plazas = {}
    for grupo, cupo in grupos.items():
        ocupadas = sum(grupo in donde for _, donde in vivas)
        ingresos = sum(grupo in donde for estancia, donde in vivas if estancia.desde_recuento)
        salidas = sum(grupo in donde for donde in devueltas)
        quedan = min(cupo.libres - ingresos + salidas, cupo.total - ocupadas)
        plazas[grupo] = Plazas(total=cupo.total, libres=max(0, quedan), ocupadas=ocupadas)
    return plazas


def elegir(pedida: Plaza | UnsetType, plazas: Mapping[Plaza, Plazas], *, nna: bool) -> Plaza:
    """La plaza que se da. Si para su edad solo hay una clase de plaza, no hace falta decirla.

    Errores: `FaltaPlaza`, `PlazaDeOtraEdad`, `SinPlaza`.
    """
    plaza = _unica(plazas, nna=nna) if pedida is UNSET else pedida
    if plaza.de_nna is not nna:
        raise PlazaDeOtraEdad
    if plaza not in plazas or plazas[plaza].libres < 1:
        raise SinPlaza
    return plaza


def _unica(plazas: Collection[Plaza], *, nna: bool) -> Plaza:
    de_su_edad = [plaza for plaza in plazas if plaza.de_nna is nna]
    if len(de_su_edad) > 1:
        raise FaltaPlaza
    if not de_su_edad:
        raise SinPlaza
    return de_su_edad[0]


__all__ = [
    "Estancia",
    "FaltaPlaza",
    "PlazaDeOtraEdad",
    "PlazaFueraDeAlbergue",
    "Plazas",
    "SinPlaza",
    "contar",
    "elegir",
]
