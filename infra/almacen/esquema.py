"""Las tablas de un servicio. Una sola definición para SQLite y PostgreSQL; Alembic las crea (`migraciones/`).

`eventos` es la verdad y la base impide tocarla. Lo demás es trabajo en curso: lo recibido, lo pedido, lo por enviar.
Las lecturas de cada contexto no están aquí: se rehacen desde cero, así que no migran (decisión 004).
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    Uuid,
    false,
    text,
)

ESQUEMA = MetaData()
#: Dónde apunta Alembic lo aplicado.
TABLA_DE_VERSION = "version_esquema"
_URGENTE, _VIGENTE = text("urgente"), text("hasta IS NULL")
Entero = BigInteger().with_variant(Integer, "sqlite")


class Instante(TypeDecorator[datetime]):
    """Fecha y hora en UTC. SQLite la guarda sin zona; PostgreSQL la devuelve en la de la sesión: aquí, siempre UTC."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:  # noqa: ARG002
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


#: Los hechos propios, en orden de confirmación. Solo se añade.
eventos = Table(
    "eventos",
    ESQUEMA,
    Column("posicion", Entero, primary_key=True, autoincrement=False),
    Column("agregado", Uuid, nullable=False),
    Column("version", Integer, nullable=False),
    Column("tipo", Text, nullable=False),
    Column("cuerpo", LargeBinary, nullable=False),
    Column("anterior", LargeBinary(32), nullable=False),
    Column("hoja", LargeBinary(32), nullable=False),
    UniqueConstraint("agregado", "version"),
)

#: Fila única: la última posición y su hoja. Quien escribe la toma primero; por eso las posiciones son contiguas.
cabecera = Table(
    "cabecera",
    ESQUEMA,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("posicion", Entero, nullable=False),
    Column("hoja", LargeBinary(32), nullable=False),
)

#: Lo recibido de otros orígenes, con sus bytes.
entrada = Table(
    "entrada",
    ESQUEMA,
    Column("origen", Text, primary_key=True),
    Column("posicion", Entero, primary_key=True, autoincrement=False),
    Column("anterior", LargeBinary(32), nullable=False),
    Column("hoja", LargeBinary(32), nullable=False),
    Column("cuerpo", LargeBinary, nullable=False),
    Column("recibido", Instante, nullable=False),
)

#: Por origen: hasta dónde se aplicó (con su hoja), qué falta desde cuándo, si está en alto por divergencia y cuándo se
#: le oyó latir por última vez.
avances = Table(
    "avances",
    ESQUEMA,
    Column("origen", Text, primary_key=True),
    Column("aplicada", Entero, nullable=False),
    Column("hoja", LargeBinary(32), nullable=False),
    Column("anunciada", Entero, nullable=False),
    Column("falta", Entero),
    Column("falta_desde", Instante),
    Column("pedidos", Integer, nullable=False, default=0),
    Column("alto", Text),
    Column("latido", Instante),
)

#: El hecho que ahora mismo no se deja aplicar, y cuándo se vuelve a intentar.
fallos = Table(
    "fallos",
    ESQUEMA,
    Column("origen", Text, primary_key=True),
    Column("posicion", Entero, primary_key=True, autoincrement=False),
    Column("intentos", Integer, nullable=False),
    Column("proximo", Instante, nullable=False),
    Column("clase", Text, nullable=False),
)

#: Hechos apartados tras agotar los intentos, y los siguientes de su misma ruta.
apartados = Table(
    "apartados",
    ESQUEMA,
    Column("origen", Text, primary_key=True),
    Column("posicion", Entero, primary_key=True, autoincrement=False),
    Column("sujeto", Text, nullable=False, index=True),
    Column("motivo", Text, nullable=False),
    Column("desde", Instante, nullable=False),
)

#: Solicitudes guardadas antes de confirmarlas al bus y aún sin respuesta. ``institucion`` (vacía, no se sabe) y
#: ``urgente``: su turno; ``ronda``: cuándo le toca entre todos los turnos (`infra.mensajeria.turnos`).
bandeja = Table(
    "bandeja",
    ESQUEMA,
    Column("numero", Entero, primary_key=True),
    Column("cuerpo", LargeBinary, nullable=False),
    Column("firma", Text, nullable=False),
    Column("usuario", Text),
    Column("responder_a", Text),
    Column("recibido", Instante, nullable=False),
    Column("proximo", Instante, nullable=False, index=True),
    Column("fallos", Integer, nullable=False, default=0),
    Column("institucion", Text, nullable=False, server_default=""),
    Column("urgente", Boolean, nullable=False, server_default=false()),
    Column("ronda", Entero, nullable=False, server_default="0"),
    Index("bandeja_por_ronda", "ronda", "numero"),
    Index("bandeja_por_turno", "institucion", "urgente", "ronda"),
    sqlite_autoincrement=True,
)

