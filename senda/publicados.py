"""Los contratos publicados: los archivos que una institución lee, y si lo confirmado es lo que dice el código."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import msgspec

from contratos.base import PETICIONES
from contratos.esquemas import de_acuse, de_aviso, de_hecho, de_peticion
from eventos.base import CATALOGO
from senda import asyncapi, openapi
from servicios.coordinacion.buzon import AVISADOS, CON_ENCARGO

CARPETA: Final = Path("contratos/publicados")


def archivos() -> dict[str, bytes]:
    """Cada archivo, por su ruta dentro de la carpeta."""
    documentos: dict[str, Any] = {f"eventos/{tipo}.json": de_hecho(clase) for tipo, clase in CATALOGO.items()}
    documentos |= {f"solicitudes/{tipo}.json": de_peticion(clase) for tipo, clase in PETICIONES.items()}
    documentos |= {
        f"avisos/{clase.tipo}.json": de_aviso(clase, con_encargo=issubclass(clase, CON_ENCARGO)) for clase in AVISADOS
    }
    documentos |= {"acuse.v1.json": de_acuse(), "asyncapi.json": asyncapi.documento()}
    documentos |= {"openapi.json": openapi.documento()}
    return {
        ruta: msgspec.json.format(msgspec.json.encode(documento), indent=2) + b"\n"
        for ruta, documento in sorted(documentos.items())
    }


def escribir(carpeta: Path = CARPETA) -> int:
    """Deja en la carpeta justo lo que dice el código y devuelve cuántos archivos son."""
    nuevos = archivos()
    for ruta in _presentes(carpeta) - nuevos.keys():
        (carpeta / ruta).unlink()
    for ruta, contenido in nuevos.items():
        (carpeta / ruta).parent.mkdir(parents=True, exist_ok=True)
        (carpeta / ruta).write_bytes(contenido)
    return len(nuevos)


def diferencias(carpeta: Path = CARPETA) -> list[str]:
    """En qué no es lo confirmado lo que dice el código, un archivo por línea."""
    nuevos, presentes = archivos(), _presentes(carpeta)
    faltan = [f"falta {ruta}" for ruta in nuevos.keys() - presentes]
    sobran = [f"sobra {ruta}" for ruta in presentes - nuevos.keys()]
    cambian = [f"cambia {ruta}" for ruta in nuevos.keys() & presentes if (carpeta / ruta).read_bytes() != nuevos[ruta]]
    return sorted(faltan + sobran + cambian)


def _presentes(carpeta: Path) -> set[str]:
    return {archivo.relative_to(carpeta).as_posix() for archivo in carpeta.rglob("*.json")}


__all__ = ["CARPETA", "archivos", "diferencias", "escribir"]
