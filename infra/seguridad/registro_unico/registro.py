"""El tenedor de la huella: guarda huellas y rutas, y propone que dos rutas son de la misma persona.

Va en otra base y con otra clave que la bóveda, a ser posible en otra institución. Quien registra no recibe respuesta:
así no puede probar nombres. La coincidencia llega a quien ha de confirmarla.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Final, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Column, Connection, Engine, Integer, LargeBinary, MetaData, Table, UniqueConstraint, Uuid

from eventos.rechazo import Rechazo
from infra.almacen.esquema import Instante
from infra.almacen.insertar import insertar_si_falta
from infra.almacen.motor import abrir_motor, leyendo, vaciar_wal
from infra.reloj import Reloj
from infra.seguridad import base64url
from infra.seguridad.boveda.ficha import FichaIdentidad, abrir_deposito
from infra.seguridad.boveda.puertos import Quien, exigir_forma
from infra.seguridad.boveda.rechazos import IdentidadDestruida
from infra.seguridad.constancia import Acto, Asiento, Constancia
from infra.seguridad.registro_unico.huella import huellas
from infra.seguridad.registro_unico.rechazos import ConsultasAgotadas, ConsultaSinParticipar, HuellasEnDisco

#: Consultas por institución. Valores por defecto del proyecto, sin fuente legal: más de lo que registra a mano quien
#: atiende, mucho menos de lo que haría falta para recorrer una lista de nombres.
TOPES: Final = ((timedelta(hours=1), 30), (timedelta(days=1), 120))

ESQUEMA = MetaData()

_huellas = Table(
    "huellas",
    ESQUEMA,
    Column("huella", LargeBinary(32), primary_key=True),
    Column("ruta", Uuid, primary_key=True, index=True),
)

#: ``ruta`` < ``otra``: el par se propone una vez. ``contada``: cuándo supo detección de ella.
_propuestas = Table(
    "propuestas",
    ESQUEMA,
    Column("numero", Integer, primary_key=True),
    Column("ruta", Uuid, nullable=False),
    Column("otra", Uuid, nullable=False),
    Column("instante", Instante, nullable=False),
    Column("contada", Instante),
    UniqueConstraint("ruta", "otra"),
    sqlite_autoincrement=True,
)

#: Rutas cuya clave se destruyó: lápidas, para que nadie vuelva a meter sus huellas.
_olvidadas = Table("olvidadas", ESQUEMA, Column("ruta", Uuid, primary_key=True))

#: Fila única: quien escribe la toma primero, y así el tope y las coincidencias se deciden en serie.
_turno = Table("turno", ESQUEMA, Column("id", Integer, primary_key=True, autoincrement=False))
_consultas = Constancia("consultas", ESQUEMA)


class Propuesta(NamedTuple):
    """Dos rutas que parecen de la misma persona."""

    numero: int
    ruta: UUID
    otra: UUID


class RegistroUnico:
    """Las huellas y su clave. ``participa``: si una institución participa en una ruta (regla 4)."""

    def __init__(
        self, almacen: str | Engine, clave: bytes, recepcion: X25519PrivateKey,
        participa: Callable[[UUID, str], bool], reloj: Reloj, *, esquema: str | None = None,
    ) -> None:  # fmt: skip
        self._motor = abrir_motor(almacen, esquema, duradero=True) if isinstance(almacen, str) else almacen
        self._clave, self._recepcion, self._participa, self._reloj = clave, recepcion, participa, reloj

    def crear_esquema(self) -> None:
        """Crea las tablas que falten y protege las constancias. Lo llama el dueño de la base, una vez."""
        ESQUEMA.create_all(self._motor)
        _consultas.proteger(self._motor)
        with self._motor.begin() as conexion:
            insertar_si_falta(conexion, _turno, [{"id": 1}])

    def cerrar(self) -> None:
        """Suelta las conexiones."""
        self._motor.dispose()

    @property
    def publica(self) -> str:
        """La clave X25519 (base64url) hacia la que se cierran las fichas que se registran."""
        return base64url.a_texto(self._recepcion.public_key().public_bytes_raw())

    def registrar(self, quien: Quien, ruta: UUID, deposito: str) -> None:
        """Registra a quien se atiende y propone las rutas que coincidan. No dice si hubo alguna.

        ``deposito``: el mismo JWE que se da a la bóveda, cerrado hacia la clave del registro. Errores:
        `ConsultasAgotadas`, `ConsultaSinParticipar`, `HuellaSinDocumento`, `DepositoIlegible`, `DepositoDeOtraRuta`,
        `IdentidadDestruida`; y, sin que conste, `QuienSinForma`.
        """
        exigir_forma(quien)
        with self._motor.begin() as conexion:
            self._anotar(conexion, quien, ruta, "registrar", "")
            agotadas = self._agotadas(conexion, quien.institucion)
        # La consulta ya consta y ya cuenta para el tope, salga lo que salga.
        try:
            if agotadas:
                raise ConsultasAgotadas
            if not self._participa(ruta, quien.institucion):
                raise ConsultaSinParticipar
            ficha = msgspec.json.decode(abrir_deposito(deposito, ruta, self._recepcion), type=FichaIdentidad)
            self._inscribir(ruta, huellas(ficha, self._clave))
        except Rechazo as rechazo:
            with self._motor.begin() as conexion:
                self._anotar(conexion, quien, ruta, "negado-registrar", rechazo.codigo)
            raise

    def propuestas(self) -> list[Propuesta]:
        """Las que detección aún no conoce, en orden."""
        columnas = _propuestas.c
        with leyendo(self._motor) as conexion:
            filas = conexion.execute(
                sa.select(columnas.numero, columnas.ruta, columnas.otra)
                .where(columnas.contada.is_(None))
                .order_by(columnas.numero)
            )
            return [Propuesta(*fila) for fila in filas]

    def contada(self, numero: int) -> None:
        """Detección ya la conoce."""
        with self._motor.begin() as conexion:
            cual = _propuestas.c.numero == numero
            conexion.execute(sa.update(_propuestas).where(cual).values(contada=self._reloj.ahora()))

    def olvidar(self, ruta: UUID) -> None:
        """Borra las huellas de una ruta, cuya clave se destruyó, y deja lápida. Repetirlo no cambia nada.

        Que conste la destrucción lo mira quien llama. Errores: `HuellasEnDisco` si ya nadie las lee pero siguen en los
        archivos; al repetirlo se acaban de borrar.
        """
        with self._motor.begin() as conexion:
            self._tomar_turno(conexion)
            insertar_si_falta(conexion, _olvidadas, [{"ruta": ruta}])
            conexion.execute(sa.delete(_huellas).where(_huellas.c.ruta == ruta))
            sin_contar = sa.or_(_propuestas.c.ruta == ruta, _propuestas.c.otra == ruta), _propuestas.c.contada.is_(None)
            conexion.execute(sa.delete(_propuestas).where(*sin_contar))
        if not vaciar_wal(self._motor):
            raise HuellasEnDisco

    def consultas(self) -> list[Asiento]:
        """Quién registró a quién y cuándo; también lo negado."""
        with leyendo(self._motor) as conexion:
            return _consultas.leer(conexion)

    def comprobar_consultas(self) -> int | None:
        """El número de la primera constancia cuya cadena no casa, o None."""
        with leyendo(self._motor) as conexion:
            return _consultas.comprobar(conexion)

    def _inscribir(self, ruta: UUID, suyas: list[bytes]) -> None:
        with self._motor.begin() as conexion:
            self._tomar_turno(conexion)
            # Con el turno tomado: un olvido simultáneo o ya dejó su lápida, o borrará lo que aquí se escriba.
            if conexion.scalar(sa.select(_olvidadas.c.ruta).where(_olvidadas.c.ruta == ruta)) is not None:
                raise IdentidadDestruida
            filas = conexion.scalars(sa.select(_huellas.c.ruta).where(_huellas.c.huella.in_(suyas)).distinct())
            pares = [tuple(sorted((ruta, otra))) for otra in filas if otra != ruta]
            ahora = self._reloj.ahora()
            insertar_si_falta(conexion, _propuestas, [{"ruta": a, "otra": b, "instante": ahora} for a, b in pares])
            insertar_si_falta(conexion, _huellas, [{"huella": h, "ruta": ruta} for h in suyas])

    def _anotar(self, conexion: Connection, quien: Quien, ruta: UUID, acto: str, detalle: str) -> None:
        self._tomar_turno(conexion)
        _consultas.anotar(conexion, Acto(ruta, quien.institucion, quien.agente, acto, detalle, self._reloj.ahora()))

    def _agotadas(self, conexion: Connection, institucion: str) -> bool:
        """Si con esta pasa de algún tope."""
        columnas, ahora = _consultas.tabla.c, self._reloj.ahora()
        suyas = sa.select(sa.func.count()).where(columnas.institucion == institucion, columnas.acto == "registrar")
        return any(
            int(conexion.scalar(suyas.where(columnas.instante > ahora - plazo)) or 0) > tope for plazo, tope in TOPES
        )

    @staticmethod
    def _tomar_turno(conexion: Connection) -> None:
        conexion.execute(sa.select(_turno).with_for_update())


__all__ = ["ESQUEMA", "TOPES", "Propuesta", "RegistroUnico"]
