"""Un RabbitMQ solo para pruebas de permisos y de TLS: con gestión, certificados y la configuración que se reparte.

Uno por corrida, compartido por los trabajadores: lo pide la fixture `nodo_rabbit`, que lo da a una prueba a la vez (los
usuarios son del nodo, no del vhost) y lo deja limpio. Lo apaga el proceso principal al acabar, pase lo que pase
(`tests/conftest.py`).
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import msgspec

from infra.azar import AzarReal
from infra.rabbitmq.certificados import AUTORIDAD, SERVIDOR, Taller
from infra.rabbitmq.gestion import Gestion
from tests.servicios_reales import falla_amqp
from tests.servidores_propios import NoArranca, Servidor, binario_rabbitmq, puerto_libre, rabbitmq_propio

CONF = Path(__file__).parent.parent / "infra" / "rabbitmq" / "rabbitmq.conf"
COMPLEMENTOS = ("rabbitmq_management", "rabbitmq_auth_mechanism_ssl")
ANFITRION = "127.0.0.1"
FALTA = "RabbitMQ no está instalado (binario rabbitmq-server): los permisos y el TLS del bus quedan SIN PROBAR"


class NodoRabbit(msgspec.Struct, frozen=True):
    """Un nodo en marcha. ``servidor.url``: en claro, como administrador (guest), para preparar y mirar."""

    servidor: Servidor
    puerto_tls: int
    puerto_api: int
    certificados: str

    @property
    def api(self) -> str:
        """La API de gestión, como administrador."""
        return f"http://guest:guest@{ANFITRION}:{self.puerto_api}"

    def taller(self) -> Taller:
        """La autoridad en la que el nodo confía: para dar certificados a los usuarios de una prueba."""
        return Taller(Path(self.certificados), AzarReal(), datetime.now(UTC))

    def url(self, vhost: str, usuario: str = "", contrasena: str = "", certificado_de: str | None = None) -> str:
        """Dirección por TLS. Sin contraseña se entra con el certificado. ``certificado_de``: el de otro."""
        taller, quien = self.taller(), certificado_de or usuario
        par = f"{usuario}:{contrasena}" if contrasena else usuario
        consulta = f"ca={taller.certificado('ca')}&certificado={taller.certificado(quien)}&llave={taller.llave(quien)}"
        return f"amqps://{par}@{ANFITRION}:{self.puerto_tls}/{vhost}?{consulta}"


def instalado() -> bool:
    """Si hay con qué arrancarlo."""
    return bool(binario_rabbitmq("rabbitmq-server"))


def arrancar(carpeta: Path) -> NodoRabbit:
    """Arranca el nodo; lo apaga quien llama con `servidores_propios.apagar`. Errores: `NoArranca`."""
    certificados = carpeta / "tls"
    carpeta.mkdir(parents=True, exist_ok=True)
    Taller(certificados, AzarReal(), datetime.now(UTC)).asegurar(["localhost", ANFITRION], [])
    puerto_tls, puerto_api = puerto_libre(), puerto_libre()
    conf = CONF.read_text()
    for original, propio in (
        ("/etc/rabbitmq/tls", str(certificados)),
        ("listeners.tcp = none\n", ""),  # en claro, solo desde aquí y para administrar la prueba
        ("listeners.ssl.default = 5671", f"listeners.ssl.default = {ANFITRION}:{puerto_tls}"),
        ("management.tcp.port = 15672", f"management.tcp.port = {puerto_api}"),
    ):
        if original not in conf:
            raise NoArranca(f"la configuración que se reparte ya no dice «{original.strip()}»")
        conf = conf.replace(original, propio)
    servidor = rabbitmq_propio(carpeta / "nodo", falla_amqp, conf=conf, complementos=COMPLEMENTOS)
    return NodoRabbit(servidor, puerto_tls, puerto_api, str(certificados))


def limpiar(nodo: NodoRabbit) -> None:
    """Quita los usuarios, vhosts y certificados que una prueba puso. Errores: `GestionCaida`."""
    gestion = Gestion(nodo.api)
    for usuario in gestion.leer("users"):
        if usuario["name"] != "guest":
            gestion.borrar("users", usuario["name"])
    for vhost in gestion.leer("vhosts"):
        if vhost["name"] != "/":
            gestion.borrar("vhosts", vhost["name"])
    for archivo in Path(nodo.certificados).iterdir():
        if archivo.stem not in {AUTORIDAD, SERVIDOR}:
            archivo.unlink()


__all__ = ["FALTA", "NodoRabbit", "arrancar", "instalado", "limpiar"]
