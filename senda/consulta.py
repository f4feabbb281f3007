"""Contar una ruta: qué pasó, quién debe hacer qué y en qué está cada derecho, hoy o como se sabía en una fecha.

Todo sale del libro. Leer una ruta deja constancia antes de mostrarla (regla 4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy import Engine

from contratos.base import Mandato
from eventos.base import Hecho, campos_sellados
from eventos.sobre import Anotado
from infra.almacen.motor import abrir_motor, leyendo
from infra.reloj import reloj_desde
from senda.despliegue import Base, Despliegue, leer
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.lectura import Lector
from servicios.auditoria.lectura import leer as leer_del_libro
from servicios.comun.directorio import instituciones
from servicios.comun.rutas import de_la_misma_persona, participaciones
from servicios.coordinacion.dominio.derivacion import Derivacion
from servicios.coordinacion.dominio.ruta import Ruta


class ConsultaNegada(Exception):
    """No se puede mostrar la ruta. El mensaje dice qué hacer."""


@dataclass(frozen=True)
class Historia:
    """Una ruta a una fecha. ``hechos`` en el orden en que se registraron; ``estado``, según coordinación.

    ``vinculadas``: las otras rutas de la misma persona que quien lee puede ver; sus hechos van con los demás, cada uno
    con su ruta. ``ocultas``: cuántas más hay en que no participa (regla 4).
    """

    ruta: UUID
    hechos: tuple[Anotado, ...]
    estado: Ruta
    vinculadas: tuple[Ruta, ...] = ()
    ocultas: int = 0

    @property
    def obligaciones(self) -> list[Derivacion]:
        """Encargos de los que alguien responde todavía, por su plazo más próximo."""
        pendientes = [d for estado in (self.estado, *self.vinculadas) for d in estado.pendientes]
        return sorted(pendientes, key=lambda d: (_plazo(d) is None, str(_plazo(d) or ""), str(d.id)))


def historia(carpeta: Path, ruta: UUID, hasta: datetime | None, como: str | None, motivo: MotivoAcceso) -> Historia:
    """La historia de una ruta tal como constaba en ``hasta`` (UTC; None, ahora), leída en nombre de una institución.

    ``como``: código de quien lee; None, la rectora. Errores: `ConsultaNegada`, `DespliegueAusente`.
    """
    despliegue = leer(carpeta)
    lector = lector_de(despliegue, como or despliegue.rectora)
    visibles, ocultas = de_la_persona(despliegue, ruta, lector, hasta)
    por_ruta = {una: _leer_dejando_constancia(despliegue, una, lector, motivo, hasta) for una in visibles}
    if not por_ruta[ruta]:
        raise ConsultaNegada("Esa ruta no consta en el libro (o no constaba aún en esa fecha); comprueba el seudónimo.")
    estado, *vinculadas = (_estado(despliegue, una, anotados) for una, anotados in por_ruta.items())
    hechos = en_orden([a for anotados in por_ruta.values() for a in anotados])
    return Historia(ruta, tuple(hechos), estado, tuple(vinculadas), ocultas)


def de_la_persona(
    despliegue: Despliegue, ruta: UUID, lector: Lector, hasta: datetime | None = None
) -> tuple[list[UUID], int]:
    """La ruta y, detrás, las otras de la misma persona que quien lee puede ver; y cuántas más hay.

    ``hasta``: como constaba entonces (UTC). Errores: `ConsultaNegada`.
    """
    if not lector.ve(ruta):
        raise ConsultaNegada("Esa institución no participa en la ruta ni la supervisa; pide una derivación.")
    with base_abierta(despliegue.bases["coordinacion"]) as motor, leyendo(motor) as conexion:
        todas = de_la_misma_persona(conexion, ruta, hasta)
    visibles = [ruta, *(otra for otra in sorted(todas - {ruta}) if lector.ve(otra))]
    return visibles, len(todas) - len(visibles)


def en_orden(anotados: Sequence[Anotado]) -> list[Anotado]:
    """Por cuándo se registraron; en un mismo instante, la causa antes que el efecto y cada origen en su orden.

    El id no basta: dentro de un milisegundo un UUIDv7 es azar.
    """
    ordenados: list[Anotado] = []
    for _, grupo in groupby(sorted(anotados, key=lambda a: a.registrado), key=lambda a: a.registrado):
        quedan = sorted(grupo, key=lambda a: (a.origen, a.version))
        while quedan:
            ids = {str(a.id) for a in quedan}
            primeros = {a.origen: a for a in reversed(quedan)}
            libres = [a for a in primeros.values() if a.causa not in ids]
            siguiente = min(libres or primeros.values(), key=lambda a: a.id)
            ordenados.append(siguiente)
            quedan.remove(siguiente)
    return ordenados


def campos_abiertos(hecho: Hecho) -> Mapping[str, Any]:
    """Los campos de un hecho que se pueden mostrar, sin la ruta y sin los vacíos."""
    ocultos = campos_sellados(type(hecho)) | {"ruta"}
    llano: dict[str, Any] = msgspec.to_builtins(hecho)
    return {campo: valor for campo, valor in llano.items() if campo not in ocultos and valor not in (None, "", [])}


def _plazo(derivacion: Derivacion) -> datetime | None:
    return derivacion.vence_acuse if derivacion.estado == "emitida" else derivacion.vence_atencion


def _estado(despliegue: Despliegue, ruta: UUID, anotados: Sequence[Anotado]) -> Ruta:
    estado = Ruta.vacio(ruta)
    for anotado in anotados:
        if anotado.origen == despliegue.origenes["coordinacion"]:
            estado = estado.evolucionar(anotado)
    return estado


def lector_de(despliegue: Despliegue, quien: str) -> Lector:
    """Quien lee, con sus mandatos y las rutas en que participa; sin mandatos si no está en el directorio."""
    filas = consultar(
        despliegue, "coordinacion", sa.select(instituciones.c.mandatos).where(instituciones.c.codigo == quien)
    )

    def participa(ruta: UUID) -> bool:
        vias = sa.select(participaciones.c.via).where(
            participaciones.c.ruta == ruta, participaciones.c.institucion == quien
        )
        return bool(consultar(despliegue, "coordinacion", vias))

    return Lector(quien, frozenset(Mandato(m) for fila in filas for m in fila.mandatos.split()), participa)


def consultar(despliegue: Despliegue, servicio: str, consulta: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    """Lo que responden las lecturas de un servicio. Errores: los de la base."""
    with base_abierta(despliegue.bases[servicio]) as motor, leyendo(motor) as conexion:
        return conexion.execute(consulta).all()


@contextmanager
def base_abierta(base: Base) -> Iterator[Engine]:
    """El motor de una base del despliegue; al salir suelta sus conexiones."""
    motor = abrir_motor(base.url, base.esquema)
    try:
        yield motor
    finally:
        motor.dispose()


def _leer_dejando_constancia(
    despliegue: Despliegue, ruta: UUID, lector: Lector, motivo: MotivoAcceso, hasta: datetime | None
) -> list[Anotado]:
    ahora = reloj_desde(despliegue.reloj).ahora()
    with base_abierta(despliegue.bases["auditoria"]) as motor, motor.begin() as conexion:
        leidos = leer_del_libro(conexion, ruta, lector, motivo, ahora)
    return en_orden([a for a in leidos if hasta is None or a.registrado <= hasta])
