"""Las defensas de Senda, quitadas de una en una: la simulación ha de notar la falta de cada una en pocas semillas.

Con cada una van las averías que la ponen a prueba: así bastan unas pocas semillas para saberlo.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import pytest
import sqlalchemy as sa

from infra.almacen import registrador
from infra.almacen.esquema import apartados as tabla_de_apartados
from infra.almacen.esquema import avances, entrada, marcas
from infra.almacen.insertar import insertar_si_falta
from infra.almacen.tanda import Tanda
from infra.mensajeria import apartados, aplicador, relevo
from infra.mensajeria import entrada as modulo_de_entrada
from infra.mensajeria.apartados import aplicar, constar
from infra.mensajeria.aplicador import Aplicador
from infra.mensajeria.arriendo import Arriendo
from infra.mensajeria.entrada import Entrada
from infra.mensajeria.latido import Pulso
from infra.mensajeria.panorama import panorama
from infra.mensajeria.plazos import Plazos
from infra.mensajeria.puertos import HechoCrudo
from infra.mensajeria.relevo import Relevo
from infra.mensajeria.reparaciones import Huecos, Reparaciones
from infra.mensajeria.respuestas import Respuestas
from infra.mensajeria.solicitudes import Solicitudes
from infra.seguridad.cadena import encadenar
from servicios.coordinacion import buzon
from tests.simulacion.caos import Intensidades

Quitar = Callable[[pytest.MonkeyPatch], None]


def repetidos(mp: pytest.MonkeyPatch) -> None:
    """Una solicitud repetida se atiende como si fuera nueva."""
    mp.setattr(Respuestas, "repetida_tal_cual", lambda *_: False)
    mp.setattr(Respuestas, "ya_respondida", lambda *_: False)


def hechos_repetidos(mp: pytest.MonkeyPatch) -> None:
    """Un hecho que llega otra vez se guarda otra vez."""
    si_falta = insertar_si_falta

    def siempre(conexion: sa.Connection, tabla: sa.Table, filas: Sequence[dict[str, object]]) -> None:
        if tabla is not entrada:
            si_falta(conexion, tabla, filas)
        elif filas:
            conexion.execute(sa.insert(tabla), filas)

    mp.setattr(modulo_de_entrada, "insertar_si_falta", siempre)


def orden(mp: pytest.MonkeyPatch) -> None:
    """Se aplica lo que haya llegado después de lo aplicado, aunque falte algo en medio."""

    def contiguos(self: Aplicador, conexion: sa.Connection, origen: str, aplicada: int) -> list[HechoCrudo]:
        e = entrada.c
        consulta = sa.select(e.posicion, e.anterior, e.hoja, e.cuerpo).where(e.origen == origen, e.posicion > aplicada)
        return [HechoCrudo(origen, *fila) for fila in conexion.execute(consulta.order_by(e.posicion))]

    def todos(self: Aplicador, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        with self.almacen.tanda() as tanda:
            nuevos = _nuevos(tanda, origen, crudos)
            if nuevos:
                _efecto(self, tanda, nuevos)
                aplicador._avanzar(tanda, nuevos[-1])
        return bool(nuevos)

    mp.setattr(aplicador, "panorama", lambda *a: [v._replace(sigue=v.ultima > v.aplicada) for v in panorama(*a)])
    mp.setattr(Aplicador, "_contiguos", contiguos)
    mp.setattr(Aplicador, "_aplicar_juntos", todos)
    mp.setattr(Aplicador, "al_llegar", _se_guarda)


def _se_guarda(_self: Aplicador, _origen: str, _crudos: Sequence[HechoCrudo]) -> bool:
    """Nada se aplica al llegar: todo pasa por lo que se mutó."""
    return False


def avance_condicional(mp: pytest.MonkeyPatch) -> None:
    """Lo que se leyó sin turno se aplica sin mirar si otra réplica ya lo hizo."""

    def todos(self: Aplicador, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        with self.almacen.tanda() as tanda:
            _efecto(self, tanda, crudos)
            aplicador._avanzar(tanda, crudos[-1])
        return True

    mp.setattr(Aplicador, "_aplicar_juntos", todos)
    mp.setattr(Aplicador, "al_llegar", _se_guarda)


def avance_con_su_efecto(mp: pytest.MonkeyPatch) -> None:
    """El avance se confirma antes que su efecto, en otra transacción."""

    def todos(self: Aplicador, origen: str, crudos: Sequence[HechoCrudo]) -> bool:
        with self.almacen.tanda() as tanda:
            nuevos = _nuevos(tanda, origen, crudos)
            if nuevos:
                aplicador._avanzar(tanda, nuevos[-1])
        with self.almacen.tanda() as tanda:
            _efecto(self, tanda, nuevos)
        return bool(nuevos)

    mp.setattr(Aplicador, "_aplicar_juntos", todos)
    mp.setattr(Aplicador, "al_llegar", _se_guarda)


def acuse_con_sus_hechos(mp: pytest.MonkeyPatch) -> None:
    """La respuesta se guarda en otra transacción, tras los hechos. Reponerla de ellos lo taparía: se quitan las dos."""
    mp.setattr(Respuestas, "ya_constaba", lambda *_: False)
    volcar, por_volcar = Respuestas.volcar, list[Respuestas]()

    def y_luego_responder(atender: Callable[..., Any]) -> Callable[..., Any]:
        def atendidas(self: Solicitudes, cuales: Any) -> Any:
            # Lo de quien murió a medias murió con él.
            por_volcar.clear()
            hecho = atender(self, cuales)
            suyas = list(por_volcar)
            with self.almacen.tanda() as tanda:
                for respuestas in suyas:
                    respuestas.tanda = tanda
                    volcar(respuestas)
            return hecho

        return atendidas

    # Con lambda: un método de lista, puesto en la clase, no recibe de quién es.
    mp.setattr(Respuestas, "volcar", lambda suyas: por_volcar.append(suyas))  # noqa: PLW0108
    for paso in ("_atender_llegadas", "_atender_lote"):
        mp.setattr(Solicitudes, paso, y_luego_responder(getattr(Solicitudes, paso)))


def valla_y_marca_condicional(mp: pytest.MonkeyPatch) -> None:
    """Quien despierta tarde mueve la marca como si nadie más hubiera publicado. Basta con una: se quitan las dos."""
    mp.setattr(Arriendo, "vigente", lambda *_: True)
    sin_condicion = sa.update(marcas).where(marcas.c.destino == relevo.DESTINO_HECHOS, sa.bindparam("desde") >= 0)
    mp.setattr(relevo, "_MARCAR", sin_condicion.values(posicion=sa.bindparam("hasta")))


def prefijo_confirmado(mp: pytest.MonkeyPatch) -> None:
    """El relevo da por publicado lo que el bus devolvió."""
    mp.setattr(relevo, "takewhile", lambda _cual, llegaron: llegaron)
    mp.setattr(Relevo, "_todas_atadas", lambda _: True)


def ataduras(mp: pytest.MonkeyPatch) -> None:
    """Basta con que alguien reciba: no se mira si falta la cola de otro seguidor."""
    mp.setattr(Relevo, "_todas_atadas", lambda _: True)


def pedir_huecos(mp: pytest.MonkeyPatch) -> None:
    """Lo que falta no se pide."""
    mp.setattr(Huecos, "paso", lambda _: False)


def reenviar_tramos(mp: pytest.MonkeyPatch) -> None:
    """Lo que piden no se reenvía."""
    mp.setattr(Reparaciones, "_reenviar", lambda *_: None)


def latido(mp: pytest.MonkeyPatch) -> None:
    """Nadie dice hasta dónde llega: si se pierde lo último, no se nota."""
    mp.setattr(Pulso, "paso", lambda _: False)


def divergencia(mp: pytest.MonkeyPatch) -> None:
    """Otra hoja para una posición conocida se descarta como si fuera la misma."""
    guardar = Entrada._guardar
    mp.setattr(Entrada, "_guardar", lambda *a: guardar(*a) and [])


def siguientes_del_apartado(mp: pytest.MonkeyPatch) -> None:
    """Lo que sigue a un apartado de su misma ruta se aplica sin esperarlo."""
    mp.setattr(apartados, "_SUJETOS", sa.select(tabla_de_apartados.c.sujeto).where(sa.false()))


def numero_de_buzon(mp: pytest.MonkeyPatch) -> None:
    """Los avisos se numeran a saltos."""
    fila = buzon._fila
    mp.setattr(buzon, "_fila", lambda entrega, numero: fila(entrega, numero * 2))


def posicion_contigua(mp: pytest.MonkeyPatch) -> None:
    """Las posiciones salen de una secuencia que deja huecos."""
    mp.setattr(registrador, "encadenar", lambda origen, desde, *resto: encadenar(origen, desde + 1, *resto))


def plazos_en_la_base(mp: pytest.MonkeyPatch) -> None:
    """Los plazos de un proceso mueren con él: el que nace no ve los que ya habían vencido."""
    primero = Plazos._primero
    nacidos: dict[int, tuple[Plazos, datetime]] = {}

    def el_suyo(self: Plazos) -> datetime | None:
        ahora = self.almacen.reloj.ahora()
        # Se guarda el objeto para que nadie reutilice su identidad.
        _, nacido = nacidos.setdefault(id(self), (self, ahora))
        vence = primero(self)
        return vence if vence is not None and vence > nacido else None

    mp.setattr(Plazos, "_primero", el_suyo)


#: Cada defensa y las averías a su medida.
MUTACIONES: dict[Quitar, Intensidades] = {
    repetidos: Intensidades(duplicar=0.3, perder=0.2),
    hechos_repetidos: Intensidades(duplicar=0.3),
    orden: Intensidades(perder=0.2, retrasar=0.3, barajar=0.5),
    avance_condicional: Intensidades(replicar=0.02, interponer=0.3),
    avance_con_su_efecto: Intensidades(morir_al_confirmar=0.03),
    acuse_con_sus_hechos: Intensidades(morir_al_confirmar=0.05, duplicar=0.4, perder=0.3),
    valla_y_marca_condicional: Intensidades(replicar=0.05, congelar=0.9),
    prefijo_confirmado: Intensidades(borrar_una_cola=0.02, borrar_colas=0.005),
    ataduras: Intensidades(borrar_una_cola=0.03),
    pedir_huecos: Intensidades(perder=0.3),
    reenviar_tramos: Intensidades(perder=0.3),
    latido: Intensidades(perder=0.5),
    divergencia: Intensidades(contradecir=0.01),
    siguientes_del_apartado: Intensidades(tropezar=0.1, desconocer=0.3),
    numero_de_buzon: Intensidades(),
    posicion_contigua: Intensidades(),
    plazos_en_la_base: Intensidades(caer=0.02, saltar_reloj=1.0),
}
POR_NOMBRE = {quitar.__name__: quitar for quitar in MUTACIONES}


@contextmanager
def quitada(nombre: str, *, a_medida: bool = True) -> Iterator[None]:
    """Sin esa defensa y, si se dice, con las averías a su medida. Sin nombre, todo como es."""
    with pytest.MonkeyPatch.context() as mp:
        if nombre:
            if a_medida:
                mp.setattr(Intensidades, "de_semilla", lambda _azar: MUTACIONES[POR_NOMBRE[nombre]])
            POR_NOMBRE[nombre](mp)
        yield


def _nuevos(tanda: Tanda, origen: str, crudos: Sequence[HechoCrudo]) -> list[HechoCrudo]:
    aplicada = tanda.conexion.scalar(sa.select(avances.c.aplicada).where(avances.c.origen == origen)) or 0
    return [c for c in crudos if c.posicion > aplicada]


def _efecto(de: Aplicador, tanda: Tanda, crudos: Sequence[HechoCrudo]) -> None:
    if not crudos:
        return
    de.servicio.guardar_crudo(tanda, crudos)
    if de.servicio.interpreta:
        constar(tanda, crudos[0].origen, crudos[0].posicion, crudos[-1].posicion)
        aplicar(tanda, de.servicio, crudos, hay_apartados=True)


__all__ = ["MUTACIONES", "POR_NOMBRE", "quitada"]
