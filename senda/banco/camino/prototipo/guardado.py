"""Guardar a mano lo que causa un lote de solicitudes: hechos encadenados, acuses firmados y lo que hay que publicar."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final, NamedTuple
from uuid import UUID, uuid4

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from contratos.acuse import Acuse, HechoCausado, Resultado
from eventos.deteccion import AlertaRecibida
from eventos.sobre import Sobre
from senda.banco.camino.plano import ORIGEN
from senda.banco.camino.prototipo.examen import Buena, en_base64

_SIGLO: Final = 36_500 * 86_400
_codificar = msgspec.json.Encoder().encode
_EVENTOS: Final = {"posicion": "bigint", "agregado": "uuid", "version": "int", "tipo": "text", "cuerpo": "bytea",
                   "anterior": "bytea", "hoja": "bytea"}  # fmt: skip
_SOLICITUDES: Final = {"institucion": "text", "id": "text", "huella": "text", "cuerpo": "bytea", "firma": "text",
                       "resultado": "text", "acuse": "bytea", "firma_acuse": "text",
                       "atendida": "timestamptz"}  # fmt: skip
_SALIDA: Final = {"intercambio": "text", "clave": "text", "tipo": "text", "id": "text", "cuerpo": "bytea",
                  "firma": "text", "urgente": "bool", "creado": "timestamptz", "intentos": "int",
                  "proximo": "timestamptz"}  # fmt: skip


class Causado(NamedTuple):
    """Un hecho guardado y el acuse de quien lo pidió, listos para publicar."""

    posicion: int
    tipo: str
    cuerpo: bytes
    anterior: bytes
    hoja: bytes
    acuse: bytes
    firma: str

    @property
    def cabeceras(self) -> dict[str, str | int]:
        """Las que lleva el hecho por el bus."""
        return {"origen": ORIGEN, "posicion": self.posicion, "anterior": self.anterior.hex()}


class Guardado:
    """Una conexión del adaptador con las tablas de detección. Cada lote, una transacción.

    ``con_salida``: si los acuses se dejan también en la tabla de la que los publica un relevo.
    """

    def __init__(self, motor: Engine, clave: Ed25519PrivateKey, *, con_salida: bool = True) -> None:
        self._con_salida = con_salida
        self.conexion: Any = motor.raw_connection()
        self._clave = clave

    def guardar(self, buenas: Sequence[Buena]) -> list[Causado]:
        """Hechos y acuses de un lote, y confirma."""
        cursor = self.conexion.cursor()
        ahora = datetime.now(UTC)
        cursor.execute("SELECT posicion, hoja FROM cabecera FOR UPDATE")
        posicion, anterior = cursor.fetchone()
        cursor.execute(
            "SELECT id FROM solicitudes WHERE institucion = ANY(%s) AND id = ANY(%s)",
            ([b.solicitud.institucion for b in buenas], [str(b.solicitud.id) for b in buenas]),
        )
        vistas = {fila[0] for fila in cursor.fetchall()}
        eventos, solicitudes, salida, causados = [], [], [], []
        for buena in buenas:
            if str(buena.solicitud.id) in vistas:
                continue
            posicion += 1
            ruta, id_hecho = uuid4(), _uuid7()
            alerta = AlertaRecibida(ruta=ruta, canal=buena.alerta.canal, urgencia=buena.alerta.urgencia)
            cuerpo = _sobre(buena, alerta, id_hecho, ahora)
            entrada = b"%b\n%d\n%b\n%b" % (ORIGEN.encode(), posicion, anterior.hex().encode(), cuerpo)
            hoja = sha256(b"\x00" + entrada).digest()
            eventos.append((posicion, ruta, 1, alerta.tipo, cuerpo, anterior, hoja))
            acuse, firma = self._acuse(buena, alerta, id_hecho, posicion, ahora)
            causados.append(Causado(posicion, alerta.tipo, cuerpo, anterior, hoja, acuse, firma))
            anterior = hoja
            quien = buena.solicitud
            solicitudes.append(
                (quien.institucion, str(quien.id), buena.huella, buena.cuerpo, buena.firma, "aceptada", acuse, firma,
                 ahora)
            )  # fmt: skip
            salida.append(
                ("acuses", quien.institucion, "acuse", str(_uuid7()), acuse, firma, False, ahora, 0, ahora)
            )  # fmt: skip
        if eventos:
            insertar(cursor, "eventos", _EVENTOS, eventos)
            cursor.execute("UPDATE cabecera SET posicion = %s, hoja = %b", (posicion, anterior))
            insertar(cursor, "solicitudes", _SOLICITUDES, solicitudes)
            if self._con_salida:
                insertar(cursor, "salida", _SALIDA, salida)
        self.conexion.commit()
        return causados

    def _acuse(
        self, buena: Buena, alerta: AlertaRecibida, id_hecho: UUID, posicion: int, ahora: datetime
    ) -> tuple[bytes, str]:
        abiertos = {"canal": alerta.canal, "urgencia": alerta.urgencia}
        acuse = Acuse(
            huella=buena.huella, servicio="deteccion", origen=ORIGEN, resultado=Resultado.ACEPTADA, instante=ahora,
            posicion=posicion, institucion=buena.solicitud.institucion, id=str(buena.solicitud.id),
            eventos=(HechoCausado(id_hecho, alerta.tipo, str(alerta.ruta), abiertos),),
        )  # fmt: skip
        cuerpo = _codificar(acuse)
        cabecera = {"alg": "EdDSA", "kid": ORIGEN, "servicio": acuse.institucion, "id": acuse.id,
                    "exp": int(ahora.timestamp()) + _SIGLO}  # fmt: skip
        protegida = en_base64(_codificar(cabecera))
        firma = self._clave.sign(f"{protegida}.{en_base64(cuerpo)}".encode())
        return cuerpo, f"{protegida}..{en_base64(firma)}"


def insertar(cursor: Any, tabla: str, columnas: dict[str, str], filas: Sequence[tuple[Any, ...]]) -> None:
    """La sentencia más rápida que se halló: una fila, con VALUES; varias, por columnas y en binario."""
    nombres = ", ".join(columnas)
    if len(filas) == 1:
        orden = f"INSERT INTO {tabla} ({nombres}) VALUES ({', '.join(['%b'] * len(columnas))})"  # noqa: S608 - fijos
        cursor.execute(orden, filas[0])
        return
    listas = ", ".join(f"unnest(%b::{tipo}[])" for tipo in columnas.values())
    orden = f"INSERT INTO {tabla} ({nombres}) SELECT {listas}"
    cursor.execute(orden, [list(suyos) for suyos in zip(*filas, strict=True)])


def _sobre(buena: Buena, alerta: AlertaRecibida, id_hecho: UUID, ahora: datetime) -> bytes:
    quien = buena.solicitud
    return _codificar(
        Sobre(
            id=id_hecho, source=ORIGEN, type=alerta.tipo, subject=str(alerta.ruta), time=quien.ocurrido,
            dataschema=f"urn:senda:esquema:{alerta.tipo}", registrado=ahora, institucion=quien.institucion,
            agente=quien.agente, causaid=buena.huella, correlacionid=buena.huella, agregado=alerta.ruta, version=1,
            solicitud=buena.huella, data=msgspec.Raw(_codificar(alerta)),
        )
    )  # fmt: skip


def _uuid7() -> UUID:
    azar = int.from_bytes(os.urandom(10)) & (1 << 74) - 1
    alto, bajo = azar >> 62, azar & (1 << 62) - 1
    return UUID(int=time.time_ns() // 1_000_000 << 80 | 0x7 << 76 | alto << 64 | 0b10 << 62 | bajo)


__all__ = ["Guardado", "insertar"]
