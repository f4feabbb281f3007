"""Qué hechos recuperó un origen tras restaurarse, por la solicitud que los causó: su acuse se perdió con la base."""

import sqlalchemy as sa
from alembic import op

from infra.almacen.solo_anexar import solo_anexar

revision = "005"
down_revision = "004"
branch_labels = None
depends_on = None

_Entero = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Crea la tabla y prohíbe tocar lo escrito en ella."""
    op.create_table(
        "repuestas",
        sa.Column("posicion", _Entero, primary_key=True, autoincrement=False),
        sa.Column("huella", sa.Text, nullable=False),
        sa.Index("repuestas_por_huella", "huella"),
    )
    for sentencia in solo_anexar("repuestas", op.get_bind().dialect.name, [("posicion",)]):
        op.execute(sentencia)
