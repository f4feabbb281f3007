"""La parte del lector que mira en qué orden se aplicó cada ruta, y si cada contradicción dejó su alto y su denuncia."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

Filas = list[dict[str, Any]]


def faltas_del_orden(servicio: str, aplicaciones: Filas, sujetos: Mapping[tuple[str, int], str]) -> Iterator[str]:
    """``sujetos``: de quién va cada (origen, posición). Lo de un origen sobre alguien se aplica en su orden."""
    ultima: dict[tuple[str, int], int] = {}
    for fila in aplicaciones:
        for posicion in range(fila["desde"], fila["hasta"] + 1):
            # De una posición vale su última fila: la que se apartó sale otra vez al reprocesarla.
            ultima[fila["origen"], posicion] = fila["numero"]
    por_sujeto: dict[tuple[str, str], list[tuple[int, int]]] = defaultdict(list)
    for (origen, posicion), numero in ultima.items():
        por_sujeto[origen, sujetos.get((origen, posicion), "")].append((posicion, numero))
    for (origen, sujeto), suyas in por_sujeto.items():
        suyas.sort()
        for (antes, uno), (despues, otro) in pairwise(suyas):
            if uno > otro:
                yield f"{servicio}: aplicó {origen} {despues} antes que {antes}, y ambas son de {sujeto}"


def faltas_de_una_vez(servicio: str, aplicaciones: Filas, avances: Mapping[str, int]) -> Iterator[str]:
    """Cada posición surtió efecto una vez, ni más ni menos. ``avances``: hasta dónde se aplicó cada origen.

    Solo vale en una historia en que nada se apartó: lo apartado sale otra vez al reprocesarlo.
    """
    veces = Counter(
        (fila["origen"], posicion) for fila in aplicaciones for posicion in range(fila["desde"], fila["hasta"] + 1)
    )
    for origen, aplicada in avances.items():
        for posicion in range(1, aplicada + 1):
            if veces[origen, posicion] != 1:
                yield f"{servicio}: aplicó {veces[origen, posicion]} veces {origen} {posicion}"


def faltas_de_las_contradicciones(
    hechas: Collection[tuple[str, str, int]], levantados: Collection[tuple[str, str]], auditoria: Sequence[Any]
) -> Iterator[str]:
    """Cada contradicción detiene a ese origen ante quien la oyó; si la oyó auditoría, además la denuncia."""
    denunciadas = {
        (f"/gt/{h.datos['origen']}", h.datos["posicion"])
        for h in auditoria if h.tipo == "senda.auditoria.divergencia-hallada.v1"
    }  # fmt: skip
    for servicio, origen, posicion in hechas:
        if (servicio, origen) not in levantados:
            yield f"{servicio}: {origen} contó otra cosa en {posicion} y siguió aplicándolo"
        if servicio == "auditoria" and (origen, posicion) not in denunciadas:
            yield f"auditoria: nadie denunció que {origen} contó otra cosa en {posicion}"
