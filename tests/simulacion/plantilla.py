"""Un despliegue ya migrado, con su directorio y dos rutas en marcha: cada semilla parte de una copia de sus bases.

Crear las bases es lo caro, así que se hace una vez. Las copias van siempre a las mismas rutas: los motores (y con
ellos sus sentencias compiladas) sirven para todas las semillas del proceso.
"""

from __future__ import annotations

import atexit
import json
import os
import shutil
import sqlite3
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Engine, QueuePool

import contratos.protocolos
from contratos.base import Mandato, Peticion
from contratos.solicitudes.coordinacion import AceptarDerivacion, EmitirDerivacion, InscribirInstitucion
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.listas import ServicioPedido
from eventos.tipos import NivelRiesgo, SiNo, Urgencia
from infra.almacen.motor import abrir_motor
from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from infra.seguridad.identidad_servicio import ClavesServicio
from senda.auditoria.verificacion import vkey_del_libro
from senda.cliente import Compuesta, Credencial, componer
from senda.composicion import CONTEXTOS
from senda.despliegue import Despliegue, claves_de, maestra
from senda.embebido import Embebido, estrenar
from senda.testigo import MEMORIA, instalar
from tests.simulacion.averias_de_base import averiar_motor
from tests.simulacion.caos import Caos

INICIO = datetime(2026, 1, 5, 14, 0, tzinfo=UTC)
PROTOCOLO = Path(contratos.protocolos.__file__).parent / "gt" / "1.0"
RECTORA = "GT-SVET"
#: Quedan sin inscribir: cada semilla las inscribe en mitad del caos.
TARDIAS = frozenset({"GT-MINEDUC", "GT-MIDES"})
AGENTE = "ag-00c0ffee"
_TAMBIEN = ("GT-OJ", "GT-IGM", "GT-MINEX", "GT-IDPP")


@dataclass(frozen=True)
class Inscrita:
    """Una institución del país, con su credencial y lo que el directorio dice (o dirá) de ella."""

    credencial: Credencial
    mandatos: tuple[Mandato, ...]
    servicios: tuple[ServicioPedido, ...]

    def peticion(self) -> InscribirInstitucion:
        """Lo que la rectora pide para inscribirla."""
        return InscribirInstitucion(
            codigo=self.credencial.codigo, pais="gt", mandatos_inscritos=self.mandatos, servicios=self.servicios,
            cobertura=("GT",), clave_firma=self.credencial.publica,
        )  # fmt: skip


@dataclass
class Plantilla:
    """Las bases de partida y los motores con que se abren. ``historia``: lo ya pedido y acusado al prepararlas."""

    carpeta: Path
    despliegue: Despliegue
    maestra: bytes
    claves: dict[str, ClavesServicio]
    directorio: dict[str, Inscrita]
    historia: list[tuple[str, Compuesta]]
    acuses: list[tuple[str, bytes]]
    bytes_de: dict[str, bytes]
    motores: dict[str, Engine]
    testigo: bytes
    vkey_testigo: str
    _crudas: dict[str, sqlite3.Connection] = field(default_factory=dict)
    _caos: list[Caos | None] = field(default_factory=lambda: [None])

    def estrenar(self, caos: Caos) -> None:
        """Deja las bases como recién preparadas y pone sus motores a las órdenes de este caos."""
        self._caos[0] = caos
        for nombre, contenido in self.bytes_de.items():
            self.motores[nombre].dispose()
            # Archivo nuevo y no el mismo reescrito: una corrida que reventó pudo dejar el suyo bloqueado.
            for resto in ("", "-wal", "-shm"):
                (self.carpeta / f"{nombre}.db{resto}").unlink(missing_ok=True)
            (self.carpeta / f"{nombre}.db").write_bytes(contenido)
        for cruda in self._crudas.values():
            cruda.close()
        self._crudas.clear()

    def cruda(self, nombre: str) -> sqlite3.Connection:
        """Una conexión de solo lectura con la base de un servicio, sin nada en medio; vale hasta la próxima semilla."""
        if nombre not in self._crudas:
            self._crudas[nombre] = sqlite3.connect(self.carpeta / f"{nombre}.db", isolation_level=None)
        return self._crudas[nombre]

    def filas(self, nombre: str, consulta: str) -> list[dict[str, Any]]:
        """Las de una consulta a la base de un servicio, sin nada en medio."""
        cursor = self.cruda(nombre).execute(consulta)
        columnas = [columna[0] for columna in cursor.description]
        return [dict(zip(columnas, fila, strict=True)) for fila in cursor]

    def en_uso(self) -> int:
        """Cuántas conexiones están ocupadas en este momento."""
        return sum(m.pool.checkedout() for m in self.motores.values() if isinstance(m.pool, QueuePool))

    @property
    def caos_de(self) -> Callable[[], Caos | None]:
        """El caos vigente."""
        return lambda: self._caos[0]


