"""Lo que el portal guarda por una institución sin AMQP, hasta que ella lo lee y después, por si lo pide otra vez.

No son lecturas que se rehagan: son copias de lo que pasó por sus colas. Si se perdieran, los acuses se recuperan
repitiendo la solicitud y los avisos pidiendo el tramo a coordinación.
"""

from __future__ import annotations

from sqlalchemy import Column, Index, LargeBinary, MetaData, Table, Text

from infra.almacen.esquema import Entero, Instante
from infra.almacen.lecturas import APARTE

TABLAS = MetaData()
_COPIA = {APARTE: "copia de lo que pasó por las colas de la institución"}

#: Instituciones que alguna vez entraron por HTTP. El portal vacía sus colas mientras ``baja`` sea nula.
abonadas = Table(
    "abonadas",
    TABLAS,
    Column("institucion", Text, primary_key=True),
    Column("desde", Instante, nullable=False),
    Column("baja", Instante),
    info={APARTE: "quién entró por HTTP lo sabe solo el portal"},
)

#: ``numero``: el orden en que llegaron, de uno en uno por institución. ``id``: el de la solicitud; vacío, no se creyó.
acuses = Table(
    "acuses",
    TABLAS,
    Column("institucion", Text, primary_key=True),
    Column("numero", Entero, primary_key=True, autoincrement=False),
    Column("id", Text, nullable=False),
    Column("huella", Text, nullable=False),
    Column("cuerpo", LargeBinary, nullable=False),
    Column("firma", Text, nullable=False),
    Column("llegado", Instante, nullable=False),
    Index("acuses_por_huella", "institucion", "huella"),
    Index("acuses_por_id", "institucion", "id"),
    info=_COPIA,
)

#: ``numero``: el que le dio coordinación; sin huecos en origen, puede haberlos aquí si el bus perdió alguno.
avisos = Table(
    "avisos",
    TABLAS,
    Column("institucion", Text, primary_key=True),
    Column("numero", Entero, primary_key=True, autoincrement=False),
    Column("cuerpo", LargeBinary, nullable=False),
    Column("firma", Text, nullable=False),
    Column("llegado", Instante, nullable=False),
    info=_COPIA,
)

__all__ = ["TABLAS", "abonadas", "acuses", "avisos"]
