"""Lo que la demostración deja a quien no se fía de quien opera: el libro refrendado y exportado, y sus claves."""

from __future__ import annotations

from pathlib import Path
from typing import Final, NamedTuple

from infra.azar import AzarReal
from infra.reloj import RelojReal
from senda import testigo
from senda.auditoria.exportacion import claves_publicas, exportar_con_mandato
from senda.auditoria.refrendo import refrendar_con
from senda.auditoria.verificacion import vkey_del_libro
from senda.consulta import base_abierta
from senda.despliegue import leer
from servicios.auditoria.accesos import MotivoAcceso

#: El testigo de una demostración está en la misma carpeta; el de verdad, en otra máquina y de otra institución.
_TESTIGO: Final = "testigo.example/ensayo"


class Entrega(NamedTuple):
    """Dónde quedó el libro y el archivo de claves con que se comprueba."""

    libro: Path
    claves: Path


def entregar(carpeta: Path) -> Entrega:
    """Refrenda el último punto con un testigo de ensayo y exporta el libro entero. Errores: los de cada cosa."""
    despliegue, reloj = leer(carpeta), RelojReal()
    suya = testigo.instalar(carpeta / "testigo", _TESTIGO, vkey_del_libro(despliegue), reloj, AzarReal())
    with (
        testigo.abierto(carpeta / "testigo", reloj) as ensayo,
        base_abierta(despliegue.bases["auditoria"]) as motor,
        motor.begin() as conexion,
    ):
        refrendar_con(conexion, ensayo.refrendar, suya, reloj.ahora())
    entrega = Entrega(carpeta / "libro", carpeta / "libro.claves")
    exportar_con_mandato(carpeta, entrega.libro, None, MotivoAcceso.SUPERVISION)
    entrega.claves.write_text(claves_publicas(carpeta, f"witness ensayo {suya}\nquorum ensayo"))
    return entrega


__all__ = ["Entrega", "entregar"]
