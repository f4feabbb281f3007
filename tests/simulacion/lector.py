"""El lector: dice qué falta y qué sobra, sin fiarse de nadie.

No importa nada del sistema. Lee los archivos SQLite tal cual y sabe solo lo que las instituciones mandaron y los
acuses que recibieron; qué debía causar cada petición está escrito aquí, a mano.
"""

from __future__ import annotations

import json
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from tests.simulacion.lector_cadena import faltas_de_la_cadena
from tests.simulacion.lector_efectos import EFECTOS, RENOMBRADOS, SIN_EFECTOS, UNO_DE_ELLOS
from tests.simulacion.lector_fechas import faltas_de_las_fechas
from tests.simulacion.lector_leido import Enviada, Hecho
from tests.simulacion.lector_orden import faltas_de_una_vez, faltas_del_orden
from tests.simulacion.lector_rutas import faltas_de_las_rutas

SERVICIOS = ("deteccion", "atencion", "justicia", "repatriacion", "coordinacion", "auditoria")
#: De quién debe saberlo todo cada servicio.
SIGUE = {
    "deteccion": {"coordinacion"},
    "atencion": {"deteccion", "coordinacion"},
    "justicia": {"deteccion", "atencion", "coordinacion"},
    "repatriacion": {"deteccion", "coordinacion"},
    "coordinacion": {"deteccion", "atencion", "justicia", "repatriacion"},
    "auditoria": set(SERVICIOS),
}
#: Guarda lo ajeno sin que le cause nada, y no anota cuándo lo aplicó.
NO_INTERPRETA = frozenset({"auditoria"})
#: Trabajo que al terminar no debe quedar a medias.
_VACIAS = ("bandeja", "salida", "apartados", "fallos")


