"""Dos servicios de prueba en procesos de verdad, sobre RabbitMQ y PostgreSQL, y quien les pide y los rompe."""

from __future__ import annotations

import importlib.util
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Collection, Iterator
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from uuid import uuid4

import msgspec
import pytest
import sqlalchemy as sa

from contratos.acuse import Acuse
from contratos.solicitudes.deteccion import RecibirAlerta
from eventos.listas import CanalAlerta
from eventos.tipos import Urgencia
from infra.almacen.motor import abrir_motor
from infra.azar import AzarReal
from infra.mensajeria.topologia import colas_de_institucion, topologia
from infra.mensajeria.transportes.amqp import TransporteAmqp
from senda.cliente import Credencial, Enlace, componer
from senda.despliegue import Despliegue, crear
from tests.espera import hasta
from tests.inquilinos import Bus, soltar_despliegue
from tests.servidores_propios import Servidor, ejecutar, puerto_libre

GUION = Path(__file__).with_name("servicio_de_prueba.py")
INSTITUCION = "GT-SVET"
_corridas = count(1)


def _guion() -> Any:
    especificacion: Any = importlib.util.spec_from_file_location("servicio_de_prueba", GUION)
    modulo = importlib.util.module_from_spec(especificacion)
    especificacion.loader.exec_module(modulo)
    return modulo


