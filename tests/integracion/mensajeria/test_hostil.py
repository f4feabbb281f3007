"""Miles de mensajes hostiles entre solicitudes buenas de otra institución: no se pierde nada y la memoria no crece.

`SENDA_HOSTILES` dice cuántos (por defecto, una pasada corta); `make hostil`, cien mil. Sobre los servidores de verdad,
`SENDA_HOSTILES_REAL`.
"""

from __future__ import annotations

import gc
import os
import random
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import sqlalchemy as sa
import structlog

from contratos.acuse import Acuse, Resultado
from contratos.codigos import DE_EXAMEN
from infra.almacen.devueltas import contar_devueltas
from infra.almacen.esquema import bandeja, devueltas, salida, solicitudes
from infra.almacen.motor import leyendo
from infra.mensajeria.topologia import Cola, colas_de_institucion
from infra.mensajeria.transportes import Mensaje, Transporte
from senda.cliente import Compuesta, Credencial
from tests.integracion.mensajeria.hostiles import PLANTA, malas
from tests.integracion.mensajeria.sistema import INSTITUCION, Sistema

CUANTOS = int(os.environ.get("SENDA_HOSTILES", "2000"))
REALES = int(os.environ.get("SENDA_HOSTILES_REAL", "400"))
#: Mensajes por tanda; al acabar cada una se espera el reposo y se mide.
TANDA = 1000
BUENA = "GT-MP"
#: Lo que puede crecer la memoria residente desde que el sistema está caliente.
HOLGURA = 1.2


@dataclass
class Asedio:
    """Lo enviado y lo contestado."""

    sistema: Sistema
    azar: random.Random
    credencial: Credencial
    buena: Transporte
    respuestas: str
    enviadas: list[Compuesta] = field(default_factory=list)
    hostiles: int = 0
    contestadas: Counter[str] = field(default_factory=Counter)
    aceptadas: Counter[str] = field(default_factory=Counter)

    def atacar(self, cuantos: int) -> None:
        """Unos cuantos hostiles y, entre ellos, una solicitud buena por cada cincuenta."""
        lote: list[Compuesta] = []
        while len(lote) < cuantos:
            lote += [mala for mala, _, _ in malas(self.sistema).values()]
            lote += [self._roto() for _ in range(20)]
            lote += self.azar.sample(lote, 10)  # los mismos bytes otra vez
            lote += self.azar.choices(self.enviadas, k=10) if self.enviadas else []  # lo de otra, capturado
        self.azar.shuffle(lote)
        for n, hostil in enumerate(lote[:cuantos]):
            self.sistema.enviar(hostil, responder_a=self.respuestas)
            if n % 50 == 0:
                self._pedir()
        self.hostiles += cuantos
        self.sistema.reposo()
        self.sistema.hasta(lambda: self.sistema.filas(bandeja) == 0 and self.sistema.filas(salida) == 0)
        self._recoger()

    def _pedir(self) -> None:
        c = self.sistema.componer(credencial=self.credencial)
        cabeceras: dict[str, str | int] = {"firma": c.firma}
        mensaje = Mensaje(self.sistema.nombres.solicitudes, "deteccion", "solicitud", c.cuerpo, c.id, cabeceras)
        assert self.buena.publicar([mensaje]) == [True]
        self.enviadas.append(c)

    def _roto(self) -> Compuesta:
        """Una buena con unos bytes cambiados, cortada o con la firma de otra."""
        c = self.sistema.componer()
        octetos = bytearray(c.cuerpo)
        match self.azar.randrange(4):
            case 0:
                for _ in range(self.azar.randint(1, 8)):
                    octetos[self.azar.randrange(len(octetos))] = self.azar.randrange(256)
                octetos += b" "  # que no quede nunca igual
            case 1:
                del octetos[self.azar.randrange(len(octetos)) :]
            case 2:
                octetos = bytearray(self.azar.randbytes(self.azar.randrange(2000)))
            case _:
                return c._replace(firma=self.sistema.componer().firma)
        return c._replace(cuerpo=bytes(octetos))

    def _recoger(self) -> None:
        colas = [self.sistema.nombres.acuses_de(INSTITUCION), self.sistema.nombres.acuses_de(BUENA), self.respuestas]
        limite = monotonic() + 30
        while self.contestadas.total() < self.hostiles + len(self.enviadas):
            assert monotonic() < limite, "faltan acuses"
            for cola in colas:
                llegadas = self.sistema.fuera.recibir(cola, 500, espera=0.01)
                self.sistema.fuera.confirmar(llegadas)
                for llegada in llegadas:
                    assert PLANTA.encode() not in llegada.mensaje.cuerpo
                    acuse = msgspec.json.decode(llegada.mensaje.cuerpo, type=Acuse)
                    self.contestadas[acuse.codigo] += 1
                    if acuse.resultado is Resultado.ACEPTADA:
                        self.aceptadas[acuse.id] += 1


