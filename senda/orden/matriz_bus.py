"""La matriz de permisos, como la lee una persona."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from infra.rabbitmq.matriz import Accion, Resultado

_VEREDICTOS = {True: "PERMITIDO", False: "denegado", None: "sin comprobar"}
_ABIERTO = (
    "Este broker deja a cualquier usuario saber que una cola existe y cuántos mensajes esperan en ella (declaración "
    "pasiva): RabbitMQ no comprueba permisos ahí hasta la 4.2.6. Nadie puede leerlos."
)


def imprimir(resultados: Sequence[Resultado], consola: Console, *, todo: bool) -> None:
    """Lo indebido y lo debido, y al final lo que no salió como debe."""
    for titulo, debido in (("Lo indebido: todo ha de salir denegado", False), ("Lo debido: ha de permitirse", True)):
        suyos = [r for r in resultados if r.intento.debido is debido]
        consola.print(titulo, style="bold")
        consola.print(_uno_a_uno(suyos) if todo else _por_accion(suyos))
    if any(r.intento.debido is None and r.permitido for r in resultados):
        consola.print(_ABIERTO, style="yellow")
    if sin_llave := sorted({r.intento.usuario for r in resultados if r.permitido is None}):
        consola.print(f"Sin comprobar, porque aquí no hay con qué entrar: {', '.join(sin_llave)}.", style="red")
    if malos := [r for r in resultados if not r.bien and r.permitido is not None]:
        consola.print("No es como debe:", style="bold red")
        consola.print(_uno_a_uno(malos))
    elif not sin_llave:
        negados = sum(r.intento.debido is False for r in resultados)
        consola.print(f"Los {negados} intentos indebidos, denegados; los debidos, permitidos.", style="green")


def _por_accion(resultados: Sequence[Resultado]) -> Table:
    tabla = Table("usuario", "acción", "intentos", "resultado", box=None)
    grupos: dict[tuple[str, Accion], Counter[bool | None]] = {}
    for r in resultados:
        grupos.setdefault((r.intento.usuario, r.intento.accion), Counter())[r.permitido] += 1
    for (usuario, accion), cuantos in grupos.items():
        dichos = ", ".join(f"{_VEREDICTOS[p]} {n}" if len(cuantos) > 1 else _VEREDICTOS[p] for p, n in cuantos.items())
        tabla.add_row(usuario, accion.value, str(cuantos.total()), dichos)
    return tabla


def _uno_a_uno(resultados: Sequence[Resultado]) -> Table:
    tabla = Table("usuario", "acción", "sobre", "con", "resultado", box=None)
    for r in resultados:
        i = r.intento
        tabla.add_row(
            i.usuario, i.accion.value, i.objeto or "(por omisión)", i.como or i.clave, _VEREDICTOS[r.permitido]
        )
    return tabla


__all__ = ["imprimir"]
