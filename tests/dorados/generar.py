"""Añade los dorados que falten: ``python -m tests.dorados.generar``.

Nunca reescribe uno: los bytes viejos son la prueba de que se siguen leyendo. Si un tipo gana un campo, el de antes se
guarda aparte diciendo qué le faltaba (``<tipo>.sin-plaza.json``) y se genera otro con todos.
"""

from __future__ import annotations

import sys

from eventos.catalogo import CATALOGO
from eventos.sobre import codificar
from tests.dorados.ejemplo import CARPETA, cifra_fija, ejemplo


def generar() -> list[str]:
    """Escribe los que faltan y devuelve sus tipos."""
    CARPETA.mkdir(exist_ok=True)
    nuevos = []
    for tipo, clase in sorted(CATALOGO.items()):
        archivo = CARPETA / f"{tipo}.json"
        if not archivo.exists():
            archivo.write_bytes(codificar(ejemplo(clase), cifra_fija(tipo)))
            nuevos.append(tipo)
    return nuevos


if __name__ == "__main__":
    for nuevo in generar():
        sys.stdout.write(f"{nuevo}\n")
