"""Qué se puede pedir: hallar una petición por su nombre y describirla."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import msgspec

from contratos.base import Peticion
from contratos.solicitudes import PETICIONES
from eventos.base import campos_sellados


class TipoDesconocido(Exception):
    """No hay una petición con ese nombre, o hay varias. El mensaje dice cuáles se parecen."""


def buscar(nombre: str) -> type[Peticion]:
    """Por su tipo entero, por ``servicio.nombre`` o por el nombre, si es de una sola. Errores: `TipoDesconocido`."""
    if nombre in PETICIONES:
        return PETICIONES[nombre]
    halladas = [c for c in PETICIONES.values() if nombre in {corto(c), corto(c).partition(".")[2]}]
    if len(halladas) == 1:
        return halladas[0]
    if halladas:
        raise TipoDesconocido("ese nombre es de varias: " + ", ".join(sorted(map(corto, halladas))))
    cortos = {corto(c) for c in PETICIONES.values()}
    parecidas = get_close_matches(nombre, cortos | {c.partition(".")[2] for c in cortos}, 3)
    sugerencia = f"¿querías decir {', '.join(parecidas)}?" if parecidas else "«senda solicitar --lista» dice cuáles hay"
    raise TipoDesconocido(f"no hay una petición con ese nombre; {sugerencia}")


def corto(clase: type[Peticion]) -> str:
    """``servicio.nombre``: como se nombra en la orden."""
    return clase.tipo.removeprefix("senda.").rpartition(".v")[0]


def por_servicio() -> dict[str, list[type[Peticion]]]:
    """Todas las peticiones, por el servicio que las atiende."""
    grupos: dict[str, list[type[Peticion]]] = {}
    for clase in PETICIONES.values():
        grupos.setdefault(clase.servicio, []).append(clase)
    return grupos


def resumen(clase: type[Peticion]) -> str:
    """Qué hace, en una línea."""
    return (clase.__doc__ or "").strip().splitlines()[0]


def esquema(clase: type[Peticion]) -> dict[str, Any]:
    """El JSON Schema de una petición.

    Los campos que van cifrados llevan ``x-sellado``; fuera de los datos, ``x-tipo``, ``x-servicio``, ``x-mandatos`` y
    ``x-participa`` dicen a quién se manda y quién puede.
    """
    generado = msgspec.json.schema(clase)
    propiedades = generado["$defs"][clase.__name__]["properties"]
    for campo in campos_sellados(clase):
        propiedades[campo]["x-sellado"] = True
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "x-tipo": clase.tipo,
        "x-servicio": clase.servicio,
        "x-mandatos": sorted(clase.mandatos),
        "x-participa": clase.participa,
        **generado,
    }


__all__ = ["TipoDesconocido", "buscar", "corto", "esquema", "por_servicio", "resumen"]