@dataclass
class Lectura:
    """Lo leído de un sistema parado.

    ``filas``: las de una consulta a la base de un servicio, como diccionarios y sin nada en medio. ``ahora``: su reloj
    (UTC).
    """

    filas: Callable[[str, str], list[dict[str, Any]]]
    enviados: list[tuple[str, str, bytes]]
    acuses: list[tuple[str, bytes]]
    avisos: list[tuple[str, bytes]]
    protocolo: Path
    ahora: datetime
    secretos: tuple[str, ...]
    #: Si en esta historia algo pudo apartarse.
    apartan: bool = True

    def __post_init__(self) -> None:
        self.hechos: dict[str, list[Hecho]] = {s: list(self._hechos(s)) for s in SERVICIOS}
        self.solicitudes = self._solicitudes()

    def faltas(self) -> list[str]:
        """Todo lo que está mal, en frases. Vacía si el sistema hizo lo que debía."""
        return [
            *self._a_medias(),
            *faltas_de_la_cadena({s: self.filas(s, "SELECT * FROM eventos ORDER BY posicion") for s in SERVICIOS},
                                 self.filas("auditoria", "SELECT * FROM libro ORDER BY indice"),
                                 self.filas("auditoria", "SELECT * FROM puntos ORDER BY tamano")),
            *self._avances(),
            *self._acuses(),
            *self._efectos(),
            *self._secretos(),
            *self._orden(),
            *self._buzones(),
            *faltas_de_las_rutas(self.hechos, self.protocolo, self.ahora),
            *faltas_de_las_fechas(self.hechos, self._desfase(), self.ahora),
        ]  # fmt: skip

    def _desfase(self) -> int:
        texto = (self.protocolo / "protocolo.toml").read_text(encoding="utf-8")
        return int(tomllib.loads(texto)["calendario"]["desfase_utc_horas"])

    def _hechos(self, servicio: str) -> Iterator[Hecho]:
        for fila in self.filas(servicio, "SELECT posicion, cuerpo FROM eventos ORDER BY posicion"):
            yield Hecho(servicio, fila["posicion"], json.loads(fila["cuerpo"]), len(fila["cuerpo"]))

    def _solicitudes(self) -> dict[tuple[str, str], Enviada]:
        solicitudes: dict[tuple[str, str], Enviada] = {}
        for usuario, servicio, cuerpo in self.enviados:
            clave = (servicio, sha256(cuerpo).hexdigest())
            solicitudes.setdefault(clave, Enviada(servicio, cuerpo)).usuarios.add(usuario)
        for usuario, bytes_del_acuse in self.acuses:
            acuse = json.loads(bytes_del_acuse)
            suya = solicitudes.get((acuse["servicio"], acuse["huella"]))
            if suya is not None:
                suya.acuses.append((usuario, acuse, bytes_del_acuse))
        return solicitudes

    def _a_medias(self) -> Iterator[str]:
        for servicio in SERVICIOS:
            for tabla in _VACIAS:
                if quedan := self.filas(servicio, f"SELECT * FROM {tabla}"):
                    yield f"{servicio}: quedan {len(quedan)} filas en {tabla}: {_breve(quedan[0])}"
            for fila in self.filas(servicio, "SELECT * FROM avances WHERE alto IS NOT NULL"):
                yield f"{servicio}: en alto por {fila['origen']}"

    def _avances(self) -> Iterator[str]:
        for servicio in SERVICIOS:
            avances = {f["origen"]: f for f in self.filas(servicio, "SELECT * FROM avances")}
            if set(avances) != {f"/gt/{s}" for s in SIGUE[servicio]}:
                yield f"{servicio}: sigue a {sorted(avances)}"
            for origen, avance in avances.items():
                suya = self.filas(origen.rpartition("/")[2], "SELECT * FROM cabecera")[0]
                if (avance["aplicada"], avance["hoja"]) != (suya["posicion"], suya["hoja"]):
                    yield f"{servicio}: de {origen} aplicó {avance['aplicada']} de {suya['posicion']}"

    def _acuses(self) -> Iterator[str]:
        por_id: dict[tuple[str, str, str], list[Enviada]] = defaultdict(list)
        for (servicio, huella), suya in self.solicitudes.items():
            quien = f"{servicio} {huella[:12]}"
            for usuario in sorted(suya.usuarios - {u for u, _, _ in suya.acuses}):
                yield f"{quien}: {usuario} se quedó sin acuse"
            firmes = [a for a in suya.atribuidos if a[1].get("codigo") != "id-reutilizado"]
            if len({b for _, _, b in firmes}) > 1:
                yield f"{quien}: acuses distintos para los mismos bytes: {[a for _, a, _ in firmes][:2]}"
            yield from _contradicciones(quien, suya, firmes)
            if suya.aceptada:
                por_id[servicio, suya.aceptada["institucion"], suya.aceptada["id"]].append(suya)
        for (servicio, institucion, identificador), aceptadas in por_id.items():
            if len(aceptadas) > 1:
                yield f"{servicio}: {institucion} logró {len(aceptadas)} efectos con el id {identificador}"

    def _efectos(self) -> Iterator[str]:
        causados: dict[tuple[str, str], list[Hecho]] = defaultdict(list)
        for servicio, hechos in self.hechos.items():
            for hecho in hechos:
                if hecho.sobre.get("solicitud"):
                    causados[servicio, hecho.sobre["solicitud"]].append(hecho)
        for servicio, huella in causados.keys() - self.solicitudes.keys():
            yield f"{servicio}: hechos de una solicitud que nadie mandó ({huella[:12]})"
        for clave, suya in self.solicitudes.items():
            quien, hechos = f"{clave[0]} {clave[1][:12]}", causados.get(clave, [])
            acuse = suya.aceptada
            if acuse is None:
                if hechos:
                    yield f"{quien}: nadie la aceptó y causó {[h.tipo for h in hechos]}"
                continue
            if [(e["id"], e["tipo"], e["sujeto"], e["datos"]) for e in acuse.get("eventos", [])] != [
                (h.sobre["id"], h.tipo, h.sobre["subject"], h.abiertos) for h in hechos
            ]:
                yield f"{quien}: el acuse no dice lo que hay en el almacén ({[h.tipo for h in hechos]})"
            yield from _efecto_de(quien, json.loads(suya.cuerpo), clave[1], acuse, hechos)

    def _orden(self) -> Iterator[str]:
        sujetos = {(h.sobre["source"], h.posicion): h.sobre["subject"] for suyos in self.hechos.values() for h in suyos}
        for servicio in SERVICIOS:
            filas = self.filas(servicio, "SELECT * FROM aplicaciones ORDER BY numero")
            yield from faltas_del_orden(servicio, filas, sujetos)
            if servicio not in NO_INTERPRETA and not self.apartan:
                avances = {f["origen"]: f["aplicada"] for f in self.filas(servicio, "SELECT * FROM avances")}
                yield from faltas_de_una_vez(servicio, filas, avances)

    def _secretos(self) -> Iterator[str]:
        for servicio in SERVICIOS:
            crudo = b"".join(f["cuerpo"] for f in self.filas(servicio, "SELECT cuerpo FROM eventos"))
            yield from (f"{servicio}: viaja en claro «{s}»" for s in self.secretos if s.encode() in crudo)
        dicho = b"".join(cuerpo for _, cuerpo in (*self.acuses, *self.avisos))
        yield from (f"un acuse o un aviso dice «{s}»" for s in self.secretos if s.encode() in dicho)

    def _buzones(self) -> Iterator[str]:
        buzon: dict[tuple[str, int], Any] = {}
        por_quien: dict[str, list[int]] = defaultdict(list)
        for fila in self.filas("coordinacion", "SELECT * FROM buzon ORDER BY institucion, numero"):
            por_quien[fila["institucion"]].append(fila["numero"])
            buzon[fila["institucion"], fila["numero"]] = fila["cuerpo"].encode()
        for quien, numeros in por_quien.items():
            if numeros != list(range(1, len(numeros) + 1)):
                yield f"coordinacion: el buzón de {quien} tiene huecos"
        for quien, aviso in self.avisos:
            if buzon.get((quien, json.loads(aviso)["numero"])) != aviso:
                yield f"coordinacion: {quien} recibió un aviso que no está en su buzón"
        dejados = [(q, json.loads(c)["evento"]) for (q, _), c in buzon.items()]
        for hecho in self.hechos["coordinacion"]:
            if hecho.tipo == "senda.coordinacion.derivacion-emitida.v1":
                veces = dejados.count((hecho.datos["a"], hecho.sobre["id"]))
                if veces != 1:
                    yield f"coordinacion: el encargo {hecho.datos['derivacion']} está {veces} veces en su buzón"


