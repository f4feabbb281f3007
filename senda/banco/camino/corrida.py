"""Una corrida del banco del camino: contra el prototipo, contra lo demás, ociosa, creciendo y en memoria."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from uuid import uuid4

from msgspec.structs import replace

from senda.banco.base import Sitio
from senda.banco.camino import latencia
from senda.banco.camino.comparados.encolado import COMPARADOS
from senda.banco.camino.plano import DOS, Lotes, Plano
from senda.banco.camino.siembra import sembrar
from senda.banco.camino.sistema import Ajeno, Sistema
from senda.banco.camino.solicitudes import INSTITUCION, Solicitante
from senda.banco.camino.testigo import residente_de
from senda.banco.camino.turnos import turnos, un_turno
from senda.banco.informe import Cifra, Sentido, razon, ritmo
from senda.banco.medir import Tiempos, razones
from senda.composicion import CONTEXTOS

META_PROTOTIPO: Final = 0.7
META_NAMEKO: Final = 5.0
META_BIBLIOTECA: Final = 10.0
META_CRECER: Final = 1.1
_SENDA: Final = "senda.banco.camino.en_marcha"
_PROTOTIPO: Final = "senda.banco.camino.prototipo.procesos"
#: Solicitudes por transacción, mensajes por publicación y hechos por lote del libro, en los dos.
#: Aquí pide una sola institución y no hay entre quién repartir: sin turnos, salvo para saber lo que cuestan.
MODOS: Final = {"lotes": Lotes(50, 500, 200), "uno": Lotes(1, 500, 200)}
_CON_TURNOS: Final = replace(MODOS["lotes"], turnos=True)
_DICHO: Final = {"lotes": "50 solicitudes por transacción", "uno": "una solicitud por transacción"}
_METAS: Final = {"nameko": META_NAMEKO, "biblioteca": META_BIBLIOTECA}
_NOMBRES: Final = {"nameko": "eventos de nameko", "faststream": "FastStream", "celery": "Celery",
                   "biblioteca": "el seguidor de eventsourcing"}  # fmt: skip
#: Sin el suyo, no se mide.
_PAQUETES: Final = {"nameko": "nameko", "faststream": "faststream", "celery": "celery", "biblioteca": "psycopg_pool"}
#: Tamaños en que se compara el coste por hecho, si se llega.
_ETAPAS: Final = (10_000, 100_000)
_MIB: Final = 1024 * 1024
Aviso = Callable[[str], None]


@dataclass
class Corrida:
    """``hechos``: hasta cuántos crece. ``lotes``, ``uno``, ``ajenos``: solicitudes de cada turno."""

    sitio: Sitio
    bus: str
    carpeta: Path
    hechos: int
    semilla: int
    aviso: Aviso
    vueltas: int = 5
    faltan: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._quien = Solicitante(self.semilla)
        entera = self.hechos >= 1_000_000  # noqa: PLR2004 - la que decide si se llega a las metas
        self._lotes, self._uno, self._ajenos, self._sueltas = (4_000, 800, 300, 300) if entera else (600, 150, 60, 40)

    def medir(self) -> Iterator[Cifra]:
        """Todas las cifras, según van saliendo."""
        yield from self._contra_el_prototipo()
        yield from self._contra_los_demas()
        yield from self._creciendo()
        yield from self._en_memoria()

    def sistema(self, nombre: str, modulo: str, lotes: Lotes, ajeno: Ajeno | None = None,
                servicios: tuple[str, ...] = DOS) -> Sistema:  # fmt: skip
        """Uno sin arrancar, con nombres que nadie más usa."""
        prefijo = f"b{uuid4().hex[:8]}{nombre}"
        plano = Plano(
            prefijo=prefijo, bus=self.bus, base=self.sitio.url, carpeta=str(self.carpeta / prefijo), lotes=lotes,
            institucion=INSTITUCION, publica=self._quien.credencial.publica, servicios=servicios,
        )  # fmt: skip
        return Sistema(plano, modulo, ajeno)

    def _contra_el_prototipo(self) -> Iterator[Cifra]:
        self.aviso("Senda y el prototipo, por turnos")
        with ExitStack() as pila:
            sistemas = {
                f"{quien}-{modo}": pila.enter_context(self.sistema(f"{quien[0]}{modo}", modulo, lotes))
                for modo, lotes in MODOS.items()
                for quien, modulo in (("prototipo", _PROTOTIPO), ("senda", _SENDA))
            }
            sistemas["senda-turnos"] = pila.enter_context(self.sistema("sturnos", _SENDA, _CON_TURNOS))
            cuantas = {n: self._uno if n.endswith("uno") else self._lotes for n in sistemas}
            tiempos = turnos(sistemas, self._quien.pedir, cuantas, self.vueltas)
            for modo in MODOS:
                primitiva, medido = tiempos[f"prototipo-{modo}"], tiempos[f"senda-{modo}"]
                yield ritmo(f"camino-{modo}", f"de la cola al libro, {_DICHO[modo]}", 1, medido)
                yield ritmo(f"camino-{modo}-prototipo", "  lo mismo con las primitivas", 1, primitiva)
                yield razon(
                    f"camino-{modo}-razon", "  razón: Senda / las primitivas", primitiva, medido, META_PROTOTIPO
                )  # fmt: skip
            con_turnos, sin_turnos = tiempos["senda-turnos"], tiempos["senda-lotes"]
            yield ritmo("camino-turnos", "por lotes, y por turnos como en un despliegue", 1, con_turnos)
            yield razon("camino-turnos-razon", "  razón: con turnos / sin ellos", sin_turnos, con_turnos)
            self.aviso("solicitudes sueltas, con los servicios ociosos")
            yield from latencia.medir(
                sistemas["senda-lotes"], sistemas["prototipo-lotes"], self._quien.pedir, self._sueltas
            )  # fmt: skip

    def _contra_los_demas(self) -> Iterator[Cifra]:
        hay = {n: suyo for n, suyo in COMPARADOS.items() if find_spec(_PAQUETES[n])}
        self.faltan += [_NOMBRES[n] for n in COMPARADOS if n not in hay]
        self.aviso(f"Senda y {', '.join(_NOMBRES[n] for n in hay)}, por turnos")
        with ExitStack() as pila:
            sistemas = {"senda": pila.enter_context(self.sistema("slotes", _SENDA, MODOS["lotes"]))}
            for nombre, (modulo, ajeno) in hay.items():
                sistemas[nombre] = pila.enter_context(self.sistema(nombre, modulo, MODOS["uno"], ajeno))
            cuantas = {n: self._lotes if n == "senda" else self._ajenos for n in sistemas}
            tiempos = turnos(sistemas, self._quien.pedir, cuantas, max(self.vueltas - 2, 1))
        for nombre in hay:
            que = _NOMBRES[nombre]
            yield ritmo(f"camino-{nombre}", f"lo mismo con {que}", 1, tiempos[nombre])
            yield razon(
                f"camino-{nombre}-razon", f"  razón: Senda por lotes / {que}", tiempos[nombre], tiempos["senda"],
                _METAS.get(nombre),
            )  # fmt: skip

    def _creciendo(self) -> Iterator[Cifra]:
        etapas = [*(e for e in _ETAPAS if e < self.hechos), self.hechos]
        with ExitStack() as pila:
            sistemas = {}
            for etapa in etapas:
                self.aviso(f"sembrar {etapa} hechos")
                uno = self.sistema(f"s{etapa}", _SENDA, MODOS["lotes"])
                uno.antes_de_arrancar = partial(sembrar, hechos=etapa, muestra=self._quien.pedir(1)[0])
                sistemas[str(etapa)] = pila.enter_context(uno)
            self.aviso("el mismo trabajo con cada tamaño, por turnos")
            tiempos = turnos(sistemas, self._quien.pedir, self._lotes // 2, self.vueltas)
        for etapa in etapas:
            yield _coste(etapa, tiempos[str(etapa)])
        if len(etapas) > 1:
            menor, mayor = str(etapas[0]), str(etapas[-1])
            por_vuelta = razones(tiempos[mayor], tiempos[menor])
            yield Cifra(
                clave="crecer-razon", que=f"  razón: con {mayor} / con {menor}", valor=por_vuelta.mediana,
                minimo=por_vuelta.minimo, maximo=por_vuelta.maximo, unidad="veces", meta=META_CRECER,
                sentido=Sentido.COMO_MUCHO,
            )  # fmt: skip

    def _en_memoria(self) -> Iterator[Cifra]:
        self.aviso("la memoria de cada servicio, con los seis en marcha")
        with self.sistema("memoria", _SENDA, MODOS["lotes"], servicios=tuple(CONTEXTOS)) as los_seis:
            un_turno(los_seis, self._quien.pedir(self._lotes))
            for nombre, pid in los_seis.pids.items():
                yield Cifra(
                    clave=f"memoria-{nombre}", que=f"residente de {nombre}, tras {self._lotes} solicitudes",
                    valor=residente_de(pid) / _MIB, unidad="MiB",
                )  # fmt: skip


def _coste(etapa: int, tiempos: Tiempos) -> Cifra:
    return Cifra(
        clave=f"crecer-{etapa}", que=f"coste por hecho con {etapa} ya guardados", valor=tiempos.mediana * 1e6,
        minimo=tiempos.minimo * 1e6, maximo=tiempos.maximo * 1e6, unidad="µs",
        detalle={"µs de CPU": sorted(tiempos.cpu)[len(tiempos.cpu) // 2] * 1e6},
    )  # fmt: skip


__all__ = ["META_BIBLIOTECA", "META_CRECER", "META_NAMEKO", "META_PROTOTIPO", "MODOS", "Corrida"]
