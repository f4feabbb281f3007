"""Entregar la prueba de una ruta a quien tiene mandato para leerla: un tribunal, una defensoría."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from infra.almacen.motor import leyendo
from senda.auditoria.accesos import constar
from senda.auditoria.exportacion import exigir_mandato, firmadas
from senda.auditoria.retenidos import retener
from senda.consulta import base_abierta
from senda.despliegue import leer
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.prueba import probar
from servicios.auditoria.refrendos import punto_refrendado


def probar_ruta(carpeta: Path, ruta: UUID, archivo: Path, como: str | None, motivo: MotivoAcceso) -> int:
    """Escribe el zip; devuelve cuántos hechos lleva. Antes deja constancia. ``como``: None, la rectora.

    Errores: `ConsultaNegada`, `DespliegueAusente` y los de `servicios.auditoria.prueba.probar`.
    """
    despliegue = leer(carpeta)
    exigir_mandato(despliegue, como)
    if archivo.exists():
        raise FileExistsError
    constar(despliegue, [ruta], como or despliegue.rectora, motivo)
    with (
        base_abierta(despliegue.bases["auditoria"]) as motor,
        firmadas(carpeta, despliegue) as solicitudes,
        leyendo(motor, instantanea=True) as conexion,
    ):
        cuantos = probar(conexion, str(ruta), archivo, solicitudes.de)
        punto = punto_refrendado(conexion)
    if punto is not None:
        retener(carpeta, punto)
    return cuantos


__all__ = ["probar_ruta"]
