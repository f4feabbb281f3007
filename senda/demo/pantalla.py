"""Lo que se ve: una barra mientras trabaja (stderr) y las cifras al final (stdout)."""

from __future__ import annotations

import shutil
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from senda.demo.funcion import Marcha
from senda.demo.informe import Informe

#: Segundos entre dos miradas, y entre dos líneas cuando nadie mira una pantalla.
_CADA, _CADA_LINEA = 0.5, 10.0


class Barra:
    """Cuenta personas terminadas, fecha simulada y hechos. Se le pasa la marcha a menudo; ella decide cuándo mirar."""

    def __init__(self, consola: Console, personas: int) -> None:
        self._consola = consola
        self._mirada = self._escrita = time.monotonic()
        self._progreso = Progress(
            TextColumn("personas"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[fecha]} · {task.fields[hechos]} hechos"),
            TimeElapsedColumn(),
            console=consola,
            transient=True,
            disable=not consola.is_terminal,
        )
        self._tarea = self._progreso.add_task("", total=personas, fecha="preparando", hechos=0)

    def __enter__(self) -> Self:
        self._progreso.start()
        return self

    def __exit__(
        self, clase: type[BaseException] | None, error: BaseException | None, traza: TracebackType | None
    ) -> None:
        self._progreso.stop()

    def __call__(self, marcha: Marcha) -> None:
        ya = time.monotonic()
        if ya - self._mirada < _CADA:
            return
        self._mirada = ya
        if self._consola.is_terminal:
            fecha, hechos = f"{marcha.ahora:%Y-%m-%d}", marcha.hechos()
            self._progreso.update(self._tarea, completed=marcha.terminadas, fecha=fecha, hechos=hechos)
        elif ya - self._escrita >= _CADA_LINEA:
            self._escrita = ya
            quienes = f"{marcha.terminadas}/{marcha.personas} personas"
            self._consola.print(f"{quienes} · {marcha.ahora:%Y-%m-%d} · {marcha.hechos()} hechos")


def contar(informe: Informe, consola: Console) -> None:
    """Las cifras de la corrida."""
    consola.print(f"\n[bold]{informe.rutas} personas[/] en {informe.segundos} s · {informe.eventos} hechos")
    rutas = Table("rutas por estado", "", box=None, pad_edge=False)
    for estado, cuantas in informe.rutas_por_estado.items():
        rutas.add_row(estado, str(cuantas))
    consola.print(rutas)
    otras = informe.derivaciones - informe.atendidas_en_plazo - informe.vencidas
    derivaciones = Table("\nderivaciones", "", box=None, pad_edge=False)
    derivaciones.add_row("atendidas en plazo", str(informe.atendidas_en_plazo))
    derivaciones.add_row("fuera de plazo en alguna etapa", str(informe.vencidas))
    derivaciones.add_row("en curso, rechazadas o retiradas, sin vencer", str(otras))
    consola.print(derivaciones)
    consola.print(
        f"\navisos del reloj: {informe.fechas_por_vencer} de algo por vencer, {informe.fechas_vencidas} de algo vencido"
    )
    servicios = Table("\nhechos por servicio", "", box=None, pad_edge=False)
    for servicio, hechos in informe.eventos_por_servicio.items():
        servicios.add_row(servicio, str(hechos))
    consola.print(servicios)
    rechazadas = ", ".join(f"{codigo} ({veces})" for codigo, veces in informe.rechazos.items()) or "ninguna"
    consola.print(f"\n{informe.acuses} solicitudes con acuse; rechazadas: {rechazadas}\n")


def veredicto(informe: Informe, consola: Console) -> None:
    """Si el libro está íntegro, y con qué raíz."""
    if informe.verificado:
        consola.print(f"\n[green]✓ el libro está íntegro[/]: {informe.eventos} hechos\n  raíz {informe.raiz}")
        return
    consola.print("\n[red]✗ el libro no está íntegro[/]")
    for falta in informe.faltas:
        consola.print(f"  {falta}")


def que_probar(informe: Informe, consola: Console, donde: str) -> None:
    """Las órdenes con que seguir mirando."""
    consola.print("\nPrueba ahora:")
    senda = _ejecutable("senda")
    for orden in (
        f"ruta {informe.ruta_de_muestra}",
        "auditar verificar",
        "auditar reproducir lecturas",
        "operar estado",
    ):
        consola.print(f"  {senda} {orden}{donde}", soft_wrap=True)
    comprobar_fuera(informe, consola)


def comprobar_fuera(informe: Informe, consola: Console) -> None:
    """Dónde quedó el libro exportado y cómo lo comprueba quien no se fía de quien lo lleva."""
    consola.print(
        f"\nEl libro exportado está en {informe.libro}, con sus claves al lado; para comprobarlo:", soft_wrap=True
    )
    orden = f"{_ejecutable('senda-verificar')} {informe.libro} --clave {informe.claves}"
    consola.print(f"  {orden}", soft_wrap=True)


def _ejecutable(nombre: str) -> str:
    """Cómo se llama desde aquí: a secas si está en el PATH; si no, con su ruta."""
    if shutil.which(nombre):
        return nombre
    suyo = Path(sys.executable).with_name(nombre)
    return str(suyo.relative_to(Path.cwd())) if suyo.is_relative_to(Path.cwd()) else str(suyo)


__all__ = ["Barra", "comprobar_fuera", "contar", "que_probar", "veredicto"]
