"""Que nada aceptado se perdió ni se hizo dos veces, mirando el libro y no lo que cada servicio dice de sí."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from contratos.acuse import Acuse
from tests.despliegue.contenedores import PACIENCIA, Contado, Contenedores
from tests.espera import hasta

ALERTA = "senda.deteccion.alerta-recibida.v1"


def cuadra(contenedores: Contenedores, acuses: Sequence[Acuse], alertas: int | None = None) -> list[Contado]:
    """El libro, cuando tiene cada hecho acusado; comprueba que los tiene una vez y que está entero.

    ``alertas``: cuántas se pidieron en total desde que nació el despliegue. Un acuse dice qué hechos causó su
    solicitud, así que sobra exactamente lo que haya en el libro y nadie pidió.
    """
    prometidos = {str(hecho.id) for acuse in acuses for hecho in acuse.eventos}
    hasta(lambda: prometidos <= {hecho.id for hecho in contenedores.libro()}, PACIENCIA)
    libro = contenedores.libro()
    assert max(Counter(hecho.id for hecho in libro).values()) == 1
    for _, suyos in groupby(libro, lambda hecho: hecho.origen):
        posiciones = [hecho.posicion for hecho in suyos]
        assert posiciones == list(range(1, len(posiciones) + 1))
    if alertas is not None:
        assert sum(hecho.tipo == ALERTA for hecho in libro) == alertas

    def verificado() -> bool:
        informe = contenedores.verificado()
        assert not informe["faltas"], informe["faltas"]
        return bool(informe["verificado"]) and informe["tamano"] >= len(libro)

    hasta(verificado, PACIENCIA)
    return libro


__all__ = ["ALERTA", "cuadra"]
