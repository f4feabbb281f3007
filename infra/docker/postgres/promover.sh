#!/bin/bash
# Hace primario a este nodo, que era réplica. Antes, asegúrate de que el otro está parado:
#
#   docker compose -f docker-compose.yml -f docker-compose.cluster.yml exec postgres-replica /etc/senda/promover.sh
set -euo pipefail
hacer() { psql -v ON_ERROR_STOP=1 -U postgres -d postgres -qAtc "$1"; }
if [ "$(hacer 'SELECT pg_is_in_recovery()')" = f ]; then
  echo "este nodo ya es el primario"
  exit 0
fi
# Todavía no tiene réplica que esperar. Cuando la tenga: ALTER SYSTEM RESET synchronous_standby_names.
hacer "ALTER SYSTEM SET synchronous_standby_names = ''"
[ "$(hacer 'SELECT pg_promote(true, 60)')" = t ] || { echo "no se pudo promover" >&2; exit 1; }
hacer 'SELECT pg_reload_conf()' >/dev/null
echo "este nodo es ahora el primario, sin réplica"
