"""Una institución por AMQP, entera: acepta y atiende cada encargo, y no pierde ni repite nada aunque el bus lo haga.

Solo necesita `pika` y `cryptography`. Lo que no puede perder está en un archivo SQLite: qué avisos vio, qué pidió y con
qué bytes. Por eso se puede matar en cualquier instante: al volver repite lo que quedó sin acuse, con el mismo id.

    SENDA_AMQP=amqp://… SENDA_INSTITUCION=GT-PRUEBA SENDA_CLAVE=prueba.pem SENDA_CLAVES=claves.json python cliente.py
"""

import base64
import hashlib
import json
import os
import sqlite3
import ssl
import time
import uuid
from datetime import datetime, timezone

import pika
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

YO, ENTORNO = os.environ["SENDA_INSTITUCION"], os.environ
PREFIJO = ENTORNO.get("SENDA_PREFIJO", "")
# Segundos: cuándo se repite una solicitud sin acuse, y cada cuánto se mira qué falta.
SIN_ACUSE, CADA = float(ENTORNO.get("SENDA_SIN_ACUSE", "10")), float(ENTORNO.get("SENDA_CADA", "2"))
#: Lo que se hace con cada encargo, en orden: el siguiente se pide al llegar el acuse del anterior.
PASOS = [
    ("coordinacion", "recibir-derivacion"),
    ("coordinacion", "aceptar-derivacion"),
    ("atencion", "brindar-atencion-inmediata"),
    ("coordinacion", "atender-derivacion"),
]


def b64(octetos):
    return base64.urlsafe_b64encode(octetos).rstrip(b"=").decode()


def de_b64(texto):
    return base64.urlsafe_b64decode(texto + "=" * (-len(texto) % 4))


def firmar(cuerpo, servicio, identificador):
    """JWS separado. La clave se lee cada vez: si la institución la cambia, lo siguiente ya sale con la nueva."""
    with open(ENTORNO["SENDA_CLAVE"], "rb") as pem:
        clave = load_pem_private_key(pem.read(), None)
    datos = {"alg": "EdDSA", "kid": YO, "servicio": servicio, "id": identificador, "exp": int(time.time()) + 86_400}
    cabecera = b64(json.dumps(datos).encode())
    return f"{cabecera}..{b64(clave.sign(f'{cabecera}.{b64(cuerpo)}'.encode()))}"


def es_suya(cuerpo, firma):
    """Si lo firmó un servicio de Senda y es para esta institución."""
    try:
        cabecera, _, sello = firma.split(".")
        datos = json.loads(de_b64(cabecera))
        clave = Ed25519PublicKey.from_public_bytes(de_b64(ORIGENES[datos["kid"]]))
        clave.verify(de_b64(sello), f"{cabecera}.{b64(cuerpo)}".encode())
    except (InvalidSignature, AttributeError, KeyError, TypeError, ValueError):
        return False
    return datos["servicio"] == YO


