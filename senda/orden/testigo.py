"""`senda testigo`: el órgano de control refrenda con su clave los puntos de control del libro, en su máquina."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, Final

import msgspec
import typer
from rich.console import Console

from infra.azar import AzarReal
from infra.reloj import RelojReal
from senda import testigo as testigos
from senda.orden.comun import ComoJson, fin, progreso
from senda.orden.servir import servir as atender
from senda.orden.servir import tomar
from senda_verificar.nota import ClaveInvalida
from servicios.testigo.dominio import MAXIMO_CUERPO
from servicios.testigo.testigo import Testigo
from servicios.testigo.web import aplicacion

app = typer.Typer(no_args_is_help=True, help="Refrendar el libro de otro, para que no pueda contar dos historias.")

CARPETA: Final = Path(".senda/testigo")
Carpeta = Annotated[Path, typer.Option(envvar="SENDA_TESTIGO", help="Carpeta del testigo: su clave y su memoria.")]
Libro = Annotated[Path, typer.Option(help="Archivo con la vkey del libro, tomada de quien lo opera y comprobada.")]


@app.command()
def instalar(
    nombre: Annotated[str, typer.Option(help="Nombre público, sin espacios: defensoria.example/testigo.")],
    libro: Libro,
    carpeta: Carpeta = CARPETA,
) -> None:
    """Crea la clave (0600) y la memoria de un testigo, y escribe su vkey: la que se publica."""
    try:
        vkey = testigos.instalar(carpeta, nombre, testigos.vkey_de(libro), RelojReal(), AzarReal())
    except ClaveInvalida as error:
        fin(str(error))
    except FileExistsError:
        fin("En esa carpeta ya hay un testigo; otro necesita otra.")
    progreso.print("Testigo listo. Publica esta clave donde quien opera el libro no pueda cambiarla:")
    typer.echo(vkey)


@app.command()
def conocer(libro: Libro, carpeta: Carpeta = CARPETA) -> None:
    """Añade otro libro, o una clave nueva de uno que ya conoce."""
    with _montado(carpeta) as testigo:
        try:
            vkey = testigos.vkey_de(libro)
            nombre = testigos.de_libro(vkey).nombre
        except ClaveInvalida as error:
            fin(str(error))
        testigo.memoria.conocer(vkey, testigo.reloj.ahora())
    progreso.print(f"Desde ahora sigue {nombre}.", markup=False)


@app.command()
def servir(
    carpeta: Carpeta = CARPETA,
    puerto: Annotated[int, typer.Option(help="Puerto HTTP.")] = 8090,
    direccion: Annotated[str, typer.Option(help="Dirección en que escucha.")] = "127.0.0.1",
) -> None:
    """Atiende por HTTP (POST /add-checkpoint) hasta Ctrl-C."""
    with _montado(carpeta) as testigo:
        zocalo = tomar(direccion, puerto)
        donde = f"http://{direccion}:{zocalo.getsockname()[1]}"
        progreso.print(f"Testigo {testigo.vkey.nombre} en {donde}\nCtrl-C para parar.", markup=False, highlight=False)
        atender(aplicacion(testigo), zocalo, lambda: None)


@app.command()
def refrendar(
    archivo: Annotated[Path, typer.Argument(help="Petición que escribió «senda auditar refrendar --a-archivo».")],
    carpeta: Carpeta = CARPETA,
) -> None:
    """Sin red: lee una petición de un archivo y escribe la línea de refrendo. Sale con 1 si se niega."""
    try:
        with archivo.open("rb") as abierto:
            cuerpo = abierto.read(MAXIMO_CUERPO + 1)
    except OSError:
        fin("No se puede leer ese archivo.")
    with _montado(carpeta) as testigo:
        respuesta = testigo.refrendar(cuerpo)
    if not respuesta.codigo:
        typer.echo(respuesta.cuerpo.decode(), nl=False)
        return
    dicho = respuesta.cuerpo.decode().strip()
    if respuesta.codigo == "otro-tamano":
        dicho = f"otro-tamano: pide en el libro una petición con --desde {dicho}, lo último que aquí se refrendó"
    fin(f"No se refrenda. {dicho}", 1)


@app.command()
def ver(carpeta: Carpeta = CARPETA, como_json: ComoJson = False) -> None:
    """Qué libros sigue, qué ha refrendado y qué puntos lo contradicen. Sale con 1 si hay una bifurcación."""
    with _montado(carpeta) as testigo:
        datos = _resumen(testigo)
    if como_json:
        typer.echo(msgspec.json.encode(datos))
    else:
        _contar(datos, Console(soft_wrap=True, markup=False, highlight=False))
    raise typer.Exit(1 if any(e["motivo"] == "bifurcacion" for e in datos["evidencias"]) else 0)


def _resumen(testigo: Testigo) -> dict[str, Any]:
    memoria = testigo.memoria
    return {
        "vkey": memoria.vkey,
        "libros": sorted(memoria.libros()),
        "refrendados": [
            {"libro": r.origen, "tamano": r.tamano, "raiz": r.raiz.hex(), "instante": r.instante}
            for r in memoria.historial()
        ],
        "evidencias": [e._asdict() for e in memoria.evidencias()],
    }


def _contar(datos: dict[str, Any], consola: Console) -> None:
    consola.print(f"Testigo {datos['vkey']}")
    for libro in datos["libros"]:
        suyos = [r for r in datos["refrendados"] if r["libro"] == libro]
        ultimo = max(suyos, key=lambda r: r["tamano"], default=None)
        hasta = (
            f"{len(suyos)} puntos refrendados; el último, {ultimo['tamano']} entradas, raíz {ultimo['raiz']}, "
            f"{ultimo['instante']:%Y-%m-%d %H:%M:%S} UTC"
            if ultimo
            else "nada refrendado todavía"
        )
        consola.print(f"  {libro}: {hasta}")
    for e in datos["evidencias"]:
        estado = " (aclarada: después se refrendó)" if e["aclarada"] else ""
        consola.print(f"✗ {e['motivo']}{estado} · {e['origen']} · {e['tamano']} entradas")
        consola.print(e["texto"])


@contextmanager
def _montado(carpeta: Path) -> Iterator[Testigo]:
    try:
        with testigos.abierto(carpeta, RelojReal()) as testigo:
            yield testigo
    except (testigos.TestigoAusente, testigos.MemoriaAusente) as error:
        fin(str(error))


__all__ = ["app"]
