"""Hechos apartados: los que no se dejan aplicar y los siguientes de su misma ruta. Las demás rutas siguen.

Un tipo o versión que este servicio no conoce también espera aquí: no se salta nunca.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from eventos.sobre import SobreInvalido, TipoDesconocido, abrir_sobre, decodificar
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import apartados, entrada
from infra.almacen.motor import leyendo
from infra.almacen.tanda import Tanda
from infra.mensajeria.puertos import HechoCrudo, Servicio


def apartar(tanda: Tanda, crudo: HechoCrudo, motivo: str, sujeto: str | None = None) -> None:
    """Aparta un hecho; queda visible en salud hasta que se reprocese."""
    tanda.conexion.execute(
        sa.insert(apartados).values(
            origen=crudo.origen,
            posicion=crudo.posicion,
            sujeto=_sujeto(crudo) if sujeto is None else sujeto,
            motivo=motivo,
            desde=tanda.ahora,
        )
    )


def aplicar(tanda: Tanda, servicio: Servicio, crudos: Sequence[HechoCrudo]) -> None:
    """Surte el efecto de unos hechos ajenos, en orden; los que han de esperar se apartan y no detienen al resto."""
    esperan = set(tanda.conexion.scalars(sa.select(apartados.c.sujeto).distinct()))
    for crudo in crudos:
        sujeto = _sujeto(crudo)
        if sujeto in esperan:
            apartar(tanda, crudo, "tras-apartado", sujeto)
            continue
        try:
            anotado = decodificar(crudo.cuerpo)
        except SobreInvalido as error:
            apartar(tanda, crudo, "version-desconocida" if isinstance(error, TipoDesconocido) else "ilegible", sujeto)
            esperan.add(sujeto)
        else:
            servicio.conocer(tanda, anotado)


def _sujeto(crudo: HechoCrudo) -> str:
    try:
        return abrir_sobre(crudo.cuerpo).subject
    except SobreInvalido:
        return ""


@dataclass
class Reproceso:
    """Vuelve a meter los apartados, por sujeto y en orden."""

    almacen: Almacen
    servicio: Servicio

    def sujetos(self) -> list[str]:
        """Sujetos (rutas o instituciones) con hechos apartados."""
        with leyendo(self.almacen.motor) as conexion:
            return list(conexion.scalars(sa.select(apartados.c.sujeto).distinct().order_by(apartados.c.sujeto)))

    def reprocesar(self, sujeto: str) -> int:
        """Aplica en una transacción todos los apartados de un sujeto; devuelve cuántos. Si uno falla, siguen apartados."""
        with self.almacen.tanda() as tanda:
            consulta = (
                sa.select(entrada)
                .join(
                    apartados, (entrada.c.origen == apartados.c.origen) & (entrada.c.posicion == apartados.c.posicion)
                )
                .where(apartados.c.sujeto == sujeto)
                # Entre orígenes no hay orden; dentro de cada uno, sí.
                .order_by(entrada.c.recibido, entrada.c.origen, entrada.c.posicion)
            )
            filas = tanda.conexion.execute(consulta).all()
            tanda.conexion.execute(sa.delete(apartados).where(apartados.c.sujeto == sujeto))
            for fila in filas:
                self.servicio.conocer(tanda, decodificar(fila.cuerpo))
        return len(filas)
