"""Nadie inventa lo que una institución dijo, ni calla lo que se le acusó; quien miente tiene las claves del sistema."""

from __future__ import annotations

import json
from base64 import b64decode

import pytest

from tests.unidad.verificador.juicio import IMPOSTORA, cuentan, en, juzgar, verificar
from tests.unidad.verificador.mundo import Escribano, cerrar, empezado
from tests.unidad.verificador.piezas import (
    COORDINACION,
    DETECCION,
    JUSTICIA,
    MP,
    PNC,
    b64,
    claves,
    compacto,
    jws,
    poner,
)


@pytest.fixture
def libro() -> Escribano:
    return empezado(257)


# --- lo que se atribuye a una institución


def test_un_acto_sin_solicitud(libro, tmp_path):
    donde = en(libro)
    libro.hecho(JUSTICIA, PNC)
    cuentan(libro, tmp_path, [("acto-sin-solicitud", *donde)])


def test_un_acto_de_una_solicitud_que_no_esta(libro, tmp_path):
    donde = en(libro)
    libro.hecho(JUSTICIA, PNC, causa="ab" * 32)
    cuentan(libro, tmp_path, [("solicitud-ausente", *donde)])


def test_lo_de_la_boveda_y_lo_del_sistema_no_llevan_solicitud_y_se_cuentan(libro, tmp_path):
    libro.hecho(JUSTICIA, PNC, tipo="senda.seguridad.clave-destruida.v1")
    informe = verificar(cerrar(libro).escribir(tmp_path))
    assert informe.correcto
    assert "1 actos de la bóveda: constan en ella, no en solicitudes firmadas" in informe.sin_comprobar


def test_una_solicitud_alterada(libro, tmp_path):
    donde = en(libro)
    fila = libro.filas[libro.pedir(JUSTICIA, PNC)]
    fila["cuerpo"] = b64(b64decode(fila["cuerpo"]).replace(b"ag-1", b"ag-2"))
    cuentan(libro, tmp_path, [("solicitud-alterada", *donde)])


def test_una_solicitud_que_causo_varios_hechos_se_senala_en_cada_uno(libro, tmp_path):
    desde = libro.ultimos[JUSTICIA][0]
    libro.filas[libro.pedir(JUSTICIA, PNC, hechos=3)]["firma"] = "x.y.z"
    cuentan(libro, tmp_path, [("firma-de-institucion", "solicitud", JUSTICIA, desde + i) for i in (1, 2, 3)])


@pytest.mark.parametrize(
    "mentira",
    [
        {"firma_de": IMPOSTORA},
        {"firma_de": MP},
        {"kid": MP},
        {"servicio": "deteccion"},
    ],
    ids=["otra clave", "otra institución", "otro firmante", "otro servicio"],
)
def test_una_firma_que_no_es_la_de_su_institucion_para_ese_servicio(libro, tmp_path, mentira):
    donde = en(libro)
    libro.pedir(JUSTICIA, PNC, **mentira)
    cuentan(libro, tmp_path, [("firma-de-institucion", *donde)])


def test_un_acto_atribuido_a_otra_que_la_que_firmo(libro, tmp_path):
    donde = en(libro)
    libro.pedir(JUSTICIA, PNC, atribuida_a=MP)
    cuentan(libro, tmp_path, [("firma-de-institucion", *donde)])


def test_un_acto_atribuido_a_otro_agente_que_el_que_firmo(libro, tmp_path):
    donde = en(libro)
    libro.pedir(JUSTICIA, PNC, agente="ag-9")
    cuentan(libro, tmp_path, [("solicitud-alterada", *donde)])


def test_la_solicitud_de_un_servicio_no_vale_para_un_hecho_de_otro_aunque_ya_se_abriera(libro, tmp_path):
    huella = libro.pedir(JUSTICIA, PNC)
    donde = en(libro, DETECCION)
    libro.hecho(DETECCION, PNC, causa=huella)
    # El acuse que la acompaña lo firmó el otro origen.
    cuentan(libro, tmp_path, [("recibo-falso", *donde)])


def test_la_solicitud_de_una_institucion_no_vale_para_el_hecho_de_otra_aunque_ya_se_abriera(libro, tmp_path):
    huella = libro.pedir(JUSTICIA, PNC)
    donde = en(libro)
    libro.hecho(JUSTICIA, MP, causa=huella)
    cuentan(libro, tmp_path, [("firma-de-institucion", *donde)])


def test_un_hecho_de_mas_que_el_acuse_no_nombra(libro, tmp_path):
    """Con una solicitud verdadera, quien opera añade otro hecho: la institución guarda un acuse que no lo dice."""
    huella = libro.pedir(JUSTICIA, PNC)
    donde = en(libro)
    libro.hecho(JUSTICIA, PNC, causa=huella)
    cuentan(libro, tmp_path, [("recibo-incumplido", *donde)])


def test_un_acuse_que_calla(libro, tmp_path):
    donde = en(libro)
    libro.pedir(JUSTICIA, PNC, calla=True)
    cuentan(libro, tmp_path, [("recibo-incumplido", *donde)])


