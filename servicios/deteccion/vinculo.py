"""Cuándo dos rutas son de la misma persona. Lo propone el registro único o quien la reconoce; lo decide una persona.

El vínculo vale en los dos sentidos aunque se anote en una sola de las rutas: por eso todo mira ambas.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventos.deteccion import (
    AlertaRecibida,
    Fundamento,
    IdentidadVinculada,
    PresuntaVictimaDetectada,
    VinculoPropuesto,
    VinculoRechazado,
)
from eventos.rechazo import Rechazo
from eventos.vigentes import Vigentes


class VinculoConsigo(Rechazo):
    """Una ruta con ella misma."""

    codigo = "vinculo-consigo-misma"
    campo = "datos.otra"
    que_hacer = "Da el seudónimo de la otra ruta."


class OtraSinDeteccion(Rechazo):
    """Nadie contó nada de la otra ruta."""

    codigo = "otra-ruta-sin-deteccion"
    campo = "datos.otra"
    que_hacer = "Comprueba el seudónimo de la otra ruta."


class VinculoSinProponer(Rechazo):
    """El registro único no propuso ese vínculo."""

    codigo = "vinculo-sin-proponer"
    campo = "datos.otra"
    que_hacer = "Si lo sabes por un documento o porque la persona lo dice, da ese fundamento en lugar de la huella."


class VinculoYaConfirmado(Rechazo):
    """Ya constan como la misma persona."""

    codigo = "vinculo-ya-confirmado"
    campo = "datos.otra"
    que_hacer = "No hace falta repetirlo; si fue un error, quien lo confirmó lo rectifica."


class VinculoYaRechazado(Rechazo):
    """Ya se comprobó que no lo son."""

    codigo = "vinculo-ya-rechazado"
    campo = "datos.otra"
    que_hacer = "Si el rechazo fue un error, quien lo hizo lo rectifica antes."


def proponer(una: Vigentes, otra: Vigentes) -> Sequence[VinculoPropuesto]:
    """La propuesta, salvo que ya conste, esté resuelta o alguna de las rutas no exista aquí."""
    if una.id == otra.id or not (_conocida(una) and _conocida(otra)):
        return []
    if any(_consta(una, otra, clase) for clase in (VinculoPropuesto, IdentidadVinculada, VinculoRechazado)):
        return []
    return [VinculoPropuesto(ruta=una.id, otra=otra.id)]


def confirmar(una: Vigentes, otra: Vigentes, vinculo: IdentidadVinculada) -> IdentidadVinculada:
    """Une dos rutas. Con huella, exige propuesta.

    Errores: `VinculoConsigo`, `OtraSinDeteccion`, `VinculoYaConfirmado`, `VinculoYaRechazado`, `VinculoSinProponer`.
    """
    _exigir_sin_resolver(una, otra)
    if vinculo.fundamento is Fundamento.HUELLA and not _consta(una, otra, VinculoPropuesto):
        raise VinculoSinProponer
    return vinculo


def rechazar(una: Vigentes, otra: Vigentes, rechazo: VinculoRechazado) -> VinculoRechazado:
    """Descarta una propuesta. Errores: los de `confirmar`."""
    _exigir_sin_resolver(una, otra)
    if not _consta(una, otra, VinculoPropuesto):
        raise VinculoSinProponer
    return rechazo


def _exigir_sin_resolver(una: Vigentes, otra: Vigentes) -> None:
    if una.id == otra.id:
        raise VinculoConsigo
    if not _conocida(otra):
        raise OtraSinDeteccion
    if _consta(una, otra, IdentidadVinculada):
        raise VinculoYaConfirmado
    if _consta(una, otra, VinculoRechazado):
        raise VinculoYaRechazado


def _conocida(ruta: Vigentes) -> bool:
    return ruta.hay(AlertaRecibida) or ruta.hay(PresuntaVictimaDetectada)


def _consta(
    una: Vigentes, otra: Vigentes, clase: type[VinculoPropuesto | IdentidadVinculada | VinculoRechazado]
) -> bool:
    return any(h.otra == otra.id for _, h in una.de(clase)) or any(h.otra == una.id for _, h in otra.de(clase))


__all__ = [
    "OtraSinDeteccion",
    "VinculoConsigo",
    "VinculoSinProponer",
    "VinculoYaConfirmado",
    "VinculoYaRechazado",
    "confirmar",
    "proponer",
    "rechazar",
]
