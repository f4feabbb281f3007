"""Quien opera: arregla y reprocesa, levanta altos, pide refrendos y destruye la clave de quien lo pide."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine

from eventos.seguridad import AccesoExcepcional, ClaveDestruida, MotivoAcceso, MotivoDestruccion
from infra.almacen.tanda import Autoria
from infra.anfitrion.estacion import Estacion
from infra.mensajeria.altos import levantar
from infra.mensajeria.apartados import SigueApartado
from senda.auditoria.refrendo import refrendar_con
from senda.testigo import CLAVE, MEMORIA
from senda_verificar.nota import leer_vkey
from servicios.coordinacion.internas import ContarDeSeguridad
from servicios.deteccion.internas import ProponerVinculo
from servicios.testigo.memoria import Memoria
from servicios.testigo.testigo import Testigo
from tests.simulacion.mundo import Mundo
from tests.simulacion.plantilla import RECTORA
from tests.simulacion.torpezas import Tropiezo


@dataclass
class Operador:
    """Una persona con los mandos. Nada de lo que hace está en el bus."""

    mundo: Mundo
    #: Lo que la bóveda aún no llevó al libro: (qué, en nombre de quién).
    por_contar: list[tuple[ContarDeSeguridad, Autoria]] = field(default_factory=list)
    #: (servicio, origen) cuyo alto se levantó.
    levantados: set[tuple[str, str]] = field(default_factory=set)
    _testigo: Testigo | None = None

    def algo(self, azar: Random, rutas: Sequence[UUID]) -> None:
        """Una de esas cosas, la que toque."""
        hacer = azar.choice(("reparar", "reparar", "refrendar", "destruir", "acceder", "proponer", "proponer"))
        if hacer == "reparar":
            self.mundo.torpezas.arreglar()
            self.reparar()
        elif hacer == "refrendar":
            self.refrendar()
        elif hacer == "destruir" and len(rutas) > 2:
            self._destruir(azar.choice(rutas[2:]))
        elif hacer == "proponer" and len(rutas) > 1:
            self.mundo.intentar("deteccion", lambda e: self._proponer(e, *azar.sample(list(rutas), 2)))
        elif rutas:
            ahora = self.mundo.reloj.ahora()
            acceso = AccesoExcepcional(
                ruta=azar.choice(rutas), motivo=MotivoAcceso.RIESGO_DE_VIDA, revisar_antes=ahora + timedelta(days=3)
            )
            self._por_contar(acceso)
            self.contar()

    def reparar(self) -> None:
        """Levanta los altos, reprocesa lo apartado y cuenta lo que la bóveda aún no contó."""
        for nombre in self.mundo.contextos:
            cruda = self.mundo.plantilla.cruda(nombre)
            for (origen,) in cruda.execute("SELECT origen FROM avances WHERE alto IS NOT NULL").fetchall():
                self.levantados.add((nombre, origen))
                motor = self.mundo.plantilla.motores[origen.rpartition("/")[2]]
                self.mundo.intentar(nombre, lambda e, o=origen, m=motor: _levantar(e, o, m))  # type: ignore[misc]
            for (sujeto,) in cruda.execute("SELECT DISTINCT sujeto FROM apartados ORDER BY sujeto").fetchall():
                self.mundo.intentar(nombre, lambda e, s=sujeto: _reprocesar(e, s))  # type: ignore[misc]
        self.contar()

    def refrendar(self) -> None:
        """Un testigo refrenda el último punto de control. Errores: `SinRefrendo` si el libro se contradice."""
        testigo = self._testigo or self._abrir_testigo()
        self.mundo.intentar("auditoria", lambda e: _refrendar(e, testigo, self.mundo.plantilla.vkey_testigo))

    @property
    def refrenda(self) -> bool:
        """Si en esta historia hay un testigo."""
        return self._testigo is not None

    def contar(self) -> None:
        """Lleva al libro lo que hizo la bóveda; lo que no se pudo se repite, y repetirlo no lo dobla."""
        contexto = self.mundo.contextos["coordinacion"]

        def encargar(estacion: Estacion, interna: ContarDeSeguridad, autoria: Autoria) -> None:
            with estacion.almacen.tanda() as tanda:
                contexto.encargar(tanda, interna, autoria)

        for pendiente in list(self.por_contar):
            try:
                if self.mundo.intentar("coordinacion", lambda e, p=pendiente: encargar(e, *p)):  # type: ignore[misc]
                    self.por_contar.remove(pendiente)
            except Tropiezo:
                continue

    def cerrar(self) -> None:
        """Suelta la memoria del testigo."""
        if self._testigo is not None:
            self._testigo.memoria.cerrar()

    def _proponer(self, estacion: Estacion, una: UUID, otra: UUID) -> None:
        """El registro único halla que dos rutas parecen de la misma persona."""
        with suppress(Tropiezo), estacion.almacen.tanda() as tanda:
            self.mundo.contextos["deteccion"].encargar(tanda, ProponerVinculo(ruta=una, otra=otra))

    def _destruir(self, ruta: UUID) -> None:
        ahora = self.mundo.reloj.ahora()
        self.mundo.llavero.destruir(ruta)
        self._por_contar(
            ClaveDestruida(
                ruta=ruta, motivo=MotivoDestruccion.PERSONA_LO_PIDE, pedida=ahora - timedelta(days=3),
                autorizan=("ag-00000001", "ag-00000002"),
            )
        )  # fmt: skip
        self.contar()

    def _por_contar(self, hecho: AccesoExcepcional | ClaveDestruida) -> None:
        ahora = self.mundo.reloj.ahora()
        autoria = Autoria(
            institucion=RECTORA, agente="ag-00000001", ocurrido=ahora, causa="", correlacion=str(hecho.ruta)
        )
        self.por_contar.append((ContarDeSeguridad(hecho=hecho), autoria))

    def _abrir_testigo(self) -> Testigo:
        plantilla = self.mundo.plantilla
        carpeta = plantilla.carpeta / "testigo"
        for resto in ("", "-wal", "-shm"):
            (carpeta / f"{MEMORIA}{resto}").unlink(missing_ok=True)
        (carpeta / MEMORIA).write_bytes(plantilla.testigo)
        clave = Ed25519PrivateKey.from_private_bytes((carpeta / CLAVE).read_bytes())
        memoria = Memoria.abrir(carpeta / MEMORIA, plantilla.vkey_testigo)
        self._testigo = Testigo(leer_vkey(plantilla.vkey_testigo), clave, memoria, self.mundo.reloj)
        return self._testigo


def _levantar(estacion: Estacion, origen: str, motor: Engine) -> None:
    levantar(estacion.almacen, origen, motor)


def _reprocesar(estacion: Estacion, sujeto: str) -> None:
    try:
        estacion.reproceso.reprocesar(sujeto)
    except (SigueApartado, Tropiezo):
        return


def _refrendar(estacion: Estacion, testigo: Testigo, vkey: str) -> None:
    with estacion.almacen.motor.begin() as conexion:
        refrendar_con(conexion, testigo.refrendar, vkey, estacion.almacen.reloj.ahora())
