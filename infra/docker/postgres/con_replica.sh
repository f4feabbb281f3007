#!/bin/bash
# Al crear la base del primario: quién copia, y que nada se dé por confirmado hasta que la réplica lo tenga en su disco.
# En postgresql.conf y no en la orden: la entrada de la imagen pasa la orden también al servidor con que prepara la base,
# que aún no tiene réplica y esperaría para siempre.
set -euo pipefail
psql -v ON_ERROR_STOP=1 -v "clave=$(cat /secretos/replicador)" -U "${POSTGRES_USER:-postgres}" -d postgres -q <<'SQL'
CREATE ROLE replicador REPLICATION LOGIN PASSWORD :'clave';
SQL
cat >>"$PGDATA/postgresql.conf" <<'CONF'
synchronous_standby_names = 'ANY 1 ("postgres", "postgres-replica")'
wal_log_hints = on
max_slot_wal_keep_size = 8GB
CONF
