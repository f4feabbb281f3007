"""La estación: un servicio montado sobre su almacén y su transporte, con los pasos que un anfitrión ha de llamar.

Es la misma pieza en producción, embebida y en simulación; solo cambia quién llama a los pasos y cuándo.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import structlog

from infra.almacen.almacen import Almacen
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.apartados import Reproceso
from infra.mensajeria.entrada import Entrada
from infra.mensajeria.labor import Labor
from infra.mensajeria.latido import Pulso
from infra.mensajeria.plazos import Plazos
from infra.mensajeria.puertos import Servicio
from infra.mensajeria.relevo import Relevo
from infra.mensajeria.reparaciones import Huecos, Reparaciones
from infra.mensajeria.solicitudes import Solicitudes
from infra.mensajeria.topologia import Topologia
from infra.mensajeria.transportes.base import TopologiaAusente, Transporte

R = TypeVar("R")
registro = structlog.get_logger(__name__)


@dataclass(slots=True)
class Paso:
    """Un trabajo acotado, y cuándo toca llamarlo.

    ``dar`` dice si hizo algo (y, si es `Labor`, si puede quedar más); ``proximo``, cuándo tendrá algo que hacer por el
    paso del tiempo. Toca cuando alguien lo avisó o llegó su hora; el anfitrión lo avisa además de vez en cuando, por si
    un aviso se perdió (sondeo).
    """

    nombre: str
    dar: Callable[[], bool | Labor]
    proximo: Callable[[], datetime | None] | None = None
    #: Segundos que conviene dejar la máquina a los demás antes de volver a darlo. Solo lo mira `Marcha`.
    descanso: Callable[[], float] = lambda: 0.0
    #: Si la última vez pudo dejar trabajo sin hacer.
    queda: bool = False
    _avisado: bool = True
    _por_citar: bool = False
    _cita: datetime | None = None
    #: Cuándo se miró si tocaba, y cuándo se dio.
    _hora: datetime | None = None
    _dado: datetime | None = None

    def avisar(self) -> None:
        """Puede haber trabajo."""
        self._avisado = True

    def toca(self, ahora: datetime) -> bool:
        """Si hay motivo para llamarlo ya."""
        self._hora = ahora
        return self._avisado or (self._cita is not None and self._cita <= ahora)

    def correr(self) -> bool:
        """Lo llama una vez y mira cuándo vuelve a tocarle. Dice si hizo algo; si puede quedar más, le toca ya."""
        hizo = self.dar_sin_citar()
        try:
            if self.sin_citar:
                self.citar()
        except Exception:
            self._avisado = True
            raise
        return hizo

    def dar_sin_citar(self) -> bool:
        """Como `correr`, sin mirar cuándo vuelve a tocarle: a quien no para de avisarlo no le hace falta."""
        self._avisado = self._por_citar = False
        self._cita, self._dado = None, self._hora
        try:
            hizo = self.dar()
        except Exception:
            self._avisado = True
            raise
        self.queda = hizo is True or hizo is Labor.QUEDA
        if self.queda:
            self._avisado = True
        self._por_citar = True
        return bool(hizo)

    @property
    def sin_citar(self) -> bool:
        """Si se dio y falta mirar cuándo vuelve a tocarle."""
        return self._por_citar and not self._avisado

    def citar(self) -> bool:
        """Mira cuándo vuelve a tocarle. Dice que no hizo nada."""
        self._cita = self._cita_futura()
        self._por_citar = False
        return False

    def _cita_futura(self) -> datetime | None:
        """La siguiente cita. Una ya vencida cuando se dio el paso, que no hizo nada, no se repite: giraría en vacío."""
        cita = self.proximo() if self.proximo else None
        return None if cita is not None and self._dado is not None and cita <= self._dado else cita

    @property
    def cita(self) -> datetime | None:
        """Cuándo le toca aunque nadie lo avise (UTC)."""
        return self._cita


@dataclass(frozen=True, slots=True)
class Bucle:
    """Pasos que comparten transporte: un transporte tiene un solo dueño. ``escucha`` puede esperar (segundos)."""

    nombre: str
    transporte: Transporte
    escucha: Callable[[float], bool] | None
    pasos: tuple[Paso, ...]


@dataclass
class Estacion:
    """Un servicio listo para andar.

    ``abrir_transporte`` se llama una vez por bucle. ``origenes``: nombre de cada servicio -> ``source`` de sus sobres.
    ``claves_de_origen``: ``source`` -> clave pública con que firma sus latidos.
    """

    servicio: Servicio
    almacen: Almacen
    topologia: Topologia
    origenes: Mapping[str, str]
    claves_de_origen: Mapping[str, str]
    abrir_transporte: Callable[[], Transporte]
    titular: str
    ajustes: Ajustes = field(default_factory=Ajustes)

    def __post_init__(self) -> None:
        nombre, nombres, ajustes = self.servicio.nombre, self.topologia.nombres, self.ajustes
        seguidos = {n: self.origenes[n] for n in self.servicio.sigue}
        transportes = [self.abrir_transporte() for _ in range(4)]
        self.solicitudes = Solicitudes(self.almacen, transportes[0], self.servicio, ajustes, nombres)
        self.entrada = Entrada(
            self.almacen, transportes[1], self.servicio, seguidos, dict(self.claves_de_origen), ajustes, nombres
        )
        self.huecos = Huecos(self.almacen, nombre, seguidos, ajustes)
        self.relevo = Relevo(self.almacen, transportes[2], nombre, self.topologia, self.titular, ajustes)
        self.pulso = Pulso(self.almacen, transportes[2], nombre, ajustes, nombres)
        self.reparaciones = Reparaciones(self.almacen, transportes[3], nombre, ajustes, nombres)
        self.plazos = Plazos(self.almacen, self.servicio, ajustes)
        self.reproceso = Reproceso(self.almacen, self.servicio)
        self.bucles = self._bucles(transportes)

    @property
    def nombre(self) -> str:
        """Nombre del servicio."""
        return self.servicio.nombre

    def preparar(self) -> None:
        """Declara la topología y crea las filas de trabajo. Repetirlo no cambia nada."""
        self.relevo.transporte.preparar(self.topologia)
        self.entrada.preparar()
        self.relevo.preparar()

    @property
    def pasos(self) -> list[Paso]:
        """Todos los pasos, en el orden en que un hecho los recorre."""
        return [paso for bucle in self.bucles for paso in bucle.pasos]

    def cerrar(self) -> None:
        """Suelta los transportes y la base."""
        for bucle in self.bucles:
            bucle.transporte.cerrar()
        self.almacen.motor.dispose()

    def _bucles(self, transportes: list[Transporte]) -> tuple[Bucle, ...]:
        solicitudes, _, relevo, reparaciones = transportes

        def en_pie(transporte: Transporte, dar: Callable[..., R]) -> Callable[..., R]:
            return con_topologia(transporte, self.topologia, dar)

        def recibir(espera: float = 0.0) -> bool:
            hubo = self.solicitudes.recibir(espera)
            if self.solicitudes.dejo:
                atender.avisar()
            return hubo

        suyas = self.solicitudes
        atender = Paso("solicitudes.atender", suyas.atender, suyas.proximo, suyas.descanso)
        relevar = Paso("relevo", en_pie(relevo, self.relevo.paso), self.relevo.proximo)
        plazos = Paso("plazos", self.plazos.paso, self.plazos.proximo)
        latido = Paso("latido", en_pie(relevo, self.pulso.paso), self.pulso.proximo)
        for paso in (relevar, plazos, latido):
            self.almacen.al_confirmar(paso.avisar)
        return (
            Bucle("solicitudes", solicitudes, en_pie(solicitudes, recibir), (atender,)),
            bucle_de_entrada(self.entrada, self.huecos, self.topologia),
            Bucle("relevo", relevo, None, (relevar, plazos, latido)),
            Bucle("reparaciones", reparaciones, en_pie(reparaciones, self.reparaciones.paso), ()),
        )


def bucle_de_entrada(entrada: Entrada, huecos: Huecos, topologia: Topologia) -> Bucle:
    """El de quien sigue a otros: recibe sus hechos, los aplica en orden y pide los que falten."""
    pedir = Paso("huecos", huecos.paso, huecos.proximo)

    def aplicar_y_mirar() -> Labor:
        labor = entrada.aplicar()
        if entrada.falta_algo:
            pedir.avisar()
        return labor

    aplicar = Paso("entrada.aplicar", aplicar_y_mirar, entrada.proximo)

    def recibir(espera: float = 0.0) -> bool:
        hubo = entrada.recibir(espera)
        if entrada.dejo:
            aplicar.avisar()
        return hubo

    escucha = con_topologia(entrada.transporte, topologia, recibir)
    return Bucle("entrada", entrada.transporte, escucha, (aplicar, pedir))


def con_topologia(transporte: Transporte, topologia: Topologia, dar: Callable[..., R]) -> Callable[..., R]:
    """Repone lo que alguien borró del broker y vuelve a intentarlo una vez."""

    def reponer(*argumentos: float) -> R:
        try:
            return dar(*argumentos)
        except TopologiaAusente:
            registro.error("topologia-ausente")
            transporte.preparar(topologia)
            return dar(*argumentos)

    return reponer
