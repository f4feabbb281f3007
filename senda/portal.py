"""El portal montado: sigue a coordinación, publica lo que dejan las instituciones y recoge lo que les llega.

Es el único proceso expuesto fuera, así que no lleva el llavero ni las claves de otro servicio: con lo que tiene no se
abre nada sellado ni se firma por nadie.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from litestar import Litestar

from infra.almacen.almacen import Almacen
from infra.almacen.motor import abrir_motor
from infra.anfitrion.estacion import Bucle, Paso, bucle_de_entrada, con_topologia
from infra.anfitrion.hilo import EnHilo
from infra.anfitrion.planificador import Planificador
from infra.azar import Azar
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.entrada import Entrada
from infra.mensajeria.relevo import Relevo
from infra.mensajeria.reparaciones import Huecos
from infra.mensajeria.topologia import Topologia, solo_recibe
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import Transporte
from infra.reloj import Reloj, RelojAcelerado, reloj_desde
from infra.seguridad.firma import publica_de_texto
from infra.seguridad.llavero import Llavero
from senda import openapi
from senda.acceso_bus import Acceso
from senda.arranque import BusNoCompartido
from senda.composicion import mapa
from senda.despliegue import Despliegue, claves_de, leer
from senda.trazas import Encendidas, encender
from servicios.portal.contexto import CONTEXTO
from servicios.portal.puerta import Puerta
from servicios.portal.recogida import Recogida
from servicios.portal.timbre import Timbre
from servicios.portal.web import Claves, aplicacion

NOMBRE: Final = CONTEXTO.nombre


@dataclass
class _DeUnBucle:
    """Lo que un planificador pide a quien da rondas."""

    bucles: tuple[Bucle, ...]


@dataclass
class Portal:
    """Sus bucles, para un planificador, y su puerta, para el servidor."""

    almacen: Almacen
    puerta: Puerta
    despliegue: Despliegue
    topologia: Topologia
    abrir_transporte: Callable[[], Transporte]
    titular: str
    ajustes: Ajustes = field(default_factory=Ajustes)
    trazas: Encendidas | None = None

    def __post_init__(self) -> None:
        nombres = self.topologia.nombres
        seguidos = {n: self.despliegue.origenes[n] for n in CONTEXTO.sigue}
        de_entrada, de_relevo, de_recogida = (self._abrir() for _ in range(3))
        servicio = self.trazas.servicio(CONTEXTO) if self.trazas else CONTEXTO
        self.entrada = Entrada(
            self.almacen, de_entrada, servicio, seguidos, self.despliegue.claves_de_origen, self.ajustes, nombres
        )
        self.huecos = Huecos(self.almacen, NOMBRE, seguidos, self.ajustes)
        self.relevo = Relevo(self.almacen, de_relevo, NOMBRE, self.topologia, self.titular, self.ajustes)
        publicas = {o: publica_de_texto(c) for o, c in self.despliegue.claves_de_origen.items()}
        self.recogida = Recogida(self.almacen, de_recogida, nombres, self.puerta.timbre.sonar, publicas)
        self.bucles = self._bucles(de_relevo, de_recogida)

    def preparar(self) -> None:
        """Declara lo suyo en el bus y crea sus filas de trabajo. Repetirlo no cambia nada."""
        self.relevo.transporte.preparar(self.topologia)
        self.entrada.preparar()
        self.relevo.preparar()

    def cerrar(self) -> None:
        """Suelta los transportes y la base."""
        for bucle in self.bucles:
            bucle.transporte.cerrar()
        self.almacen.motor.dispose()
        if self.trazas:
            self.trazas.cerrar()

    def _abrir(self) -> Transporte:
        return self.trazas.transporte(self.abrir_transporte()) if self.trazas else self.abrir_transporte()

    def _bucles(self, de_relevo: Transporte, de_recogida: Transporte) -> tuple[Bucle, ...]:
        relevar = Paso("relevo", con_topologia(de_relevo, self.topologia, self.relevo.paso), self.relevo.proximo)
        for almacen in (self.almacen, self.puerta.almacen):
            almacen.al_confirmar(relevar.avisar)
        return (
            bucle_de_entrada(self.entrada, self.huecos, self.topologia),
            Bucle("relevo", de_relevo, None, (relevar,)),
            Bucle("recogida", de_recogida, self.recogida.paso, ()),
        )


def montar(
    carpeta: Path, despliegue: Despliegue, reloj: Reloj, azar: Azar, abrir_transporte: Callable[[], Transporte],
    titular: str, ajustes: Ajustes | None = None, trazas: Encendidas | None = None,
) -> Portal:  # fmt: skip
    """Monta el portal de un despliegue. Errores: `ClavesInvalidas`; `KeyError` si se instaló sin portal."""
    # Quien atiende HTTP y quien da las rondas van en hilos distintos: cada uno con su almacén, sobre la misma base.
    de_rondas, de_puerta = (
        _almacen(carpeta, despliegue, reloj, azar.hijo(f"portal-{para}")) for para in ("rondas", "puerta")
    )
    return Portal(
        almacen=de_rondas,
        puerta=Puerta(de_puerta, Timbre()),
        despliegue=despliegue,
        topologia=solo_recibe(NOMBRE, CONTEXTO.sigue, despliegue.prefijo),
        abrir_transporte=abrir_transporte,
        titular=titular,
        ajustes=ajustes or Ajustes(),
        trazas=trazas,
    )


def de_carpeta(carpeta: Path, azar: Azar, titular: str) -> Portal:
    """El portal de un despliegue en disco, con su reloj. Errores: `DespliegueAusente`, `BusNoCompartido` y `montar`."""
    despliegue = leer(carpeta)
    if despliegue.bus.startswith("memory:"):
        raise BusNoCompartido
    reloj = reloj_desde(despliegue.reloj)
    ritmo = reloj.factor if isinstance(reloj, RelojAcelerado) else 1.0
    suya = Acceso(carpeta, despliegue).url_de_servicio(NOMBRE)
    trazas = encender(carpeta, NOMBRE, mapa(despliegue.prefijo).nombres)
    return montar(carpeta, despliegue, reloj, azar, lambda: abrir(suya), titular, Ajustes().por(ritmo), trazas)


def servir_con(portal: Portal) -> Litestar:
    """La aplicación que atiende y, mientras está arriba, da las rondas del portal en un hilo aparte."""
    # Un planificador por bucle: lo que falla en uno no quita el turno a los otros.
    reloj = portal.almacen.reloj
    por_bucle = {bucle.nombre: Planificador([_DeUnBucle((bucle,))], reloj) for bucle in portal.bucles}

    def sondear() -> None:
        for planificador in por_bucle.values():
            planificador.sondear()

    rondas = {nombre: planificador.ronda for nombre, planificador in por_bucle.items()}
    hilo = EnHilo(rondas, sondear, preparar=portal.preparar, cerrar=portal.cerrar, reloj=reloj)
    portal.puerta.almacen.al_confirmar(hilo.despertar)
    capas = [portal.trazas.solicitudes_por_http] if portal.trazas else []
    publicas = claves_publicas(portal.despliegue)
    return aplicacion(portal.puerta, publicas, openapi.texto(), hilo, portal.ajustes, capas=capas)


def claves_publicas(despliegue: Despliegue) -> Claves:
    """Las de los servicios a los que se pide algo."""
    return Claves(
        recepcion={n: c for n, c in despliegue.recepcion.items() if n != NOMBRE},
        origenes={o: c for o, c in despliegue.claves_de_origen.items() if o != despliegue.origenes[NOMBRE]},
    )


def _almacen(carpeta: Path, despliegue: Despliegue, reloj: Reloj, azar: Azar) -> Almacen:
    base = despliegue.bases[NOMBRE]
    return Almacen(
        motor=abrir_motor(base.url, base.esquema),
        origen=despliegue.origenes[NOMBRE],
        # Un llavero vacío y en memoria: el portal no sella nada, y no ha de poder abrir nada.
        llavero=Llavero("sqlite://", azar.bytes(32), azar, reloj),
        claves=claves_de(carpeta, NOMBRE),
        reloj=reloj,
        azar=azar,
        lecturas=CONTEXTO.lecturas,
    )


__all__ = ["NOMBRE", "Portal", "claves_publicas", "de_carpeta", "montar", "servir_con"]
