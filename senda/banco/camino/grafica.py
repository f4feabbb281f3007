"""El gráfico del informe: cuántos por segundo lleva cada uno de la cola al libro, y el coste según crece."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

from senda.banco.informe import Informe


def se_puede() -> bool:
    """Si está la biblioteca que dibuja (requisitos-banco.txt)."""
    return find_spec("matplotlib") is not None


def dibujar(informe: Informe, archivo: Path) -> None:
    """Dos paneles, en el formato que diga el nombre del archivo (SVG, PNG)."""
    import matplotlib as mpl  # noqa: PLC0415 - solo la tiene quien corre el banco

    mpl.use("Agg")
    mpl.rcParams["svg.hashsalt"] = "senda"
    from matplotlib import pyplot as plt  # noqa: PLC0415

    figura, (ritmos, costes) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
    de_ritmo = [c for c in informe.cifras if c.clave.startswith("camino-") and c.unidad == "hechos/s"]
    _barras(ritmos, [(_corto(c.clave), c.valor, c.minimo or 0, c.maximo or 0) for c in de_ritmo])
    puntos = [(int(c.clave.rpartition("-")[2]), c) for c in informe.cifras if c.unidad == "µs"]
    costes.errorbar(
        [n for n, _ in puntos], [c.valor for _, c in puntos],
        yerr=[[c.valor - (c.minimo or 0) for _, c in puntos], [(c.maximo or 0) - c.valor for _, c in puntos]],
        marker="o", capsize=4,
    )  # fmt: skip
    costes.set(xscale="log", xlabel="hechos ya guardados", ylabel="µs por hecho", title="Coste según crece")
    costes.set_ylim(bottom=0)
    figura.savefig(archivo, metadata={"Date": None} if archivo.suffix == ".svg" else None)
    plt.close(figura)


def _barras(eje: Any, datos: list[tuple[str, float, float, float]]) -> None:
    nombres = [d[0] for d in datos]
    valores = [d[1] for d in datos]
    bigotes = [[d[1] - d[2] for d in datos], [d[3] - d[1] for d in datos]]
    eje.barh(nombres, valores, xerr=bigotes, color=["#1f77b4" if "Senda" in n else "#bbbbbb" for n in nombres])
    eje.invert_yaxis()
    eje.set(xlabel="hechos/s", title="De la solicitud en su cola al libro")


def _corto(clave: str) -> str:
    modo, _, otro = clave.removeprefix("camino-").partition("-")
    return f"{otro or 'Senda'}, {modo}" if modo in {"lotes", "uno"} else modo


__all__ = ["dibujar", "se_puede"]