@cache
def plantilla() -> Plantilla:
    """La de este proceso. Siempre con los mismos bytes, corra donde corra."""
    carpeta = carpeta_rapida()
    azar = AzarSembrado(b"plantilla")
    directorio = formar_directorio(azar.hijo("credenciales"))
    reloj = RelojSimulado(INICIO - timedelta(days=1))
    sistema = estrenar(carpeta, directorio[RECTORA].credencial, reloj, azar)
    cuerpos = partial(_cuerpos, carpeta / "coordinacion.db")
    pasado = Pasado(sistema, directorio, reloj, azar.hijo("peticiones"), cuerpos)
    pasado.contar()
    sistema.cerrar()
    despliegue = sistema.despliegue
    motores = {nombre: abrir_motor(base.url) for nombre, base in despliegue.bases.items()}
    for motor in motores.values():
        with motor.connect().execution_options(solo_lee=True) as conexion:
            conexion.execute(sa.text("SELECT 1"))
        cruda = motor.raw_connection()
        cruda.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)")
        cruda.close()
        motor.dispose()
    vkey_testigo = instalar(
        carpeta / "testigo", "testigo.example/simulado", vkey_del_libro(despliegue), reloj, azar.hijo("testigo")
    )
    lista = Plantilla(
        carpeta=carpeta, despliegue=despliegue, maestra=maestra(carpeta),
        claves={nombre: claves_de(carpeta, nombre) for nombre in CONTEXTOS},
        directorio=directorio, historia=pasado.historia, acuses=pasado.acuses,
        bytes_de={nombre: (carpeta / f"{nombre}.db").read_bytes() for nombre in motores},
        motores=motores, testigo=(carpeta / "testigo" / MEMORIA).read_bytes(), vkey_testigo=vkey_testigo,
    )  # fmt: skip
    for motor in motores.values():
        averiar_motor(motor, lista.caos_de, lista.en_uso)
    return lista


