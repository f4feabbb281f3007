"""Acortar una historia que falla: quitar turnos, peticiones y averías mientras siga fallando (Zeller, ddmin)."""

from __future__ import annotations

from collections.abc import Callable

from tests.simulacion.guion import Guion, Pieza

Falla = Callable[[Guion], bool]


def reducir(guion: Guion, falla: Falla, contar: Callable[[str], None] = lambda _texto: None) -> Guion:
    """La más corta a que se llega quitando: sin cualquiera de sus piezas ya no falla. ``guion`` ha de fallar."""
    piezas = guion.piezas

    def sirve(candidatas: list[Pieza]) -> bool:
        if not falla(guion.solo(candidatas)):
            return False
        contar(f"{len(candidatas)} piezas")
        return True

    # Por clases primero: casi siempre sobran averías enteras.
    for clase in sorted({pieza[0] for pieza in piezas}):
        quedan = [pieza for pieza in piezas if pieza[0] != clase]
        if quedan and sirve(quedan):
            piezas = quedan
    trozos = 2
    while len(piezas) > 1:
        tamano = -(-len(piezas) // trozos)
        for comienzo in range(0, len(piezas), tamano):
            quedan = piezas[:comienzo] + piezas[comienzo + tamano :]
            if sirve(quedan):
                piezas, trozos = quedan, max(trozos - 1, 2)
                break
        else:
            if trozos >= len(piezas):
                break
            trozos = min(len(piezas), trozos * 2)
    return guion.solo(piezas)


__all__ = ["reducir"]
