"""De la seguridad de un despliegue a las definiciones que RabbitMQ importa."""

from __future__ import annotations

from typing import Any

from infra.mensajeria.topologia import Cola
from infra.rabbitmq.claves import ALGORITMO, Hashes
from infra.rabbitmq.permisos import Limites, Seguridad, Usuario


def definiciones(seguridad: Seguridad, hashes: Hashes) -> dict[str, Any]:
    """El contenido de `definitions.json`. Quien no está en ``hashes`` no puede entrar con contraseña.

    Importarlo crea y actualiza; nunca quita. Lo que sobra lo quita `aplicar`.
    """
    v = seguridad.vhost
    return {
        "vhosts": [{"name": v}],
        "users": [_usuario(u, hashes.get(u.nombre, "")) for u in seguridad.usuarios],
        "permissions": [
            {"user": u.nombre, "vhost": v, "configure": u.configurar, "write": u.escribir, "read": u.leer}
            for u in seguridad.usuarios
        ],
        "topic_permissions": [
            {"user": u.nombre, "vhost": v, "exchange": t.intercambio, "write": t.escribir, "read": t.leer}
            for u in seguridad.usuarios
            for t in u.temas
        ],
        "policies": [
            {
                "vhost": v, "name": p.nombre, "pattern": p.patron, "apply-to": "queues", "priority": 0,
                "definition": dict(p.definicion),
            }
            for p in seguridad.politicas
        ],
        "exchanges": [
            {
                "name": i.nombre, "vhost": v, "type": i.reparto.value, "durable": True, "auto_delete": False,
                "internal": False, "arguments": {},
            }
            for i in seguridad.topologia.intercambios
        ],
        "queues": [
            {"name": c.nombre, "vhost": v, "durable": True, "auto_delete": False, "arguments": c.argumentos}
            for c in seguridad.colas
        ],
        "bindings": [atadura for cola in seguridad.colas for atadura in _ataduras(cola, v)],
    }  # fmt: skip


def limites_de(limites: Limites) -> dict[str, int]:
    """Los límites con los nombres que les da el broker."""
    pares = {"max-connections": limites.conexiones, "max-channels": limites.canales}
    return {nombre: valor for nombre, valor in pares.items() if valor is not None}


def _usuario(usuario: Usuario, hash_: str) -> dict[str, Any]:
    return {
        "name": usuario.nombre,
        # Vacío, el broker no admite ninguna contraseña: solo su certificado.
        "password_hash": hash_,
        "hashing_algorithm": ALGORITMO,
        "tags": list(usuario.etiquetas),
        "limits": limites_de(usuario.limites),
    }


def _ataduras(cola: Cola, vhost: str) -> list[dict[str, Any]]:
    return [
        {
            "source": a.intercambio, "vhost": vhost, "destination": cola.nombre, "destination_type": "queue",
            "routing_key": a.clave, "arguments": {},
        }
        for a in cola.ataduras
    ]  # fmt: skip


__all__ = ["definiciones", "limites_de"]
