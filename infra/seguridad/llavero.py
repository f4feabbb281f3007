"""El llavero: una clave por persona, en su propio almacén. Destruirla deja sin voz a todo lo sellado con ella.

Cada clave (32 bytes) se guarda envuelta con la maestra del despliegue y atada a su ruta: cambiar filas entre sí no
sirve. El almacén va aparte de los servicios y fuera de las copias ordinarias. En una copia, o en el registro de
escritura de PostgreSQL, una clave destruida sigue viva pero envuelta: por eso `rotar` estrena maestra tras destruir.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Collection, Iterable
from datetime import timedelta
from threading import Lock
from typing import Any, Final, NamedTuple
from uuid import UUID

from sqlalchemy import Column, Connection, Engine, LargeBinary, MetaData, Table, Uuid, bindparam, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import OperationalError

from eventos.rechazo import Rechazo
from infra.almacen.esquema import Instante
from infra.almacen.motor import abrir_motor, leyendo, vaciar_wal
from infra.azar import Azar
from infra.reloj import Reloj
from infra.seguridad.anillo import Anillo, AnilloIlegible
from infra.seguridad.envoltura import Envoltura
from infra.seguridad.sello import CLAVE_BYTES, SelloRoto, sellar

ESQUEMA = MetaData()

#: ``clave`` envuelta; nula en una lápida, que impide que la ruta vuelva a tener clave.
claves = Table(
    "claves",
    ESQUEMA,
    Column("ruta", Uuid, primary_key=True),
    Column("clave", LargeBinary),
    Column("creada", Instante, nullable=False),
    Column("destruida", Instante),
)

#: Con qué maestra está envuelto todo; cambia al rotar.
envoltura = Envoltura.tabla(ESQUEMA)

#: Filas por consulta: SQLite admite 32 766 parámetros.
_TRAMO: Final = 5000


class ClaveDestruida(Exception):
    """Alguna de las rutas pedidas tuvo clave y se destruyó: sobre esa persona ya no se escribe nada sellado."""

    codigo: Final = "clave-destruida"

    def __str__(self) -> str:
        return "clave-destruida: sobre esta persona no se puede sellar nada más; retírala de lo que pides"


class ClaveIlegible(Exception):
    """La clave guardada no se abre: la maestra no es la del despliegue o alguien tocó la fila."""

    codigo: Final = "clave-ilegible"

    def __str__(self) -> str:
        return "clave-ilegible: comprueba que la clave maestra es la de este despliegue y que nadie tocó el llavero"


class ClaveEnDisco(Rechazo):
    """La clave se destruyó y nadie la lee, pero algo que usaba la base impidió quitarla de los archivos."""

    codigo = "clave-en-disco"
    campo = "ruta"
    que_hacer = "Aún no está destruida del todo: cierra lo que esté leyendo el llavero y repite la orden."


class _Guardada(NamedTuple):
    clave: bytes
    leida: float


class Llavero:
    """Las claves de las personas. Vale para varios hilos y varios procesos sobre el mismo almacén."""

    def __init__(
        self,
        almacen: str | Engine,
        maestra: bytes | Anillo,
        azar: Azar,
        reloj: Reloj,
        *,
        esquema: str | None = None,
        capacidad: int = 10_000,
        vigencia: timedelta | None = timedelta(minutes=5),
    ) -> None:
        """``almacen``: URL (con ``esquema`` en PostgreSQL) o motor de `abrir_motor`.

        ``maestra``: 32 bytes, o el anillo en que rota.
        La caché guarda ``capacidad`` claves durante ``vigencia`` (de `Reloj.monotono`): es lo que otro proceso puede
        tardar en notar una destrucción. ``None``, sin límite: solo si este llavero es el único que destruye.
        Errores: `ValueError` si la maestra no mide 32 bytes.
        """
        anillo = Anillo.fijo(maestra) if isinstance(maestra, bytes) else maestra
        self._envoltura = Envoltura(anillo, envoltura, azar)
        self._motor = abrir_motor(almacen, esquema, duradero=True) if isinstance(almacen, str) else almacen
        self._es_sqlite = self._motor.dialect.name == "sqlite"
        self._anillo, self._azar, self._reloj = anillo, azar, reloj
        self._capacidad = capacidad
        self._vigencia = float("inf") if vigencia is None else vigencia.total_seconds()
        self._cache: OrderedDict[UUID, _Guardada] = OrderedDict()
        self._destrucciones = 0
        self._candado = Lock()

    def crear_esquema(self) -> None:
        """Crea la tabla si falta. Lo llama el dueño del almacén, una vez, no cada proceso."""
        ESQUEMA.create_all(self._motor)

    def cerrar(self) -> None:
        """Suelta las conexiones y olvida las claves."""
        with self._candado:
            self._cache.clear()
        self._motor.dispose()

    def obtener_o_crear(self, rutas: Collection[UUID]) -> dict[UUID, bytes]:
        """La clave de cada ruta; a las nuevas se les da una. Dos procesos a la vez acaban con la misma.

        Errores: `ClaveDestruida` (y entonces no se creó ninguna, si ya constaba), `ClaveIlegible`.
        """
        pedidas = sorted(set(rutas))
        halladas = self._de_cache(pedidas)
        if not (faltan := [ruta for ruta in pedidas if ruta not in halladas]):
            return halladas
        testigo = self._destrucciones
        with leyendo(self._motor) as conexion:
            leidas = self._leer(conexion, faltan)
        if nuevas := [ruta for ruta in faltan if ruta not in leidas]:
            dadas = self._claves_nuevas(nuevas)
            with self._motor.begin() as conexion:
                # En orden de ruta: dos procesos que crean las mismas se esperan, no se bloquean mutuamente.
                conexion.execute(self._insertar().on_conflict_do_nothing(), self._filas(conexion, dadas))
                leidas |= self._leer(conexion, nuevas)
        self._a_cache(leidas, testigo)
        return halladas | leidas

    def obtener(self, ruta: UUID) -> bytes | None:
        """La clave, o ``None`` si la ruta no tiene o se destruyó. Errores: `ClaveIlegible`."""
        return self.presentes([ruta]).get(ruta)

    def presentes(self, rutas: Collection[UUID]) -> dict[UUID, bytes]:
        """Las que hay de esas rutas: ni crea ninguna ni falla por las destruidas. Errores: `ClaveIlegible`."""
        pedidas = sorted(set(rutas))
        halladas = self._de_cache(pedidas)
        if faltan := [ruta for ruta in pedidas if ruta not in halladas]:
            testigo = self._destrucciones
            with leyendo(self._motor) as conexion:
                leidas = self._leer(conexion, faltan, exigir=False)
            self._a_cache(leidas, testigo)
            halladas |= leidas
        return halladas

    def destruida(self, ruta: UUID) -> bool:
        """Si la clave de la ruta se destruyó: de esa persona ya no se puede sellar nada."""
        if self._de_cache([ruta]):
            return False
        with leyendo(self._motor) as conexion:
            return conexion.scalar(select(claves.c.destruida).where(claves.c.ruta == ruta)) is not None

    def destruir(self, ruta: UUID) -> None:
        """Borra la clave y deja lápida, aunque la ruta no tuviera clave aún. Repetirlo no cambia la fecha.

        Decidir que procede (dos personas, demora, sin mandato vigente) es de quien llama. Errores: `ClaveEnDisco` si
        ya no se lee pero sigue en los archivos; repetirlo acaba de borrarla.
        """
        ahora = self._reloj.ahora()
        lapida = {"ruta": ruta, "clave": None, "creada": ahora, "destruida": ahora}
        orden = self._insertar().on_conflict_do_update(
            index_elements=[claves.c.ruta],
            set_={"clave": None, "destruida": ahora},
            where=claves.c.destruida.is_(None),
        )
        with self._motor.begin() as conexion:
            if self._es_sqlite:
                conexion.execute(text("PRAGMA secure_delete = ON"))
            conexion.execute(orden, lapida)
        with self._candado:
            self._destrucciones += 1
            self._cache.pop(ruta, None)
        self._borrar_restos()

    def rotar(self) -> None:
        """Estrena maestra y destruye la anterior: las copias antiguas del almacén ya no se abren.

        Los demás procesos lo notan en el archivo del anillo. Si se corta, repetirlo lo termina. Errores:
        `ClaveIlegible` (y no rota); `RotacionPendiente`; `ClaveEnDisco` si rotó pero quedan restos de antes;
        `ValueError` si el anillo es fijo.
        """
        try:
            self._envoltura.rotar(self._motor, _reenvolver)
        except (SelloRoto, AnilloIlegible):
            raise ClaveIlegible from None
        self._borrar_restos()

    def _borrar_restos(self) -> None:
        """Lo borrado sigue en los archivos hasta que el motor los reescribe: se le pide ya. Errores: `ClaveEnDisco`.

        En PostgreSQL lo hace el dueño de la tabla, y la bloquea mientras copia (una fila corta por persona).
        """
        if self._es_sqlite:
            if not vaciar_wal(self._motor):
                raise ClaveEnDisco
            return
        try:
            with self._motor.begin() as conexion:
                # Reescribe la tabla solo con lo vivo. VACUUM, aun FULL, conserva la fila muerta mientras quede abierta
                # una transacción anterior en la base, aunque sea de otro servicio.
                conexion.execute(text("ALTER TABLE claves ALTER COLUMN clave TYPE bytea USING clave || ''::bytea"))
        except OperationalError:  # quien la lee no la soltó a tiempo, o la base cayó
            raise ClaveEnDisco from None

    def _insertar(self) -> Any:
        return (sqlite if self._es_sqlite else postgresql).insert(claves)

    def _claves_nuevas(self, rutas: Iterable[UUID]) -> dict[UUID, bytes]:
        with self._candado:  # un azar sembrado no es para varios hilos
            return {ruta: self._azar.bytes(CLAVE_BYTES) for ruta in rutas}

    def _filas(self, conexion: Connection, dadas: dict[UUID, bytes]) -> list[dict[str, object]]:
        ahora = self._reloj.ahora()
        try:
            # Con candado: entre envolver y confirmar nadie puede estar destruyendo la maestra.
            maestra = self._envoltura.clave(conexion, compartida=True)
        except AnilloIlegible:
            raise ClaveIlegible from None
        with self._candado:
            return [
                {"ruta": ruta, "clave": sellar(maestra, clave, _atadura(ruta), self._azar), "creada": ahora}
                for ruta, clave in dadas.items()
            ]

    def _leer(self, conexion: Connection, rutas: list[UUID], *, exigir: bool = True) -> dict[UUID, bytes]:
        """Las que hay. ``exigir``: con una destruida, `ClaveDestruida`; si no, se omite."""
        columnas = select(claves.c.ruta, claves.c.clave, claves.c.destruida)
        halladas = {}
        for i in range(0, len(rutas), _TRAMO):
            for ruta, envuelta, destruida in conexion.execute(columnas.where(claves.c.ruta.in_(rutas[i : i + _TRAMO]))):
                if destruida is not None:
                    if exigir:
                        raise ClaveDestruida
                    continue
                halladas[ruta] = self._abrir(conexion, ruta, envuelta)
        return halladas

    def _abrir(self, conexion: Connection, ruta: UUID, envuelta: bytes) -> bytes:
        try:
            return self._envoltura.abrir(envuelta, _atadura(ruta))
        except AnilloIlegible:
            raise ClaveIlegible from None
        except SelloRoto:
            # Pudo rotar entre leer la fila y abrirla: la fila de ahora ya está bajo la maestra de ahora.
            de_ahora = conexion.scalar(select(claves.c.clave).where(claves.c.ruta == ruta))
        try:
            return self._envoltura.abrir(de_ahora or b"", _atadura(ruta))
        except (SelloRoto, AnilloIlegible):
            raise ClaveIlegible from None

    def _de_cache(self, rutas: Iterable[UUID]) -> dict[UUID, bytes]:
        desde = self._reloj.monotono() - self._vigencia
        halladas = {}
        with self._candado:
            for ruta in rutas:
                if (guardada := self._cache.get(ruta)) is None:
                    continue
                if guardada.leida <= desde:
                    del self._cache[ruta]
                    continue
                self._cache.move_to_end(ruta)
                halladas[ruta] = guardada.clave
        return halladas

    def _a_cache(self, leidas: dict[UUID, bytes], testigo: int) -> None:
        leida = self._reloj.monotono()
        with self._candado:
            # Si entre la lectura y ahora se destruyó alguna, guardarla la resucitaría.
            if self._destrucciones != testigo:
                return
            for ruta, clave in leidas.items():
                self._cache[ruta] = _Guardada(clave, leida)
                self._cache.move_to_end(ruta)
            while len(self._cache) > self._capacidad:
                self._cache.popitem(last=False)


def _atadura(ruta: UUID) -> bytes:
    return b"senda-llavero\n" + ruta.bytes


def _reenvolver(conexion: Connection, pasar: Callable[[bytes, bytes], bytes]) -> None:
    con_clave = select(claves.c.ruta, claves.c.clave).where(claves.c.clave.is_not(None))
    if conexion.dialect.name == "postgresql":
        con_clave = con_clave.with_for_update()
    cambios = [{"cual": r, "nueva": pasar(c, _atadura(r))} for r, c in conexion.execute(con_clave).tuples()]
    if cambios:
        cambiar = update(claves).where(claves.c.ruta == bindparam("cual")).values(clave=bindparam("nueva"))
        conexion.execute(cambiar, cambios)


__all__ = ["ESQUEMA", "ClaveDestruida", "ClaveEnDisco", "ClaveIlegible", "Llavero"]
