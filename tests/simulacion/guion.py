"""El guion de una historia: qué turnos y peticiones hubo y qué averías, para repetirla, acortarla y guardarla."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.simulacion.caos import Averias

#: Una pieza que se puede quitar de una historia: («turno», 3), («petición», 3, 1) o («perder», 17).
Pieza = tuple[str, int] | tuple[str, int, int]
_TURNO, _PETICION = "turno", "petición"


@dataclass(frozen=True)
class Guion:
    """``turnos``: los que hay. ``peticiones``: cuáles se hacen, por turno. ``averias``: en qué ocasión, cada una.

    Sigue dependiendo de la semilla: de ella sale cada petición, el orden de los pasos y los tiempos cortos.
    """

    semilla: int
    turnos: tuple[int, ...]
    peticiones: Mapping[int, tuple[int, ...]]
    averias: Averias

    @property
    def piezas(self) -> list[Pieza]:
        """Todo lo que se puede quitar."""
        return [
            *((_TURNO, t) for t in self.turnos),
            *((_PETICION, t, k) for t in self.turnos for k in self.peticiones.get(t, ())),
            *((averia, n) for averia, cuales in sorted(self.averias.items()) for n in cuales),
        ]

    def solo(self, piezas: list[Pieza]) -> Guion:
        """El mismo, con esas piezas y no las demás. Sin su turno, una petición no se hace."""
        turnos = tuple(p[1] for p in piezas if p[0] == _TURNO)
        peticiones: dict[int, tuple[int, ...]] = {}
        averias: dict[str, list[int]] = {}
        for pieza in piezas:
            if pieza[0] == _PETICION and pieza[1] in turnos:
                peticiones[pieza[1]] = (*peticiones.get(pieza[1], ()), pieza[-1])
            elif pieza[0] not in {_TURNO, _PETICION}:
                averias.setdefault(pieza[0], []).append(pieza[1])
        return Guion(self.semilla, turnos, peticiones, averias)

    def texto(self) -> str:
        """Como se guarda: legible, y en el mismo orden siempre."""
        datos = {
            "semilla": self.semilla,
            "turnos": list(self.turnos),
            "peticiones": {str(t): list(cuales) for t, cuales in sorted(self.peticiones.items()) if cuales},
            "averias": {averia: list(cuales) for averia, cuales in sorted(self.averias.items())},
        }
        return json.dumps(datos, ensure_ascii=False)

    @classmethod
    def de_texto(cls, texto: str) -> Guion:
        """Lo contrario de `texto`."""
        datos = json.loads(texto)
        peticiones = {int(t): tuple(cuales) for t, cuales in datos["peticiones"].items()}
        return cls(datos["semilla"], tuple(datos["turnos"]), peticiones, datos["averias"])


@dataclass(frozen=True)
class Regresion:
    """Una historia que falló, acortada. ``porque``: qué defecto; ``sin``: la defensa sin la que falla, si es de una."""

    porque: str
    guion: Guion
    cuenta: tuple[str, ...] = ()
    sin: str = ""

    def guardar(self, archivo: Path) -> None:
        """La escribe; ``cuenta`` es lo que pasa en ella, para quien la lea."""
        datos = {"porque": self.porque, "sin": self.sin, **json.loads(self.guion.texto()), "cuenta": list(self.cuenta)}
        renglones = [f' "{campo}": {json.dumps(valor, ensure_ascii=False)}' for campo, valor in datos.items()]
        archivo.write_text("{\n" + ",\n".join(renglones) + "\n}\n", encoding="utf-8")

    @classmethod
    def leer(cls, archivo: Path) -> Regresion:
        """La de un archivo."""
        texto = archivo.read_text(encoding="utf-8")
        datos = json.loads(texto)
        return cls(datos["porque"], Guion.de_texto(texto), tuple(datos["cuenta"]), datos["sin"])


__all__ = ["Guion", "Pieza", "Regresion"]