@dataclass
class Pasado:
    """Lo que ocurrió antes de que empiece cualquier semilla, por el mismo camino que lo demás y sin un solo fallo.

    ``de_coordinacion``: los cuerpos de los hechos de coordinación, en orden.
    """

    sistema: Embebido
    directorio: dict[str, Inscrita]
    reloj: RelojSimulado
    azar: AzarSembrado
    de_coordinacion: Callable[[], list[bytes]]
    historia: list[tuple[str, Compuesta]] = field(default_factory=list)
    acuses: list[tuple[str, bytes]] = field(default_factory=list)

    def contar(self) -> None:
        """Se inscriben casi todas, se detecta a una adulta extranjera y a una niña, y quien debe acepta su encargo."""
        inscritas = [codigo for codigo in self.directorio if codigo not in TARDIAS | {RECTORA}]
        self._pedir([(RECTORA, self.directorio[codigo].peticion()) for codigo in inscritas])
        self._pedir([("GT-MP", _deteccion(SiNo.NO, SiNo.SI)), ("GT-PNC", _deteccion(SiNo.SI, SiNo.NO))])
        encargos = self._emitidas()
        self._aceptar(encargos)
        # A quienes el protocolo no llama de entrada, y sin quienes medio catálogo se rechaza por no participar.
        rutas = sorted({UUID(e["ruta"]) for e in encargos})
        self._pedir([
            ("GT-MP", EmitirDerivacion(ruta=r, a=a, servicio_pedido=self.directorio[a].servicios[0],
                                       urgencia=Urgencia.ORDINARIA)) for r in rutas for a in _TAMBIEN
        ])  # fmt: skip
        self._aceptar([e for e in self._emitidas() if e["a"] in _TAMBIEN and e["de"] == "GT-MP"])

    def _aceptar(self, encargos: Sequence[dict[str, str]]) -> None:
        self._pedir([
            (e["a"], AceptarDerivacion(ruta=UUID(e["ruta"]), derivacion=UUID(e["derivacion"]))) for e in encargos
        ])  # fmt: skip

    def _emitidas(self) -> list[dict[str, str]]:
        sobres = map(json.loads, self.de_coordinacion())
        return [s["data"] for s in sobres if s["type"] == "senda.coordinacion.derivacion-emitida.v1"]

    def _pedir(self, peticiones: Sequence[tuple[str, Peticion]]) -> None:
        recepcion = self.sistema.despliegue.recepcion
        nuevas = [
            (
                c,
                componer(
                    p, self.directorio[c].credencial, AGENTE, self.reloj.ahora(), recepcion[p.servicio], self.azar
                ),
            )
            for c, p in peticiones
        ]
        self.historia += nuevas
        enlace = self.sistema.enlace()
        enlace.enviar([compuesta for _, compuesta in nuevas])
        for _ in range(4):
            self.sistema.planificador.hasta_reposo()
            self.reloj.adelantar(timedelta(seconds=30))
        for codigo in sorted({codigo for codigo, _ in nuevas}):
            entregas = enlace.transporte.recibir(enlace.nombres.acuses_de(codigo), 100)
            enlace.transporte.confirmar(entregas)
            self.acuses += [(codigo, e.mensaje.cuerpo) for e in entregas]


def _cuerpos(archivo: Path) -> list[bytes]:
    with sqlite3.connect(archivo) as base:
        return [c for (c,) in base.execute("SELECT cuerpo FROM eventos ORDER BY posicion")]


def _deteccion(nna: SiNo, extranjera: SiNo) -> DetectarPresuntaVictima:
    return DetectarPresuntaVictima(
        nna=nna, extranjera=extranjera, idioma="spa", riesgo=NivelRiesgo.ALTO, pais_deteccion="gt"
    )


def formar_directorio(azar: AzarSembrado) -> dict[str, Inscrita]:
    """Las instituciones del país, cada una con su clave."""
    datos = tomllib.loads((PROTOCOLO / "instituciones.toml").read_text(encoding="utf-8"))
    return {
        i["codigo"]: Inscrita(
            Credencial.generar(i["codigo"], azar.hijo(i["codigo"])),
            tuple(Mandato(m) for m in i["mandatos"]),
            tuple(ServicioPedido(s) for s in i["servicios"]),
        )
        for i in datos["instituciones"]
    }


def carpeta_rapida() -> Path:
    """En memoria si la hay: lo que se prueba no es el disco. Con `tempfile.tempdir`, dentro de esa."""
    memoria = Path("/dev/shm")  # noqa: S108
    donde = memoria if memoria.is_dir() and os.access(memoria, os.W_OK) and tempfile.tempdir is None else None
    carpeta = Path(tempfile.mkdtemp(prefix="senda-simulacion-", dir=donde))
    atexit.register(shutil.rmtree, carpeta, ignore_errors=True)
    return carpeta
