"""Una ruta a una fecha, con las versiones en que se escribió lo que de ella se cuenta."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

from infra.almacen.motor import abrir_motor, leyendo
from senda.consulta import Historia, historia
from senda.despliegue import leer
from senda.reproduccion.versiones import Usadas, usadas
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.lectura import tipos_guardados
from servicios.auditoria.reproduccion import Versiones


def de_ruta(
    carpeta: Path, ruta: UUID, hasta: datetime | None, como: str | None, motivo: MotivoAcceso
) -> tuple[Historia, Usadas]:
    """La historia de la ruta y con qué se escribió. Errores: los de `historia`; los de las bases."""
    contada = historia(carpeta, ruta, hasta, como, motivo)
    versiones = Versiones()
    for anotado in contada.hechos:
        versiones.contar(anotado.hecho.tipo, anotado)
    base = leer(carpeta).bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    try:
        with leyendo(motor) as conexion:
            # El hecho ya está subido de versión: con cuál se guardó lo dice su sobre.
            versiones.esquemas = tipos_guardados(conexion, contada.hechos)
    finally:
        motor.dispose()
    return contada, usadas(versiones)


__all__ = ["de_ruta"]
