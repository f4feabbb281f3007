"""Las peticiones de atención sobre un almacén de verdad, y que ninguna dependa de justicia (regla 6)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import date
from pathlib import Path
from uuid import UUID

import pytest
from msgspec.structs import replace

import servicios.atencion
from contratos.base import PETICIONES, Mandato
from contratos.solicitudes.atencion import (
    AcordarPlan,
    ActualizarCupos,
    AsignarAlojamiento,
    BrindarAtencionInmediata,
    ConcluirPlan,
    CumplirMeta,
    EvaluarNecesidades,
    EvaluarRiesgo,
    FinalizarAlojamiento,
    InscribirAlbergue,
    LograrReintegracionFamiliar,
    MetaPedida,
    OtorgarConsentimiento,
    PrestarServicio,
    RectificarHecho,
    RegistrarSatisfaccion,
    RevisarPlan,
    RevocarConsentimiento,
)
from eventos.atencion import (
    Alcance,
    ClaseAlojamiento,
    Necesidad,
    Nucleo,
    Prestacion,
    ResultadoPlan,
)
from eventos.comun import Efecto
from eventos.coordinacion import DerivacionAceptada, InstitucionInscrita, RutaCerrada, RutaReabierta
from eventos.deteccion import PresuntaVictimaDetectada, VictimaIdentificada
from eventos.listas import Derecho, QuienConsiente, ResultadoAtencion, ServicioPedido
from eventos.motivos import (
    MotivoCierre,
    MotivoFinAlojamiento,
    MotivoReapertura,
    MotivoRectificacion,
    MotivoRevision,
)
from eventos.plazas import Cupo, Titularidad, TramoCupo
from eventos.tipos import NivelRiesgo, Sexo, SiNo, Urgencia
from servicios.atencion.aplicacion import CASOS
from servicios.atencion.contexto import CONTEXTO
from servicios.atencion.dominio.alojamiento import CuposIncoherentes
from servicios.atencion.dominio.consentimiento import FaltaRepresentacion, SinConsentimiento
from servicios.atencion.dominio.plazas import SinPlaza
from servicios.atencion.dominio.resolucion import FaltaResolucion
from servicios.atencion.dominio.ruta import RutaYaCerrada
from servicios.atencion.dominio.servicios import DerivacionAjena
from servicios.atencion.oferta import NoEsTitular, TitularDesconocida
from servicios.comun.rutas import RutaDesconocida
from tests.unidad.atencion.relatos import ALBERGUE, META, OTRA_META
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.banco import Banco, banco
from tests.unidad.historia import INSTITUCION, RUTA

TITULAR = "GT-REFUGIO"
CUANDO = date(2026, 6, 1)
CERRADA = RutaCerrada(ruta=RUTA, motivo=MotivoCierre.PERDIDA_CONTACTO)
INMEDIATA = BrindarAtencionInmediata(ruta=RUTA, prestaciones=(Prestacion.SALUD_URGENTE,), detalle="herida")
INGRESO = AsignarAlojamiento(ruta=RUTA, albergue=ALBERGUE, clase=ClaseAlojamiento.ALBERGUE_GENERAL, urgente=False)
PRESUNTA = PresuntaVictimaDetectada(
    ruta=RUTA, nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.MEDIO, pais_deteccion="gt"
)


@pytest.fixture
def atencion(tmp_path) -> Iterator[Banco]:
    with banco(CONTEXTO, tmp_path) as abierto:
        yield abierto


@pytest.fixture
def en_ruta(atencion):
    atencion.conocer(abierta())
    return atencion


def institucion(codigo, *mandatos):
    return InstitucionInscrita(
        codigo=codigo, pais="gt", mandatos=mandatos, servicios=(), cobertura=("GT",), clave_firma="A" * 43
    )


def consentir(*alcances, por=QuienConsiente.PERSONA):
    return OtorgarConsentimiento(ruta=RUTA, alcances=alcances, por=por, persona_oida=True, idioma="spa")


def inscribir(codigo=ALBERGUE, *, adultas=1, titular=TITULAR):
    return InscribirAlbergue(
        codigo=codigo,
        titular=titular,
        titularidad=Titularidad.ONG,
        especializado=False,
        territorio="GT-01",
        cupos=(Cupo(sexo=Sexo.MUJER, tramo=TramoCupo.ADULTA, total=adultas, libres=adultas),),
    )


def servicio(derivacion=None, meta=None):
    return PrestarServicio(
        ruta=RUTA,
        servicio_prestado=ServicioPedido.EDUCACION,
        resultado=ResultadoAtencion.COMPLETA,
        derivacion=derivacion,
        meta=meta,
    )


def meta(id_=None):
    return MetaPedida(meta=id_, derecho=Derecho.EDUCACION, servicio=ServicioPedido.EDUCACION)


def plan(*metas):
    return AcordarPlan(
        ruta=RUTA, metas=metas or (meta(),), por=QuienConsiente.PERSONA, persona_oida=True, revisar_el=CUANDO
    )


def rectificar(corrige: UUID):
    return RectificarHecho(
        ruta=RUTA, corrige=corrige, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.ERROR_DE_REGISTRO
    )


def test_atiende_todo_lo_que_su_contrato_ofrece():
    assert {c for c in PETICIONES.values() if c.servicio == "atencion"} <= CASOS.clases()


def test_atencion_no_conoce_justicia():
    """Regla 6: ni sigue sus hechos ni los importa; lo que no puede ver no lo puede exigir."""
    assert "justicia" not in CONTEXTO.sigue
    for modulo in Path(servicios.atencion.__file__).parent.rglob("*.py"):
        for nodo in ast.walk(ast.parse(modulo.read_text(encoding="utf-8"))):
            nombres = [a.name for a in nodo.names] if isinstance(nodo, ast.Import | ast.ImportFrom) else []
            origen = getattr(nodo, "module", None) or ""
            assert not any("justicia" in nombre for nombre in [*nombres, origen]), modulo


def test_el_camino_entero_sin_denuncia_ni_cooperacion(en_ruta):
    """Regla 6: de la atención inmediata a la reintegración sin que conste nada de justicia."""
    en_ruta.pedir(inscribir(), institucion=TITULAR)
    en_ruta.pedir(INMEDIATA)
    en_ruta.pedir(
        EvaluarNecesidades(
            ruta=RUTA, necesidades=(Necesidad(servicio=ServicioPedido.EDUCACION, urgencia=Urgencia.ORDINARIA),)
        )
    )
    en_ruta.pedir(EvaluarRiesgo(ruta=RUTA, nivel=NivelRiesgo.MEDIO, vigente_hasta=CUANDO))
    [consentimiento] = en_ruta.pedir(consentir(Alcance.ATENCION))
    [ingreso] = en_ruta.pedir(INGRESO)
    [acordado] = en_ruta.pedir(plan(meta(), meta()))
    id_plan, primera = acordado.hecho.plan, acordado.hecho.metas[0].meta
    [revisado] = en_ruta.pedir(
        RevisarPlan(ruta=RUTA, plan=id_plan, metas=(meta(primera),), motivo=MotivoRevision.PERIODICA, revisar_el=CUANDO)
    )
    assert [m.meta for m in revisado.hecho.metas] == [primera]
    [prestado] = en_ruta.pedir(servicio(meta=primera))
    en_ruta.pedir(CumplirMeta(ruta=RUTA, plan=id_plan, meta=primera, evidencias=(prestado.id,)))
    en_ruta.pedir(RegistrarSatisfaccion(ruta=RUTA, servicio_valorado=ServicioPedido.EDUCACION, puntaje=5))
    en_ruta.pedir(
        FinalizarAlojamiento(
            ruta=RUTA, alojamiento=ingreso.hecho.alojamiento, motivo=MotivoFinAlojamiento.REINTEGRACION_FAMILIAR
        )
    )
    en_ruta.pedir(LograrReintegracionFamiliar(ruta=RUTA, nucleo=Nucleo.PROPIO, evaluado=True, persona_oida=True))
    [fin] = en_ruta.pedir(ConcluirPlan(ruta=RUTA, plan=id_plan, resultado=ResultadoPlan.CUMPLIDO))
    assert fin.version == 13
    assert consentimiento.hecho.consentimiento.version == 4


RESOLUCION = "ab" * 32
CON_FAMILIA = AsignarAlojamiento(ruta=RUTA, albergue=TITULAR, clase=ClaseAlojamiento.FAMILIA_SUSTITUTA, urgente=False)
EN_OTRA_FAMILIA = LograrReintegracionFamiliar(ruta=RUTA, nucleo=Nucleo.SUSTITUTA, evaluado=True, persona_oida=True)


@pytest.fixture
def de_nna(atencion):
    atencion.conocer(abierta(nna=True), institucion(TITULAR, "albergue"))
    atencion.pedir(consentir(Alcance.ATENCION, por=QuienConsiente.AUTORIDAD_NINEZ))
    return atencion


@pytest.mark.parametrize("peticion", [CON_FAMILIA, EN_OTRA_FAMILIA])
def test_a_una_nna_no_se_la_confia_a_otra_familia_sin_la_resolucion(de_nna, peticion):
    with pytest.raises(FaltaResolucion):
        de_nna.pedir(peticion)
    [hecho] = de_nna.pedir(replace(peticion, resolucion=RESOLUCION))
    assert hecho.hecho.resolucion == RESOLUCION


def test_ponerla_a_salvo_ya_no_espera_la_resolucion(de_nna):
    de_nna.pedir(replace(CON_FAMILIA, urgente=True))


@pytest.mark.parametrize("nucleo", [Nucleo.PROPIO, Nucleo.AMPLIADA])
def test_con_su_propia_familia_no_hace_falta(de_nna, nucleo):
    de_nna.pedir(replace(EN_OTRA_FAMILIA, nucleo=nucleo))


def test_una_adulta_vive_con_quien_quiera(en_ruta):
    en_ruta.conocer(institucion(TITULAR, "albergue"))
    en_ruta.pedir(consentir(Alcance.ATENCION))
    en_ruta.pedir(CON_FAMILIA)
    en_ruta.pedir(EN_OTRA_FAMILIA)


def test_la_atencion_inmediata_no_espera_ni_a_que_se_abra_la_ruta(atencion):
    with pytest.raises(RutaDesconocida):
        atencion.pedir(INMEDIATA)
    atencion.conocer(PRESUNTA)
    atencion.pedir(INMEDIATA)
    with pytest.raises(RutaDesconocida):
        atencion.pedir(consentir(Alcance.ATENCION))


def test_en_una_ruta_cerrada_lo_urgente_y_lo_que_termina_algo_si(en_ruta):
    en_ruta.pedir(inscribir(), institucion=TITULAR)
    [consentimiento] = en_ruta.pedir(consentir(Alcance.ATENCION))
    [ingreso] = en_ruta.pedir(INGRESO)
    [acordado] = en_ruta.pedir(plan())
    en_ruta.conocer(CERRADA)
    for peticion in (consentir(Alcance.ATENCION), servicio(), plan(), INGRESO):
        with pytest.raises(RutaYaCerrada):
            en_ruta.pedir(peticion)
    en_ruta.pedir(INMEDIATA)
    id_estancia = ingreso.hecho.alojamiento
    en_ruta.pedir(
        FinalizarAlojamiento(ruta=RUTA, alojamiento=id_estancia, motivo=MotivoFinAlojamiento.SALIDA_SIN_AVISO)
    )
    en_ruta.pedir(ConcluirPlan(ruta=RUTA, plan=acordado.hecho.plan, resultado=ResultadoPlan.SIN_CONTACTO))
    en_ruta.pedir(
        RevocarConsentimiento(
            ruta=RUTA,
            consentimiento=consentimiento.hecho.consentimiento,
            por=QuienConsiente.PERSONA,
            presion=SiNo.NO,
        )
    )
    en_ruta.pedir(RegistrarSatisfaccion(ruta=RUTA, servicio_valorado=ServicioPedido.ALOJAMIENTO, puntaje=2))


def test_al_reabrir_la_ruta_se_sigue(en_ruta):
    en_ruta.conocer(CERRADA, RutaReabierta(ruta=RUTA, motivo=MotivoReapertura.CONTACTO_RECUPERADO))
    en_ruta.pedir(consentir(Alcance.ATENCION))


def test_por_una_nna_decide_su_representacion_segun_la_ruta(atencion):
    atencion.conocer(abierta(nna=True))
    with pytest.raises(FaltaRepresentacion):
        atencion.pedir(consentir(Alcance.ATENCION))
    atencion.pedir(consentir(Alcance.ATENCION, por=QuienConsiente.AUTORIDAD_NINEZ))
    with pytest.raises(FaltaRepresentacion):
        atencion.pedir(plan())


def test_revocar_corta_los_servicios_y_deja_la_estancia(en_ruta):
    en_ruta.pedir(inscribir(), institucion=TITULAR)
    [consentimiento] = en_ruta.pedir(consentir(Alcance.ATENCION))
    [ingreso] = en_ruta.pedir(INGRESO)
    en_ruta.pasan(days=1)
    en_ruta.pedir(
        RevocarConsentimiento(
            ruta=RUTA,
            consentimiento=consentimiento.hecho.consentimiento,
            por=QuienConsiente.PERSONA,
            presion=SiNo.NO_CONSTA,
        )
    )
    with pytest.raises(SinConsentimiento):
        en_ruta.pedir(servicio())
    id_estancia = ingreso.hecho.alojamiento
    assert en_ruta.pedir(
        FinalizarAlojamiento(ruta=RUTA, alojamiento=id_estancia, motivo=MotivoFinAlojamiento.AUTONOMIA)
    )


def test_anular_un_ingreso_devuelve_la_plaza(en_ruta):
    en_ruta.pedir(inscribir(), institucion=TITULAR)
    [ingreso] = en_ruta.pedir(AsignarAlojamiento(
        ruta=RUTA, albergue=ALBERGUE, clase=ClaseAlojamiento.ALBERGUE_GENERAL, urgente=True
    ))  # fmt: skip
    en_ruta.conocer(abierta(OTRA_META))
    otra = AsignarAlojamiento(ruta=OTRA_META, albergue=ALBERGUE, clase=ClaseAlojamiento.ALBERGUE_GENERAL, urgente=True)
    with pytest.raises(SinPlaza):
        en_ruta.pedir(otra)
    en_ruta.pedir(rectificar(ingreso.id))
    assert en_ruta.pedir(otra)


def test_recontar_no_da_por_libre_la_que_alguien_ocupa_y_al_salir_la_devuelve(en_ruta):
    en_ruta.pedir(inscribir(), institucion=TITULAR)
    [ingreso] = en_ruta.pedir(replace(INGRESO, urgente=True))
    for libres in (1, 0):
        cupo = Cupo(sexo=Sexo.MUJER, tramo=TramoCupo.ADULTA, total=1, libres=libres)
        with pytest.raises(CuposIncoherentes) if libres else nullcontext():
            en_ruta.pedir(ActualizarCupos(codigo=ALBERGUE, cupos=(cupo,)), institucion=TITULAR)
    en_ruta.conocer(abierta(OTRA_META))
    otra = replace(INGRESO, ruta=OTRA_META, urgente=True)
    with pytest.raises(SinPlaza):
        en_ruta.pedir(otra)
    id_estancia = ingreso.hecho.alojamiento
    en_ruta.pedir(FinalizarAlojamiento(ruta=RUTA, alojamiento=id_estancia, motivo=MotivoFinAlojamiento.AUTONOMIA))
    assert en_ruta.pedir(otra)


def test_quien_ingreso_de_adulta_y_resulta_nina_no_deja_libre_la_cama(en_ruta):
    """Sin su clave no se sabe en cuál está: cuenta en las de las dos edades con que ha constado."""
    adulta, nina = (Cupo(sexo=Sexo.MUJER, tramo=t, total=1, libres=1) for t in (TramoCupo.ADULTA, TramoCupo.NINEZ))
    en_ruta.pedir(replace(inscribir(), cupos=(adulta, nina)), institucion=TITULAR)
    en_ruta.pedir(replace(INGRESO, urgente=True))
    en_ruta.llavero.destruir(RUTA)
    en_ruta.conocer(VictimaIdentificada(ruta=RUTA, nna=SiNo.SI, extranjera=SiNo.NO))
    for otra, nna in ((OTRA_META, False), (META, True)):
        en_ruta.conocer(abierta(otra, nna=nna))
        with pytest.raises(SinPlaza):
            en_ruta.pedir(replace(INGRESO, ruta=otra, urgente=True))


def test_una_derivacion_es_de_esa_ruta_y_de_quien_la_acepto(en_ruta):
    en_ruta.pedir(consentir(Alcance.ATENCION))
    with pytest.raises(DerivacionAjena):
        en_ruta.pedir(servicio(OTRA_META))
    en_ruta.conocer(DerivacionAceptada(ruta=RUTA, derivacion=OTRA_META), institucion="GT-OTRA")
    with pytest.raises(DerivacionAjena):
        en_ruta.pedir(servicio(OTRA_META))
    assert en_ruta.pedir(servicio(OTRA_META), institucion="GT-OTRA")


def test_solo_la_titular_o_la_rectora_inscriben_y_recuentan(atencion):
    atencion.conocer(institucion("GT-SVET", Mandato.RECTORIA), institucion("GT-MP", Mandato.PERSECUCION_PENAL))
    recuento = ActualizarCupos(codigo=ALBERGUE, cupos=())
    with pytest.raises(NoEsTitular):
        atencion.pedir(inscribir(), institucion=INSTITUCION)
    with pytest.raises(NoEsTitular):
        atencion.pedir(inscribir("GT-MP"), institucion=TITULAR)
    with pytest.raises(TitularDesconocida):
        atencion.pedir(inscribir(), institucion="GT-SVET")
    atencion.pedir(inscribir(), institucion=TITULAR)
    with pytest.raises(NoEsTitular):
        atencion.pedir(recuento, institucion=INSTITUCION)
    for quien in (TITULAR, ALBERGUE, "GT-SVET"):
        assert atencion.pedir(recuento, institucion=quien)
