#!/bin/sh
# La dirección de la API de gestión, con su contraseña: por aquí y no en el compose, donde la vería quien lo lea.
clave=$(cat /secretos/instalar/rabbitmq)
resto="?ca=${SENDA_CARPETA:-/srv/senda}/tls/ca.pem"
lista=""
for anfitrion in $(echo "$SENDA_API" | tr ';' ' '); do
  lista="$lista;https://senda-administrador:$clave@$anfitrion:15671$resto"
done
echo "${lista#;}"
