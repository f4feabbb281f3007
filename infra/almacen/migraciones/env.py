"""Entorno de Alembic. Se usa desde `infra.almacen.migrar`, que trae la conexión ya abierta."""

from alembic import context

from infra.almacen.esquema import ESQUEMA, TABLA_DE_VERSION

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=ESQUEMA,
    version_table=TABLA_DE_VERSION,
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
