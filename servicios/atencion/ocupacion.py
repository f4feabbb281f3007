"""Quién ocupa cada plaza de un albergue, abierto solo mientras se decide y solo lo de ese albergue (decisión 024)."""

from __future__ import annotations

from msgspec import UNSET

from eventos.atencion import AlojamientoAsignado
from eventos.tipos import SiNo
from servicios.atencion.dominio.plazas import Estancia
from servicios.atencion.lecturas import estancias_que_cuentan
from servicios.comun.mesa import Mesa


def estancias(mesa: Mesa, albergue: str) -> list[Estancia]:
    """Las que cuentan en un albergue, cada una con su plaza si se puede saber. Errores: `ClaveIlegible`."""
    filas = estancias_que_cuentan(mesa.leer, albergue)
    asignados = mesa.abiertos(AlojamientoAsignado, {fila.ruta for fila in filas})
    plaza_de = {a.id: a.hecho.plaza for a in asignados if isinstance(a.hecho, AlojamientoAsignado)}
    nna_de: dict[object, set[bool]] = {}
    for fila in filas:
        edades = nna_de.setdefault(fila.hecho, {fila.nna})
        if fila.identificacion not in {None, SiNo.NO_CONSTA}:
            edades.add(fila.identificacion == SiNo.SI)
    return [
        Estancia(
            plaza=plaza_de.get(fila.hecho, UNSET),
            nna=frozenset(nna_de[fila.hecho]),
            viva=fila.viva,
            desde_recuento=fila.desde_recuento,
        )
        for fila in {fila.hecho: fila for fila in filas}.values()
    ]


__all__ = ["estancias"]
