#!/bin/sh
# Pone la imagen IMAGEN_SENDA en un despliegue que anda: contenedor a contenedor, y el siguiente solo cuando el nuevo está
# listo. Si uno no llega a estarlo, se para ahí: los demás siguen con la de antes.
#
#   IMAGEN_SENDA=senda:nueva infra/docker/actualizar.sh [-f docker-compose.yml -f docker-compose.cluster.yml] [-p PROYECTO]
#
# Con algo que llevar en las bases, `instalar` quiere los servicios parados, y esto también se para y lo dice
# (SENDA_MIGRAR_EN_MARCHA=1 cuando las notas de la versión dicen que no hace falta).
set -eu
: "${IMAGEN_SENDA:?di qué imagen, con IMAGEN_SENDA}"
plazo=${PLAZO_LISTO:-180}
if docker compose version >/dev/null 2>&1; then compose="docker compose"; else compose=docker-compose; fi
en_compose() { $compose "$@"; }

# Los consumidores primero: quien aún no conoce una versión nueva de un hecho la aparta, y así ni eso.
servicios="auditoria portal atencion justicia repatriacion coordinacion deteccion administracion boveda"

# Corre la comprobación de salud del contenedor, sin esperar a que le toque.
listo() (
  IFS='
'
  # shellcheck disable=SC2046  una palabra por línea
  docker exec "$1" $(docker inspect -f '{{range slice .Config.Healthcheck.Test 1}}{{println .}}{{end}}' "$1") >/dev/null 2>&1
)

esperar() {
  hasta=$(($(date +%s) + plazo))
  until listo "$1"; do
    if [ "$(date +%s)" -gt "$hasta" ]; then
      docker logs --tail 5 "$1" >&2
      echo "$2 no está listo a los $plazo s: aquí se para; los que faltan siguen con la imagen de antes" >&2
      exit 1
    fi
    sleep 0.5
  done
}

en_compose "$@" up -d --no-deps instalar
instalar=$(en_compose "$@" ps -aq instalar)
if [ "$(docker wait "$instalar")" != 0 ]; then
  docker logs --tail 5 "$instalar" >&2
  exit 1
fi
nueva=$(docker inspect -f '{{.Image}}' "$instalar")

es_nueva() { [ "$(docker inspect -f '{{.Image}}' "$1")" = "$nueva" ]; }

# Crea los que falten de un servicio, y no sigue hasta que los de la nueva estén listos; también los de otra vez.
completar() {
  en_compose "$@" up -d --no-deps --no-recreate "$servicio"
  for contenedor in $(en_compose "$@" ps -q "$servicio"); do
    if es_nueva "$contenedor"; then esperar "$contenedor" "$servicio"; fi
  done
}

for servicio in $servicios; do
  # Parados por quien actualiza, para llevar las bases: si no se quitan, volverían con la de antes.
  faltan=""
  for contenedor in $(en_compose "$@" ps -aq "$servicio"); do
    case "$(docker inspect -f '{{.State.Status}}' "$contenedor")" in created | exited) docker rm "$contenedor" >/dev/null && faltan=1 ;; esac
  done
  quedan=$(en_compose "$@" ps -q "$servicio")
  if [ -n "$faltan" ]; then completar "$@"; fi
  for viejo in $quedan; do
    if es_nueva "$viejo"; then
      esperar "$viejo" "$servicio"
      continue
    fi
    docker stop "$viejo" >/dev/null
    docker rm "$viejo" >/dev/null
    completar "$@"
  done
  echo "$servicio: con la nueva"
done
