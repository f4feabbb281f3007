"""Quién puede pedir qué: mandato y participación (reglas 4 y 6 de dominio.md)."""

from __future__ import annotations

from contratos.base import Mandato, Peticion, PeticionDeRuta
from eventos.rechazo import Rechazo, TodaviaNo
from infra.almacen.tanda import Tanda
from servicios.comun import rutas
from servicios.comun.directorio import FichaInstitucion


class SinMandato(Rechazo):
    """La institución no está facultada para esto."""

    codigo = "sin-mandato"
    campo = "tipo"
    que_hacer = (
        "Tu institución no tiene un mandato que permita esta petición; mira el contrato y tu ficha del directorio."
    )


class SinParticipacion(TodaviaNo):
    """La institución no participa en la ruta, o la derivación que la hace participar aún no llegó aquí."""

    codigo = "sin-participacion"
    campo = "datos.ruta"
    que_hacer = (
        "Solo actúa en una ruta quien la detectó o aceptó una derivación en ella; acéptala o pide que te la emitan."
    )


def exigir(tanda: Tanda, peticion: Peticion, ficha: FichaInstitucion) -> None:
    """Comprueba el permiso. La rectora coordina: participa en todas. Errores: `SinMandato`, `SinParticipacion`."""
    if not peticion.mandatos & ficha.mandatos:
        raise SinMandato
    if not peticion.participa or not isinstance(peticion, PeticionDeRuta) or Mandato.RECTORIA in ficha.mandatos:
        return
    if not rutas.participa(tanda, peticion.ruta, ficha.codigo):
        raise SinParticipacion
