"""Los dos procesos del prototipo: el que atiende y publica, y el que lleva el libro.

``python -m senda.banco.camino.prototipo.procesos CARPETA deteccion|auditoria``
"""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from contratos.base import Mandato
from infra.almacen.motor import abrir_motor
from infra.mensajeria.puertos import HechoCrudo
from infra.seguridad.firma import publica_de_texto
from infra.seguridad.identidad_servicio import ClavesServicio
from senda.banco.camino.plano import ORIGEN, Plano, leer
from senda.banco.camino.prototipo.bus import Cola, Salida
from senda.banco.camino.prototipo.examen import Examen
from senda.banco.camino.prototipo.guardado import Guardado, insertar
from senda.banco.libro.ingesta import Prototipo

_MIRADA: Final = 0.02
_ENTRADA: Final = {"origen": "text", "posicion": "bigint", "anterior": "bytea", "hoja": "bytea", "cuerpo": "bytea",
                   "recibido": "timestamptz"}  # fmt: skip


def examen_de(plano: Plano) -> Examen:
    """Con el directorio del banco: una institución."""
    return Examen({plano.institucion: (publica_de_texto(plano.publica), {Mandato.RECTORIA})}, "deteccion")


def guardado_de(plano: Plano, *, con_salida: bool = True) -> Guardado:
    """Sobre las tablas de detección del plano."""
    claves = ClavesServicio.leer(Path(plano.carpeta) / "claves" / "deteccion")
    return Guardado(abrir_motor(plano.base, plano.esquema("deteccion")), claves.firma, con_salida=con_salida)


class Atencion:
    """Toma solicitudes, las examina, las guarda con su acuse y publica lo guardado."""

    def __init__(self, plano: Plano) -> None:
        self._plano = plano
        self._nombres = plano.topologia.nombres
        self._cola = Cola(plano.bus, self._nombres.solicitudes_de("deteccion"))
        self._salida = Salida(plano.bus)
        self._examen = examen_de(plano)
        self._guardado = guardado_de(plano)

    def correr(self) -> None:
        """Sin fin."""
        self._plano.listo("deteccion").touch()
        pendientes = 0
        while True:
            if not self._plano.puerta.exists():
                self._cola.soltar()
                time.sleep(_MIRADA)
                continue
            mensajes = self._cola.tomar(self._plano.lotes.solicitudes, 0.0 if pendientes else 1.0)
            if mensajes:
                ahora = datetime.now(UTC)
                self._guardado.guardar(
                    [self._examen.pasar(m.body, m.headers["firma"], ahora) for m in mensajes]
                )  # fmt: skip
                self._cola.confirmar(mensajes)
                pendientes += len(mensajes)
            # Se publica al llenar el tramo o al quedarse sin nada que atender.
            if pendientes and (not mensajes or pendientes >= self._plano.lotes.relevo):
                self._relevar()
                pendientes = 0

    def _relevar(self) -> None:
        conexion = self._guardado.conexion
        cursor = conexion.cursor()
        cursor.execute(
            "SELECT posicion, tipo, cuerpo, anterior, hoja FROM eventos WHERE posicion > "
            "(SELECT posicion FROM marcas WHERE destino = 'eventos') ORDER BY posicion"
        )
        hechos = cursor.fetchall()
        cursor.execute("SELECT numero, clave, tipo, id, cuerpo, firma FROM salida ORDER BY numero")
        acuses = cursor.fetchall()
        self._salida.publicar(
            [
                (self._nombres.eventos, f"deteccion.{tipo}", tipo, cuerpo, hoja.hex(),
                 {"origen": ORIGEN, "posicion": posicion, "anterior": anterior.hex()})
                for posicion, tipo, cuerpo, anterior, hoja in hechos
            ]
            + [
                (self._nombres.acuses, clave, tipo, cuerpo, id_mensaje, {"firma": firma})
                for _, clave, tipo, id_mensaje, cuerpo, firma in acuses
            ]
        )  # fmt: skip
        if hechos:
            cursor.execute("UPDATE marcas SET posicion = %s WHERE destino = 'eventos'", (hechos[-1][0],))
        if acuses:
            cursor.execute("DELETE FROM salida WHERE numero = ANY(%s)", ([a[0] for a in acuses],))
        conexion.commit()


class Libro:
    """Toma hechos, los guarda y los pone en el libro: hoja, árbol y un punto firmado por lote."""

    def __init__(self, plano: Plano) -> None:
        self._plano = plano
        self._cola = Cola(plano.bus, plano.topologia.nombres.entrada_de("auditoria"))
        self._libro = libro_de(plano)

    def correr(self) -> None:
        """Sin fin."""
        self._plano.listo("auditoria").touch()
        while True:
            mensajes = self._cola.tomar(self._plano.lotes.libro, 1.0)
            if mensajes:
                self.anotar([crudo_de(m.headers, m.body) for m in mensajes])
                self._cola.confirmar(mensajes)

    def anotar(self, crudos: Sequence[HechoCrudo]) -> None:
        """Lo recibido y el libro, en una transacción."""
        anotar(self._libro, crudos)


def libro_de(plano: Plano) -> Prototipo:
    """El libro a mano sobre las tablas de auditoría del plano."""
    motor = abrir_motor(plano.base, plano.esquema("auditoria"))
    return Prototipo(motor.raw_connection(), en_postgresql=True)


def anotar(libro: Prototipo, crudos: Sequence[HechoCrudo]) -> None:
    """Guarda lo recibido y lo pone en el libro, en una transacción."""
    ahora = datetime.now(UTC)
    filas = [(c.origen, c.posicion, c.anterior, c.hoja, c.cuerpo, ahora) for c in crudos]
    insertar(libro.cursor(), "entrada", _ENTRADA, filas)
    libro.anotar([crudos])


def crudo_de(cabeceras: Any, cuerpo: bytes) -> HechoCrudo:
    """El hecho de un mensaje, con su hoja hecha de nuevo."""
    origen, posicion, anterior = cabeceras["origen"], cabeceras["posicion"], bytes.fromhex(cabeceras["anterior"])
    entrada = b"%b\n%d\n%b\n%b" % (origen.encode(), posicion, anterior.hex().encode(), cuerpo)
    return HechoCrudo(origen, posicion, anterior, sha256(b"\x00" + entrada).digest(), cuerpo)


def principal(carpeta: str, nombre: str) -> None:
    """Corre hasta que lo paren."""
    plano = leer(carpeta)
    (Atencion(plano) if nombre == "deteccion" else Libro(plano)).correr()


if __name__ == "__main__":
    principal(*sys.argv[1:])

__all__ = ["Atencion", "Libro", "anotar", "crudo_de", "examen_de", "guardado_de", "libro_de"]
