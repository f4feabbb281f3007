"""El libro de auditoría: entradas, frontera del árbol, puntos de control y registro de accesos."""

import sqlalchemy as sa
from alembic import op

from infra.almacen.solo_anexar import solo_anexar

revision = "a01"
down_revision = None
branch_labels = ("auditoria",)

_Entero = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_CLAVES: dict[str, list[tuple[str, ...]]] = {
    "libro": [("indice",), ("origen", "posicion")],
    "puntos": [("tamano",)],
    "accesos": [("numero",)],
}


def upgrade() -> None:
    """Crea las tablas y prohíbe tocar lo escrito en el libro, los puntos y los accesos."""
    op.create_table(
        "libro",
        sa.Column("indice", _Entero, primary_key=True, autoincrement=False),
        sa.Column("origen", sa.Text, nullable=False),
        sa.Column("posicion", _Entero, nullable=False),
        sa.Column("anterior", sa.LargeBinary(32), nullable=False),
        sa.Column("cuerpo", sa.LargeBinary, nullable=False),
        sa.Column("hoja", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("origen", "posicion"),
    )
    op.create_table(
        "frontera",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("tamano", _Entero, nullable=False),
        sa.Column("nodos", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "puntos",
        sa.Column("tamano", _Entero, primary_key=True, autoincrement=False),
        sa.Column("texto", sa.Text, nullable=False),
        sa.Column("instante", sa.DateTime(timezone=True), nullable=False),
    )
    op.create_table(
        "accesos",
        sa.Column("numero", _Entero, primary_key=True, autoincrement=False),
        sa.Column("institucion", sa.Text, nullable=False),
        sa.Column("ruta", sa.Text, nullable=False),
        sa.Column("motivo", sa.Text, nullable=False),
        sa.Column("instante", sa.DateTime(timezone=True), nullable=False),
        sa.Column("hoja", sa.LargeBinary(32), nullable=False),
    )
    for tabla, claves in _CLAVES.items():
        for sentencia in solo_anexar(tabla, op.get_bind().dialect.name, claves):
            op.execute(sentencia)
