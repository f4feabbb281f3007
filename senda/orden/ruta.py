"""`senda ruta`: una persona, de la detección a hoy o a una fecha; quién debe hacer qué y para cuándo."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from eventos.titulos import titulo
from senda.consulta import ConsultaNegada, Historia, campos_abiertos, historia
from senda.despliegue import DespliegueAusente
from senda.orden.comun import CARPETA_DEMO, Carpeta, Como, ComoJson, Motivo, progreso
from servicios.auditoria.accesos import MotivoAcceso


def ruta(
    id_ruta: Annotated[UUID, typer.Argument(metavar="ID", help="Seudónimo de la ruta.")],
    hasta: Annotated[
        datetime | None,
        typer.Option(help="Como se sabía en esa fecha (UTC), no después.", formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]),
    ] = None,
    como: Como = None,
    motivo: Motivo = MotivoAcceso.OPERACION,
    carpeta: Carpeta = CARPETA_DEMO,
    como_json: ComoJson = False,
) -> None:
    """Cuenta una ruta. Toda lectura deja constancia de quién la hizo y para qué."""
    tope = hasta.replace(tzinfo=UTC) if hasta else None
    try:
        contada = historia(carpeta, id_ruta, tope, como, motivo)
    except (ConsultaNegada, DespliegueAusente) as error:
        progreso.print(str(error), style="red")
        raise typer.Exit(1 if isinstance(error, ConsultaNegada) else 2) from None
    if como_json:
        typer.echo(msgspec.json.encode(llana(contada)))
    else:
        contar(contada, Console())


def contar(contada: Historia, consola: Console) -> None:
    """La ruta para una persona."""
    estado = contada.estado
    situacion = (
        "sin abrir" if estado.apertura is None else "abierta" if estado.abierta else f"cerrada ({estado.cierre})"
    )
    consola.print(f"[bold]Ruta {contada.ruta}[/] · {situacion} · {len(contada.hechos)} hechos")
    if contada.vinculadas:
        consola.print(f"  la misma persona en: {', '.join(str(otra.id) for otra in contada.vinculadas)}")
    if contada.ocultas:
        consola.print(f"  la misma persona en {contada.ocultas} rutas más, en las que esa institución no participa")
    de_cual = ["ruta"] if contada.vinculadas else []
    linea = Table(*de_cual, "cuándo (UTC)", "quién", "qué pasó", "detalle", box=None, pad_edge=False)
    for anotado in contada.hechos:
        linea.add_row(
            *([anotado.hecho.sujeto[:8]] if de_cual else []),
            f"{anotado.ocurrido:%Y-%m-%d %H:%M}",
            anotado.institucion,
            titulo(anotado.hecho.tipo),
            _resumido(campos_abiertos(anotado.hecho)),
        )
    consola.print(linea)
    _obligaciones(contada, consola)
    _derechos(contada, consola)


def llana(contada: Historia) -> dict[str, Any]:
    """La historia como datos llanos."""
    return {
        "ruta": str(contada.ruta),
        "abierta": contada.estado.abierta,
        "cierre": contada.estado.cierre,
        "vinculadas": [str(otra.id) for otra in contada.vinculadas],
        "vinculadas_ocultas": contada.ocultas,
        "hechos": [
            {
                "id": a.id,
                "ruta": a.hecho.sujeto,
                "tipo": a.hecho.tipo,
                "origen": a.origen,
                "institucion": a.institucion,
                "agente": a.agente,
                "ocurrido": a.ocurrido,
                "registrado": a.registrado,
                "datos": campos_abiertos(a.hecho),
            }
            for a in contada.hechos
        ],
        "obligaciones": [
            {
                "derivacion": d.id,
                "institucion": d.a,
                "servicio": d.servicio,
                "urgencia": d.urgencia,
                "estado": d.estado,
                "vence_acuse": d.vence_acuse,
                "vence_atencion": d.vence_atencion,
                "vencidas": sorted(d.vencidas),
                "plazo_legal": d.plazo_legal,
            }
            for d in contada.obligaciones
        ],
        "derechos": {str(derecho): situacion.estado for derecho, situacion in contada.estado.derechos.items()},
    }


def _obligaciones(contada: Historia, consola: Console) -> None:
    if not contada.obligaciones:
        consola.print("\nNadie debe nada ahora mismo.")
        return
    consola.print("\n[bold]Quién debe hacer qué[/]")
    tabla = Table(
        "institución", "servicio", "en qué está", "acuse antes de", "atención antes de", box=None, pad_edge=False
    )
    for d in contada.obligaciones:
        vencida = " [red](vencida)[/]" if d.vencidas else ""
        tabla.add_row(d.a, d.servicio, f"{d.estado}{vencida}", _fecha(d.vence_acuse), _fecha(d.vence_atencion))
    consola.print(tabla)


def _derechos(contada: Historia, consola: Console) -> None:
    if not contada.estado.derechos:
        return
    consola.print("\n[bold]Derechos[/]")
    por_estado: dict[str, list[str]] = {}
    for derecho, situacion in contada.estado.derechos.items():
        por_estado.setdefault(situacion.estado, []).append(str(derecho))
    for estado, derechos in sorted(por_estado.items()):
        consola.print(f"  {estado}: {', '.join(sorted(derechos))}")


def _resumido(campos: Any) -> str:
    """Lo abierto de un hecho en una línea. Los ids largos se acortan: enteros están en --json."""
    return " · ".join(f"{campo}: {_corto(valor)}" for campo, valor in campos.items())


def _corto(valor: Any) -> str:
    if isinstance(valor, list | tuple):
        return ", ".join(_corto(v) for v in valor[:4]) + (f" y {len(valor) - 4} más" if len(valor) > 4 else "")  # noqa: PLR2004
    if isinstance(valor, bool):
        return "sí" if valor else "no"
    texto = str(valor)
    try:
        return str(UUID(texto))[:8]
    except ValueError:
        return texto


def _fecha(instante: datetime | None) -> str:
    return f"{instante:%Y-%m-%d %H:%M}" if instante else "—"
