"""Una institución por HTTP: recibe encargos, los acepta, presta la atención y los da por atendidos con su prueba."""

import base64
import json
import os
import time
import urllib.error
import urllib.request
import uuid
from datetime import datetime, timezone

from cryptography.hazmat.primitives.serialization import load_pem_private_key

URL, YO, ARCHIVO = (os.environ[f"SENDA_{que}"] for que in ("URL", "INSTITUCION", "CLAVE"))
with open(ARCHIVO, "rb") as pem:
    CLAVE = load_pem_private_key(pem.read(), None)


def b64(octetos):
    return base64.urlsafe_b64encode(octetos).rstrip(b"=").decode()


def firmar(octetos, servicio, identificador):
    datos = {"alg": "EdDSA", "kid": YO, "servicio": servicio, "id": identificador, "exp": int(time.time()) + 600}
    cabecera = b64(json.dumps(datos).encode())
    return f"{cabecera}..{b64(CLAVE.sign(f'{cabecera}.{b64(octetos)}'.encode()))}"


def llamar(metodo, destino, firma, cuerpo=None):
    llamada = urllib.request.Request(URL + destino, cuerpo, {"Firma": firma}, method=metodo)
    try:
        with urllib.request.urlopen(llamada) as respuesta:
            return json.load(respuesta)
    except urllib.error.HTTPError as negativa:  # un rechazo también trae su acuse
        return json.load(negativa)


def pedir(servicio, nombre, **datos):
    pedido = {"id": str(uuid.uuid4()), "tipo": f"senda.{servicio}.{nombre}.v1", "institucion": YO,
              "agente": "ag-7c1e90aa", "ocurrido": datetime.now(timezone.utc).isoformat(), "datos": datos}
    cuerpo = json.dumps(pedido).encode()
    acuse = llamar("POST", "/v1/solicitudes?espera=30", firmar(cuerpo, servicio, pedido["id"]), cuerpo)
    print(nombre, acuse.get("resultado"), acuse.get("codigo", ""), flush=True)
    return [hecho["id"] for hecho in acuse.get("eventos", ())]


desde = 1
while True:
    destino = f"/v1/buzon?desde={desde}&espera=30"
    tramo = llamar("GET", destino, firmar(f"GET {destino}".encode(), "portal", "lectura"))
    for mensaje in tramo["mensajes"]:
        aviso = json.loads(mensaje["cuerpo"])
        if aviso["tipo"] == "senda.coordinacion.derivacion-emitida.v1":
            encargo = {"ruta": aviso["ruta"], "derivacion": aviso["derivacion"]}
            pedir("coordinacion", "recibir-derivacion", **encargo)
            pedir("coordinacion", "aceptar-derivacion", **encargo)
            prueba = pedir("atencion", "brindar-atencion-inmediata", ruta=aviso["ruta"], prestaciones=["alimentacion"])
            pedir("coordinacion", "atender-derivacion", **encargo, resultado="completa", evidencias=prueba)
    desde = tramo["siguiente"]
