"""El clúster con alguien pidiendo sin parar: se mata una pieza, y lo aceptado está una vez y solo una."""

from __future__ import annotations

import pytest

from tests.despliegue.contenedores import PACIENCIA
from tests.despliegue.cuentas import ALERTA, cuadra
from tests.despliegue.instituciones import Carga
from tests.espera import hasta

pytestmark = [pytest.mark.real, pytest.mark.timeout(2400)]


@pytest.fixture
def detecta(detecta_en_cluster):
    return detecta_en_cluster


@pytest.fixture
def alertas(pedidas):
    """Las pedidas desde que nació el clúster: cada una, con su acuse, es una alerta y nada más."""

    def sumar(carga: Carga) -> int:
        pedidas.append(len(carga.acuses))
        assert all(len(acuse.eventos) == 1 for acuse in carga.acuses)
        return sum(pedidas)

    return sumar


def test_las_colas_y_la_base_tienen_copia(cluster):
    dicho = cluster.en("rabbitmq", "rabbitmqctl", "-q", "list_queues", "--vhost", "senda", "name", "members")
    colas = [linea for linea in dicho.splitlines() if linea.startswith("senda.")]
    assert len(colas) > 18
    assert all(cola.count("rabbit@") == 3 for cola in colas)
    replicas = "SELECT application_name || ' ' || sync_state FROM pg_stat_replication"
    assert cluster.en("postgres", "psql", "-U", "postgres", "-Atc", replicas).split() == ["postgres-replica", "quorum"]
    for servicio in ("deteccion", "coordinacion", "auditoria", "portal"):
        assert len(cluster.de(servicio)) == 2


def test_cae_un_nodo_del_bus(cluster, detecta, alertas):
    with Carga(detecta).en_marcha() as carga:
        carga.avanza()
        (nodo,) = cluster.de("rabbitmq")  # el primero de la lista de todos: al que más conexiones llegan
        cluster.matar(nodo)
        carga.avanza(10)
        cluster.volver(nodo)
        carga.avanza()
    cuadra(cluster, carga.acuses, alertas(carga))
    hasta(lambda: cluster.estado(nodo) == "healthy", PACIENCIA)


def test_cae_un_servicio(cluster, detecta, alertas):
    with Carga(detecta).en_marcha() as carga:
        carga.avanza()
        caidos = [cluster.de(servicio)[0] for servicio in ("deteccion", "auditoria", "portal")]
        for contenedor in caidos:
            cluster.matar(contenedor)
        carga.avanza(10)
        for contenedor in caidos:
            cluster.volver(contenedor)
        carga.avanza()
    cuadra(cluster, carga.acuses, alertas(carga))


def test_cae_el_primario_de_la_base_y_se_promueve_la_replica(cluster, detecta, alertas):
    with Carga(detecta).en_marcha() as carga:
        carga.avanza()
        (primario,) = cluster.de("postgres")
        cluster.matar(primario)
        cluster.en("postgres-replica", "/etc/senda/promover.sh")
        cluster.primario = "postgres-replica"
        carga.avanza(10)
        # El que cayó vuelve creyéndose primario: no puede servir, o habría dos historias.
        cluster.volver(primario)
        hasta(lambda: "es ahora el primario" in cluster.compose("logs", "--tail=5", "postgres"), PACIENCIA)
        carga.avanza()
        # La base estrenó línea de tiempo: quien rearranca espera a que quien las ve todas la acepte.
        rearrancado = cluster.de("deteccion")[0]
        cluster.matar(rearrancado)
        cluster.volver(rearrancado)
        hasta(lambda: "BaseRestaurada" in cluster.registro(rearrancado), PACIENCIA)
        carga.avanza()
        assert cluster.estado(rearrancado) != "healthy"
        cluster.en("administracion", "senda", "operar", "comprobar-restauracion", "--aceptar")
        hasta(lambda: cluster.listo(rearrancado), PACIENCIA)
        carga.avanza()
    cuadra(cluster, carga.acuses, alertas(carga))


@pytest.mark.larga
def test_tras_un_apagon_el_primario_viejo_no_se_adelanta(cluster, detecta, alertas):
    (nuevo,) = cluster.de("postgres-replica")
    cluster.compose("rm", "-sf", "postgres")
    with Carga(detecta).en_marcha() as carga:
        carga.avanza()
        cluster.matar(nuevo)
        cluster.compose("up", "-d", "--no-deps", "postgres")
        (viejo,) = cluster.de("postgres")
        # Él solo no sabe que ya no lo es: espera a quien pueda decírselo.
        hasta(lambda: "esperando a postgres-replica" in cluster.registro(viejo), PACIENCIA)
        with pytest.raises(AssertionError):
            cluster.en("postgres", "pg_isready", "-q", "-h", "127.0.0.1")
        cluster.volver(nuevo)
        hasta(lambda: "es ahora el primario" in cluster.registro(viejo), PACIENCIA)
        carga.avanza()
    cuadra(cluster, carga.acuses, alertas(carga))


@pytest.mark.larga
def test_el_primario_viejo_vuelve_como_replica(cluster, detecta, alertas):
    cluster.compose("rm", "-sfv", "postgres")
    cluster.compose(
        "run",
        "--rm",
        "--no-deps",
        "--entrypoint",
        "find",
        "postgres",
        "/var/lib/postgresql/data",
        "-mindepth",
        "1",
        "-delete",
    )
    cluster.compose("up", "-d", "--no-deps", "postgres", PRIMARIO_POSTGRES="postgres-replica")
    cluster.en("postgres-replica", "psql", "-U", "postgres", "-c", "ALTER SYSTEM RESET synchronous_standby_names")
    cluster.en("postgres-replica", "psql", "-U", "postgres", "-c", "SELECT pg_reload_conf()")
    replicas = "SELECT application_name || ' ' || sync_state FROM pg_stat_replication"
    hasta(
        lambda: (
            cluster.en("postgres-replica", "psql", "-U", "postgres", "-Atc", replicas).split() == ["postgres", "quorum"]
        ),
        PACIENCIA,
    )
    with Carga(detecta).en_marcha() as carga:
        carga.avanza()
    libro = cuadra(cluster, carga.acuses, alertas(carga))
    assert any(hecho.tipo == ALERTA for hecho in libro)


@pytest.mark.larga
def test_perdida_la_replica_el_primario_arranca_sin_ella_si_se_le_dice(cluster, detecta, alertas):
    def primario(sentencia):
        cluster.en("postgres-replica", "psql", "-U", "postgres", "-Atc", sentencia)

    with Carga(detecta).en_marcha() as carga:
        carga.avanza()
        (replica,) = cluster.de("postgres")
        cluster.matar(replica)
        cluster.compose("rm", "-sf", "postgres-replica")
        cluster.compose("up", "-d", "--no-deps", "postgres-replica", SOLO_POSTGRES="postgres-replica")
        (solo,) = cluster.de("postgres-replica")
        hasta(lambda: cluster.estado(solo) == "healthy", PACIENCIA)
        primario("ALTER SYSTEM SET synchronous_standby_names = ''")
        primario("SELECT pg_reload_conf()")
        carga.avanza()
        # Buscar el nombre de una caída alarga cada conexión de quien verifica.
        cluster.volver(replica)
    cuadra(cluster, carga.acuses, alertas(carga))
