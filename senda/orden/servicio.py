"""`senda instalar`, `senda servicio` y `senda todo`: preparar un despliegue y ponerlo a andar."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Annotated

import typer

from contratos.protocolos import ProtocoloDesconocido, ProtocoloEnBorrador, vigente
from eventos.rechazo import Rechazo
from infra.azar import AzarReal
from infra.reloj import RelojReal
from senda import credencial as credenciales
from senda.cliente import Credencial
from senda.composicion import CONTEXTOS, instalaciones
from senda.despliegue import DespliegueAusente, crear
from senda.embebido import Embebido, EnMarcha, en_exclusiva, estrenar, reabrir
from senda.orden.comun import Carpeta, fin, progreso
from senda.orden.piezas import BOVEDA, EN_SU_CARPETA, REGISTRO
from senda.protocolo.rechazos import PaisSinPaquete, PaqueteEnBorrador


def instalar(
    carpeta: Annotated[Path, typer.Option(help="Carpeta nueva del despliegue.")],
    amqp: Annotated[
        str, typer.Option(help="Dirección de RabbitMQ, o memory:// para todo en un proceso.")
    ] = "memory://",
    base: Annotated[
        str | None, typer.Option(help="URL de PostgreSQL de quien puede crear esquemas; sin ella, SQLite.")
    ] = None,
    llavero: Annotated[
        str | None,
        typer.Option(help="URL de otro PostgreSQL para las claves de las personas: no se restauran con los hechos."),
    ] = None,
    prefijo: Annotated[str, typer.Option(help="Se antepone a colas y esquemas, para compartir servidores.")] = "",
    pais: Annotated[
        str, typer.Option(help="País cuyo protocolo rige: uno completo de «senda protocolo listar».")
    ] = "gt",
    rectora: Annotated[
        str | None, typer.Option(help="Código de la institución rectora; por omisión, la del protocolo.")
    ] = None,
    reloj: Annotated[str, typer.Option(help="real, o acelerado:FACTOR:INICIO:EPOCA para ensayos.")] = "real",
    boveda: Annotated[
        str | None, typer.Option(help="Instala también la bóveda: «sqlite», o la URL de su base, aparte.")
    ] = None,
    registro: Annotated[
        str | None, typer.Option(help="Instala también el registro único: «sqlite», o la URL de su base, aparte.")
    ] = None,
) -> None:
    """Prepara bases, usuarios y claves. Deja la clave de la rectora en la carpeta: llévatela."""
    if llavero is not None and base is None:
        fin("--llavero es para cuando los hechos van en PostgreSQL: di también --base.", 2)
    azar = AzarReal()
    propia = _rectora_de(pais)
    rectora = rectora or propia
    credencial = Credencial.generar(rectora, azar)
    try:
        crear(
            carpeta,
            instalaciones(),
            pais=pais,
            bus=amqp,
            base=base,
            prefijo=prefijo,
            reloj=reloj,
            rectora=rectora,
            clave_rectora=credencial.publica,
            azar=azar,
            llavero=llavero,
        )
    except FileExistsError:
        progreso.print("Esa carpeta ya tiene un despliegue; elige otra.", style="red")
        raise typer.Exit(1) from None
    guardada = carpeta / credenciales.CLAVE_RECTORA
    credenciales.guardar(guardada, credencial)
    progreso.print(f"Despliegue listo en {carpeta}. Clave de {rectora}: {guardada} (guárdala fuera y bórrala de aquí).")
    for pieza, pedida in ((BOVEDA, boveda), (REGISTRO, registro)):
        if pedida is not None:
            pieza.instalar(carpeta, None if pedida == EN_SU_CARPETA else pedida)
        else:
            progreso.print(f"Sin {pieza.nombre}: se puede instalar después, en otra base o en otra máquina.")


def _rectora_de(pais: str) -> str:
    try:
        return vigente(pais).rectora
    except ProtocoloEnBorrador:
        rechazo: Rechazo = PaqueteEnBorrador()
    except ProtocoloDesconocido:
        rechazo = PaisSinPaquete()
    progreso.print(str(rechazo), style="red", markup=False)
    raise typer.Exit(2)


def servicio(
    nombre: Annotated[
        str, typer.Argument(help="deteccion, atencion, justicia, repatriacion, coordinacion o auditoria.")
    ],
    carpeta: Carpeta,
    puerto: Annotated[int, typer.Option(help="Puerto HTTP de salud y métricas; 0, uno libre.")] = 0,
    direccion: Annotated[str, typer.Option(help="Dónde escucha ese HTTP, que no pide credenciales.")] = "127.0.0.1",
) -> None:
    """Arranca un servicio en este proceso (nameko) hasta que se le pida parar."""
    if nombre not in CONTEXTOS:
        progreso.print(f"No hay un servicio «{nombre}»; son: {', '.join(CONTEXTOS)}.", style="red")
        raise typer.Exit(2)
    # Aquí y no arriba: al importarse prepara eventlet, que no debe tocar a las demás órdenes.
    from senda.proceso import arrancar  # noqa: PLC0415

    try:
        arrancar(carpeta, nombre, puerto, direccion)
    except DespliegueAusente as error:
        progreso.print(str(error), style="red")
        raise typer.Exit(2) from None


def todo(carpeta: Carpeta) -> None:
    """Los seis servicios en este proceso, sobre SQLite y memory://, con reloj real. Crea el despliegue si no está."""
    carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with en_exclusiva(carpeta):
            azar = AzarReal()
            try:
                sistema = reabrir(carpeta, RelojReal(), azar)
            except DespliegueAusente:
                rectora = Credencial.generar("GT-SVET", azar)
                sistema = estrenar(carpeta, rectora, RelojReal(), azar)
                credenciales.guardar(carpeta / credenciales.CLAVE_RECTORA, rectora)
            _andar(sistema, carpeta)
    except EnMarcha as error:
        progreso.print(str(error), style="red")
        raise typer.Exit(2) from None


def _andar(sistema: Embebido, carpeta: Path) -> None:
    progreso.print(f"Los seis servicios andan en {carpeta}; Ctrl-C para parar.")
    try:
        sistema.andar(timedelta(milliseconds=50))
    except KeyboardInterrupt:
        progreso.print("Parando.")
    finally:
        sistema.cerrar()


__all__ = ["instalar", "servicio", "todo"]
