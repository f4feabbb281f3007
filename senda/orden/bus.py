"""`senda bus`: quién puede qué en RabbitMQ, según el directorio; aplicarlo, y comprobarlo intentándolo todo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from threading import Event
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from infra.azar import AzarReal
from infra.rabbitmq.certificados import Taller
from infra.rabbitmq.claves import ClaveIlegible
from infra.rabbitmq.definiciones import definiciones as como_definiciones
from infra.rabbitmq.gestion import Gestion, GestionCaida
from infra.reloj import RelojReal
from senda import bus as seguridad
from senda.acceso_bus import Acceso
from senda.despliegue import DespliegueAusente
from senda.orden.comun import CARPETA_DEMO, Carpeta, ComoJson, progreso
from senda.orden.matriz_bus import imprimir

app = typer.Typer(no_args_is_help=True, help="RabbitMQ: usuarios, permisos, certificados y la matriz que los prueba.")

Api = Annotated[
    str,
    typer.Option(
        envvar="SENDA_RABBITMQ_API",
        help="API de gestión, como administrador: http://usuario:clave@127.0.0.1:15672. Mejor por la variable.",
    ),
]


@app.command()
def definiciones(
    carpeta: Carpeta = CARPETA_DEMO,
    archivo: Annotated[Path | None, typer.Option(help="Dónde escribirlas; sin él, en la salida.")] = None,
) -> None:
    """El definitions.json del despliegue: topología, usuarios (solo hashes) y permisos. No toca el broker."""
    with _avisando(carpeta) as acceso:
        querida = seguridad.seguridad_de(acceso)
        hashes = seguridad.hashes_de(acceso, querida, AzarReal())
        texto = msgspec.json.format(msgspec.json.encode(como_definiciones(querida, hashes)))
        if archivo is None:
            typer.echo(texto)
        else:
            archivo.write_bytes(texto)
            progreso.print(
                f"{archivo}: «rabbitmqctl import_definitions» lo carga; no quita a quien sobra.", markup=False
            )


@app.command()
def aplicar(
    api: Api,
    carpeta: Carpeta = CARPETA_DEMO,
    cada: Annotated[
        float | None, typer.Option(min=1, help="Segundos: se queda y lo repite; sin ella, una vez.")
    ] = None,
) -> None:
    """Deja el broker como dice el directorio: crea, actualiza, repone lo borrado y quita a los suspendidos."""
    with _avisando(carpeta) as acceso:
        gestion = Gestion(api)
        for vuelta in count():
            try:
                bien = _aplicar(acceso, gestion, callada=vuelta > 0)
            except (GestionCaida, SQLAlchemyError) as error:
                if cada is None:
                    raise
                bien = False
                progreso.print(f"Se reintenta: {type(error).__name__}.", style="yellow", markup=False)
            if cada is None:
                raise typer.Exit(0 if bien else 1)
            Event().wait(cada)


def _aplicar(acceso: Acceso, gestion: Gestion, *, callada: bool) -> bool:
    """Dice si quedó como debe: lo que ya estaba declarado de otro modo no se puede cambiar desde aquí."""
    hecho = seguridad.poner_al_dia(acceso, gestion, AzarReal())
    for rotulo, nombres in (("nuevos", hecho.nuevos), ("cambiados", hecho.cambiados), ("quitados", hecho.quitados)):
        if nombres:
            progreso.print(f"{rotulo}: {', '.join(nombres)}", markup=False)
    if not (hecho.cambio_algo or callada):
        progreso.print("El broker ya estaba al día.")
    if hecho.distintas:
        progreso.print(
            f"Ya estaban declaradas de otro modo: {', '.join(hecho.distintas)}. Vacíalas, bórralas y aplica otra vez.",
            style="red", markup=False,
        )  # fmt: skip
    return not hecho.distintas


@app.command()
def matriz(
    carpeta: Carpeta = CARPETA_DEMO,
    todo: Annotated[bool, typer.Option("--todo", help="Un renglón por intento, en vez de uno por acción.")] = False,
    como_json: ComoJson = False,
) -> None:
    """Intenta, como cada usuario, lo que debe y lo que no. Sale con 1 si algo no es como debe. No deja huella."""
    with _avisando(carpeta) as acceso:
        resultados = list(seguridad.matriz(acceso))
    if como_json:
        typer.echo(msgspec.json.encode(resultados))
    else:
        imprimir(resultados, Console(), todo=todo)
    raise typer.Exit(0 if all(r.bien for r in resultados) else 1)


@app.command()
def certificados(
    carpeta: Carpeta = CARPETA_DEMO,
    anfitrion: Annotated[
        list[str] | None, typer.Option(help="Nombre o IP con que se llega al broker; se puede repetir.")
    ] = None,
) -> None:
    """Autoridad de ensayo y certificados del broker y de cada usuario, en CARPETA/tls. Lo que está no se toca."""
    with _avisando(carpeta) as acceso:
        taller = Taller(acceso.certificados, AzarReal(), RelojReal().ahora())
        usuarios = [u.nombre for u in seguridad.seguridad_de(acceso).usuarios]
        creados = taller.asegurar(anfitrion or ["localhost", "127.0.0.1"], usuarios)
    progreso.print(f"En {acceso.certificados}: {', '.join(creados) or 'nada nuevo'}.", markup=False)


@app.command()
def renovar(
    usuario: Annotated[str, typer.Argument(help="Código de la institución o nombre del servicio.")],
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Cambia la contraseña de un usuario. La anterior vale hasta «senda bus aplicar»."""
    with _avisando(carpeta) as acceso:
        if usuario not in {u.nombre for u in seguridad.seguridad_de(acceso).usuarios}:
            progreso.print(
                "No hay un usuario del bus con ese nombre; «senda directorio» dice las instituciones.", style="red"
            )
            raise typer.Exit(1)
        if acceso.con_certificado(usuario):
            progreso.print("Entra con certificado: borra el suyo de la carpeta tls y «senda bus certificados».")
            raise typer.Exit(1)
        acceso.claves.renovar(usuario, AzarReal())
    progreso.print(
        f"Contraseña nueva de {usuario} en {acceso.claves.carpeta}. Falta «senda bus aplicar».", markup=False
    )


@contextmanager
def _avisando(carpeta: Path) -> Iterator[Acceso]:
    try:
        yield seguridad.acceso_de(carpeta)
    except (DespliegueAusente, seguridad.SinBroker, GestionCaida, ClaveIlegible, ValueError) as error:
        mensaje = str(error)
    except SQLAlchemyError:
        mensaje = "la base de coordinación no contesta; «senda operar estado» dice más"
    else:
        return
    progreso.print(mensaje, style="red", markup=False)
    raise typer.Exit(2)