def test_el_acuse_de_otra_solicitud(libro, tmp_path):
    otra = libro.filas[libro.pedir(JUSTICIA, MP)]
    donde = en(libro)
    libro.filas[libro.pedir(JUSTICIA, PNC)] |= {c: otra[c] for c in ("acuse", "firma_acuse")}
    cuentan(libro, tmp_path, [("recibo-falso", *donde)])


@pytest.mark.parametrize("mentira", [{"acuse_de": IMPOSTORA}, {"acuse_de": DETECCION}])
def test_un_acuse_que_no_firmo_ese_origen(libro, tmp_path, mentira):
    donde = en(libro)
    libro.pedir(JUSTICIA, PNC, **mentira)
    cuentan(libro, tmp_path, [("recibo-falso", *donde)])


@pytest.mark.parametrize("cuerpo", [b"[]", b"7", b"{", b"\xff", b"[" * 100_000, b'{"id":"a","id":"b"}', b"NaN"])
def test_lo_firmado_no_es_una_solicitud(libro, tmp_path, cuerpo):
    donde = en(libro)
    libro.pedir(JUSTICIA, PNC, cuerpo=cuerpo)
    cuentan(libro, tmp_path, [("solicitud-alterada", *donde)])


@pytest.mark.parametrize("acuse", [b"[]", b"7", b"{", b'{"eventos":7}', b'{"eventos":[7]}', b"[" * 100_000])
def test_un_acuse_que_no_lo_es(libro, tmp_path, acuse):
    donde = en(libro)
    fila = libro.filas[libro.pedir(JUSTICIA, PNC)]
    fila |= {"acuse": b64(acuse), "firma_acuse": jws(acuse, JUSTICIA, JUSTICIA, "acuses", "1")}
    cuentan(libro, tmp_path, [("recibo-falso", *donde)])


@pytest.mark.parametrize(
    "cuerpo",
    [b"[]", b"{}", b"{", b"\xff\xfe", '{"data":{}}'.encode("utf-16"), b'{"id":7,"data":{}}', b'{"data":{},"data":{}}',
     b"[" * 60_000],
)  # fmt: skip
def test_un_sobre_que_no_se_lee_de_una_sola_manera(libro, tmp_path, cuerpo):
    _, *sitio = en(libro)
    libro.anotar(JUSTICIA, cuerpo)
    cuentan(libro, tmp_path, [("fila-ilegible", "libro", *sitio)])


def test_un_sobre_que_dice_ser_de_otro_origen(libro, tmp_path):
    donde = en(libro)
    libro.hecho(JUSTICIA, source=DETECCION)
    cuentan(libro, tmp_path, [("origen-alterado", *donde)])


def test_un_origen_inventado(libro, tmp_path):
    """El acto y su solicitud, verdaderos, contados otra vez por un servicio que no existe."""
    libro.pedir("/xx/justicia", PNC, hechos=2)
    cuentan(libro, tmp_path, [("origen-alterado", "libro", "/xx/justicia", 1)])


def test_sin_origenes_en_las_claves_no_se_sabe_cuales_son(libro, tmp_path):
    sueltas = "\n".join(linea for linea in claves().split("\n") if not linea.startswith("origen "))
    libro.pedir("/xx/justicia", PNC)
    assert juzgar(cerrar(libro).escribir(tmp_path), sueltas) == []


def test_de_una_clave_destruida_se_dice_cuantas_firmas_ya_no_se_ven(libro, tmp_path):
    libro.filas[libro.pedir(JUSTICIA, PNC, hechos=2)]["cuerpo"] = ""
    libro.hecho(COORDINACION, tipo="senda.seguridad.clave-destruida.v1")
    informe = verificar(cerrar(libro).escribir(tmp_path))
    assert informe.correcto
    dicho = "la firma de 2 actos cuya solicitud ya no se puede abrir (se destruyó la clave)"
    assert dicho in informe.sin_comprobar


def test_sin_lo_firmado_y_sin_que_conste_por_que(libro, tmp_path):
    """Decir que se destruyó una clave no basta: ha de constar en el libro, y de esa ruta."""
    donde = en(libro)
    libro.filas[libro.pedir(JUSTICIA, PNC)]["cuerpo"] = ""
    libro.hecho(COORDINACION, tipo="senda.seguridad.clave-destruida.v1", sujeto="otra ruta")
    cuentan(libro, tmp_path, [("solicitud-ausente", *donde)])


def test_la_solicitud_de_una_ruta_no_vale_para_otra(libro, tmp_path):
    pedido = {"id": "p-1", "institucion": PNC, "agente": "ag-1", "datos": {"ruta": "la que pidió"}}
    donde = en(libro)
    huella = libro.pedir(JUSTICIA, PNC, cuerpo=compacto(pedido), data={"ruta": "otra"})
    libro.filas[huella]["firma"] = jws(compacto(pedido), PNC, PNC, "justicia", "p-1")
    cuentan(libro, tmp_path, [("otra-ruta", *donde)])


