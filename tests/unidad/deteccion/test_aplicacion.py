"""Cada petición de detección, hasta lo que queda guardado."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from contratos.base import PETICIONES
from contratos.solicitudes.deteccion import (
    AplicarEvaluacion,
    DescartarPresuncion,
    DetectarPresuntaVictima,
    EntregarInformacion,
    IdentificarVictima,
    RecibirAlerta,
    RectificarHecho,
    SenalarRiesgo,
)
from eventos.comun import Efecto, HechoRectificado
from eventos.deteccion import Aplicador, PresuntaVictimaDetectada, ResultadoEvaluacion, Tema
from eventos.listas import CanalAlerta
from eventos.motivos import MotivoDescarte, MotivoRectificacion
from eventos.tipos import NivelRiesgo, SiNo, Urgencia
from servicios.comun.rectificacion import HechoAjeno, HechoDesconocido, SustitutoInvalido
from servicios.deteccion.aplicacion import CASOS
from servicios.deteccion.contexto import CONTEXTO
from servicios.deteccion.dominio import HechoConApoyos, YaDescartada
from tests.unidad.banco import Banco, banco
from tests.unidad.historia import OTRA_RUTA, id_de

ALERTA = RecibirAlerta(canal=CanalAlerta.POLICIA, urgencia=Urgencia.INMEDIATA, relato="llamó una vecina")


@pytest.fixture
def deteccion(tmp_path) -> Iterator[Banco]:
    with banco(CONTEXTO, tmp_path) as abierto:
        yield abierto


def presunta(alerta: UUID | None = None) -> DetectarPresuntaVictima:
    return DetectarPresuntaVictima(
        nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.ALTO, pais_deteccion="gt", alerta=alerta
    )


def identificar(ruta: UUID) -> IdentificarVictima:
    return IdentificarVictima(ruta=ruta, nna=SiNo.NO, extranjera=SiNo.NO)


def evaluar(ruta: UUID, *indicadores: str) -> AplicarEvaluacion:
    return AplicarEvaluacion(
        ruta=ruta,
        instrumento="policia",
        version_instrumento="1.0",
        perfil_aplicador=Aplicador.POLICIA,
        positivos=len(indicadores),
        resultado=ResultadoEvaluacion.INDICIOS,
        indicadores=indicadores,
    )


def rectificar(ruta: UUID, corrige: UUID, sustituto: UUID | None = None) -> RectificarHecho:
    return RectificarHecho(
        ruta=ruta,
        corrige=corrige,
        sustituto=sustituto,
        efecto=Efecto.SUSTITUIDO if sustituto else Efecto.ANULADO,
        motivo=MotivoRectificacion.ERROR_DE_REGISTRO,
    )


def test_atiende_todo_lo_que_su_contrato_ofrece():
    assert {c for c in PETICIONES.values() if c.servicio == "deteccion"} <= CASOS.clases()


def test_la_ruta_nueva_se_conoce_por_el_hecho(deteccion):
    [alerta] = deteccion.pedir(ALERTA)
    [primera] = deteccion.pedir(presunta(alerta.hecho.ruta))
    [segunda] = deteccion.pedir(presunta(alerta.hecho.ruta))
    assert primera.hecho.sujeto == alerta.hecho.sujeto
    assert segunda.hecho.ruta != alerta.hecho.ruta
    assert segunda.hecho.alerta == alerta.hecho.ruta
    assert segunda.hecho.ruta.version == 4


def test_el_camino_entero(deteccion):
    [detectada] = deteccion.pedir(presunta())
    ruta = detectada.hecho.ruta
    causados = [
        *deteccion.pedir(evaluar(ruta, "reta-conducta-captacion", "reta-medio-engano")),
        *deteccion.pedir(SenalarRiesgo(ruta=ruta, urgencia=Urgencia.INMEDIATA, detalle="la esperan fuera")),
        *deteccion.pedir(EntregarInformacion(ruta=ruta, idioma="spa", comprendida=True, temas=(Tema.DERECHOS,))),
        *deteccion.pedir(identificar(ruta)),
    ]
    assert [c.hecho.tipo.split(".")[2] for c in causados] == [
        "evaluacion-aplicada",
        "riesgo-inmediato-senalado",
        "informacion-entregada",
        "victima-identificada",
    ]
    assert {c.hecho.sujeto for c in causados} == {str(ruta)}


def test_lo_decidido_en_una_tanda_vale_en_la_siguiente(deteccion):
    [detectada] = deteccion.pedir(presunta())
    deteccion.pedir(DescartarPresuncion(ruta=detectada.hecho.ruta, motivo=MotivoDescarte.SIN_INDICIOS))
    with pytest.raises(YaDescartada):
        deteccion.pedir(identificar(detectada.hecho.ruta))


def test_anular_un_descarte_devuelve_la_presuncion(deteccion):
    [detectada] = deteccion.pedir(presunta())
    ruta = detectada.hecho.ruta
    [descarte] = deteccion.pedir(DescartarPresuncion(ruta=ruta, motivo=MotivoDescarte.SIN_INDICIOS))
    [corregido] = deteccion.pedir(rectificar(ruta, descarte.id))
    assert isinstance(corregido.hecho, HechoRectificado)
    assert deteccion.pedir(identificar(ruta))


def test_anular_la_presuncion_deja_libre_la_alerta(deteccion):
    [alerta] = deteccion.pedir(ALERTA)
    [detectada] = deteccion.pedir(presunta(alerta.hecho.ruta))
    deteccion.pedir(rectificar(alerta.hecho.ruta, detectada.id))
    [otra_vez] = deteccion.pedir(presunta(alerta.hecho.ruta))
    assert isinstance(otra_vez.hecho, PresuntaVictimaDetectada)
    assert otra_vez.hecho.ruta == alerta.hecho.ruta


def test_solo_corrige_quien_lo_conto(deteccion):
    [detectada] = deteccion.pedir(presunta(), institucion="GT-PNC")
    with pytest.raises(HechoAjeno):
        deteccion.pedir(rectificar(detectada.hecho.ruta, detectada.id), institucion="GT-MP")


def test_no_se_corrige_lo_que_no_consta_ni_dos_veces(deteccion):
    [detectada] = deteccion.pedir(presunta())
    ruta = detectada.hecho.ruta
    for lugar, hecho in ((ruta, id_de(99)), (OTRA_RUTA, detectada.id)):
        with pytest.raises(HechoDesconocido):
            deteccion.pedir(rectificar(lugar, hecho))
    [correccion] = deteccion.pedir(rectificar(ruta, detectada.id))
    for hecho in (detectada.id, correccion.id):
        with pytest.raises(HechoDesconocido):
            deteccion.pedir(rectificar(ruta, hecho))


def test_el_sustituto_es_otro_hecho_de_la_misma_clase_y_ruta(deteccion):
    [detectada] = deteccion.pedir(presunta())
    ruta = detectada.hecho.ruta
    [mala] = deteccion.pedir(evaluar(ruta, "reta-conducta-captacion"))
    [buena] = deteccion.pedir(evaluar(ruta, "reta-conducta-traslado"))
    for sustituto in (id_de(99), mala.id, detectada.id):
        with pytest.raises(SustitutoInvalido):
            deteccion.pedir(rectificar(ruta, mala.id, sustituto))
    assert deteccion.pedir(rectificar(ruta, mala.id, buena.id))


def test_la_presuncion_no_se_anula_si_algo_se_apoya_en_ella(deteccion):
    [detectada] = deteccion.pedir(presunta())
    deteccion.pedir(identificar(detectada.hecho.ruta))
    with pytest.raises(HechoConApoyos):
        deteccion.pedir(rectificar(detectada.hecho.ruta, detectada.id))
