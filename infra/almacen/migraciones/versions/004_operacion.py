"""Lo que necesita quien opera: pausas que obedecen todas las réplicas, cuándo latió cada origen, y medir sin barrer."""

import sqlalchemy as sa
from alembic import op

revision = "004"
down_revision = "003"
branch_labels = None
depends_on = None

_Entero = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Instante = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Añade la tabla, la columna y el índice. Lo anterior no se toca: un servicio de antes sigue andando."""
    op.create_table(
        "pausas",
        sa.Column("numero", _Entero, primary_key=True),
        sa.Column("tarea", sa.Text, nullable=False),
        sa.Column("motivo", sa.Text, nullable=False),
        sa.Column("quien", sa.Text, nullable=False),
        sa.Column("desde", _Instante, nullable=False),
        sa.Column("hasta", _Instante),
        sa.Column("reanudo", sa.Text),
        sqlite_autoincrement=True,
    )
    vigente = sa.text("hasta IS NULL")
    op.create_index("pausas_vigentes", "pausas", ["tarea"], unique=True, postgresql_where=vigente, sqlite_where=vigente)
    op.add_column("avances", sa.Column("latido", _Instante))
    urgente = sa.text("urgente")
    op.create_index("salida_urgentes", "salida", ["creado"], postgresql_where=urgente, sqlite_where=urgente)
