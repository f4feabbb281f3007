"""De quién es cada clave y qué se le acusó a quien la tiene: quien opera no se inventa lo uno ni calla lo otro."""

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
    RECTORA,
    b64,
    b64url,
    claves,
    compacto,
    jws,
    publica,
    vkey,
)


@pytest.fixture
def libro() -> Escribano:
    return empezado(257)


# --- las claves de las instituciones


def test_una_institucion_inventada_por_el_sistema(libro, tmp_path):
    donde = en(libro, COORDINACION)
    libro.inscribir_por_el_sistema("GT-FALSA", IMPOSTORA)
    libro.pedir(JUSTICIA, "GT-FALSA", firma_de=IMPOSTORA)
    cuentan(libro, tmp_path, [("acto-sin-solicitud", *donde)])


def test_la_clave_de_la_rectora_no_es_la_que_se_fijo(libro, tmp_path):
    carpeta = cerrar(libro).escribir(tmp_path)
    fijada = f"{claves(instituciones=())}institucion {vkey(RECTORA, IMPOSTORA)}\n"
    assert juzgar(carpeta, fijada) == [("clave-de-institucion", "solicitud", COORDINACION, 1)]


def test_la_rectora_sin_fijar_se_dice(libro, tmp_path):
    informe = verificar(cerrar(libro).escribir(tmp_path), claves(instituciones=()))
    assert informe.correcto
    assert "fija la de la rectora" in " ".join(informe.sin_comprobar)


@pytest.mark.parametrize("firma_de", [IMPOSTORA, MP])
def test_quien_opera_se_inventa_una_clave_y_se_la_firma(libro, tmp_path, firma_de):
    """La clave nueva de la PNC la pide «la rectora», con una firma que no es suya: no vale, ni lo que firme después."""
    alta = en(libro, COORDINACION)
    libro.inscribir(PNC, de=IMPOSTORA, firma_de=firma_de)
    acto = en(libro)
    libro.pedir(JUSTICIA, PNC, firma_de=IMPOSTORA)
    cuentan(libro, tmp_path, [("firma-de-institucion", *alta), ("firma-de-institucion", *acto)])


def test_la_clave_nueva_de_la_rectora_la_firma_la_clave_nueva(libro, tmp_path):
    """Si valiera, fijar de fuera la clave de la rectora no serviría de nada."""
    alta = en(libro, COORDINACION)
    libro.inscribir(RECTORA, de=IMPOSTORA, firma_de=IMPOSTORA)
    acto = en(libro)
    libro.pedir(JUSTICIA, RECTORA, firma_de=IMPOSTORA)
    cuentan(libro, tmp_path, [("firma-de-institucion", *alta), ("firma-de-institucion", *acto)])


def test_la_clave_nueva_que_firmo_la_anterior_vale(libro, tmp_path):
    libro.inscribir(RECTORA, de="otra de la rectora")
    libro.inscribir(MP, de="otra del MP", firma_de="otra de la rectora")
    libro.pedir(JUSTICIA, MP, firma_de="otra del MP")
    cuentan(libro, tmp_path, [])


def test_una_institucion_que_no_es_la_rectora_inscribe_a_otra(libro, tmp_path):
    alta = en(libro, COORDINACION)
    libro.inscribir("GT-FALSA", por=PNC, de=IMPOSTORA)
    acto = en(libro)
    libro.pedir(JUSTICIA, "GT-FALSA", firma_de=IMPOSTORA)
    cuentan(libro, tmp_path, [("clave-de-institucion", *alta), ("firma-de-institucion", *acto)])


def test_la_rectora_pidio_una_clave_y_el_libro_inscribe_otra(libro, tmp_path):
    """La solicitud es verdadera; el hecho que dicen que causó lleva la clave de quien opera."""
    alta = en(libro, COORDINACION)
    libro.inscribir(PNC, de=IMPOSTORA, pide="la que quería la PNC")
    cuentan(libro, tmp_path, [("clave-de-institucion", *alta)])


def test_la_solicitud_que_inscribe_sin_cuerpo_no_inscribe(libro, tmp_path):
    """Decir que se destruyó una clave no sirve para colar otra."""
    alta = en(libro, COORDINACION)
    libro.filas[libro.inscribir(PNC, de=IMPOSTORA, firma_de=IMPOSTORA)]["cuerpo"] = ""
    acto = en(libro)
    libro.pedir(JUSTICIA, PNC, firma_de=IMPOSTORA)
    cuentan(libro, tmp_path, [("solicitud-ausente", *alta), ("firma-de-institucion", *acto)])


