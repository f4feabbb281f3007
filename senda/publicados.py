"""Los contratos publicados: los archivos que una institución lee, y si lo confirmado es lo que dice el código."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final

import msgspec

from contratos import publicaciones
from contratos.base import PETICIONES
from contratos.canonica import ASYNCAPI, OPENAPI, canonica
from contratos.comparacion import comparar
from contratos.esquemas import TIPO_DE_ACUSE, Esquema, de_acuse, de_aviso, de_hecho, de_peticion
from contratos.publicaciones import Formas, Publicacion, PublicacionInvalida
from contratos.retiradas import Retirada, declaradas
from eventos.base import CATALOGO
from senda import asyncapi, openapi
from senda.referencia.pagina import pagina
from servicios.coordinacion.buzon import AVISADOS, CON_ENCARGO

CARPETA: Final = Path("contratos/publicados")
REFERENCIA: Final = "referencia.html"


def esquemas(retiradas: Mapping[str, Retirada] | None = None) -> dict[str, Esquema]:
    """El de cada mensaje, por su ruta dentro de la carpeta. Sin ``retiradas``, las declaradas."""
    obsoletos = declaradas() if retiradas is None else retiradas
    por_tipo = [(f"eventos/{tipo}.json", tipo, de_hecho(clase)) for tipo, clase in CATALOGO.items()]
    por_tipo += [(f"solicitudes/{tipo}.json", tipo, de_peticion(clase)) for tipo, clase in PETICIONES.items()]
    por_tipo += [
        (f"avisos/{clase.tipo}.json", clase.tipo, de_aviso(clase, con_encargo=issubclass(clase, CON_ENCARGO)))
        for clase in AVISADOS
    ]
    por_tipo += [("acuse.v1.json", TIPO_DE_ACUSE, de_acuse())]
    return {
        ruta: esquema | obsoletos[tipo].en_el_esquema if tipo in obsoletos else esquema
        for ruta, tipo, esquema in sorted(por_tipo, key=lambda t: t[0])
    }


def archivos() -> dict[str, bytes]:
    """Cada archivo, por su ruta dentro de la carpeta."""
    suyos = _legibles(esquemas(), asyncapi.documento())
    # Se hace de lo que se publica, leído como lo lee cualquiera.
    leidos = {ruta: msgspec.json.decode(cuerpo) for ruta, cuerpo in suyos.items()}
    canales = leidos.pop(ASYNCAPI)
    return {**suyos, **_en_json({OPENAPI: openapi.documento()}), REFERENCIA: pagina(leidos, canales)}


def formas() -> Formas:
    """La forma canónica de cada contrato, como lo dice el código."""
    # De ida y vuelta por JSON: como lo lee quien abre el archivo.
    escritos = _en_json({**esquemas(), ASYNCAPI: asyncapi.documento(), OPENAPI: openapi.documento()})
    return {ruta: canonica(ruta, msgspec.json.decode(cuerpo)) for ruta, cuerpo in escritos.items()}


def _legibles(suyos: Mapping[str, Esquema], canales: Mapping[str, Any]) -> dict[str, bytes]:
    return _en_json({**suyos, ASYNCAPI: canales})


def _en_json(documentos: Mapping[str, Any]) -> dict[str, bytes]:
    return {
        ruta: msgspec.json.format(msgspec.json.encode(documento), indent=2) + b"\n"
        for ruta, documento in sorted(documentos.items())
    }


def publicar(version: str, hoy: date, carpeta: Path = publicaciones.CARPETA) -> Publicacion:
    """Congela lo que dice el código. Errores: `PublicacionInvalida`, también si rompe la publicación anterior."""
    nuevas, previa = formas(), publicaciones.ultima(carpeta)
    if previa and any(c.rompe for c in comparar(publicaciones.formas(previa, carpeta), nuevas, hoy)):
        raise PublicacionInvalida(f"Rompe lo publicado en {previa.version}: «senda contratos comparar» dice qué.")
    return publicaciones.anadir(version, hoy, nuevas, carpeta)


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
    return {a.relative_to(carpeta).as_posix() for a in carpeta.rglob("*") if a.suffix in {".json", ".html"}}


__all__ = ["CARPETA", "REFERENCIA", "archivos", "diferencias", "escribir", "esquemas", "formas", "publicar"]
