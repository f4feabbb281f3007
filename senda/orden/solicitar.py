"""`senda solicitar`: preparar, firmar y enviar cualquier petición del contrato, y leer su acuse.

Sale con 0 si se aceptó, 1 si se rechazó, 2 si está mal pedido (no se envió nada) y 3 si no hubo acuse a tiempo.
"""

from __future__ import annotations

import logging
import sys
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, NoReturn

import msgspec
import typer
from rich.console import Console
from sqlalchemy.exc import SQLAlchemyError

from contratos.acuse import Resultado
from contratos.base import Peticion
from contratos.revision import leer as leer_peticion
from contratos.revision import revisar
from infra.azar import AzarReal
from infra.mensajeria.examen import SolicitudInvalida
from infra.mensajeria.examen import leer as examinar
from infra.mensajeria.transportes.base import TransporteCaido
from infra.observabilidad.registro import configurar
from infra.reloj import RelojReal
from infra.seguridad.identidad_servicio import ClavesInvalidas
from senda.cliente import Compuesta, Credencial, componer
from senda.credencial import CLAVE_RECTORA, CredencialInvalida, archivo_de
from senda.credencial import leer as leer_credencial
from senda.despliegue import DespliegueAusente
from senda.embebido import EnMarcha
from senda.orden.comun import CARPETA_DEMO, fin, progreso
from senda.ventanilla import archivo as archivos
from senda.ventanilla import catalogo, vista
from senda.ventanilla.claves import ClavesAusentes
from senda.ventanilla.claves import leer as leer_claves
from senda.ventanilla.destino import Destino, NoSalio, PorBus, Respuesta, de_carpeta
from senda.ventanilla.preguntas import Preguntas
from senda.ventanilla.quien import AgenteInvalido, exigir_agente

ACEPTADA, RECHAZADA, MAL_PEDIDA, SIN_ACUSE = 0, 1, 2, 3
_MAL_PEDIDO = (
    archivos.ArchivoInvalido, AgenteInvalido, catalogo.TipoDesconocido, ClavesAusentes, ClavesInvalidas,
    CredencialInvalida, DespliegueAusente, EnMarcha, NoSalio,
)  # fmt: skip


def solicitar(
    tipo: Annotated[
        str | None, typer.Argument(metavar="TIPO", help="Qué se pide: coordinacion.aceptar-derivacion.")
    ] = None,
    archivo: Annotated[
        Path | None, typer.Option("--archivo", "-a", help="Datos en .json o .toml; - lee JSON de la entrada estándar.")
    ] = None,
    institucion: Annotated[
        str | None, typer.Option(envvar="SENDA_INSTITUCION", help="Código de quien pide: GT-PGN.")
    ] = None,
    agente: Annotated[
        str | None, typer.Option(envvar="SENDA_AGENTE", help="Seudónimo de quien actúa: ag-7c1e90aa.")
    ] = None,
    clave: Annotated[
        Path | None, typer.Option(envvar="SENDA_CLAVE", help="Archivo (0600) con la clave de firma; jamás la clave.")
    ] = None,
    carpeta: Annotated[Path, typer.Option(envvar="SENDA_CARPETA", help="Carpeta del despliegue.")] = CARPETA_DEMO,
    amqp: Annotated[
        str | None, typer.Option(envvar="SENDA_AMQP_INSTITUCION", help="RabbitMQ, en vez de una carpeta.")
    ] = None,
    servicios: Annotated[
        Path | None, typer.Option(help="Con --amqp: claves públicas de los servicios («senda credencial servicios»).")
    ] = None,
    ocurrido: Annotated[
        str | None, typer.Option(help="Cuándo ocurrió, con zona: 2026-05-03T14:20:00-06:00; por omisión, ahora.")
    ] = None,
    espera: Annotated[float, typer.Option(min=0, help="Segundos que se espera el acuse.")] = 30.0,
    seco: Annotated[bool, typer.Option("--seco", help="Compone y enseña, sin enviar nada.")] = False,
    guardar: Annotated[Path | None, typer.Option(help="Escribe los bytes firmados aquí, y la firma en .jws.")] = None,
    reenviar: Annotated[
        Path | None, typer.Option(help="Envía otra vez lo guardado con --guardar: mismos bytes, un solo efecto.")
    ] = None,
    recibos: Annotated[
        Path | None, typer.Option(help="Añade aquí el acuse firmado, para «senda-verificar --recibos».")
    ] = None,
    ver_lista: Annotated[bool, typer.Option("--lista", help="Qué se puede pedir, y quién.")] = False,
    ver_esquema: Annotated[bool, typer.Option("--esquema", help="Los campos de TIPO.")] = False,
    mostrar_sellado: Annotated[
        bool, typer.Option("--mostrar-sellado", help="En el resumen, también lo sellado.")
    ] = False,
    como_json: Annotated[bool, typer.Option("--json", help="JSON en la salida estándar, y nada más en ella.")] = False,
) -> None:
    """Envía una petición y enseña su acuse. Sin --archivo, y en un terminal, la pregunta campo a campo."""
    configurar("solicitar", nivel=logging.CRITICAL)
    try:
        if ver_lista:
            _lista(como_json=como_json)
        elif reenviar is not None:
            compuesta, quien = archivos.recuperar(reenviar)
            _tramitar(destino_de(carpeta, amqp, servicios), compuesta, quien, espera, recibos, como_json=como_json)
        elif tipo is None:
            fin("di qué se pide (TIPO), o «--lista» para ver qué hay")
        elif ver_esquema:
            _esquema(catalogo.buscar(tipo), como_json=como_json)
        else:
            clase = catalogo.buscar(tipo)
            destino = destino_de(carpeta, amqp, servicios)
            credencial = credencial_de(institucion, clave, carpeta)
            actua = exigir_agente(agente)
            datos = _datos(clase, archivo, mostrar_sellado=mostrar_sellado, preguntar_envio=not seco)
            compuesta = _componer(clase, datos, credencial, actua, ocurrido, destino)
            if guardar is not None:
                progreso.print(
                    f"Guardada en {guardar}; su firma, en {archivos.guardar(guardar, compuesta)}", markup=False
                )
            if seco:
                _ensenar(clase, datos, compuesta, mostrar_sellado=mostrar_sellado, como_json=como_json)
            else:
                _tramitar(destino, compuesta, credencial.codigo, espera, recibos, como_json=como_json)
    except _MAL_PEDIDO as error:
        fin(str(error))
    except (TransporteCaido, SQLAlchemyError) as error:
        _no_se_sabe(error)
    except OSError as error:
        fin(f"no se puede escribir: {error.strerror}")


