"""Abrir la base de un servicio con la misma conducta transaccional en SQLite y PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from typing import Any, Final

import eventsourcing.persistence
from sqlalchemy import Connection, Engine, create_engine, event, exc, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import ConnectionPoolEntry, PoolProxiedConnection

#: Segundos. Un proceso congelado con el turno lo suelta pasado el primero; nadie espera un turno más del segundo.
INACTIVIDAD: Final = 15
ESPERA_TURNO: Final = 20
_SEGUNDOS_CONEXION: Final = 5
_SOLO_LEE: Final = "solo_lee"

_CAIDA = (
    exc.OperationalError,
    exc.InterfaceError,
    exc.TimeoutError,
    eventsourcing.persistence.OperationalError,
    eventsourcing.persistence.InterfaceError,
)
#: SQLSTATE: conexión, recursos, operador, sistema, réplica que aún no es principal y sesión echada por inactiva.
_ESTADOS_DE_CAIDA = ("08", "53", "57", "58", "25006", "25P03")


def abrir_motor(url: str, esquema: str | None = None, *, duradero: bool = False) -> Engine:
    """Motor para una URL de SQLAlchemy; en PostgreSQL, ``esquema`` fija el ``search_path`` de cada conexión.

    ``duradero``: en SQLite, lo confirmado espera al disco, y un corte de luz no lo pierde (PostgreSQL lo hace siempre).
    Para identidades y claves; los servicios no lo piden: un fsync por tanda, y su SQLite es para un solo proceso.
    ``postgresql://`` y ``postgres://`` valen igual que ``postgresql+psycopg://``. Sus errores no llevan los valores de
    la sentencia: acaban en registros. Errores: `sqlalchemy.exc.ArgumentError` si no es una URL o no es de esas bases.
    """
    direccion = _con_su_adaptador(make_url(url))
    if direccion.get_backend_name() == "sqlite":
        motor = create_engine(direccion, hide_parameters=True)
        _ajustar_sqlite(motor, "FULL" if duradero else "NORMAL")
        return motor
    return create_engine(
        direccion,
        connect_args=_conexion_postgresql(esquema),
        pool_size=5,
        max_overflow=5,
        hide_parameters=True,
    )


def base_caida(error: BaseException) -> bool:
    """Si el fallo es de la base (cayó, cortó, no dio turno) y no de lo que se le pedía: se repite más tarde, entero."""
    if isinstance(error, _CAIDA):
        return True
    if not isinstance(error, exc.DBAPIError):
        return False
    estado = getattr(error.orig, "sqlstate", None) or ""
    return error.connection_invalidated or estado.startswith(_ESTADOS_DE_CAIDA)


def comprobar(motor: Engine) -> None:
    """Lanza el error de la base si no responde."""
    with leyendo(motor) as conexion:
        conexion.execute(text("SELECT 1"))


def vaciar_wal(motor: Engine) -> bool:
    """Lleva al archivo de SQLite todo lo confirmado y vacía el WAL. Falso si alguien, un lector basta, lo impidió.

    En PostgreSQL no hace nada: lo confirmado ya está en el disco, y su WAL no es de quien escribe.
    """
    if motor.dialect.name != "sqlite":
        return True
    # Sin SQLAlchemy: abriría una transacción, y dentro de una no se puede vaciar el WAL.
    with closing(motor.raw_connection()) as cruda:
        ocupado, *_ = cruda.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not ocupado


def _con_su_adaptador(direccion: URL) -> URL:
    """La misma, con el adaptador instalado: sin él SQLAlchemy supone otro, y falla al importarlo."""
    if direccion.drivername in {"postgresql", "postgres"}:
        return direccion.set(drivername="postgresql+psycopg")
    if direccion.drivername not in {"sqlite", "sqlite+pysqlite", "postgresql+psycopg"}:
        raise exc.ArgumentError(f"no hay almacén para {direccion.drivername}: usa postgresql:// o sqlite://")
    return direccion


def _conexion_postgresql(esquema: str | None) -> dict[str, Any]:
    opciones = [
        f"-cidle_in_transaction_session_timeout={INACTIVIDAD * 1000}",
        f"-clock_timeout={ESPERA_TURNO * 1000}",
    ]
    if esquema:
        opciones.append(f"-csearch_path={esquema}")
    # Sin plazos de red, una conexión cortada a medias deja colgado a quien espera la respuesta.
    plazos = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3, "tcp_user_timeout": 15_000}
    return {"options": " ".join(opciones), "connect_timeout": _SEGUNDOS_CONEXION, **plazos}


def _ajustar_sqlite(motor: Engine, sincronia: str) -> None:
    @event.listens_for(motor, "connect")
    def _al_conectar(conexion: Any, _registro: object) -> None:
        # SQLAlchemy manda en las transacciones, no el módulo sqlite3 (que retrasa BEGIN y rompe los SAVEPOINT).
        conexion.isolation_level = None
        conexion.execute("PRAGMA journal_mode=WAL")
        conexion.execute(f"PRAGMA synchronous={sincronia}")
        conexion.execute("PRAGMA busy_timeout=10000")
        # Sin esto, INSERT OR REPLACE borra sin despertar al disparador que prohíbe borrar.
        conexion.execute("PRAGMA recursive_triggers=ON")
        # Lo borrado (solicitudes ya respondidas) se pisa con ceros: el archivo no guarda restos.
        conexion.execute("PRAGMA secure_delete=ON")

    # En el dialecto y no con el evento `begin`: con un evento cualquiera, SQLAlchemy mira los suyos en cada sentencia.
    dialecto: Any = motor.dialect
    poner_opciones = dialecto.set_connection_execution_options

    def al_poner_opciones(conexion: Connection, opciones: Mapping[str, Any]) -> None:
        conexion.connection.info[_SOLO_LEE] = conexion.get_execution_options().get("solo_lee", False)
        poner_opciones(conexion, opciones)

    @event.listens_for(motor, "checkin")
    def _al_devolver(_conexion: Any, registro: ConnectionPoolEntry) -> None:
        registro.info.pop(_SOLO_LEE, None)

    def empezar(conexion: PoolProxiedConnection) -> None:
        # IMMEDIATE: quien va a escribir espera su turno al empezar, no falla a la mitad.
        solo_lee = conexion.info.get(_SOLO_LEE, False)
        conexion.cursor().execute("BEGIN" if solo_lee else "BEGIN IMMEDIATE")

    dialecto.set_connection_execution_options = al_poner_opciones
    dialecto.do_begin = empezar


@contextmanager
def leyendo(motor: Engine, *, en_flujo: bool = False, instantanea: bool = False) -> Iterator[Connection]:
    """Una conexión que solo lee: en SQLite no espera a quien escribe.

    En PostgreSQL va sin transacción, que costaría dos viajes más por consulta y no daría más: cada sentencia vería lo
    confirmado igualmente. ``en_flujo``: con ella, que un cursor del servidor (``yield_per``) la exige.
    ``instantanea``: todo lo que se lea es de un mismo momento, y la base rechaza cualquier escritura; sin plazo de
    inactividad, que quien la usa hace mucho entre una consulta y otra.
    """
    es_postgresql = motor.dialect.name == "postgresql"
    opciones: dict[str, Any] = {"solo_lee": True}
    if es_postgresql and instantanea:
        opciones |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    elif es_postgresql and not en_flujo:
        opciones["isolation_level"] = "AUTOCOMMIT"
    with motor.connect().execution_options(**opciones) as conexion, conexion.begin():
        if instantanea:
            sin_plazo = "SET LOCAL idle_in_transaction_session_timeout = 0"
            conexion.execute(text(sin_plazo if es_postgresql else "PRAGMA query_only=ON"))
        try:
            yield conexion
        finally:
            if instantanea and not es_postgresql:
                # Es de la conexión, no de la transacción: quien la tome después ha de poder escribir.
                conexion.execute(text("PRAGMA query_only=OFF"))
