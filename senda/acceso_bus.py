"""Cómo entra cada usuario al bus de un despliegue: con su certificado, con su contraseña, o como diga la dirección.

En la carpeta: `bus/USUARIO.clave` (contraseña, 0600) y `tls/USUARIO.pem` con `tls/USUARIO.key`. Quien tiene certificado
no tiene contraseña. Sin ninguno de los dos, los servicios usan la dirección del despliegue tal cual.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from infra.rabbitmq.certificados import AUTORIDAD
from infra.rabbitmq.claves import Claves
from senda.despliegue import Despliegue

CLAVES: Final = "bus"
CERTIFICADOS: Final = "tls"


class LlaveAusente(ValueError):
    """Ese usuario entra con certificado y aquí no está su llave. El mensaje dice qué archivo falta."""


@dataclass(frozen=True)
class Acceso:
    """El bus de un despliegue visto desde su carpeta."""

    carpeta: Path
    despliegue: Despliegue

    @property
    def vhost(self) -> str:
        """El vhost de la dirección."""
        return unquote(urlsplit(self.despliegue.bus.split(";")[0]).path[1:]) or "/"

    @property
    def claves(self) -> Claves:
        """Las contraseñas del despliegue."""
        return Claves(self.carpeta / CLAVES)

    @property
    def certificados(self) -> Path:
        """La carpeta de los certificados."""
        return self.carpeta / CERTIFICADOS

    def con_certificado(self, usuario: str) -> bool:
        """Si ese usuario entra con certificado: basta el certificado; la llave puede no estar aquí."""
        return self.despliegue.bus.startswith("amqps:") and self._de(usuario, "pem").exists()

    def url_de(self, usuario: str) -> str | None:
        """La dirección con que entra ese usuario, o None si aquí no hay con qué. Errores: `ClaveIlegible`."""
        if self.con_certificado(usuario):
            return self._con(quote(usuario), usuario) if self._de(usuario, "key").exists() else None
        clave = self.claves.leer(usuario)
        return None if clave is None else self._con(f"{quote(usuario)}:{clave.contrasena}", usuario)

    def url_para_entrar(self, usuario: str) -> str | None:
        """Como `url_de`, pero a quien tiene certificado no le basta otra. Errores: `ClaveIlegible`, `LlaveAusente`."""
        if self.con_certificado(usuario) and not (llave := self._de(usuario, "key")).exists():
            raise LlaveAusente(f"falta {llave}: «{usuario}» entra con certificado; tráela, o quita su .pem de ahí")
        return self.url_de(usuario)

    def url_de_servicio(self, nombre: str) -> str:
        """La de un servicio; en un bus sin permisos, la del despliegue. Errores: los de `url_para_entrar`."""
        if self.despliegue.bus.startswith("memory:"):
            return self.despliegue.bus
        return self.url_para_entrar(nombre) or self.despliegue.bus

    def _con(self, quien: str, usuario: str) -> str:
        return ";".join(self._una(direccion, quien, usuario) for direccion in self.despliegue.bus.split(";"))

    def _una(self, direccion: str, quien: str, usuario: str) -> str:
        partes = urlsplit(direccion)
        consulta = dict(parse_qsl(partes.query))
        if partes.scheme == "amqps":
            if self._de(AUTORIDAD, "pem").exists():
                consulta.setdefault("ca", str(self._de(AUTORIDAD, "pem")))
            if self.con_certificado(usuario):
                consulta |= {"certificado": str(self._de(usuario, "pem")), "llave": str(self._de(usuario, "key"))}
        anfitrion = partes.netloc.rpartition("@")[2]
        return urlunsplit(partes._replace(netloc=f"{quien}@{anfitrion}", query=urlencode(consulta, safe="/")))

    def _de(self, nombre: str, clase: str) -> Path:
        return self.certificados / f"{nombre}.{clase}"


__all__ = ["CERTIFICADOS", "CLAVES", "Acceso", "LlaveAusente"]
