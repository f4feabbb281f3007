"""Contar otra historia de principio a fin: almacenes, libro, árbol, nodos, cabeceras y puntos, con las claves que haya.

Es lo más que puede hacer un operador. Nada de lo que queda en sus bases lo contradice.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection

from infra.almacen.esquema import cabecera, eventos
from infra.almacen.insertar import Altas
from infra.mensajeria.puertos import HechoCrudo
from infra.seguridad.cadena import CERO
from infra.seguridad.cadena import hoja as hoja_de
from senda_verificar import nota
from servicios.auditoria.accesos import accesos
from servicios.auditoria.accesos import cabecera as cabecera_de_accesos
from servicios.auditoria.arbol import Frontera
from servicios.auditoria.cabeceras import cabeceras
from servicios.auditoria.contexto import NOMBRE_DEL_LIBRO
from servicios.auditoria.lecturas import indizar, sujetos
from servicios.auditoria.libro import libro, puntos, recontar
from servicios.auditoria.punto_de_control import Accesos, extensiones, firmar
from servicios.auditoria.refrendos import refrendos
from tests.mentiras.operador import Operador


class Hecho(NamedTuple):
    """Un hecho por contar. ``era``: su índice en el libro verdadero; None si es inventado."""

    origen: str
    cuerpo: bytes
    era: int | None

    @property
    def sobre(self) -> dict[str, Any]:
        leido: dict[str, Any] = json.loads(self.cuerpo)
        return leido

    @property
    def en_acuse(self) -> dict[str, Any]:
        """Como lo nombra un acuse: sin la ruta, que ya es el sujeto, ni lo sellado."""
        sobre = self.sobre
        datos = {c: v for c, v in sobre["data"].items() if c not in {"ruta", "sellado"}}
        return {"id": sobre["id"], "tipo": sobre["type"], "sujeto": sobre["subject"], "datos": datos}

    def con(self, **cambios: object) -> Hecho:
        """El mismo, con otros campos en el sobre."""
        return self._replace(cuerpo=en_bytes(self.sobre | cambios))


def en_bytes(sobre: object) -> bytes:
    """JSON como lo escriben los servicios: sin espacios y en UTF-8."""
    return json.dumps(sobre, separators=(",", ":"), ensure_ascii=False).encode()


def verdadera(operador: Operador) -> list[Hecho]:
    """Lo que el libro dice ahora, en su orden."""
    with operador.en("auditoria") as conexion:
        filas = conexion.execute(sa.select(libro.c.indice, libro.c.origen, libro.c.cuerpo).order_by(libro.c.indice))
        return [Hecho(f.origen, bytes(f.cuerpo), f.indice) for f in filas]


def contar(operador: Operador, hechos: Sequence[Hecho], *, almacenes: bool = True, callar: bool = True) -> None:
    """Deja las bases como si eso, y solo eso, hubiera pasado.

    ``almacenes``: también en los de cada servicio. ``callar``: quita las cabeceras firmadas y firma otras; si no, las
    deja como estaban.
    """
    crudos = _encadenados(hechos)
    if almacenes:
        _en_almacenes(operador, crudos)
        operador.rehacer_acuses({dicho["id"]: dicho for h in hechos if (dicho := h.en_acuse)})
    with operador.en("auditoria") as conexion:
        viejos = [nota.leer(t) for t in conexion.scalars(sa.select(puntos.c.texto).order_by(puntos.c.tamano))]
        _en_libro(conexion, crudos)
        _sellar(conexion, operador, crudos, _tamanos(hechos, [p.tamano for p in viejos]), viejos)
        if callar:
            _firmar_cabeceras(conexion, operador, crudos)


def resellar(operador: Operador) -> None:
    """Vuelve a firmar todos los puntos con lo que ahora digan el libro y el registro de accesos."""
    contar(operador, verdadera(operador), almacenes=False, callar=False)


def _encadenados(hechos: Iterable[Hecho]) -> list[HechoCrudo]:
    ultimos: dict[str, tuple[int, bytes]] = {}
    crudos = []
    for hecho in hechos:
        posicion, anterior = ultimos.get(hecho.origen, (0, CERO))
        suya = hoja_de(hecho.origen, posicion + 1, anterior, hecho.cuerpo)
        crudos.append(HechoCrudo(hecho.origen, posicion + 1, anterior, suya, hecho.cuerpo))
        ultimos[hecho.origen] = posicion + 1, suya
    return crudos


def _en_almacenes(operador: Operador, crudos: Sequence[HechoCrudo]) -> None:
    por_origen = defaultdict(list)
    for crudo in crudos:
        por_origen[crudo.origen].append(crudo)
    for nombre, origen in operador.despliegue.origenes.items():
        suyos = por_origen[origen]
        with operador.en(nombre) as conexion:
            conexion.execute(sa.delete(eventos))
            if suyos:
                conexion.execute(sa.insert(eventos), [_fila(c) for c in suyos])
            ultimo = suyos[-1] if suyos else HechoCrudo(origen, 0, CERO, CERO, b"")
            conexion.execute(sa.update(cabecera).values(posicion=ultimo.posicion, hoja=ultimo.hoja))


def _fila(crudo: HechoCrudo) -> dict[str, Any]:
    sobre = json.loads(crudo.cuerpo)
    return {
        "posicion": crudo.posicion, "agregado": UUID(sobre["agregado"]), "version": sobre["version"],
        "tipo": sobre["type"], "cuerpo": crudo.cuerpo, "anterior": crudo.anterior, "hoja": crudo.hoja,
    }  # fmt: skip


def _en_libro(conexion: Connection, crudos: Sequence[HechoCrudo]) -> None:
    conexion.execute(sa.delete(libro))
    conexion.execute(sa.delete(sujetos))
    columnas = ("origen", "posicion", "anterior", "cuerpo", "hoja")
    filas = [{"indice": i, **{c: getattr(crudo, c) for c in columnas}} for i, crudo in enumerate(crudos)]
    conexion.execute(sa.insert(libro), filas)
    altas = Altas(conexion)
    indizar(altas, 0, [crudo.cuerpo for crudo in crudos])
    altas.escribir()
    recontar(conexion)


def _tamanos(hechos: Sequence[Hecho], viejos: Sequence[int]) -> dict[int, int]:
    """Tamaño nuevo -> el viejo que ocupa su sitio: donde acaban los mismos hechos."""
    cortes, finales = [-1], [0]
    for fin, hecho in enumerate(hechos, 1):
        if hecho.era is not None:
            cortes.append(max(cortes[-1], hecho.era))
            finales.append(fin)
    tamanos: dict[int, int] = {}
    for viejo in viejos:
        tamanos.setdefault(finales[bisect_left(cortes, viejo) - 1], viejo)
    tamanos.pop(0, None)
    # Lo inventado va tras lo verdadero: lo abarca un punto más.
    tamanos.setdefault(len(hechos), viejos[-1])
    return tamanos


def _sellar(
    conexion: Connection, operador: Operador, crudos: Sequence[HechoCrudo], tamanos: dict[int, int],
    viejos: Sequence[nota.PuntoDeControl],
) -> None:  # fmt: skip
    """Firma otra vez cada punto; del refrendo que ya no vale se deshace, y conserva el que sí."""
    por_tamano = {p.tamano: p for p in viejos}
    clave = operador.claves("auditoria").firma
    numero, _ = cabecera_de_accesos(conexion)
    conexion.execute(sa.delete(puntos))
    arbol, texto, filas, iguales = Frontera(), None, [], []
    for tamano, viejo in sorted(tamanos.items()):
        arbol.agregar(c.hoja for c in crudos[arbol.tamano : tamano])
        dice = por_tamano[viejo].extensiones
        instante = datetime.fromisoformat(dice["instante"]) + timedelta(seconds=tamano > viejo)
        contados = int(dice["accesos"].partition(" ")[0])
        de_quien = Accesos(min(contados, numero), _hoja_de_acceso(conexion, min(contados, numero)))
        texto = firmar(NOMBRE_DEL_LIBRO, clave, tamano, arbol.raiz(), extensiones(instante, texto, de_quien))
        filas.append({"tamano": tamano, "texto": texto, "instante": instante})
        if tamano in por_tamano and nota.leer(texto).firmado == por_tamano[tamano].firmado:
            iguales.append(tamano)
    conexion.execute(sa.insert(puntos), filas)
    conexion.execute(sa.delete(refrendos).where(refrendos.c.tamano.not_in(iguales)))


def _hoja_de_acceso(conexion: Connection, numero: int) -> bytes:
    return bytes(conexion.scalar(sa.select(accesos.c.hoja).where(accesos.c.numero == numero)) or CERO)


def _firmar_cabeceras(conexion: Connection, operador: Operador, crudos: Sequence[HechoCrudo]) -> None:
    instante = conexion.scalars(sa.select(puntos.c.instante).order_by(puntos.c.tamano.desc()).limit(1)).one()
    conexion.execute(sa.delete(cabeceras))
    nombres = {origen: nombre for nombre, origen in operador.despliegue.origenes.items()}
    for origen, crudo in {c.origen: c for c in crudos}.items():
        firmada = operador.claves(nombres[origen]).firmar_cabecera(origen, crudo.posicion, crudo.hoja.hex(), instante)
        fila = {"origen": origen, "posicion": crudo.posicion, "hoja": crudo.hoja, "instante": instante}
        conexion.execute(sa.insert(cabeceras), [fila | {"cuerpo": firmada}])


__all__ = ["Hecho", "contar", "en_bytes", "resellar", "verdadera"]