def _lista(*, como_json: bool) -> None:
    grupos = catalogo.por_servicio()
    if not como_json:
        vista.lista(grupos, Console())
        return
    llana = [
        {
            "tipo": c.tipo, "servicio": c.servicio, "que_hace": catalogo.resumen(c),
            "mandatos": sorted(c.mandatos), "participa": c.participa,
        }
        for clases in grupos.values() for c in clases
    ]  # fmt: skip
    typer.echo(msgspec.json.encode(llana))


def _esquema(clase: type[Peticion], *, como_json: bool) -> None:
    if como_json:
        typer.echo(msgspec.json.format(msgspec.json.encode(catalogo.esquema(clase))))
    else:
        vista.esquema(clase, Console())


def destino_de(carpeta: Path, amqp: str | None, servicios: Path | None) -> Destino:
    """El bus que se diga o, si no, la carpeta. Errores: `ClavesAusentes`, `DespliegueAusente`."""
    if amqp is None:
        return de_carpeta(carpeta, AzarReal())
    if servicios is None:
        fin("con --amqp hace falta --servicios, el archivo con las claves públicas de los servicios")
    return PorBus(amqp, leer_claves(servicios), RelojReal())


def credencial_de(institucion: str | None, clave: Path | None, carpeta: Path) -> Credencial:
    """Con qué firma quien pide; en un despliegue, su clave puede estar en él. Errores: `CredencialInvalida`."""
    if institucion is None:
        fin("di en nombre de quién se pide: --institucion GT-… (o SENDA_INSTITUCION)")
    if clave is None:
        clave = archivo_de(carpeta, institucion)
        if not clave.exists() and (carpeta / CLAVE_RECTORA).exists():
            clave = carpeta / CLAVE_RECTORA
    return leer_credencial(clave, institucion)


def _datos(
    clase: type[Peticion], archivo: Path | None, *, mostrar_sellado: bool, preguntar_envio: bool
) -> dict[str, Any]:
    """Los datos ya revisados, de un archivo o preguntados."""
    if archivo is None:
        return _preguntados(clase, mostrar_sellado=mostrar_sellado, preguntar_envio=preguntar_envio)
    datos = archivos.leer(archivo)
    if hallados := revisar(clase, datos):
        vista.defectos(hallados, progreso)
        fin(f"{len(hallados)} por arreglar; «senda solicitar {catalogo.corto(clase)} --esquema» dice qué se espera")
    llanos: dict[str, Any] = datos
    return llanos


