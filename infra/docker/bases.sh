#!/bin/sh
# Bases para los compose donde no hay un registro de imágenes: tres, hechas aquí con los paquetes de Debian, que hacen de
# python, rabbitmq y postgres con el mismo usuario, rutas, variables y orden que las oficiales (lo que de ellas se usa).
#
#   infra/docker/bases.sh > bases.env       y después      docker compose --env-file bases.env up -d
#
# Se guardan: el nombre de cada una lleva la huella de esta carpeta, y la que ya está no se rehace. Necesita ser root, y
# debootstrap y docker (apt-get install debootstrap docker.io).
set -eu
cd "$(dirname "$0")"
espejo=${ESPEJO_DEBIAN:-http://deb.debian.org/debian}
huella=$(cat bases.sh bases/* | sha256sum | cut -c1-12)
debian="senda-base-debian:$huella"

hay() { docker image inspect "$1" >/dev/null 2>&1; }

crear_debian() {
  raiz=$(mktemp -d)
  trap 'rm -rf "$raiz"' EXIT INT TERM
  debootstrap --variant=minbase --include=ca-certificates bookworm "$raiz" "$espejo" >"$raiz.log" 2>&1 || {
    tail -5 "$raiz.log" >&2
    return 1
  }
  rm -rf "$raiz.log" "$raiz"/var/cache/apt/archives/*.deb "$raiz"/var/lib/apt/lists/*
  tar -C "$raiz" -c . | docker import - "$debian" >/dev/null
}

crear() {
  # El constructor de siempre: el nuevo buscaría la base en un registro.
  DOCKER_BUILDKIT=0 docker build -q -t "senda-base-$1:$huella" --build-arg "DEBIAN=$debian" -f "bases/$1.Dockerfile" \
    bases >/dev/null 2>"/tmp/senda-base-$1.log" || { tail -20 "/tmp/senda-base-$1.log" >&2; return 1; }
}

faltan=""
for nombre in python rabbitmq postgres; do
  hay "senda-base-$nombre:$huella" || faltan="$faltan $nombre"
done
if [ -n "$faltan" ]; then
  hay "$debian" || crear_debian
  for nombre in $faltan; do
    crear "$nombre" &
    hijos="${hijos:-} $!"
  done
  for hijo in $hijos; do wait "$hijo"; done
fi
echo "BASE_PYTHON=senda-base-python:$huella"
echo "IMAGEN_RABBITMQ=senda-base-rabbitmq:$huella"
echo "IMAGEN_POSTGRES=senda-base-postgres:$huella"
