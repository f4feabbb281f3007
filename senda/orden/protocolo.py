"""`senda protocolo`: qué paquetes hay, si están bien hechos y qué mandan para una persona."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from contratos.protocolos import lector
from contratos.protocolos.fuentes import recuento
from contratos.protocolos.paquete import Protocolo
from eventos.rechazo import Rechazo
from infra.reloj import RelojReal
from senda.orden.comun import ComoJson, progreso
from senda.protocolo import persona, rechazos, salida
from senda.protocolo.simulacion import simular as simular_historia

app = typer.Typer(no_args_is_help=True, help="Los protocolos por país: qué hay, si está bien hecho y qué manda.")

#: Se cambia en las pruebas; nadie más lee la hora aquí.
reloj = RelojReal()


@app.command()
def simular(
    pais: Annotated[str, typer.Argument(metavar="PAIS", help="Código de dos letras: gt, pe…")],
    edad: Annotated[str | None, typer.Option(help="Años cumplidos; sin ella, la edad no consta.")] = None,
    sexo: Annotated[str | None, typer.Option(help="mujer, hombre, intersexual o no-consta.")] = None,
    nacionalidad: Annotated[
        list[str] | None, typer.Option(help="ISO 3166-1 alfa-3; se puede repetir. Sin ella, no consta.")
    ] = None,
    riesgo: Annotated[str, typer.Option(help="Riesgo al detectarla: bajo, medio o alto.")] = "medio",
    historia: Annotated[
        str, typer.Option(help="Hechos separados por comas, uno por día: deteccion,identificacion,ingreso…")
    ] = "deteccion",
    desde: Annotated[str | None, typer.Option(help="Cuándo se la detecta (ISO 8601; sin zona, UTC).")] = None,
    como_json: ComoJson = False,
) -> None:
    """Los encargos, plazos y derechos que produce el paquete de un país para una persona. No guarda nada."""
    try:
        paquete = _paquete(pais)
        supuesta = persona.suponer(paquete.pais, edad=edad, sexo=sexo, nacionalidades=nacionalidad or (), riesgo=riesgo)
        cuando = persona.instante(desde) if desde else reloj.ahora().replace(microsecond=0)
        contada = simular_historia(paquete, supuesta, historia, cuando)
    except Rechazo as rechazo:
        _rechazar(rechazo)
    typer.echo(msgspec.json.encode(salida.llana(contada)) if como_json else salida.texto(contada))


@app.command()
def listar(como_json: ComoJson = False) -> None:
    """Los paquetes que hay. Sale con 1 si alguno no se puede usar."""
    filas: list[dict[str, Any]] = []
    rotos = 0
    for nombre in lector.paises():
        for version in lector.versiones(nombre):
            try:
                filas.append(_fila(lector.cargar(nombre, version)))
            except lector.ProtocoloInvalido:
                rotos += 1
                progreso.print(
                    f"{nombre} {version}: no se puede usar; «senda protocolo comprobar {nombre}».", style="red"
                )
    if como_json:
        typer.echo(msgspec.json.encode(filas))
    else:
        _tabla(filas)
    raise typer.Exit(1 if rotos else 0)


@app.command()
def comprobar(
    paquete: Annotated[str, typer.Argument(metavar="CARPETA|PAIS", help="Carpeta con los TOML, o país.")],
    como_json: ComoJson = False,
) -> None:
    """Dice todo lo que está mal en un paquete, no solo lo primero. Sale con 1 si hay algo."""
    try:
        carpeta = _carpeta(paquete)
    except Rechazo as rechazo:
        _rechazar(rechazo)
    examen = lector.examinar(carpeta)
    if como_json:
        typer.echo(msgspec.json.encode({"carpeta": carpeta.name, "errores": examen.errores}))
    elif examen.paquete is not None:
        p, total = examen.paquete, recuento(examen.paquete, "")
        typer.echo(
            f"{p.protocolo} {p.version} ({p.estado}): bien. {total.con_fuente} piezas con fuente y "
            f"{total.por_defecto} que son valor por defecto del proyecto."
        )
    else:
        for error in examen.errores:
            typer.echo(f"✗ {error}")
        cuantos = len(examen.errores)
        typer.echo("1 error." if cuantos == 1 else f"{cuantos} errores.")
    raise typer.Exit(1 if examen.errores else 0)


def _paquete(pais: str) -> Protocolo:
    try:
        return lector.ultimo(pais)
    except lector.ProtocoloDesconocido:
        raise rechazos.PaisSinPaquete from None
    except lector.ProtocoloInvalido:
        raise rechazos.PaqueteRoto from None


def _carpeta(paquete: str) -> Path:
    if versiones := lector.versiones(paquete):
        return lector.carpeta_de(paquete, versiones[0])
    carpeta = Path(paquete)
    if carpeta.is_dir() and any(carpeta.glob("*.toml")):
        return carpeta
    raise rechazos.CarpetaSinPaquete


def _fila(p: Protocolo) -> dict[str, Any]:
    reglas, todo = recuento(p), recuento(p, "")
    return {
        "protocolo": p.protocolo,
        "version": p.version,
        "nombre": p.nombre,
        "estado": p.estado,
        "revisor": p.revisor,
        "reglas_con_fuente": reglas.con_fuente,
        "reglas_por_defecto": reglas.por_defecto,
        "piezas_con_fuente": todo.con_fuente,
        "piezas_por_defecto": todo.por_defecto,
    }


def _tabla(filas: list[dict[str, Any]]) -> None:
    tabla = Table("país", "versión", "estado", "reglas con fuente", "por defecto", "revisor", box=None, pad_edge=False)
    for f in filas:
        con, sin = str(f["reglas_con_fuente"]), str(f["reglas_por_defecto"])
        tabla.add_row(f"{f['protocolo']} · {f['nombre']}", f["version"], f["estado"], con, sin, f["revisor"])
    Console().print(tabla)


def _rechazar(rechazo: Rechazo) -> NoReturn:
    progreso.print(
        f"{rechazo.codigo} ({rechazo.campo}): {rechazo.que_hacer}", style="red", markup=False, soft_wrap=True
    )
    raise typer.Exit(2) from None


__all__ = ["app"]
