"""De la versión anterior a esta con alguien pidiendo sin parar, réplica a réplica."""

from __future__ import annotations

import os
import subprocess

import pytest

from senda.composicion import CONTEXTOS
from tests.despliegue.contenedores import CLUSTER, DE_UNA_VEZ, Contenedores, servicio_de
from tests.despliegue.cuentas import cuadra
from tests.despliegue.instituciones import Carga
from tests.despliegue.motor import IMAGEN, VERSION

pytestmark = [pytest.mark.real, pytest.mark.larga, pytest.mark.timeout(2400)]

#: Los que se cambian, y cuántos hay de cada uno.
CAMBIAN = {**dict.fromkeys((*CONTEXTOS, "portal"), 2), "administracion": 1, "boveda": 1}


def versiones(contenedores: Contenedores, *, tambien_caidos: bool = False) -> dict[str, list[str]]:
    """Qué corre cada contenedor nuestro, por servicio; sin los que acabaron."""
    vistas: dict[str, list[str]] = {}
    for uno in contenedores.todos().values():
        if servicio_de(uno) in CAMBIAN and servicio_de(uno) not in DE_UNA_VEZ:
            assert tambien_caidos or uno["State"]["Running"], uno["Name"]
            vistas.setdefault(servicio_de(uno), []).append(uno["Config"]["Labels"][VERSION])
    return vistas


def test_se_actualiza_replica_a_replica_sin_perder_ni_doblar_nada(cluster, detecta_en_cluster, pedidas):
    viejas = versiones(cluster)
    assert {servicio: len(suyas) for servicio, suyas in viejas.items()} == CAMBIAN
    (anterior,) = {version for suyas in viejas.values() for version in suyas}
    assert anterior != "esta"
    with Carga(detecta_en_cluster).en_marcha() as carga:
        carga.avanza()
        # Con los archivos de esta versión, como quien actualiza.
        cluster.archivos = CLUSTER
        hecho = cluster.actualizar(IMAGEN)
        assert hecho.returncode == 0, hecho.stderr[-1500:]
        durante = len(carga.acuses)
        carga.avanza()
    # Mientras cambiaban se siguió aceptando, y no solo al final.
    assert durante > 20
    assert versiones(cluster) == {servicio: ["esta"] * cuantos for servicio, cuantos in CAMBIAN.items()}
    cluster.variables["IMAGEN_SENDA"] = IMAGEN
    pedidas.append(len(carga.acuses))
    cuadra(cluster, carga.acuses, sum(pedidas))


def test_si_la_nueva_no_arranca_se_para_ahi_y_con_otra_se_sigue(cluster, detecta_en_cluster, pedidas):
    rota = construir_rota()
    with Carga(detecta_en_cluster).en_marcha() as carga:
        hecho = cluster.actualizar(rota, PLAZO_LISTO="5")
        assert (hecho.returncode, "auditoria no está listo" in hecho.stderr) == (1, True), hecho.stderr[-1500:]
        quedan = versiones(cluster, tambien_caidos=True)
        assert sorted(quedan.pop("auditoria")) == ["esta", "rota"]
        assert {version for suyas in quedan.values() for version in suyas} == {"esta"}
        carga.avanza()
        antes = ids(cluster)
        assert cluster.actualizar(IMAGEN).returncode == 0
        # Solo cambió la que estaba mal.
        assert len(ids(cluster) - antes) == 1
        assert versiones(cluster) == {servicio: ["esta"] * cuantos for servicio, cuantos in CAMBIAN.items()}
        carga.avanza()
    pedidas.append(len(carga.acuses))
    cuadra(cluster, carga.acuses, sum(pedidas))


def construir_rota() -> str:
    """Esta misma, salvo que un servicio no arranca."""
    guion = f"""
    FROM {IMAGEN}
    LABEL {VERSION}=rota
    USER root
    RUN rm /opt/senda/lib/python3*/site-packages/servicios/auditoria/servicio.py
    USER senda
    """
    nombre = "senda:rota"
    subprocess.run(
        ["docker", "build", "-q", "-t", nombre, "-"],
        input=guion, text=True, env={**os.environ, "DOCKER_BUILDKIT": "0"}, capture_output=True, check=True,
    )  # fmt: skip
    return nombre


def ids(contenedores: Contenedores) -> set[str]:
    return {uno["Id"] for uno in contenedores.todos().values() if servicio_de(uno) in CAMBIAN}
