"""De extremo a extremo, con PostgreSQL de verdad: copia base, WAL archivado y restauración a un instante.

Las claves de las personas están en otro servidor, y no se restauran con los hechos.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import make_url

from senda.arranque import montar
from senda.composicion import CONTEXTOS
from senda.despliegue import ARCHIVO, leer
from senda.reparto import repartir
from senda.restauracion.hallazgos import Codigo, Veredicto
from senda.restauracion.linea import BaseRestaurada
from tests.cluster_archivado import ClusterArchivado
from tests.integracion.boveda.pais import Pais
from tests.integracion.restauracion.ensayo import Ensayo, acuse_de, mover
from tests.integracion.restauracion.test_colas import con_bus
from tests.integracion.restauracion.test_orden import correr
from tests.integracion.restauracion.test_recuperar import codigos, continuar, hechos, mirar, reponer
from tests.servidores_propios import Servidor, apagar

pytestmark = pytest.mark.real
#: Lo que `make respaldo` corre además: otro clúster por prueba.
entero = pytest.mark.skipif("SENDA_RESPALDO" not in os.environ, reason="va en «make respaldo»")


@pytest.fixture
def cluster() -> Iterator[ClusterArchivado]:
    """Fuera de tmp_path, en la que no puede entrar el usuario de PostgreSQL."""
    carpeta = Path(os.environ["SENDA_PRUEBAS_CARPETA"]) / f"archivado-{uuid4().hex[:8]}"
    archivado = ClusterArchivado.estrenar(carpeta)
    yield archivado
    archivado.apagar()
    shutil.rmtree(carpeta, ignore_errors=True)


@pytest.fixture
def prefijo(url_base: str) -> Iterator[str]:
    """El de esta prueba, cuyo llavero va en el servidor de la corrida."""
    suyo = f"r{uuid4().hex[:8]}."
    yield suyo
    rol = f"senda_{suyo[:-1]}_llavero"
    motor = sa.create_engine(url_base, poolclass=sa.NullPool)
    with motor.begin() as conexion:
        conexion.execute(sa.text(f"DROP OWNED BY {rol} CASCADE"))
        conexion.execute(sa.text(f"DROP ROLE {rol}"))


def hacia(carpeta: Path, servidor: Servidor, servicios: tuple[str, ...]) -> None:
    """Las bases de esos servicios, en otro servidor: el que se restauró."""
    escrito = json.loads((carpeta / ARCHIVO).read_text())
    for nombre in servicios:
        url = make_url(escrito["bases"][nombre]["url"]).set(port=make_url(servidor.url).port)
        escrito["bases"][nombre]["url"] = url.render_as_string(hide_password=False)
    (carpeta / ARCHIVO).write_text(json.dumps(escrito))


@pytest.fixture
def arrancar(url_amqp: str) -> Callable[..., None]:
    """Lo que hace cada servicio al arrancar, antes de atender nada."""

    def probar(carpeta: Path, *servicios: str) -> None:
        # El bus de la carpeta es el de un solo proceso, y así no se arranca un servicio suelto.
        otra = mover(carpeta, carpeta.with_name(f"{carpeta.name}-{uuid4().hex[:6]}"))
        con_bus(otra, url_amqp, "")
        for servicio in servicios or CONTEXTOS:
            anfitrion = montar(otra, servicio, 0)
            try:
                anfitrion.al_preparar()
            finally:
                anfitrion.estacion.cerrar()

    return probar


def test_restaurar_a_un_instante_y_continuar_el_mismo_libro(cluster, arrancar, url_base, prefijo, tmp_path) -> None:
    ensayo = Ensayo(Pais(tmp_path / "vivo", cluster.url, url_base, prefijo), tmp_path / "fuera")
    copia = cluster.copiar()
    ensayo.empezar()
    arrancar(tmp_path / "vivo")
    t = cluster.instante()
    ensayo.seguir()
    ensayo.pais.cerrar()
    cluster.archivar()
    todos = tuple(leer(tmp_path / "vivo").bases.keys() - {"llavero"})
    al_final = {s: hechos(tmp_path / "vivo", s) for s in CONTEXTOS}
    bueno = mirar(tmp_path / "vivo")
    assert not bueno.hallazgos

    restaurado = cluster.restaurar(copia, t)
    try:
        # Restaurado solo un servicio: los demás siguen en el servidor de siempre, y al libro no le falta nada.
        uno = mover(tmp_path / "vivo", tmp_path / "uno")
        hacia(uno, restaurado, ("coordinacion",))
        with pytest.raises(BaseRestaurada, match="origen-atrasado"):
            arrancar(uno, "coordinacion")
        arrancar(uno, "deteccion")  # la suya no es otra
        cluster.apagar()
        carpeta = mover(tmp_path / "vivo", tmp_path / "roto")
        hacia(carpeta, restaurado, todos)
        informe = mirar(carpeta, ensayo.punto)
        assert informe.veredicto is Veredicto.INCOMPLETO
        assert {Codigo.LIBRO_CORTO, Codigo.DESTRUCCION_SIN_CONTAR} <= codigos(informe)
        assert {len(hechos(carpeta, s)) < len(al_final[s]) for s in ("deteccion", "coordinacion")} == {True}
        for servicio in CONTEXTOS:
            with pytest.raises(BaseRestaurada, match="libro-corto"):
                arrancar(carpeta, servicio)
        hecho = reponer(carpeta, ensayo.entero)
        assert not hecho.despues.hallazgos
        assert (hecho.despues.tamano, hecho.despues.raiz) == (bueno.tamano, bueno.raiz)
        assert {s: hechos(carpeta, s) for s in CONTEXTOS} == al_final
        arrancar(carpeta)
        pais = continuar(carpeta, ensayo)
        cuantos = len(hechos(carpeta, "deteccion"))
        assert acuse_de(pais, ensayo.tras_t) in ensayo.recibos
        assert len(hechos(carpeta, "deteccion")) == cuantos
        assert pais.sistema.llavero.obtener(ensayo.destruida) is None
        assert pais.sistema.llavero.obtener(ensayo.antes_de_t) is not None
        pais.cerrar()
        ensayo.refrendar(carpeta)
        assert not ensayo.verificar(carpeta, tmp_path / "libro").faltas
    finally:
        apagar(restaurado)


@entero
def test_con_las_claves_en_el_mismo_servidor_restaurarlo_las_pierde_todas(cluster, tmp_path) -> None:
    """Lo que hacía una instalación sin --llavero: por qué no ha de restaurarse así, y que se dice antes de arrancar."""
    ensayo = Ensayo(Pais(tmp_path / "vivo", cluster.url, None, "junto."), tmp_path / "fuera")
    copia = cluster.copiar()
    ensayo.empezar()
    t = cluster.instante()
    ensayo.seguir()
    ensayo.pais.cerrar()
    assert codigos(mirar(tmp_path / "vivo")) == {Codigo.CLAVES_JUNTAS}
    cluster.archivar()
    restaurado = cluster.restaurar(copia, t)
    try:
        carpeta = mover(tmp_path / "vivo", tmp_path / "roto")
        hacia(carpeta, restaurado, tuple(leer(carpeta).bases))
        assert {Codigo.CLAVES_JUNTAS, Codigo.CLAVES_DE_OTRA_EPOCA} <= codigos(mirar(carpeta))
    finally:
        apagar(restaurado)


@entero
def test_una_replica_promovida_que_no_perdio_nada_pasa_sola(cluster, arrancar, url_base, prefijo, tmp_path) -> None:
    """Estrena línea de tiempo igual que una copia restaurada: se comprueba y, si está completa, no detiene a nadie."""
    ensayo = Ensayo(Pais(tmp_path / "vivo", cluster.url, url_base, prefijo), tmp_path / "fuera")
    copia = cluster.copiar()
    ensayo.empezar()
    arrancar(tmp_path / "vivo")
    ensayo.seguir()
    ensayo.pais.cerrar()
    cluster.archivar()
    promovida = cluster.restaurar(copia, None)
    try:
        carpeta = mover(tmp_path / "vivo", tmp_path / "promovida")
        hacia(carpeta, promovida, tuple(leer(carpeta).bases.keys() - {"llavero"}))
        # Repartidas, ninguno ve las de los demás: lo acepta quien las tiene todas.
        repartir(mover(carpeta, tmp_path / "admin"), tmp_path / "reparto", tmp_path / "maestra")
        for servicio in CONTEXTOS:
            with pytest.raises(BaseRestaurada, match="no se pudo comprobar"):
                arrancar(tmp_path / "reparto" / servicio, servicio)
        assert correr("comprobar-restauracion", carpeta).exit_code == 0
        with pytest.raises(BaseRestaurada):
            arrancar(tmp_path / "reparto" / "atencion", "atencion")
        assert correr("comprobar-restauracion", tmp_path / "admin", "--aceptar").exit_code == 0
        for servicio in CONTEXTOS:
            arrancar(tmp_path / "reparto" / servicio, servicio)
    finally:
        apagar(promovida)
