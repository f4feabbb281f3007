"""La raíz de composición: de un despliegue a servicios en marcha. El único sitio que conoce a los seis contextos."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from infra.almacen.almacen import Almacen
from infra.almacen.migrar import Instalacion
from infra.almacen.motor import abrir_motor
from infra.anfitrion.estacion import Estacion
from infra.azar import Azar
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.puertos import Servicio
from infra.mensajeria.topologia import Topologia, topologia
from infra.mensajeria.transportes.abrir import abrir as abrir_transporte
from infra.mensajeria.transportes.base import Transporte
from infra.mensajeria.transportes.memoria import BrokerMemoria
from infra.reloj import Reloj
from infra.seguridad.llavero import Llavero
from senda.acceso_bus import Acceso
from senda.despliegue import Despliegue, anillo_maestro, claves_de
from servicios.atencion.contexto import CONTEXTO as ATENCION
from servicios.auditoria.contexto import CONTEXTO as AUDITORIA
from servicios.coordinacion.contexto import CONTEXTO as COORDINACION
from servicios.coordinacion.internas import InscribirRectora
from servicios.deteccion.contexto import CONTEXTO as DETECCION
from servicios.justicia.contexto import CONTEXTO as JUSTICIA
from servicios.portal.contexto import CONTEXTO as PORTAL
from servicios.repatriacion.contexto import CONTEXTO as REPATRIACION

CONTEXTOS = {c.nombre: c for c in (DETECCION, ATENCION, JUSTICIA, REPATRIACION, COORDINACION, AUDITORIA)}


def instalaciones() -> dict[str, Instalacion]:
    """Lo que cada servicio necesita en su base; también el portal, que no escribe hechos."""
    return {contexto.nombre: contexto.instalacion for contexto in (*CONTEXTOS.values(), PORTAL)}


def mapa(prefijo: str = "") -> Topologia:
    """La topología del bus: quién sigue a quién."""
    return topologia({nombre: contexto.sigue for nombre, contexto in CONTEXTOS.items()}, prefijo)


@dataclass
class Montaje:
    """Lo que comparten los servicios de un proceso. ``broker``: solo con ``memory://``.

    ``envolver`` y ``observar``: lo que se hace con cada transporte y cada servicio; para probar a quien está al otro
    lado y para las trazas.
    """

    carpeta: Path
    despliegue: Despliegue
    reloj: Reloj
    azar: Azar
    broker: BrokerMemoria | None = None
    ajustes: Ajustes = field(default_factory=Ajustes)
    envolver: Callable[[Transporte], Transporte] = lambda transporte: transporte
    observar: Callable[[Servicio], Servicio] = lambda servicio: servicio
    _azares: dict[str, Azar] = field(default_factory=dict)

    def azar_de(self, nombre: str) -> Azar:
        """El azar de una pieza: uno por nombre en todo el proceso; un hijo pedido dos veces repetiría sus nonces."""
        if nombre not in self._azares:
            self._azares[nombre] = self.azar.hijo(nombre)
        return self._azares[nombre]

    def llavero(self) -> Llavero:
        """El llavero del despliegue. Errores: los de su base."""
        llavero = self.llavero_por_preparar()
        # Un despliegue anterior a la rotación no tiene la tabla que dice con qué maestra se envuelve.
        llavero.crear_esquema()
        return llavero

    def llavero_por_preparar(self) -> Llavero:
        """El mismo sin tocar aún su base: antes de usarlo, `crear_esquema`."""
        base = self.despliegue.bases["llavero"]
        vigencia = None if self.broker is not None else timedelta(minutes=5)
        return Llavero(
            base.url,
            anillo_maestro(self.carpeta),
            self.azar_de("llavero"),
            self.reloj,
            esquema=base.esquema,
            vigencia=vigencia,
        )

    def almacen(self, nombre: str, llavero: Llavero) -> Almacen:
        """El almacén de un servicio."""
        base = self.despliegue.bases[nombre]
        return Almacen(
            motor=abrir_motor(base.url, base.esquema),
            origen=self.despliegue.origenes[nombre],
            llavero=llavero,
            claves=claves_de(self.carpeta, nombre),
            reloj=self.reloj,
            azar=self.azar_de(nombre),
            lecturas=CONTEXTOS[nombre].lecturas,
        )

    def estacion(self, nombre: str, llavero: Llavero, titular: str) -> Estacion:
        """Monta un servicio. ``titular`` distingue a este proceso de otra réplica."""
        suya = Acceso(self.carpeta, self.despliegue).url_de_servicio(nombre)
        return Estacion(
            servicio=self.observar(CONTEXTOS[nombre]),
            almacen=self.almacen(nombre, llavero),
            topologia=mapa(self.despliegue.prefijo),
            origenes=self.despliegue.origenes,
            claves_de_origen=self.despliegue.claves_de_origen,
            abrir_transporte=lambda: self.envolver(abrir_transporte(suya, self.broker)),
            titular=titular,
            ajustes=self.ajustes,
        )


def inscribir_rectora(estacion: Estacion, despliegue: Despliegue) -> None:
    """Primer hecho de todo despliegue: coordinación inscribe a la institución rectora. Repetirlo no hace nada."""
    with estacion.almacen.tanda() as tanda:
        rectora = InscribirRectora(
            codigo=despliegue.rectora, clave_firma=despliegue.clave_rectora, pais=despliegue.pais
        )
        COORDINACION.encargar(tanda, rectora)
