"""El libro: los bytes de cada hecho de cada origen, en el orden en que auditoría los recibió, como hojas de un árbol.

No es un modelo de lectura y no se rehace: el orden entre orígenes lo fijó la llegada y no está en ningún otro sitio,
y los puntos de control ya firmados prometen la raíz de exactamente ese orden. Rehacerlo daría otra raíz y convertiría
cada promesa en una denuncia. Por eso migra con Alembic como los eventos y la base le prohíbe cambiar (`solo_anexar`);
`frontera` y `nodos` son cuentas: si se pierden o se dañan, `recontar` las saca de `libro`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Column, Connection, Integer, LargeBinary, MetaData, Table, Text, UniqueConstraint

from infra.almacen.esquema import Entero, Instante
from infra.almacen.insertar import Altas, anadir
from infra.seguridad.cadena import hoja as hoja_de
from servicios.auditoria.arbol import Frontera
from servicios.auditoria.punto_de_control import Accesos, extensiones, firmar

TABLAS = MetaData()

#: Una fila por hecho. ``indice`` es el de su hoja en el árbol, desde 0 y sin huecos.
libro = Table(
    "libro",
    TABLAS,
    Column("indice", Entero, primary_key=True, autoincrement=False),
    Column("origen", Text, nullable=False),
    Column("posicion", Entero, nullable=False),
    Column("anterior", LargeBinary(32), nullable=False),
    Column("cuerpo", LargeBinary, nullable=False),
    Column("hoja", LargeBinary(32), nullable=False),
    UniqueConstraint("origen", "posicion"),
)

#: Fila única (``id`` 1): lo que hace falta para seguir el árbol. Quien anota la toma primero.
frontera = Table(
    "frontera",
    TABLAS,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("tamano", Entero, nullable=False),
    Column("nodos", LargeBinary, nullable=False),
)

#: Los nodos del árbol de ocho en ocho niveles (`arbol.Nodo`), desde el 1: el 0 son las hojas de `libro`.
nodos = Table(
    "nodos",
    TABLAS,
    Column("nivel", Integer, primary_key=True, autoincrement=False),
    Column("indice", Entero, primary_key=True, autoincrement=False),
    Column("hash", LargeBinary(32), nullable=False),
)

#: Los puntos de control firmados.
puntos = Table(
    "puntos",
    TABLAS,
    Column("tamano", Entero, primary_key=True, autoincrement=False),
    Column("texto", Text, nullable=False),
    Column("instante", Instante, nullable=False),
)


class EntradaDeLibro(Protocol):
    """Un hecho tal como llegó: origen (``/gt/deteccion``), posición desde 1, hoja de la anterior, la suya y bytes."""

    @property
    def origen(self) -> str: ...
    @property
    def posicion(self) -> int: ...
    @property
    def anterior(self) -> bytes: ...
    @property
    def cuerpo(self) -> bytes: ...
    @property
    def hoja(self) -> bytes: ...


_MIRAR = sa.select(frontera.c.tamano, frontera.c.nodos).where(frontera.c.id == 1)
_TOMAR = _MIRAR.with_for_update()
_MOVER = (
    sa.update(frontera)
    .where(frontera.c.id == sa.literal_column("1"))
    .values(tamano=sa.bindparam("crece"), nodos=sa.bindparam("quedan"))
)
_ULTIMO_PUNTO = sa.select(puntos.c.tamano, puntos.c.texto, puntos.c.instante).order_by(puntos.c.tamano.desc()).limit(1)


class EntradaIncoherente(ValueError):
    """La hoja no es el hash de lo que acompaña: anotarla sería dejar para siempre una entrada que no se verifica."""


def crecer(altas: Altas, entradas: Sequence[EntradaDeLibro]) -> Frontera:
    """Deja entre las altas un lote, en el orden dado, y devuelve el árbol con él. Los bytes no se interpretan.

    Todo o nada dentro de su transacción, y una sola vez en ella: parte del libro guardado.
    Errores: `EntradaIncoherente`; los de `cadena.hoja`; al escribir,
    `IntegrityError` si una posición de un origen ya está anotada (descartar repetidas y ordenar es de quien recibe).
    """
    arbol = _abrir(altas.sin_escribir, tomar=bool(entradas))
    desde = arbol.tamano
    if not entradas:
        return arbol
    hojas = [_comprobada(e) for e in entradas]
    completos = arbol.agregar(hojas)
    altas.por_columnas(
        libro,
        {
            "indice": range(desde, arbol.tamano),
            "origen": [e.origen for e in entradas],
            "posicion": [e.posicion for e in entradas],
            "anterior": [e.anterior for e in entradas],
            "cuerpo": [e.cuerpo for e in entradas],
            "hoja": hojas,
        },
    )
    altas.anadir(nodos, [n._asdict() for n in completos])
    if desde:
        altas.mover(_MOVER, {"crece": arbol.tamano, "quedan": arbol.serializada()})
    else:
        altas.anadir(frontera, [{"id": 1, "tamano": arbol.tamano, "nodos": arbol.serializada()}])
    return arbol


def firmar_punto(
    altas: Altas, arbol: Frontera, nombre: str, clave: Ed25519PrivateKey, ahora: datetime,
    accesos: Accesos | None = None,
) -> str | None:  # fmt: skip
    """Deja entre las altas un punto de control, si el libro creció desde el último; devuelve su texto, o None si no.

    Cada punto lleva el hash del anterior y la cabecera del registro de ``accesos``. ``nombre``: el del libro
    (``senda.example/gt/libro``). ``ahora`` en UTC. Errores: los de `firmar`.
    """
    ultimo = altas.sin_escribir.execute(_ULTIMO_PUNTO).first()
    if arbol.tamano == (ultimo.tamano if ultimo else 0):
        return None
    # Otra réplica, con otro reloj, pudo firmar el anterior: el tiempo de los puntos nunca retrocede.
    ahora = max(ahora, ultimo.instante) if ultimo else ahora
    lineas = extensiones(ahora, ultimo.texto if ultimo else None, accesos)
    texto = firmar(nombre, clave, arbol.tamano, arbol.raiz(), lineas)
    altas.anadir(puntos, [{"tamano": arbol.tamano, "texto": texto, "instante": ahora}])
    return texto


def raiz_y_tamano(conexion: Connection) -> tuple[bytes, int]:
    """La raíz (32 bytes) y cuántas entradas tiene el libro ahora, según la frontera guardada."""
    arbol = _abrir(conexion, tomar=False)
    return arbol.raiz(), arbol.tamano


def recontar(conexion: Connection) -> int:
    """Rehace la frontera y los nodos desde las hojas del libro y devuelve su tamaño. Para cuando se dañaron."""
    arbol = Frontera()
    conexion.execute(sa.delete(nodos))
    consulta = sa.select(libro.c.hoja).order_by(libro.c.indice).execution_options(yield_per=1000)
    for tanda in conexion.execute(consulta).scalars().partitions():
        anadir(conexion, nodos, [n._asdict() for n in arbol.agregar(tanda)])
    conexion.execute(sa.delete(frontera))
    anadir(conexion, frontera, [{"id": 1, "tamano": arbol.tamano, "nodos": arbol.serializada()}])
    return arbol.tamano


def _abrir(conexion: Connection, *, tomar: bool) -> Frontera:
    # En PostgreSQL nadie más anota hasta que esta transacción acabe; en SQLite escribe uno a la vez de por sí.
    fila = conexion.execute(_TOMAR if tomar else _MIRAR).one_or_none()
    return Frontera() if fila is None else Frontera(fila.tamano, fila.nodos)


def _comprobada(e: EntradaDeLibro) -> bytes:
    if hoja_de(e.origen, e.posicion, e.anterior, e.cuerpo) != e.hoja:
        raise EntradaIncoherente("la hoja no corresponde a su entrada")
    return e.hoja


__all__ = [
    "TABLAS",
    "EntradaDeLibro",
    "EntradaIncoherente",
    "crecer",
    "firmar_punto",
    "frontera",
    "libro",
    "nodos",
    "puntos",
    "raiz_y_tamano",
    "recontar",
]
