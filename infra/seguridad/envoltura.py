"""Envolver claves con una que rota, sin perder ninguna aunque otro proceso esté guardando a la vez.

La base dice con cuál se envuelve ahora (su huella, en una fila); quien guarda la lee con candado en su transacción y
quien rota la cambia en la misma en que lo vuelve a envolver todo. Así nada queda bajo una clave que va a destruirse.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import sqlalchemy as sa
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text

from infra.almacen.motor import vaciar_wal
from infra.azar import Azar
from infra.seguridad.anillo import Anillo, AnilloIlegible, huella_de
from infra.seguridad.sello import SelloRoto, abrir, sellar

#: Vuelve a envolver todo lo de una base: (conexión, pasar), con ``pasar(envuelto, atadura) -> envuelto`` nuevo.
Reenvolver = Callable[[Connection, Callable[[bytes, bytes], bytes]], None]


class RotacionPendiente(Exception):
    """Alguien leía la base y no se pudo llevar entera al disco: la clave anterior sigue. Repetirlo lo termina."""

    codigo: Final = "rotacion-pendiente"

    def __str__(self) -> str:
        return "rotacion-pendiente: otro proceso lee la base; la clave anterior sigue ahí. Repítelo y se termina"


class Envoltura:
    """La clave que envuelve, con su anillo y la fila que dice cuál vale. Una por base."""

    def __init__(self, anillo: Anillo, tabla: Table, azar: Azar) -> None:
        self._anillo, self._tabla, self._azar = anillo, tabla, azar

    @staticmethod
    def tabla(metadatos: MetaData) -> Table:
        """La tabla de una fila que dice con qué clave se envuelve."""
        return Table(
            "envoltura",
            metadatos,
            Column("id", Integer, primary_key=True, autoincrement=False),
            Column("huella", Text, nullable=False),
        )

    def abrir(self, envuelto: bytes, atadura: bytes) -> bytes:
        """Lo envuelto, con la vigente o con la que sale. Errores: `SelloRoto`, `AnilloIlegible`."""
        for clave in self._anillo.claves:
            try:
                return abrir(clave, envuelto, atadura)
            except SelloRoto:
                continue
        raise SelloRoto

    def clave(self, conexion: Connection, *, compartida: bool = False) -> bytes:
        """Con la que hay que envolver en esta transacción; retiene el candado hasta que acabe.

        ``compartida``: varios pueden tenerla a la vez, pero ninguno mientras se rota. Errores: `AnilloIlegible` si el
        anillo no tiene la que la base dice (se repuso un archivo viejo).
        """
        consulta = sa.select(self._tabla.c.huella).with_for_update(read=compartida)
        huella = conexion.scalar(consulta)
        if huella is None:
            primera = {"id": 1, "huella": huella_de(self._anillo.vigente)}
            conexion.execute(sa.text("INSERT INTO envoltura VALUES (:id, :huella) ON CONFLICT DO NOTHING"), primera)
            huella = conexion.scalar(consulta)
        for clave in self._anillo.claves:
            if huella_de(clave) == huella:
                return clave
        raise AnilloIlegible

    def rotar(self, motor: Engine, reenvolver: Reenvolver) -> None:
        """Estrena clave, lo vuelve a envolver todo en una transacción y destruye la anterior.

        Si se corta a medias, repetirlo lo termina. Errores: `SelloRoto` si algo no se abre (y no rota nada);
        `RotacionPendiente` si la base aún no está entera en el disco; `ValueError` si el anillo es fijo.
        """
        with self._anillo.turno():
            self._rotar(motor, reenvolver)

    def _rotar(self, motor: Engine, reenvolver: Reenvolver) -> None:
        with motor.begin() as conexion:
            en_uso = self.clave(conexion)
        if en_uso == self._anillo.vigente:
            if len(self._anillo.claves) > 1:  # una rotación que se cortó al final dejó la saliente: primero se va
                _asegurar(motor)
                self._anillo.salir(en_uso)
            self._anillo.entrar(self._azar.bytes(32))
        with motor.begin() as conexion:
            self.clave(conexion)
            nueva = self._anillo.vigente

            def pasar(envuelto: bytes, atadura: bytes) -> bytes:
                return sellar(nueva, self.abrir(envuelto, atadura), atadura, self._azar)

            reenvolver(conexion, pasar)
            conexion.execute(sa.update(self._tabla).values(huella=huella_de(nueva)))
        _asegurar(motor)
        self._anillo.salir(nueva)


def _asegurar(motor: Engine) -> None:
    """Que lo confirmado esté en el disco antes de destruir la clave anterior. Errores: `RotacionPendiente`.

    Mientras siga en el WAL de SQLite, el archivo guarda todo bajo ella: quien lo copie sin su WAL, o pierda lo
    confirmado en un corte de luz (si el motor no es ``duradero``), no abriría nada. PostgreSQL no lo necesita.
    """
    if not vaciar_wal(motor):
        raise RotacionPendiente


__all__ = ["Envoltura", "Reenvolver", "RotacionPendiente"]
