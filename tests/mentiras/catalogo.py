"""Todas las mentiras, y la tabla que se hace de ellas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tests.mentiras import en_las_bases, instituciones, lecturas, pruebas, puntos, reescrituras
from tests.mentiras.juicio import Hallazgo
from tests.mentiras.mentira import Ancla, Espera, Mentira, Orden

MENTIRAS: Final[tuple[Mentira, ...]] = (
    *en_las_bases.MENTIRAS,
    *reescrituras.MENTIRAS,
    *instituciones.MENTIRAS,
    *puntos.MENTIRAS,
    *pruebas.MENTIRAS,
    *lecturas.MENTIRAS,
)
_ANCHOS: Final = (24, 38, 24, 0)


def en_markdown() -> str:
    """La tabla de `docs/libro.md`: qué se espera de cada mentira. Que se cumpla lo dicen las pruebas."""
    filas = ["| mentira | qué gana | sin traer nada de fuera | con qué se nota |", "|---|---|---|---|"]
    for mentira in MENTIRAS:
        sin_nada = [e for e in mentira.esperas if e.ancla is Ancla.NINGUNA]
        con_algo = [e for e in mentira.esperas if e.ancla is not Ancla.NINGUNA]
        filas.append(f"| `{mentira.nombre}` | {mentira.que_gana} | {_dichas(sin_nada)} | {_dichas(con_algo) or '—'} |")
    return "\n".join(filas)


def en_lineas(mentira: Mentira, hallazgos: Sequence[Hallazgo]) -> Iterator[str]:
    """Una mentira y lo que dijo cada orden, para una persona."""
    yield f"{mentira.nombre}: {mentira.que_gana}"
    for hallazgo in hallazgos:
        yield f"  {'✓' if hallazgo.cumple else '✗'} " + _en_columnas(
            (hallazgo.espera.orden, hallazgo.espera.ancla, _hallado(hallazgo), hallazgo.donde)
        )


def _hallado(hallazgo: Hallazgo) -> str:
    esperado = hallazgo.espera.codigo
    if hallazgo.cumple:
        return str(esperado) if esperado else "no se nota"
    dijo = ", ".join(hallazgo.codigos) or "nada"
    return f"dijo {dijo} y debía decir {esperado or 'nada'}"


def _en_columnas(textos: Iterable[str]) -> str:
    return " ".join(texto.ljust(ancho) for texto, ancho in zip(textos, _ANCHOS, strict=True)).rstrip()


def _dichas(esperas: Iterable[Espera]) -> str:
    return "; ".join(dict.fromkeys(map(_dicha, esperas)))


def _dicha(espera: Espera) -> str:
    que = f"`{espera.codigo}`" if espera.codigo else "no se nota"
    if espera.ancla is Ancla.NINGUNA:
        return f"{que} ({_CORTAS[espera.orden]})"
    return f"{espera.ancla}: {que}"


_CORTAS: Final = {Orden.AUDITAR: "auditar", Orden.LIBRO: "libro", Orden.RUTA: "ruta"}

__all__ = ["MENTIRAS", "en_lineas", "en_markdown"]
