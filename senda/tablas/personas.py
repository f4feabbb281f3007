"""Qué personas identificadas puede contar una institución, con lo sellado abierto. Leer cada ruta deja constancia.

De quien ya no tiene clave no se lee nada y no hay fila: su tabla diría solo «no consta», y haberla destruido es dejar
de decir de quién hablan sus hechos (regla 7). Solo se cuenta cuántas son.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from msgspec import UNSET
from msgspec.structs import asdict, replace
from sqlalchemy import Engine

from contratos.base import Mandato
from eventos.base import campos_sellados
from eventos.comun import HechoRectificado
from eventos.deteccion import PresuntaVictimaDetectada, VictimaIdentificada
from eventos.sobre import Anotado
from infra.almacen.motor import leyendo
from infra.azar import AzarReal
from infra.reloj import Reloj
from infra.seguridad.llavero import Llavero
from infra.seguridad.sello import abrir
from senda.consulta import base_abierta, consultar, lector_de
from senda.despliegue import Despliegue, anillo_maestro
from senda.tablas.rechazos import QuienNoLee
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.lectura import Lector, leer
from servicios.comun.directorio import instituciones
from servicios.comun.rutas import de_la_misma_persona, identificaciones

#: Personas por transacción: lo leído consta antes de leer lo siguiente.
_TRAMO: Final = 200


class Personas:
    """Las de un despliegue, para quien las lee. ``sin_clave``: de cuántas ya no se puede decir nada."""

    def __init__(self, carpeta: Path, despliegue: Despliegue, quien: str, motivo: MotivoAcceso, reloj: Reloj) -> None:
        """Errores: `QuienNoLee`."""
        activa = sa.select(instituciones.c.activa).where(instituciones.c.codigo == quien)
        if not any(fila.activa for fila in consultar(despliegue, "coordinacion", activa)):
            raise QuienNoLee
        self._carpeta, self._despliegue, self._motivo, self._reloj = carpeta, despliegue, motivo, reloj
        self._lector: Lector = lector_de(despliegue, quien)
        self.sin_clave = 0

    def __iter__(self) -> Iterator[VictimaIdentificada]:
        """Lo último que consta de cada persona identificada. Errores: `ClaveIlegible`, los de las bases."""
        with self._llavero() as llavero, base_abierta(self._despliegue.bases["auditoria"]) as libro:
            personas = self._rutas()
            for i in range(0, len(personas), _TRAMO):
                yield from self._leer(libro, llavero, personas[i : i + _TRAMO])

    @property
    def mandatos(self) -> frozenset[Mandato]:
        """Los de quien lee."""
        return self._lector.mandatos

    def _rutas(self) -> list[list[UUID]]:
        """Por cada persona, sus rutas identificadas que quien lee puede ver."""
        with base_abierta(self._despliegue.bases["coordinacion"]) as motor, leyendo(motor) as conexion:
            identificadas = set(conexion.scalars(sa.select(identificaciones.c.ruta).distinct()))
            personas, vistas = [], set[UUID]()
            for ruta in sorted(identificadas):
                if ruta in vistas:
                    continue
                suyas = de_la_misma_persona(conexion, ruta)
                vistas |= suyas
                personas.append(sorted(suyas & identificadas))
        visibles = ([r for r in suyas if self._lector.ve(r)] for suyas in personas)
        return [suyas for suyas in visibles if suyas]

    def _leer(self, libro: Engine, llavero: Llavero, personas: Sequence[Sequence[UUID]]) -> list[VictimaIdentificada]:
        todas = [ruta for suyas in personas for ruta in suyas]
        claves = llavero.presentes(todas)
        ultimas = []
        ahora = self._reloj.ahora()
        with libro.begin() as conexion:
            for suyas in personas:
                vivas = [r for r in suyas if r in claves or not llavero.destruida(r)]
                self.sin_clave += not vivas
                anotados: list[Anotado] = []
                for ruta in vivas:
                    descifrar = partial(abrir, claves[ruta]) if ruta in claves else None
                    anotados += leer(conexion, ruta, self._lector, self._motivo, ahora, descifrar)
                if (ultima := ultima_palabra(anotados)) is not None:
                    ultimas.append(ultima)
        return ultimas

    @contextmanager
    def _llavero(self) -> Iterator[Llavero]:
        base = self._despliegue.bases["llavero"]
        # Sin caché: una clave que se destruye mientras se exporta deja de abrir en el tramo siguiente.
        llavero = Llavero(
            base.url,
            anillo_maestro(self._carpeta),
            AzarReal(),
            self._reloj,
            esquema=base.esquema,
            vigencia=timedelta(0),
        )
        try:
            yield llavero
        finally:
            llavero.cerrar()


def ultima_palabra(anotados: Sequence[Anotado]) -> VictimaIdentificada | None:
    """La última identificación en pie; lo sellado que calla, como lo dijo la última detección en pie."""
    corregidos = {a.hecho.corrige for a in anotados if isinstance(a.hecho, HechoRectificado)}
    en_pie = sorted((a for a in anotados if a.id not in corregidos), key=lambda a: (a.registrado, a.id))
    identificada = next((a.hecho for a in reversed(en_pie) if isinstance(a.hecho, VictimaIdentificada)), None)
    detectada = next((a.hecho for a in reversed(en_pie) if isinstance(a.hecho, PresuntaVictimaDetectada)), None)
    if identificada is None or detectada is None:
        return identificada
    dicho, calla = asdict(detectada), asdict(identificada)
    sellados = campos_sellados(VictimaIdentificada) & campos_sellados(PresuntaVictimaDetectada)
    return replace(identificada, **{c: dicho[c] for c in sellados if calla[c] is UNSET})


__all__ = ["Personas", "ultima_palabra"]
