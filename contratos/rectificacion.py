"""La petición de corregir un hecho, igual en todos los servicios: cada uno la inscribe con su nombre."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET

from contratos.base import Mandato, PeticionDeRuta
from eventos.base import Sellado
from eventos.comun import Efecto
from eventos.motivos import MotivoRectificacion
from eventos.tipos import IdHecho, Relato, dice

#: Quien pudo causar el hecho puede corregirlo; que sea la misma institución lo comprueba el dominio.
QUIEN_RECTIFICA = tuple(m for m in Mandato if m is not Mandato.SUPERVISION)


class Rectificacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Pide dejar sin efecto o sustituir un hecho de la misma ruta y del mismo servicio."""

    corrige: Annotated[IdHecho, dice("Evento que se corrige")]
    efecto: Efecto
    sustituto: Annotated[IdHecho | None, dice("Evento que dice lo correcto; nulo si solo se anula")] = None
    motivo: MotivoRectificacion
    detalle: Sellado[Relato] = UNSET
