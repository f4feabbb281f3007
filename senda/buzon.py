"""El buzón de una institución como lo guarda coordinación: lo que se le dejó, numerado, tal como se le mandó.

Leerlo aquí es leer las rutas de que habla: deja constancia de cada una antes de mostrarlas, como `senda ruta`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from msgspec import Raw, Struct

from senda.auditoria.accesos import constar
from senda.consulta import ConsultaNegada, consultar, lector_de
from senda.despliegue import leer
from senda.directorio import InstitucionAusente
from servicios.auditoria.accesos import MotivoAcceso
from servicios.comun.directorio import instituciones
from servicios.coordinacion.tablas import buzon, buzones


class Dejado(Struct, frozen=True, kw_only=True):
    """Un aviso. ``disponible`` en UTC; ``ruta``: None si no habla de ninguna; ``aviso``: los bytes que se mandaron."""

    numero: int
    tipo: str
    ruta: UUID | None
    urgente: bool
    disponible: datetime
    aviso: Raw


class Buzon(Struct, frozen=True, kw_only=True):
    """Lo que hay en un buzón desde un número. ``ultimo``: el más alto (0 si está vacío)."""

    institucion: str
    ultimo: int
    avisos: tuple[Dejado, ...]


def abrir(carpeta: Path, institucion: str, desde: int, como: str | None, motivo: MotivoAcceso) -> Buzon:
    """El buzón desde ese número, incluido, leído en nombre de una institución: de quien es, o una que lo vea todo.

    ``como``: código de quien lee; None, la rectora. Errores: `InstitucionAusente`, `ConsultaNegada`,
    `DespliegueAusente`; los de las bases.
    """
    despliegue = leer(carpeta)
    lector = lector_de(despliegue, como or despliegue.rectora)
    consta = sa.select(buzones.c.ultimo).select_from(
        instituciones.outerjoin(buzones, buzones.c.institucion == instituciones.c.codigo)
    )
    ultimos = consultar(despliegue, "coordinacion", consta.where(instituciones.c.codigo == institucion))
    if not ultimos:
        raise InstitucionAusente
    if lector.institucion != institucion and not lector.mira_todo:
        raise ConsultaNegada("Ese buzón es de otra institución; solo lo ven ella, la rectora y quien supervisa.")
    dejados = (
        sa.select(buzon).where(buzon.c.institucion == institucion, buzon.c.numero >= desde).order_by(buzon.c.numero)
    )
    filas = consultar(despliegue, "coordinacion", dejados)
    constar(despliegue, (f.ruta for f in filas if f.ruta is not None), lector.institucion, motivo)
    return Buzon(
        institucion=institucion,
        # Entre una lectura y otra pudo llegar uno más.
        ultimo=max(ultimos[0].ultimo or 0, filas[-1].numero if filas else 0),
        avisos=tuple(
            Dejado(
                numero=f.numero,
                tipo=f.tipo,
                ruta=f.ruta,
                urgente=f.urgente,
                disponible=f.disponible,
                aviso=Raw(f.cuerpo.encode()),
            )
            for f in filas
        ),
    )


__all__ = ["Buzon", "Dejado", "abrir"]
