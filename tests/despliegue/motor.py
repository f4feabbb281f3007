"""El motor de Docker de las pruebas de despliegue, y las imágenes con que corren los compose.

Si está instalado pero parado y somos root, se arranca uno y se apaga al acabar. Las bases salen de los paquetes de
Debian (`infra/docker/bases.sh`), o de un registro con SENDA_BASES=oficiales.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from tests.servicios_reales import RAIZ, orden_compose

ESPERA_MOTOR = 60.0
#: Construir baja paquetes: con la red de cada quien.
ESPERA_CONSTRUIR = 1800.0
IMAGEN = "senda:prueba"
VERSION = "org.opencontainers.image.revision"
_GUIONES = RAIZ / "infra" / "docker"


class SinMotor(Exception):
    """No hay con qué correr contenedores; el mensaje dice qué falta."""


@contextmanager
def en_marcha() -> Iterator[None]:
    """Un Docker que atiende mientras dure. Errores: `SinMotor`."""
    if not shutil.which("docker"):
        raise SinMotor("Docker no está instalado (en Debian lo pone infra/docker/motor.sh)")
    propio = None if _atiende() else _arrancar()
    try:
        if not orden_compose():
            raise SinMotor("falta docker compose (en Debian lo pone infra/docker/motor.sh)")
        yield
    finally:
        if propio is not None:
            propio.terminate()
            propio.wait(ESPERA_MOTOR)


def _atiende() -> bool:
    return subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0


def _arrancar() -> subprocess.Popen[bytes]:
    if os.geteuid() != 0 or not shutil.which("dockerd"):
        raise SinMotor("Docker está instalado pero no atiende, y arrancarlo pide ser root y tener dockerd")
    registro = Path(tempfile.mkdtemp(prefix="senda-dockerd-")) / "registro"
    with registro.open("wb") as salida:
        motor = subprocess.Popen(["dockerd"], stdout=salida, stderr=subprocess.STDOUT, start_new_session=True)
    limite = time.monotonic() + ESPERA_MOTOR
    while not _atiende():
        if motor.poll() is not None or time.monotonic() > limite:
            motor.terminate()
            raise SinMotor(f"dockerd no arranca: {registro.read_text(errors='replace')[-400:]}")
        time.sleep(0.2)  # se espera a un proceso ajeno: no hay a qué suscribirse
    return motor


@cache
def bases() -> dict[str, str]:
    """Las variables que dicen a los compose qué imágenes usar; ninguna, si las de un registro. Errores: `SinMotor`."""
    if os.environ.get("SENDA_BASES") == "oficiales":
        return {}
    if not shutil.which("debootstrap") or os.geteuid() != 0:
        raise SinMotor("hacer las bases pide root y debootstrap; con un registro a mano: SENDA_BASES=oficiales")
    hechas = _correr([str(_GUIONES / "bases.sh")])
    return dict(linea.split("=", 1) for linea in hechas.splitlines())


def construir(contexto: Path, imagen: str, version: str) -> str:
    """La imagen de Senda desde una copia del repositorio, sin red. Devuelve su nombre. Errores: `SinMotor`.

    ``version``: con qué se la distingue de otra hecha con los mismos archivos.
    """
    _correr([str(_GUIONES / "ruedas.sh"), os.environ.get("SENDA_PYTHON_RUEDAS", str(RAIZ / ".venv/bin/python"))])
    if contexto != RAIZ:
        shutil.copytree(_GUIONES / "ruedas", contexto / "infra/docker/ruedas", dirs_exist_ok=True)
    base = bases().get("BASE_PYTHON")
    argumentos = ["--label", f"{VERSION}={version}", *(["--build-arg", f"BASE_PYTHON={base}"] if base else [])]
    _correr(["docker", "build", "-q", "-t", imagen, *argumentos, "-f", "infra/docker/Dockerfile", "."], contexto)
    return imagen


def _correr(orden: list[str], en: Path = RAIZ) -> str:
    # El constructor de siempre: el nuevo buscaría en un registro las bases hechas aquí.
    hecho = subprocess.run(
        orden, cwd=en, env={**os.environ, "DOCKER_BUILDKIT": "0"}, capture_output=True, text=True,
        timeout=ESPERA_CONSTRUIR, check=False,
    )  # fmt: skip
    if hecho.returncode:
        raise SinMotor(f"{Path(orden[0]).name} falló: {(hecho.stderr or hecho.stdout)[-600:]}")
    return hecho.stdout


__all__ = ["IMAGEN", "VERSION", "SinMotor", "bases", "construir", "en_marcha"]
