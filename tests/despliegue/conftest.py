"""Los compose de verdad, con las imágenes hechas aquí. Sin Docker y sin con qué ponerlo, se saltan y dicen por qué.

En CI no se saltan: `.ci/run` instala lo que falte y pide SENDA_EXIGE_DOCKER=1, con que faltar es fallar.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.despliegue.contenedores import CLUSTER, SENCILLO, Contenedores, levantados
from tests.despliegue.instituciones import PorBus, rectora
from tests.despliegue.motor import IMAGEN, SinMotor, bases, construir, en_marcha
from tests.servicios_reales import RAIZ


def _falta(error: SinMotor) -> None:
    if os.environ.get("SENDA_EXIGE_DOCKER"):
        pytest.fail(str(error), pytrace=False)
    pytest.skip(f"el despliegue en contenedores queda SIN PROBAR: {error}")


@pytest.fixture(scope="session")
def imagenes() -> Iterator[None]:
    """Docker atendiendo, las bases y la imagen de este árbol."""
    try:
        with en_marcha():
            bases()
            construir(RAIZ, IMAGEN)
            yield
    except SinMotor as error:
        _falta(error)


@pytest.fixture(scope="module")
def sencillo(imagenes: None) -> Iterator[Contenedores]:
    """docker-compose.yml en marcha y sano."""
    with levantados(SENCILLO, f"senda-prueba-{os.getpid()}") as contenedores:
        yield contenedores


@pytest.fixture(scope="module")
def cluster(imagenes: None) -> Iterator[Contenedores]:
    """El clúster en marcha y sano."""
    with levantados(CLUSTER, f"senda-cluster-{os.getpid()}") as contenedores:
        yield contenedores


@pytest.fixture(scope="module")
def rectora_de_sencillo(sencillo: Contenedores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PorBus]:
    """La rectora de `sencillo`, por AMQP."""
    with rectora(sencillo, _carpeta(tmp_path_factory)) as quien:
        yield quien


@pytest.fixture(scope="module")
def rectora_de_cluster(cluster: Contenedores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PorBus]:
    """La rectora de `cluster`, por AMQP."""
    with rectora(cluster, _carpeta(tmp_path_factory)) as quien:
        yield quien


def _carpeta(fabrica: pytest.TempPathFactory) -> Path:
    return fabrica.mktemp("rectora")
