"""Lo que las instituciones firmaron, para quien verifica: cada solicitud que causó hechos, con su acuse.

Lo que traía algo sellado se guarda cifrado con la clave de la persona; aquí se abre, y lo sellado sigue sellado (para
el servicio). De quien ya no tiene clave va solo la firma y el acuse: los bytes no vuelven.
"""

from __future__ import annotations

from base64 import b64encode
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy import Engine, Row

from eventos.sobre import SobreInvalido, abrir_sobre
from infra.almacen.esquema import solicitudes
from infra.almacen.motor import leyendo
from infra.seguridad.llavero import Llavero
from infra.seguridad.sello import SelloRoto, abrir

_DE_HUELLAS = sa.select(
    *(solicitudes.c[n] for n in ("huella", "ruta", "cuerpo", "firma", "acuse", "firma_acuse"))
).where(solicitudes.c.huella.in_(sa.bindparam("huellas", expanding=True)), solicitudes.c.resultado == "aceptada")


@dataclass(frozen=True)
class Firmadas:
    """Las solicitudes de un despliegue. ``motores``: ``source`` de cada servicio -> su base."""

    motores: Mapping[str, Engine]
    llavero: Llavero

    def de(self, sobres: Iterable[bytes]) -> Iterator[bytes]:
        """Una línea JSON por cada solicitud que causó alguno de esos hechos, con su firma y su acuse."""
        pedidas: defaultdict[str, set[str]] = defaultdict(set)
        for sobre in sobres:
            try:
                abierto = abrir_sobre(sobre)
            except SobreInvalido:
                continue
            if abierto.solicitud and abierto.source in self.motores:
                pedidas[abierto.source].add(abierto.solicitud)
        for origen, huellas in sorted(pedidas.items()):
            with leyendo(self.motores[origen]) as conexion:
                filas = conexion.execute(_DE_HUELLAS, {"huellas": sorted(huellas)}).all()
            claves = self.llavero.presentes({f.ruta for f in filas if f.ruta is not None})
            for fila in sorted(filas, key=lambda f: str(f.huella)):
                yield msgspec.json.encode(
                    {
                        "huella": fila.huella, "firma": fila.firma, "cuerpo": _b64(_cuerpo(fila, claves)),
                        "acuse": _b64(fila.acuse), "firma_acuse": fila.firma_acuse,
                    }
                )  # fmt: skip


def _cuerpo(fila: Row[Any], claves: Mapping[Any, bytes]) -> bytes:
    if fila.ruta is None:
        return bytes(fila.cuerpo)
    clave = claves.get(fila.ruta)
    if clave is None:
        return b""
    try:
        return abrir(clave, fila.cuerpo, fila.huella.encode())
    except SelloRoto:
        return b""


def _b64(datos: bytes) -> str:
    return b64encode(datos).decode()


__all__ = ["Firmadas"]
