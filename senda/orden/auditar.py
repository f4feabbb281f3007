"""`senda auditar`: comprobar el libro sin creer a quien lo opera."""

from __future__ import annotations

import msgspec
import typer
from rich.console import Console

from senda.auditoria.verificacion import verificar_despliegue
from senda.despliegue import DespliegueAusente
from senda.orden import accesos, exportar, refrendar, reproducir
from senda.orden.comun import CARPETA_DEMO, Carpeta, ComoJson, progreso
from senda_verificar.faltas import Falta, Informe

app = typer.Typer(no_args_is_help=True, help="Comprobar el libro desde sus bytes.")
app.command("accesos")(accesos.accesos)
app.command("exportar")(exportar.exportar)
app.command("prueba")(exportar.prueba)
app.command("claves")(exportar.claves)
app.add_typer(reproducir.app, name="reproducir")
app.command("refrendar")(refrendar.refrendar)


@app.callback()
def _auditar() -> None:
    """Comprobar el libro desde sus bytes."""


@app.command()
def verificar(carpeta: Carpeta = CARPETA_DEMO, como_json: ComoJson = False) -> None:
    """Rehace el libro y nombra cada hecho cambiado, quitado, movido o recortado. Sale con 1 si halla alguno."""
    try:
        informe = verificar_despliegue(carpeta)
    except DespliegueAusente as error:
        progreso.print(str(error), style="red")
        raise typer.Exit(2) from None
    if como_json:
        typer.echo(msgspec.json.encode(resumen(informe)))
    else:
        contar(informe, Console())
    raise typer.Exit(0 if informe.correcto else 1)


def resumen(informe: Informe) -> dict[str, object]:
    """El informe como datos llanos, con la raíz en hexadecimal."""
    return {
        "verificado": informe.correcto,
        "raiz": informe.raiz.hex(),
        "tamano": informe.tamano,
        "firmado_hasta": informe.firmado_hasta,
        "hechos": dict(informe.hechos),
        "faltas": [_llana(f) for f in informe.faltas],
        "faltas_omitidas": informe.omitidas,
    }


def contar(informe: Informe, consola: Console) -> None:
    """El informe para una persona."""
    for falta in informe.faltas:
        evento = f" (evento {falta.id_evento})" if falta.id_evento else ""
        consola.print(
            f"[red]✗[/] {falta.codigo} · {falta.donde} · {falta.origen}"
            f" · posición {falta.posicion}{evento}: {falta.que}"
        )
    if informe.omitidas:
        consola.print(f"… y {informe.omitidas} faltas más")
    veredicto = "[green]✓ el libro está íntegro[/]" if informe.correcto else "[red]✗ el libro no está íntegro[/]"
    consola.print(f"{veredicto}: {informe.tamano} hechos, firmado hasta {informe.firmado_hasta}")
    consola.print(f"  raíz {informe.raiz.hex()}")


def _llana(falta: Falta) -> dict[str, object]:
    return {k: v for k, v in falta._asdict().items() if v is not None}
