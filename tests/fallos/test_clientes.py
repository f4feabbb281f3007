"""Lo que las instituciones del banco leen al final: que a la primera no haya llegado nada no es que no lo haya."""

from __future__ import annotations

from collections import defaultdict
from types import SimpleNamespace

from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Entrega, Mensaje
from tests.fallos.clientes import Clientes

CODIGO = "GT-MP"
NOMBRES = Nombres("prueba.")


class BusTardo:
    """Un extremo del bus al que lo entregado le tarda: sin esperar no llega nada, y esperando, de uno en uno.

    Lo que viene de camino hacia un consumo abierto ya no cuenta entre lo pendiente de la cola.
    """

    def __init__(self) -> None:
        self.colas: defaultdict[str, list[Entrega]] = defaultdict(list)
        self.de_camino: defaultdict[str, list[Entrega]] = defaultdict(list)
        self.confirmadas: list[Entrega] = []

    def poner(self, cola: str, cuerpo: bytes) -> None:
        mensaje = Mensaje("", cola, "acuse", cuerpo, "1")
        self.colas[cola].append(Entrega(mensaje, 1, redelivered=False, usuario=None, responder_a=None))

    def cancelar(self, cola: str) -> None:
        self.colas[cola][:0] = self.de_camino.pop(cola, [])

    def pendientes(self, cola: str) -> int:
        return len(self.colas[cola])

    def recibir(self, cola: str, _maximo: int, espera: float = 0.0) -> list[Entrega]:
        self.de_camino[cola] += self.colas.pop(cola, [])
        return [self.de_camino[cola].pop(0)] if espera and self.de_camino[cola] else []

    def confirmar(self, entregas: list[Entrega]) -> None:
        self.confirmadas += entregas


class Lectores(Clientes):
    """Solo leen, y apuntan lo leído."""

    def __init__(self, bus: BusTardo) -> None:
        self.mundo = SimpleNamespace(transporte=lambda: bus, topologia=SimpleNamespace(nombres=NOMBRES))  # type: ignore[assignment]
        self.directorio = {CODIGO: None}  # type: ignore[dict-item]
        self.leido: list[tuple[str, bytes]] = []

    def _acusar(self, codigo: str, mensaje: Mensaje) -> None:
        self.leido.append((codigo, mensaje.cuerpo))

    _avisar = _acusar


def test_se_lee_todo_lo_que_el_broker_dice_tener_aunque_tarde_en_llegar():
    bus = BusTardo()
    for cola, cuerpo in (
        (NOMBRES.acuses_de(CODIGO), b"uno"),
        (NOMBRES.acuses_de(CODIGO), b"dos"),
        (NOMBRES.buzon_de(CODIGO), b"tres"),
    ):
        bus.poner(cola, cuerpo)
    # Una mirada sin esperar deja el consumo abierto, y todo de camino.
    assert bus.recibir(NOMBRES.acuses_de(CODIGO), 50) == []
    lectores = Lectores(bus)
    lectores.leer_todo()
    assert lectores.leido == [(CODIGO, b"uno"), (CODIGO, b"dos"), (CODIGO, b"tres")]
    assert len(bus.confirmadas) == 3
