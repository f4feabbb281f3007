"""Qué parte de lo que puede ocurrir en Senda alcanza la simulación; lo que queda fuera se dice, con su porqué."""

from __future__ import annotations

from collections.abc import Mapping

from tests.simulacion.sucesos import esperados

#: Lo que la simulación no alcanza. Si un día lo alcanza, sobra aquí y `informe` lo dice.
FUERA: dict[str, str] = {
    "política InscribirRectora": "solo ocurre al instalar: está en las bases de que parte toda semilla",
}


def informe(sucesos: Mapping[str, int]) -> tuple[str, bool]:
    """La cuenta en texto, y si está todo: nada esperado falta y nada de `FUERA` se alcanzó."""
    todos = esperados()
    faltan = sorted(s for s in todos - FUERA.keys() if not sucesos.get(s))
    sobran = sorted(s for s in FUERA if sucesos.get(s))
    raros = sorted((s for s in todos if sucesos.get(s, 0) > 0), key=lambda s: (sucesos[s], s))[:15]
    alcanzados = len(todos) - len(faltan) - len(FUERA)
    lineas = [f"{alcanzados} de {len(todos)} sucesos alcanzados; {len(FUERA)} fuera, con su porqué"]
    lineas += [f"  falta: {s}" for s in faltan]
    lineas += [f"  ya se alcanza y sigue en FUERA: {s}" for s in sobran]
    lineas.append("  los más raros: " + ", ".join(f"{s} ({sucesos[s]})" for s in raros))
    return "\n".join(lineas), not faltan and not sobran


__all__ = ["FUERA", "informe"]
