"""Un retorno entero pedido al servicio, y lo que queda guardado y legible."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa

from contratos.base import PETICIONES
from contratos.solicitudes import repatriacion as pide
from eventos import repatriacion as r
from eventos.base import CATALOGO, campos_sellados
from eventos.comun import Efecto
from eventos.coordinacion import InstitucionInscrita, RutaAbierta, RutaCerrada
from eventos.listas import QuienConsiente
from eventos.motivos import MotivoCierre, MotivoDesistimiento, MotivoRectificacion
from eventos.tipos import NivelRiesgo, SiNo
from servicios.comun.rutas import RutaDesconocida
from servicios.comun.vencimientos import RevisarFechas
from servicios.repatriacion import rechazos as no
from servicios.repatriacion.aplicacion import CASOS
from servicios.repatriacion.contexto import CONTEXTO
from servicios.repatriacion.lecturas import RESUMEN, hechos_repatriacion
from tests.unidad.banco import Banco, banco
from tests.unidad.historia import INICIO, RUTA

HOY = INICIO.date()
ABIERTA = RutaAbierta(
    ruta=RUTA, nna=True, edad_supuesta=True, extranjera=SiNo.SI, pais="gt", protocolo="gt", version_protocolo="1",
    idioma="kek", riesgo=NivelRiesgo.BAJO, derechos=(),
)  # fmt: skip
CONSULADO = InstitucionInscrita(
    codigo="HN-CONSUL", pais="hn", mandatos=("consular",), servicios=(), cobertura=("GT",), clave_firma="A" * 43
)
SOLICITAR = pide.SolicitarRepatriacion(
    ruta=RUTA, sentido=r.Sentido.HACIA_SU_PAIS, iniciativa=r.Iniciativa.PERSONA, pais_destino="HND"
)
EVALUAR = pide.EvaluarRiesgoRetorno(
    ruta=RUTA, nivel=NivelRiesgo.MEDIO, medidas=True, vigente_hasta=HOY + timedelta(days=60)
)
ACEPTAR = pide.RegistrarDecisionInformada(
    ruta=RUTA, decision=r.Decision.ACEPTA, por=QuienConsiente.REPRESENTANTE_LEGAL, idioma="kek",
    riesgos_explicados=True, persona_oida=True,
)  # fmt: skip
PROGRAMAR = pide.ProgramarTraslado(
    ruta=RUTA, fecha=HOY, acompanante=r.Acompanante.PROCURADURIA_NINEZ, medio=r.MedioTraslado.TERRESTRE
)
UN_RETORNO = (
    SOLICITAR,
    EVALUAR,
    pide.DeterminarInteresSuperior(ruta=RUTA, resultado=r.ResultadoInteresSuperior.RETORNO, persona_oida=True),
    ACEPTAR,
    pide.EmitirDocumentos(ruta=RUTA, documentos=(r.Documento.SALVOCONDUCTO, r.Documento.AUTORIZACION_SALIDA)),
    pide.DesignarAcompanante(
        ruta=RUTA, acompanante=r.Acompanante.PROCURADURIA_NINEZ, institucion_acompanante="HN-CONSUL"
    ),
    PROGRAMAR,
    pide.RealizarTraslado(ruta=RUTA, fecha=HOY),
    pide.ConfirmarRecepcion(ruta=RUTA, receptora=r.Receptora.NINEZ, conforme=True),
    pide.RealizarSeguimiento(ruta=RUTA, numero=1, situacion=r.Situacion.SEGURA),
)


@pytest.fixture
def servicio(tmp_path) -> Iterator[Banco]:
    with banco(CONTEXTO, tmp_path) as abierto:
        yield abierto


def filas(servicio: Banco) -> list[tuple[str, str]]:
    consulta = sa.select(hechos_repatriacion.c.tipo, hechos_repatriacion.c.valor).order_by(
        hechos_repatriacion.c.version
    )
    with servicio.almacen.tanda() as tanda:
        return [(tipo.split(".")[2], valor) for tipo, valor in tanda.leer(consulta)]


def test_toda_peticion_del_contrato_tiene_quien_la_atienda():
    del_contrato = {clase for clase in PETICIONES.values() if clase.servicio == "repatriacion"}
    assert CASOS.clases() == del_contrato | {RevisarFechas}


def test_un_retorno_entero_queda_guardado_y_se_lee_sin_nada_sellado(servicio):
    servicio.conocer(ABIERTA, CONSULADO)
    for peticion in UN_RETORNO:
        assert len(servicio.pedir(peticion)) == 1
    assert filas(servicio) == [
        ("repatriacion-solicitada", "extranjera-hacia-su-pais"),
        ("riesgo-retorno-evaluado", "medio"),
        ("interes-superior-determinado", "retorno"),
        ("decision-informada-registrada", "acepta"),
        ("documentos-emitidos", "salvoconducto autorizacion-de-salida"),
        ("acompanante-designado", "procuraduria-de-ninez"),
        ("traslado-programado", "procuraduria-de-ninez"),
        ("traslado-realizado", "no"),
        ("recepcion-confirmada", "autoridad-de-ninez"),
        ("seguimiento-realizado", "segura"),
    ]


@pytest.mark.parametrize("falta", [EVALUAR, UN_RETORNO[2], ACEPTAR])
def test_si_falta_algo_de_la_regla_1_ni_se_programa_ni_queda_rastro(servicio, falta):
    servicio.conocer(ABIERTA, CONSULADO)
    for peticion in UN_RETORNO[:4]:
        if peticion is not falta and not (falta is EVALUAR and peticion is ACEPTAR):
            servicio.pedir(peticion)
    antes = filas(servicio)
    with pytest.raises((no.FaltaDecisionInformada, no.FaltaInteresSuperior)):
        servicio.pedir(PROGRAMAR)
    assert filas(servicio) == antes


def test_con_riesgo_alto_sin_medidas_se_puede_permanecer_y_desistir(servicio):
    servicio.conocer(ABIERTA)
    for peticion in UN_RETORNO[:4]:
        servicio.pedir(peticion)
    servicio.pedir(pide.EvaluarRiesgoRetorno(
        ruta=RUTA, nivel=NivelRiesgo.ALTO, medidas=False, vigente_hasta=EVALUAR.vigente_hasta
    ))  # fmt: skip
    with pytest.raises(no.RiesgoAltoSinMedidas):
        servicio.pedir(PROGRAMAR)
    servicio.pedir(pide.ConcederPermanencia(ruta=RUTA, permanencia=r.Permanencia.HUMANITARIA, coopera=SiNo.NO))
    servicio.pedir(pide.DesistirRepatriacion(ruta=RUTA, motivo=MotivoDesistimiento.RIESGO_ALTO))
    assert filas(servicio)[-2:] == [
        ("permanencia-concedida", "razones-humanitarias"),
        ("repatriacion-desistida", "riesgo-alto-sin-medidas"),
    ]


def test_quien_acompana_ha_de_estar_en_el_directorio(servicio):
    servicio.conocer(ABIERTA)
    servicio.pedir(SOLICITAR)
    with pytest.raises(no.EscoltaDesconocida):
        servicio.pedir(UN_RETORNO[5])


def test_sin_ruta_abierta_se_espera_a_que_llegue(servicio):
    with pytest.raises(RutaDesconocida):
        servicio.pedir(SOLICITAR)


def test_con_la_ruta_cerrada_no_se_empieza_nada(servicio):
    servicio.conocer(ABIERTA, RutaCerrada(ruta=RUTA, motivo=MotivoCierre.PERDIDA_CONTACTO))
    with pytest.raises(no.RutaYaCerrada):
        servicio.pedir(SOLICITAR)


def test_lo_rectificado_deja_de_leerse_y_de_valer(servicio):
    servicio.conocer(ABIERTA)
    anotados = [servicio.pedir(peticion)[0] for peticion in UN_RETORNO[:4]]
    servicio.pedir(pide.RectificarHecho(
        ruta=RUTA, corrige=anotados[3].id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.NO_OCURRIO
    ))  # fmt: skip
    assert "decision-informada-registrada" not in dict(filas(servicio))
    with pytest.raises(no.FaltaDecisionInformada):
        servicio.pedir(PROGRAMAR)


def test_la_lectura_resume_todo_hecho_de_repatriacion_y_solo_con_campos_abiertos():
    assert set(RESUMEN) == {clase for clase in CATALOGO.values() if clase.contexto == "repatriacion"}
    for clase, campos in RESUMEN.items():
        assert campos_sellados(clase).isdisjoint(campos)
