"""La parte del lector que sigue las rutas: se abren una vez, se encarga lo que el protocolo manda y el silencio vence.

Lee el protocolo de sus archivos TOML y lleva su propia cuenta de en qué está cada encargo.
"""

from __future__ import annotations

import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

_C = "senda.coordinacion."
_PVD = "senda.deteccion.presunta-victima-detectada.v1"
_IDENTIFICADA = "senda.deteccion.victima-identificada.v1"
_RECTIFICADO = "senda.comun.hecho-rectificado.v1"
_DE_OFICIO = frozenset({"peticion-de-una-institucion", "acuerdo-de-coordinacion", "reasignacion"})
_TERMINA = {
    f"{_C}derivacion-{fin}.v1" for fin in ("atendida", "rechazada", "reasignada", "retirada")
}  # fmt: skip


@dataclass
class _Encargo:
    """Un encargo, contado desde los hechos."""

    emitida: dict[str, Any]
    causa: str
    motivo: str
    acusada: bool = False
    termino: bool = False
    atendida_por: str = ""
    vencidas: Counter[str] = field(default_factory=Counter)
    escaladas: int = 0


def faltas_de_las_rutas(hechos: dict[str, list[Any]], protocolo: Path, ahora: datetime) -> Iterator[str]:
    """``hechos``: por servicio, en orden. ``protocolo``: la carpeta de sus TOML. ``ahora`` en UTC."""
    datos = _paquete(protocolo)
    coordinacion = hechos["coordinacion"]
    faltas: list[str] = []
    encargos = _contar_encargos(coordinacion, faltas)
    yield from faltas
    yield from _aperturas(hechos["deteccion"], coordinacion, datos)
    yield from _obligatorias(hechos["deteccion"], coordinacion, encargos, datos)
    yield from _vencimientos(encargos, ahora)


@cache
def _paquete(carpeta: Path) -> dict[str, Any]:
    """Lo que dice el paquete, con lo que hereda de su base: de cada pieza manda lo que el país escriba."""
    datos: dict[str, Any] = {}
    for archivo in sorted(carpeta.glob("*.toml")):
        datos |= tomllib.loads(archivo.read_text(encoding="utf-8"))
    if "hereda" not in datos:
        return datos
    base = _paquete(carpeta.parent.parent / datos["hereda"]["paquete"] / datos["hereda"]["version"])
    for lista, clave in (("reglas", "id"), ("plazos", "urgencia")):
        propias = {pieza[clave]: pieza for pieza in datos.get(lista, [])}
        heredadas = {pieza[clave]: pieza for pieza in base[lista]}
        datos[lista] = [heredadas.get(c, {}) | propias.get(c, {}) for c in heredadas | propias]
    return datos


def _aperturas(deteccion: list[Any], coordinacion: list[Any], protocolo: dict[str, Any]) -> Iterator[str]:
    abiertas = Counter(h.datos["ruta"] for h in coordinacion if h.tipo == f"{_C}ruta-abierta.v1")
    detectadas: dict[str, dict[str, Any]] = {}
    for hecho in deteccion:
        if hecho.tipo == _PVD:
            detectadas.setdefault(hecho.datos["ruta"], hecho.datos)
    for ruta in detectadas.keys() | abiertas.keys():
        esperadas = 1 if ruta in detectadas else 0
        if abiertas[ruta] != esperadas:
            yield f"coordinacion: la ruta {ruta} se abrió {abiertas[ruta]} veces y debía {esperadas}"
    for hecho in coordinacion:
        if hecho.tipo == f"{_C}ruta-abierta.v1" and hecho.datos["ruta"] in detectadas:
            deteccion_de = detectadas[hecho.datos["ruta"]]
            if hecho.datos["nna"] != _es_nna(deteccion_de, protocolo):
                yield f"coordinacion: la ruta {hecho.datos['ruta']} se abrió con otra edad"


def _obligatorias(
    deteccion: list[Any], coordinacion: list[Any], encargos: dict[str, _Encargo], protocolo: dict[str, Any]
) -> Iterator[str]:
    por_ruta: dict[str, list[_Encargo]] = defaultdict(list)
    for encargo in encargos.values():
        por_ruta[encargo.emitida["ruta"]].append(encargo)
    cerradas = {h.datos["ruta"] for h in coordinacion if h.tipo == f"{_C}ruta-cerrada.v1"}
    rectificados = {h.datos["corrige"] for h in deteccion if h.tipo == _RECTIFICADO}
    vistas: set[tuple[str, str]] = set()
    identificadas = Counter(h.datos["ruta"] for h in deteccion if h.tipo == _IDENTIFICADA)
    for hecho in deteccion:
        ruta, clave = hecho.sobre["subject"], (hecho.sobre["subject"], hecho.tipo)
        if hecho.tipo not in {_PVD, _IDENTIFICADA} or clave in vistas:
            continue
        vistas.add(clave)
        # Cerrada, rectificada o identificada dos veces: lo que toca depende de qué llegó antes; basta lo demás.
        if hecho.tipo == _IDENTIFICADA and (
            ruta in cerradas or hecho.sobre["id"] in rectificados or identificadas[ruta] > 1
            or "no-consta" in {hecho.datos["nna"], hecho.datos["extranjera"]}
        ):  # fmt: skip
            continue
        for regla in protocolo["reglas"]:
            if _manda(regla, hecho, protocolo):
                yield from _mandada(regla, hecho, por_ruta[ruta])


