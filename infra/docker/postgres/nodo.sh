#!/bin/bash
# Un nodo de PostgreSQL con réplica: nace como primario o copiándolo, y un primario viejo no vuelve a servir.
#
#   NODO      su nombre, el que el primario espera de su réplica        OTRO   el del otro nodo
#   PRIMARIO  el primario al nacer      SOLO   si es NODO, arranca sin saber del otro: quien lo dice sabe que no es primario
set -euo pipefail
PGPASSWORD=$(cat /secretos/replicador)
export PGPASSWORD PGSSLMODE=verify-full PGSSLROOTCERT=/secretos/ca.pem PGCONNECT_TIMEOUT=3

# Un primario con réplica no confirma nada sin ella, así que esperarla no cuesta; y contesta si entretanto el primario pasó a
# ser ella. Entonces este quedó atrás: lo que confirmara él solo se perdería, y lo que se lea de él es viejo.
if [ -s "$PGDATA/PG_VERSION" ] && [ ! -e "$PGDATA/standby.signal" ] && [ "${SOLO:-}" != "$NODO" ] &&
  ! grep -qs "^synchronous_standby_names = ''" "$PGDATA/postgresql.auto.conf"; then
  until replica=$(psql -h "$OTRO" -U replicador -d postgres -Atc 'SELECT pg_is_in_recovery()' 2>/dev/null); do
    echo "esperando a $OTRO, por si ahora es el primario" >&2
    sleep 1
  done
  if [ "$replica" = f ]; then
    echo "$OTRO es ahora el primario: este nodo no sirve. Vacía su volumen y vuelve como réplica (docs/desplegar.md)." >&2
    exit 1
  fi
fi
if [ ! -s "$PGDATA/PG_VERSION" ] && [ "$NODO" != "$PRIMARIO" ]; then
  until psql -h "$PRIMARIO" -U replicador -d postgres -Atc 'SELECT 1' >/dev/null 2>&1; do
    echo "esperando al primario, $PRIMARIO" >&2
    sleep 1
  done
  # La ranura guarda en el primario lo que a este le falte. Puede quedar de un intento anterior.
  ranura=${NODO//-/_}
  psql -h "$PRIMARIO" -U replicador "dbname=postgres replication=database" \
    -qAtc "CREATE_REPLICATION_SLOT $ranura PHYSICAL" >/dev/null 2>&1 || true
  pg_basebackup -d "host=$PRIMARIO user=replicador application_name=$NODO" -D "$PGDATA" -X stream -S "$ranura" \
    --checkpoint=fast --write-recovery-conf
  chmod 700 "$PGDATA"
fi
unset PGPASSWORD PGSSLMODE PGSSLROOTCERT
exec docker-entrypoint.sh "$@"
