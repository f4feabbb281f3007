"""`senda auditar refrendar`: pedir a un testigo que refrende el último punto de control, por red o en un archivo."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Final

import httpx
import typer
from sqlalchemy import Connection, Engine

from infra.almacen.motor import abrir_motor, leyendo
from infra.reloj import reloj_desde
from senda.auditoria.refrendo import (
    Pedir,
    Refrendo,
    SinRefrendo,
    anotar,
    identidad,
    obtener,
    preparar,
    recoger,
)
from senda.auditoria.retenidos import retener
from senda.despliegue import DespliegueAusente, leer
from senda.orden.comun import CARPETA_DEMO, Carpeta, fin, progreso
from senda.testigo import de_testigo, vkey_de
from senda_verificar.nota import ClaveInvalida
from servicios.auditoria.refrendos import punto_refrendado, ultimo_refrendado
from servicios.testigo.dominio import Respuesta

#: Segundos, y bytes que se leen de lo que conteste: un refrendo mide doscientos.
_PLAZO: Final = 30
_MAXIMO: Final = 64 * 1024


class TestigoInalcanzable(Exception):
    """No contestó, o no como HTTP."""

    def __str__(self) -> str:
        return "no se pudo hablar con el testigo: comprueba la dirección y que esté en marcha, y repite"


def refrendar(
    vkey: Annotated[Path, typer.Option(help="Archivo con la vkey del testigo, comprobada con el órgano.")],
    testigo: Annotated[str | None, typer.Option(help="Su dirección: https://testigo.defensoria.example.")] = None,
    a_archivo: Annotated[Path | None, typer.Option(help="Sin red: escribe aquí la petición, para llevársela.")] = None,
    desde_archivo: Annotated[Path | None, typer.Option(help="Sin red: recoge de aquí lo que contestó.")] = None,
    desde: Annotated[
        int | None, typer.Option(min=0, help="Con --a-archivo: el tamaño que dijo el testigo, si no es el que consta.")
    ] = None,
    carpeta: Carpeta = CARPETA_DEMO,
) -> None:
    """Obtiene de un testigo el refrendo del último punto de control, lo comprueba y lo guarda. Sale con 1 si no."""
    if sum(modo is not None for modo in (testigo, a_archivo, desde_archivo)) != 1:
        fin("Elige uno: --testigo, --a-archivo o --desde-archivo.", 2)
    try:
        with _libro(carpeta) as (motor, ahora):
            clave = vkey_de(vkey)
            with leyendo(motor) as conexion:
                # Antes de pedir: el testigo puede refrendarlo aunque su respuesta no llegue.
                _retener(carpeta, conexion)
            if a_archivo is not None:
                _escribir(motor, clave, a_archivo, desde)
                return
            with leyendo(motor) as conexion:
                refrendo = (
                    recoger(conexion, _lineas(desde_archivo), clave)
                    if desde_archivo is not None
                    else obtener(conexion, por_http(testigo or ""), clave)
                )
            with motor.begin() as conexion:
                anotar(conexion, refrendo, ahora)
                _retener(carpeta, conexion, refrendo.tamano)
    except (DespliegueAusente, ClaveInvalida) as error:
        fin(str(error), 2)
    except (SinRefrendo, TestigoInalcanzable) as error:
        fin(str(error), 1)
    _contar(refrendo)


def por_http(url: str) -> Pedir:
    """Quien manda la petición al testigo de esa dirección. Lo que manda lanza `TestigoInalcanzable`."""

    def pedir(cuerpo: bytes) -> Respuesta:
        destino = f"{url.rstrip('/')}/add-checkpoint"
        try:
            with httpx.stream("POST", destino, content=cuerpo, timeout=_PLAZO) as respuesta:
                leido = b""
                for trozo in respuesta.iter_bytes():
                    leido += trozo
                    if len(leido) > _MAXIMO:
                        raise TestigoInalcanzable
                return Respuesta(respuesta.status_code, respuesta.headers.get("content-type", ""), leido)
        except (httpx.HTTPError, httpx.InvalidURL):
            raise TestigoInalcanzable from None

    return pedir


def _escribir(motor: Engine, vkey: str, archivo: Path, desde: int | None) -> None:
    clave = de_testigo(vkey)
    with leyendo(motor) as conexion:
        constaba = ultimo_refrendado(conexion, identidad(clave))
        peticion = preparar(conexion, constaba if desde is None else desde)
    archivo.write_bytes(peticion.cuerpo)
    progreso.print(
        f"Petición de refrendar {peticion.tamano} entradas, desde {peticion.desde}. Llévala al testigo «{clave.nombre}»"
        " y recoge lo que conteste con --desde-archivo.",
        markup=False,
    )


def _retener(carpeta: Path, conexion: Connection, tamano: int | None = None) -> None:
    punto = punto_refrendado(conexion, tamano)
    if punto is not None:
        retener(carpeta, punto)


def _lineas(archivo: Path) -> bytes:
    try:
        with archivo.open("rb") as abierto:
            return abierto.read(_MAXIMO)
    except OSError:
        fin(f"no se puede leer {archivo}", 2)


def _contar(refrendo: Refrendo) -> None:
    cuando = datetime.fromtimestamp(refrendo.instante, UTC)
    typer.echo(refrendo.linea, nl=False)
    progreso.print(
        f"Refrendado: {refrendo.tamano} entradas, por {refrendo.testigo}, a las {cuando:%Y-%m-%d %H:%M:%S} UTC.",
        markup=False,
    )
    if refrendo.olvido:
        progreso.print(
            "AVISO: ese testigo recordaba menos de lo que aquí consta que refrendó. Restauró una copia vieja o alguien "
            "le borró memoria; díselo al órgano, porque ese hueco no lo protege.",
            style="yellow",
        )


@contextmanager
def _libro(carpeta: Path) -> Iterator[tuple[Engine, datetime]]:
    despliegue = leer(carpeta)
    base = despliegue.bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    try:
        yield motor, reloj_desde(despliegue.reloj).ahora()
    finally:
        motor.dispose()


__all__ = ["TestigoInalcanzable", "por_http", "refrendar"]
