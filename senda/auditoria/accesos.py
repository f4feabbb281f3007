"""Quién leyó las rutas de un despliegue: anotarlo antes de enseñarlas y contárselo a la persona que lo pide."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct

from infra.almacen.motor import leyendo
from infra.reloj import reloj_desde
from senda.consulta import ConsultaNegada, base_abierta, consultar, de_la_persona, lector_de
from senda.despliegue import Despliegue, leer
from servicios.auditoria.accesos import Acceso, Asiento, MotivoAcceso, comprobar, de_una_ruta, registrar_varios
from servicios.auditoria.lecturas import sujetos


class Leida(Struct, frozen=True, kw_only=True):
    """Un acceso. ``instante``: UTC, ISO 8601; ``ruta``: la leída, o ``todas``; ``hoja``: en hexadecimal."""

    numero: int
    instante: str
    institucion: str
    motivo: str
    ruta: str
    hoja: str


class InformeDeAccesos(Struct, frozen=True, kw_only=True):
    """Quién leyó las rutas de una persona, también la lectura de hacer este informe, que es la última.

    ``rutas``: la pedida y las vinculadas a ella que ve quien lo pide; ``ocultas``: cuántas más tiene. ``rota_en``: el
    primer número del registro entero que no casa; None si está íntegro.
    """

    ruta: str
    rutas: tuple[str, ...]
    ocultas: int
    accesos: tuple[Leida, ...]
    integra: bool
    rota_en: int | None


def informe(carpeta: Path, ruta: UUID, como: str | None, motivo: MotivoAcceso) -> InformeDeAccesos:
    """El informe de accesos de una persona. ``como``: código de quien lo saca; None, la rectora.

    Errores: `ConsultaNegada`, `DespliegueAusente`; los de las bases.
    """
    despliegue = leer(carpeta)
    lector = lector_de(despliegue, como or despliegue.rectora)
    suyas, ocultas = de_la_persona(despliegue, ruta, lector)
    if not consultar(
        despliegue, "auditoria", sa.select(sujetos.c.indice).where(sujetos.c.sujeto == str(ruta)).limit(1)
    ):
        raise ConsultaNegada("Esa ruta no consta en el libro; comprueba el seudónimo.")
    constar(despliegue, suyas, lector.institucion, motivo)
    with base_abierta(despliegue.bases["auditoria"]) as motor, leyendo(motor, en_flujo=True) as conexion:
        rota = comprobar(conexion)
        try:
            # Los que abarcaron todas salen con cada ruta: se cuentan una vez.
            halladas = {a.numero: a for suya in suyas for a in de_una_ruta(conexion, suya)}
        except (ValueError, TypeError):
            # Lo que ya no se deja ni leer lo nombró `comprobar`.
            halladas = {}
    return InformeDeAccesos(
        ruta=str(ruta),
        rutas=tuple(map(str, suyas)),
        ocultas=ocultas,
        accesos=tuple(_leida(halladas[numero]) for numero in sorted(halladas)),
        integra=rota is None,
        rota_en=rota,
    )


def constar(despliegue: Despliegue, rutas: Iterable[UUID], quien: str, motivo: MotivoAcceso) -> None:
    """Deja constancia, ya confirmada, de que alguien va a leer esas rutas. Errores: los de la base, y no se enseñan."""
    ahora = reloj_desde(despliegue.reloj).ahora()
    leidas = [Acceso(quien, str(ruta), motivo, ahora) for ruta in dict.fromkeys(rutas)]
    if leidas:
        with base_abierta(despliegue.bases["auditoria"]) as motor, motor.begin() as conexion:
            registrar_varios(conexion, leidas)


def _leida(asiento: Asiento) -> Leida:
    return Leida(**{**asiento._asdict(), "hoja": asiento.hoja.hex()})


__all__ = ["InformeDeAccesos", "Leida", "constar", "informe"]
