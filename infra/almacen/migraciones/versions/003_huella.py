"""Encontrar por su huella la solicitud que causó un hecho: es lo que el hecho lleva."""

from alembic import op

revision = "003"
down_revision = "002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Crea el índice."""
    op.create_index("solicitudes_por_huella", "solicitudes", ["huella"])
