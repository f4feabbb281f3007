"""Cuándo confirmó el bus cada aviso de buzón, y en qué orden se aplicó lo que contaron los demás."""

import sqlalchemy as sa
from alembic import op

from infra.almacen.solo_anexar import solo_anexar

revision = "002"
down_revision = "001"

_Entero = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Instante = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Crea las dos tablas y prohíbe tocar lo escrito en ellas."""
    op.create_table(
        "entregas",
        sa.Column("numero", _Entero, primary_key=True),
        sa.Column("institucion", sa.Text, nullable=False),
        sa.Column("mensaje", sa.Text, nullable=False),
        sa.Column("instante", _Instante, nullable=False),
        sa.Index("entregas_por_institucion", "institucion", "numero"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "aplicaciones",
        sa.Column("numero", _Entero, primary_key=True),
        sa.Column("origen", sa.Text, nullable=False),
        sa.Column("desde", _Entero, nullable=False),
        sa.Column("hasta", _Entero, nullable=False),
        sa.Column("tras", _Entero, nullable=False),
        sa.Column("instante", _Instante, nullable=False),
        sqlite_autoincrement=True,
    )
    for tabla in ("entregas", "aplicaciones"):
        for sentencia in solo_anexar(tabla, op.get_bind().dialect.name, [("numero",)]):
            op.execute(sentencia)
