#!/usr/bin/env bash
# Una institución por HTTP sin más que curl, openssl y jq: acepta cada encargo y lo da por atendido con su prueba.
#
#     cliente.sh http://127.0.0.1:8080 GT-PRUEBA prueba.pem
set -Eeuo pipefail
url=$1 yo=$2 clave=$3
carpeta=$(mktemp -d)
trap 'rm -rf "$carpeta"' EXIT

b64() { base64 -w0 | tr '+/' '-_' | tr -d '='; }

# firmar ARCHIVO SERVICIO ID: el JWS separado (EdDSA) de sus bytes exactos.
firmar() {
  local cabecera
  cabecera=$(jq -cn --arg kid "$yo" --arg servicio "$2" --arg id "$3" \
    '{alg: "EdDSA", $kid, $servicio, $id, exp: (now + 600 | floor)}' | tr -d '\n' | b64)
  printf '%s.%s' "$cabecera" "$(b64 <"$1")" >"$carpeta/firmado"
  printf '%s..%s' "$cabecera" "$(openssl pkeyutl -sign -rawin -inkey "$clave" -in "$carpeta/firmado" | b64)"
}

# leer DESTINO: una lectura se firma sobre «GET DESTINO», para el portal.
leer() {
  printf 'GET %s' "$1" >"$carpeta/orden"
  curl -sS -H "Firma: $(firmar "$carpeta/orden" portal lectura)" "$url$1"
}

# pedir SERVICIO NOMBRE DATOS: deja el acuse en $carpeta/acuse.
pedir() {
  local id
  id=$(cat /proc/sys/kernel/random/uuid 2>/dev/null || uuidgen | tr '[:upper:]' '[:lower:]')
  jq -cn --arg id "$id" --arg tipo "senda.$1.$2.v1" --arg yo "$yo" --argjson datos "$3" \
    '{$id, $tipo, institucion: $yo, agente: "ag-7c1e90aa", ocurrido: (now | todate), $datos}' >"$carpeta/cuerpo"
  curl -sS -H "Firma: $(firmar "$carpeta/cuerpo" "$1" "$id")" --data-binary @"$carpeta/cuerpo" \
    "$url/v1/solicitudes?espera=30" >"$carpeta/acuse"
  jq -r --arg nombre "$2" '[$nombre, .resultado, .codigo // ""] | join(" ")' "$carpeta/acuse"
}

desde=1
while :; do
  leer "/v1/buzon?desde=$desde&espera=30" >"$carpeta/tramo"
  while read -r encargo; do
    pedir coordinacion recibir-derivacion "$encargo"
    pedir coordinacion aceptar-derivacion "$encargo"
    pedir atencion brindar-atencion-inmediata "$(jq -c '{ruta, prestaciones: ["alimentacion"]}' <<<"$encargo")"
    prueba=$(jq -c '[.eventos[].id]' "$carpeta/acuse")
    pedir coordinacion atender-derivacion "$(jq -c --argjson e "$prueba" '. + {resultado: "completa", evidencias: $e}' <<<"$encargo")"
  done < <(jq -c '.mensajes[].cuerpo | fromjson | select(.tipo == "senda.coordinacion.derivacion-emitida.v1")
    | {ruta, derivacion}' "$carpeta/tramo")
  desde=$(jq .siguiente "$carpeta/tramo")
done
