"""Quién llama por HTTP: la misma firma que por el bus, comprobada a la puerta.

Quien entra por AMQP ya pasó por su usuario del broker; aquí ese papel lo hace la firma. Una lectura se firma como una
solicitud, sobre los bytes «GET» (o «DELETE»), un espacio y el destino (ruta y consulta), con ``servicio`` «portal».
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from contratos.base import PETICIONES
from infra.almacen.tanda import Tanda
from infra.mensajeria.examen import Examinada, SolicitudInvalida, comprobar_firma, leer
from infra.seguridad.firma import FirmaInvalida, leer_cabecera, publica_de_texto, verificar
from servicios.comun import directorio

#: A quién se firma lo que se pide al propio portal.
AUDIENCIA: Final = "portal"
#: Lo más que vale la firma de una lectura: dentro de ese plazo, quien la capture la puede repetir.
VIGENCIA_LECTURA: Final = timedelta(minutes=15)
#: Servicios a los que se puede pedir algo.
DESTINOS: Final = frozenset(clase.servicio for clase in PETICIONES.values())


def exigir_solicitud(tanda: Tanda, cuerpo: bytes, firma: str) -> tuple[Examinada, str]:
    """La solicitud y a qué servicio va, si la firmó quien dice. Lo demás lo examina su servicio, como por el bus.

    Errores: `SolicitudInvalida`; `Rechazo` si la institución no está en el directorio o está suspendida.
    """
    examinada = leer(cuerpo)
    clave_de_firma = publica_de_texto(directorio.exigir(tanda, examinada.solicitud.institucion).clave_firma)
    servicio = _cabecera_de(firma)
    if servicio not in DESTINOS:
        raise SolicitudInvalida("otro-servicio", "firma", "La firma protege a qué servicio pides; mira el contrato.")
    clase = PETICIONES.get(examinada.solicitud.tipo)
    if clase is not None and clase.servicio != servicio:
        # Llevada a otro, su negativa quedaría como el acuse de esos bytes también para el servicio que sí la atiende.
        raise SolicitudInvalida("otro-servicio", "firma", f"Ese tipo lo atiende «{clase.servicio}»: fírmala para él.")
    comprobar_firma(examinada, cuerpo, firma, clave_de_firma, servicio, tanda.ahora, None)
    return examinada, servicio


def exigir_lectura(tanda: Tanda, orden: str, firma: str) -> str:
    """El código de quien lee. ``orden``: método, ruta y consulta tal cual. Errores: los de `exigir_solicitud`."""
    try:
        cabecera = leer_cabecera(firma)
        clave = publica_de_texto(directorio.exigir(tanda, cabecera.kid).clave_firma)
        verificar(firma, orden.encode(), clave, AUDIENCIA, tanda.ahora)
    except FirmaInvalida as error:
        raise SolicitudInvalida(error.codigo, "firma", f"Para leer: {error.que_hacer}.") from None
    if cabecera.exp > (tanda.ahora + VIGENCIA_LECTURA).timestamp():
        minutos = VIGENCIA_LECTURA // timedelta(minutes=1)
        raise SolicitudInvalida("firma-larga", "firma", f"La firma de una lectura caduca en {minutos} minutos o menos.")
    return cabecera.kid


def _cabecera_de(firma: str) -> str:
    try:
        return leer_cabecera(firma).servicio
    except FirmaInvalida as error:
        raise SolicitudInvalida(
            error.codigo, "firma", "Firma los bytes exactos del cuerpo con la clave inscrita."
        ) from None


__all__ = ["AUDIENCIA", "DESTINOS", "VIGENCIA_LECTURA", "exigir_lectura", "exigir_solicitud"]
