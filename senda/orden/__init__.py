"""La orden `senda`. Cada módulo, un grupo de órdenes; aquí solo se reúnen."""

from __future__ import annotations

import typer

from senda.orden import (
    arena,
    auditar,
    banco,
    boveda,
    bus,
    buzon,
    conformidad,
    contratos,
    credencial,
    demo,
    desplegar,
    directorio,
    instrumentos,
    operar,
    protocolo,
    registro,
    ruta,
    servicio,
    solicitar,
    tablas,
    testigo,
)

app = typer.Typer(
    no_args_is_help=True,
    help="Senda: el recorrido de cada persona, de la detección a la restitución plena.",
    # Las variables de un fallo pueden llevar lo que solo viaja sellado, o una clave.
    pretty_exceptions_show_locals=False,
)
app.command("demo")(demo.demo)
app.command("instalar")(servicio.instalar)
app.command("servicio")(servicio.servicio)
app.command("todo")(servicio.todo)
app.command("portal")(arena.portal)
app.command("caja-de-arena")(arena.caja_de_arena)
app.command("conformidad")(conformidad.conformidad)
app.command("ruta")(ruta.ruta)
app.command("solicitar")(solicitar.solicitar)
app.command("buzon")(buzon.buzon)
app.add_typer(directorio.app, name="directorio")
app.add_typer(credencial.app, name="credencial")
app.add_typer(instrumentos.app, name="instrumentos")
app.add_typer(tablas.app, name="tablas")
app.add_typer(auditar.app, name="auditar")
app.add_typer(testigo.app, name="testigo")
app.add_typer(operar.app, name="operar")
app.add_typer(bus.app, name="bus")
app.add_typer(desplegar.app, name="desplegar")
app.add_typer(protocolo.app, name="protocolo")
app.add_typer(contratos.app, name="contratos")
app.add_typer(boveda.app, name="boveda")
app.add_typer(registro.app, name="registro")
app.add_typer(banco.app, name="bench")

__all__ = ["app"]
