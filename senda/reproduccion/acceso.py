"""Quién puede reproducir lo que no es una sola ruta, y la constancia de que lo hizo."""

from __future__ import annotations

from infra.almacen.motor import abrir_motor
from infra.reloj import reloj_desde
from senda.consulta import ConsultaNegada, lector_de
from senda.despliegue import Despliegue
from servicios.auditoria.accesos import TODAS, Acceso, MotivoAcceso, registrar


def dejar_constancia(despliegue: Despliegue, quien: str, motivo: MotivoAcceso, *, lo_suyo: bool = False) -> None:
    """Anota, antes de leer, que esa institución lee lo de todas las rutas.

    ``lo_suyo``: si pide lo que ella misma sabía, que no le hace falta supervisar. Errores: `ConsultaNegada`.
    """
    if not (lo_suyo or lector_de(despliegue, quien).mira_todo):
        raise ConsultaNegada("Solo la rectora y quien supervisa reproducen lo de todas las rutas; pide una ruta tuya.")
    base = despliegue.bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    ahora = reloj_desde(despliegue.reloj).ahora()
    try:
        with motor.begin() as conexion:
            registrar(conexion, Acceso(quien, TODAS, motivo, ahora))
    finally:
        motor.dispose()


__all__ = ["dejar_constancia"]
