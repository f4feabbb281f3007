"""Lo que el banco dice: cifras con su meta, como tabla para una persona y como JSON para quien compara corridas."""

from __future__ import annotations

from enum import StrEnum
from statistics import median
from typing import Final

import msgspec
from msgspec import Struct
from rich.table import Table

from senda.banco.medir import Tiempos, razones


class Sentido(StrEnum):
    """De qué lado de la meta se cumple."""

    AL_MENOS = "al-menos"
    COMO_MUCHO = "como-mucho"


class Cifra(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Algo medido. ``valor``: la mediana; ``detalle``: lo demás que haga falta, en la misma unidad salvo que lo diga.

    ``meta``: la que pide el proyecto, o None si solo se informa.
    """

    clave: str
    que: str
    valor: float
    unidad: str
    minimo: float | None = None
    maximo: float | None = None
    meta: float | None = None
    sentido: Sentido = Sentido.AL_MENOS
    detalle: dict[str, float] = {}

    @property
    def cumple(self) -> bool | None:
        """None si no hay meta."""
        if self.meta is None:
            return None
        return self.valor >= self.meta if self.sentido is Sentido.AL_MENOS else self.valor <= self.meta


class Informe(Struct, kw_only=True):
    """Una corrida. ``maquina``: en qué condiciones, sin nada que la identifique. ``instante``: UTC, ISO 8601."""

    banco: str
    instante: str
    orden: str
    maquina: dict[str, str]
    cifras: list[Cifra] = []
    avisos: list[str] = []

    def en_json(self) -> bytes:
        """El informe; cada cifra dice además si ``cumple``."""
        llano = msgspec.to_builtins(self)
        llano["cifras"] = [{**msgspec.to_builtins(c), "cumple": c.cumple} for c in self.cifras]
        return msgspec.json.format(msgspec.json.encode(llano), indent=2) + b"\n"


def ritmo(clave: str, que: str, hechos: int, tiempos: Tiempos, meta: float | None = None) -> Cifra:
    """Cuántos por segundo."""
    return Cifra(
        clave=clave, que=que, valor=hechos / tiempos.mediana, minimo=hechos / tiempos.maximo,
        maximo=hechos / tiempos.minimo, unidad="hechos/s", meta=meta,
        detalle={
            "hechos": hechos, "segundos": tiempos.mediana, "veces": len(tiempos.veces),
            **({"µs de CPU por hecho": median(tiempos.cpu) / hechos * 1e6} if tiempos.cpu else {}),
        },
    )  # fmt: skip


def razon(clave: str, que: str, primitiva: Tiempos, medido: Tiempos, meta: float | None = None) -> Cifra:
    """La velocidad de lo medido entre la de su primitiva, vuelta a vuelta."""
    por_vuelta = razones(primitiva, medido)
    return Cifra(
        clave=clave, que=que, valor=por_vuelta.mediana, minimo=por_vuelta.minimo, maximo=por_vuelta.maximo,
        unidad="veces", meta=meta, detalle={"por CPU": median(por_vuelta.cpu)} if por_vuelta.cpu else {},
    )  # fmt: skip


_VEREDICTO: Final = {True: "[green]✓[/]", False: "[red]✗[/]", None: ""}
_SIGNO: Final = {Sentido.AL_MENOS: "≥", Sentido.COMO_MUCHO: "≤"}


def en_tabla(informe: Informe) -> Table:
    """Una fila por cifra."""
    tabla = Table("qué", "mediana", "mín – máx", "meta", "", title=f"banco: {informe.banco}")
    for c in informe.cifras:
        extremos = "" if c.minimo is None or c.maximo is None else f"{escrita(c.minimo)} – {escrita(c.maximo)}"
        meta = "" if c.meta is None else f"{_SIGNO[c.sentido]} {escrita(c.meta)}"
        tabla.add_row(c.que, f"{escrita(c.valor)} {c.unidad}", extremos, meta, _VEREDICTO[c.cumple])
    return tabla


def escrita(valor: float) -> str:
    """Con las cifras que dicen algo: 312 000, 4,21, 0,034."""
    if abs(valor) >= 100:  # noqa: PLR2004 - a partir de ahí los decimales son ruido
        return f"{valor:,.0f}".replace(",", " ")
    return f"{valor:.3g}".replace(".", ",")


__all__ = ["Cifra", "Informe", "Sentido", "en_tabla", "escrita", "razon", "ritmo"]
