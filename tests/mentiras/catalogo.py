"""Todas las mentiras, y la tabla que se hace de ellas."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from tests.mentiras import en_las_bases, firmados, instituciones, lecturas, pruebas, puntos, reescrituras
from tests.mentiras.juicio import Hallazgo
from tests.mentiras.mentira import Ancla, Espera, Mentira, Orden

MENTIRAS: Final[tuple[Mentira, ...]] = (
    *en_las_bases.MENTIRAS,
    *reescrituras.MENTIRAS,
    *instituciones.MENTIRAS,
    *firmados.MENTIRAS,
    *puntos.MENTIRAS,
    *pruebas.MENTIRAS,
    *lecturas.MENTIRAS,
)
_ANCHOS: Final = (24, 40, 24, 0)
_CORTAS: Final = {Orden.AUDITAR: "auditar", Orden.LIBRO: "libro", Orden.RUTA: "ruta"}


def en_markdown() -> str:
    """La tabla de `docs/libro.md`: qué se espera de cada mentira. Que se cumpla lo dicen las pruebas."""
    filas = ["| mentira | qué gana | la delata | no basta |", "|---|---|---|---|"]
    for mentira in MENTIRAS:
        delatan = [f"{_con_que(e)} (`{e.codigo}`)" for e in mentira.esperas if e.codigo]
        no_bastan = [_con_que(e) for e in mentira.esperas if not e.codigo]
        filas.append(
            f"| `{mentira.nombre}` | {mentira.que_gana} | {_seguidas(delatan) or '**nada**'} | {_seguidas(no_bastan)} |"
        )
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


def _seguidas(textos: Iterable[str]) -> str:
    return "; ".join(dict.fromkeys(textos))


def _con_que(espera: Espera) -> str:
    corta = _CORTAS[espera.orden]
    if espera.ancla is Ancla.NINGUNA:
        return corta
    return str(espera.ancla) if espera.orden is Orden.LIBRO else f"{corta} y {espera.ancla}"


__all__ = ["MENTIRAS", "en_lineas", "en_markdown"]
