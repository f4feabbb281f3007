"""La comprobación de salud de un contenedor: `python3 -IS salud.py PUERTO [RUTA]`; sale con 1 si no contesta 200.

Sin nada de Senda: importarla tarda más que la pregunta, y se hace cada pocos segundos en cada contenedor. Sin RUTA
basta con que alguien atienda en el puerto.
"""

from __future__ import annotations

import sys
from http.client import HTTPConnection, HTTPException

ESPERA = 5
BIEN = 200


def atiende(puerto: int, ruta: str | None) -> bool:
    """Si en ese puerto de este contenedor contestan 200, o contestan, sin más, cuando no hay ruta."""
    conexion = HTTPConnection("127.0.0.1", puerto, timeout=ESPERA)
    try:
        conexion.connect()
        if ruta is None:
            return True
        conexion.request("GET", ruta)
        return conexion.getresponse().status == BIEN
    except (OSError, HTTPException):
        return False
    finally:
        conexion.close()


if __name__ == "__main__":
    sys.exit(0 if atiende(int(sys.argv[1]), sys.argv[2] if len(sys.argv) > 2 else None) else 1)  # noqa: PLR2004
