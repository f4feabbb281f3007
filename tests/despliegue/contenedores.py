"""Un compose en marcha, visto desde fuera: sus contenedores, lo que contestan, y cómo se rompen."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from pytest_docker.plugin import Services, get_docker_services

from tests.despliegue.motor import IMAGEN, bases
from tests.espera import hasta
from tests.servicios_reales import RAIZ, orden_compose

SENCILLO = (RAIZ / "docker-compose.yml",)
CLUSTER = (*SENCILLO, RAIZ / "docker-compose.cluster.yml")
#: Acaban y no vuelven: preparan lo de los demás.
DE_UNA_VEZ = frozenset({"secretos", "instalar"})
#: Segundos. De sobra para una máquina ocupada: en una tranquila se llega en una décima parte.
PACIENCIA = 600.0
#: Puertos libres, para no chocar con nada, y el bus al día en cuanto se inscribe alguien.
_VARIABLES = {
    "PUERTO_RABBITMQ": "0", "PUERTO_RABBITMQ2": "0", "PUERTO_RABBITMQ3": "0", "PUERTO_PORTAL": "0",
    "PUERTO_BOVEDA": "0", "SENDA_APLICAR_CADA": "2",
}  # fmt: skip


class Contado(NamedTuple):
    """Un hecho tal como está en el libro."""

    id: str
    origen: str
    posicion: int
    tipo: str


@dataclass
class Contenedores:
    """Los de un proyecto de compose. ``primario``: el servicio de PostgreSQL que escribe."""

    archivos: tuple[Path, ...]
    proyecto: str
    variables: dict[str, str]
    servicios: Services
    primario: str = "postgres"
    _matados: set[str] = field(default_factory=set)

    def compose(self, *orden: str, **variables: str) -> str:
        """Una orden de compose; ``variables``: otras, solo para esta. Errores: `AssertionError` con lo que dijo."""
        puestas = [f"{nombre}={valor}" for nombre, valor in {**self.variables, **variables}.items()]
        archivos = [parte for archivo in self.archivos for parte in ("-f", str(archivo))]
        return _correr("env", *puestas, *orden_compose(), *archivos, "-p", self.proyecto, *orden)

    def de(self, servicio: str) -> list[str]:
        """Los ids de los contenedores de un servicio, también parados."""
        return _correr(
            "docker", "ps", "-aq", "--no-trunc",
            "--filter", f"label=com.docker.compose.project={self.proyecto}",
            "--filter", f"label=com.docker.compose.service={servicio}",
        ).split()  # fmt: skip

    def todos(self) -> dict[str, dict[str, Any]]:
        """Lo que `docker inspect` dice de cada contenedor del proyecto, por su nombre."""
        ids = _correr("docker", "ps", "-aq", "--filter", f"label=com.docker.compose.project={self.proyecto}").split()
        dicho = msgspec.json.decode(_correr("docker", "inspect", *ids))
        return {uno["Name"].lstrip("/"): uno for uno in dicho}

    def en(self, servicio: str, *orden: str) -> str:
        """Corre algo dentro de un contenedor de ese servicio. Errores: `AssertionError` con lo que dijo."""
        return _correr("docker", "exec", self.de(servicio)[0], *orden)

    def matar(self, contenedor: str) -> None:
        """SIGKILL: sin despedirse de nadie."""
        _correr("docker", "kill", contenedor)

    def volver(self, contenedor: str) -> None:
        """Arranca otra vez uno matado o parado."""
        _correr("docker", "start", contenedor)

    def estado(self, contenedor: str) -> str:
        """`healthy`, `unhealthy`, `starting`; sin comprobación, el del contenedor."""
        (dicho,) = msgspec.json.decode(_correr("docker", "inspect", contenedor))
        return str(dicho["State"].get("Health", {}).get("Status", dicho["State"]["Status"]))

    def registro(self, contenedor: str) -> str:
        """Lo que dijo desde que arrancó la última vez."""
        (dicho,) = msgspec.json.decode(_correr("docker", "inspect", contenedor))
        hecho = subprocess.run(
            ["docker", "logs", "--since", dicho["State"]["StartedAt"], contenedor],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=True,
        )  # fmt: skip
        return hecho.stdout

    def listo(self, contenedor: str) -> bool:
        """Si un servicio dice ahora que está listo, sin esperar a que le toque su comprobación."""
        salud = ["python3", "-IS", "/opt/senda/bin/salud.py", "8000", "/salud/listo"]
        return subprocess.run(["docker", "exec", contenedor, *salud], capture_output=True, check=False).returncode == 0

    def esperar_sanos(self, menos: Collection[str] = ()) -> None:
        """Hasta que la salud de todos, salvo los de una vez y ``menos`` (ids), esté verde."""

        def sanos() -> bool:
            return all(
                uno["State"].get("Health", {}).get("Status") == "healthy"
                for uno in self.todos().values()
                if uno["Id"] not in menos and servicio_de(uno) not in DE_UNA_VEZ
            )

        hasta(sanos, PACIENCIA)

    def actualizar(self, imagen: str, **variables: str) -> subprocess.CompletedProcess[str]:
        """La orden que da quien actualiza, tal cual está en docs/desplegar.md."""
        archivos = [parte for archivo in self.archivos for parte in ("-f", str(archivo))]
        return subprocess.run(
            [str(RAIZ / "infra/docker/actualizar.sh"), *archivos, "-p", self.proyecto],
            cwd=RAIZ, env={**os.environ, **self.variables, "IMAGEN_SENDA": imagen, **variables},
            capture_output=True, text=True, timeout=PACIENCIA * 2, check=False,
        )  # fmt: skip

    def portales(self) -> list[str]:
        """La dirección HTTP de cada portal que anda."""
        # De una vez, sin preguntar por cada uno: entretanto pueden estar cambiándolos.
        dicho = _correr(
            "docker", "ps", "--format", "{{.Ports}}",
            "--filter", f"label=com.docker.compose.project={self.proyecto}",
            "--filter", "label=com.docker.compose.service=portal",
        )  # fmt: skip
        return [f"http://127.0.0.1:{puerto}" for puerto in sorted(re.findall(r"127\.0\.0\.1:(\d+)->8000/tcp", dicho))]

    def libro(self) -> list[Contado]:
        """Los hechos del libro, leídos de su tabla y no de Senda."""
        filas = self.en(
            self.primario, "psql", "-U", "postgres", "-d", "senda", "-AtF", "|", "-c",
            "SELECT sobre->>'id', origen, posicion, sobre->>'type' FROM senda_auditoria.libro,"
            " LATERAL (SELECT convert_from(cuerpo, 'UTF8')::json AS sobre) AS s ORDER BY origen, posicion",
        )  # fmt: skip
        partidas = (fila.split("|") for fila in filas.splitlines())
        return [Contado(id, origen, int(posicion), tipo) for id, origen, posicion, tipo in partidas]

    def verificado(self) -> dict[str, Any]:
        """El veredicto de `senda auditar verificar`, con el libro entero."""
        dicho: dict[str, Any] = msgspec.json.decode(
            self.en("administracion", "senda", "auditar", "verificar", "--json")
        )
        return dicho


def servicio_de(contenedor: Mapping[str, Any]) -> str:
    """El servicio de compose al que pertenece."""
    return str(contenedor["Config"]["Labels"]["com.docker.compose.service"])


@contextmanager
def levantados(
    archivos: tuple[Path, ...], proyecto: str, imagen: str = IMAGEN, **variables: str
) -> Iterator[Contenedores]:
    """El compose entero, sano; al acabar no queda nada suyo. Si no llega a estarlo, dice qué contaron sus registros."""
    puestas = {**_VARIABLES, **bases(), "IMAGEN_SENDA": imagen, **variables}
    orden = " ".join(["env", *(f"{n}={v}" for n, v in puestas.items()), *orden_compose()])
    limpiar = ["down -v --remove-orphans -t 3"]
    with get_docker_services(orden, [str(a) for a in archivos], proyecto, [], limpiar) as servicios:
        contenedores = Contenedores(archivos, proyecto, puestas, servicios)
        try:
            contenedores.compose("up", "-d")
            contenedores.esperar_sanos()
        except AssertionError as error:
            registros = contenedores.compose("logs", "--tail=8")
            raise AssertionError(f"{error}\n{registros}") from None
        yield contenedores


def _correr(*orden: str) -> str:
    hecho = subprocess.run(orden, cwd=RAIZ, capture_output=True, text=True, timeout=PACIENCIA, check=False)
    assert hecho.returncode == 0, f"{' '.join(orden[-6:])}: {(hecho.stderr or hecho.stdout)[-1500:]}"
    return hecho.stdout


__all__ = ["CLUSTER", "DE_UNA_VEZ", "PACIENCIA", "SENCILLO", "Contado", "Contenedores", "levantados", "servicio_de"]
