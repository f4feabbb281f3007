"""Contar una ruta: qué pasó, quién debe hacer qué y en qué está cada derecho, hoy o como se sabía en una fecha.

Todo sale del libro. Leer una ruta deja constancia antes de mostrarla (regla 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from contratos.base import Mandato
from eventos.base import Hecho, campos_sellados
from eventos.sobre import Anotado, SobreInvalido, decodificar
from infra.almacen.motor import abrir_motor, leyendo
from infra.reloj import reloj_desde
from senda.despliegue import Despliegue, leer
from servicios.auditoria.accesos import Acceso, MotivoAcceso, registrar
from servicios.auditoria.lecturas import cuerpos_de
from servicios.comun.directorio import instituciones
from servicios.comun.rutas import participaciones
from servicios.coordinacion.dominio.derivacion import Derivacion
from servicios.coordinacion.dominio.ruta import Ruta

_QUE_MIRAN_TODO = frozenset({Mandato.RECTORIA, Mandato.SUPERVISION})


class ConsultaNegada(Exception):
    """No se puede mostrar la ruta. El mensaje dice qué hacer."""


@dataclass(frozen=True)
class Historia:
    """Una ruta a una fecha. ``hechos`` en el orden en que se registraron; ``estado``, según coordinación."""

    ruta: UUID
    hechos: tuple[Anotado, ...]
    estado: Ruta

    @property
    def obligaciones(self) -> list[Derivacion]:
        """Encargos de los que alguien responde todavía, por su plazo más próximo."""
        return sorted(self.estado.pendientes, key=lambda d: (_plazo(d) is None, str(_plazo(d) or ""), str(d.id)))


def historia(carpeta: Path, ruta: UUID, hasta: datetime | None, como: str | None, motivo: MotivoAcceso) -> Historia:
    """La historia de una ruta tal como constaba en ``hasta`` (UTC; None, ahora), leída en nombre de una institución.

    ``como``: código de quien lee; None, la rectora. Errores: `ConsultaNegada`, `DespliegueAusente`.
    """
    despliegue = leer(carpeta)
    quien = como or despliegue.rectora
    _exigir_permiso(despliegue, ruta, quien)
    cuerpos = _leer_dejando_constancia(despliegue, ruta, quien, motivo)
    anotados = [a for a in map(_anotado, cuerpos) if a is not None and (hasta is None or a.registrado <= hasta)]
    if not anotados:
        raise ConsultaNegada("Esa ruta no consta en el libro (o no constaba aún en esa fecha); comprueba el seudónimo.")
    anotados = en_orden(anotados)
    estado = Ruta.vacio(ruta)
    for anotado in anotados:
        if anotado.origen == despliegue.origenes["coordinacion"]:
            estado = estado.evolucionar(anotado)
    return Historia(ruta, tuple(anotados), estado)


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


def _exigir_permiso(despliegue: Despliegue, ruta: UUID, quien: str) -> None:
    """Solo quien participa, la rectora y quien supervisa. El órgano de control ve el recorrido, jamás la identidad."""
    filas = _consultar(
        despliegue, "coordinacion", sa.select(instituciones.c.mandatos).where(instituciones.c.codigo == quien)
    )
    mandatos = {Mandato(m) for fila in filas for m in fila.mandatos.split()}
    participa = _consultar(
        despliegue,
        "coordinacion",
        sa.select(participaciones.c.via).where(participaciones.c.ruta == ruta, participaciones.c.institucion == quien),
    )
    if not mandatos & _QUE_MIRAN_TODO and not participa:
        raise ConsultaNegada("Esa institución no participa en la ruta ni la supervisa; pide una derivación.")


def _consultar(despliegue: Despliegue, servicio: str, consulta: sa.Select[Any]) -> Sequence[sa.Row[Any]]:
    base = despliegue.bases[servicio]
    motor = abrir_motor(base.url, base.esquema)
    try:
        with leyendo(motor) as conexion:
            return conexion.execute(consulta).all()
    finally:
        motor.dispose()


def _leer_dejando_constancia(despliegue: Despliegue, ruta: UUID, quien: str, motivo: MotivoAcceso) -> list[bytes]:
    base = despliegue.bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    ahora = reloj_desde(despliegue.reloj).ahora()
    try:
        with motor.begin() as conexion:
            registrar(conexion, Acceso(quien, str(ruta), motivo, ahora))
            return cuerpos_de(conexion, str(ruta))
    finally:
        motor.dispose()


def _anotado(cuerpo: bytes) -> Anotado | None:
    try:
        return decodificar(cuerpo)
    except SobreInvalido:
        return None
