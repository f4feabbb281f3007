"""Lo que una dirección del bus dice además de dónde está: cómo se comprueba al broker y con qué certificado se entra.

    amqps://GT-PGN@bus:5671/senda?ca=/ruta/ca.pem&certificado=/ruta/GT-PGN.pem&llave=/ruta/GT-PGN.key

Sin contraseña y con certificado se entra con él (EXTERNAL): el usuario es su nombre común, el mismo de la dirección.
Con `amqps://` el broker siempre se comprueba; sin `ca`, con las autoridades del sistema.
"""

from __future__ import annotations

import ssl
from typing import Any
from urllib.parse import parse_qs, urlsplit, urlunsplit

_PARAMETROS = {"ca": "ca_certs", "certificado": "certfile", "llave": "keyfile"}


def leer(url: str) -> dict[str, Any]:
    """Los argumentos de `kombu.Connection` para una dirección, o varias con «;» y los parámetros de la primera.

    Lanza ValueError si trae un parámetro que no se conoce: mal escrito, dejaría sin comprobar lo que se cree que sí.
    """
    partes = [urlsplit(una) for una in url.split(";")]
    if partes[0].scheme != "amqps":
        return {"hostname": url}
    parametros = {nombre: valores[-1] for nombre, valores in parse_qs(partes[0].query, strict_parsing=False).items()}
    if sobran := sorted(parametros.keys() - _PARAMETROS.keys()):
        raise ValueError(f"la dirección del bus admite ca, certificado y llave; no {', '.join(sobran)}")
    # server_hostname None: kombu pone el del anfitrión, y py-amqp lo exige en el certificado del broker.
    seguro: dict[str, Any] = {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None}
    seguro |= {_PARAMETROS[nombre]: valor for nombre, valor in parametros.items()}
    argumentos: dict[str, Any] = {"hostname": ";".join(urlunsplit(p._replace(query="")) for p in partes), "ssl": seguro}
    if "certificado" in parametros and not partes[0].password:
        argumentos["login_method"] = "EXTERNAL"
    return argumentos


__all__ = ["leer"]
