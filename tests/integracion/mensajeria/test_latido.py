"""Las réplicas de un servicio laten por turno: ninguna dice después menos que otra antes."""

from __future__ import annotations

from datetime import timedelta

import msgspec

from infra.mensajeria.latido import Pulso
from infra.reloj import RelojSimulado
from tests.integracion.mensajeria.sistema import Sistema


class Oido:
    """Guarda lo que se publica."""

    def __init__(self) -> None:
        self.dichos: list[dict] = []

    def publicar(self, mensajes):
        self.dichos += [msgspec.json.decode(m.cuerpo) for m in mensajes]
        return [True] * len(mensajes)


def test_ninguna_replica_late_hacia_atras_aunque_su_reloj_vaya_atrasado(sistema: Sistema):
    oido = Oido()
    una = sistema.pila.almacen("deteccion", motor=sistema.deteccion.almacen.motor)
    otra = sistema.pila.almacen("deteccion", motor=sistema.deteccion.almacen.motor)
    otra.reloj = RelojSimulado(sistema.reloj.ahora() - timedelta(milliseconds=300))
    pulsos = [Pulso(almacen, oido, "deteccion") for almacen in (una, otra)]  # type: ignore[arg-type]
    for vuelta in range(4):
        sistema.contar(1)
        assert pulsos[vuelta % 2].latir()
    assert [d["posicion"] for d in oido.dichos] == [1, 2, 3, 4]
    instantes = [d["instante"] for d in oido.dichos]
    assert instantes == sorted(set(instantes))
