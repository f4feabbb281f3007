#!/bin/sh
# La bóveda nace en su contenedor y sus claves no salen de él: ni quien instala lo demás las ve.
set -eu
umask 077
if [ ! -e "$SENDA_CARPETA/boveda/boveda.json" ]; then
  rm -rf "$SENDA_CARPETA/boveda" # a medias: sin boveda.json no hay nada cerrado con ella
  senda boveda instalar --base \
    "postgresql://boveda:$(cat /secretos/boveda/clave)@$SENDA_BASE_BOVEDA&sslrootcert=$SENDA_CARPETA/tls/ca.pem"
fi
exec senda boveda servir --direccion 0.0.0.0 --puerto 8010
