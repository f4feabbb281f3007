"""`senda boveda`: depositar, abrir, autorizar, revocar y destruir la identidad; repartir la recuperación.

Se ejecuta donde está la bóveda. La identidad entra por la entrada estándar y sale por la salida estándar: nunca por
los argumentos, que cualquiera ve en la lista de procesos y quedan en la historia del intérprete.
"""

from __future__ import annotations

import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID
from wsgiref.simple_server import WSGIRequestHandler, make_server

import msgspec
import typer
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from rich.console import Console
from rich.table import Table

from eventos.seguridad import MotivoAcceso
from infra.azar import AzarReal
from infra.reloj import reloj_desde
from infra.seguridad.boveda.caja import publica_de
from infra.seguridad.boveda.ficha import abrir_entrega, cerrar_deposito
from infra.seguridad.boveda.politica import Base, Finalidad, Titulo
from infra.seguridad.boveda.puertos import Quien
from infra.seguridad.boveda.revision import Conclusion, revisar, sin_revisar
from senda import boveda as de_senda
from senda.boveda import BovedaAusente
from senda.despliegue import leer
from senda.orden import destruir
from senda.orden.comun import CARPETA_DEMO, Carpeta, progreso
from senda.orden.en_boveda import Agente, Institucion, Ruta, explicando, ficha_de_la_entrada, montada
from senda.orden.piezas import BOVEDA, Esquema, UrlAparte

app = typer.Typer(no_args_is_help=True, help="La identidad: guardarla, abrirla con permiso y destruir su clave.")
app.add_typer(destruir.app, name="destruir")

EnQue = Annotated[Base, typer.Option("--base", help="En qué se apoya.")]
Referencia = Annotated[UUID, typer.Option("--referencia", help="El consentimiento, o el proceso o medida del mandato.")]
Para = Annotated[list[Finalidad], typer.Option("--para", help="Finalidad; se puede repetir.")]
Privada = Annotated[
    Path, typer.Option("--privada", help="Archivo con la privada X25519 (32 bytes) de la institución que recibe.")
]


@app.command()
def instalar(carpeta: Carpeta = CARPETA_DEMO, url: UrlAparte = None, esquema: Esquema = None) -> None:
    """Crea la bóveda de un despliegue: su base y sus claves."""
    BOVEDA.instalar(carpeta, url, esquema)