#: Solicitudes respondidas: su acuse, para siempre; la clave es la idempotencia. Lo firmado se conserva si causó hechos:
#: en claro si no traía nada sellado; si no, sellado con la clave de la persona de ``ruta`` (atado a la huella).
solicitudes = Table(
    "solicitudes",
    ESQUEMA,
    Column("institucion", Text, primary_key=True),
    Column("id", Text, primary_key=True),
    Column("huella", Text, nullable=False),
    Column("ruta", Uuid),
    Column("cuerpo", LargeBinary, nullable=False),
    Column("firma", Text, nullable=False),
    Column("resultado", Text, nullable=False),
    Column("acuse", LargeBinary, nullable=False),
    Column("firma_acuse", Text, nullable=False),
    Column("atendida", Instante, nullable=False),
    Index("solicitudes_por_huella", "huella"),
)

#: Lo recibido que no se pudo atribuir a nadie: se responde si dejó dónde y se cuenta por día (UTC) y código. Una fila
#: por mensaje dejaría que cualquiera llenase el disco; el porqué de cada uno va en su acuse.
devueltas = Table(
    "devueltas",
    ESQUEMA,
    Column("dia", Date, primary_key=True),
    Column("codigo", Text, primary_key=True),
    Column("cuantas", Entero, nullable=False),
)

#: Mensajes por enviar que no son hechos: acuses, buzones, peticiones de reparación. Se borran al confirmarse.
salida = Table(
    "salida",
    ESQUEMA,
    Column("numero", Entero, primary_key=True),
    Column("intercambio", Text, nullable=False),
    Column("clave", Text, nullable=False),
    Column("tipo", Text, nullable=False),
    Column("id", Text, nullable=False),
    Column("cuerpo", LargeBinary, nullable=False),
    Column("firma", Text, nullable=False, default=""),
    Column("urgente", Boolean, nullable=False, default=False),
    Column("creado", Instante, nullable=False),
    Column("intentos", Integer, nullable=False, default=0),
    Column("proximo", Instante, nullable=False),
    Index("salida_por_enviar", "proximo", "numero"),
    Index("salida_urgentes", "creado", postgresql_where=_URGENTE, sqlite_where=_URGENTE),
    Index("salida_por_destino", "intercambio", "clave"),
    sqlite_autoincrement=True,
)

#: Hasta qué posición confirmó el bus los hechos propios.
marcas = Table(
    "marcas",
    ESQUEMA,
    Column("destino", Text, primary_key=True),
    Column("posicion", Entero, nullable=False),
)

#: Quién publica ahora. La valla crece con cada titular: uno que despierta tarde no puede mover la marca.
arriendos = Table(
    "arriendos",
    ESQUEMA,
    Column("nombre", Text, primary_key=True),
    Column("titular", Text, nullable=False),
    Column("valla", Entero, nullable=False),
    Column("vence", Instante, nullable=False),
)

#: Cada vez que el bus confirmó un aviso de buzón: a quién, cuál (``evento.institucion``) y cuándo (UTC). Solo se añade.
#: Un aviso repetido deja otra fila; vale la primera: desde entonces estaba al alcance de la institución.
entregas = Table(
    "entregas",
    ESQUEMA,
    Column("numero", Entero, primary_key=True),
    Column("institucion", Text, nullable=False),
    Column("mensaje", Text, nullable=False),
    Column("instante", Instante, nullable=False),
    Index("entregas_por_institucion", "institucion", "numero"),
    sqlite_autoincrement=True,
)

#: En qué orden se aplicó lo ajeno entre lo propio: el tramo de un origen (posiciones incluidas), tras qué posición
#: propia y cuándo (UTC). Entre orígenes no hay otro orden escrito en ningún sitio. De una posición vale su última fila:
#: la que se apartó y se reprocesó sale otra vez. Solo se añade.
aplicaciones = Table(
    "aplicaciones",
    ESQUEMA,
    Column("numero", Entero, primary_key=True),
    Column("origen", Text, nullable=False),
    Column("desde", Entero, nullable=False),
    Column("hasta", Entero, nullable=False),
    Column("tras", Entero, nullable=False),
    Column("instante", Instante, nullable=False),
    sqlite_autoincrement=True,
)

#: Los hechos propios que se recuperaron tras restaurar la base, por la huella de la solicitud que los causó: la fila de
#: `solicitudes` se perdió, y a quien la repita se le ha de dar el acuse de entonces y no otro efecto. Solo se añade.
repuestas = Table(
    "repuestas",
    ESQUEMA,
    Column("posicion", Entero, primary_key=True, autoincrement=False),
    Column("huella", Text, nullable=False),
    Index("repuestas_por_huella", "huella"),
)

#: Qué tiene parado una persona en este servicio, por qué (un código), quién (su seudónimo) y desde cuándo; con
#: ``hasta``, ya no. De cada tarea, una vigente como mucho.
pausas = Table(
    "pausas",
    ESQUEMA,
    Column("numero", Entero, primary_key=True),
    Column("tarea", Text, nullable=False),
    Column("motivo", Text, nullable=False),
    Column("quien", Text, nullable=False),
    Column("desde", Instante, nullable=False),
    Column("hasta", Instante),
    Column("reanudo", Text),
    Index("pausas_vigentes", "tarea", unique=True, postgresql_where=_VIGENTE, sqlite_where=_VIGENTE),
    sqlite_autoincrement=True,
)