def _preguntados(clase: type[Peticion], *, mostrar_sellado: bool, preguntar_envio: bool) -> dict[str, Any]:
    if not _hay_terminal():
        fin("sin terminal hace falta --archivo (o --archivo - para leer la entrada estándar)")
    preguntas = Preguntas(_leer_linea, lambda texto: progreso.print(texto, markup=False, highlight=False))
    preguntas.decir(f"{clase.tipo} · {catalogo.resumen(clase)}")
    try:
        datos = preguntas.peticion(clase)
        if hallados := revisar(clase, datos):
            vista.defectos(hallados, progreso)
            fin("así no la admite el contrato; no se envió nada")
        if preguntar_envio:
            vista.propuesta(clase, datos, progreso, sellados=mostrar_sellado)
            if not preguntas.confirmar("La envío"):
                fin("no se envió nada")
    except (EOFError, KeyboardInterrupt):
        fin("\nno se envió nada")
    return datos


def _leer_linea(rotulo: str) -> str:
    progreso.print(rotulo if rotulo.startswith("¿") else f"{rotulo}:", end=" ", markup=False, highlight=False)
    linea = sys.stdin.readline()
    if not linea:
        raise EOFError
    return linea


def _hay_terminal() -> bool:
    return sys.stdin.isatty()


def _componer(
    clase: type[Peticion], datos: dict[str, Any], credencial: Credencial, agente: str, ocurrido: str | None,
    destino: Destino,
) -> Compuesta:  # fmt: skip
    ahora = destino.reloj.ahora()
    recepcion = destino.claves.recepcion.get(clase.servicio, "")
    try:
        compuesta = componer(
            leer_peticion(clase, datos), credencial, agente, _instante(ocurrido) or ahora, recepcion, AzarReal(), ahora
        )
        examinar(compuesta.cuerpo)
    except SolicitudInvalida as error:
        fin(f"{error.codigo}: {error.que_hacer}")
    except ValueError:
        fin(f"la clave de recepción de «{clase.servicio}» no se puede usar; pide otra vez el archivo de claves")
    return compuesta


def _instante(texto: str | None) -> datetime | None:
    if texto is None:
        return None
    try:
        instante = datetime.fromisoformat(texto)
    except ValueError:
        instante = None
    if instante is None or instante.tzinfo is None:
        fin("--ocurrido lleva fecha, hora y zona: 2026-05-03T14:20:00-06:00")
    return instante


def _ensenar(
    clase: type[Peticion], datos: dict[str, Any], compuesta: Compuesta, *, mostrar_sellado: bool, como_json: bool
) -> None:
    if not como_json:
        vista.propuesta(clase, datos, progreso, sellados=mostrar_sellado)
        progreso.print(f"{len(compuesta.cuerpo)} bytes, para «{compuesta.servicio}». No se envió nada.")
    visible = {"servicio": compuesta.servicio, "cuerpo": msgspec.Raw(compuesta.cuerpo), "firma": compuesta.firma}
    typer.echo(msgspec.json.encode(visible) if como_json else compuesta.cuerpo)


def _tramitar(
    destino: Destino, compuesta: Compuesta, institucion: str, espera: float, recibos: Path | None, *, como_json: bool
) -> NoReturn:
    respuesta = destino.tramitar(compuesta, institucion, espera)
    if respuesta.acuse is None:
        _sin_acuse(respuesta, compuesta, espera)
    if recibos is not None:
        archivos.guardar_recibo(recibos, respuesta.recibo)
    if como_json:
        typer.echo(msgspec.json.encode(respuesta.acuse))
    else:
        vista.acuse(respuesta.acuse, Console())
    raise typer.Exit(ACEPTADA if respuesta.acuse.resultado is Resultado.ACEPTADA else RECHAZADA)


def _sin_acuse(respuesta: Respuesta, compuesta: Compuesta, espera: float) -> NoReturn:
    progreso.print(
        f"Enviada (id {compuesta.id}), sin acuse en {espera:g} s. Puede atenderse más tarde: el acuse quedará en la "
        "cola de la institución. Para preguntar otra vez sin repetir efectos hacen falta los mismos bytes: --guardar y "
        "--reenviar.",
        markup=False,
    )
    if respuesta.ajenos:
        progreso.print(f"Acuses de otras solicitudes que hay en esa cola, y ahí siguen: {respuesta.ajenos}.")
    raise typer.Exit(SIN_ACUSE)


def _no_se_sabe(error: Exception) -> NoReturn:
    """Se cortó después de empezar a enviar. De una base no se dice más: su mensaje puede llevar valores."""
    que = str(error) if isinstance(error, TransporteCaido) else "una base del despliegue no contesta"
    progreso.print(f"{que}; no se sabe si llegó: guárdala con --guardar y repítela con --reenviar", markup=False)
    raise typer.Exit(SIN_ACUSE)


__all__ = ["credencial_de", "destino_de", "solicitar"]
