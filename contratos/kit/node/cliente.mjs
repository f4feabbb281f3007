// Una institución por AMQP desde Node: acepta y atiende cada encargo, y no pierde ni repite nada aunque el bus lo haga.
//
// Solo necesita `amqplib`. Lo que no puede perder va a un diario de líneas JSON que se escribe antes de confirmar nada
// al bus; al arrancar se relee y se repite, con los mismos bytes, lo que quedó sin acuse.
//
//     SENDA_AMQP=amqp://… SENDA_INSTITUCION=GT-PRUEBA SENDA_CLAVE=prueba.pem SENDA_CLAVES=claves.json node cliente.mjs
import { createHash, createPrivateKey, createPublicKey, randomUUID, sign, verify } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';
import amqp from 'amqplib';

const { SENDA_AMQP, SENDA_INSTITUCION: YO, SENDA_CLAVE, SENDA_CLAVES, SENDA_USUARIO } = process.env;
const { SENDA_ESTADO: DIARIO = 'estado.jsonl', SENDA_PREFIJO: PREFIJO = '' } = process.env;
const ORIGENES = JSON.parse(readFileSync(SENDA_CLAVES)).origenes;
const SIN_ACUSE = 1000 * (process.env.SENDA_SIN_ACUSE ?? 10); // tras cuánto se repite una solicitud
const CADA = 1000 * (process.env.SENDA_CADA ?? 2); // y cada cuánto se mira qué falta
// Lo que se hace con cada encargo, en orden: el siguiente se pide al llegar el acuse del anterior.
const PASOS = [
  ['coordinacion', 'recibir-derivacion'],
  ['coordinacion', 'aceptar-derivacion'],
  ['atencion', 'brindar-atencion-inmediata'],
  ['coordinacion', 'atender-derivacion'],
];

const vistos = new Set(); // números de aviso
const pedidas = new Map(); // huella -> { id, huella, servicio, cuerpo, encargo, paso }, sin acuse todavía
const enviadas = new Map(); // huella -> cuándo
let diario;

const b64 = (octetos) => Buffer.from(octetos).toString('base64url');

function firmar(cuerpo, servicio, id) {
  // La clave se lee cada vez: si la institución la cambia, lo siguiente ya sale con la nueva.
  const exp = Math.floor(Date.now() / 1000) + 86_400;
  const cabecera = b64(JSON.stringify({ alg: 'EdDSA', kid: YO, servicio, id, exp }));
  const firmado = Buffer.from(`${cabecera}.${b64(cuerpo)}`);
  return `${cabecera}..${b64(sign(null, firmado, createPrivateKey(readFileSync(SENDA_CLAVE))))}`;
}

function esSuya(cuerpo, firma = '') {
  try {
    const [cabecera, , sello] = firma.split('.');
    const datos = JSON.parse(Buffer.from(cabecera, 'base64url'));
    const clave = createPublicKey({ format: 'jwk', key: { kty: 'OKP', crv: 'Ed25519', x: ORIGENES[datos.kid] } });
    const firmado = Buffer.from(`${cabecera}.${b64(cuerpo)}`);
    return verify(null, firmado, clave, Buffer.from(sello, 'base64url')) && datos.servicio === YO;
  } catch {
    return false;
  }
}

// El diario: cada línea es un hecho de este programa. `aplicar` los rehace al arrancar y los aplica al anotarlos.
function aplicar({ aviso, pedida, acusada }) {
  if (aviso) vistos.add(aviso);
  if (pedida) pedidas.set(pedida.huella, pedida);
  if (acusada) pedidas.delete(acusada);
}

function anotar(...lineas) {
  writeSync(diario, lineas.map((linea) => `${JSON.stringify(linea)}\n`).join(''));
  fsyncSync(diario);
  lineas.forEach(aplicar);
}

function pedida(servicio, nombre, datos, encargo = null, paso = null) {
  const id = randomUUID();
  const ocurrido = new Date().toISOString();
  const tipo = `senda.${servicio}.${nombre}.v1`;
  const cuerpo = JSON.stringify({ id, tipo, institucion: YO, agente: 'ag-7c1e90aa', ocurrido, datos });
  return { id, huella: createHash('sha256').update(cuerpo).digest('hex'), servicio, cuerpo, encargo, paso };
}

function darPaso(paso, encargo, hechos = []) {
  const [servicio, nombre] = PASOS[paso];
  const datos = {
    'brindar-atencion-inmediata': { ruta: encargo.ruta, prestaciones: ['alimentacion'] },
    'atender-derivacion': { ...encargo, resultado: 'completa', evidencias: hechos },
  }[nombre];
  return { pedida: pedida(servicio, nombre, datos ?? encargo, encargo, paso) };
}

