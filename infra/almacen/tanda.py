"""La tanda: una transacción de trabajo de un servicio. Hechos, lecturas, acuses y avance se confirman juntos o nada.

Se acumula en memoria y se escribe por lotes al volcar: guardar cien hechos cuesta una sentencia, no cien.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar
from uuid import UUID

import sqlalchemy as sa
from msgspec import Struct
from msgspec.structs import replace
from sqlalchemy import Connection, Row, Select

from eventos.base import UNSET, Hecho, HechoDeRuta, campos_sellados
from eventos.sobre import Anotado, decodificar
from infra.almacen.apertura import abrir_hechos
from infra.almacen.esquema import cabecera, eventos, salida
from infra.almacen.flujos import Agregado, Flujo, Sabido
from infra.almacen.insertar import Altas

if TYPE_CHECKING:
    from infra.almacen.almacen import Almacen
    from infra.almacen.registrador import Cabeza


A = TypeVar("A", bound=Agregado)
T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Autoria:
    """Quién causa un hecho y por qué; va entero al sobre. ``ocurrido`` en UTC."""

    institucion: str
    agente: str
    ocurrido: datetime
    causa: str
    correlacion: str
    solicitud: str = ""


_VERSION = sa.select(sa.func.max(eventos.c.version)).where(eventos.c.agregado == sa.bindparam("de"))
_CUERPOS = (
    sa.select(eventos.c.cuerpo)
    .where(eventos.c.agregado.in_(sa.bindparam("de", expanding=True)))
    .order_by(eventos.c.agregado, eventos.c.version)
)

_POR_SALIR = (
    sa.select(salida.c.numero)
    .where(salida.c.intercambio == sa.bindparam("intercambio"), salida.c.clave == sa.bindparam("clave"))
    .limit(1)
)

#: Lo que se hace con los hechos propios de una tanda cuando ya están escritos y aún no confirmados.
Aviso = Callable[[Sequence[Anotado], "Tanda"], None]


class Tanda:
    """Trabajo dentro de una transacción con el turno de escritura tomado.

    ``cabeza``: dónde acaba lo propio guardado, si se tomó el turno; ``sabido``: lo que valía de las tandas anteriores.
    """

    def __init__(
        self, almacen: Almacen, conexion: Connection, cabeza: Cabeza | None = None,
        sabido: Sabido | None = None,
    ) -> None:  # fmt: skip
        self._almacen = almacen
        #: Lo que nace en esta tanda: se escribe antes de leer nada de la base y, si no, al volcar.
        self.altas = Altas(conexion)
        self.sabido = sabido or Sabido()
        self.flujos = self.sabido.flujos
        self._por_guardar: list[Anotado] = []
        self._por_leer: list[Anotado] = []
        self._por_leer_de: defaultdict[str, list[Anotado]] = defaultdict(list)
        self._mensajes: list[dict[str, Any]] = []
        self._nuevos: set[UUID] = set()
        self._sugeridos: set[UUID] = set()
        self._al_volcar: list[Aviso] = []
        #: Qué hacer cuando haya confirmado; si se revierte, nunca. No ha de lanzar: ya no hay vuelta atrás.
        self.tras_confirmar: list[Callable[[], None]] = []
        self._contestado: dict[str, Struct] = {}
        self._de_varios: dict[object, dict[UUID, list[Row[Any]]]] = {}
        self._cabeza = cabeza
        self._guardada = None if cabeza is None else cabeza.posicion
        self._guardados = self._enviados = 0
        #: Cuántas filas dejó en `aplicaciones`.
        self.aplicaciones = 0
        self.ahora = almacen.reloj.ahora()
        self.azar = almacen.azar
        self.claves = almacen.claves
        self.origen = almacen.origen

    def estado(self, clase: type[A], id_agregado: UUID) -> A:
        """El estado de un agregado, con lo guardado y lo ya anotado en esta tanda."""
        flujo = self.flujos.get(id_agregado)
        if flujo is None or clase not in flujo.estados:
            self._plegar(clase, id_agregado)
            flujo = self.flujos[id_agregado]
        self.flujos.move_to_end(id_agregado)
        resultado: A = flujo.estados[clase]
        return resultado

    def abiertos(self, clase: type[Hecho], rutas: Collection[UUID]) -> list[Anotado]:
        """Los hechos de una clase de esas rutas, guardados o de esta tanda, con lo sellado abierto si aún hay clave.

        Véase `infra.almacen.apertura`. Errores: `ClaveIlegible`.
        """
        guardados = abrir_hechos(self.altas.conexion, self._almacen.llavero, clase, rutas)
        return guardados + [a for a in self._por_guardar if isinstance(a.hecho, clase) and a.agregado in rutas]

    def se_puede_sellar(self, ruta: UUID) -> bool:
        """Si aún se puede contar algo sellado de esa persona: si no, su clave se destruyó."""
        return not self._almacen.llavero.destruida(ruta)

    def anotar(self, hechos: Iterable[Hecho], autoria: Autoria) -> list[Anotado]:
        """Da sobre a unos hechos y los deja listos para guardar. El id (UUIDv7) y la versión ya son los definitivos."""
        nuevos = []
        for hecho in hechos:
            flujo = self._flujo(hecho.agregado)
            anotado = Anotado(
                id=self.azar.uuid7(self.ahora),
                origen=self.origen,
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
            flujo.seguir(sin_sellado(anotado))
            nuevos.append(anotado)
        self._por_guardar += nuevos
        self._apuntar_lectura(nuevos)
        self._olvidar_si_toca(nuevos)
        return nuevos

    def conocer(self, anotados: Sequence[Anotado]) -> None:
        """Hechos de otros servicios que han de llegar a las lecturas en esta tanda."""
        self._apuntar_lectura(anotados)
        self._olvidar_si_toca(anotados)

    def recordar(self, que: object, leer: Callable[[], T]) -> T:
        """Lo que ``leer`` dio la primera vez. Vale para lo que solo cambia un hecho de institución (el directorio)."""
        if que not in self.sabido.demas:
            self.sabido.demas[que] = leer()
        recordado: T = self.sabido.demas[que]
        return recordado

    def nuevo_id(self) -> UUID:
        """Un UUIDv4 para un agregado que empieza: nadie ha escrito en él, así que no se lee."""
        nuevo = self.azar.uuid4()
        self._nuevos.add(nuevo)
        return nuevo

    def sugerir(self, agregados: Collection[UUID]) -> None:
        """De quién va esta tanda: lo que se pida de uno se lee a la vez de todos."""
        self._sugeridos.update(agregados)

    @property
    def en_mano(self) -> tuple[int, int]:
        """Cuántos hechos y mensajes lleva anotados: si no cambia, no se hizo nada."""
        return len(self._por_guardar), len(self._mensajes)

    @property
    def trajo_algo(self) -> bool:
        """Si la tanda dejó hechos propios o mensajes por publicar."""
        return bool(self._guardados or self._enviados)

    @property
    def conexion(self) -> Connection:
        """La conexión, con las lecturas al día: para avance y marcas, o para consultar."""
        self.poner_al_dia()
        return self.altas.conexion

    def poner_al_dia(self) -> None:
        """Lleva a las lecturas lo que la tanda conoce. Cuantas menos veces, mayor el lote."""
        if self._por_leer:
            pendientes, self._por_leer = self._por_leer, []
            self._por_leer_de.clear()
            self._de_varios.clear()
            self._almacen.lecturas.aplicar(self.altas, pendientes)

    def leer(self, consulta: Select[Any], parametros: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Consulta las lecturas propias, al día."""
        return self.conexion.execute(consulta, parametros).all()

    def leer_lo_escrito(self, consulta: Select[Any], parametros: Mapping[str, Any] | None = None) -> Sequence[Row[Any]]:
        """Consulta las lecturas sin ponerlas al día: quien la usa suma lo `por_escribir`, y el lote no se parte."""
        return self.altas.conexion.execute(consulta, parametros).all()

    def leer_de(self, uno: UUID, consulta: Select[Any]) -> Sequence[Row[Any]]:
        """Como `leer_lo_escrito`, de un agregado; la primera vez lee de una sola sentencia la de todos los sugeridos.

        ``consulta``: constante, con columna ``ruta`` y un parámetro ``de`` que admite varios (``expanding``).
        """
        de_varios = self._de_varios.setdefault(consulta, {})
        if uno not in de_varios:
            pedidos = [uno, *(self._sugeridos - de_varios.keys() - {uno})]
            de_varios.update({agregado: [] for agregado in pedidos})
            for fila in self.altas.conexion.execute(consulta, {"de": pedidos}):
                de_varios[fila.ruta].append(fila)
        return de_varios[uno]

    def por_escribir(self, sujeto: str) -> list[Anotado]:
        """Hechos de un sujeto que esta tanda conoce y aún no llegaron a las lecturas, en orden."""
        return list(self._por_leer_de.get(sujeto, ()))

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

    def por_salir(self, intercambio: str, clave: str) -> bool:
        """Si el relevo tiene aún algo que publicar para ese destino, de esta tanda o de las anteriores."""
        return any((m["intercambio"], m["clave"]) == (intercambio, clave) for m in self._mensajes) or bool(
            self.altas.conexion.execute(_POR_SALIR, {"intercambio": intercambio, "clave": clave}).first()
        )

    def contestar(self, solicitud: str, datos: Struct) -> None:
        """Lo que ha de decir el acuse de una solicitud (su huella) además de los hechos que causó."""
        self._contestado[solicitud] = datos

    def contestado(self, solicitud: str) -> Struct | None:
        """Lo que se quiso contestar a una solicitud, o None."""
        return self._contestado.get(solicitud)

    def al_volcar(self, aviso: Aviso) -> None:
        """A quién contar, una sola vez y al final, los hechos propios de esta tanda: así los avisos van por lotes."""
        if aviso not in self._al_volcar:
            self._al_volcar.append(aviso)

    def posicion(self) -> int:
        """La posición que tendrá el último hecho anotado hasta ahora."""
        if self._guardada is None:
            self._guardada = int(self.altas.conexion.scalar(sa.select(cabecera.c.posicion)) or 0)
        return self._guardada + len(self._por_guardar)

    def volcar(self) -> None:
        """Escribe lo acumulado. La llama quien abrió la tanda, justo antes de confirmar. Errores: `ClaveDestruida`."""
        if self._por_guardar:
            pendientes, self._por_guardar = self._por_guardar, []
            claves = self._claves_para(pendientes)
            cabeza, self._cabeza = self._cabeza, None  # vale hasta que se mueva
            self._almacen.eventos_en(self.altas, claves, cabeza).put(pendientes)  # type: ignore[arg-type]
            self._guardados = len(pendientes)
            if self._guardada is not None:
                self._guardada += self._guardados
            for aviso in self._al_volcar:
                aviso(pendientes, self)
        self.poner_al_dia()
        if self._mensajes:
            self.altas.anadir(salida, self._mensajes)
            self._enviados, self._mensajes = len(self._mensajes), []
        self.altas.escribir()

    def _apuntar_lectura(self, anotados: Sequence[Anotado]) -> None:
        self._por_leer += anotados
        for anotado in anotados:
            self._por_leer_de[anotado.hecho.sujeto].append(anotado)

    def _claves_para(self, anotados: Sequence[Anotado]) -> dict[UUID, bytes]:
        rutas = {a.agregado for a in anotados if _lleva_sellado(a.hecho)}
        return self._almacen.llavero.obtener_o_crear(rutas) if rutas else {}

    def _flujo(self, id_agregado: UUID) -> Flujo:
        if id_agregado not in self.flujos:
            es_nuevo = id_agregado in self._nuevos
            version = 0 if es_nuevo else self.altas.conexion.scalar(_VERSION, {"de": id_agregado}) or 0
            self.flujos[id_agregado] = Flujo(version)
        return self.flujos[id_agregado]

    def _plegar(self, clase: type[A], id_agregado: UUID) -> None:
        """Pliega con ``clase`` el flujo pedido y, si es de los sugeridos, todos los que falten: una sentencia."""
        pedidos = {id_agregado}
        if id_agregado in self._sugeridos:
            pedidos |= {a for a in self._sugeridos if clase not in self.flujos.get(a, Flujo()).estados}
        for agregado in pedidos:
            flujo = self.flujos.setdefault(agregado, Flujo())
            flujo.estados[clase] = clase.vacio(agregado)
        con_historia = sorted(pedidos - self._nuevos)
        filas = self.altas.conexion.scalars(_CUERPOS, {"de": con_historia}) if con_historia else ()
        leidos = map(decodificar, filas)
        pendientes = (sin_sellado(a) for a in self._por_guardar if a.agregado in pedidos)
        for anotado in chain(leidos, pendientes):
            flujo = self.flujos[anotado.agregado]
            flujo.version = anotado.version
            flujo.estados[clase] = flujo.estados[clase].evolucionar(anotado)

    def _olvidar_si_toca(self, anotados: Iterable[Anotado]) -> None:
        if self.sabido.demas and not all(isinstance(a.hecho, HechoDeRuta) for a in anotados):
            self.sabido.demas.clear()


def sin_sellado(anotado: Anotado) -> Anotado:
    """El mismo, como lo leerá quien lo lea del almacén: lo sellado no se queda en ningún estado."""
    sellados = campos_sellados(type(anotado.hecho))
    return replace(anotado, hecho=replace(anotado.hecho, **dict.fromkeys(sellados, UNSET))) if sellados else anotado


def _lleva_sellado(hecho: Hecho) -> bool:
    return any(getattr(hecho, campo) is not UNSET for campo in campos_sellados(type(hecho)))