class Proceso:
    """Un servicio en marcha."""

    def __init__(self, orden: list[str], puerto: int, diario: Path) -> None:
        self.puerto = puerto
        self.diario = diario
        self._salida = diario.open("ab")
        self.popen = subprocess.Popen(orden, stderr=self._salida, stdout=self._salida)

    def pedir(self, camino: str) -> tuple[int, bytes]:
        """Estado y cuerpo; 0 si no contesta."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.puerto}{camino}", timeout=5) as respuesta:
                return respuesta.status, respuesta.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()
        except OSError:
            return 0, b""

    def listo(self) -> bool:
        assert self.popen.poll() is None, self.diario.read_text()
        return self.pedir("/salud/listo")[0] == 200

    def salud(self) -> dict[str, Any]:
        return msgspec.json.decode(self.pedir("/salud/listo")[1], type=dict[str, Any])

    def terminar(self, con: signal.Signals = signal.SIGTERM) -> tuple[int, float]:
        """Manda la señal; devuelve el código de salida y cuántos segundos tardó."""
        inicio = time.monotonic()
        self.popen.send_signal(con)
        codigo = self.popen.wait(timeout=20)
        return codigo, time.monotonic() - inicio

    def registros(self) -> list[dict]:
        return [msgspec.json.decode(linea) for linea in self.diario.read_bytes().splitlines()]

    def cerrar(self) -> None:
        if self.popen.poll() is None:
            self.popen.kill()
            self.popen.wait()
        self._salida.close()


class Banco:
    """Un despliegue de dos servicios y la institución que les pide."""

    def __init__(self, carpeta: Path, bus: Bus, base: str, rabbitmq: Servidor) -> None:
        self.azar = AzarReal()
        self.credencial = Credencial.generar(INSTITUCION, self.azar)
        self.guion = _guion()
        self.carpeta, self._bus, self._base, self._rabbitmq = carpeta / "despliegue", bus, base, rabbitmq
        prefijo = f"{bus.prefijo}a{uuid4().hex[:6]}."
        self.despliegue: Despliegue = crear(
            self.carpeta,
            dict.fromkeys(self.guion.SIGUE, self.guion.INSTALACION),
            pais="gt",
            bus=bus.url,
            base=base,
            prefijo=prefijo,
            reloj="real",
            rectora=INSTITUCION,
            clave_rectora=self.credencial.publica,
            azar=self.azar,
        )
        self.topologia = topologia(self.guion.SIGUE, prefijo)
        self.enlace = Enlace(TransporteAmqp(bus.url), self.topologia.nombres)
        self.enlace.transporte.preparar(self.topologia)
        self.colas = colas_de_institucion(INSTITUCION, prefijo)
        for cola in self.colas:
            self.enlace.transporte.asegurar_cola(cola)
        self.procesos: list[Proceso] = []

    def arrancar(self, nombre: str, puerto: int | None = None, lenta: float = 0.0) -> Proceso:
        puerto = puerto or puerto_libre()
        orden = [sys.executable, str(GUION), str(self.carpeta), nombre, str(puerto), str(lenta)]
        proceso = Proceso(orden, puerto, self.carpeta / f"{nombre}.jsonl")
        self.procesos.append(proceso)
        return proceso

    def en_marcha(self, nombre: str, lenta: float = 0.0) -> Proceso:
        proceso = self.arrancar(nombre, lenta=lenta)
        hasta(proceso.listo)
        return proceso

    def componer(self):
        alerta = RecibirAlerta(canal=CanalAlerta.DENUNCIA, urgencia=Urgencia.ORDINARIA)
        recepcion = self.despliegue.recepcion["deteccion"]
        return componer(alerta, self.credencial, "ag-0123abcd", datetime.now(UTC), recepcion, self.azar)

    def enviar(self, cuantas: int) -> list[str]:
        compuestas = [self.componer() for _ in range(cuantas)]
        assert all(self.enlace.enviar(compuestas))
        return [c.id for c in compuestas]

    def acuses(self, cuantos: int, segundos: float = 30.0) -> list[Acuse]:
        """Espera a tener tantos acuses."""
        juntos: list[Acuse] = []

        def bastan() -> bool:
            juntos.extend(self.enlace.acuses(INSTITUCION))
            return len(juntos) >= cuantos

        hasta(bastan, segundos)
        return juntos

    def acuses_de(self, ids: Collection[str], segundos: float = 30.0) -> None:
        """Espera el acuse de cada una. Pueden repetirse: quien muere tras publicar y antes de anotarlo, repite."""
        llegaron: set[str] = set()

        def estan() -> bool:
            llegaron.update(a.id for a in self.enlace.acuses(INSTITUCION))
            return llegaron.issuperset(ids)

        hasta(estan, segundos)

    def leer(self, servicio: str, consulta: sa.Select) -> list:
        base = self.despliegue.bases[servicio]
        motor = abrir_motor(base.url, base.esquema)
        with motor.connect() as conexion:
            filas = list(conexion.execute(consulta))
        motor.dispose()
        return filas

    def matar_conexiones_a_la_base(self, servicio: str) -> int:
        usuario = sa.make_url(self.despliegue.bases[servicio].url).username
        motor = sa.create_engine(self._base, poolclass=sa.NullPool)
        with motor.begin() as conexion:
            consulta = sa.text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = :u")
            return len(conexion.execute(consulta, {"u": usuario}).all())

    def dejar_entrar_a_la_base(self, servicio: str, *, si: bool) -> None:
        usuario = sa.make_url(self.despliegue.bases[servicio].url).username
        motor = sa.create_engine(self._base, poolclass=sa.NullPool)
        with motor.begin() as conexion:
            conexion.execute(sa.text(f"ALTER ROLE {usuario} {'LOGIN' if si else 'NOLOGIN'}"))

    def cerrar_conexiones_al_bus(self) -> None:
        vhost = unquote(urlsplit(self._bus.url).path[1:]) or "/"
        if self._bus.prefijo:
            pytest.fail("sin vhost propio se cerrarían las conexiones de otros: da a las pruebas un RabbitMQ suyo")
        control = self._rabbitmq.rabbitmqctl or ["rabbitmqctl"]
        ejecutar([*control, "close_all_connections", "--vhost", vhost, "prueba"], self._rabbitmq.entorno)

    def cerrar(self) -> None:
        for proceso in self.procesos:
            proceso.cerrar()
        soltar_despliegue(self.despliegue, self._base, self.enlace.transporte, self.topologia, self.colas)


@pytest.fixture
def banco(tmp_path: Path, bus: Bus, url_base: str, rabbitmq: Servidor) -> Iterator[Banco]:
    abierto = Banco(tmp_path, bus, url_base, rabbitmq)
    yield abierto
    abierto.cerrar()
