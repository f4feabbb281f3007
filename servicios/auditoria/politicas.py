"""Qué hace auditoría con lo que otros cuentan: guarda el contenido sin juzgarlo y denuncia las contradicciones."""

from __future__ import annotations

from infra.mensajeria.puertos import HechoCrudo
from servicios.comun.mesa import Interna


class RegistrarDivergencia(Interna, frozen=True, kw_only=True):
    """Deja constancia de que un origen (``deteccion``) dio otra hoja para una posición. Hashes en hexadecimal."""

    origen: str
    posicion: int
    hash_conocido: str
    hash_hallado: str


def al_divergir(crudo: HechoCrudo, conocida: bytes) -> RegistrarDivergencia:
    """Lo que se pide al ver que ``crudo`` contradice la hoja ya conocida de su posición."""
    return RegistrarDivergencia(
        origen=crudo.origen.rpartition("/")[2],
        posicion=crudo.posicion,
        hash_conocido=conocida.hex(),
        hash_hallado=crudo.hoja.hex(),
    )
