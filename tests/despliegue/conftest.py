"""Los compose de verdad, con las imágenes hechas aquí. Sin Docker y sin con qué ponerlo, se saltan y dicen por qué.

Con SENDA_EXIGE_DOCKER=1 no se saltan: faltar es fallar. `infra/docker/motor.sh` pone lo que falte.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.despliegue.anterior import IMAGEN_ANTERIOR, construir_anterior
from tests.despliegue.contenedores import CLUSTER, SENCILLO, Contenedores, levantados
from tests.despliegue.instituciones import PorBus, PorHttp, rectora
from tests.despliegue.motor import IMAGEN, SinMotor, bases, construir, en_marcha
from tests.servicios_reales import RAIZ

#: El clúster se actualiza antes de romperlo, y lo que se rompe es lo actualizado; el sencillo, antes, él solo.
ACTUALIZACION = "test_actualizacion"
_ORDEN = ("test_compose", ACTUALIZACION, "test_cluster")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Pone los de esta carpeta en ese orden."""
    suyos = [item for item in items if item.path.parent == Path(__file__).parent]
    ordenados = iter(sorted(suyos, key=lambda item: _ORDEN.index(item.path.stem)))
    items[:] = [next(ordenados) if item in suyos else item for item in items]


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
            construir(RAIZ, IMAGEN, "esta")
            yield
    except SinMotor as error:
        _falta(error)


@pytest.fixture(scope="module")
def sencillo(imagenes: None) -> Iterator[Contenedores]:
    """docker-compose.yml en marcha y sano."""
    with levantados(SENCILLO, f"senda-prueba-{os.getpid()}") as contenedores:
        yield contenedores


@pytest.fixture(scope="session")
def cluster(
    imagenes: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Contenedores]:
    """El clúster en marcha y sano: con la versión anterior, si lo primero que se va a probar es actualizarlo."""
    archivos: tuple[Path, ...] = CLUSTER
    imagen = IMAGEN
    if any(item.path.stem == ACTUALIZACION for item in request.session.items):
        carpeta = tmp_path_factory.mktemp("anterior")
        try:
            construir_anterior(carpeta)
        except SinMotor as error:
            _falta(error)
        archivos, imagen = tuple(carpeta / archivo.name for archivo in CLUSTER), IMAGEN_ANTERIOR
    with levantados(archivos, f"senda-cluster-{os.getpid()}", imagen) as contenedores:
        yield contenedores


@pytest.fixture(scope="module")
def rectora_de_sencillo(sencillo: Contenedores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PorBus]:
    """La rectora de `sencillo`, por AMQP."""
    with rectora(sencillo, _carpeta(tmp_path_factory)) as quien:
        yield quien


@pytest.fixture(scope="session")
def rectora_de_cluster(cluster: Contenedores, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PorBus]:
    """La rectora de `cluster`, por AMQP."""
    with rectora(cluster, _carpeta(tmp_path_factory)) as quien:
        yield quien


def _carpeta(fabrica: pytest.TempPathFactory) -> Path:
    return fabrica.mktemp("rectora")


@pytest.fixture(scope="session")
def detecta_en_cluster(cluster: Contenedores, rectora_de_cluster: PorBus) -> PorHttp:
    """Una institución del clúster que solo avisa de alertas."""
    return rectora_de_cluster.inscribir("GT-DETECTA", cluster, atiende=False)


@pytest.fixture(scope="session")
def pedidas() -> list[int]:
    """Cuántas alertas se le han pedido al clúster, prueba a prueba: el libro las tiene todas y ni una más."""
    return []
