"""El despliegue del que parte cada semilla: ya instalado en PostgreSQL, con su directorio y dos rutas en marcha.

Instalar es lo caro y se hace una vez por clúster; cada semilla estrena una copia (`CREATE DATABASE … TEMPLATE`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import sqlalchemy as sa
from msgspec import structs

from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from senda.cliente import Compuesta
from senda.despliegue import ARCHIVO, MAESTRA, Base, Despliegue
from senda.embebido import estrenar
from tests.fallos.servidores import Cluster
from tests.simulacion.plantilla import RECTORA, Inscrita, Pasado, formar_directorio

BASE = "plantilla"
#: Cuándo ocurrió lo que ya había: hace poco, para que los plazos de las rutas sigan corriendo.
_ANTES = timedelta(minutes=10)


@dataclass(frozen=True)
class Plantilla:
    """Lo instalado. ``historia``: lo ya pedido; ``acuses``: los que recibió cada institución."""

    carpeta: Path
    cluster: Cluster
    despliegue: Despliegue
    directorio: Mapping[str, Inscrita]
    historia: list[tuple[str, Compuesta]]
    acuses: list[tuple[str, bytes]]

    @classmethod
    def preparar(cls, carpeta: Path, cluster: Cluster) -> Plantilla:
        """Instala sobre el clúster y cuenta la historia previa, sin un solo fallo."""
        cluster.ordenar(f'CREATE DATABASE "{BASE}"')
        azar = AzarSembrado(b"fallos")
        directorio = formar_directorio(azar.hijo("credenciales"))
        reloj = RelojSimulado(datetime.now(UTC) - _ANTES)
        sistema = estrenar(carpeta, directorio[RECTORA].credencial, reloj, azar, base=cluster.url(BASE))

        def de_coordinacion() -> list[bytes]:
            with cluster.conectar(BASE) as conexion:
                filas = conexion.execute("SELECT cuerpo FROM senda_coordinacion.eventos ORDER BY posicion")
                return [bytes(cuerpo) for (cuerpo,) in filas]

        pasado = Pasado(sistema, directorio, reloj, azar.hijo("peticiones"), de_coordinacion)
        pasado.contar()
        sistema.cerrar()
        return cls(carpeta, cluster, sistema.despliegue, directorio, pasado.historia, pasado.acuses)

    def estrenar(self, carpeta: Path, base: str, bus: str, prefijo: str, puerto_base: int) -> Estreno:
        """Una copia para una semilla. ``puerto_base``: por dónde van los servicios a PostgreSQL."""
        # Con CHECKPOINT: la copia hereda de la plantilla números de secuencia dados por anotados en el WAL, que en la
        # suya no lo están; sin él, tras una caída las secuencias retroceden.
        self.cluster.ordenar(f'CREATE DATABASE "{base}" TEMPLATE "{BASE}"', "CHECKPOINT")

        def mudada(suya: Base) -> Base:
            url = sa.make_url(suya.url).set(database=base, port=puerto_base)
            return structs.replace(suya, url=url.render_as_string(hide_password=False))

        bases = {nombre: mudada(suya) for nombre, suya in self.despliegue.bases.items()}
        despliegue = structs.replace(self.despliegue, bus=bus, prefijo=prefijo, bases=bases)
        carpeta.mkdir(parents=True)
        for nombre in ("claves", MAESTRA):
            (carpeta / nombre).symlink_to(self.carpeta / nombre)
        (carpeta / ARCHIVO).write_bytes(msgspec.json.encode(despliegue))
        return Estreno(self, carpeta, base, despliegue)


@dataclass(frozen=True)
class Estreno:
    """El despliegue de una semilla."""

    plantilla: Plantilla
    carpeta: Path
    base: str
    despliegue: Despliegue
    directorio: Mapping[str, Inscrita] = field(init=False)
    historia: list[tuple[str, Compuesta]] = field(init=False)
    acuses: list[tuple[str, bytes]] = field(init=False)

    def __post_init__(self) -> None:
        for nombre in ("directorio", "historia", "acuses"):
            object.__setattr__(self, nombre, getattr(self.plantilla, nombre))

    def soltar(self) -> None:
        """Borra la base."""
        self.plantilla.cluster.ordenar(f'DROP DATABASE IF EXISTS "{self.base}" WITH (FORCE)')


__all__ = ["Estreno", "Plantilla"]