function alBuzon(aviso) {
  if (vistos.has(aviso.numero)) return;
  // De los demás tipos, también de los que aún no existen, aquí no hay nada que hacer.
  const encargo = { ruta: aviso.ruta, derivacion: aviso.derivacion };
  const emitida = aviso.tipo === 'senda.coordinacion.derivacion-emitida.v1';
  anotar({ aviso: aviso.numero }, ...(emitida ? [darPaso(0, encargo)] : []));
}

function alAcuse(acuse) {
  const suya = pedidas.get(acuse.huella);
  if (!suya) return; // repetido
  if (!acuse.id) {
    enviadas.delete(acuse.huella); // no se creyó la firma: se vuelve a firmar lo mismo con la clave de ahora
    return;
  }
  if (acuse.codigo) console.log('rechazada', acuse.codigo, acuse.campo);
  const sigue = !acuse.codigo && suya.paso !== null && suya.paso + 1 < PASOS.length;
  const hechos = acuse.eventos?.map((hecho) => hecho.id);
  anotar({ acusada: acuse.huella }, ...(sigue ? [darPaso(suya.paso + 1, suya.encargo, hechos)] : []));
}

function primeroQueFalta() {
  let numero = 1;
  while (vistos.has(numero)) numero += 1;
  return numero;
}

function repetirDesde(desde, hasta = null) {
  if ([...pedidas.values()].some((p) => p.paso === null)) return; // ya hay una en curso
  anotar({ pedida: pedida('coordinacion', 'repetir-buzon', { desde, hasta }) });
}

async function revisar(canal) {
  for (const { id, huella, servicio, cuerpo } of pedidas.values()) {
    if (Date.now() - (enviadas.get(huella) ?? 0) < SIN_ACUSE) continue;
    const headers = { firma: firmar(cuerpo, servicio, id) };
    const opciones = { persistent: true, mandatory: true, messageId: id, type: 'solicitud', userId: SENDA_USUARIO, headers };
    canal.publish(`${PREFIJO}senda.solicitudes`, servicio, Buffer.from(cuerpo), opciones);
    enviadas.set(huella, Date.now());
  }
  await canal.waitForConfirms();
  const falta = primeroQueFalta();
  const ultimo = Math.max(0, ...vistos);
  if (falta < ultimo) repetirDesde(falta, ultimo);
}

async function andar() {
  const { SENDA_CA, SENDA_CERTIFICADO, SENDA_CERTIFICADO_CLAVE } = process.env;
  const tls = SENDA_CA && {
    ca: [readFileSync(SENDA_CA)],
    cert: readFileSync(SENDA_CERTIFICADO),
    key: readFileSync(SENDA_CERTIFICADO_CLAVE),
    credentials: amqp.credentials.external(),
  };
  const conexion = await amqp.connect(SENDA_AMQP, tls || {});
  const caida = new Promise((_, fallar) => ['error', 'close'].forEach((que) => conexion.on(que, fallar)));
  caida.catch(() => {}); // si se cae antes de llegar al bucle de abajo, ya lo dice lo que se estaba haciendo
  const canal = await conexion.createConfirmChannel();
  canal.on('error', () => conexion.close().catch(() => {}));
  repetirDesde(primeroQueFalta()); // lo que llegó mientras no estaba, aunque el bus lo perdiera
  await Promise.race([caida, revisar(canal)]); // antes de leer: las colas nacen la primera vez que Senda contesta
  for (const [cola, atender] of [[`${PREFIJO}senda.acuses.${YO}`, alAcuse], [`${PREFIJO}senda.buzon.${YO}`, alBuzon]]) {
    await canal.consume(cola, (mensaje) => {
      if (mensaje === null) return conexion.close();
      if (esSuya(mensaje.content, mensaje.properties.headers?.firma)) atender(JSON.parse(mensaje.content));
      return canal.ack(mensaje); // solo después de guardarlo
    });
  }
  for (;;) await Promise.race([caida, revisar(canal).then(() => new Promise((sigue) => setTimeout(sigue, CADA / 10)))]);
}

if (existsSync(DIARIO)) {
  const texto = readFileSync(DIARIO, 'utf8');
  const entero = texto.slice(0, texto.lastIndexOf('\n') + 1);
  // Una última línea a medias es de quien murió escribiéndola: no llegó a confirmar nada al bus.
  truncateSync(DIARIO, Buffer.byteLength(entero));
  entero.split('\n').filter(Boolean).forEach((linea) => aplicar(JSON.parse(linea)));
}
diario = openSync(DIARIO, 'a');
process.on('exit', () => closeSync(diario));
for (;;) {
  await andar().catch((error) => console.log('sin bus', error?.code ?? error?.name));
  await new Promise((sigue) => setTimeout(sigue, CADA));
}