@app.command()
def servir(
    puerto: Annotated[int, typer.Option(help="Puerto HTTP.")] = 8010,
    direccion: Annotated[str, typer.Option(help="Dónde escucha; TLS lo pone quien esté delante.")] = "127.0.0.1",
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Atiende a las instituciones por HTTP: solicitudes firmadas, identidad siempre cerrada. Hasta Ctrl-C."""
    with montada(carpeta) as abierta:
        aplicacion = abierta.ventanilla(reloj_desde(leer(carpeta).reloj))
        with make_server(direccion, puerto, aplicacion, handler_class=_SinRastro) as servidor:
            progreso.print(f"La bóveda atiende en http://{direccion}:{servidor.server_port}; Ctrl-C para parar.")
            with suppress(KeyboardInterrupt):
                servidor.serve_forever()


class _SinRastro(WSGIRequestHandler):
    """No escribe una línea por petición: quién pregunta por quién consta en los accesos, y en ningún otro sitio."""

    def log_message(self, *_: object) -> None:
        return


@app.command()
def inscribir(codigo: str, publica: str, carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Anota la clave X25519 (base64url) hacia la que se cierra lo que recibe una institución."""
    with montada(carpeta) as abierta:
        abierta.boveda.inscribir_clave(codigo, publica)


@app.command()
def depositar(
    ruta: Ruta, institucion: Institucion, agente: Agente, base: EnQue, referencia: Referencia, para: Para,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:  # fmt: skip
    """Lee la ficha (JSON) de la entrada estándar, la cierra hacia la bóveda y la deposita."""
    ficha = ficha_de_la_entrada()
    with montada(carpeta) as abierta:
        jwe = cerrar_deposito(ruta, ficha, publica_de(abierta.boveda.publica), AzarReal())
        titulo = Titulo(base=base, referencia=referencia, finalidades=frozenset(para))
        abierta.boveda.depositar(Quien(institucion, agente), ruta, jwe, titulo)


@app.command()
def autorizar(
    ruta: Ruta, a: Annotated[str, typer.Argument(help="Institución a la que se autoriza.")], institucion: Institucion,
    agente: Agente, base: EnQue, referencia: Referencia, para: Para,
    hasta: Annotated[datetime | None, typer.Option(help="Hasta cuándo, en UTC.")] = None,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:  # fmt: skip
    """Autoriza a otra institución, con su título. Escribe el id del permiso y dice qué se concedió."""
    titulo = Titulo(base=base, referencia=referencia, finalidades=frozenset(para), hasta=_utc(hasta))
    with montada(carpeta) as abierta:
        permiso, dado = abierta.boveda.autorizar(Quien(institucion, agente), ruta, a, titulo)
    typer.echo(permiso)
    plazo = "sin fecha de término" if dado.hasta is None else f"hasta {dado.hasta:%Y-%m-%d %H:%M} (UTC)"
    recortado = " Es menos de lo pedido: nadie da más de lo que tiene." if dado != titulo else ""
    progreso.print(f"Para {', '.join(sorted(dado.finalidades))}; {plazo}.{recortado}", markup=False, soft_wrap=True)


@app.command()
def abrir(
    ruta: Ruta, institucion: Institucion, agente: Agente, privada: Privada,
    para: Annotated[Finalidad | None, typer.Option("--para", help="Finalidad.")] = None,
    excepcional: Annotated[
        MotivoAcceso | None, typer.Option(help="Rompe el vidrio: sin permiso, con motivo, y queda en el libro.")
    ] = None,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:  # fmt: skip
    """Abre una ficha con permiso (--para) o sin él (--excepcional) y la escribe, en JSON. Deja constancia antes."""
    quien = Quien(institucion, agente)
    with montada(carpeta) as abierta:
        if excepcional is not None and para is None:
            entrega = abierta.boveda.abrir_excepcional(quien, ruta, excepcional)
        elif para is not None and excepcional is None:
            entrega = abierta.boveda.abrir(quien, ruta, para)
        else:
            raise typer.BadParameter("da una finalidad (--para) o un motivo (--excepcional), y no ambos")
        clave = X25519PrivateKey.from_private_bytes(privada.read_bytes())
        typer.echo(msgspec.json.encode(abrir_entrega(entrega, clave)))


@app.command()
def revocar(
    ruta: Ruta, consentimiento: UUID, institucion: Institucion, agente: Agente, carpeta: Carpeta = CARPETA_DEMO
) -> None:
    """Cierra los accesos que se apoyaban en un consentimiento, y nada más."""
    with montada(carpeta) as abierta:
        cuantos = abierta.boveda.revocar(Quien(institucion, agente), ruta, consentimiento)
        progreso.print(f"{cuantos} accesos cerrados.")


@app.command()
def accesos(
    ruta: Annotated[UUID | None, typer.Argument(metavar="RUTA", help="De quién; sin ella, todos.")] = None,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Quién abrió qué, cuándo y para qué; también lo negado. Sale con 1 si la cadena no casa."""
    tabla = Table("nº", "cuándo (UTC)", "ruta", "institución", "agente", "acto", "detalle", box=None)
    with montada(carpeta) as abierta:
        for numero, a in abierta.boveda.accesos(ruta):
            cuando = f"{a.instante:%Y-%m-%d %H:%M:%S}"
            tabla.add_row(str(numero), cuando, str(a.ruta), a.institucion, a.agente, a.acto, a.detalle)
        rota = abierta.boveda.comprobar_accesos()
    Console(width=200).print(tabla)
    if rota is not None:
        progreso.print(f"La cadena no casa desde el acceso {rota}.", style="red")
        raise typer.Exit(1)


@app.command("sin-revisar")
def ver_sin_revisar(carpeta: Carpeta = CARPETA_DEMO) -> None:
    """Los accesos excepcionales que nadie revisó. Sale con 1 si alguno ya pasó de plazo."""
    tabla = Table("nº", "ruta", "institución", "agente", "motivo", "revisar antes de (UTC)", box=None)
    with montada(carpeta) as abierta:
        pendientes = sin_revisar(abierta.boveda)
        ahora = reloj_desde(leer(carpeta).reloj).ahora()
    for p in pendientes:
        antes_de = f"{p.antes_de:%Y-%m-%d %H:%M}"
        tabla.add_row(str(p.asiento), str(p.ruta), *p.quien, p.motivo, antes_de)
    Console(width=200).print(tabla)
    raise typer.Exit(1 if any(p.antes_de < ahora for p in pendientes) else 0)


@app.command("revisar")
def anotar_revision(
    asiento: Annotated[int, typer.Argument(help="Número del acceso excepcional.")], conclusion: Conclusion,
    institucion: Institucion, agente: Agente, carpeta: Carpeta = CARPETA_DEMO,
) -> None:  # fmt: skip
    """Anota si un acceso excepcional estuvo justificado. Lo hace otra persona."""
    with montada(carpeta) as abierta:
        revisar(abierta.boveda, Quien(institucion, agente), asiento, conclusion)


@app.command()
def repartir(
    umbral: Annotated[int, typer.Option(min=2, help="Cuántas partes bastan.")] = 3,
    partes: Annotated[int, typer.Option(min=2, max=255, help="Cuántas se reparten.")] = 5,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Escribe una parte por línea, cada una para un custodio. No se guardan: cópialas a papel y cierra la terminal."""
    try:
        repartidas = de_senda.repartir(carpeta, umbral, partes, AzarReal())
    except (ValueError, BovedaAusente) as error:
        progreso.print(str(error), style="red")
        raise typer.Exit(1) from None
    typer.echo("\n".join(repartidas))


@app.command()
def reunir(
    paquete: Annotated[Path, typer.Argument(help=f"Copia del paquete ({de_senda.PAQUETE}).")],
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Lee las partes de la entrada estándar, una por línea, y repone las claves que falten. No pisa ninguna."""
    partes = [linea for linea in sys.stdin.read().splitlines() if linea.strip()]
    with explicando():
        repuestas = de_senda.recuperar(carpeta, partes, paquete.read_text())
    progreso.print(f"Repuestas: {', '.join(repuestas) or 'ninguna, estaban todas'}.")


def _utc(instante: datetime | None) -> datetime | None:
    return instante.replace(tzinfo=UTC) if instante is not None and instante.tzinfo is None else instante


__all__ = ["app"]
