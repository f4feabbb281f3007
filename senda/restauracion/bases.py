"""Las bases de un despliegue, abiertas a la vez: lo que hay que mirar junto para saber quién se quedó atrás."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine

from senda.composicion import CONTEXTOS
from senda.consulta import base_abierta
from senda.despliegue import Despliegue


@dataclass(frozen=True)
class Bases:
    """Un despliegue con la base de cada servicio. ``motores``: por nombre de servicio."""

    carpeta: Path
    despliegue: Despliegue
    motores: Mapping[str, Engine]

    @property
    def del_libro(self) -> Engine:
        """La base de auditoría."""
        return self.motores["auditoria"]

    def seguidores(self, servicio: str) -> list[str]:
        """Quiénes reciben los hechos de un servicio, y los guardan."""
        return [nombre for nombre, contexto in CONTEXTOS.items() if servicio in contexto.sigue]


@contextmanager
def bases_de(carpeta: Path, despliegue: Despliegue) -> Iterator[Bases]:
    """Las de los seis servicios; al salir suelta sus conexiones. Abrirlas no las toca."""
    with ExitStack() as pila:
        motores = {n: pila.enter_context(base_abierta(despliegue.bases[n])) for n in CONTEXTOS}
        yield Bases(carpeta, despliegue, motores)


__all__ = ["Bases", "bases_de"]
