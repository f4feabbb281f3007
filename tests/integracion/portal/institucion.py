"""Una institución que habla por HTTP, como lo haría su sistema: firma, llama y comprueba lo que le firman."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from httpx import Response
from litestar.testing import TestClient

from infra.almacen.tanda import Tanda
from infra.azar import AzarReal
from infra.reloj import RelojReal
from infra.seguridad.firma import firmar, publica_de_texto, verificar
from senda.arena import Arena, estrenar_arena
from senda.cliente import Credencial

VIGENCIA = timedelta(minutes=5)


def estrenada(carpeta: Path) -> Arena:
    """Una caja de arena nueva."""
    return estrenar_arena(carpeta, "GT-PRUEBA", RelojReal(), AzarReal())


def contar_tandas(arena: Arena, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Una lista que crece cada vez que quien atiende toma el turno de escritura."""
    almacen, tandas = arena.portal.puerta.almacen, list[int]()
    tanda = almacen.tanda

    def contada() -> AbstractContextManager[Tanda]:
        tandas.append(1)
        return tanda()

    monkeypatch.setattr(almacen, "tanda", contada)
    return tandas


@contextmanager
def servida(arena: Arena) -> Iterator[TestClient]:
    """Su servidor, con el hilo de rondas, mientras dure."""
    with TestClient(arena.aplicacion(), raise_server_exceptions=False) as cliente:
        yield cliente


@dataclass
class Institucion:
    """``http``: por donde llama; ``credencial``: con qué firma."""

    http: TestClient
    credencial: Credencial

    def solicitud(self, tipo: str, **datos: object) -> tuple[str, bytes]:
        """El id y los bytes de una solicitud a coordinación."""
        identificador = str(uuid4())
        return identificador, self.cuerpo(identificador, tipo, **datos)

    def cuerpo(self, identificador: str, tipo: str, **datos: object) -> bytes:
        return msgspec.json.encode(
            {
                "id": identificador, "tipo": f"senda.coordinacion.{tipo}.v1", "institucion": self.credencial.codigo,
                "agente": "ag-7c1e90aa", "ocurrido": datetime.now(UTC), "datos": datos,
            }
        )  # fmt: skip

    def firma(
        self, de: bytes, identificador: str = "lectura", servicio: str = "portal", vigencia: timedelta = VIGENCIA
    ) -> str:
        caduca = datetime.now(UTC) + vigencia
        return firmar(de, self.credencial.clave, self.credencial.codigo, servicio, identificador, caduca)

    def enviar(
        self, cuerpo: bytes, identificador: str, espera: int = 10, vigencia: timedelta = VIGENCIA, **cabeceras: str
    ) -> Response:
        firma = self.firma(cuerpo, identificador, "coordinacion", vigencia)
        return self.http.post(f"/v1/solicitudes?espera={espera}", content=cuerpo, headers={"Firma": firma, **cabeceras})

    def pedir(self, tipo: str, espera: int = 10, **datos: object) -> Response:
        """Pide algo a coordinación; su respuesta."""
        identificador, cuerpo = self.solicitud(tipo, **datos)
        return self.enviar(cuerpo, identificador, espera)

    def leer(self, destino: str, metodo: str = "GET", **opciones: Any) -> Response:
        """Una lectura firmada."""
        firma = self.firma(f"{metodo} {destino}".encode(), **opciones)
        return self.http.request(metodo, destino, headers={"Firma": firma})

    def buzon(self, desde: int = 1, espera: int = 10) -> list[dict[str, Any]]:
        """Los avisos, ya leídos."""
        respuesta = self.leer(f"/v1/buzon?desde={desde}&espera={espera}")
        assert respuesta.status_code == 200, respuesta.text
        return [msgspec.json.decode(m["cuerpo"]) for m in respuesta.json()["mensajes"]]

    def creible(self, cuerpo: bytes, firma: str) -> bool:
        """Si lo firmó quien dice, con la clave que publica el portal."""
        dice = msgspec.json.decode(cuerpo)
        clave = publica_de_texto(self.http.get("/v1/claves").json()["origenes"][dice["origen"]])
        cabecera = verificar(firma, cuerpo, clave, self.credencial.codigo, datetime.now(UTC))
        return (cabecera.kid, cabecera.id) == (dice["origen"], dice["id"])
