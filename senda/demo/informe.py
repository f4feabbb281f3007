"""Lo que la demostración enseña al final: sale de las bases y del libro, no de lo que la escena cree que pasó."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from msgspec import Struct

from eventos.coordinacion import (
    DerivacionAtendida,
    DerivacionEmitida,
    DerivacionVencida,
    RutaAbierta,
    RutaCerrada,
    RutaReabierta,
)
from eventos.motivos import MotivoCierre
from eventos.sobre import SobreInvalido, decodificar
from infra.almacen.motor import abrir_motor, leyendo
from senda.auditoria.verificacion import verificar_despliegue
from senda.demo.entrega import entregar
from senda.despliegue import leer
from servicios.auditoria.libro import libro
from servicios.coordinacion.buzon import POR_VENCER, VENCIDOS


class Informe(Struct, frozen=True, kw_only=True):
    """Cifras de una corrida. ``derivaciones``: emitidas; ``vencidas``: las que pasaron algún plazo.

    ``fechas_por_vencer`` y ``fechas_vencidas``: avisos que dio el reloj (medidas, permanencias, seguimientos, riesgo,
    metas).
    """

    rutas: int
    rutas_por_estado: dict[str, int]
    restitucion_plena: int
    eventos: int
    eventos_por_servicio: dict[str, int]
    eventos_por_tipo: dict[str, int]
    derivaciones: int
    atendidas_en_plazo: int
    vencidas: int
    fechas_por_vencer: int
    fechas_vencidas: int
    acuses: int
    rechazos: dict[str, int]
    raiz: str
    verificado: bool
    faltas: list[str]
    segundos: float
    carpeta: str
    libro: str
    claves: str
    ruta_de_muestra: str


def levantar(carpeta: Path, *, acuses: int, rechazos: Mapping[str, int], segundos: float) -> Informe:
    """Verifica el libro, cuenta lo que hay en él y lo exporta. ``segundos``: lo que duró la corrida."""
    verificado = verificar_despliegue(carpeta)
    cuenta = _contar(carpeta)
    entrega = entregar(carpeta)
    estados = Counter(cuenta.estados.values())
    return Informe(
        rutas=len(cuenta.estados),
        rutas_por_estado=dict(sorted(estados.items())),
        restitucion_plena=estados[f"cerrada: {MotivoCierre.RESTITUCION_PLENA}"],
        eventos=verificado.tamano,
        eventos_por_servicio={origen.rpartition("/")[2]: n for origen, n in sorted(verificado.hechos.items())},
        eventos_por_tipo=dict(sorted(cuenta.tipos.items())),
        derivaciones=len(cuenta.emitidas),
        atendidas_en_plazo=len(cuenta.atendidas - cuenta.vencidas),
        vencidas=len(cuenta.vencidas),
        fechas_por_vencer=sum(cuenta.tipos[clase.tipo] for clase in POR_VENCER),
        fechas_vencidas=sum(cuenta.tipos[clase.tipo] for clase in VENCIDOS),
        acuses=acuses,
        rechazos=dict(sorted(rechazos.items())),
        raiz=verificado.raiz.hex(),
        verificado=verificado.correcto,
        faltas=[f"{f.codigo} {f.origen} {f.posicion}" for f in verificado.faltas[:20]],
        segundos=round(segundos, 1),
        carpeta=str(carpeta),
        libro=str(entrega.libro),
        claves=str(entrega.claves),
        ruta_de_muestra=cuenta.muestra(),
    )


class _Cuenta:
    """Lo que se va sumando al recorrer el libro."""

    def __init__(self) -> None:
        self.estados: dict[str, str] = {}
        self.hechos: Counter[str] = Counter()
        self.tipos: Counter[str] = Counter()
        self.emitidas: set[str] = set()
        self.atendidas: set[str] = set()
        self.vencidas: set[str] = set()

    def sumar(self, hecho: Any) -> None:
        """Cuenta un hecho."""
        self.hechos[hecho.sujeto] += 1
        self.tipos[hecho.tipo] += 1
        match hecho:
            case RutaAbierta() | RutaReabierta():
                self.estados[hecho.sujeto] = "abierta"
            case RutaCerrada():
                self.estados[hecho.sujeto] = f"cerrada: {hecho.motivo}"
            case DerivacionEmitida():
                self.emitidas.add(str(hecho.derivacion))
            case DerivacionAtendida():
                self.atendidas.add(str(hecho.derivacion))
            case DerivacionVencida():
                self.vencidas.add(str(hecho.derivacion))
            case _:
                pass

    def muestra(self) -> str:
        """La ruta con más que contar de las que llegaron a la restitución plena; si no hay, la de más hechos."""
        plenas = [r for r, e in self.estados.items() if e.endswith(MotivoCierre.RESTITUCION_PLENA)]
        return max(plenas or self.estados, key=lambda r: (self.hechos[r], r), default="")


def _contar(carpeta: Path) -> _Cuenta:
    base = leer(carpeta).bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    cuenta = _Cuenta()
    try:
        with leyendo(motor, en_flujo=True) as conexion:
            consulta = sa.select(libro.c.cuerpo).order_by(libro.c.indice).execution_options(yield_per=2000)
            for cuerpo in conexion.scalars(consulta):
                try:
                    cuenta.sumar(decodificar(cuerpo).hecho)
                except SobreInvalido:
                    continue
    finally:
        motor.dispose()
    return cuenta
