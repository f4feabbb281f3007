"""Encender las trazas de un proceso si las variables de OpenTelemetry lo piden; apagadas, no se envuelve nada.

Nada de lo que falle aquí impide arrancar: se dice en el registro y el servicio anda sin trazas.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_bytes, token_hex
from typing import Any, Final

import structlog

from infra.mensajeria.puertos import Servicio
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Transporte
from infra.observabilidad.http_trazado import SolicitudesTrazadas
from infra.observabilidad.puntos_de_traza import Puntos
from infra.observabilidad.servicio_trazado import ServicioTrazado
from infra.observabilidad.transporte_trazado import TransporteTrazado
from infra.observabilidad.trazas import Trazas

registro = structlog.get_logger(__name__)

#: Archivo con la clave de que salen los ids de traza; el mismo en todos los procesos de un despliegue.
CLAVE: Final = "trazas"
_CLAVE_BYTES: Final = 32
_DESTINOS: Final = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", "OTEL_EXPORTER_OTLP_ENDPOINT")


class ClaveDeTrazasInvalida(Exception):
    """El archivo no mide lo que debe."""


@dataclass(frozen=True)
class Encendidas:
    """Cómo se ponen trazas a las piezas de un proceso. ``cerrar``: al acabar, exporta lo que quede."""

    trazas: Trazas
    nombres: Nombres
    cerrar: Callable[[], None]

    def transporte(self, dentro: Transporte) -> Transporte:
        """El mismo, con trazas."""
        return TransporteTrazado(dentro, self.trazas, self.nombres)

    def solicitudes_por_http(self, app: Any) -> SolicitudesTrazadas:
        """Una aplicación ASGI con la llegada de solicitudes anotada."""
        return SolicitudesTrazadas(app, self.trazas, "/v1/solicitudes")

    def servicio(self, dentro: Servicio) -> Servicio:
        """El mismo, con trazas."""
        return ServicioTrazado(dentro, self.trazas, self.nombres)


def encender(
    carpeta: Path, servicio: str, nombres: Nombres, entorno: Mapping[str, str] | None = None
) -> Encendidas | None:
    """Las trazas de un servicio, o None. ``carpeta``: la del despliegue."""
    entorno = os.environ if entorno is None else entorno
    if not _se_piden(entorno):
        return None
    try:
        # Aquí y no arriba: quien no traza no los instala ni los paga.
        from infra.observabilidad.exportador import Exportador  # noqa: PLC0415

        proporcion = _proporcion(entorno)
        lote = {"lote": None} if entorno.get("OTEL_BSP_MAX_EXPORT_BATCH_SIZE") else {}
        puntos = Puntos(clave_de(carpeta / CLAVE))
        exportador = Exportador.abrir(servicio, **lote)
    except ImportError:
        registro.error("trazas-sin-paquetes", motivo="instala requisitos-trazas.txt, o senda[trazas]")
        return None
    except Exception as error:  # noqa: BLE001  una variable mal puesta no deja a nadie sin servicio
        registro.error("trazas-apagadas", exc_info=error)
        return None
    return Encendidas(Trazas(servicio, puntos, exportador.dejar, proporcion), nombres, exportador.cerrar)


def _se_piden(entorno: Mapping[str, str]) -> bool:
    """Si hay a dónde exportarlas y nadie las apaga."""
    if entorno.get("OTEL_SDK_DISABLED", "").strip().lower() == "true":
        return False
    if "otlp" not in entorno.get("OTEL_TRACES_EXPORTER", "otlp") or "always_off" in entorno.get(
        "OTEL_TRACES_SAMPLER", ""
    ):
        return False
    return any(entorno.get(variable) for variable in _DESTINOS)


def _proporcion(entorno: Mapping[str, str]) -> float:
    """La de ``traceidratio``, con padre o sin él: aquí el padre nunca es de fuera. Errores: `ValueError`."""
    if "traceidratio" not in entorno.get("OTEL_TRACES_SAMPLER", ""):
        return 1.0
    proporcion = float(entorno.get("OTEL_TRACES_SAMPLER_ARG") or 1.0)
    if not 0.0 <= proporcion <= 1.0:
        raise ValueError("OTEL_TRACES_SAMPLER_ARG va de 0 a 1")
    return proporcion


def clave_de(archivo: Path) -> bytes:
    """La del despliegue; el primer proceso que la pide la crea. Errores: `OSError`, `ClaveDeTrazasInvalida`."""
    if not archivo.exists():
        # Entera o nada, y gana uno solo: dos procesos que arrancan a la vez han de acabar con la misma.
        borrador = archivo.with_name(f".{CLAVE}.{token_hex(8)}")
        descriptor = os.open(borrador, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as salida:
            salida.write(token_bytes(_CLAVE_BYTES))
        with suppress(FileExistsError):
            os.link(borrador, archivo)
        borrador.unlink()
    clave = archivo.read_bytes()
    if len(clave) != _CLAVE_BYTES:
        raise ClaveDeTrazasInvalida
    return clave


__all__ = ["CLAVE", "Encendidas", "clave_de", "encender"]
