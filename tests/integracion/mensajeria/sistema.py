"""Un sistema mínimo sobre cualquier pila: detección cuenta, coordinación la sigue, y una institución pide."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from time import monotonic
from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from contratos.acuse import Acuse
from contratos.base import Peticion
from contratos.solicitudes.deteccion import AplicarEvaluacion, DetectarPresuntaVictima
from eventos.rechazo import Rechazo, TodaviaNo
from eventos.sobre import Anotado
from eventos.tipos import NivelRiesgo, SiNo
from infra.almacen.esquema import eventos
from infra.almacen.motor import leyendo
from infra.almacen.tanda import Autoria, Tanda
from infra.anfitrion.estacion import Estacion
from infra.anfitrion.planificador import Planificador
from infra.azar import AzarReal
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.puertos import Contradiccion, HechoCrudo, Latido, Medida, Remitente
from infra.mensajeria.relevo import Relevo
from infra.mensajeria.topologia import Cola, Topologia, colas_de_institucion, topologia
from infra.mensajeria.transportes import Mensaje, TransporteCaido
from infra.seguridad import base64url
from infra.seguridad.firma import publica_a_texto
from senda.cliente import Compuesta, Credencial, componer
from servicios.comun.directorio import InstitucionDesconocida
from servicios.comun.permiso import SinMandato
from tests.integracion.almacen.relatos import LECTURAS, deteccion, efectos
from tests.integracion.pilas import Pila

INSTITUCION = "GT-PGN"
AGENTE = "ag-0123abcd"
ORIGEN = "/gt/deteccion"
AJUSTES = Ajustes(intentos=3, lote_entrada=20, lote_relevo=20, lote_reparacion=10)


# Rechazos de verdad: el documento de códigos recorre las subclases, y unas de prueba saldrían en él.
Desconocida: type[TodaviaNo] = InstitucionDesconocida
Imposible: type[Rechazo] = SinMandato


@dataclass
class Contador:
    """Un servicio que anota un hecho por solicitud y cuenta un efecto por hecho. Los ganchos son para estropearlo."""

    nombre: str
    sigue: Sequence[str] = ()
    interpreta: bool = True
    directorio: dict[str, str] = field(default_factory=dict)
    al_atender: Callable[[Peticion, Tanda], None] = lambda _peticion, _tanda: None
    al_conocer: Callable[[Anotado], None] = lambda _anotado: None
    al_guardar_crudo: Callable[[HechoCrudo], None] = lambda _crudo: None
    al_latir: Callable[[Latido], Contradiccion | None] = lambda _latido: None
    denuncias: list[HechoCrudo] = field(default_factory=list)
    vencen: list[datetime] = field(default_factory=list)

    def clave_de(self, _tanda: Tanda, institucion: str) -> str:
        if institucion not in self.directorio:
            raise Desconocida
        return self.directorio[institucion]

    def atender(self, tanda: Tanda, peticion: Peticion, remitente: Remitente) -> Sequence[Anotado]:
        self.al_atender(peticion, tanda)
        ruta = peticion.ruta if isinstance(peticion, AplicarEvaluacion) else tanda.nuevo_id()
        relato = getattr(peticion, "relato", msgspec.UNSET)
        return tanda.anotar([deteccion(ruta, relato)], _autoria(remitente))

    def conocer(self, tanda: Tanda, anotado: Anotado) -> None:
        self.al_conocer(anotado)
        tanda.conocer([anotado])

    def guardar_cabecera(self, _conexion: Connection, latido: Latido) -> Contradiccion | None:
        return self.al_latir(latido)

    def guardar_crudo(self, _tanda: Tanda, crudos: Sequence[HechoCrudo]) -> None:
        for crudo in crudos:
            self.al_guardar_crudo(crudo)

    def divergencia(self, _tanda: Tanda, crudo: HechoCrudo, conocida: bytes) -> None:
        assert conocida != crudo.hoja
        self.denuncias.append(crudo)

    def vencer(self, tanda: Tanda, maximo: int, _dejar: object = None, /) -> int:
        vencidos = [v for v in self.vencen if v <= tanda.ahora][:maximo]
        self.vencen = [v for v in self.vencen if v not in vencidos]
        return len(vencidos)

    def proximo_vencimiento(self, _tanda: Tanda) -> datetime | None:
        return min(self.vencen, default=None)

    def medidas(self, _conexion: Connection, _ahora: datetime) -> Sequence[Medida]:
        return ()


def _autoria(remitente: Remitente) -> Autoria:
    return Autoria(
        institucion=remitente.institucion, agente=remitente.agente, ocurrido=remitente.ocurrido,
        causa=remitente.huella, correlacion=remitente.huella, solicitud=remitente.huella,
    )  # fmt: skip


class Sistema:
    """Dos estaciones y una institución inscrita en la primera. El reloj es el de la pila: solo lo mueve la prueba."""

    def __init__(self, pila: Pila, ajustes: Ajustes = AJUSTES) -> None:
        self.pila, self.reloj, self.ajustes = pila, pila.reloj, ajustes
        self.azar = AzarReal()
        self.credencial = Credencial.generar(INSTITUCION, self.azar)
        self.origen = Contador("deteccion", directorio={INSTITUCION: self.credencial.publica})
        self.destino = Contador("coordinacion", sigue=("deteccion",))
        self.topologia: Topologia = topologia({s.nombre: s.sigue for s in (self.origen, self.destino)}, pila.prefijo)
        self.nombres = self.topologia.nombres
        self.fuera = pila.transporte(INSTITUCION)
        self.fuera.preparar(self.topologia)
        self.fuera.asegurar_cola(colas_de_institucion(INSTITUCION, pila.prefijo)[0])
        pila.al_cerrar(self._limpiar)
        self._titulares = count(1)
        self.deteccion = self.montar(self.origen)
        self.coordinacion = self.montar(self.destino)
        self.planificador = Planificador([self.deteccion, self.coordinacion], self.reloj)

    def montar(self, servicio: Contador, motor: sa.Engine | None = None) -> Estacion:
        """Una estación del servicio. Montarlo otra vez es arrancar una réplica."""
        origenes = {"deteccion": ORIGEN, "coordinacion": "/gt/coordinacion"}
        estacion = Estacion(
            servicio=servicio,
            almacen=self.pila.almacen(servicio.nombre, LECTURAS, motor),
            topologia=self.topologia,
            origenes=origenes,
            claves_de_origen={o: publica_a_texto(self.pila.claves(n).firma.public_key()) for n, o in origenes.items()},
            abrir_transporte=self.pila.transporte,
            titular=f"{servicio.nombre}-{next(self._titulares)}",
            ajustes=self.ajustes,
        )
        estacion.preparar()
        return estacion

    def peticion(self, **cambios: Any) -> DetectarPresuntaVictima:
        campos = {
            "nna": SiNo.NO, "extranjera": SiNo.SI, "idioma": "spa", "riesgo": next(iter(NivelRiesgo)),
            "pais_deteccion": "gt", "relato": "lo que contó",
        }  # fmt: skip
        return DetectarPresuntaVictima(**{**campos, **cambios})

    def componer(self, peticion: Peticion | None = None, credencial: Credencial | None = None) -> Compuesta:
        recepcion = self.pila.claves("deteccion").recepcion.public_key().public_bytes_raw()
        return componer(
            peticion or self.peticion(), credencial or self.credencial, AGENTE, self.reloj.ahora(),
            base64url.a_texto(recepcion), self.azar,
        )  # fmt: skip

    def enviar(self, *compuestas: Compuesta, **cambios: Any) -> None:
        """Publica solicitudes tal cual; ``cambios`` son campos del mensaje."""
        for c in compuestas:
            campos = {"tipo": "solicitud", "cuerpo": c.cuerpo, "id": c.id, "cabeceras": {"firma": c.firma}, **cambios}
            assert self.fuera.publicar([Mensaje(self.nombres.solicitudes, "deteccion", **campos)]) == [True]

    def acuses(self, cuantos: int, *colas: str) -> list[bytes]:
        """Los bytes de los acuses que esperan a la institución (o en esas colas): exactamente tantos."""
        colas = colas or (self.nombres.acuses_de(INSTITUCION),)
        recibidos: list[bytes] = []
        limite = monotonic() + 20
        while len(recibidos) < cuantos and monotonic() < limite:
            self.planificador.ronda()
            for cola in colas:
                nuevas = self.fuera.recibir(cola, cuantos, espera=0.05)
                self.fuera.confirmar(nuevas)
                recibidos += [e.mensaje.cuerpo for e in nuevas]
        assert len(recibidos) == cuantos
        assert [self.fuera.pendientes(cola) for cola in colas] == [0] * len(colas)
        return recibidos

    def acuse(self) -> Acuse:
        """El único acuse que espera."""
        return msgspec.json.decode(self.acuses(1)[0], type=Acuse)

    def contar(self, cuantos: int) -> list[UUID]:
        """Hechos de detección sin pasar por solicitudes; devuelve sus rutas."""
        rutas = [uuid4() for _ in range(cuantos)]
        self.contar_de(*rutas)
        return rutas

    def contar_de(self, *rutas: UUID) -> None:
        autoria = Autoria(
            institucion=INSTITUCION, agente=AGENTE, ocurrido=self.reloj.ahora(), causa="", correlacion="prueba"
        )
        with self.deteccion.almacen.tanda() as tanda:
            tanda.anotar([deteccion(ruta) for ruta in rutas], autoria)

    def efectos(self, estacion: Estacion | None = None) -> list[str]:
        """Rutas de los hechos que surtieron efecto, en orden. Un repetido saldría dos veces."""
        with leyendo((estacion or self.coordinacion).almacen.motor) as conexion:
            return list(conexion.scalars(sa.select(efectos.c.ruta).order_by(efectos.c.numero)))

    def hechos(self, estacion: Estacion | None = None) -> int:
        return self.filas(eventos, estacion or self.deteccion)

    def filas(self, tabla: sa.Table, estacion: Estacion | None = None) -> int:
        with leyendo((estacion or self.deteccion).almacen.motor) as conexion:
            return conexion.scalar(sa.select(sa.func.count()).select_from(tabla)) or 0

    def reposo(self) -> None:
        """Rondas hasta que no haya nada que hacer ahora ni nada por llegar."""
        limite, quietas = monotonic() + 60, 0
        # Con un broker de verdad, lo que va por la red no lo cuenta nadie: se exige silencio dos veces seguidas.
        while quietas < (2 if self.pila.real else 1):
            quietas = 0 if self.planificador.ronda() or self._por_llegar() else quietas + 1
            assert monotonic() < limite, "no llega al reposo"

    def hasta(self, condicion: Callable[[], object]) -> None:
        """Rondas, adelantando el reloj de cita en cita, hasta que pase algo."""
        limite = monotonic() + 30
        while not condicion():
            assert monotonic() < limite, "no llegó a pasar"
            self.reposo()
            if not condicion():
                cita = self.planificador.proximo()
                assert cita is not None, "nadie tiene ya nada que hacer"
                self.reloj.adelantar_hasta(cita)

    def pasan(self, **cuanto: float) -> None:
        self.reloj.adelantar(timedelta(**cuanto))

    def tomar(self, cola: str, cuantos: int) -> list[Mensaje]:
        """Saca mensajes de una cola, como si se perdieran por el camino."""
        ladron = self.pila.transporte()
        sacadas: list[Mensaje] = []
        while len(sacadas) < cuantos and (nuevas := ladron.recibir(cola, cuantos - len(sacadas), espera=5)):
            ladron.confirmar(nuevas)
            sacadas += [e.mensaje for e in nuevas]
        ladron.cancelar(cola)
        assert len(sacadas) == cuantos
        return sacadas

    def meter(self, mensajes: Sequence[Mensaje], cola: str = "") -> None:
        """Pone mensajes en la entrada de coordinación, en ese orden."""
        assert all(self.fuera.publicar([_a_cola(m, cola or self.entrada) for m in mensajes]))

    @property
    def entrada(self) -> str:
        """La cola por la que coordinación recibe."""
        return self.nombres.entrada_de("coordinacion")

    @property
    def muertos(self) -> int:
        return self.fuera.pendientes(self.nombres.muertos)

    def _por_llegar(self) -> bool:
        """Escucha un poco: lo publicado puede estar aún en la red."""
        if not self.pila.real:
            return False
        hubo = any(self.fuera.pendientes(cola.nombre) for cola in self._colas_propias())
        for estacion in self.planificador.estaciones:
            for bucle in estacion.bucles:
                if bucle.escucha is not None:
                    hubo = bucle.escucha(0.03) or hubo
        return hubo

    def _colas_propias(self) -> list[Cola]:
        """Las colas que las estaciones en marcha vacían."""
        nombres = {e.nombre for e in self.planificador.estaciones}
        return [c for c in self.topologia.colas if c.nombre.rpartition(".")[2] in nombres]

    def _limpiar(self) -> None:
        for estacion in (self.deteccion, self.coordinacion):
            for bucle in estacion.bucles:
                bucle.transporte.cerrar()
        self.pila.borrar_topologia(self.topologia)
        for cola in colas_de_institucion(INSTITUCION, self.pila.prefijo):
            self.pila.borrar_cola(cola.nombre)


@contextmanager
def muere_tras_publicar(relevo: Relevo) -> Iterator[None]:
    """El bus lo recibe todo y el relevo muere antes de enterarse."""
    publicar = relevo.transporte.publicar

    def publicar_y_morir(mensajes: Sequence[Mensaje]) -> list[bool]:
        publicar(mensajes)
        raise TransporteCaido

    with pytest.MonkeyPatch.context() as parche:
        parche.setattr(relevo.transporte, "publicar", publicar_y_morir)
        yield


def _a_cola(mensaje: Mensaje, cola: str) -> Mensaje:
    return Mensaje("", cola, mensaje.tipo, mensaje.cuerpo, mensaje.id, dict(mensaje.cabeceras))
