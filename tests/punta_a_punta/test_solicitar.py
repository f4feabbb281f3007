"""`senda solicitar` y `senda directorio`, como los usa una institución: sobre un despliegue embebido y sobre un bus."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from typer.testing import CliRunner

from contratos.campos import campos
from contratos.solicitudes import PETICIONES
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from infra.azar import AzarReal, AzarSembrado
from infra.mensajeria.acuses import Notaria
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes.base import Mensaje, TopologiaIncompatible, TransporteCaido
from infra.mensajeria.transportes.memoria import BrokerMemoria, TransporteMemoria
from infra.reloj import RelojReal
from senda import credencial as credenciales
from senda.cliente import Compuesta, Credencial, Enlace
from senda.composicion import mapa
from senda.demo.carpeta import MARCA
from senda.despliegue import claves_de
from senda.despliegue import leer as leer_despliegue
from senda.embebido import en_exclusiva, estrenar
from senda.orden import app, solicitar
from senda.ventanilla import destino
from senda.ventanilla.claves import ClavesDeServicio
from senda_verificar.orden import main as senda_verificar

RUTA = "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42"
SECRETO = "relato que solo viaja sellado"
PRESUNTA = {
    "nna": "no", "extranjera": "no", "idioma": "spa", "riesgo": "medio", "pais_deteccion": "gt",
    "territorio": "GT-01-0101", "relato": SECRETO,
}  # fmt: skip


def instituto(clave: str, **cambios: object) -> dict[str, object]:
    return {
        "codigo": "GT-CASA", "pais": "gt", "mandatos_inscritos": ["atencion"], "servicios": ["psicosocial"],
        "cobertura": ["GT-09"], "clave_firma": clave, **cambios,
    }  # fmt: skip


def otra_clave() -> str:
    return Credencial.generar("GT-CASA", AzarReal()).publica


@pytest.fixture(scope="module")
def carpeta(tmp_path_factory):
    """Un despliegue embebido recién estrenado, con la clave de la rectora donde la deja «senda instalar»."""
    lugar = tmp_path_factory.mktemp("despliegue")
    rectora = Credencial.generar("GT-SVET", AzarReal())
    estrenar(lugar, rectora, RelojReal(), AzarReal()).cerrar()
    credenciales.guardar(lugar / credenciales.CLAVE_RECTORA, rectora)
    return lugar


@pytest.fixture
def orden(carpeta):
    def correr(*argumentos: object, entrada: object = None, institucion: str = "GT-SVET", agente: str = "ag-7c1e90aa"):
        texto = entrada if isinstance(entrada, str) or entrada is None else json.dumps(entrada)
        entorno = {"SENDA_CARPETA": str(carpeta), "SENDA_INSTITUCION": institucion, "SENDA_AGENTE": agente}
        return CliRunner().invoke(app, [str(a) for a in argumentos], input=texto, env=entorno)

    return correr


def test_lo_que_se_acepta_sale_con_0_y_ya_esta_en_todas_partes(orden):
    clave = Credencial.generar("GT-CASA", AzarReal())

    resultado = orden("solicitar", "inscribir-institucion", "-a", "-", entrada=instituto(clave.publica))

    assert resultado.exit_code == solicitar.ACEPTADA
    assert "Institución inscrita" in resultado.output
    ficha = json.loads(orden("directorio", "ver", "GT-CASA", "--json").stdout)
    assert ficha["clave_firma"] == clave.publica
    assert (ficha["activa"], ficha["pendientes"], ficha["vencidas"]) == (True, 0, 0)


def test_lo_que_se_rechaza_sale_con_1_y_dice_codigo_campo_y_que_hacer(orden, carpeta, tmp_path):
    clave = Credencial.generar("GT-OTRA", AzarReal())
    orden("solicitar", "inscribir-institucion", "-a", "-", entrada=instituto(clave.publica, codigo="GT-OTRA"))
    credenciales.guardar(tmp_path / "otra.clave", clave)

    resultado = orden(
        "solicitar", "inscribir-institucion", "-a", "-", "--clave", tmp_path / "otra.clave", institucion="GT-OTRA",
        entrada=instituto(clave.publica, codigo="GT-MIA"),
    )  # fmt: skip

    assert resultado.exit_code == solicitar.RECHAZADA
    assert "sin-mandato" in resultado.output
    assert "campo: tipo" in resultado.output
    assert "qué hacer:" in resultado.output


def test_con_una_clave_que_no_es_la_inscrita_se_rechaza_la_firma(orden, tmp_path):
    credenciales.guardar(tmp_path / "ajena.clave", Credencial.generar("GT-SVET", AzarReal()))

    resultado = orden(
        "solicitar", "deteccion.detectar-presunta-victima", "-a", "-", "--clave", tmp_path / "ajena.clave",
        entrada=PRESUNTA,
    )  # fmt: skip

    assert resultado.exit_code == solicitar.RECHAZADA
    assert "firma-no-coincide" in resultado.output


def test_lo_sellado_no_se_ensena_ni_queda_en_claro_en_ninguna_parte(orden, carpeta):
    enviada = orden("solicitar", "detectar-presunta-victima", "-a", "-", entrada=PRESUNTA)
    seca = orden("solicitar", "detectar-presunta-victima", "-a", "-", "--seco", entrada=PRESUNTA)
    pedida = orden("solicitar", "detectar-presunta-victima", "-a", "-", "--seco", "--mostrar-sellado", entrada=PRESUNTA)

    assert enviada.exit_code == 0
    assert SECRETO not in enviada.output
    assert SECRETO not in seca.output
    assert SECRETO in pedida.stderr
    assert SECRETO not in pedida.stdout
    assert all(SECRETO.encode() not in a.read_bytes() for a in carpeta.rglob("*") if a.is_file())
    assert app.pretty_exceptions_show_locals is False


def test_lo_mal_pedido_sale_con_2_con_todos_los_defectos_y_sin_repetir_valores(orden, carpeta):
    antes = (carpeta / "deteccion.db").read_bytes()

    resultado = orden("solicitar", "detectar-presunta-victima", "-a", "-", entrada={"nna": SECRETO, "relatos": SECRETO})

    assert resultado.exit_code == solicitar.MAL_PEDIDA
    for campo in ("nna", "relatos", "extranjera", "idioma", "riesgo", "pais_deteccion"):
        assert f"✗ {campo}:" in resultado.output
    assert SECRETO not in resultado.output
    assert (carpeta / "deteccion.db").read_bytes() == antes


@pytest.mark.parametrize(
    ("argumentos", "dice"),
    [
        (["solicitar"], "--lista"),
        (["solicitar", "pedir-la-luna"], "no hay una petición"),
        (["solicitar", "rectificar-hecho"], "es de varias"),
        (["solicitar", "detectar-presunta-victim"], "detectar-presunta-victima"),
        (["solicitar", "detectar-presunta-victima"], "--archivo"),
        (["solicitar", "detectar-presunta-victima", "-a", "no-existe.json"], "no se puede leer"),
        (["solicitar", "detectar-presunta-victima", "-a", "-", "--amqp", "amqp://x"], "--servicios"),
        (["solicitar", "detectar-presunta-victima", "-a", "-", "--clave", "no-existe"], "--clave"),
        (["solicitar", "detectar-presunta-victima", "-a", "-", "--ocurrido", "ayer"], "--ocurrido"),
        (["solicitar", "detectar-presunta-victima", "-a", "-", "--carpeta", "no-existe"], "no hay un despliegue"),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else "",
)
def test_cada_cosa_mal_pedida_dice_que_hacer(orden, argumentos, dice):
    resultado = orden(*argumentos, entrada=PRESUNTA)

    assert resultado.exit_code == solicitar.MAL_PEDIDA
    assert dice in " ".join(resultado.output.split())


@pytest.mark.parametrize("agente", ["", "Juana", "ag-XYZ"])
def test_quien_actua_se_nombra_con_un_seudonimo(orden, agente):
    resultado = orden("solicitar", "detectar-presunta-victima", "-a", "-", agente=agente, entrada=PRESUNTA)

    assert resultado.exit_code == solicitar.MAL_PEDIDA
    assert "ag-7c1e90aa" in resultado.output
    assert "Juana" not in resultado.output


def test_un_json_roto_dice_donde_y_no_lo_repite(orden):
    resultado = orden("solicitar", "detectar-presunta-victima", "-a", "-", entrada='{"relato": "' + SECRETO)

    assert resultado.exit_code == solicitar.MAL_PEDIDA
    assert "línea 1" in resultado.output
    assert SECRETO not in resultado.output


def test_tambien_en_toml_con_fechas_de_toml(orden, tmp_path):
    archivo = tmp_path / "traslado.toml"
    archivo.write_text(f'ruta = "{RUTA}"\nfecha = 2026-05-03\nacompanante = "consulado"\n')

    resultado = orden("solicitar", "programar-traslado", "-a", archivo, "--seco", "--json")

    assert resultado.exit_code == 0, resultado.output
    assert json.loads(resultado.stdout)["cuerpo"]["datos"]["fecha"] == "2026-05-03"


def test_lo_guardado_se_reenvia_con_los_mismos_bytes_y_un_solo_efecto(orden, tmp_path):
    archivo = tmp_path / "solicitud.json"
    orden("solicitar", "detectar-presunta-victima", "-a", "-", "--seco", "--guardar", archivo, entrada=PRESUNTA)
    assert archivo.stat().st_mode & 0o777 == 0o600

    acuses = [orden("solicitar", "--reenviar", archivo, "--json").stdout for _ in range(2)]

    assert acuses[0] == acuses[1]
    assert json.loads(acuses[0])["resultado"] == "aceptada"


def test_los_recibos_guardados_obligan_al_libro(orden, carpeta, tmp_path, capsys):
    recibos, libro, claves = tmp_path / "recibos.jsonl", tmp_path / "libro", tmp_path / "libro.claves"
    pedir = ("solicitar", "detectar-presunta-victima", "-a", "-", "--recibos", recibos)
    assert [orden(*pedir, entrada=PRESUNTA).exit_code for _ in range(2)] == [0, 0]
    assert stat.S_IMODE(recibos.stat().st_mode) == 0o600
    assert orden("auditar", "exportar", libro, "--con-entradas").exit_code == 0
    claves.write_text(orden("auditar", "claves").stdout)
    verificar = [str(libro), "--clave", str(claves), "--recibos", str(recibos), "--json"]

    assert senda_verificar(verificar) == 0
    assert "2 recibos cumplidos" in capsys.readouterr().out

    assert orden(*pedir, entrada=PRESUNTA).exit_code == 0
    assert senda_verificar(verificar) == 1  # el libro entregado no trae lo que el tercero promete
    faltas = json.loads(capsys.readouterr().out)["faltas"]
    assert [(f["codigo"], f["donde"]) for f in faltas] == [("recibo-incumplido", "recibo")]


def test_lo_que_se_cuenta_tarde_no_nace_con_la_firma_caducada(orden):
    hace_mucho = (datetime.now(UTC) - timedelta(days=90)).isoformat()

    resultado = orden("solicitar", "detectar-presunta-victima", "-a", "-", "--ocurrido", hace_mucho, entrada=PRESUNTA)

    assert resultado.exit_code == 0, resultado.output


def test_preguntada_se_confirma_antes_de_enviar(orden, monkeypatch):
    monkeypatch.setattr(solicitar, "_hay_terminal", lambda: True)
    # A lo opcional, línea vacía: un campo nuevo no cambia la prueba.
    respuestas = [str(PRESUNTA[c.nombre]) if c.obligatorio else "" for c in campos(DetectarPresuntaVictima)]

    negada = orden("solicitar", "detectar-presunta-victima", entrada="\n".join([*respuestas, "no", ""]))
    enviada = orden("solicitar", "detectar-presunta-victima", entrada="\n".join([*respuestas, "sí", ""]))
    cortada = orden("solicitar", "detectar-presunta-victima", entrada="no\n")

    assert (negada.exit_code, cortada.exit_code) == (solicitar.MAL_PEDIDA, solicitar.MAL_PEDIDA)
    assert "no se envió nada" in negada.output
    assert "no se envió nada" in cortada.output
    assert enviada.exit_code == solicitar.ACEPTADA


def test_mientras_otro_proceso_lo_tiene_en_marcha_no_se_toca(orden, carpeta):
    with en_exclusiva(carpeta):
        resultado = orden("solicitar", "detectar-presunta-victima", "-a", "-", entrada=PRESUNTA)
        otro_todo = orden("todo", "--carpeta", carpeta)

    assert resultado.exit_code == solicitar.MAL_PEDIDA
    assert "en otro proceso" in resultado.output
    assert otro_todo.exit_code == 2


def test_en_una_demostracion_el_tiempo_sigue_desde_su_ultimo_hecho_y_no_se_espera_de_verdad(tmp_path):
    rectora = Credencial.generar("GT-SVET", AzarSembrado(1))
    estrenar(tmp_path, rectora, RelojReal(), AzarSembrado(1)).cerrar()
    (tmp_path / MARCA).touch()
    credenciales.guardar_todas(tmp_path, [rectora])
    opciones = ["--carpeta", str(tmp_path), "--institucion", "GT-SVET", "--agente", "ag-7c1e90aa", "--json"]
    CliRunner().invoke(app, ["solicitar", "detectar-presunta-victima", "-a", "-", *opciones], json.dumps(PRESUNTA))
    comienzo = RelojReal().monotono()

    resultado = CliRunner().invoke(
        app, ["solicitar", "aceptar-derivacion", "-a", "-", *opciones], json.dumps({"ruta": RUTA, "derivacion": RUTA})
    )

    assert resultado.exit_code == solicitar.RECHAZADA
    # El servicio espera cinco segundos a que llegue la ruta: aquí se saltan.
    assert RelojReal().monotono() - comienzo < 5


# --- Por un bus -------------------------------------------------------------------------------------------------------


@pytest.fixture
def bus(monkeypatch):
    """Un bus con las colas de los servicios, y nadie al otro lado."""
    broker = BrokerMemoria()
    monkeypatch.setattr(destino, "abrir", lambda _url: TransporteMemoria(broker))
    transporte = TransporteMemoria(broker)
    transporte.preparar(mapa())
    transporte.asegurar_cola(colas_de_institucion("GT-SVET")[0])
    return transporte


@pytest.fixture
def servicios(orden, tmp_path):
    archivo = tmp_path / "servicios.json"
    archivo.write_text(orden("credencial", "servicios").stdout)
    return archivo


def por_bus(orden, servicios, *mas: object):
    return orden(
        "solicitar", "detectar-presunta-victima", "-a", "-", "--amqp", "amqp://bus", "--servicios", servicios,
        "--clave", Path(servicios).parent / "rectora.clave", "--espera", "0.2", *mas, entrada=PRESUNTA,
    )  # fmt: skip


@pytest.fixture
def rectora(carpeta, servicios):
    """La clave de la rectora, fuera del despliegue."""
    copia = servicios.parent / "rectora.clave"
    copia.write_text((carpeta / credenciales.CLAVE_RECTORA).read_text())
    copia.chmod(0o600)
    return copia


def test_sin_acuse_a_tiempo_sale_con_3_y_no_se_lleva_los_ajenos(orden, bus, servicios, rectora):
    bus.publicar([Mensaje(mapa().nombres.acuses, "GT-SVET", "acuse", b"{}", "otro")])

    resultado = por_bus(orden, servicios)

    assert resultado.exit_code == solicitar.SIN_ACUSE
    assert "ahí siguen: 1." in " ".join(resultado.output.split())
    assert bus.pendientes(mapa().nombres.acuses_de("GT-SVET")) == 1
    assert bus.pendientes(mapa().nombres.solicitudes_de("deteccion")) == 1


def test_a_una_institucion_que_no_puede_declarar_colas_le_basta_con_que_la_suya_exista(
    orden, bus, servicios, rectora, monkeypatch
):
    def sin_permiso(*_):
        raise TopologiaIncompatible("falta permiso")

    monkeypatch.setattr(TransporteMemoria, "asegurar_cola", sin_permiso)

    assert por_bus(orden, servicios).exit_code == solicitar.SIN_ACUSE


def test_si_el_servicio_no_esta_en_ese_bus_no_se_envia_nada(orden, monkeypatch, servicios, rectora):
    monkeypatch.setattr(destino, "abrir", lambda _url: TransporteMemoria(BrokerMemoria()))

    assert por_bus(orden, servicios).exit_code == solicitar.MAL_PEDIDA


def test_sin_conexion_no_se_envio_nada_y_si_se_corta_despues_no_se_sabe(orden, bus, servicios, rectora, monkeypatch):
    def caido(*_):
        raise TransporteCaido("se perdió la conexión")

    monkeypatch.setattr(TransporteMemoria, "recibir", caido)
    cortada = por_bus(orden, servicios)
    monkeypatch.setattr(TransporteMemoria, "existe", caido)
    sin_conexion = por_bus(orden, servicios)

    assert cortada.exit_code == solicitar.SIN_ACUSE
    assert "--reenviar" in cortada.output
    assert sin_conexion.exit_code == solicitar.MAL_PEDIDA


def test_una_direccion_que_no_es_de_un_bus_se_dice(orden, servicios, rectora):
    resultado = orden(
        "solicitar", "detectar-presunta-victima", "-a", "-", "--amqp", "http://bus", "--servicios", servicios,
        "--clave", rectora, entrada=PRESUNTA,
    )  # fmt: skip

    assert resultado.exit_code == solicitar.MAL_PEDIDA
    assert "amqp://" in resultado.output


def test_solo_se_cree_el_acuse_que_firmo_el_servicio_sobre_estos_bytes(carpeta, bus):
    compuesta = Compuesta("id-1", "deteccion", b"{}", "firma")
    despliegue = leer_despliegue(carpeta)
    claves = ClavesDeServicio.de_despliegue(despliegue)
    suyas = claves_de(carpeta, "deteccion")
    huella = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

    def acuse(servicio: str = "deteccion", origen: str = "/gt/deteccion", de: str = huella, claves_de_firma=suyas):
        notaria = Notaria(servicio, origen, claves_de_firma)
        hecho = notaria.rechazada(de, "GT-SVET", "id-1", "codigo", "campo", "haz", datetime.now(UTC))
        enlace = Enlace(bus, mapa().nombres)
        bus.publicar([Mensaje(enlace.nombres.acuses, "GT-SVET", "acuse", hecho.cuerpo, "m", {"firma": hecho.firma})])
        [entrega] = bus.recibir(enlace.nombres.acuses_de("GT-SVET"), 1)
        return destino.reconocer(entrega, compuesta, claves)

    bueno = acuse()
    assert bueno is not None
    assert bueno.codigo == "codigo"
    assert acuse(claves_de_firma=claves_de(carpeta, "justicia")) is None
    assert acuse(servicio="justicia", origen="/gt/justicia", claves_de_firma=claves_de(carpeta, "justicia")) is None
    assert acuse(de="0" * 64) is None
    assert acuse(origen="/gt/otro") is None


# --- Sin enviar nada --------------------------------------------------------------------------------------------------


def test_la_lista_dice_todo_lo_que_se_puede_pedir_y_quien(orden):
    lista = json.loads(orden("solicitar", "--lista", "--json").stdout)

    assert {p["tipo"] for p in lista} == set(PETICIONES)
    assert next(p for p in lista if p["tipo"].endswith("autorizar-proteccion.v1"))["mandatos"] == ["judicatura"]
    assert "aceptar-derivacion" in orden("solicitar", "--lista").output


def test_el_esquema_es_un_json_schema_que_marca_lo_sellado(orden):
    from jsonschema_rs import Draft202012Validator

    esquema = json.loads(orden("solicitar", "detectar-presunta-victima", "--esquema", "--json").stdout)

    propiedades = esquema["$defs"]["DetectarPresuntaVictima"]["properties"]
    assert propiedades["relato"]["x-sellado"] is True
    assert "x-sellado" not in propiedades["nna"]
    validador = Draft202012Validator(esquema)
    assert validador.is_valid(PRESUNTA)
    assert not validador.is_valid(PRESUNTA | {"nna": "quiza"})
    assert "sellado" in orden("solicitar", "detectar-presunta-victima", "--esquema").output


def test_una_clave_nueva_dice_la_publica_y_guarda_la_privada(orden, tmp_path):
    archivo = tmp_path / "nueva.clave"

    publica = orden("credencial", "nueva", "GT-NUEVA", "--archivo", archivo).stdout.strip()

    assert credenciales.leer(archivo, "GT-NUEVA").publica == publica
    assert orden("credencial", "publica", "GT-NUEVA", archivo).stdout.strip() == publica
    assert orden("credencial", "nueva", "GT-NUEVA", "--archivo", archivo).exit_code == 2


@pytest.mark.parametrize(
    ("filtro", "estan"),
    [
        (["--servicio", "psicosocial"], True),
        (["--servicio", "salud"], False),
        (["--mandato", "atencion"], True),
        (["--mandato", "judicatura"], False),
        (["--territorio", "GT-09"], True),
        (["--territorio", "GT-09-0901"], True),
        (["--territorio", "GT"], True),
        (["--territorio", "GT-01"], False),
    ],
    ids=lambda v: " ".join(v) if isinstance(v, list) else str(v),
)
def test_el_directorio_se_filtra_por_servicio_mandato_y_territorio(orden, filtro, estan):
    orden("solicitar", "inscribir-institucion", "-a", "-", entrada=instituto(otra_clave(), codigo="GT-FILTRO"))

    halladas = json.loads(orden("directorio", *filtro, "--json").stdout)

    assert ("GT-FILTRO" in {f["codigo"] for f in halladas}) is estan


def test_una_suspendida_sigue_en_el_directorio_y_se_ve(orden):
    orden("solicitar", "inscribir-institucion", "-a", "-", entrada=instituto(otra_clave(), codigo="GT-SUSP"))
    orden("solicitar", "suspender-institucion", "-a", "-", entrada={"codigo": "GT-SUSP", "motivo": "sin-habilitacion"})

    assert json.loads(orden("directorio", "ver", "GT-SUSP", "--json").stdout)["activa"] is False
    assert "suspendida" in orden("directorio").output
    assert orden("directorio", "ver", "GT-NADIE").exit_code == 1
