"""Lo que hace falta para probar sin recorrer: nodos del árbol, cabeceras firmadas de los orígenes y refrendos."""

import sqlalchemy as sa
from alembic import op

from infra.almacen.solo_anexar import solo_anexar
from servicios.auditoria.libro import recontar

revision = "a02"
down_revision = "a01"
branch_labels = None
depends_on = None

_Entero = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_CLAVES: dict[str, list[tuple[str, ...]]] = {
    "cabeceras": [("origen", "posicion", "hoja", "instante")],
    "refrendos": [("tamano", "testigo")],
}


def upgrade() -> None:
    """Crea las tablas; los nodos de un libro que ya existía se sacan de sus hojas."""
    op.create_table(
        "nodos",
        sa.Column("nivel", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("indice", _Entero, primary_key=True, autoincrement=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
    )
    op.create_table(
        "cabeceras",
        sa.Column("origen", sa.Text, primary_key=True),
        sa.Column("posicion", _Entero, primary_key=True, autoincrement=False),
        sa.Column("hoja", sa.LargeBinary(32), primary_key=True),
        sa.Column("instante", sa.DateTime(timezone=True), primary_key=True),
        sa.Column("cuerpo", sa.LargeBinary, nullable=False),
    )
    op.create_table(
        "refrendos",
        sa.Column("tamano", _Entero, primary_key=True, autoincrement=False),
        sa.Column("testigo", sa.Text, primary_key=True),
        sa.Column("linea", sa.Text, nullable=False),
        sa.Column("instante", sa.DateTime(timezone=True), nullable=False),
    )
    conexion = op.get_bind()
    if conexion.scalar(sa.text("SELECT count(*) FROM frontera")):
        recontar(conexion)
    for tabla, claves in _CLAVES.items():
        for sentencia in solo_anexar(tabla, conexion.dialect.name, claves):
            op.execute(sentencia)
