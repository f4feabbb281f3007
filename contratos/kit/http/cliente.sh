#!/usr/bin/env bash
# Una institución por HTTP sin más que curl, openssl y jq: acepta y atiende cada encargo, y no pierde ni repite nada.
#
#     SENDA_URL=… SENDA_INSTITUCION=GT-PRUEBA SENDA_CLAVE=prueba.pem SENDA_CLAVES=claves.json SENDA_ESTADO=estado cliente.sh
#
# Cada solicitud se guarda antes de enviarla, y su acuse al llegar: al volver de una caída se repite, con los mismos
# bytes, lo que quedó sin acuse. Los avisos se atienden por su número, de uno en uno.
set -Eeuo pipefail
: "${SENDA_URL:?}" "${SENDA_INSTITUCION:?}" "${SENDA_CLAVE:?}" "${SENDA_CLAVES:?}"
estado=${SENDA_ESTADO:-estado}
sin_acuse=${SENDA_SIN_ACUSE:-3} cada=${SENDA_CADA:-1} # segundos: lo que se espera un acuse, y entre intentos
mkdir -p "$estado"
suelto=$(mktemp -d)
trap 'rm -rf "$suelto"' EXIT

b64() { base64 -w0 | tr '+/' '-_' | tr -d '='; }
de_b64() { tr -- '-_' '+/' | awk '{ while (length($0) % 4) $0 = $0 "="; print }' | base64 -d; }

# firmar ARCHIVO SERVICIO ID: el JWS separado (EdDSA) de sus bytes exactos, con la clave que haya ahora.
firmar() {
  local cabecera
  cabecera=$(jq -cjn --arg kid "$SENDA_INSTITUCION" --arg servicio "$2" --arg id "$3" \
    '{alg: "EdDSA", $kid, $servicio, $id, exp: (now + 600 | floor)}' | b64)
  printf '%s.%s' "$cabecera" "$(b64 <"$1")" >"$suelto/firmado"
  printf '%s..%s' "$cabecera" "$(openssl pkeyutl -sign -rawin -inkey "$SENDA_CLAVE" -in "$suelto/firmado" | b64)"
}

# es_suya ARCHIVO FIRMA: si lo firmó un servicio de Senda y es para esta institución.
es_suya() {
  local cabecera=${2%%..*} clave
  printf '%s' "$cabecera" | de_b64 >"$suelto/cabecera" 2>/dev/null || return 1
  [[ $(jq -r .servicio "$suelto/cabecera" 2>/dev/null) == "$SENDA_INSTITUCION" ]] || return 1
  clave=$(jq -r --slurpfile c "$suelto/cabecera" '.origenes[$c[0].kid] // empty' "$SENDA_CLAVES")
  # La clave cruda, con delante lo que la hace una clave pública Ed25519 en DER (RFC 8410).
  { printf '\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00'; printf '%s' "$clave" | de_b64; } >"$suelto/der"
  printf '%s.%s' "$cabecera" "$(b64 <"$1")" >"$suelto/firmado"
  printf '%s' "${2##*..}" | de_b64 >"$suelto/sello"
  openssl pkeyutl -verify -rawin -pubin -keyform DER -inkey "$suelto/der" -in "$suelto/firmado" \
    -sigfile "$suelto/sello" >/dev/null 2>&1
}

# leer DESTINO: una lectura se firma sobre «GET DESTINO», para el portal.
leer() {
  printf 'GET %s' "$1" >"$suelto/orden"
  curl -sS --fail -H "Firma: $(firmar "$suelto/orden" portal lectura)" "$SENDA_URL$1"
}

# pedir NOMBRE-DE-ARCHIVO SERVICIO PETICION DATOS: insiste hasta tener el acuse, que queda en NOMBRE.acuse.
pedir() {
  local solicitud=$estado/$1.solicitud acuse=$estado/$1.acuse
  [[ -s $acuse ]] && return
  if [[ ! -s $solicitud ]]; then
    jq -cn --arg id "$(cat /proc/sys/kernel/random/uuid)" --arg tipo "senda.$2.$3.v1" --arg yo "$SENDA_INSTITUCION" \
      --argjson datos "$4" '{$id, $tipo, institucion: $yo, agente: "ag-7c1e90aa", ocurrido: (now | todate), $datos}' \
      >"$solicitud.nueva"
    mv "$solicitud.nueva" "$solicitud"
  fi
  until curl -sS -H "Firma: $(firmar "$solicitud" "$2" "$(jq -r .id "$solicitud")")" --data-binary @"$solicitud" \
    "$SENDA_URL/v1/solicitudes?espera=$sin_acuse" >"$suelto/acuse" && jq -e .resultado "$suelto/acuse" >/dev/null; do
    jq -c . "$suelto/acuse" || true # aún no llegó, o no se creyó la firma: se repite lo mismo
    sleep "$cada"
  done
  mv "$suelto/acuse" "$acuse"
  jq -r --arg nombre "$3" '[$nombre, .resultado, .codigo // ""] | join(" ")' "$acuse"
}

atender() { # NUMERO ENCARGO
  pedir "$1-1" coordinacion recibir-derivacion "$2"
  pedir "$1-2" coordinacion aceptar-derivacion "$2"
  pedir "$1-3" atencion brindar-atencion-inmediata "$(jq -c '{ruta, prestaciones: ["alimentacion"]}' <<<"$2")"
  pedir "$1-4" coordinacion atender-derivacion "$(jq -c --slurpfile acuse "$estado/$1-3.acuse" \
    '. + {resultado: "completa", evidencias: [$acuse[0].eventos[].id]}' <<<"$2")"
}

# pedir_tramo DESDE: que coordinación mande otra vez lo que falte desde ese número. Si nada falta, nada llega.
pedir_tramo() {
  rm -f "$estado/tramo.acuse" "$estado/tramo.solicitud"
  pedir tramo coordinacion repetir-buzon "{\"desde\": $1}"
}

siguiente=$(cat "$estado/siguiente" 2>/dev/null || echo 1)
pedir_tramo "$siguiente" # lo que llegó mientras no estaba, aunque el bus lo perdiera
while :; do
  leer "/v1/buzon?desde=$siguiente&espera=20&maximo=1" >"$suelto/tramo" || { sleep "$cada"; continue; }
  jq -j '.mensajes[0].cuerpo // empty' "$suelto/tramo" >"$suelto/aviso"
  [[ -s $suelto/aviso ]] || continue
  numero=$(jq .mensajes[0].numero "$suelto/tramo")
  if ((numero > siguiente)) || ! es_suya "$suelto/aviso" "$(jq -r .mensajes[0].firma "$suelto/tramo")"; then
    pedir_tramo "$siguiente" # falta uno en medio, o en su lugar hay algo que no firmó Senda
    sleep "$cada"
    continue
  fi
  # De los demás tipos, también de los que aún no existen, aquí no hay nada que hacer.
  if [[ $(jq -r .tipo "$suelto/aviso") == senda.coordinacion.derivacion-emitida.v1 ]]; then
    atender "$numero" "$(jq -c '{ruta, derivacion}' "$suelto/aviso")"
  fi
  siguiente=$((numero + 1))
  echo "$siguiente" >"$estado/siguiente.nuevo" && mv "$estado/siguiente.nuevo" "$estado/siguiente"
done
