"""El banco hostil: la latencia de una institución normal, en reposo y bajo cada ataque, alternados en la misma corrida.

Lo que se exige es la razón: con la máquina ocupada suben las dos. Para saber qué parte es de Senda y qué parte de la
máquina, un ataque «suelto» gasta lo mismo del bus y de los núcleos sin pedir nada a Senda.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from contratos.base import Peticion
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.tipos import NivelRiesgo, SiNo
from infra.seguridad import base64url
from senda.banco.hostil.ataque import SERVICIO, Clase, Encargo
from senda.banco.hostil.pais import HOSTIL, NORMAL, PAIS, Pais, suelta
from senda.banco.informe import Cifra, Sentido
from senda.banco.medir import percentil
from senda.banco.memoria import residente

#: Lo que se deja atacar antes de medir, y lo que se espera a que el servicio acabe con lo del ataque (segundos).
_CALENTAR: Final = 3.0
_PLAZO_VACIO: Final = 600.0
_PAUSA: Final = 0.05
#: Acuses que admite la cola de quien no lee: pocos, para que lo demás se quede sin salir desde el principio.
_CABEN: Final = 100
_DE_SOBRA: Final = 1_000_000
_META: Final = 2.0
_MIB: Final = 2**20


@dataclass(frozen=True)
class Plan:
    """``vueltas``: veces que se alternan reposo y ataque; ``muestras``: solicitudes normales que se miden en cada una.

    ``segundos``: lo que dura como mucho cada medida bajo ataque; ``ritmo``: mensajes hostiles por segundo.
    """

    vueltas: int
    muestras: int
    segundos: float
    ritmo: int

    def ritmo_de(self, clase: Clase) -> int:
        """Quien no lee no necesita prisa: basta con que lo suyo se quede sin salir."""
        return self.ritmo // 5 if clase is Clase.NO_LEE else self.ritmo


@dataclass
class _Medido:
    reposo: list[float] = field(default_factory=list)
    ataque: list[float] = field(default_factory=list)
    enviados: int = 0
    cola: int = 0
    #: Segundos hasta que el servicio acabó con lo del ataque.
    vaciado: float = 0.0
    acuses: int = 0


def medir(pais: Pais, plan: Plan, avisar: Callable[[str], None]) -> Iterator[Cifra]:
    """Las cifras de cada ataque y, al final, la memoria de cada servicio. Errores: `SinAcuse`, `ServicioCaido`."""
    _muestras(pais, plan.muestras, plan.segundos)  # caliente
    antes = pais.procesos.pids()
    memoria = {nombre: residente(pid) for nombre, pid in antes.items()}
    cola_suelta = suelta(pais)
    for clase in (Clase.SUELTA, Clase.INUNDA, Clase.BASURA, Clase.NO_LEE):
        avisar(f"{clase}: {plan.vueltas} × (reposo, ataque a {plan.ritmo_de(clase)} mensajes/s)")
        medido = _Medido()
        for _ in range(plan.vueltas):
            medido.reposo += _muestras(pais, plan.muestras, plan.segundos)
            if clase is Clase.NO_LEE:
                pais.limitar(HOSTIL, _CABEN)
            with _atacando(pais, plan, clase, cola_suelta, medido):
                time.sleep(_CALENTAR)  # que el ataque haya empezado de verdad
                medido.ataque += _muestras(pais, plan.muestras, plan.segundos)
            medido.cola = max(medido.cola, pais.en_cola())
            acabo = time.monotonic()
            medido.acuses += _acabar(pais)
            medido.vaciado = max(medido.vaciado, time.monotonic() - acabo)
        yield from _cifras(clase, medido)
    for nombre, pid in antes.items():
        yield Cifra(
            clave=f"hostil-memoria-{nombre}", que=f"memoria de {nombre}, tras todo", valor=residente(pid) / _MIB,
            unidad="MiB", detalle={"antes": memoria[nombre] / _MIB},
        )  # fmt: skip
    quedan = pais.en_cola()
    yield Cifra(clave="hostil-quedan", que="por atender o por salir, al acabar", valor=quedan, unidad="mensajes")


def _acabar(pais: Pais) -> int:
    """La hostil lee por fin, hasta que no quede nada suyo. Cuántos acuses leyó."""
    # Ampliado y no quitado: RabbitMQ solo dice a quien rechazó que ya cabe si la cola sigue teniendo un tope.
    pais.limitar(HOSTIL, _DE_SOBRA)
    leidos = 0

    def vacia() -> bool:
        nonlocal leidos
        leidos += pais.vaciar(HOSTIL)
        return pais.en_cola() == 0

    pais.hasta(vacia, _PLAZO_VACIO)
    return leidos + pais.vaciar(HOSTIL)


def _peticion() -> Peticion:
    return DetectarPresuntaVictima(
        nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.MEDIO, pais_deteccion=PAIS
    )


def _muestras(pais: Pais, cuantas: int, segundos: float) -> list[float]:
    """Segundos que tarda cada una, de una en una; al menos una, y después hasta ``cuantas`` o ``segundos``."""
    limite = time.monotonic() + segundos
    tardaron: list[float] = []
    while not tardaron or (len(tardaron) < cuantas and time.monotonic() < limite):
        tardaron.append(pais.pedir(_peticion(), NORMAL))
        pais.latir()
        time.sleep(_PAUSA)  # el ritmo de quien pide, no una espera
    return tardaron


@contextmanager
def _atacando(pais: Pais, plan: Plan, clase: Clase, cola: str, medido: _Medido) -> Iterator[None]:
    privada = pais.credenciales[HOSTIL].clave.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    # Suelta no entra por Senda: ninguna institución puede escribir en una cola cualquiera.
    bus = pais.despliegue.bus if clase is Clase.SUELTA else pais.entradas.get(HOSTIL, pais.despliegue.bus)
    encargo = Encargo(
        clase=clase, bus=bus, prefijo=pais.despliegue.prefijo, institucion=HOSTIL,
        clave=base64url.a_texto(privada), recepcion=pais.despliegue.recepcion[SERVICIO],
        ritmo=plan.ritmo_de(clase), cola=cola,
    )  # fmt: skip
    orden = [sys.executable, "-m", "senda.banco.hostil.ataque"]
    with subprocess.Popen(orden, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as proceso:  # noqa: S603 - propio
        if proceso.stdin is None or proceso.stdout is None:
            raise RuntimeError("el atacante no tiene entrada o salida")
        proceso.stdin.write(msgspec.json.encode(encargo) + b"\n")
        proceso.stdin.flush()
        try:
            yield
        finally:
            proceso.stdin.close()
            dijo = proceso.stdout.read()
        medido.enviados += int(dijo)


def _cifras(clase: Clase, medido: _Medido) -> Iterator[Cifra]:
    for cual, fraccion in (("p50", 0.5), ("p99", 0.99)):
        reposo, ataque = percentil(medido.reposo, fraccion), percentil(medido.ataque, fraccion)
        yield Cifra(
            clave=f"hostil-{clase}-{cual}", que=f"{clase}: {cual} bajo ataque entre {cual} en reposo",
            valor=ataque / reposo, unidad="veces", sentido=Sentido.COMO_MUCHO,
            meta=None if clase is Clase.SUELTA else _META,
            detalle={
                "reposo, ms": reposo * 1e3, "ataque, ms": ataque * 1e3,
                "muestras en reposo": len(medido.reposo), "muestras bajo ataque": len(medido.ataque),
            },
        )  # fmt: skip
    yield Cifra(
        clave=f"hostil-{clase}-cola", que=f"{clase}: lo que dejó por atender", valor=medido.cola, unidad="mensajes",
        detalle={"enviados": medido.enviados, "segundos en acabarlo": medido.vaciado, "acuses": medido.acuses},
    )  # fmt: skip


__all__ = ["Plan", "medir"]
