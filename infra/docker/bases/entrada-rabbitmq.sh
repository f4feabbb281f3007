#!/bin/sh
# Lo que hace la entrada de la imagen oficial: como root, baja a rabbitmq; ya siéndolo, corre lo que se pide.
set -eu
if [ "$(id -u)" = 0 ] && [ "${1#rabbitmq}" != "$1" ]; then
  chown -R rabbitmq:rabbitmq /var/lib/rabbitmq
  exec setpriv --reuid=rabbitmq --regid=rabbitmq --init-groups "$@"
fi
exec "$@"
