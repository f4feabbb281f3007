"""`senda tablas`: importar y exportar tablas con la forma de CTDC o HTCDS.

Importar sale con 0 si todo se aceptó, 1 si alguna fila no, 2 si no se envió nada y 3 si se cortó a la mitad.
"""

from __future__ import annotations

import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Annotated, NoReturn

import msgspec
import typer
from sqlalchemy.exc import SQLAlchemyError

from contratos.clasificacion.ficha import PAIS_SIN_CONSTAR
from contratos.tablas import Formato, FormatoDesconocido, Lleva, formato
from eventos.paises import ALFA3, ALFA3_ASIGNADOS
from eventos.rechazo import Rechazo
from eventos.tipos import NivelRiesgo
from infra.azar import AzarReal
from infra.mensajeria.transportes.base import TransporteCaido
from infra.observabilidad.registro import configurar
from infra.reloj import reloj_desde
from infra.seguridad.llavero import ClaveIlegible
from senda.credencial import CredencialInvalida
from senda.despliegue import DespliegueAusente, leer
from senda.embebido import EnMarcha
from senda.orden.comun import CARPETA_DEMO, Carpeta, fin, progreso
from senda.orden.solicitar import credencial_de, destino_de
from senda.tablas import rechazos
from senda.tablas.archivo import parece_identidad
from senda.tablas.exportacion import exportar as sacar
from senda.tablas.importacion import Remitente, Tabla, comprobar
from senda.tablas.importacion import importar as enviar
from senda.tablas.informe import Informe
from senda.tablas.manifiesto import manifiesto
from senda.tablas.personas import Personas
from senda.tablas.peticiones import Circunstancias
from senda.tablas.proteccion import K
from senda.ventanilla.claves import ClavesAusentes
from senda.ventanilla.destino import NoSalio
from senda.ventanilla.lote import sesion
from senda.ventanilla.quien import AgenteInvalido, exigir_agente
from servicios.auditoria.accesos import MotivoAcceso

BIEN, CON_RECHAZOS, MAL_PEDIDO, CORTADA = 0, 1, 2, 3
_MAL_PEDIDO = (Rechazo, AgenteInvalido, ClavesAusentes, CredencialInvalida, DespliegueAusente, EnMarcha, NoSalio)

app = typer.Typer(no_args_is_help=True, help="Importar y exportar tablas con la forma de CTDC o HTCDS.")

QueFormato = Annotated[str, typer.Option("--formato", help="ctdc o htcds.")]


@app.command("importar")
def importar(
    archivo: Annotated[Path, typer.Argument(metavar="ARCHIVO", help="CSV (o .csv.gz) en UTF-8.")],
    que_formato: QueFormato,
    ocurrido: Annotated[
        str, typer.Option(help="A qué fecha es la tabla, con zona: 2026-05-03T00:00:00-06:00. Siempre la misma.")
    ],
    institucion: Annotated[
        str | None, typer.Option(envvar="SENDA_INSTITUCION", help="Código de quien importa: GT-PGN.")
    ] = None,
    agente: Annotated[
        str | None, typer.Option(envvar="SENDA_AGENTE", help="Seudónimo de quien actúa: ag-7c1e90aa.")
    ] = None,
    clave: Annotated[
        Path | None, typer.Option(envvar="SENDA_CLAVE", help="Archivo (0600) con la clave de firma.")
    ] = None,
    carpeta: Carpeta = CARPETA_DEMO,
    amqp: Annotated[
        str | None, typer.Option(envvar="SENDA_AMQP_INSTITUCION", help="RabbitMQ, en vez de una carpeta.")
    ] = None,
    servicios: Annotated[Path | None, typer.Option(help="Con --amqp: claves públicas de los servicios.")] = None,
    pais: Annotated[str | None, typer.Option(help="País de detección (gt); por omisión, el de la institución.")] = None,
    riesgo: Annotated[NivelRiesgo, typer.Option(help="De todas: la tabla no lo dice.")] = NivelRiesgo.MEDIO,
    identificadas: Annotated[
        bool, typer.Option("--identificadas", help="Todas son víctimas identificadas formalmente; exige ese mandato.")
    ] = False,
    pais_explotacion: Annotated[
        str, typer.Option(help="El de toda la tabla (GTM), si el formato no lo lleva.")
    ] = PAIS_SIN_CONSTAR,
    columna_id: Annotated[
        str | None, typer.Option(help="Columna con un id ajeno de cada fila, que no identifique a nadie.")
    ] = None,
    ensayo: Annotated[bool, typer.Option("--ensayo", help="Comprueba y cuenta, sin enviar nada.")] = False,
    espera: Annotated[float, typer.Option(min=0, help="Segundos que se esperan los acuses de cada lote.")] = 60.0,
) -> None:
    """Lee una tabla y cuenta cada fila como una detección firmada; el informe va en JSON a la salida estándar."""
    configurar("tablas", nivel=logging.CRITICAL)
    try:
        suyo = _formato(que_formato)
        credencial = credencial_de(institucion, clave, carpeta)
        actua, cuando = exigir_agente(agente), _instante(ocurrido)
        if columna_id is not None and parece_identidad(columna_id):
            raise rechazos.ColumnaIdDeIdentidad
        circunstancias = Circunstancias(
            pais=_pais(pais or credencial.codigo[:2].lower()),
            riesgo=riesgo,
            identificadas=identificadas,
            pais_explotacion=_pais_de_tabla(suyo, pais_explotacion),
        )
        tabla = Tabla(archivo, suyo, circunstancias, columna_id)
        # Entera y antes de enviar nada: lo que se descubre a la mitad ya no se puede deshacer.
        previo = comprobar(tabla, credencial)
        if ensayo:
            _terminar(previo)
        destino = destino_de(carpeta, amqp, servicios)
        ahora = destino.reloj.ahora()
        if cuando > ahora:
            raise rechazos.FechaDeTabla
        remitente = Remitente(credencial, actua, cuando, ahora, destino.claves)
        with sesion(destino, credencial.codigo, espera) as abierta:
            informe = enviar(tabla, remitente, abierta, lambda n: progreso.print(f"{n} de {previo.leidas} filas"))
        _terminar(informe)
    except _MAL_PEDIDO as error:
        fin(str(error))
    except (TransporteCaido, SQLAlchemyError):
        progreso.print("Se cortó: no se sabe qué llegó. Repítela igual: lo ya atendido no se repite.", style="red")
        raise typer.Exit(CORTADA) from None


