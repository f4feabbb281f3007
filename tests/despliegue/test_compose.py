"""docker-compose.yml de verdad: cada contenedor encerrado, y una ruta entera por el bus con TLS y por el portal."""

from __future__ import annotations

import ssl
from uuid import UUID

import pytest
from kombu.connection import Connection

from contratos.solicitudes.coordinacion import AceptarDerivacion, RecibirDerivacion
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.tipos import NivelRiesgo, SiNo
from senda.composicion import CONTEXTOS
from tests.despliegue.contenedores import DE_UNA_VEZ, servicio_de
from tests.despliegue.cuentas import cuadra
from tests.despliegue.motor import IMAGEN

pytestmark = [pytest.mark.real, pytest.mark.timeout(1800)]


def test_ningun_contenedor_es_root_ni_puede_serlo_ni_escribe_donde_no_debe(sencillo):
    todos = sencillo.todos()
    assert {servicio_de(uno) for uno in todos.values()} > {*CONTEXTOS, *DE_UNA_VEZ, "portal", "boveda", "rabbitmq"}
    for nombre, uno in todos.items():
        anfitrion = uno["HostConfig"]
        assert uno["Config"]["User"].split(":")[0] not in {"", "0", "root"}, nombre
        assert anfitrion["ReadonlyRootfs"], nombre
        assert anfitrion["CapDrop"] == ["ALL"], nombre
        assert not anfitrion["CapAdd"], nombre
        assert "no-new-privileges:true" in anfitrion["SecurityOpt"], nombre
        assert anfitrion["Memory"] > 0, nombre
        assert anfitrion["PidsLimit"] > 0, nombre
        assert not anfitrion["Privileged"], nombre
        if servicio_de(uno) in DE_UNA_VEZ:
            assert uno["State"]["ExitCode"] == 0, nombre
            continue
        assert uno["State"]["Health"]["Status"] == "healthy", nombre
        # Lo que el núcleo dice del proceso, no lo que se pidió.
        estado = dict(
            linea.split(":\t", 1)
            for linea in sencillo.en(servicio_de(uno), "cat", "/proc/1/status").splitlines()
            if ":\t" in linea
        )
        assert estado["Uid"].split()[0] != "0", nombre
        assert (int(estado["CapEff"], 16), int(estado["CapBnd"], 16), estado["NoNewPrivs"]) == (0, 0, "1"), nombre


def test_cada_servicio_lleva_lo_suyo_y_nada_se_escribe_en_claro(sencillo):
    hay = sencillo.en("deteccion", "find", "/srv/senda", "-name", "*.key").split()
    assert hay == ["/srv/senda/tls/deteccion.key"]
    assert sencillo.en("deteccion", "ls", "/srv/senda/claves").split() == ["deteccion"]
    # Ni la contraseña de quien instala ni la de los demás están en el entorno de nadie.
    secretas = [
        sencillo.en("administracion", "cat", f"/secretos/instalar/{cual}").strip() for cual in ("postgres", "rabbitmq")
    ]
    for nombre, uno in sencillo.todos().items():
        visible = " ".join([*uno["Config"]["Env"], *(uno["Config"]["Cmd"] or [])])
        assert not any(secreta in visible for secreta in secretas), nombre


def test_sin_tls_o_sin_certificado_no_se_entra(sencillo):
    sin_tls = 'psql "host=postgres user=postgres dbname=senda sslmode=disable" -c "SELECT 1" 2>&1; true'
    assert "no pg_hba.conf entry" in sencillo.en("postgres", "sh", "-c", sin_tls)
    puerto = sencillo.servicios.port_for("rabbitmq", 5671)
    for seguro in (False, {"cert_reqs": ssl.CERT_NONE}):
        conexion = Connection("127.0.0.1", port=puerto, userid="guest", password="guest", ssl=seguro, connect_timeout=9)
        with pytest.raises(Exception, match=r"."), conexion:
            conexion.transport.establish_connection()


def test_una_ruta_entera_acaba_en_el_libro(sencillo, rectora_de_sencillo):
    detecta = rectora_de_sencillo.inscribir("GT-DETECTA", sencillo, atiende=False)
    atiende = rectora_de_sencillo.inscribir("GT-ATIENDE", sencillo, atiende=True)
    detectada = detecta.pedir(
        DetectarPresuntaVictima(
            nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.MEDIO, pais_deteccion="gt"
        )
    )
    encargo = next(a for a in atiende.avisos() if "derivacion" in a)
    assert encargo["ruta"] == detectada.eventos[0].sujeto
    suyo = {"ruta": UUID(encargo["ruta"]), "derivacion": UUID(encargo["derivacion"])}
    acuses = [detectada, atiende.pedir(RecibirDerivacion(**suyo)), atiende.pedir(AceptarDerivacion(**suyo))]
    libro = cuadra(sencillo, acuses)
    assert {"/gt/deteccion", "/gt/coordinacion"} <= {hecho.origen for hecho in libro}
    assert "aceptada" in sencillo.en("administracion", "senda", "ruta", encargo["ruta"]).lower()


def test_la_matriz_de_permisos_y_repetir_la_instalacion_no_cambian_nada(sencillo):
    # A quien se inscribió le falta su certificado: sin él no se llega ni a decir una contraseña.
    sencillo.en("administracion", "senda", "bus", "certificados")
    sencillo.en("administracion", "senda", "bus", "matriz")
    antes = sencillo.en("administracion", "cat", "/srv/senda/despliegue.json")
    sencillo.compose("run", "--rm", "instalar")
    assert sencillo.en("administracion", "cat", "/srv/senda/despliegue.json") == antes
    assert sencillo.verificado()["verificado"]


@pytest.mark.larga
def test_llevar_las_bases_quiere_los_servicios_parados_salvo_que_se_diga(sencillo):
    def atrasar() -> None:
        sencillo.en(
            "postgres", "psql", "-U", "postgres", "-d", "senda", "-v", "ON_ERROR_STOP=1", "-c",
            "DROP TABLE senda_justicia.repuestas",
            "-c", "UPDATE senda_justicia.version_esquema SET version_num = '004' WHERE version_num = '005'",
        )  # fmt: skip

    def andan() -> set[str]:
        return {servicio_de(uno) for uno in sencillo.todos().values() if uno["State"]["Running"]}

    atrasar()
    antes = sencillo.todos().keys(), andan()
    negado = sencillo.actualizar(IMAGEN)
    assert negado.returncode == 1
    assert "No se migra con servicios en marcha" in negado.stderr
    assert (sencillo.todos().keys(), andan()) == antes
    en_marcha = sencillo.actualizar(IMAGEN, SENDA_MIGRAR_EN_MARCHA="1")
    assert en_marcha.returncode == 0, en_marcha.stderr[-1500:]
    atrasar()
    sencillo.compose("stop", *CONTEXTOS, "portal")
    assert not andan() & {*CONTEXTOS, "portal"}
    parados = sencillo.actualizar(IMAGEN)
    assert parados.returncode == 0, parados.stderr[-1500:]
    assert andan() == antes[1]
    for servicio in CONTEXTOS:
        assert sencillo.listo(sencillo.de(servicio)[0])
    assert sencillo.verificado()["verificado"]
