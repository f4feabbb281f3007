"""Ingerir: lo que auditoría hace con cada lote, contra lo mismo escrito a mano con las primitivas.

El prototipo guarda las mismas columnas en las mismas tablas, con el mismo hash, el mismo árbol y un punto firmado por
lote, en SQL a mano sobre el adaptador: ni SQLAlchemy, ni tanda, ni comprobaciones.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import closing
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from infra.mensajeria.puertos import HechoCrudo
from senda.banco.base import Sitio, en_sqlite
from senda.banco.informe import Cifra, razon, ritmo
from senda.banco.libro.almacenado import LOTE, libro_en, motor_con_tablas
from senda.banco.libro.hechos import INICIO, Generador
from senda.banco.medir import alternar

META: Final = 0.7
#: Vueltas que se miden, tras una que calienta.
_VUELTAS: Final = 5
_TABLAS: Final = {
    "libro": {"indice": "bigint", "origen": "text", "posicion": "bigint", "anterior": "bytea", "cuerpo": "bytea",
              "hoja": "bytea"},
    "sujetos": {"sujeto": "text", "indice": "bigint"},
    "nodos": {"nivel": "int", "indice": "bigint", "hash": "bytea"},
    "puntos": {"tamano": "bigint", "texto": "text", "instante": "timestamptz"},
}  # fmt: skip


class _Sujeto(msgspec.Struct):
    subject: str


def medir(sitio: Sitio, carpeta: Path, hechos: int, semilla: int) -> Iterator[Cifra]:
    """En la base del banco y, si es PostgreSQL, también en SQLite. ``hechos``: los de cada vuelta."""
    for uno in {sitio.que_es: sitio, (aparte := en_sqlite(carpeta / "ingesta.db")).que_es: aparte}.values():
        yield from _medir_en(uno, carpeta, hechos, semilla)


def _medir_en(sitio: Sitio, carpeta: Path, hechos: int, semilla: int) -> Iterator[Cifra]:
    clave = "postgresql" if sitio.es_postgresql else "sqlite"
    generador = Generador(semilla, hechos * (_VUELTAS + 1))
    # Los mismos bytes para los dos, generados antes: generarlos no es ingerir.
    vueltas = [list(generador.lotes(hechos, LOTE)) for _ in range(_VUELTAS + 1)]
    de_senda, del_prototipo = iter(vueltas), iter(vueltas)
    url_prototipo = sitio.url if sitio.es_postgresql else en_sqlite(carpeta / "prototipo.db").url
    motor = motor_con_tablas(url_prototipo, "prototipo")
    with libro_en(sitio.url, carpeta, "ingesta") as libro, closing(_prototipo(motor)) as prototipo:
        tiempos = alternar(
            {
                "prototipo": lambda: prototipo.anotar(next(del_prototipo)),
                "senda": lambda: libro.anotar(next(de_senda)),
            },
            _VUELTAS,
        )
    motor.dispose()
    donde = f"{sitio.que_es}, lotes de {LOTE}"
    yield ritmo(f"ingesta-{clave}", f"ingerir en {donde}", hechos, tiempos["senda"])
    yield ritmo(f"ingesta-{clave}-prototipo", "  lo mismo con las primitivas", hechos, tiempos["prototipo"])
    yield razon(
        f"ingesta-{clave}-razon", "  razón: ingerir / las primitivas", tiempos["prototipo"], tiempos["senda"], META
    )  # fmt: skip


def _prototipo(motor: Engine) -> Prototipo:
    return Prototipo(motor.raw_connection(), en_postgresql=motor.dialect.name == "postgresql")


class Prototipo:
    """Guardar lotes con las primitivas: una conexión del adaptador, SQL a mano, SHA-256 y Ed25519."""

    def __init__(self, conexion: Any, *, en_postgresql: bool) -> None:
        """``conexion``: del adaptador, ya en transacción o capaz de abrirla sola."""
        self._cruda = conexion
        self._hueco = "%s" if en_postgresql else "?"
        self._clave = Ed25519PrivateKey.generate()
        self._nodos: list[bytes] = []
        self._tamano = 0
        self._en_texto = not en_postgresql

    def anotar(self, lotes: Sequence[Sequence[HechoCrudo]]) -> None:
        """Cada lote, en su transacción."""
        for lote in lotes:
            self._lote(lote)

    def cursor(self) -> Any:
        """Para escribir algo más en la transacción del lote siguiente."""
        return self._cruda.cursor()

    def close(self) -> None:
        self._cruda.close()

    def _lote(self, lote: Sequence[HechoCrudo]) -> None:
        cursor: Any = self._cruda.cursor()
        if self._en_texto:
            cursor.execute("BEGIN IMMEDIATE")
        else:
            cursor.execute("SELECT tamano, nodos FROM frontera WHERE id = 1 FOR UPDATE")
        desde = self._tamano
        libro: list[tuple[Any, ...]] = []
        sujetos: list[tuple[Any, ...]] = []
        completos: list[tuple[Any, ...]] = []
        for indice, crudo in enumerate(lote, desde):
            entrada = b"%b\n%d\n%b\n%b" % (
                crudo.origen.encode(), crudo.posicion, crudo.anterior.hex().encode(), crudo.cuerpo
            )  # fmt: skip
            hoja = sha256(b"\x00" + entrada).digest()
            libro.append((indice, crudo.origen, crudo.posicion, crudo.anterior, crudo.cuerpo, hoja))
            sujetos.append((msgspec.json.decode(crudo.cuerpo, type=_Sujeto).subject, indice))
            completos += self._agregar(hoja)
        self._insertar(cursor, "libro", libro)
        self._insertar(cursor, "sujetos", sujetos)
        if completos:
            self._insertar(cursor, "nodos", completos)
        frontera = (self._tamano, b"".join(self._nodos))
        if desde:
            self._ejecutar(cursor, "UPDATE frontera SET tamano = {}, nodos = {} WHERE id = 1", frontera)
        else:
            self._ejecutar(cursor, "INSERT INTO frontera (id, tamano, nodos) VALUES (1, {}, {})", frontera)
        instante = INICIO.isoformat() if self._en_texto else INICIO
        self._insertar(cursor, "puntos", [(self._tamano, self._punto(), instante)])
        self._cruda.commit()

    def _agregar(self, actual: bytes) -> Iterator[tuple[int, int, bytes]]:
        altura, pendientes = 0, self._tamano
        while pendientes & 1:
            actual = sha256(b"\x01" + self._nodos.pop() + actual).digest()
            pendientes >>= 1
            altura += 1
            if altura % 8 == 0:
                yield altura // 8, self._tamano >> altura, actual
        self._nodos.append(actual)
        self._tamano += 1

    def _punto(self) -> str:
        acumulado = self._nodos[-1]
        for izquierda in self._nodos[-2::-1]:
            acumulado = sha256(b"\x01" + izquierda + acumulado).digest()
        texto = f"prototipo\n{self._tamano}\n{b64encode(acumulado).decode()}\n"
        return f"{texto}\n{b64encode(self._clave.sign(texto.encode())).decode()}\n"

    def _insertar(self, cursor: Any, tabla: str, filas: Sequence[tuple[Any, ...]]) -> None:
        columnas = _TABLAS[tabla]
        if self._en_texto:
            huecos = ", ".join("?" * len(columnas))
            cursor.executemany(f"INSERT INTO {tabla} ({', '.join(columnas)}) VALUES ({huecos})", filas)  # noqa: S608 - fijos
            return
        listas = ", ".join(f"unnest(%b::{tipo}[])" for tipo in columnas.values())
        orden = f"INSERT INTO {tabla} ({', '.join(columnas)}) SELECT {listas}"
        cursor.execute(orden, [list(suyos) for suyos in zip(*filas, strict=True)])

    def _ejecutar(self, cursor: Any, orden: str, valores: tuple[Any, ...]) -> None:
        cursor.execute(orden.format(*[self._hueco] * len(valores)), valores)


__all__ = ["META", "Prototipo", "medir"]
