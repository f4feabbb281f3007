"""Un despliegue de verdad (procesos, RabbitMQ y PostgreSQL) que exporta sus trazas, y la institución que le pide."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import msgspec

from contratos.acuse import Acuse
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.tipos import NivelRiesgo, SiNo
from infra.azar import AzarReal
from infra.mensajeria.topologia import colas_de_institucion, solo_recibe
from infra.mensajeria.transportes.amqp import TransporteAmqp
from infra.mensajeria.transportes.base import Mensaje
from senda.cliente import Compuesta, Credencial, componer
from senda.composicion import instalaciones, mapa
from senda.despliegue import crear
from servicios.portal.contexto import CONTEXTO as PORTAL
from tests.espera import hasta
from tests.inquilinos import Bus, soltar_despliegue
from tests.integracion.trazas.colector import Colector
from tests.servidores_propios import puerto_libre

RECTORA = "GT-SVET"
#: Lo que no puede aparecer en nada de lo exportado.
PLANTADO = "MARIA-LOPEZ-2547-88120"


class Sistema:
    """``servicios`` en su proceso, una rectora que pide por el bus y el colector al que exportan."""

    def __init__(self, carpeta: Path, bus: Bus, base: str, colector: Colector) -> None:
        self.azar, self.colector, self._base = AzarReal(), colector, base
        self.carpeta = carpeta / "despliegue"
        self.rectora = Credencial.generar(RECTORA, self.azar)
        prefijo = f"{bus.prefijo}z{self.azar.hijo('prefijo').bytes(3).hex()}."
        self.despliegue = crear(
            self.carpeta, instalaciones(), pais="gt", bus=bus.url, base=base, prefijo=prefijo, reloj="real",
            rectora=RECTORA, clave_rectora=self.rectora.publica, azar=self.azar,
        )  # fmt: skip
        self.topologia = mapa(prefijo)
        self.transporte = TransporteAmqp(bus.url)
        # La del portal, desde ahora: así le llega todo desde el principio y no ha de pedirlo.
        for suya in (self.topologia, solo_recibe(PORTAL.nombre, PORTAL.sigue, prefijo)):
            self.transporte.preparar(suya)
        self.colas = colas_de_institucion(RECTORA, prefijo)
        for cola in self.colas:
            self.transporte.asegurar_cola(cola)
        self._acuses: dict[str, Mensaje] = {}
        self._procesos: dict[str, subprocess.Popen[bytes]] = {}
        self._puertos: dict[str, int] = {}

    @property
    def variables(self) -> dict[str, str]:
        """Las de OpenTelemetry que piden exportar, y deprisa."""
        return {
            "OTEL_EXPORTER_OTLP_ENDPOINT": self.colector.url, "OTEL_EXPORTER_OTLP_TIMEOUT": "20",
            "OTEL_BSP_SCHEDULE_DELAY": "100",
        }  # fmt: skip

    def arrancar(self, *nombres: str, **entorno: str) -> None:
        """Los echa a andar, exportando; no espera a que estén listos."""
        suyo = {**os.environ, **self.variables, **entorno}
        for nombre in nombres:
            # En el mismo puerto que antes es el mismo titular del relevo, y no espera a que caduque su arriendo.
            puerto = self._puertos.setdefault(nombre, puerto_libre())
            orden = [sys.executable, "-m", "senda.proceso", nombre]
            orden += ["--carpeta", str(self.carpeta), "--puerto", str(puerto)]
            with self.diario(nombre).open("ab") as salida:
                self._procesos[nombre] = subprocess.Popen(orden, env=suyo, stdout=salida, stderr=salida)

    def listos(self, *nombres: str) -> None:
        hasta(lambda: all(self.pedir(n, "/salud/listo") for n in nombres), 150)

    def pedir(self, nombre: str, camino: str) -> dict[str, Any]:
        """El JSON que contesta un proceso; vacío si no contesta 200."""
        proceso = self._procesos[nombre]
        assert proceso.poll() is None, self.diario(nombre).read_text()
        with contextlib.suppress(httpx.HTTPError):
            respuesta = httpx.get(self.url(nombre) + camino, timeout=5)
            if respuesta.is_success:
                return msgspec.json.decode(respuesta.content, type=dict[str, Any])
        return {}

    def url(self, nombre: str) -> str:
        return f"http://127.0.0.1:{self._puertos[nombre]}"

    def matar(self, nombre: str, con: signal.Signals = signal.SIGKILL) -> float:
        """Manda la señal y espera; devuelve cuántos segundos tardó en acabar."""
        proceso, inicio = self._procesos.pop(nombre), time.monotonic()
        proceso.send_signal(con)
        proceso.wait(30)
        return time.monotonic() - inicio

    def diario(self, nombre: str) -> Path:
        return self.carpeta / f"{nombre}.jsonl"

    def registros(self, nombre: str) -> list[dict[str, Any]]:
        lineas = self.diario(nombre).read_bytes().splitlines()
        return [msgspec.json.decode(linea) for linea in lineas if linea.startswith(b"{")]

    def componer(self) -> Compuesta:
        """Alguien es detectado: coordinación abrirá una ruta y encargará lo que mande el protocolo."""
        peticion = DetectarPresuntaVictima(
            nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.MEDIO, pais_deteccion="gt",
            relato=PLANTADO,
        )  # fmt: skip
        recepcion = self.despliegue.recepcion["deteccion"]
        return componer(peticion, self.rectora, "ag-0123abcd", datetime.now(UTC), recepcion, self.azar)

    def enviar(self, compuesta: Compuesta, **cabeceras: str) -> None:
        suyas = {"firma": compuesta.firma, **cabeceras}
        mensaje = Mensaje(
            self.topologia.nombres.solicitudes, compuesta.servicio, "solicitud", compuesta.cuerpo, compuesta.id, suyas
        )
        assert self.transporte.publicar([mensaje]) == [True]

    def acuse(self, compuesta: Compuesta) -> tuple[Acuse, Mensaje]:
        """Espera el de una solicitud."""

        def llego() -> Mensaje | None:
            for entrega in self.transporte.recibir(self.topologia.nombres.acuses_de(RECTORA), 100):
                self._acuses[msgspec.json.decode(entrega.mensaje.cuerpo, type=Acuse).id] = entrega.mensaje
                self.transporte.confirmar([entrega])
            return self._acuses.get(compuesta.id)

        mensaje = hasta(llego)
        # El portal lee de la misma cola: con los dos escuchando, los acuses se repartirían.
        self.transporte.cancelar(self.topologia.nombres.acuses_de(RECTORA))
        assert mensaje is not None
        return msgspec.json.decode(mensaje.cuerpo, type=Acuse), mensaje

    def cerrar(self) -> None:
        for proceso in self._procesos.values():
            proceso.kill()
            proceso.wait()
        portal = solo_recibe(PORTAL.nombre, PORTAL.sigue, self.despliegue.prefijo)
        colas = (*self.colas, *portal.colas)
        soltar_despliegue(self.despliegue, self._base, self.transporte, self.topologia, colas)
