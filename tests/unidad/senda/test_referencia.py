"""La referencia dice todo lo publicado, con ejemplos que valen, y se lee sola: sin red y con todos sus enlaces."""

from __future__ import annotations

import json
import re
from datetime import date
from html.parser import HTMLParser

import msgspec
import pytest
from jsonschema_rs import Draft202012Validator

from contratos.base import PETICIONES
from contratos.retiradas import Retirada
from eventos.sobre import decodificar
from senda import publicados
from senda.asyncapi import documento
from senda.codigos import por_contexto
from senda.referencia.campos import Lector
from senda.referencia.pagina import ejemplos_de, pagina

ESQUEMAS = publicados.esquemas()
ASYNCAPI = documento()
PAGINA = publicados.archivos()[publicados.REFERENCIA].decode()
_SIN_CIERRE = {"meta", "br", "link", "img", "hr", "input"}


class Lectura(HTMLParser):
    """Lo que hace falta saber de la página: si está bien formada, sus ids, sus enlaces y lo que pide fuera."""

    def __init__(self, texto: str) -> None:
        super().__init__()
        self.abiertas: list[str] = []
        self.ids: list[str] = []
        self.enlaces: list[str] = []
        self.atributos: list[tuple[str, str, str | None]] = []
        self.textos: list[str] = []
        self.preformados: list[str] = []
        self.feed(texto)
        self.close()

    def handle_starttag(self, tag, attrs):
        if tag not in _SIN_CIERRE:
            self.abiertas.append(tag)
        for nombre, valor in attrs:
            self.atributos.append((tag, nombre, valor))
            if nombre == "id":
                self.ids.append(valor)
            elif nombre == "href":
                self.enlaces.append(valor)
        if tag == "pre":
            self.preformados.append("")

    def handle_endtag(self, tag):
        assert self.abiertas.pop() == tag

    def handle_data(self, data):
        self.textos.append(data)
        if "pre" in self.abiertas:
            self.preformados[-1] += data


LECTURA = Lectura(PAGINA)


def test_esta_bien_formada_y_sus_enlaces_existen():
    assert LECTURA.abiertas == []
    assert len(LECTURA.ids) == len(set(LECTURA.ids))
    internos = {e[1:] for e in LECTURA.enlaces if e.startswith("#")}
    assert internos <= set(LECTURA.ids)
    # Lo demás son archivos que se publican a su lado: ni una petición a la red.
    assert {e.removeprefix("./") for e in LECTURA.enlaces if not e.startswith("#")} <= publicados.archivos().keys()
    assert {n for _, n, _ in LECTURA.atributos}.isdisjoint({"src", "onclick", "style"})
    assert not re.search(r"<script|(?<!base64)url\(|@import|https?://", PAGINA)
    etiquetados = {v for _, n, v in LECTURA.atributos if n == "aria-labelledby"}
    assert etiquetados <= set(LECTURA.ids)
    assert ("html", "lang", "es") in LECTURA.atributos
    assert "prefers-color-scheme: dark" in PAGINA


def test_estan_todos_los_mensajes_y_se_llega_a_ellos_desde_el_indice():
    anclas = {ruta.removesuffix(".json").replace("/", "-") for ruta in ESQUEMAS}
    assert anclas <= set(LECTURA.ids)
    # Desde su propio título y desde el índice.
    assert all(LECTURA.enlaces.count(f"#{a}") == 2 for a in anclas if a != "acuse.v1")


@pytest.mark.parametrize("ruta", sorted(ESQUEMAS))
def test_cada_ejemplo_vale_y_esta_en_la_pagina(ruta: str):
    cumple = Draft202012Validator(ESQUEMAS[ruta], validate_formats=True)
    ejemplos = ejemplos_de(ruta, ESQUEMAS[ruta], ASYNCAPI)
    assert ejemplos
    for ejemplo in ejemplos.values():
        assert [e.message for e in cumple.iter_errors(ejemplo)] == []
        if ruta.startswith("eventos/"):
            assert decodificar(msgspec.json.encode(ejemplo)).hecho.tipo == ejemplo["type"]
    en_la_pagina = [json.loads(p) for p in LECTURA.preformados if p.startswith("{")]
    assert all(ejemplo in en_la_pagina for ejemplo in ejemplos.values())


def test_los_ejemplos_de_asyncapi_valen():
    for mensaje in ASYNCAPI["components"]["messages"].values():
        esquema = ESQUEMAS[mensaje["payload"]["$ref"].removeprefix("./")]
        for ejemplo in mensaje["examples"]:
            assert Draft202012Validator(esquema, validate_formats=True).is_valid(ejemplo["payload"])


def test_dice_de_cada_campo_si_es_obligatorio_o_sellado_y_sus_limites():
    filas = {
        f.nombre: f
        for f in Lector().campos(ESQUEMAS["solicitudes/senda.deteccion.detectar-presunta-victima.v1.json"], "datos")
    }
    assert (filas["nna"].obligatorio, filas["nna"].sellado, filas["nna"].tipo) == (True, False, "uno de")
    assert filas["nna"].lista is not None
    assert filas["nna"].lista.valores == ("no", "no-consta", "si")
    assert (filas["relato"].sellado, filas["relato"].limites) == (True, ("hasta 4000 caracteres",))
    assert "hasta 13 elementos" in filas["modalidades"].limites
    assert "puede ser null" in filas["alerta"].limites
    assert 'si falta: "no-consta"' in filas["perfil.sexo"].limites
    for ruta, esquema in ESQUEMAS.items():
        if ruta.startswith("solicitudes/"):
            suyas = {f.nombre for f in Lector().campos(esquema, "datos")}
            clase = PETICIONES[ruta.removeprefix("solicitudes/").removesuffix(".json")]
            assert set(clase.__struct_fields__) <= suyas


def test_una_lista_abierta_y_una_cerrada_no_se_confunden():
    filas = {f.nombre: f for f in Lector().campos(ESQUEMAS["eventos/senda.deteccion.alerta-recibida.v1.json"], "data")}
    assert filas["canal"].tipo == "uno de (lista abierta)"
    assert "sellado" not in filas
    assert filas["relato"].sellado


def test_estan_los_codigos_con_que_hacer():
    dichos = set(LECTURA.textos)
    for contexto in ("deteccion", "coordinacion", "comun"):
        for codigo, _, que_hacer in por_contexto()[contexto]:
            assert {codigo, que_hacer} <= dichos


def test_lo_que_se_retira_se_ve():
    tipo = "senda.coordinacion.aceptar-derivacion.v1"
    assert "Obsoleto" not in PAGINA
    retirada = Retirada(tipo=tipo, desde=date(2027, 1, 1), retirada=date(2027, 9, 1), sustituto="otro.v2")
    con_ella = pagina(publicados.esquemas({tipo: retirada}), documento({tipo: retirada})).decode()
    assert "desde el 2027-01-01: se retira el 2027-09-01; usa <code>otro.v2</code>" in con_ella


def test_un_texto_del_contrato_no_se_vuelve_html():
    ruta = "acuse.v1.json"
    raro = ESQUEMAS[ruta] | {"description": "``a<b`` & <script>alert(1)</script>"}
    html = pagina(ESQUEMAS | {ruta: raro}, ASYNCAPI).decode()
    assert "<code>a&lt;b</code> &amp; &lt;script&gt;" in html