def firmada(libro: Escribano, pedido: dict[str, object], **mas) -> None:
    """Lo que firmó una institución, palabra por palabra, y un hecho que se le atribuye."""
    cuerpo = compacto({"id": "p-1", "institucion": PNC, "agente": "ag-1", **pedido})
    libro.filas[libro.pedir(JUSTICIA, PNC, cuerpo=cuerpo, **mas)]["firma"] = jws(cuerpo, PNC, PNC, "justicia", "p-1")


@pytest.mark.parametrize("data", [{}, {"ruta": "ruta-1"}, {"ruta": "ruta-2"}], ids=["sin ruta", "la pedida", "la otra"])
def test_un_acto_firmado_no_se_muda_a_la_ruta_de_otra_persona(libro, tmp_path, data):
    donde = en(libro)
    firmada(libro, {"datos": {"ruta": "ruta-1"}}, sujeto="ruta-2", data=data)
    cuentan(libro, tmp_path, [("otra-ruta", *donde)])


def test_la_ruta_pedida_se_puede_escribir_de_otra_manera(libro, tmp_path):
    ruta = "0190a1b2-c3d4-7e5f-8a6b-7c8d9e0f1a2b"
    firmada(libro, {"datos": {"ruta": ruta.upper()}}, sujeto=ruta, data={"ruta": ruta})
    cuentan(libro, tmp_path, [])


FIRMADO = "2026-05-03T14:20:00-06:00"


@pytest.mark.parametrize(
    "time", ["2026-05-03T20:20:01Z", "2026-05-03T14:20:00Z", "2026-05-03T20:20:00", "", None, 7, [], "ayer"]
)
def test_no_se_cambia_cuando_ocurrio_lo_firmado(libro, tmp_path, time):
    donde = en(libro)
    firmada(libro, {"ocurrido": FIRMADO}, time=time)
    cuentan(libro, tmp_path, [("solicitud-alterada", *donde)])


@pytest.mark.parametrize(
    ("ocurrido", "time"),
    [
        (FIRMADO, "2026-05-03T20:20:00Z"),
        ("2026-05-03t14:20:00z", "2026-05-03T14:20:00Z"),
        ("2026-05-03T14:20:00.9999999Z", "2026-05-03T14:20:01Z"),
    ],
    ids=["otra zona", "minúsculas", "más cifras de las que se guardan"],
)
def test_el_mismo_instante_escrito_de_otra_manera(libro, tmp_path, ocurrido, time):
    firmada(libro, {"ocurrido": ocurrido}, time=time)
    cuentan(libro, tmp_path, [])


@pytest.mark.parametrize(
    "evento",
    [{"sujeto": []}, {"id": {}}, {"tipo": 7}, {"id": None}, {"datos": 7}, {"datos": []}, {"datos": None}],
)
def test_un_acuse_hostil_no_tumba_a_quien_verifica(libro, tmp_path, evento):
    donde = en(libro)
    fila = libro.filas[libro.pedir(JUSTICIA, PNC)]
    acuse = json.loads(b64decode(fila["acuse"]))
    acuse["eventos"].insert(0, acuse["eventos"][0] | evento)
    firma = jws(compacto(acuse), JUSTICIA, JUSTICIA, "acuses", "1")
    fila |= {"acuse": b64(compacto(acuse)), "firma_acuse": firma, "cuerpo": ""}
    cuentan(libro, tmp_path, [("recibo-falso", *donde)])


@pytest.mark.parametrize("cambio", [{"tipo": "otro"}, {"sujeto": "otra"}, {"datos": {"nota": "otra"}}])
def test_un_acuse_que_cuenta_el_hecho_de_otra_manera(libro, tmp_path, cambio):
    donde = en(libro)
    fila = libro.filas[libro.pedir(JUSTICIA, PNC)]
    acuse = json.loads(b64decode(fila["acuse"]))
    acuse["eventos"][0] |= cambio
    fila |= {"acuse": b64(compacto(acuse)), "firma_acuse": jws(compacto(acuse), JUSTICIA, JUSTICIA, "acuses", "1")}
    cuentan(libro, tmp_path, [("recibo-incumplido", *donde)])


@pytest.mark.parametrize("linea", [b"", b"[]", b"{}", b"\xff", b'{"huella":7}', b"[" * 100_000])
def test_un_archivo_de_solicitudes_que_no_lo_es(libro, tmp_path, linea):
    carpeta = cerrar(libro).escribir(tmp_path)
    poner(carpeta, "solicitudes/001.jsonl", linea * 1000)
    assert {c for c, *_ in juzgar(carpeta)} == {"solicitud-ausente"}


def test_sin_las_solicitudes(libro, tmp_path):
    carpeta = cerrar(libro).escribir(tmp_path)
    for archivo in (carpeta / "solicitudes").iterdir():
        archivo.unlink()
    (carpeta / "solicitudes").rmdir()
    assert juzgar(carpeta) == [("archivo-ausente", "solicitud", "", 0)]
