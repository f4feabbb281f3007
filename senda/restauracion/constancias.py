"""Lo que va con el libro y no es el libro: las cabeceras que firmó cada origen y el registro de lecturas."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from infra.seguridad.firma import publica_de_texto
from infra.seguridad.identidad_servicio import CabeceraInvalida, leer_cabecera_firmada
from senda_verificar.archivos import lineas
from senda_verificar.nota import PuntoDeControl, accesos_de
from servicios.auditoria.accesos import accesos, cabecera, canonico, hoja_de
from servicios.auditoria.cabeceras import cabeceras
from servicios.auditoria.exportacion import ACCESOS, CABECERAS

_CLAVES: Final = ("origen", "posicion", "hoja", "instante")


class _Origen(Struct):
    origen: str


class _Asiento(Struct):
    numero: int
    institucion: str
    ruta: str
    motivo: str
    instante: datetime
    hoja: str


def reponer_cabeceras(conexion: Connection, exportado: Path, claves: Mapping[str, str]) -> int:
    """Guarda las que falten y firmara su origen, que las demás no son promesa de nadie; devuelve cuántas."""
    constan = {tuple(f) for f in conexion.execute(sa.select(*(cabeceras.c[n] for n in _CLAVES)))}
    filas = []
    for linea in lineas(exportado / CABECERAS):
        try:
            clave = publica_de_texto(claves[msgspec.json.decode(linea, type=_Origen).origen])
            leida = leer_cabecera_firmada(linea.encode(), clave)
        except (KeyError, CabeceraInvalida, msgspec.MsgspecError):
            continue
        clave_primaria = (leida.origen, leida.posicion, bytes.fromhex(leida.hash), leida.instante)
        if clave_primaria not in constan:
            constan.add(clave_primaria)
            filas.append({**dict(zip(_CLAVES, clave_primaria, strict=True)), "cuerpo": linea.encode()})
    if filas:
        conexion.execute(sa.insert(cabeceras), filas)
    return len(filas)


def reponer_accesos(conexion: Connection, exportado: Path, punto: PuntoDeControl) -> bool:
    """Continúa el registro de lecturas con las de la exportación. Falso si no encadenan o no son las del punto."""
    numero, hoja = cabecera(conexion)
    for linea in lineas(exportado / ACCESOS):
        try:
            a = msgspec.json.decode(linea, type=_Asiento)
        except msgspec.MsgspecError:
            return False
        if a.numero <= numero:
            continue
        hoja = hoja_de(hoja, a.numero, a.institucion, a.ruta, a.motivo, instante=canonico(a.instante))
        if a.numero != numero + 1 or hoja.hex() != a.hoja:
            return False
        numero += 1
        fila = msgspec.structs.asdict(a) | {"hoja": hoja}
        conexion.execute(sa.insert(accesos), fila)
    contados = accesos_de(punto)
    if contados is None or contados[0] > numero or not contados[0]:
        return True  # si son menos que las prometidas lo dice la comprobación; aquí no hay con qué seguir
    return conexion.scalar(sa.select(accesos.c.hoja).where(accesos.c.numero == contados[0])) == contados[1]


__all__ = ["reponer_accesos", "reponer_cabeceras"]
