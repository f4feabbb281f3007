"""Un despliegue del que alguien guardó una copia en T, y lo que pasó después: hechos, un refrendo, una destrucción.

De ahí salen los desastres: unas bases como estaban en T, las demás como acabaron.
"""

from __future__ import annotations

import json
import shutil
from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from uuid import UUID

from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.seguridad import MotivoDestruccion
from eventos.tipos import NivelRiesgo, SiNo
from infra.azar import AzarReal
from infra.reloj import RelojReal
from infra.seguridad.boveda.destruccion import ESPERA
from senda import testigo as testigos
from senda.auditoria.exportacion import claves_publicas, exportar_con_mandato, exportar_publico
from senda.auditoria.refrendo import refrendar_con
from senda.auditoria.verificacion import vkey_del_libro
from senda.cliente import Compuesta, componer
from senda.consulta import base_abierta
from senda.despliegue import ARCHIVO, leer
from senda_verificar import confianza, directorio
from senda_verificar.faltas import Informe
from servicios.auditoria.accesos import MotivoAcceso
from tests.integracion.boveda.pais import ONG, OTRA, UNA, Pais

TESTIGO = "defensoria.example/testigo"


@dataclass
class Ensayo:
    """``pais``: el despliegue, vivo hasta `acabar`. ``recibos``: lo que guardó GT-ONG, también de después de T."""

    pais: Pais
    fuera: Path
    antes_de_t: UUID = field(init=False)
    destruida: UUID = field(init=False)
    tras_t: Compuesta = field(init=False)
    recibos: list[tuple[bytes, str]] = field(default_factory=list)

    def empezar(self) -> None:
        """Lo anterior a T."""
        self.fuera.mkdir()
        self.antes_de_t, self.destruida = self.detectar(), self.detectar()
        self.pais.depositar(self.destruida)
        self._reposar()

    def seguir(self) -> None:
        """Lo posterior a T: hechos con su acuse, una clave destruida, un punto refrendado y el libro exportado."""
        self.tras_t = self.componer()
        self.mandar(self.tras_t)
        self.detectar()
        peticion = self.pais.destruccion.pedir(UNA, self.destruida, MotivoDestruccion.PERSONA_LO_PIDE)
        self.pais.destruccion.confirmar(OTRA, peticion)
        self.pais.reloj.adelantar(ESPERA + timedelta(seconds=1))
        self.pais.montada.ejecutar(UNA, peticion)
        self._reposar()
        vkey = testigos.instalar(
            self.fuera / "testigo", TESTIGO, vkey_del_libro(leer(self.pais.carpeta)), RelojReal(), AzarReal()
        )
        exportar_con_mandato(self.pais.carpeta, self.fuera / "vieja", None, MotivoAcceso.SUPERVISION)
        self.detectar()
        self._reposar()
        self.refrendar(self.pais.carpeta)
        exportar_publico(self.pais.carpeta, self.publico)
        exportar_con_mandato(self.pais.carpeta, self.entero, None, MotivoAcceso.SUPERVISION)
        shutil.copy(self.entero / "checkpoint", self.punto)
        (self.fuera / "claves").write_text(
            f"{claves_publicas(self.pais.carpeta)}witness defensoria {vkey}\nquorum defensoria\n"
        )
        lineas = (
            json.dumps({"acuse": b64encode(cuerpo).decode(), "firma_acuse": firma}) for cuerpo, firma in self.recibos
        )
        (self.fuera / "recibos.jsonl").write_text("".join(f"{linea}\n" for linea in lineas))

    @property
    def publico(self) -> Path:
        return self.fuera / "publico"

    @property
    def entero(self) -> Path:
        return self.fuera / "entero"

    @property
    def punto(self) -> Path:
        return self.fuera / "punto"

    def componer(self) -> Compuesta:
        peticion = DetectarPresuntaVictima(
            nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.ALTO, pais_deteccion="gt",
            relato="Lo que se contó",
        )  # fmt: skip
        recepcion = self.pais.sistema.despliegue.recepcion["deteccion"]
        ahora = self.pais.reloj.ahora()
        return componer(peticion, self.pais.credenciales["GT-ONG"], ONG.agente, ahora, recepcion, self.pais.azar)

    def mandar(self, compuesta: Compuesta) -> tuple[bytes, str]:
        """El acuse, con sus bytes y su firma."""
        recibo = acuse_de(self.pais, compuesta)
        self.recibos.append(recibo)
        return recibo

    def detectar(self) -> UUID:
        cuerpo, _ = self.mandar(self.componer())
        return UUID(json.loads(cuerpo)["eventos"][0]["sujeto"])

    def refrendar(self, carpeta: Path) -> None:
        """El testigo refrenda el último punto de un despliegue. Errores: `SinRefrendo`."""
        vkey = (self.fuera / "testigo" / "vkey").read_text().strip()
        with (
            testigos.abierto(self.fuera / "testigo", RelojReal()) as testigo,
            base_abierta(leer(carpeta).bases["auditoria"]) as motor,
            motor.begin() as conexion,
        ):
            refrendar_con(conexion, testigo.refrendar, vkey, RelojReal().ahora())

    def verificar(self, carpeta: Path, destino: Path) -> Informe:
        """Lo que dice un órgano de control del libro de un despliegue, con todo lo que guardó de antes."""
        exportar_con_mandato(carpeta, destino, None, MotivoAcceso.SUPERVISION)
        return directorio.verificar(
            destino,
            confianza.leer((self.fuera / "claves").read_text()),
            procesos=1,
            retenidos=[self.punto.read_text()],
            guardados=(self.fuera / "recibos.jsonl").read_text().splitlines(),
        )

    def _reposar(self) -> None:
        self.pais.asentar()
        self.pais.sistema.despedir()


def acuse_de(pais: Pais, compuesta: Compuesta) -> tuple[bytes, str]:
    """Los bytes y la firma con que un despliegue contesta a una solicitud."""
    transporte, cola = pais.enlace.transporte, pais.enlace.nombres.acuses_de("GT-ONG")
    assert pais.enlace.enviar([compuesta]) == [True]
    for _ in range(200):
        pais.sistema.planificador.hasta_reposo()
        entregas = transporte.recibir(cola, 500)
        transporte.confirmar(entregas)
        for entrega in entregas:
            if json.loads(entrega.mensaje.cuerpo)["id"] == compuesta.id:
                return entrega.mensaje.cuerpo, str(entrega.mensaje.cabeceras["firma"])
        pais.reloj.adelantar_hasta(pais.sistema.proximo() or pais.reloj.ahora())
    raise AssertionError("sin acuse")


def mover(de: Path, a: Path) -> Path:
    """Otra carpeta igual, con sus bases de SQLite dentro."""
    shutil.copytree(de, a)
    for archivo in (a / ARCHIVO, a / "boveda" / "boveda.json"):
        if archivo.exists():
            archivo.write_text(archivo.read_text().replace(str(de), str(a)))
            archivo.chmod(0o600)
    return a


def con_bases_de(de: Path, a: Path, servicios: Collection[str]) -> None:
    """Las de esos servicios, como estaban en otra carpeta."""
    for nombre in servicios:
        for cola in ("", "-wal", "-shm"):
            (a / f"{nombre}.db{cola}").unlink(missing_ok=True)
            if (de / f"{nombre}.db{cola}").exists():
                shutil.copy2(de / f"{nombre}.db{cola}", a / f"{nombre}.db{cola}")
