"""Un contexto de verdad sobre SQLite para probar sus casos de uso: lo que pide, lo que conoce y lo que guarda.

No hay bus ni anfitrión: quien prueba entrega a mano los hechos ajenos, en el orden que quiera.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from eventos.base import Hecho
from eventos.sobre import Anotado, decodificar
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import eventos
from infra.almacen.migrar import Instalacion, instalar
from infra.almacen.motor import abrir_motor
from infra.almacen.tanda import Autoria
from infra.azar import AzarSembrado
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.plazos import Plazos
from infra.reloj import RelojSimulado
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.llavero import Llavero
from servicios.comun.contexto import Contexto
from servicios.comun.mesa import Encargo, Mesa
from tests.unidad.historia import INICIO, INSTITUCION, anotado


class Banco:
    """Un contexto, su almacén y un reloj parado en `INICIO`. El permiso (mandato, participación) no se comprueba."""

    def __init__(self, contexto: Contexto, carpeta: Path) -> None:
        self.contexto = contexto
        self.reloj = RelojSimulado(INICIO)
        self.azar = AzarSembrado(1)
        self.motor = abrir_motor(f"sqlite:///{carpeta / 'servicio.db'}")
        self.llavero = Llavero(f"sqlite:///{carpeta / 'llavero.db'}", bytes(32), self.azar.hijo("llavero"), self.reloj)
        self.llavero.crear_esquema()
        instalar(self.motor, Instalacion(lecturas=contexto.lecturas))
        self.almacen = Almacen(
            motor=self.motor,
            origen=f"/gt/{contexto.nombre}",
            llavero=self.llavero,
            claves=ClavesServicio.generar(self.azar),
            reloj=self.reloj,
            azar=self.azar,
            lecturas=contexto.lecturas,
        )
        self._conocidos = 0

    def conocer(self, *hechos: Hecho, institucion: str = INSTITUCION) -> None:
        """Entrega hechos de otros servicios, cada uno en su tanda."""
        for hecho in hechos:
            self._conocidos += 1
            with self.almacen.tanda() as tanda:
                self.contexto.conocer(tanda, anotado(hecho, 1000 + self._conocidos, institucion=institucion))

    def pedir(
        self, peticion: Encargo, *, institucion: str = INSTITUCION, ocurrido: datetime | None = None
    ) -> Sequence[Anotado]:
        """Atiende una petición en su propia tanda y devuelve lo que causó. Errores: `Rechazo`."""
        autoria = Autoria(
            institucion=institucion,
            agente="ag-0123abcd",
            ocurrido=ocurrido or self.reloj.ahora(),
            causa="",
            correlacion="prueba",
        )
        with self.almacen.tanda() as tanda:
            return tanda.anotar(self.contexto.casos.decidir(peticion, Mesa(tanda, autoria)), autoria)

    def plazos(self, lote: int = 100) -> list[Hecho]:
        """Llama al reloj de los plazos hasta que no tenga nada, y devuelve lo que contó."""
        antes = self.almacen.registrador.max_notification_id() or 0
        reloj = Plazos(self.almacen, self.contexto, Ajustes(lote_plazos=lote))
        for _ in range(100):
            if not reloj.paso():
                break
        else:
            raise AssertionError("el reloj de los plazos no acaba nunca")
        consulta = sa.select(eventos.c.cuerpo).where(eventos.c.posicion > antes).order_by(eventos.c.posicion)
        with self.almacen.consulta() as tanda:
            return [decodificar(fila.cuerpo).hecho for fila in tanda.leer(consulta)]

    def pasan(self, **cuanto: float) -> None:
        """Adelanta el reloj: ``pasan(days=1)``."""
        self.reloj.adelantar(timedelta(**cuanto))

    def cerrar(self) -> None:
        """Suelta las bases."""
        self.motor.dispose()
        self.llavero.cerrar()


@contextmanager
def banco(contexto: Contexto, carpeta: Path) -> Iterator[Banco]:
    """Un banco que se cierra solo."""
    abierto = Banco(contexto, carpeta)
    try:
        yield abierto
    finally:
        abierto.cerrar()
