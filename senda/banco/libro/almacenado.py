"""El libro de verdad en su base: el almacén de auditoría instalado como en un despliegue, y cómo se le dan hechos."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine

from infra.almacen.almacen import Almacen
from infra.almacen.migrar import instalar
from infra.almacen.motor import abrir_motor
from infra.azar import AzarSembrado
from infra.mensajeria.puertos import HechoCrudo, Latido
from infra.reloj import RelojSimulado
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.llavero import Llavero
from senda.banco.libro.hechos import INICIO
from senda_verificar.nota import escribir_vkey
from servicios.auditoria.cabeceras import conservar
from servicios.auditoria.contexto import CONTEXTO, NOMBRE_DEL_LIBRO

#: Los hechos que auditoría anota por tanda cuando va con retraso.
LOTE: Final = 200
_ORIGENES: Final = tuple(CONTEXTO.sigue)


@dataclass(frozen=True)
class LibroDelBanco:
    """Un almacén de auditoría con su reloj, y las claves con que cada origen firma sus cabeceras.

    ``url`` y ``esquema``: dónde está, para abrirlo desde otro proceso.
    """

    url: str
    esquema: str
    motor: Engine
    almacen: Almacen
    reloj: RelojSimulado
    claves: Mapping[str, ClavesServicio]

    def anotar(self, lotes: Iterable[Sequence[HechoCrudo]]) -> int:
        """Cada lote en su tanda, como lo hace la entrada; devuelve cuántos."""
        cuantos = 0
        for lote in lotes:
            self.reloj.adelantar(timedelta(seconds=len(lote)))
            with self.almacen.tanda() as tanda:
                CONTEXTO.guardar_crudo(tanda, lote)
            cuantos += len(lote)
        return cuantos

    def firmar_cabeceras(self, cabezas: Mapping[str, tuple[int, bytes]]) -> None:
        """Cada origen firma hasta dónde llegó, y el libro lo conserva."""
        ahora = self.reloj.ahora()
        with self.motor.begin() as conexion:
            for origen, (posicion, hoja) in cabezas.items():
                cuerpo = self.claves[origen].firmar_cabecera(origen, posicion, hoja.hex(), ahora)
                conservar(conexion, Latido(origen, posicion, hoja, ahora, cuerpo))

    def claves_publicas(self, instituciones: Mapping[str, Ed25519PublicKey] | None = None) -> str:
        """El archivo de claves con que se verifica este libro."""
        lineas = [f"log {escribir_vkey(NOMBRE_DEL_LIBRO, self.claves['/gt/auditoria'].firma.public_key())}"]
        lineas += [f"origen {escribir_vkey(o, c.firma.public_key())}" for o, c in self.claves.items()]
        lineas += [f"institucion {escribir_vkey(i, publica)}" for i, publica in (instituciones or {}).items()]
        return "\n".join(lineas)


@contextmanager
def libro_en(url: str, carpeta: Path, esquema: str = "libro") -> Iterator[LibroDelBanco]:
    """Instala auditoría en un esquema nuevo de ese nombre; en SQLite, en un archivo de ``carpeta``."""
    if url.startswith("sqlite"):
        url = f"sqlite:///{carpeta / f'{esquema}.db'}"
    motor = motor_con_tablas(url, esquema)
    azar = AzarSembrado(b"claves del banco")
    reloj = RelojSimulado(INICIO)
    claves = {f"/gt/{nombre}": ClavesServicio.generar(azar.hijo(nombre)) for nombre in _ORIGENES}
    llavero = Llavero(f"sqlite:///{carpeta / f'llavero-{esquema}.db'}", bytes(32), azar.hijo("llavero"), reloj)
    llavero.crear_esquema()
    almacen = Almacen(
        motor=motor, origen="/gt/auditoria", llavero=llavero, claves=claves["/gt/auditoria"], reloj=reloj,
        azar=azar.hijo("almacen"), lecturas=CONTEXTO.lecturas,
    )  # fmt: skip
    try:
        yield LibroDelBanco(url, esquema, motor, almacen, reloj, claves)
    finally:
        llavero.cerrar()
        motor.dispose()


def motor_con_tablas(url: str, esquema: str) -> Engine:
    """Las tablas de auditoría, con sus disparadores y restricciones, en un esquema nuevo."""
    if not url.startswith("sqlite"):
        dueno = abrir_motor(url)
        with dueno.begin() as conexion:
            conexion.execute(sa.schema.CreateSchema(esquema))
        dueno.dispose()
    motor = abrir_motor(url, esquema)
    instalar(motor, CONTEXTO.instalacion)
    return motor


__all__ = ["LOTE", "LibroDelBanco", "libro_en", "motor_con_tablas"]
