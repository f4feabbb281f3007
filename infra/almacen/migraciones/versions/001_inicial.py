"""Esquema inicial: hechos encadenados, entrada, solicitudes, salida y marcas."""

import sqlalchemy as sa
from alembic import op

from infra.almacen.solo_anexar import solo_anexar

revision = "001"
down_revision = None

_Entero = sa.BigInteger().with_variant(sa.Integer, "sqlite")
_Instante = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Crea las tablas y prohíbe tocar los hechos."""
    _hechos()
    _entrada()
    _solicitudes()
    _salida()


def _hechos() -> None:
    op.create_table(
        "eventos",
        sa.Column("posicion", _Entero, primary_key=True, autoincrement=False),
        sa.Column("agregado", sa.Uuid, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("tipo", sa.Text, nullable=False),
        sa.Column("cuerpo", sa.LargeBinary, nullable=False),
        sa.Column("anterior", sa.LargeBinary(32), nullable=False),
        sa.Column("hoja", sa.LargeBinary(32), nullable=False),
        sa.UniqueConstraint("agregado", "version"),
    )
    cabecera = op.create_table(
        "cabecera",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("posicion", _Entero, nullable=False),
        sa.Column("hoja", sa.LargeBinary(32), nullable=False),
    )
    op.bulk_insert(cabecera, [{"id": 1, "posicion": 0, "hoja": bytes(32)}])
    for sentencia in solo_anexar("eventos", op.get_bind().dialect.name, [("posicion",), ("agregado", "version")]):
        op.execute(sentencia)


def _entrada() -> None:
    op.create_table(
        "entrada",
        sa.Column("origen", sa.Text, primary_key=True),
        sa.Column("posicion", _Entero, primary_key=True, autoincrement=False),
        sa.Column("anterior", sa.LargeBinary(32), nullable=False),
        sa.Column("hoja", sa.LargeBinary(32), nullable=False),
        sa.Column("cuerpo", sa.LargeBinary, nullable=False),
        sa.Column("recibido", _Instante, nullable=False),
    )
    op.create_table(
        "avances",
        sa.Column("origen", sa.Text, primary_key=True),
        sa.Column("aplicada", _Entero, nullable=False),
        sa.Column("hoja", sa.LargeBinary(32), nullable=False),
        sa.Column("anunciada", _Entero, nullable=False),
        sa.Column("falta", _Entero),
        sa.Column("falta_desde", _Instante),
        sa.Column("pedidos", sa.Integer, nullable=False),
        sa.Column("alto", sa.Text),
    )
    op.create_table(
        "fallos",
        sa.Column("origen", sa.Text, primary_key=True),
        sa.Column("posicion", _Entero, primary_key=True, autoincrement=False),
        sa.Column("intentos", sa.Integer, nullable=False),
        sa.Column("proximo", _Instante, nullable=False),
        sa.Column("clase", sa.Text, nullable=False),
    )
    op.create_table(
        "apartados",
        sa.Column("origen", sa.Text, primary_key=True),
        sa.Column("posicion", _Entero, primary_key=True, autoincrement=False),
        sa.Column("sujeto", sa.Text, nullable=False, index=True),
        sa.Column("motivo", sa.Text, nullable=False),
        sa.Column("desde", _Instante, nullable=False),
    )


def _solicitudes() -> None:
    op.create_table(
        "bandeja",
        sa.Column("numero", _Entero, primary_key=True),
        sa.Column("cuerpo", sa.LargeBinary, nullable=False),
        sa.Column("firma", sa.Text, nullable=False),
        sa.Column("usuario", sa.Text),
        sa.Column("responder_a", sa.Text),
        sa.Column("recibido", _Instante, nullable=False),
        sa.Column("proximo", _Instante, nullable=False, index=True),
        sa.Column("fallos", sa.Integer, nullable=False),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "solicitudes",
        sa.Column("institucion", sa.Text, primary_key=True),
        sa.Column("id", sa.Text, primary_key=True),
        sa.Column("huella", sa.Text, nullable=False),
        sa.Column("ruta", sa.Uuid),
        sa.Column("cuerpo", sa.LargeBinary, nullable=False),
        sa.Column("firma", sa.Text, nullable=False),
        sa.Column("resultado", sa.Text, nullable=False),
        sa.Column("acuse", sa.LargeBinary, nullable=False),
        sa.Column("firma_acuse", sa.Text, nullable=False),
        sa.Column("atendida", _Instante, nullable=False),
    )
    for sentencia in solo_anexar("solicitudes", op.get_bind().dialect.name, [("institucion", "id")]):
        op.execute(sentencia)
    op.create_table(
        "devueltas",
        sa.Column("dia", sa.Date, primary_key=True),
        sa.Column("codigo", sa.Text, primary_key=True),
        sa.Column("cuantas", _Entero, nullable=False),
    )


def _salida() -> None:
    op.create_table(
        "salida",
        sa.Column("numero", _Entero, primary_key=True),
        sa.Column("intercambio", sa.Text, nullable=False),
        sa.Column("clave", sa.Text, nullable=False),
        sa.Column("tipo", sa.Text, nullable=False),
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("cuerpo", sa.LargeBinary, nullable=False),
        sa.Column("firma", sa.Text, nullable=False),
        sa.Column("urgente", sa.Boolean, nullable=False),
        sa.Column("creado", _Instante, nullable=False),
        sa.Column("intentos", sa.Integer, nullable=False),
        sa.Column("proximo", _Instante, nullable=False),
        sa.Index("salida_por_enviar", "proximo", "numero"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "marcas",
        sa.Column("destino", sa.Text, primary_key=True),
        sa.Column("posicion", _Entero, nullable=False),
    )
    op.create_table(
        "arriendos",
        sa.Column("nombre", sa.Text, primary_key=True),
        sa.Column("titular", sa.Text, nullable=False),
        sa.Column("valla", _Entero, nullable=False),
        sa.Column("vence", _Instante, nullable=False),
    )
