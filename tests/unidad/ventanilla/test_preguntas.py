"""La petición preguntada campo a campo."""

from __future__ import annotations

import pytest

from contratos.campos import campos
from contratos.revision import revisar
from contratos.solicitudes.atencion import AcordarPlan, AsignarAlojamiento, InscribirAlbergue
from contratos.solicitudes.coordinacion import InscribirInstitucion
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from senda.ventanilla.preguntas import Preguntas, interpretar, presentar

RUTA = "0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42"


class Terminal:
    """Responde por el rótulo; a lo que no sabe, línea vacía."""

    def __init__(self, **respuestas: str | list[str]) -> None:
        self.respuestas = {k: [v] if isinstance(v, str) else list(v) for k, v in respuestas.items()}
        self.dicho: list[str] = []

    def leer(self, rotulo: str) -> str:
        cola = self.respuestas.get(rotulo.replace(".", "__").replace("[0]", "_0"))
        return cola.pop(0) + "\n" if cola else "\n"


def preguntar(clase, /, **respuestas):
    terminal = Terminal(**respuestas)
    return Preguntas(terminal.leer, terminal.dicho.append).peticion(clase), terminal.dicho


def test_se_contesta_con_el_valor_o_con_su_numero_y_lo_opcional_se_deja():
    datos, _ = preguntar(
        DetectarPresuntaVictima, nna="1", extranjera="no", idioma="quc", riesgo="3", pais_deteccion="gt",
        modalidades="trabajo-forzoso, 2",
    )  # fmt: skip

    assert datos == {
        "nna": "si", "extranjera": "no", "idioma": "quc", "riesgo": "alto", "pais_deteccion": "gt",
        "modalidades": ["trabajo-forzoso", "explotacion-sexual"],
    }  # fmt: skip
    assert revisar(DetectarPresuntaVictima, datos) == ()


def test_una_mala_respuesta_se_dice_y_se_vuelve_a_preguntar():
    datos, dicho = preguntar(
        DetectarPresuntaVictima, nna=["quiza", "", "si"], extranjera="no", idioma="quc", riesgo="alto",
        pais_deteccion="gt",
    )  # fmt: skip

    assert datos["nna"] == "si"
    assert [linea for linea in dicho if linea.startswith("  ")] == [
        "  nna: Se espera uno de: si, no, no-consta.",
        "  Hace falta. Se espera uno de: si, no, no-consta.",
    ]


def test_se_dice_cuales_van_sellados_y_cuales_hacen_falta():
    _, dicho = preguntar(
        DetectarPresuntaVictima, nna="si", extranjera="no", idioma="quc", riesgo="alto", pais_deteccion="gt"
    )

    relato = next(linea for linea in dicho if linea.startswith("relato "))
    assert "va sellado" in relato
    assert "opcional" in relato
    nna = next(linea for linea in dicho if linea.startswith("nna "))
    assert nna.startswith("nna (obligatorio)")
    assert "1 si, 2 no, 3 no-consta" in nna


def test_los_objetos_de_dentro_se_preguntan_uno_a_uno():
    terminal = {
        "ruta": RUTA, "metas_0__derecho": "salud-mental", "metas_0__servicio": "psicosocial",
        "metas_0__vence": "2026-09-01", "por": "persona", "persona_oida": "sí", "revisar_el": "2026-08-01",
    }  # fmt: skip
    datos, _ = preguntar(AcordarPlan, **terminal)

    assert datos["metas"] == [{"derecho": "salud-mental", "servicio": "psicosocial", "vence": "2026-09-01"}]
    assert datos["persona_oida"] is True
    assert revisar(AcordarPlan, datos) == ()


def test_un_entero_es_un_entero_y_una_lista_obligatoria_puede_ir_vacia():
    datos, _ = preguntar(
        InscribirInstitucion, codigo="GT-ONG", pais="gt", mandatos_inscritos="atencion", clave_firma="A" * 43
    )
    assert (datos["servicios"], datos["cobertura"]) == ([], [])
    total = next(c for c in campos(InscribirAlbergue) if c.nombre == "cupos").forma.de
    assert total is not None
    libres = next(c for c in campos(total.estructura) if c.nombre == "libres").forma
    assert interpretar(libres, "12") == 12
    assert interpretar(libres, "doce") == "doce"


def test_la_plaza_se_pregunta_como_cualquier_campo_sellado():
    datos, dicho = preguntar(
        AsignarAlojamiento, ruta=RUTA, albergue="GT-REFUGIO", clase="albergue-especializado", urgente="sí",
        plaza__sexo="mujer", plaza__tramo="adulta", **{"¿plaza? (sí/no)": "sí"},
    )  # fmt: skip
    assert datos["plaza"] == {"sexo": "mujer", "tramo": "adulta"}
    assert revisar(AsignarAlojamiento, datos) == ()
    assert "va sellado" in next(linea for linea in dicho if linea.startswith("plaza "))


@pytest.mark.parametrize("campo", campos(AcordarPlan), ids=lambda c: c.nombre)
def test_lo_que_se_pregunta_dice_que_se_espera(campo):
    assert "Se espera" in presentar(campo, campo.nombre)
