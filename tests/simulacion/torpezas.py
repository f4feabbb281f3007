"""Programas con defectos: un caso de uso que revienta siempre con lo mismo, y un servicio sin actualizar.

Son lo que hace apartar hechos y dar solicitudes por fallidas. Se arreglan: entonces se reprocesa lo apartado.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from eventos.base import CATALOGO, Hecho
from eventos.sobre import Anotado, Sobre, TipoDesconocido, anotado_de
from infra.almacen.tanda import Tanda
from infra.mensajeria import apartados
from infra.mensajeria.puertos import HechoCrudo
from servicios.comun.contexto import Contexto
from servicios.comun.mesa import Casos, Encargo, Mesa
from tests.simulacion.caos import Caos

#: Los conoce todo servicio desde siempre: de ellos depende saber quién pide.
_DE_SIEMPRE = ("senda.comun.", "senda.coordinacion.institucion-")


class Tropiezo(Exception):
    """Un defecto del programa."""


@dataclass
class Torpezas:
    """Con qué revienta cada servicio. Con lo que revienta una vez, revienta siempre, hasta que se arregla."""

    caos: Caos
    _con_que: dict[str, bool] = field(default_factory=dict)

    def contexto(self, contexto: Contexto) -> Contexto:
        """El mismo servicio, con esos defectos."""
        anotar = contexto.al_guardar_crudo

        def anotar_o_tropezar(tanda: Tanda, crudos: Sequence[HechoCrudo]) -> None:
            self.quiza(contexto.nombre, lambda: f"{crudos[0].origen} {crudos[0].posicion}")
            anotar(tanda, crudos)

        al_guardar = anotar if contexto.interpreta else anotar_o_tropezar
        return replace(contexto, casos=_CasosTorpes(contexto, self), al_guardar_crudo=al_guardar)

    def quiza(self, servicio: str, con_que: Callable[[], str]) -> None:
        """Revienta, si le toca. Errores: `Tropiezo`."""
        if not (self.caos.hay("tropezar") or any(self._con_que.values())):
            return
        clave = f"{servicio} {con_que()}"
        if clave not in self._con_que:
            self._con_que[clave] = self.caos.toca("tropezar")
        if self._con_que[clave]:
            raise Tropiezo

    def arreglar(self) -> None:
        """Sale una versión sin los defectos que se habían visto."""
        self._con_que = dict.fromkeys(self._con_que, False)


class _CasosTorpes(Casos):
    def __init__(self, contexto: Contexto, torpezas: Torpezas) -> None:
        super().__init__()
        self._contexto = contexto
        self._torpezas = torpezas

    def decidir(self, encargo: Encargo, mesa: Mesa) -> Sequence[Hecho]:
        self._torpezas.quiza(self._contexto.nombre, lambda: repr(encargo))
        return self._contexto.casos.decidir(encargo, mesa)


#: Tipos que el proceso que corre ahora no conoce: es de una versión anterior.
_desconoce: list[frozenset[str]] = [frozenset()]


def de_antes(caos: Caos, servicio: str) -> frozenset[str]:
    """Los tipos ajenos que no conoce una versión anterior del servicio."""
    ajenos = [t for t in sorted(CATALOGO) if not t.startswith((*_DE_SIEMPRE, f"senda.{servicio}."))]
    return frozenset(caos.azar.sample(ajenos, len(ajenos) // 4))


def correr_con(desconoce: frozenset[str]) -> frozenset[str]:
    """Desde ahora corre un proceso que desconoce eso; devuelve lo que desconocía el anterior."""
    previo, _desconoce[0] = _desconoce[0], desconoce
    return previo


def _leer_como_el_que_corre(sobre: Sobre, descifrar: Callable[[bytes, bytes], bytes] | None = None) -> Anotado:
    if sobre.type in _desconoce[0]:
        raise TipoDesconocido(sobre.type)
    return anotado_de(sobre, descifrar)


# El catálogo es uno por proceso de Python y aquí conviven seis servicios: se sustituye la lectura, no el catálogo.
apartados.anotado_de = _leer_como_el_que_corre  # type: ignore[attr-defined]
