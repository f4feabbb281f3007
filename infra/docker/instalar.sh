#!/bin/sh
# La tarea de una vez de los compose: deja la base, las claves, los certificados, los permisos del bus y la carpeta de
# cada contenedor. Repetirla no cambia lo que ya está; con una imagen nueva, lleva las bases a su esquema, para lo que los
# servicios han de estar parados si hay algo que llevar (SENDA_MIGRAR_EN_MARCHA=1 cuando las notas dicen que no hace falta).
#
#   SENDA_BASE   URL de PostgreSQL de quien puede crear esquemas, sin contraseña (la lee de /secretos/instalar)
#   SENDA_BUS    dirección de RabbitMQ, sin usuario        SENDA_API   anfitriones de su API de gestión, con «;»
set -eu
umask 077
carpeta=${SENDA_CARPETA:-/srv/senda}
PGPASSWORD=$(cat /secretos/instalar/postgres)
export PGPASSWORD

mkdir -p "$carpeta/tls"
# La autoridad firma aquí los certificados de los servicios; del de los servidores basta que conste que ya está.
for cual in autoridad/ca.pem autoridad/ca.key; do
  cp "/secretos/$cual" "$carpeta/tls/"
done
cp "/secretos/autoridad/ca.pem" "$carpeta/tls/servidor.pem"

if [ -e "$carpeta/despliegue.json" ]; then
  senda operar migrar --base "$SENDA_BASE" ${SENDA_MIGRAR_EN_MARCHA:+--con-servicios-en-marcha}
else
  senda instalar --carpeta "$carpeta" --amqp "$SENDA_BUS" --base "$SENDA_BASE" --pais "${SENDA_PAIS:-gt}"
fi
senda bus certificados
SENDA_RABBITMQ_API=$(/opt/senda/bin/api_de_gestion.sh) senda bus aplicar
senda desplegar repartir --destino /reparto --maestra /srv/maestra/maestra
