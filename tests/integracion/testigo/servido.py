"""Un testigo en su proceso, escuchando, y quien le llama."""

from __future__ import annotations

import http.client
import subprocess
from typing import NamedTuple, TypeAlias

#: Estado, tipo, código y cuerpo.
Dicho: TypeAlias = tuple[int, str | None, str | None, bytes]


class Servido(NamedTuple):
    """Un testigo escuchando."""

    puerto: int
    proceso: subprocess.Popen[str]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.puerto}"

    def llamar(self, metodo: str, camino: str, cuerpo: bytes | None = None) -> Dicho:
        conexion = http.client.HTTPConnection("127.0.0.1", self.puerto, timeout=20)
        conexion.request(metodo, camino, cuerpo)
        r = conexion.getresponse()
        dicho = (r.status, r.headers["Content-Type"], r.headers["Senda-Codigo"], r.read())
        conexion.close()
        return dicho

    def refrendar(self, cuerpo: bytes) -> Dicho:
        return self.llamar("POST", "/add-checkpoint", cuerpo)