@app.command("exportar")
def exportar(
    salida: Annotated[Path, typer.Argument(metavar="SALIDA", help="CSV nuevo; al lado, su .manifiesto.json.")],
    que_formato: QueFormato,
    finalidad: Annotated[MotivoAcceso, typer.Option(help="Para qué; queda en el registro de accesos.")],
    quien: Annotated[str, typer.Option(help="Código de la institución que lee.")],
    carpeta: Carpeta = CARPETA_DEMO,
    sin_proteger: Annotated[
        bool, typer.Option("--sin-proteger", help=f"Sin exigir {K} filas iguales; no con finalidad estadistica.")
    ] = False,
) -> None:
    """Saca una fila por persona identificada que esa institución puede leer. Cada lectura deja constancia."""
    configurar("tablas", nivel=logging.CRITICAL)
    try:
        suyo = _formato(que_formato)
        if sin_proteger and finalidad is MotivoAcceso.ESTADISTICA:
            raise rechazos.FinalidadSinDetalle
        despliegue = leer(carpeta)
        reloj = reloj_desde(despliegue.reloj)
        al_lado = salida.with_name(f"{salida.name}.manifiesto.json")
        if salida.exists() or al_lado.exists() or not salida.absolute().parent.is_dir():
            raise rechazos.SalidaOcupada
        personas = Personas(carpeta, despliegue, quien, finalidad, reloj)
        if sin_proteger:
            progreso.print(
                "Sin proteger: hay filas que pueden señalar a una persona. Guárdala como lo que es y no la publiques.",
                style="yellow",
            )
        tabla = sacar(suyo, personas, AzarReal(), None if sin_proteger else K)
        dicho = manifiesto(
            tabla, fecha=reloj.ahora(), quien=quien, finalidad=finalidad.value, sin_clave=personas.sin_clave
        )
        _escribir(salida, tabla.csv())
        _escribir(al_lado, msgspec.json.format(msgspec.json.encode(dicho)) + b"\n")
        typer.echo(msgspec.json.encode(dicho))
    except (*_MAL_PEDIDO, ClaveIlegible) as error:
        fin(str(error))
    except SQLAlchemyError:
        fin("una base del despliegue no contesta; no se escribió nada")


def _terminar(informe: Informe) -> NoReturn:
    typer.echo(msgspec.json.format(msgspec.json.encode(informe.llano())))
    raise typer.Exit(CON_RECHAZOS if informe.rechazadas else BIEN)


def _formato(nombre: str) -> Formato:
    try:
        return formato(nombre)
    except FormatoDesconocido:
        raise rechazos.FormatoSinTabla from None


def _pais(codigo: str) -> str:
    if codigo != codigo.lower() or codigo.upper() not in ALFA3:
        raise rechazos.CircunstanciaInvalida
    return codigo


def _pais_de_tabla(suyo: Formato, codigo: str) -> str:
    if codigo == PAIS_SIN_CONSTAR:
        return codigo
    if suyo.de(Lleva.PAIS):
        raise rechazos.PaisSobrante
    if codigo not in ALFA3_ASIGNADOS:
        raise rechazos.CircunstanciaInvalida
    return codigo


def _instante(texto: str) -> datetime:
    try:
        instante = datetime.fromisoformat(texto)
    except ValueError:
        raise rechazos.FechaDeTabla from None
    if instante.tzinfo is None:
        raise rechazos.FechaDeTabla
    return instante


def _escribir(archivo: Path, contenido: bytes) -> None:
    try:
        descriptor = os.open(archivo, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError:
        raise rechazos.SalidaOcupada from None
    with os.fdopen(descriptor, "wb") as abierto:
        abierto.write(contenido)


__all__ = ["app"]
