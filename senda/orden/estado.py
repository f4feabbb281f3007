"""Lo que enseña `senda operar estado`: una fila por servicio y, debajo, lo que pide una persona."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table

from infra.observabilidad import salud as codigos
from infra.observabilidad.salud import Salud

#: Código de alarma -> apartado de docs/guardia.md.
GUIA: Final = {
    codigos.SIN_BASE: "SendaServicioParado",
    codigos.SIN_BUS: "SendaServicioParado",
    codigos.DIVERGENCIA: "SendaDivergencia",
    codigos.URGENTES: "SendaUrgentesSinEntregar",
    codigos.HUECO_VIEJO: "SendaHueco",
    codigos.APARTADOS: "SendaHechosApartados",
    codigos.RELEVO_ATRASADO: "SendaPublicacionAtrasada",
    codigos.ENTRADA_ATRASADA: "SendaEntradaAtrasada",
    codigos.PLAZOS_ATRASADOS: "SendaPlazosSinAtender",
    codigos.CUPO_AGOTADO: "SendaInstitucionInunda",
    codigos.EN_PAUSA: "SendaOlvidadoEnPausa",
}


def contar(medidas: Sequence[Salud], consola: Console, *, embebido: bool) -> None:
    """El estado para una persona. ``embebido``: los servicios no van en procesos y no se cuentan."""
    columnas = ["servicio", "listo", "procesos", "por publicar", "por atender", "por aplicar", "apartados", "alarmas"]
    tabla = Table(*columnas, box=None)
    for m in medidas:
        por_aplicar = sum(o.pendientes for o in m.entrada.values())
        viejo = max((o.edad or 0.0 for o in m.entrada.values()), default=0.0)
        tabla.add_row(
            m.servicio,
            "[green]sí[/]" if m.listo else "[red]no[/]",
            "—" if embebido else str(m.procesos) if m.procesos else "[red]0[/]",
            _con_edad(m.relevo.pendientes, m.relevo.edad),
            _con_edad(m.bandeja, m.edad_bandeja),
            _con_edad(por_aplicar, viejo),
            str(m.apartados),
            f"[red]{', '.join(m.alarmas)}[/]" if m.alarmas else "—",
        )
    consola.print(tabla)
    for linea in _detalles(medidas):
        consola.print(linea, highlight=False, soft_wrap=True)


def _detalles(medidas: Sequence[Salud]) -> Iterator[str]:
    for m in medidas:
        for pausa in m.pausas:
            desde = f"{pausa.desde:%Y-%m-%d %H:%M}"
            yield f"{m.servicio}: en pausa «{pausa.tarea}» desde {desde} UTC, por {pausa.motivo} ({pausa.quien})"
        for origen, o in m.entrada.items():
            if o.alto is not None:
                yield f"{m.servicio}: no aplica lo de {origen} desde la posición {o.aplicada + 1} ({o.alto})"
            elif o.hueco is not None:
                yield f"{m.servicio}: le falta la posición {o.hueco} de {origen} ({duracion(o.edad_hueco or 0.0)})"
        if codigos.PLAZOS_ATRASADOS in m.alarmas:
            yield f"{m.servicio}: el plazo más viejo sin atender venció hace {duracion(m.retraso_plazos)}"
    suenan = sorted({GUIA[alarma] for m in medidas for alarma in m.alarmas})
    if suenan:
        yield f"Qué hacer: docs/guardia.md, {', '.join(suenan)}."


def _con_edad(cuantos: int, edad: float | None) -> str:
    return f"{cuantos} ({duracion(edad)})" if cuantos and edad else str(cuantos)


def duracion(segundos: float) -> str:
    """Con la unidad que cabe en la cabeza: «40 s», «12 min», «5 h», «3 d»."""
    for tope, divisor, unidad in ((120, 1, "s"), (7200, 60, "min"), (172_800, 3600, "h")):
        if segundos < tope:
            return f"{segundos / divisor:.0f} {unidad}"
    return f"{segundos / 86_400:.0f} d"


__all__ = ["GUIA", "contar", "duracion"]
