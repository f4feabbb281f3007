"""Una pérdida declarada: algo que un lado dice y el otro no. Se cuenta por columna y valor, jamás por persona."""

from __future__ import annotations

from msgspec import Struct


class Perdida(Struct, frozen=True, kw_only=True):
    """``donde``: la columna (al importar) o el campo de Senda (al exportar). ``valor``: de una lista pública, o vacío.

    ``sale_como``: el valor más ancho con que pasa, si pasa.
    """

    donde: str
    motivo: str
    valor: str = ""
    sale_como: str = ""
