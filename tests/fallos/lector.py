"""El lector del banco: el de la simulación sobre PostgreSQL, y además lo que solo se ve con procesos de verdad.

No importa nada del sistema: SQL a mano sobre las bases, y lo que las instituciones conservan.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.simulacion.lector import SERVICIOS, SIGUE, Lectura


def filas_de(conexion: psycopg.Connection[Any], servicio: str, consulta: str) -> list[dict[str, Any]]:
    """Las de una consulta a la base de un servicio. ``conexion``: de administrador, a la base de la semilla."""
    conexion.execute(f"SET search_path TO senda_{servicio}")
    with conexion.cursor(row_factory=dict_row) as cursor:
        return list(cursor.execute(consulta))


@dataclass
class LecturaReal(Lectura):
    """Lo leído de un sistema en reposo.

    ``dudosas``: huellas de lo que se repitió porque su servicio volvió de una copia. Si ya no se puede comprobar su
    firma, se acusa como entonces y no se guarda.
    """

    dudosas: frozenset[str] = frozenset()

    def faltas(self) -> list[str]:
        return [*super().faltas(), *self._lo_mismo_en_todos(), *self._marcas(), *self._respondidas(), *self._lecturas()]

    def perdidos(self) -> int:
        """Solicitudes sin acuse, y hechos que un acuse prometió y no están en su almacén o en el libro."""
        en_libro = {(f["origen"], f["hoja"]) for f in self.filas("auditoria", "SELECT origen, hoja FROM libro")}
        sanos = set()
        for servicio in SERVICIOS:
            for fila, hecho in zip(self.filas(servicio, _EVENTOS), self.hechos[servicio], strict=False):
                if (f"/gt/{servicio}", fila["hoja"]) in en_libro:
                    sanos.add(hecho.sobre["id"])
        prometidos = {e["id"] for s in self.solicitudes.values() if s.aceptada for e in s.aceptada.get("eventos", [])}
        sin_acuse = sum(len(s.usuarios - {u for u, _, _ in s.acuses}) for s in self.solicitudes.values())
        return sin_acuse + len(prometidos - sanos)

    def doblados(self) -> int:
        """Hechos de más: de una solicitud que su acuse no nombra, el mismo id dos veces, o dos veces en el libro."""
        prometidos = {e["id"] for s in self.solicitudes.values() if s.aceptada for e in s.aceptada.get("eventos", [])}
        todos = [h for hechos in self.hechos.values() for h in hechos]
        de_mas = sum(1 for h in todos if h.sobre.get("solicitud") and h.sobre["id"] not in prometidos)
        repetidos = len(todos) - len({h.sobre["id"] for h in todos})
        (libro,) = self.filas("auditoria", "SELECT count(*) - count(DISTINCT (origen, posicion)) AS n FROM libro")
        return de_mas + repetidos + int(libro["n"])

    def _lo_mismo_en_todos(self) -> Iterator[str]:
        """Cada servicio guardó de cada origen que sigue los mismos bytes en las mismas posiciones, una vez."""
        contado = {s: [(f["posicion"], f["hoja"], f["cuerpo"]) for f in self.filas(s, _EVENTOS)] for s in SERVICIOS}
        for servicio in SERVICIOS:
            for origen in sorted(SIGUE[servicio]):
                suyo = self.filas(servicio, _ENTRADA.format(origen=f"/gt/{origen}"))
                if [(f["posicion"], f["hoja"], f["cuerpo"]) for f in suyo] != contado[origen]:
                    yield f"{servicio}: no guarda de {origen} lo que {origen} contó"

    def _marcas(self) -> Iterator[str]:
        for servicio in SERVICIOS:
            (marca,) = self.filas(servicio, "SELECT posicion FROM marcas WHERE destino = 'eventos'")
            if marca["posicion"] != len(self.hechos[servicio]):
                yield f"{servicio}: dice haber publicado hasta {marca['posicion']} de {len(self.hechos[servicio])}"

    def _respondidas(self) -> Iterator[str]:
        """Lo que el servicio recuerda haber respondido es lo que la institución tiene en la mano."""
        for servicio in SERVICIOS:
            guardadas = {f["huella"]: f["acuse"] for f in self.filas(servicio, "SELECT huella, acuse FROM solicitudes")}
            for (suyo, huella), enviada in self.solicitudes.items():
                if suyo != servicio or enviada.aceptada is None:
                    continue
                if huella in self.dudosas and huella not in guardadas:
                    continue
                if guardadas.get(huella) not in {b for _, _, b in enviada.acuses}:
                    yield f"{servicio} {huella[:12]}: el acuse guardado no es el que recibió la institución"

    def _lecturas(self) -> Iterator[str]:
        """Los modelos de lectura dicen lo que los hechos: encargos, rutas e instituciones, contados a mano."""
        coordinacion = self.hechos["coordinacion"]
        emitidas = [h.datos["derivacion"] for h in coordinacion if h.tipo.endswith(".derivacion-emitida.v1")]
        leidas = [str(f["derivacion"]) for f in self.filas("coordinacion", "SELECT derivacion FROM derivaciones")]
        if sorted(emitidas) != sorted(leidas):
            yield f"coordinacion: sus lecturas tienen {len(leidas)} encargos y se emitieron {len(emitidas)}"
        abiertas = {h.datos["ruta"] for h in coordinacion if h.tipo.endswith(".ruta-abierta.v1")}
        if {str(f["ruta"]) for f in self.filas("coordinacion", "SELECT ruta FROM estado_rutas")} != abiertas:
            yield "coordinacion: sus lecturas no tienen las rutas que se abrieron"
        pruebas = [str(f["evento"]) for f in self.filas("coordinacion", "SELECT evento FROM evidencias")]
        contados = {h.sobre["id"] for s in SIGUE["coordinacion"] for h in self.hechos[s]}
        if len(set(pruebas)) != len(pruebas) or not set(pruebas) <= contados:
            yield "coordinacion: sus lecturas tienen evidencias que nadie contó"


_EVENTOS = "SELECT posicion, hoja, cuerpo FROM eventos ORDER BY posicion"
_ENTRADA = "SELECT posicion, hoja, cuerpo FROM entrada WHERE origen = '{origen}' ORDER BY posicion"

_RESUMEN = """SELECT '{s}', (SELECT posicion FROM senda_{s}.cabecera),
 (SELECT posicion FROM senda_{s}.marcas WHERE destino = 'eventos'),
 (SELECT count(*) FROM senda_{s}.bandeja), (SELECT count(*) FROM senda_{s}.salida),
 (SELECT count(*) FROM senda_{s}.fallos), (SELECT count(*) FROM senda_{s}.apartados),
 (SELECT json_object_agg(origen, aplicada) FROM senda_{s}.avances)"""
_AL_DIA = """SELECT (SELECT count(*) FROM senda_auditoria.libro),
 (SELECT max(tamano) FROM senda_auditoria.puntos),
 (SELECT count(*) FROM senda_coordinacion.plazos WHERE vence <= now())"""


def en_reposo(conexion: psycopg.Connection[Any]) -> tuple[str, object]:
    """Por qué el sistema aún no está parado (vacío si lo está) y un resumen de cómo está. Errores: los de la base."""
    consulta = " UNION ALL ".join(f"SELECT * FROM ({_RESUMEN.format(s=s)}) AS {s}" for s in SERVICIOS)
    consulta = consulta.replace("json_object_agg(origen, aplicada)", "json_object_agg(origen, aplicada)::text")
    filas = {f[0]: f[1:] for f in conexion.execute(consulta)}
    hojas, punto, vencidos = conexion.execute(_AL_DIA).fetchone()  # type: ignore[misc]
    posiciones = {f"/gt/{s}": f[0] for s, f in filas.items()}
    for servicio, (posicion, marca, bandeja, salida, fallos, apartados, avances) in filas.items():
        if bandeja or salida or fallos or apartados:
            return f"{servicio}: bandeja {bandeja}, salida {salida}, fallos {fallos}, apartados {apartados}", filas
        if marca != posicion:
            return f"{servicio}: publicó {marca} de {posicion}", filas
        for origen, aplicada in (json.loads(avances) if avances else {}).items():
            if aplicada != posiciones[origen]:
                return f"{servicio}: aplicó {aplicada} de {posiciones[origen]} de {origen}", filas
    if hojas != sum(posiciones.values()) or punto != hojas:
        return f"auditoria: {hojas} hojas, punto en {punto}, hechos {sum(posiciones.values())}", filas
    return (f"coordinacion: {vencidos} plazos por vencer" if vencidos else ""), filas


__all__ = ["LecturaReal", "en_reposo", "filas_de"]
