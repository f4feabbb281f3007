"""De dónde sale cada pieza de un paquete: de una fuente que se puede leer o del proyecto, y entonces lo dice."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from msgspec import Struct

from contratos.protocolos.paquete import Protocolo

#: Lo que lleva la fuente de un valor que el motor exige y ninguna norma leída fija.
POR_DEFECTO: Final = "valor por defecto del proyecto, sin fuente legal"
#: Una fuente se puede ir a leer: una dirección o una de las páginas de partida del proyecto (S000 a S004).
_LOCALIZABLE: Final = re.compile(r"https?://\S+\.\S+|\bS00[0-4]\b")


class Recuento(Struct, frozen=True):
    """Cuántas piezas de una clase llevan fuente y cuántas son del proyecto."""

    con_fuente: int
    por_defecto: int


def es_por_defecto(fuente: str) -> bool:
    """Si el valor es del proyecto, aunque se inspire en algo que además cita."""
    return POR_DEFECTO in fuente


def se_puede_leer(fuente: str) -> bool:
    """Si dice dónde leerla."""
    return _LOCALIZABLE.search(fuente) is not None


def fuentes(p: Protocolo) -> Iterator[tuple[str, str]]:
    """Cada fuente del paquete, con el nombre de la pieza que la lleva."""
    yield "edad_desconocida", p.edad_desconocida.fuente
    yield "calendario", p.calendario.fuente
    yield from ((f"plazos {x.urgencia}", x.fuente) for x in p.plazos)
    yield from ((f"antelación {x.asunto}", x.fuente) for x in p.antelaciones)
    yield from ((f"institución {x.codigo}", x.fuente) for x in p.instituciones)
    for regla in p.reglas:
        yield f"regla {regla.id}", regla.fuente
        if regla.plazos is not None:
            yield f"plazos de la regla {regla.id}", regla.plazos.fuente
    yield from ((f"derecho {x.derecho}", x.fuente) for x in p.derechos)
    yield from ((f"cierre {x.motivo}", x.fuente) for x in p.cierres)
    yield from ((f"reapertura {x.motivo}", x.fuente) for x in p.reaperturas)
    yield from ((f"exclusión {x.motivo}", x.fuente) for x in p.exclusiones)
    yield from ((f"referencia {x.clase} {x.codigo}", x.fuente) for x in p.referencias)


def recuento(p: Protocolo, pieza: str = "regla ") -> Recuento:
    """Cuántas piezas cuyo nombre empieza así llevan fuente. Vacío: todas."""
    suyas = [es_por_defecto(fuente) for nombre, fuente in fuentes(p) if nombre.startswith(pieza)]
    return Recuento(con_fuente=suyas.count(False), por_defecto=suyas.count(True))


__all__ = ["POR_DEFECTO", "Recuento", "es_por_defecto", "fuentes", "recuento", "se_puede_leer"]