@pytest.mark.parametrize("clave", [None, 7, "", "corta", "ñ" * 43, b64url(publica(PNC)) + "="])
def test_una_clave_que_no_lo_es(libro, tmp_path, clave):
    alta = en(libro, COORDINACION)
    data = {"codigo": PNC, "clave_firma": clave}
    libro.pedir(COORDINACION, RECTORA, tipo="senda.coordinacion.institucion-actualizada.v1", sujeto=PNC, data=data)
    cuentan(libro, tmp_path, [("clave-de-institucion", *alta)])


# --- recibos que guarda una institución


def recibo(libro: Escribano, huella: str) -> str:
    fila = libro.filas[huella]
    return compacto({c: fila[c] for c in ("acuse", "firma_acuse")}).decode()


def test_los_recibos_cumplidos_se_cuentan(libro, tmp_path):
    recibos = [recibo(libro, h) for h in libro.filas]
    informe = verificar(cerrar(libro).escribir(tmp_path), guardados=[*recibos, "", "  "])
    assert informe.correcto
    assert f"{len(recibos)} recibos cumplidos" in informe.comprobado


@pytest.mark.parametrize("linea", ["hola", "{}", "[]", '{"acuse":7,"firma_acuse":7}', "[" * 100_000, "\ud800"])
def test_un_recibo_que_no_lo_es(libro, tmp_path, linea):
    cuentan(libro, tmp_path, [("recibo-falso", "recibo", "", 2)], guardados=["", linea])


def test_un_recibo_que_firmo_otro(libro, tmp_path):
    huella = libro.pedir(JUSTICIA, PNC)
    fila = libro.filas[huella]
    falso = fila | {"firma_acuse": jws(b64decode(fila["acuse"]), IMPOSTORA, JUSTICIA, "acuses", "1")}
    cuentan(libro, tmp_path, [("recibo-falso", "recibo", "", 1)], guardados=[compacto(falso).decode()])


def incumplido(libro: Escribano, tmp_path, recibos, posicion: int, que: str) -> None:
    informe = verificar(cerrar(libro).escribir(tmp_path), guardados=recibos)
    (falta,) = informe.faltas
    assert (str(falta.codigo), str(falta.donde), falta.posicion) == ("recibo-incumplido", "recibo", posicion)
    assert que in falta.que


def test_un_hecho_prometido_que_no_esta(libro, tmp_path):
    """Otro mundo en que la PNC sí fue atendida: guarda el acuse, y este libro lo calla."""
    mundo = empezado(257, "otra historia")
    huella = mundo.pedir(JUSTICIA, PNC, hechos=2)
    # Este libro llega a la misma posición, con otro hecho.
    libro.hecho(JUSTICIA)
    posicion = mundo.ultimos[JUSTICIA][0]
    incumplido(libro, tmp_path, [recibo(mundo, huella)], posicion, "no está en el libro")


@pytest.mark.parametrize(
    ("cambio", "que"),
    [
        ({"origen": DETECCION}, "como si lo hubiera causado otra cosa"),
        ({"huella": "cd" * 32}, "como si lo hubiera causado otra cosa"),
        ({"posicion": 10**6}, "el libro llega a la"),
        ({"posicion": "muchas"}, "no dice en qué posición"),
        ({"posicion": True}, "no dice en qué posición"),
    ],
)
def test_un_recibo_verdadero_que_el_libro_no_cumple(libro, tmp_path, cambio, que):
    huella = libro.pedir(JUSTICIA, PNC)
    acuse = json.loads(b64decode(libro.filas[huella]["acuse"])) | cambio
    posicion = acuse["posicion"] if type(acuse["posicion"]) is int else 0
    cuerpo = compacto(acuse)
    guardado = {"acuse": b64(cuerpo), "firma_acuse": jws(cuerpo, acuse["origen"], acuse["origen"], "acuses", "1")}
    incumplido(libro, tmp_path, [compacto(guardado).decode()], posicion, que)


def rechazo(huella: str, origen: str = JUSTICIA, **mas: str) -> str:
    """El acuse de rechazo que una institución guardó de una solicitud."""
    dicho = {"huella": huella, "origen": origen, "resultado": "rechazada", "codigo": "dato-invalido", "id": "p-1"}
    cuerpo = compacto(dicho | mas)
    guardado = {"acuse": b64(cuerpo), "firma_acuse": jws(cuerpo, origen, origen, "acuses", "1")}
    return compacto(guardado).decode()


