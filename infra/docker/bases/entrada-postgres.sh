#!/bin/bash
# Lo que de la entrada de la imagen oficial usan los compose: crear la base la primera vez (POSTGRES_USER, POSTGRES_DB,
# POSTGRES_PASSWORD o POSTGRES_PASSWORD_FILE, POSTGRES_INITDB_ARGS, /docker-entrypoint-initdb.d/*.sh) y servir.
set -euo pipefail
if [ "$(id -u)" = 0 ]; then
  install -d -o postgres -g postgres -m 700 "$PGDATA"
  exec setpriv --reuid=postgres --regid=postgres --init-groups "$BASH_SOURCE" "$@"
fi
if [ "${1:-}" = postgres ] && [ ! -s "$PGDATA/PG_VERSION" ]; then
  usuario=${POSTGRES_USER:-postgres}
  clave=${POSTGRES_PASSWORD:-$(cat "${POSTGRES_PASSWORD_FILE:-/dev/null}")}
  [ -n "$clave" ] || { echo "falta POSTGRES_PASSWORD o POSTGRES_PASSWORD_FILE" >&2; exit 1; }
  mkdir -p "$PGDATA" && chmod 700 "$PGDATA"
  # shellcheck disable=SC2086  son varias opciones
  initdb --username="$usuario" --pwfile=<(printf '%s\n' "$clave") -A scram-sha-256 ${POSTGRES_INITDB_ARGS:-} >/dev/null
  printf 'local all all trust\nhost all all all scram-sha-256\n' >"$PGDATA/pg_hba.conf"
  # Mientras se prepara solo escucha en su zócalo: nadie de fuera lo toma por listo.
  pg_ctl -D "$PGDATA" -w -o "-c listen_addresses=''" start >/dev/null
  export PGUSER=$usuario
  base=${POSTGRES_DB:-$usuario}
  [ "$base" = postgres ] || psql -qd postgres -c "CREATE DATABASE \"$base\""
  for guion in /docker-entrypoint-initdb.d/*.sh; do
    [ -e "$guion" ] || continue
    # shellcheck disable=SC1090  la oficial también lee los que no son ejecutables
    if [ -x "$guion" ]; then "$guion"; else . "$guion"; fi
  done
  pg_ctl -D "$PGDATA" -m fast -w stop >/dev/null
fi
exec "$@"
