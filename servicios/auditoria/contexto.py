"""Auditoría enchufada al bus: recibe todo, también lo suyo, y lo guarda sin interpretarlo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from infra.almacen.lecturas import Lecturas
from infra.almacen.tanda import Tanda
from infra.mensajeria.puertos import HechoCrudo
from servicios.auditoria.accesos import cabecera as cabecera_de_accesos
from servicios.auditoria.aplicacion import CASOS
from servicios.auditoria.cabeceras import conservar
from servicios.auditoria.lecturas import TABLAS, indizar
from servicios.auditoria.libro import crecer, firmar_punto
from servicios.auditoria.medidas import medir
from servicios.auditoria.politicas import al_divergir
from servicios.auditoria.punto_de_control import Accesos
from servicios.comun.contexto import Contexto

#: Nombre del libro en sus puntos de control (C2SP).
NOMBRE_DEL_LIBRO = "senda.example/libro"


def guardar_en_el_libro(tanda: Tanda, crudos: Sequence[HechoCrudo]) -> None:
    """Añade un lote al libro y firma su raíz: un punto de control por lote."""
    altas = tanda.altas
    arbol = crecer(altas, crudos)
    indizar(altas, arbol.tamano - len(crudos), [crudo.cuerpo for crudo in crudos])
    accesos = Accesos(*cabecera_de_accesos(altas.sin_escribir))
    firmar_punto(altas, arbol, NOMBRE_DEL_LIBRO, tanda.claves.firma, tanda.ahora, accesos)


CONTEXTO = Contexto(
    nombre="auditoria",
    sigue=("deteccion", "atencion", "justicia", "repatriacion", "coordinacion", "auditoria"),
    casos=CASOS,
    tablas=Lecturas((TABLAS,), ()),
    interpreta=False,
    al_guardar_crudo=guardar_en_el_libro,
    al_conservar_cabecera=conservar,
    al_divergir=al_divergir,
    al_medir=medir,
    migraciones=(Path(__file__).with_name("migraciones"),),
    solo_anexar=("libro", "puntos", "accesos", "cabeceras", "refrendos"),
)