def _mandada(regla: dict[str, Any], hecho: Any, encargos: list[_Encargo]) -> Iterator[str]:
    quien = f"{regla['id']} por {hecho.tipo} de {hecho.sobre['subject']}"
    suyas = [
        e
        for e in encargos
        if e.emitida["regla"] == regla["id"] and e.causa == hecho.sobre["id"] and e.motivo not in _DE_OFICIO
    ]
    if len(suyas) > 1:
        yield f"coordinacion: {quien} se encargó {len(suyas)} veces"
    # Si alguien tenía ya ese servicio en esa ruta, no se repite el encargo.
    otras = [e for e in encargos if e.emitida["servicio"] == regla["servicio"]]
    if not suyas and not otras:
        yield f"coordinacion: nadie encargó {quien}"


def _contar_encargos(coordinacion: list[Any], faltas: list[str]) -> dict[str, _Encargo]:
    encargos: dict[str, _Encargo] = {}
    for hecho in coordinacion:
        datos = hecho.datos
        if hecho.tipo == f"{_C}derivacion-emitida.v1":
            nuevo = _Encargo(datos, hecho.sobre["causaid"], datos["motivo"])
            if datos["derivacion"] in encargos:
                faltas.append(f"coordinacion: el encargo {datos['derivacion']} se emitió dos veces")
            if nuevo.motivo not in _DE_OFICIO and any(_es_el_mismo(e, datos) for e in encargos.values()):
                faltas.append(f"coordinacion: {datos['regla']} de {datos['ruta']} se encargó estando ya encargada")
            encargos[datos["derivacion"]] = nuevo
        elif hecho.tipo == _RECTIFICADO:
            for encargo in encargos.values():
                if encargo.atendida_por == datos["corrige"]:
                    encargo.termino = False
        elif datos.get("derivacion") in encargos:
            _mover(encargos[datos["derivacion"]], hecho, faltas)
    return encargos


def _es_el_mismo(encargo: _Encargo, datos: dict[str, Any]) -> bool:
    suya = encargo.emitida
    return not encargo.termino and (suya["ruta"], suya["regla"], suya["servicio"]) == (
        datos["ruta"], datos["regla"], datos["servicio"],
    )  # fmt: skip


def _mover(encargo: _Encargo, hecho: Any, faltas: list[str]) -> None:
    datos = hecho.datos
    quien = f"coordinacion: el encargo {datos['derivacion']}"
    if hecho.tipo == f"{_C}derivacion-vencida.v1":
        etapa = datos["etapa"]
        encargo.vencidas[etapa] += 1
        vence = encargo.emitida[f"vence_{etapa}"]
        if vence is None or _instante(vence) > _instante(hecho.sobre["registrado"]):
            faltas.append(f"{quien} venció ({etapa}) antes de tiempo")
        if encargo.termino or (etapa == "acuse" and encargo.acusada):
            faltas.append(f"{quien} venció ({etapa}) y ya tenía respuesta")
    elif hecho.tipo == f"{_C}derivacion-escalada.v1":
        encargo.escaladas += 1
    else:
        if encargo.termino:
            faltas.append(f"{quien} ya había terminado y recibe {hecho.tipo}")
        encargo.acusada = True
        encargo.termino = hecho.tipo in _TERMINA
        if hecho.tipo == f"{_C}derivacion-rechazada.v1":
            # La sigue su reasignación, en el mismo acto.
            encargo.termino = False
        if hecho.tipo == f"{_C}derivacion-atendida.v1":
            encargo.atendida_por = hecho.sobre["id"]


def _vencimientos(encargos: dict[str, _Encargo], ahora: datetime) -> Iterator[str]:
    for nombre, encargo in encargos.items():
        for etapa in ("acuse", "atencion"):
            vence = encargo.emitida[f"vence_{etapa}"]
            veces = encargo.vencidas[etapa]
            if veces > 1:
                yield f"coordinacion: el encargo {nombre} venció {veces} veces ({etapa})"
            pendiente = not encargo.termino and not (etapa == "acuse" and encargo.acusada)
            if pendiente and vence and _instante(vence) <= ahora and not veces:
                yield f"coordinacion: el encargo {nombre} debía haber vencido ({etapa}) el {vence}"
        if encargo.escaladas != encargo.vencidas.total():
            yield f"coordinacion: el encargo {nombre} venció {encargo.vencidas.total()} y escaló {encargo.escaladas}"


def _manda(regla: dict[str, Any], hecho: Any, protocolo: dict[str, Any]) -> bool:
    perfil, datos = regla.get("perfil", {}), hecho.datos
    if "nna" in perfil and perfil["nna"] != _es_nna(datos, protocolo):
        return False
    if perfil.get("extranjera") and datos["extranjera"] not in perfil["extranjera"]:
        return False
    return any(
        c["tipo"] == hecho.tipo and all(datos.get(campo) in valores for campo, valores in c.get("campos", {}).items())
        for c in regla["cuando"]
    )


def _es_nna(datos: dict[str, Any], protocolo: dict[str, Any]) -> bool:
    return bool(protocolo["edad_desconocida"]["nna"]) if datos["nna"] == "no-consta" else datos["nna"] == "si"


def _instante(texto: str) -> datetime:
    return datetime.fromisoformat(texto)
