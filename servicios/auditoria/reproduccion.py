"""Reproducir: decir otra vez los hechos que el libro guarda, hasta una fecha, y con qué versiones se escribieron.

Aquí no se guarda, no se publica y no se decide nada: quien llama pliega. Cada hecho se lee con la versión en que se
guardó y se sube al leerlo; lo que no se entiende se cuenta y se dice, porque callarlo sería fingir que no estaba.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import eventos.catalogo  # noqa: F401  (llena CATALOGO: aquí se leen los hechos de todos)
from eventos.coordinacion import RutaAbierta
from eventos.deteccion import EvaluacionAplicada
from eventos.sobre import Anotado, TipoDesconocido, abrir_sobre, anotado_de
from servicios.auditoria.flujo import FilaDelLibro

#: `SobreInvalido` y los de UTF-8 son ValueError; RecursionError, un anidamiento hostil.
_ILEGIBLE: Final = (ValueError, RecursionError)
#: Solo se repite un tipo que tenga forma de tipo: lo demás pudo escribirlo cualquiera.
_TIPO: Final = re.compile(r"senda\.[a-z]{1,32}\.[a-z0-9-]{1,64}\.v[0-9]{1,4}")
_SIN_FORMA: Final = "otro"


@dataclass
class Versiones:
    """Con qué versiones se escribió lo reproducido, y cuántas veces cada una.

    ``esquemas``: el ``type`` de cada sobre tal como se guardó. ``protocolos`` e ``instrumentos``: (código, versión) que
    las rutas abiertas y las evaluaciones dicen haber usado. ``desconocidos``: tipos que este catálogo no tiene;
    ``ilegibles``: sobres que no se dejan leer, o que dicen ser de otro origen.
    """

    esquemas: Counter[str] = field(default_factory=Counter)
    protocolos: Counter[tuple[str, str]] = field(default_factory=Counter)
    instrumentos: Counter[tuple[str, str]] = field(default_factory=Counter)
    desconocidos: Counter[str] = field(default_factory=Counter)
    ilegibles: int = 0

    @property
    def sin_entender(self) -> int:
        """Entradas que no se pudieron reproducir."""
        return self.ilegibles + self.desconocidos.total()

    def contar(self, tipo: str, anotado: Anotado) -> None:
        """Un hecho más, guardado con ese ``type``."""
        self.esquemas[tipo] += 1
        hecho = anotado.hecho
        if isinstance(hecho, RutaAbierta):
            self.protocolos[hecho.protocolo, hecho.version_protocolo] += 1
        elif isinstance(hecho, EvaluacionAplicada):
            self.instrumentos[hecho.instrumento, hecho.version_instrumento] += 1


def leer_hecho(fila: FilaDelLibro, versiones: Versiones, hasta: datetime | None = None) -> Anotado | None:
    """El hecho de una entrada, o None si se registró después de ``hasta`` (UTC) o no se entiende, y se cuenta."""
    try:
        sobre = abrir_sobre(fila.cuerpo)
    except _ILEGIBLE:
        versiones.ilegibles += 1
        return None
    try:
        if sobre.source != fila.origen:
            versiones.ilegibles += 1
            return None
        if hasta is not None and sobre.registrado > hasta:
            return None
        anotado = anotado_de(sobre)
    except TipoDesconocido:
        tipo = sobre.type
        versiones.desconocidos[tipo if _TIPO.fullmatch(tipo) else _SIN_FORMA] += 1
        return None
    except _ILEGIBLE:
        versiones.ilegibles += 1
        return None
    versiones.contar(sobre.type, anotado)
    return anotado


def reproducir(filas: Iterable[FilaDelLibro], versiones: Versiones, hasta: datetime | None = None) -> Iterator[Anotado]:
    """Los hechos de unas entradas (`flujo.leer_libro`), en su orden, registrados no después de ``hasta`` (UTC)."""
    for fila in filas:
        anotado = leer_hecho(fila, versiones, hasta)
        if anotado is not None:
            yield anotado


__all__ = ["Versiones", "leer_hecho", "reproducir"]
