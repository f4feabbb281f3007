"""Qué avisos de un buzón se vuelven a mandar cuando su institución los pide otra vez."""

from __future__ import annotations

from servicios.coordinacion.dominio import rechazos


def acotar(ultimo: int, desde: int, hasta: int | None, maximo: int) -> int:
    """El último número que se manda, de ``desde`` en adelante: ``maximo`` avisos como mucho.

    Pedir desde el siguiente al último, sin ``hasta``, es preguntar si se está al día: da ``desde - 1``.
    """
    if hasta is not None and hasta < desde:
        raise rechazos.TramoInvalido
    if desde > ultimo + 1:
        raise rechazos.TramoInexistente
    if hasta is not None and hasta > ultimo:
        raise rechazos.TramoSinFinal
    return min(ultimo if hasta is None else hasta, desde + maximo - 1)
