"""La función: montar el sistema, dar entrada a la obra, esperar a que acabe y levantar el informe."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from contratos.protocolos import Protocolo, vigente
from infra.almacen.esquema import cabecera
from infra.almacen.motor import abrir_motor, leyendo
from infra.azar import Azar, AzarReal
from infra.mensajeria.transportes.abrir import abrir
from infra.reloj import Reloj, RelojAcelerado, RelojReal, RelojSimulado
from senda.cliente import Credencial, Enlace
from senda.composicion import instalaciones, mapa
from senda.credencial import guardar_todas
from senda.demo import elenco
from senda.demo.corrida import AJUSTES_SIMULADOS, CorridaReal, correr_embebida
from senda.demo.escena import Escena
from senda.demo.historias.cartel import Puesta
from senda.demo.horario import a_la_jornada
from senda.demo.informe import Informe, levantar
from senda.demo.limpieza import limpiar
from senda.demo.obra import Obra
from senda.demo.procesos import Procesos
from senda.demo.reparto import Reparto
from senda.despliegue import Despliegue, crear
from senda.embebido import estrenar

PAIS = "gt"
#: Contra servicios de verdad: el tiempo corre este número de veces más deprisa, y las esperas de las historias se
#: encogen. Los plazos no: con un encargo inmediato hay dos horas, que así son segundos.
FACTOR, RITMO = 3600.0, 0.03
#: Guiones a la vez cuando nada espera: de sobra para llenar los lotes sin llenar las colas.
A_LA_VEZ = 1500


@dataclass
class Marcha:
    """Cómo va la función, para quien la mira. ``hechos`` mira las bases, así que conviene no llamarla sin parar."""

    despliegue: Despliegue
    escena: Escena
    personas: int
    ahora: datetime
    _pila: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        bases = [self.despliegue.bases[nombre] for nombre in self.despliegue.origenes]
        self._motores = [abrir_motor(base.url, base.esquema) for base in bases]
        for motor in self._motores:
            self._pila.callback(motor.dispose)

    @property
    def terminadas(self) -> int:
        """Personas cuya historia acabó."""
        return self.escena.terminadas

    def hechos(self) -> int:
        """Hechos guardados en todos los servicios."""
        total = 0
        for motor in self._motores:
            with leyendo(motor) as conexion:
                total += conexion.scalar(sa.select(cabecera.c.posicion)) or 0
        return total

    def cerrar(self) -> None:
        """Suelta las bases."""
        self._pila.close()


Mirar = Callable[[Marcha], None]


def embebida(
    carpeta: Path, obra: Obra, azar: Azar, inicio: datetime, mirar: Mirar, *, base: str | None = None, prefijo: str = ""
) -> Informe:
    """Todo en este proceso, con reloj simulado desde ``inicio`` (UTC). Errores: `GuionRoto`.

    ``base``: un PostgreSQL en vez de SQLite, que queda como acaba; ``prefijo`` separa sus esquemas y usuarios.
    """
    comienzo = time.monotonic()
    protocolo, reloj = vigente(PAIS), RelojSimulado(inicio)
    credenciales = elenco.formar(protocolo, azar.hijo("elenco"))
    rectora = credenciales[protocolo.rectora]
    sistema = estrenar(carpeta, rectora, reloj, azar, PAIS, AJUSTES_SIMULADOS, base=base, prefijo=prefijo)
    guardar_todas(carpeta, credenciales.values())
    reparto = Reparto(protocolo, modo_de=obra.modo_de)
    escena = Escena(sistema.enlace(), credenciales, sistema.despliegue.recepcion, azar.hijo("escena"), reparto)
    marcha = Marcha(sistema.despliegue, escena, obra.personas, inicio)
    try:
        _presentar(escena, protocolo, credenciales, obra, inicio)
        estreno = inicio + timedelta(days=1)
        escena.programar(
            obra.programa(Puesta(inicio=estreno, azar=azar.hijo("obra"), casos=reparto.casos, cuando=_en_jornada))
        )
        correr_embebida(sistema, reloj, escena, estreno + obra.dura, _avance(marcha, mirar))
        sistema.despedir()
    finally:
        marcha.cerrar()
        sistema.cerrar()
    return _informe(carpeta, escena, comienzo)


def en_procesos(
    carpeta: Path, obra: Obra, azar: Azar, amqp: str, base: str, mirar: Mirar, *, conservar: bool
) -> Informe:
    """Cada servicio en su proceso, sobre RabbitMQ y PostgreSQL.

    Con historias el reloj corre acelerado; con registros es el de verdad y nada espera. Al terminar borra lo que creó
    en los servidores, salvo ``conservar``. Errores: `GuionRoto`, `ServicioCaido`.
    """
    comienzo = time.monotonic()
    protocolo = vigente(PAIS)
    credenciales = elenco.formar(protocolo, azar.hijo("elenco"))
    reloj: Reloj = RelojReal()
    if obra.pausada:
        reloj = RelojAcelerado(datetime.now(UTC), time.time(), FACTOR)
    despliegue = crear(
        carpeta, instalaciones(), pais=PAIS, bus=amqp, base=base, prefijo=f"demo-{AzarReal().bytes(4).hex()}.",
        reloj=reloj.texto() if isinstance(reloj, RelojAcelerado) else "real",
        rectora=protocolo.rectora, clave_rectora=credenciales[protocolo.rectora].publica, azar=azar,
    )  # fmt: skip
    guardar_todas(carpeta, credenciales.values())
    with ExitStack() as pila:
        if not conservar:
            pila.callback(limpiar, despliegue, base, list(credenciales))
        escena = _representar(carpeta, despliegue, obra, azar, reloj, protocolo, credenciales, mirar)
        return _informe(carpeta, escena, comienzo)


def _representar(
    carpeta: Path, despliegue: Despliegue, obra: Obra, azar: Azar, reloj: Reloj, protocolo: Protocolo,
    credenciales: dict[str, Credencial], mirar: Mirar,
) -> Escena:  # fmt: skip
    with ExitStack() as pila:
        procesos = pila.enter_context(Procesos(carpeta))
        procesos.esperar_listos()
        topologia = mapa(despliegue.prefijo)
        transporte = abrir(despliegue.bus)
        pila.callback(transporte.cerrar)
        transporte.preparar(topologia)
        reparto = Reparto(protocolo, modo_de=obra.modo_de)
        escena = Escena(
            Enlace(transporte, topologia.nombres), credenciales, despliegue.recepcion, azar.hijo("escena"), reparto,
            por_tandas=False, tope=None if obra.pausada else A_LA_VEZ,
        )  # fmt: skip
        marcha = Marcha(despliegue, escena, obra.personas, reloj.ahora())
        pila.callback(marcha.cerrar)

        def avance(en_curso: int, ahora: datetime) -> None:
            procesos.vigilar()
            _avance(marcha, mirar)(en_curso, ahora)

        corrida = CorridaReal(despliegue, reloj, escena)
        _presentar(escena, protocolo, credenciales, obra, reloj.ahora())
        corrida.correr(avance)
        insiste = timedelta(seconds=1) * (FACTOR if obra.pausada else 1.0)
        puesta = Puesta(
            inicio=reloj.ahora(), azar=azar.hijo("obra"), casos=reparto.casos,
            ritmo=RITMO if obra.pausada else 0.0, insiste=insiste,
        )  # fmt: skip
        escena.programar(obra.programa(puesta))
        corrida.correr(avance)
        return escena


def _presentar(
    escena: Escena, protocolo: Protocolo, credenciales: dict[str, Credencial], obra: Obra, cuando: datetime
) -> None:
    escena.empezar(elenco.presentar(protocolo, credenciales, obra.plazas), cuando)


def _avance(marcha: Marcha, mirar: Mirar) -> Callable[[int, datetime], None]:
    def avance(_en_curso: int, ahora: datetime) -> None:
        marcha.ahora = ahora
        mirar(marcha)

    return avance


def _en_jornada(llegada: datetime) -> datetime:
    return a_la_jornada(llegada.replace(minute=0, second=0, microsecond=0) + timedelta(hours=1))


def _informe(carpeta: Path, escena: Escena, comienzo: float) -> Informe:
    return levantar(carpeta, acuses=escena.acuses, rechazos=escena.rechazos, segundos=time.monotonic() - comienzo)


__all__ = ["Marcha", "Mirar", "embebida", "en_procesos"]
