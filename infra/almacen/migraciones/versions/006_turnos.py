"""Por turnos y no por llegada: de quién es cada solicitud que espera, y en qué ronda le toca."""

import sqlalchemy as sa
from alembic import op

revision = "006"
down_revision = "005"
branch_labels = None
depends_on = None

_Entero = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Lo que ya esperaba queda en la primera ronda, sin turno: sale antes que lo nuevo, por orden de llegada."""
    op.add_column("bandeja", sa.Column("institucion", sa.Text, nullable=False, server_default=""))
    op.add_column("bandeja", sa.Column("urgente", sa.Boolean, nullable=False, server_default=sa.false()))
    op.add_column("bandeja", sa.Column("ronda", _Entero, nullable=False, server_default="0"))
    op.create_index("bandeja_por_ronda", "bandeja", ["ronda", "numero"])
    op.create_index("bandeja_por_turno", "bandeja", ["institucion", "urgente", "ronda"])
    op.create_index("salida_por_destino", "salida", ["intercambio", "clave"])
