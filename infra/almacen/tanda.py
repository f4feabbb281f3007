"""La tanda: una transacción de trabajo de un servicio. Hechos, lecturas, acuses y avance se confirman juntos o nada.

Se acumula en memoria y se escribe por lotes al volcar: guardar cien hechos cuesta una sentencia, no cien.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Connection, Row, Select

from eventos.base import Hecho, campos_sellados
from eventos.sobre import Anotado
from infra.almacen.esquema import cabecera, salida

if TYPE_CHECKING:
    from infra.almacen.almacen import Almacen


class Agregado(Protocol):
    """Estado que se pliega desde los hechos de un flujo."""

    @classmethod
    def vacio(cls, id: UUID) -> Self: ...

    def evolucionar(self, anotado: Anotado) -> Self: ...


A = TypeVar("A", bound=Agregado)


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoria:
    """Quién causa un hecho y por qué; va entero al sobre. ``ocurrido`` en UTC."""

    institucion: str
    agente: str
    ocurrido: datetime
    causa: str
    correlacion: str
    solicitud: str = ""


@dataclass(slots=True)
class _Flujo:
    anotados: list[Anotado]
    estados: dict[type[Any], Any] = field(default_factory=dict)

    @property
    def version(self) -> int:
        return self.anotados[-1].version if self.anotados else 0


class Tanda:
    """Trabajo dentro de una transacción con el turno de escritura tomado."""

    def __init__(self, almacen: Almacen, conexion: Connection) -> None:
        self._almacen = almacen
        self._conexion = conexion
        self._flujos: dict[UUID, _Flujo] = {}
        self._por_guardar: list[Anotado] = []
        self._por_leer: list[Anotado] = []
        self._mensajes: list[dict[str, Any]] = []
        self.ahora = almacen.reloj.ahora()
        self.azar = almacen.azar
        self.claves = almacen.claves

    def estado(self, clase: type[A], id_agregado: UUID) -> A:
        """El estado de un agregado, con lo guardado y lo ya anotado en esta tanda."""
        flujo = self._flujo(id_agregado)
        if clase not in flujo.estados:
            estado = clase.vacio(id_agregado)
            for anotado in flujo.anotados:
                estado = estado.evolucionar(anotado)
            flujo.estados[clase] = estado
        resultado: A = flujo.estados[clase]
        return resultado

    def anotar(self, hechos: Iterable[Hecho], autoria: Autoria) -> list[Anotado]:
        """Da sobre a unos hechos y los deja listos para guardar. El id (UUIDv7) y la versión ya son los definitivos."""
        nuevos = []
        for hecho in hechos:
            flujo = self._flujo(hecho.agregado)
            anotado = Anotado(
                id=self.azar.uuid7(self.ahora),
                origen=self._almacen.origen,
                hecho=hecho,
                institucion=autoria.institucion,
                agente=autoria.agente,
                ocurrido=autoria.ocurrido,
                registrado=self.ahora,
                causa=autoria.causa,
                correlacion=autoria.correlacion,
                agregado=hecho.agregado,
                version=flujo.version + 1,
                solicitud=autoria.solicitud,
            )
            flujo.anotados.append(anotado)
            for clase, estado in flujo.estados.items():
                flujo.estados[clase] = estado.evolucionar(anotado)
            nuevos.append(anotado)
        self._por_guardar += nuevos
        self._por_leer += nuevos
        return nuevos

    def conocer(self, anotados: Sequence[Anotado]) -> None:
        """Hechos de otros servicios que han de llegar a las lecturas en esta tanda."""
        self._por_leer += anotados

    @property
    def conexion(self) -> Connection:
        """La conexión, con las lecturas al día: para avance y marcas, o para consultar."""
        if self._por_leer:
            pendientes, self._por_leer = self._por_leer, []
            self._almacen.lecturas.aplicar(self._conexion, pendientes)
        return self._conexion

    def leer(self, consulta: Select[Any]) -> Sequence[Row[Any]]:
        """Consulta las lecturas propias."""
        return self.conexion.execute(consulta).all()

    def enviar(self, *, intercambio: str, clave: str, tipo: str, cuerpo: bytes, firma: str = "", urgente: bool = False,
               id_mensaje: str | None = None) -> None:  # fmt: skip
        """Deja un mensaje que no es un hecho para que el relevo lo publique cuando la tanda confirme."""
        self._mensajes.append(
            {
                "intercambio": intercambio, "clave": clave, "tipo": tipo, "cuerpo": cuerpo, "firma": firma,
                "urgente": urgente, "id": id_mensaje or str(self.azar.uuid7(self.ahora)),
                "creado": self.ahora, "proximo": self.ahora, "intentos": 0,
            }
        )  # fmt: skip

    def posicion(self) -> int:
        """La posición que tendrá el último hecho anotado hasta ahora."""
        guardada = self._conexion.scalar(sa.select(cabecera.c.posicion)) or 0
        return int(guardada) + len(self._por_guardar)

    def volcar(self) -> None:
        """Escribe lo acumulado. La llama quien abrió la tanda, justo antes de confirmar."""
        if self._por_guardar:
            pendientes, self._por_guardar = self._por_guardar, []
            claves = self._claves_para(pendientes)
            self._almacen.eventos_en(self._conexion, claves).put(pendientes)  # type: ignore[arg-type]
        _ = self.conexion
        if self._mensajes:
            mensajes, self._mensajes = self._mensajes, []
            self._conexion.execute(sa.insert(salida), mensajes)

    def _claves_para(self, anotados: Sequence[Anotado]) -> dict[UUID, bytes]:
        rutas = {a.agregado for a in anotados if campos_sellados(type(a.hecho))}
        return self._almacen.llavero.obtener_o_crear(rutas) if rutas else {}

    def _flujo(self, id_agregado: UUID) -> _Flujo:
        flujo = self._flujos.get(id_agregado)
        if flujo is None:
            guardados: Any = self._almacen.eventos_en(self._conexion).get(id_agregado)
            flujo = self._flujos[id_agregado] = _Flujo(list(guardados))
        return flujo
