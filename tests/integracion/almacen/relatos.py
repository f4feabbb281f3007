"""Hechos y lecturas mínimos para probar el almacén sin ningún contexto."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from eventos.base import UNSET
from eventos.deteccion import PresuntaVictimaDetectada
from eventos.sobre import Anotado
from eventos.tipos import NivelRiesgo, SiNo
from infra.almacen.insertar import Altas
from infra.almacen.lecturas import Lecturas
from infra.almacen.tanda import Autoria
from tests.integracion.pilas import INICIO

TABLAS = sa.MetaData()
#: Una fila por efecto: aplicar dos veces el mismo hecho se ve.
efectos = sa.Table(
    "efectos",
    TABLAS,
    sa.Column("numero", sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True),
    sa.Column("hecho", sa.Uuid, nullable=False),
    sa.Column("ruta", sa.Text, nullable=False),
)


def apuntar(altas: Altas, anotados: Sequence[Anotado]) -> None:
    altas.anadir(efectos, [{"hecho": a.id, "ruta": a.hecho.sujeto} for a in anotados])


LECTURAS = Lecturas((TABLAS,), (apuntar,))
AUTORIA = Autoria(institucion="GT-PGN", agente="ag-0123abcd", ocurrido=INICIO, causa="", correlacion="prueba")


def deteccion(ruta: UUID, relato: Any = UNSET) -> PresuntaVictimaDetectada:
    return PresuntaVictimaDetectada(
        ruta=ruta, nna=SiNo.NO, extranjera=SiNo.SI, idioma="spa", riesgo=next(iter(NivelRiesgo)), pais_deteccion="gt",
        relato=relato,
    )  # fmt: skip
