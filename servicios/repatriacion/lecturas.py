"""Lo que sigue en pie de cada repatriación, para listar sin abrir ruta por ruta: una fila por hecho.

Anular un hecho borra su fila, y vale el último de cada clase: así la lectura no repite las reglas del dominio.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Column, Date, DateTime, Integer, MetaData, Table, Text, Uuid

from eventos import repatriacion as r
from eventos.base import Hecho
from eventos.comun import HechoRectificado
from eventos.sobre import Anotado
from infra.almacen.insertar import Altas

TABLAS = MetaData()

#: ``valor``: lo que dice el hecho (nivel, decisión, motivo…). ``fecha``: cuándo vence o cuándo toca.
hechos_repatriacion = Table(
    "hechos_repatriacion",
    TABLAS,
    Column("id", Uuid, primary_key=True),
    Column("ruta", Uuid, nullable=False, index=True),
    Column("version", Integer, nullable=False),
    Column("tipo", Text, nullable=False, index=True),
    Column("valor", Text, nullable=False),
    Column("fecha", Date),
    Column("institucion", Text, nullable=False),
    Column("ocurrido", DateTime(timezone=True), nullable=False),
)

#: De qué campos abiertos sale el resumen de cada hecho: el valor y, si la hay, la fecha.
RESUMEN: dict[type[Hecho], tuple[str, str | None]] = {
    r.RepatriacionSolicitada: ("sentido", None),
    r.RiesgoRetornoEvaluado: ("nivel", "vigente_hasta"),
    r.InteresSuperiorDeterminado: ("resultado", None),
    r.DecisionInformadaRegistrada: ("decision", None),
    r.DocumentosEmitidos: ("documentos", "vencen"),
    r.AcompananteDesignado: ("acompanante", None),
    r.TrasladoProgramado: ("acompanante", "fecha"),
    r.TrasladoRealizado: ("incidencias", "fecha"),
    r.RecepcionConfirmada: ("receptora", None),
    r.SeguimientoRealizado: ("situacion", "proximo"),
    r.PermanenciaConcedida: ("permanencia", "vence"),
    r.RepatriacionDesistida: ("motivo", None),
    r.RiesgoRetornoVencido: ("nivel", "vence"),
    r.SeguimientoPorVencer: ("seguimiento", "vence"),
    r.SeguimientoVencido: ("seguimiento", "vence"),
    r.PermanenciaPorVencer: ("permanencia", "vence"),
    r.PermanenciaVencida: ("permanencia", "vence"),
}


def aplicar(altas: Altas, anotados: Sequence[Anotado]) -> None:
    """Pone al día la lectura. Los hechos ajenos no la cambian."""
    filas: dict[Any, dict[str, Any]] = {}
    for anotado in anotados:
        hecho = anotado.hecho
        if isinstance(hecho, HechoRectificado):
            filas.pop(hecho.corrige, None)
            altas.conexion.execute(sa.delete(hechos_repatriacion).where(hechos_repatriacion.c.id == hecho.corrige))
        elif type(hecho) in RESUMEN:
            valor, fecha = _resumen(hecho)
            filas[anotado.id] = {
                "id": anotado.id,
                "ruta": anotado.agregado,
                "version": anotado.version,
                "tipo": hecho.tipo,
                "valor": valor,
                "fecha": fecha,
                "institucion": anotado.institucion,
                "ocurrido": anotado.ocurrido,
            }
    altas.anadir(hechos_repatriacion, list(filas.values()), si_falta=True)


def _resumen(hecho: Hecho) -> tuple[str, date | None]:
    campo_valor, campo_fecha = RESUMEN[type(hecho)]
    valor = getattr(hecho, campo_valor)
    if isinstance(valor, bool):
        valor = "si" if valor else "no"
    texto = " ".join(map(str, valor)) if isinstance(valor, tuple) else str(valor)
    fecha: date | None = getattr(hecho, campo_fecha) if campo_fecha else None
    return texto, fecha