def test_de_lo_rechazado_no_hay_ningun_hecho(libro, tmp_path):
    huella = libro.pedir(JUSTICIA, PNC)
    incumplido(libro, tmp_path, [rechazo(huella)], libro.ultimos[JUSTICIA][0], "dice rechazada")


def test_un_rechazo_cumplido_se_cuenta(libro, tmp_path):
    informe = verificar(cerrar(libro).escribir(tmp_path), guardados=[rechazo("ab" * 32)])
    assert informe.correcto
    assert "1 recibos cumplidos" in informe.comprobado


@pytest.mark.parametrize("cambio", [{"id": ""}, {"origen": DETECCION}], ids=["devuelta", "otro servicio"])
def test_lo_devuelto_sin_atribuir_o_por_otro_servicio_pudo_aceptarse_despues(libro, tmp_path, cambio):
    guardado = rechazo(libro.pedir(JUSTICIA, PNC), **cambio)
    cuentan(libro, tmp_path, [], guardados=[guardado])


@pytest.mark.parametrize("resultado", ["rechazada", "", None])
def test_una_solicitud_que_no_se_acepto_no_causa_hechos(libro, tmp_path, resultado):
    donde = en(libro)
    fila = libro.filas[libro.pedir(JUSTICIA, PNC)]
    cuerpo = compacto(json.loads(b64decode(fila["acuse"])) | {"resultado": resultado})
    fila |= {"acuse": b64(cuerpo), "firma_acuse": jws(cuerpo, JUSTICIA, JUSTICIA, "acuses", "1")}
    cuentan(libro, tmp_path, [("recibo-incumplido", "solicitud", *donde[1:])])


def repetir(libro: Escribano, lejos: int) -> str:
    """Un acto firmado, y otra vez el mismo, con su id, tantas entradas después. Devuelve la huella."""
    id_, huella = libro.id(JUSTICIA), libro.pedir(JUSTICIA, PNC)
    for _ in range(lejos):
        libro.hecho(DETECCION)
    libro.hecho(JUSTICIA, PNC, causa=huella, id=id_)
    return huella


def test_un_acto_no_se_repite_con_su_mismo_id(libro, tmp_path):
    repetir(libro, 3)
    cuentan(libro, tmp_path, [("repetido", "libro", JUSTICIA, libro.ultimos[JUSTICIA][0])])


def test_un_acto_repetido_lejos_lo_delata_su_recibo(libro, tmp_path):
    posicion = libro.ultimos[JUSTICIA][0] + 1
    huella = repetir(libro, 256)
    # Otro paquete lleva sus solicitudes; aquí la fila va con las dos entradas.
    incumplido(libro, tmp_path, [recibo(libro, huella)], posicion, "repetido")


def test_un_acto_no_se_mueve_despues_de_donde_dijo_su_recibo(libro, tmp_path):
    huella = libro.pedir(JUSTICIA, PNC)
    acuse = json.loads(b64decode(libro.filas[huella]["acuse"]))
    cuerpo = compacto(acuse | {"posicion": acuse["posicion"] - 1})
    guardado = {"acuse": b64(cuerpo), "firma_acuse": jws(cuerpo, JUSTICIA, JUSTICIA, "acuses", "1")}
    incumplido(libro, tmp_path, [compacto(guardado).decode()], acuse["posicion"] - 1, "después de la posición")


def test_lo_publico_no_basta_para_los_recibos_y_se_dice(libro, tmp_path):
    recibos = [recibo(libro, h) for h in libro.filas]
    informe = verificar(cerrar(libro).escribir(tmp_path, publico=True), guardados=recibos)
    assert informe.correcto
    assert f"{len(recibos)} recibos: hacen falta las entradas" in informe.sin_comprobar


def test_dos_mentiras_son_dos_faltas_y_ninguna_repite_lo_recibido(tmp_path):
    libro = empezado(257)
    uno = en(libro)
    libro.hecho(JUSTICIA, PNC, data={"nombre": "MARIA"})
    otro = en(libro)
    libro.pedir(JUSTICIA, MP, firma_de=IMPOSTORA, data={"nombre": "MARIA"})
    informe = verificar(cerrar(libro).escribir(tmp_path))
    assert [(f.origen, f.posicion) for f in informe.faltas] == [uno[1:], otro[1:]]
    assert "MARIA" not in repr(informe.faltas)
    assert all(f.id_evento for f in informe.faltas)
