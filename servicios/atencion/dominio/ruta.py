"""Lo que atención sabe de una persona, y qué cabe cuando su ruta está cerrada."""

from __future__ import annotations

from uuid import UUID

from eventos.atencion import (
    AlojamientoAsignado,
    AlojamientoFinalizado,
    AtencionInmediataBrindada,
    MetaDelPlan,
    ReintegracionFamiliarLograda,
    ServicioPrestado,
)
from eventos.listas import ResultadoAtencion, ServicioPedido
from eventos.rechazo import TodaviaNo
from eventos.vigentes import Vigentes

#: Resultados en que la persona recibió algo: los demás no prueban nada ni necesitan su consentimiento.
RECIBIDO = frozenset({ResultadoAtencion.COMPLETA, ResultadoAtencion.PARCIAL})

#: Lo que se logra cuando la persona vive con su familia o con una sustituta.
_DE_FAMILIA = frozenset(
    {ServicioPedido.REINTEGRACION, ServicioPedido.APOYO_FAMILIAR, ServicioPedido.LOCALIZACION_FAMILIAR}
)


class RutaYaCerrada(TodaviaNo):
    """La ruta está cerrada, o coordinación la reabrió y aún no llegó aquí."""

    codigo = "ruta-cerrada"
    campo = "datos.ruta"
    que_hacer = (
        "Pide a coordinación que reabra la ruta. Lo urgente (atención inmediata, ingreso de urgencia) y lo que solo "
        "termina algo (fin de estancia o de plan, revocación, rectificación) se admite aunque esté cerrada."
    )


class Atencion(Vigentes, frozen=True, kw_only=True):
    """Lo que consta de una ruta en atención."""

    @property
    def estancia(self) -> AlojamientoAsignado | None:
        """Dónde está alojada ahora, si lo está."""
        terminadas = {hecho.alojamiento for _, hecho in self.de(AlojamientoFinalizado)}
        return next((hecho for _, hecho in self.de(AlojamientoAsignado) if hecho.alojamiento not in terminadas), None)

    @property
    def recibidos(self) -> frozenset[ServicioPedido]:
        """Qué servicios recibió la persona."""
        recibidos = {hecho.servicio for _, hecho in self.de(ServicioPrestado) if hecho.resultado in RECIBIDO}
        if self.hay(AtencionInmediataBrindada):
            recibidos.add(ServicioPedido.ATENCION_INMEDIATA)
        if self.hay(AlojamientoAsignado):
            recibidos.add(ServicioPedido.ALOJAMIENTO)
        return frozenset(recibidos)

    def prueba_algo(self, id_hecho: UUID) -> bool:
        """Si ese hecho, en pie en esta ruta, vale como evidencia de que la persona recibió algo (regla 9)."""
        anotado = self.buscar(id_hecho)
        match anotado and anotado.hecho:
            case ServicioPrestado() as servicio:
                return servicio.resultado in RECIBIDO
            case AtencionInmediataBrindada() | AlojamientoAsignado() | ReintegracionFamiliarLograda():
                return True
            case _:
                return False

    def sirve_a(self, id_hecho: UUID, meta: MetaDelPlan) -> bool:
        """Si lo que se recibió en ese hecho es lo que la meta pide, o se prestó para ella."""
        anotado = self.buscar(id_hecho)
        match anotado and anotado.hecho:
            case ServicioPrestado() as servicio:
                return servicio.servicio is meta.servicio or servicio.meta == meta.meta
            case AtencionInmediataBrindada():
                return meta.servicio is ServicioPedido.ATENCION_INMEDIATA
            case AlojamientoAsignado():
                return meta.servicio is ServicioPedido.ALOJAMIENTO
            case ReintegracionFamiliarLograda():
                return meta.servicio in _DE_FAMILIA
            case _:
                return False


def exigir_abierta(*, abierta: bool) -> None:
    """Para lo que empieza o sigue algo. Error: `RutaYaCerrada`."""
    if not abierta:
        raise RutaYaCerrada
