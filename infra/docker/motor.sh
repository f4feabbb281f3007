#!/bin/sh
# Con qué correr los compose en un Debian donde falte: Docker, su compose, y debootstrap para las bases. Lo que ya está no
# se toca. Arrancarlo no hace falta: `make despliegue` levanta uno si no atiende ninguno, y al acabar lo apaga.
#
#   infra/docker/motor.sh && SENDA_EXIGE_DOCKER=1 make despliegue
set -eu
hay() { command -v "$1" >/dev/null 2>&1; }
faltan=""
hay docker && hay dockerd || faltan=" docker.io"
docker compose version >/dev/null 2>&1 || hay docker-compose || faltan="$faltan docker-compose"
hay debootstrap || faltan="$faltan debootstrap"
hay iptables || faltan="$faltan iptables"
[ -n "$faltan" ] || exit 0
if [ "$(id -u)" != 0 ] || ! hay apt-get; then
  echo "falta$faltan, y ponerlo pide root y apt-get" >&2
  exit 1
fi
apt-get update -qq
# shellcheck disable=SC2086  son varios
DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends $faltan >/dev/null