def _contradicciones(quien: str, suya: Enviada, firmes: list[tuple[str, dict[str, Any], bytes]]) -> Iterator[str]:
    """Quien ya tuvo respuesta no puede recibir luego otra distinta por los mismos bytes."""
    for usuario, acuse, _ in suya.acuses:
        # Como instantes: el que trae microsegundos va después del que no, y como texto, antes.
        dicho = _instante(acuse["instante"])
        previas = [a for u, a, _ in firmes if u == usuario and _instante(a["instante"]) < dicho]
        if not acuse.get("id") and previas:
            yield f"{quien}: primero {previas[0]['resultado']} y luego {acuse['codigo']}, a {usuario}"


def _efecto_de(
    quien: str, solicitud: dict[str, Any], huella: str, acuse: dict[str, Any], hechos: list[Hecho]
) -> Iterator[str]:
    if solicitud["tipo"] in SIN_EFECTOS:
        if hechos or not _bien_acotado(solicitud["datos"], acuse["buzon"]):
            yield f"{quien}: {solicitud['tipo']} no causa {[h.tipo for h in hechos]} ni responde {acuse['buzon']}"
        return
    esperado = EFECTOS.get(solicitud["tipo"])
    if esperado is None:
        yield f"{quien}: no está escrito qué causa {solicitud['tipo']}"
        return
    principal, acompanan = esperado
    principales = [h for h in hechos if h.tipo == principal]
    if len(principales) != 1 and solicitud["tipo"] not in UNO_DE_ELLOS:
        yield f"{quien}: {len(principales)} veces {principal}"
    if sobran := [h.tipo for h in hechos if h.tipo != principal and h.tipo not in acompanan]:
        yield f"{quien}: {solicitud['tipo']} no causa {sobran}"
    yield from _sobres(quien, solicitud, huella, acuse, hechos)
    if not principales:
        return
    datos, contado = solicitud["datos"], principales[0].datos
    for campo, valor in datos.items():
        nombre = RENOMBRADOS.get((solicitud["tipo"], campo), campo)
        if valor is not None and not _dice(contado.get(nombre), valor):
            yield f"{quien}: {principal} dice otra cosa en {nombre}"
    # La plaza que nadie dijo, si el albergue solo tiene de una clase, la pone el servicio, y va sellada.
    puede_sobrar = principal == "senda.atencion.alojamiento-asignado.v1"
    if bool(solicitud.get("sellado")) != ("sellado" in contado) and not (puede_sobrar and "sellado" in contado):
        yield f"{quien}: lo sellado de {principal} no es lo que se mandó sellado"


def _bien_acotado(pedido: dict[str, Any], tramo: dict[str, int]) -> bool:
    """Si el acuse de una repetición habla de lo pedido y no promete más de lo que hay."""
    hasta = pedido["hasta"] or tramo["ultimo"]
    return tramo["desde"] == pedido["desde"] and tramo["hasta"] == hasta <= tramo["ultimo"]


def _sobres(
    quien: str, solicitud: dict[str, Any], huella: str, acuse: dict[str, Any], hechos: list[Hecho]
) -> Iterator[str]:
    for hecho in hechos:
        sobre = hecho.sobre
        if (sobre["institucion"], sobre["agente"], sobre["causaid"], sobre["source"]) != (
            solicitud["institucion"], solicitud["agente"], huella, f"/gt/{hecho.servicio}",
        ) or _instante(sobre["time"]) != _instante(solicitud["ocurrido"]):  # fmt: skip
            yield f"{quien}: el sobre de {hecho.tipo} no dice quién ni cuándo"
        if acuse["posicion"] < hecho.posicion:
            yield f"{quien}: el acuse promete hasta {acuse['posicion']} y {hecho.tipo} está en {hecho.posicion}"


def _dice(contado: Any, pedido: Any) -> bool:
    """Si lo contado contiene lo pedido: puede llevar además ids que dio el servicio."""
    if isinstance(pedido, dict) and isinstance(contado, dict):
        return all(v is None or _dice(contado.get(c), v) for c, v in pedido.items())
    if isinstance(pedido, list) and isinstance(contado, list):
        if all(isinstance(v, str) for v in pedido):
            return sorted(pedido) == sorted(contado)
        return len(pedido) == len(contado) and all(map(_dice, contado, pedido))
    return bool(contado == pedido)


def _instante(texto: str) -> datetime:
    return datetime.fromisoformat(texto)


def _breve(fila: dict[str, Any]) -> dict[str, Any]:
    return {c: v for c, v in fila.items() if not isinstance(v, bytes)}
