"""El libro de auditoría en su base, que crece y se sella como en producción."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from infra.almacen.lecturas import Lecturas
from infra.almacen.migrar import Instalacion, instalar
from infra.almacen.motor import abrir_motor
from infra.mensajeria.puertos import HechoCrudo
from infra.seguridad.cadena import CERO, encadenar
from servicios.auditoria import libro
from tests.integracion.auditoria.escribir_libro import anotar, sellar
from tests.unidad.testigo.libreta import CLAVE, NOMBRE

AHORA = datetime(2026, 5, 3, 12, tzinfo=UTC)
ORIGEN = "/gt/deteccion"


def estrenado(archivo: Path) -> Engine:
    """Uno vacío, en SQLite."""
    motor = abrir_motor(f"sqlite:///{archivo}")
    migrar(motor)
    return motor


def migrar(motor: Engine) -> None:
    carpeta = Path(str(libro.__file__)).with_name("migraciones")
    instalar(motor, Instalacion(Lecturas((), ()), migraciones=(carpeta,)))


def crecer(
    motor: Engine, hasta: int, historia: str = "", *, nombre: str = NOMBRE, clave: Ed25519PrivateKey = CLAVE
) -> str:
    """Anota hechos hasta ese tamaño y sella; devuelve el punto. ``historia``: qué se cuenta, para contar otra."""
    with motor.begin() as conexion:
        _, tamano = libro.raiz_y_tamano(conexion)
        ultima = conexion.scalar(sa.select(libro.libro.c.hoja).order_by(libro.libro.c.indice.desc()).limit(1))
        cuerpos = [f"{historia}{n}".encode() for n in range(tamano, hasta)]
        eslabones = encadenar(ORIGEN, tamano + 1, ultima or CERO, cuerpos)
        anotar(
            conexion,
            [HechoCrudo(ORIGEN, e.posicion, e.anterior, e.hoja, c) for e, c in zip(eslabones, cuerpos, strict=True)],
        )
        punto = sellar(conexion, nombre, clave, AHORA)
        assert punto is not None
        return punto
