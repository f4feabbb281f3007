#!/bin/sh
# El contenedor que administra: mantiene el bus como dice el directorio. Es también donde se corren las órdenes de operar.
set -eu
SENDA_RABBITMQ_API=$(/opt/senda/bin/api_de_gestion.sh)
export SENDA_RABBITMQ_API
exec senda bus aplicar --cada "${SENDA_APLICAR_CADA:-30}"