@contextmanager
def registros_vigilados() -> Iterator[Counter[str]]:
    """Cuenta lo que se registra y exige que no repita nada, sin guardarlo: guardado sería memoria que crece."""
    vistos: Counter[str] = Counter()

    def vigilar(_registro: Any, _metodo: str, suceso: Any) -> Any:
        assert PLANTA not in repr(suceso)
        vistos[suceso["event"]] += 1
        raise structlog.DropEvent

    procesadores = structlog.get_config()["processors"]
    antes = list(procesadores)
    procesadores[:] = [vigilar]
    try:
        yield vistos
    finally:
        procesadores[:] = antes


def residente() -> float:
    """Memoria residente de este proceso, en MiB."""
    gc.collect()
    paginas = int(Path("/proc/self/statm").read_text().split()[1])
    return paginas * os.sysconf("SC_PAGE_SIZE") / 2**20


@pytest.mark.timeout(7200)
def test_ni_se_pierde_nada_ni_crece_la_memoria(sistema: Sistema):
    cuantos = REALES if sistema.pila.real else CUANTOS
    azar = random.Random(20_260_503)
    credencial = Credencial.generar(BUENA, sistema.azar)
    sistema.origen.directorio[BUENA] = credencial.publica
    respuestas = f"{sistema.pila.prefijo}respuestas-{uuid4().hex[:6]}"
    for cola in (Cola(respuestas), *colas_de_institucion(BUENA, sistema.pila.prefijo)):
        sistema.fuera.asegurar_cola(cola)
    asedio = Asedio(sistema, azar, credencial, sistema.pila.transporte(BUENA), respuestas)
    tandas = max(20, cuantos // TANDA)
    empezo, medidas = monotonic(), []
    with registros_vigilados() as registrado:
        for _ in range(tandas):
            asedio.atacar(cuantos // tandas)
            medidas.append(residente())
    caliente, final = medidas[tandas // 5], medidas[-1]

    # Cada buena, una vez; y ninguna hostil surtió efecto.
    assert set(asedio.aceptadas) == {c.id for c in asedio.enviadas}
    assert sistema.hechos() == len(asedio.enviadas)
    if not sistema.pila.real:  # en RabbitMQ todo sale como «guest»: lo capturado a la otra se le contesta a ella
        assert set(asedio.aceptadas.values()) == {1}
    # Cada hostil, contestada o contada; con código del contrato.
    assert asedio.contestadas.total() == asedio.hostiles + len(asedio.enviadas)
    assert set(asedio.contestadas) - {""} <= set(DE_EXAMEN)
    assert "error-interno" not in asedio.contestadas
    assert "solicitud-con-fallo" not in registrado
    with leyendo(sistema.deteccion.almacen.motor) as conexion:
        contadas = sum(contar_devueltas(conexion).values())
        atribuidas = conexion.scalar(sa.select(sa.func.count()).select_from(solicitudes)) or 0
    assert contadas == registrado["solicitud-devuelta"]
    # Nada queda a medias, y lo que cualquiera puede mandar sin firma no ocupa más cuanto más mande.
    assert (sistema.filas(bandeja), sistema.filas(salida), sistema.muertos) == (0, 0, 0)
    assert sistema.filas(devueltas) <= len(DE_EXAMEN)
    assert final < caliente * HOLGURA, medidas
    print(
        f"\n{asedio.hostiles} hostiles y {len(asedio.enviadas)} buenas en {monotonic() - empezo:.0f} s; "
        f"residente {caliente:.0f} MiB en caliente, {final:.0f} al final; {contadas} devueltas sin atribuir en "
        f"{sistema.filas(devueltas)} filas, {atribuidas} atribuidas; por código: "
        f"{dict(asedio.contestadas.most_common())}"
    )
    for nombre in (respuestas, sistema.nombres.acuses_de(BUENA), sistema.nombres.buzon_de(BUENA)):
        sistema.pila.borrar_cola(nombre)
