"""Lo que la bóveda ya contó al libro y el libro restaurado perdió: accesos excepcionales y destrucciones.

La bóveda tiene su base y su copia: no retrocede con los hechos. Contar otra vez lo que sí consta no repite nada.
"""

from __future__ import annotations

from senda import boveda as de_boveda
from senda.composicion import Montaje


def contar_otra_vez(montaje: Montaje) -> int:
    """Vuelve a llevar al libro todo lo que la bóveda le debe, conste o no; devuelve cuántos. Sin bóveda aquí, 0."""
    llavero = montaje.llavero()
    try:
        abierta = de_boveda.abrir(montaje, montaje.reloj, llavero)
    except de_boveda.BovedaAusente:
        llavero.cerrar()
        return 0
    try:
        abierta.boveda.deber_otra_vez()
        return abierta.contar()
    finally:
        abierta.cerrar()


__all__ = ["contar_otra_vez"]
