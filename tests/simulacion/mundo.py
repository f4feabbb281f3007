"""El mundo de una semilla: los seis servicios, que mueren y vuelven, sobre un bus en el que no se puede confiar."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from infra.almacen.almacen import Almacen
from infra.almacen.motor import base_caida
from infra.anfitrion.estacion import Bucle, Estacion, Paso
from infra.azar import AzarSembrado
from infra.mensajeria.topologia import Topologia
from infra.mensajeria.transportes.base import Entrega, Mensaje, TopologiaAusente, Transporte, TransporteCaido
from infra.mensajeria.transportes.memoria import BrokerMemoria, TransporteMemoria
from infra.reloj import RelojSimulado
from infra.seguridad.llavero import Llavero
from senda.composicion import CONTEXTOS, mapa
from tests.simulacion.caos import Caos, Muerte, TransporteCaotico
from tests.simulacion.contradicciones import Contradicciones
from tests.simulacion.plantilla import INICIO, Plantilla
from tests.simulacion.procesos import Corre, Proceso, ajustes_de
from tests.simulacion.torpezas import Torpezas, Tropiezo, de_antes
from tests.simulacion.vigilante import Vigilante

#: Como mucho dos procesos de un servicio a la vez: el titular y una réplica.
_REPLICAS = 2


@dataclass
class Mundo:
    """Corre por rondas: en cada una baraja lo que cada proceso podría hacer, y entre dos cosas pasa cualquier otra."""

    plantilla: Plantilla
    semilla: int
    caos: Caos
    contar: Callable[[str], None] = lambda _texto: None
    procesos: list[Proceso] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.azar = Random(f"mundo-{self.semilla}")
        self.reloj = RelojSimulado(INICIO)
        self.ajustes = ajustes_de(self.azar)
        #: Con qué probabilidad se hace en una ronda lo que toca: los perezosos dejan que se acumule.
        self.diligencia = self.azar.choice((0.3, 0.5, 0.8))
        self.broker = BrokerMemoria()
        self.topologia: Topologia = mapa()
        self._camino = TransporteMemoria(self.broker)
        self._sembrado = AzarSembrado(self.semilla)
        self._azares = {nombre: self._sembrado.hijo(nombre) for nombre in (*CONTEXTOS, "llavero", "instituciones")}
        self._nacidos = 0
        self.torpezas = Torpezas(self.caos)
        torpes = self.caos.hay("tropezar")
        self.contextos = {n: self.torpezas.contexto(c) if torpes else c for n, c in CONTEXTOS.items()}
        self.plantilla.estrenar(self.caos)
        motor, azar = self.plantilla.motores["llavero"], self._azares["llavero"]
        self.llavero = Llavero(motor, self.plantilla.maestra, azar, self.reloj, vigencia=None)
        self.vigilante = Vigilante(self.plantilla, self.topologia, self.broker)
        self.contradicciones = Contradicciones(self.plantilla, self.topologia, self.broker, self.contar)
        for nombre in CONTEXTOS:
            self.nacer(nombre)

    def empezar(self, turno: object) -> None:
        """Desde aquí el azar es el de ese turno: quitar otro no lo cambia."""
        self.azar = Random(f"mundo-{self.semilla}-{turno}")

    def empezar_peticion(self, turno: object, cual: int) -> None:
        """Los ids y nonces que siguen son los de esa petición."""
        self._azares["instituciones"] = self._sembrado.hijo(f"instituciones-{turno}-{cual}")

    @property
    def azar_de_instituciones(self) -> AzarSembrado:
        """Ids y nonces de quienes piden."""
        return self._azares["instituciones"]

    def transporte(self, usuario: str | None = None) -> Transporte:
        """Una conexión con el bus, tan poco fiable como las demás. ``usuario``: como quién se conecta."""
        camino = TransporteMemoria(self.broker, usuario) if usuario else self._camino
        return TransporteCaotico(lambda: TransporteMemoria(self.broker, usuario), self.caos, camino, self)

    def publicado(self, mensajes: Sequence[Mensaje], llegaron: Sequence[bool]) -> None:
        """Lo que el bus contestó a una publicación."""
        self.vigilante.publicado(mensajes, llegaron)

    def confirmado(self, entregas: Sequence[Entrega]) -> None:
        """Lo que alguien dio por atendido."""
        self.contradicciones.oidas(entregas)

    def nacer(self, nombre: str) -> None:
        """Arranca un proceso de un servicio. Puede morir arrancando; entonces arranca otro."""
        while True:
            self._nacidos += 1
            titular = f"{nombre}-{self._nacidos}"
            proceso = Proceso(nombre, titular, self._estacion(nombre, titular))
            if self.caos.toca("desconocer"):
                proceso.desconoce = de_antes(self.caos, nombre)
            try:
                with self._corriendo(proceso):
                    proceso.estacion.preparar()
            except Muerte:
                self._cerrar(proceso)
                continue
            except Exception as error:
                if not _ajeno(error):
                    raise
                self._cerrar(proceso)
                continue
            self.procesos.append(proceso)
            return

    def morir(self, proceso: Proceso) -> None:
        """Un proceso desaparece: lo recibido sin confirmar vuelve a su cola y lo no confirmado en la base no está."""
        self.contar(f"muere {proceso.titular}")
        self._cerrar(proceso)
        if proceso in self.procesos:
            self.procesos.remove(proceso)
        if not self._vivos(proceso.nombre):
            self.nacer(proceso.nombre)

    def ronda(self) -> bool:
        """Todo lo que toca, en el orden que diga la semilla. Dice si alguien hizo algo."""
        self.caos.pasa_una_ronda()
        acciones = [(p, b, paso) for p in self.procesos for b in p.estacion.bucles for paso in _acciones(b)]
        self.azar.shuffle(acciones)
        hizo = False
        for proceso, bucle, paso in acciones:
            self._desastre()
            if proceso.vivo and self._conviene(paso):
                hizo = self._dar(proceso, bucle, paso) or hizo
        return hizo or self.caos.sin_acabar()

    def avisar_a_todos(self) -> None:
        """El sondeo que todo anfitrión hace de vez en cuando."""
        for proceso in self.procesos:
            for paso in proceso.estacion.pasos:
                paso.avisar()

    def proxima_cita(self) -> datetime | None:
        """Cuándo tendrá alguien algo que hacer, sin contar los plazos de las instituciones (UTC)."""
        pasos = (paso for p in self.procesos for paso in p.estacion.pasos if paso.nombre != "plazos")
        return min((paso.cita for paso in pasos if paso.cita is not None), default=None)

    @property
    def plazos_con_fallo(self) -> int:
        """Plazos vencidos que fallaron y se volverán a intentar."""
        return sum(p.estacion.plazos.con_fallo for p in self.procesos)

    def calmar(self) -> None:
        """Se acabó el caos: un proceso por servicio, y nada más falla."""
        self.caos.activo = False
        for proceso in list(self.procesos):
            if len(self._vivos(proceso.nombre)) > 1:
                self._cerrar(proceso)
                self.procesos.remove(proceso)
        self.avisar_a_todos()

    def actualizar(self) -> None:
        """Se instala la última versión de todo: nadie desconoce nada ni revienta con lo que reventaba."""
        self.torpezas.arreglar()
        for proceso in self.procesos:
            proceso.desconoce = frozenset()

    def intentar(self, nombre: str, hacer: Callable[[Estacion], None]) -> bool:
        """Hace algo como un proceso de ese servicio, con sus fallos. Dice si salió."""
        proceso = self._vivos(nombre)[0]
        try:
            with self._corriendo(proceso):
                hacer(proceso.estacion)
        except Muerte:
            self.morir(proceso)
            return False
        except Exception as error:
            if not _ajeno(error):
                raise
            return False
        return True

    def cerrar(self) -> None:
        """Suelta todo."""
        for proceso in self.procesos:
            self._cerrar(proceso)
        self.llavero.cerrar()

    def borrar_colas(self, cuantas: int | None = None) -> None:
        """El broker lo pierde todo de golpe, también las colas de las instituciones; o pierde solo alguna cola."""
        colas = sorted(self.broker._declaradas)
        perdidas = colas if cuantas is None else self.caos.azar.sample(colas, min(cuantas, len(colas)))
        self.contar("se borran todas las colas" if cuantas is None else f"se borra {perdidas}")
        for cola in perdidas:
            self.contradicciones.se_borra(cola)
            self.broker.borrar_cola(cola)

    def _estacion(self, nombre: str, titular: str) -> Estacion:
        contexto, plantilla = self.contextos[nombre], self.plantilla
        almacen = Almacen(
            motor=plantilla.motores[nombre],
            origen=plantilla.despliegue.origenes[nombre],
            llavero=self.llavero,
            claves=plantilla.claves[nombre],
            reloj=self.reloj,
            azar=self._azares[nombre],
            lecturas=contexto.lecturas,
        )
        return Estacion(
            servicio=contexto, almacen=almacen, topologia=self.topologia, origenes=plantilla.despliegue.origenes,
            claves_de_origen=plantilla.despliegue.claves_de_origen, abrir_transporte=self.transporte, titular=titular,
            ajustes=self.ajustes,
        )  # fmt: skip

    def _dar(self, proceso: Proceso, bucle: Bucle, paso: Paso | None) -> bool:
        """Un paso o una escucha, con las costumbres del anfitrión de producción ante cada fallo."""
        escucha = bucle.escucha
        try:
            with self._corriendo(proceso):
                if paso is not None and paso.nombre == "relevo":
                    try:
                        return paso.correr()
                    finally:
                        self.vigilante.relevado(proceso.nombre)
                if paso is not None:
                    return paso.correr()
                return escucha is not None and escucha(0.0)
        except Muerte:
            self.morir(proceso)
        except TopologiaAusente:
            self._reponer(proceso, bucle)
        except Tropiezo:
            return False  # como el anfitrión: se registra, y hasta más tarde no se repite
        except Exception as error:
            if not _ajeno(error):
                raise
            self.contar(f"{proceso.titular} {bucle.nombre}: {type(error).__name__}")
        return True

    def _reponer(self, proceso: Proceso, bucle: Bucle) -> None:
        try:
            with self._corriendo(proceso):
                bucle.transporte.preparar(self.topologia)
        except Muerte:
            self.morir(proceso)
        except TransporteCaido:
            return

    def _corriendo(self, proceso: Proceso) -> Corre:
        # Solo se congela quien corre a solas: si no, despertaría a quien está congelado debajo.
        otras = [p for p in self._vivos(proceso.nombre) if p is not proceso] if not self.caos.corre else []
        return Corre(self.caos, proceso, (lambda: self._sin_el(otras[0])) if otras else None)

    def _sin_el(self, otra: Proceso) -> None:
        """Quien publicaba queda congelado más que su arriendo; su réplica toma el relevo antes de que despierte."""
        self.contar(f"{otra.titular} releva a un congelado")
        # A veces le da tiempo a más que al tramo que el congelado tenía entre manos.
        vueltas = self.caos.azar.choice((1, 1, 3))
        self.reloj.adelantar(self.ajustes.arriendo * 2)
        for bucle, paso in [(b, p) for b in otra.estacion.bucles for p in b.pasos] * vueltas:
            if otra.vivo:
                self._dar(otra, bucle, paso)

    def _desastre(self) -> None:
        if not self.caos.activo:
            return
        if self.procesos and self.caos.toca("caer"):
            self.morir(self.caos.azar.choice(self.procesos))
        if self.caos.toca("replicar"):
            nombre = self.caos.azar.choice(sorted(CONTEXTOS))
            if len(self._vivos(nombre)) < _REPLICAS:
                self.contar(f"réplica de {nombre}")
                self.nacer(nombre)
        if self.caos.toca("borrar_colas"):
            self.borrar_colas()
        if self.caos.toca("borrar_una_cola"):
            self.borrar_colas(1)
        if self.caos.toca("contradecir"):
            self.contradicciones.hacer(self.caos.azar, self._camino)

    def _conviene(self, paso: Paso | None) -> bool:
        if not self.caos.activo:
            return paso is None or paso.toca(self.reloj.ahora())
        if self.azar.random() >= self.diligencia:
            return False
        # Sin motivo también se llama alguna vez: un paso de más no puede estropear nada.
        return paso is None or paso.toca(self.reloj.ahora()) or self.azar.random() < 0.01

    def _vivos(self, nombre: str) -> list[Proceso]:
        return [p for p in self.procesos if p.nombre == nombre and p.vivo]

    def _cerrar(self, proceso: Proceso) -> None:
        proceso.vivo = False
        for bucle in proceso.estacion.bucles:
            bucle.transporte.cerrar()


def _acciones(bucle: Bucle) -> Iterator[Paso | None]:
    """Los pasos de un bucle y, si escucha, su escucha (None)."""
    if bucle.escucha is not None:
        yield None
    yield from bucle.pasos


def _ajeno(error: Exception) -> bool:
    """Si el fallo es del bus o de la base y no del programa: el anfitrión lo registra y repite."""
    return isinstance(error, TransporteCaido) or base_caida(error)
