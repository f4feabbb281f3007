"""`senda registro`: el tenedor de la huella registra a quien se atiende y propone las rutas que coinciden."""

from __future__ import annotations

from uuid import UUID

import typer
from rich.console import Console
from rich.table import Table

from infra.azar import AzarReal
from infra.seguridad.boveda.caja import publica_de
from infra.seguridad.boveda.ficha import cerrar_deposito
from infra.seguridad.boveda.puertos import Quien
from senda.orden.comun import CARPETA_DEMO, Carpeta, progreso
from senda.orden.en_boveda import Agente, Institucion, Ruta, ficha_de_la_entrada, registro_montado
from senda.orden.piezas import REGISTRO, Esquema, UrlAparte

app = typer.Typer(no_args_is_help=True, help="La misma persona en dos instituciones, sin decir quién es.")


@app.command()
def instalar(carpeta: Carpeta = CARPETA_DEMO, url: UrlAparte = None, esquema: Esquema = None) -> None:
    """Crea el registro único de un despliegue: su base y su clave, que no son las de la bóveda."""
    REGISTRO.instalar(carpeta, url, esquema)


@app.command()
def registrar(ruta: Ruta, institucion: Institucion, agente: Agente, carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Lee la ficha (JSON) de la entrada estándar y la registra. No dice si coincidió: eso llega a quien lo confirma."""
    ficha = ficha_de_la_entrada()
    with registro_montado(carpeta) as montado:
        jwe = cerrar_deposito(ruta, ficha, publica_de(montado.registro.publica), AzarReal())
        montado.registro.registrar(Quien(institucion, agente), ruta, jwe)


@app.command()
def consultas(carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Quién registró a quién y cuándo; también lo negado. Sale con 1 si la cadena no casa."""
    tabla = Table("nº", "cuándo (UTC)", "ruta", "institución", "agente", "acto", "detalle", box=None)
    with registro_montado(carpeta) as montado:
        for numero, a in montado.registro.consultas():
            cuando = f"{a.instante:%Y-%m-%d %H:%M:%S}"
            tabla.add_row(str(numero), cuando, str(a.ruta), a.institucion, a.agente, a.acto, a.detalle)
        rota = montado.registro.comprobar_consultas()
    Console(width=200).print(tabla)
    if rota is not None:
        progreso.print(f"La cadena no casa desde la consulta {rota}.", style="red")
        raise typer.Exit(1)


@app.command()
def olvidar(ruta: UUID, carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Borra las huellas de una ruta cuya clave consta destruida, si el registro no está junto a la bóveda."""
    with registro_montado(carpeta) as montado:
        montado.olvidar(ruta)


__all__ = ["app"]
