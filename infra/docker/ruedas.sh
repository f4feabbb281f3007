#!/bin/sh
# Deja en infra/docker/ruedas lo que la imagen instala, ya construido: con ello el Dockerfile no necesita red, y dos
# construcciones dan lo mismo. Sin ello, el Dockerfile lo baja. Se rehace solo si cambian los requisitos.
#
#   infra/docker/ruedas.sh [PYTHON]      PYTHON: uno con pip y de la misma versión que la base (por omisión, .venv)
set -eu
cd "$(dirname "$0")/../.."
python=${1:-.venv/bin/python}
destino=infra/docker/ruedas
huella=$(cat requisitos-trazas.txt requisitos.txt pyproject.toml | sha256sum | cut -c1-12)
[ "$(cat "$destino/.huella" 2>/dev/null)" = "$huella" ] && exit 0
rm -f "$destino"/*.whl "$destino/.huella"
# También con qué se construye la nuestra: pip la construye aparte, y ahí tampoco hay red.
construir=$("$python" -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["build-system"]["requires"])')
# shellcheck disable=SC2086  son varios
"$python" -m pip wheel -q --wheel-dir "$destino" -r requisitos-trazas.txt $construir
echo "$huella" >"$destino/.huella"