class Cliente:
    def __init__(self, canal):
        self.canal = canal
        self.base = sqlite3.connect(ENTORNO.get("SENDA_ESTADO", "estado.db"), isolation_level=None)
        self.base.executescript(
            "CREATE TABLE IF NOT EXISTS avisos (numero INTEGER PRIMARY KEY);"
            "CREATE TABLE IF NOT EXISTS pedidas (id TEXT PRIMARY KEY, huella TEXT, servicio TEXT, cuerpo BLOB,"
            " encargo TEXT, paso INTEGER, enviada REAL DEFAULT 0, codigo TEXT)"
        )
        self.repetir_desde(self.primero_que_falta())  # lo que llegó mientras no estaba, aunque el bus lo perdiera

    def pedir(self, servicio, nombre, datos, encargo=None, paso=None):
        """Guarda la solicitud; sale en `revisar`. Sus bytes no cambian nunca."""
        ahora = datetime.now(timezone.utc).isoformat()
        pedida = {"id": str(uuid.uuid4()), "tipo": f"senda.{servicio}.{nombre}.v1", "institucion": YO,
                  "agente": "ag-7c1e90aa", "ocurrido": ahora, "datos": datos}  # fmt: skip
        cuerpo = json.dumps(pedida).encode()
        fila = (pedida["id"], hashlib.sha256(cuerpo).hexdigest(), servicio, cuerpo, json.dumps(encargo), paso)
        orden = "INSERT INTO pedidas (id, huella, servicio, cuerpo, encargo, paso) VALUES (?, ?, ?, ?, ?, ?)"
        self.base.execute(orden, fila)

    def repetir_desde(self, numero, hasta=None):
        en_curso = "SELECT 1 FROM pedidas WHERE codigo IS NULL AND paso IS NULL"
        if not self.base.execute(en_curso).fetchone():
            self.pedir("coordinacion", "repetir-buzon", {"desde": numero, "hasta": hasta})

    def primero_que_falta(self):
        falta = "SELECT min(numero) + 1 FROM (SELECT 0 AS numero UNION SELECT numero FROM avisos) AS a"
        sin_siguiente = " WHERE NOT EXISTS (SELECT 1 FROM avisos WHERE numero = a.numero + 1)"
        return self.base.execute(falta + sin_siguiente).fetchone()[0]

    def al_buzon(self, cuerpo):
        aviso = json.loads(cuerpo)
        if not self.base.execute("INSERT OR IGNORE INTO avisos VALUES (?)", (aviso["numero"],)).rowcount:
            return  # repetido
        if aviso["tipo"] == "senda.coordinacion.derivacion-emitida.v1":
            self.dar_paso(0, {"ruta": aviso["ruta"], "derivacion": aviso["derivacion"]})
        # De los demás tipos, también de los que aún no existen, aquí no hay nada que hacer.

    def al_acuse(self, cuerpo):
        acuse = json.loads(cuerpo)
        buscar = "SELECT id, encargo, paso FROM pedidas WHERE huella = ? AND codigo IS NULL"
        pedida = self.base.execute(buscar, (acuse["huella"],)).fetchone()
        if pedida is None:
            return  # repetido
        identificador, encargo, paso = pedida
        if not acuse.get("id"):  # no se creyó la firma: se vuelve a firmar lo mismo con la clave de ahora
            self.base.execute("UPDATE pedidas SET enviada = 0 WHERE id = ?", (identificador,))
            return
        codigo = acuse.get("codigo", "")
        self.base.execute("UPDATE pedidas SET codigo = ? WHERE id = ?", (codigo, identificador))
        if codigo:
            print("rechazada", codigo, acuse.get("campo"), flush=True)
        elif paso is not None and paso + 1 < len(PASOS):
            self.dar_paso(paso + 1, json.loads(encargo), [hecho["id"] for hecho in acuse["eventos"]])

    def dar_paso(self, paso, encargo, hechos=()):
        servicio, nombre = PASOS[paso]
        datos = dict(encargo)
        if nombre == "brindar-atencion-inmediata":
            datos = {"ruta": encargo["ruta"], "prestaciones": ["alimentacion"]}
        if nombre == "atender-derivacion":
            datos |= {"resultado": "completa", "evidencias": list(hechos)}
        self.pedir(servicio, nombre, datos, encargo, paso)

    def revisar(self):
        """Envía lo nuevo y lo que lleva demasiado sin acuse, con los mismos bytes; y pide lo que falte del buzón."""
        pendientes = "SELECT id, servicio, cuerpo FROM pedidas WHERE codigo IS NULL AND enviada < ? ORDER BY rowid"
        for identificador, servicio, cuerpo in self.base.execute(pendientes, (time.time() - SIN_ACUSE,)).fetchall():
            propiedades = pika.BasicProperties(
                delivery_mode=2, message_id=identificador, type="solicitud", user_id=ENTORNO.get("SENDA_USUARIO"),
                headers={"firma": firmar(cuerpo, servicio, identificador)},
            )  # fmt: skip
            self.canal.basic_publish(f"{PREFIJO}senda.solicitudes", servicio, cuerpo, propiedades, mandatory=True)
            self.base.execute("UPDATE pedidas SET enviada = ? WHERE id = ?", (time.time(), identificador))
        falta, ultimo = self.primero_que_falta(), self.base.execute("SELECT max(numero) FROM avisos").fetchone()[0]
        if ultimo and falta < ultimo:
            self.repetir_desde(falta, ultimo)

    def andar(self):
        colas = {f"{PREFIJO}senda.acuses.{YO}": self.al_acuse, f"{PREFIJO}senda.buzon.{YO}": self.al_buzon}
        self.revisar()  # antes de leer: las colas nacen la primera vez que Senda contesta
        proxima = 0.0
        while True:
            vacias = 0
            for cola, atender in colas.items():
                metodo, propiedades, cuerpo = self.canal.basic_get(cola)
                if metodo is None:
                    vacias += 1
                    continue
                if es_suya(cuerpo, (propiedades.headers or {}).get("firma", "")):
                    self.base.execute("BEGIN")
                    atender(cuerpo)
                    self.base.execute("COMMIT")
                self.canal.basic_ack(metodo.delivery_tag)  # solo después de guardarlo
            if vacias == len(colas) or time.time() > proxima:
                self.revisar()
                proxima = time.time() + CADA
            if vacias == len(colas):
                self.canal.connection.sleep(0.1)


def conectar():
    parametros = pika.URLParameters(ENTORNO["SENDA_AMQP"])
    if "SENDA_CA" in ENTORNO:
        contexto = ssl.create_default_context(cafile=ENTORNO["SENDA_CA"])
        contexto.load_cert_chain(ENTORNO["SENDA_CERTIFICADO"], ENTORNO["SENDA_CERTIFICADO_CLAVE"])
        parametros.ssl_options = pika.SSLOptions(contexto, parametros.host)
        parametros.credentials = pika.credentials.ExternalCredentials()
    canal = pika.BlockingConnection(parametros).channel()
    canal.confirm_delivery()
    return canal


if __name__ == "__main__":
    with open(ENTORNO["SENDA_CLAVES"], "rb") as claves:
        ORIGENES = json.load(claves)["origenes"]
    while True:
        try:
            Cliente(conectar()).andar()
        except (pika.exceptions.AMQPError, OSError) as error:  # por TLS, pika deja pasar alguno de la conexión
            print("sin bus", type(error).__name__, flush=True)
            time.sleep(2)
