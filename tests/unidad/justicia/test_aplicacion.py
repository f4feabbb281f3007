"""Un caso judicial entero pedido al servicio, y la orden de juez que un ingreso de urgencia deja pendiente."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import pytest

from contratos.base import PETICIONES
from contratos.solicitudes import justicia as pide
from eventos import justicia as j
from eventos.atencion import AlojamientoAsignado, AlojamientoFinalizado, ClaseAlojamiento
from eventos.comun import Efecto, HechoRectificado
from eventos.coordinacion import InstitucionInscrita, RutaAbierta, RutaCerrada
from eventos.listas import Medida
from eventos.motivos import (
    MotivoArchivo,
    MotivoCierre,
    MotivoDenegacion,
    MotivoFinAlojamiento,
    MotivoLevantamiento,
    MotivoReaperturaProceso,
    MotivoRectificacion,
)
from eventos.tipos import NivelRiesgo, SiNo, Urgencia
from servicios.comun.rutas import RutaDesconocida
from servicios.comun.vencimientos import RevisarFechas
from servicios.justicia import rechazos as no
from servicios.justicia.aplicacion import CASOS
from servicios.justicia.contexto import CONTEXTO
from servicios.justicia.lecturas import ingresos_sin_resolver
from tests.unidad.banco import Banco, banco
from tests.unidad.historia import INICIO, OTRA_RUTA, RUTA, id_de

ESTANCIA, OTRA_ESTANCIA = UUID(int=7), UUID(int=8)
ABIERTA = RutaAbierta(
    ruta=RUTA, nna=False, edad_supuesta=False, extranjera=SiNo.NO, pais="gt", protocolo="gt", version_protocolo="1",
    idioma="spa", riesgo=NivelRiesgo.ALTO, derechos=(),
)  # fmt: skip
CERRADA = RutaCerrada(ruta=RUTA, motivo=MotivoCierre.DECISION_PERSONA)


def inscrita(codigo: str, mandato: str) -> InstitucionInscrita:
    return InstitucionInscrita(
        codigo=codigo, pais="gt", mandatos=(mandato,), servicios=(), cobertura=("GT",), clave_firma="A" * 43
    )


FISCALIA, DEFENSA = inscrita("GT-MP", "persecucion-penal"), inscrita("GT-IDPP", "asistencia-legal")
ABRIGO = pide.AutorizarProteccion(
    ruta=RUTA, autorizacion=j.Autorizacion.ABRIGO, resolucion=j.Resolucion.CONCEDIDA, expediente="123-2026"
)


def ingreso(estancia: UUID = ESTANCIA, *, urgente: bool = True) -> AlojamientoAsignado:
    return AlojamientoAsignado(
        ruta=RUTA, alojamiento=estancia, albergue="GT-SVET", clase=ClaseAlojamiento.ALBERGUE_ESPECIALIZADO,
        urgente=urgente,
    )  # fmt: skip


@pytest.fixture
def servicio(tmp_path) -> Iterator[Banco]:
    with banco(CONTEXTO, tmp_path) as abierto:
        abierto.conocer(ABIERTA, FISCALIA, DEFENSA)
        yield abierto


def pendientes(servicio: Banco) -> list[UUID]:
    with servicio.almacen.tanda() as tanda:
        return [fila.alojamiento for fila in tanda.leer(ingresos_sin_resolver())]


def proceso_de(servicio: Banco) -> UUID:
    denuncia = servicio.pedir(pide.PresentarDenuncia(ruta=RUTA, denunciante=j.QuienDenuncia.PERSONA))[0].hecho
    assert isinstance(denuncia, j.DenunciaPresentada)
    return denuncia.proceso


def test_toda_peticion_del_contrato_tiene_quien_la_atienda():
    del_contrato = {clase for clase in PETICIONES.values() if clase.servicio == "justicia"}
    assert CASOS.clases() == del_contrato | {RevisarFechas}


def test_de_la_denuncia_a_la_reparacion_aunque_la_ruta_se_cierre_en_medio(servicio):
    proceso = proceso_de(servicio)
    for peticion in (
        pide.IniciarInvestigacion(ruta=RUTA, proceso=proceso),
        pide.AsignarAsistenciaJuridica(ruta=RUTA, entidad="GT-IDPP", gratuita=True),
        pide.ConstituirQuerellante(ruta=RUTA, proceso=proceso, calidad=j.Calidad.QUERELLANTE_ADHESIVO),
        pide.TomarDeclaracionAnticipada(
            ruta=RUTA, proceso=proceso, forma=j.FormaDeclaracion.CAMARA_GESELL, acompanada=True
        ),
        pide.FormularAcusacion(ruta=RUTA, proceso=proceso, sindicados=2, perfiles=(j.PerfilSindicado(),)),
    ):
        assert len(servicio.pedir(peticion)) == 1
    servicio.conocer(CERRADA)
    servicio.pedir(
        pide.DictarSentencia(ruta=RUTA, proceso=proceso, fallo=j.Fallo.CONDENATORIA, firme=True, condenados=1)
    )
    orden = servicio.pedir(
        pide.OrdenarReparacion(
            ruta=RUTA, proceso=proceso, clases=(j.ClaseReparacion.PECUNIARIA,), monto=j.Monto(centimos=1, moneda="GTQ")
        )
    )[0].hecho
    assert isinstance(orden, j.ReparacionOrdenada)
    cumplida = pide.CumplirReparacion(ruta=RUTA, reparacion=orden.reparacion, clases=orden.clases, total=True)
    assert len(servicio.pedir(cumplida)) == 1


def test_una_investigacion_de_oficio_abre_su_proceso(servicio):
    investigacion = servicio.pedir(pide.IniciarInvestigacion(ruta=RUTA))[0].hecho
    assert isinstance(investigacion, j.InvestigacionIniciada)
    assert investigacion.de_oficio
    archivo = pide.ArchivarProceso(ruta=RUTA, proceso=investigacion.proceso, motivo=MotivoArchivo.DESESTIMACION)
    assert len(servicio.pedir(archivo)) == 1


def test_un_proceso_archivado_se_reabre_y_sigue_aunque_la_ruta_este_cerrada(servicio):
    proceso = proceso_de(servicio)
    servicio.pedir(pide.ArchivarProceso(ruta=RUTA, proceso=proceso, motivo=MotivoArchivo.FALTA_DE_PRUEBA))
    servicio.conocer(CERRADA)
    reabierto = pide.ReabrirProceso(ruta=RUTA, proceso=proceso, motivo=MotivoReaperturaProceso.PRUEBA_NUEVA)
    assert len(servicio.pedir(reabierto)) == 1
    assert len(servicio.pedir(pide.FormularAcusacion(ruta=RUTA, proceso=proceso, sindicados=1))) == 1


def test_una_medida_pedida_se_deniega(servicio):
    pedida = servicio.pedir(
        pide.SolicitarMedidaProteccion(ruta=RUTA, clase=Medida.REUBICACION, urgencia=Urgencia.INMEDIATA)
    )[0].hecho
    assert isinstance(pedida, j.MedidaProteccionSolicitada)
    negativa = pide.DenegarMedidaProteccion(
        ruta=RUTA, medida=pedida.medida, motivo=MotivoDenegacion.SIN_COMPETENCIA, detalle="otro juzgado"
    )
    assert len(servicio.pedir(negativa)) == 1
    with pytest.raises(no.MedidaYaDenegada):
        servicio.pedir(pide.OtorgarMedidaProteccion(ruta=RUTA, medida=pedida.medida, clase=pedida.clase))


def test_una_medida_se_pide_se_otorga_y_se_levanta_aunque_la_ruta_este_cerrada(servicio):
    servicio.conocer(CERRADA)
    pedida = servicio.pedir(
        pide.SolicitarMedidaProteccion(ruta=RUTA, clase=Medida.PROTECCION_FAMILIA, urgencia=Urgencia.INMEDIATA)
    )[0].hecho
    assert isinstance(pedida, j.MedidaProteccionSolicitada)
    servicio.pedir(pide.OtorgarMedidaProteccion(ruta=RUTA, medida=pedida.medida, clase=pedida.clase))
    de_oficio = servicio.pedir(pide.OtorgarMedidaProteccion(ruta=RUTA, clase=Medida.REUBICACION))[0].hecho
    assert isinstance(de_oficio, j.MedidaProteccionOtorgada)
    assert de_oficio.medida != pedida.medida
    levantar = pide.LevantarMedidaProteccion(ruta=RUTA, medida=pedida.medida, motivo=MotivoLevantamiento.SUSTITUIDA)
    assert len(servicio.pedir(levantar)) == 1


def test_se_pide_cooperacion_y_se_anota_su_respuesta(servicio):
    pedida = servicio.pedir(pide.SolicitarCooperacion(ruta=RUTA, clase=j.ClaseCooperacion.PROTECCION, pais="HND"))[
        0
    ].hecho
    assert isinstance(pedida, j.CooperacionInternacionalSolicitada)
    respuesta = pide.ResponderCooperacion(
        ruta=RUTA, cooperacion=pedida.cooperacion, resultado=j.ResultadoCooperacion.NEGADA
    )
    assert len(servicio.pedir(respuesta)) == 1


def test_quien_asiste_invoca_y_la_fiscalia_resuelve(servicio):
    invocar = pide.InvocarNoCriminalizacion(ruta=RUTA, situacion=j.NoCriminalizacion.INVOCADA)
    conceder = pide.InvocarNoCriminalizacion(ruta=RUTA, situacion=j.NoCriminalizacion.CONCEDIDA)
    servicio.pedir(invocar, institucion="GT-IDPP")
    with pytest.raises(no.NoResuelve):
        servicio.pedir(conceder, institucion="GT-IDPP")
    assert len(servicio.pedir(conceder, institucion="GT-MP")) == 1


def test_quien_asiste_ha_de_estar_en_el_directorio_con_mandato_para_ello(servicio):
    with pytest.raises(no.EntidadDesconocida):
        servicio.pedir(pide.AsignarAsistenciaJuridica(ruta=RUTA, entidad="GT-ONG", gratuita=True))
    with pytest.raises(no.EntidadNoAsiste):
        servicio.pedir(pide.AsignarAsistenciaJuridica(ruta=RUTA, entidad="GT-MP", gratuita=True))


def test_sin_ruta_se_espera_a_que_llegue(servicio):
    with pytest.raises(RutaDesconocida):
        servicio.pedir(pide.PresentarDenuncia(ruta=OTRA_RUTA, denunciante=j.QuienDenuncia.ANONIMA))


def test_no_se_anula_la_denuncia_de_un_proceso_que_siguio(servicio):
    anotado = servicio.pedir(pide.PresentarDenuncia(ruta=RUTA, denunciante=j.QuienDenuncia.TERCERO))[0]
    assert isinstance(anotado.hecho, j.DenunciaPresentada)
    servicio.pedir(pide.FormularAcusacion(ruta=RUTA, proceso=anotado.hecho.proceso, sindicados=1))
    anular = pide.RectificarHecho(
        ruta=RUTA, corrige=anotado.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.ERROR_DE_REGISTRO
    )
    with pytest.raises(no.HechoConApoyos):
        servicio.pedir(anular)


# --- La orden de juez que deja pendiente un ingreso de urgencia ------------------------------------------------------


def test_un_ingreso_de_urgencia_deja_pendiente_la_orden_hasta_que_el_juez_resuelve(servicio):
    servicio.conocer(ingreso())
    assert pendientes(servicio) == [ESTANCIA]
    servicio.pasan(days=1)
    servicio.pedir(ABRIGO)
    assert pendientes(servicio) == []


def test_un_ingreso_que_no_es_de_urgencia_no_deja_nada_pendiente(servicio):
    servicio.conocer(ingreso(urgente=False))
    assert pendientes(servicio) == []


def test_la_orden_puede_conocerse_antes_que_el_ingreso(servicio):
    servicio.pasan(days=1)
    servicio.pedir(ABRIGO)
    servicio.conocer(ingreso())
    assert pendientes(servicio) == []


def test_una_orden_que_aun_rige_cubre_otro_ingreso_y_una_vencida_o_denegada_no(servicio):
    dia_anterior = INICIO - timedelta(days=1)
    for resolucion, vence in [
        (j.Resolucion.CONCEDIDA, dia_anterior.date()),
        (j.Resolucion.DENEGADA, None),
    ]:
        servicio.pedir(
            pide.AutorizarProteccion(ruta=RUTA, autorizacion=j.Autorizacion.ABRIGO, resolucion=resolucion, vence=vence),
            ocurrido=dia_anterior,
        )
    servicio.conocer(ingreso())
    assert pendientes(servicio) == [ESTANCIA]
    servicio.pedir(ABRIGO, ocurrido=dia_anterior)
    assert pendientes(servicio) == []


def test_autorizar_el_egreso_no_resuelve_el_ingreso(servicio):
    servicio.conocer(ingreso())
    servicio.pasan(days=1)
    servicio.pedir(
        pide.AutorizarProteccion(ruta=RUTA, autorizacion=j.Autorizacion.EGRESO, resolucion=j.Resolucion.CONCEDIDA)
    )
    assert pendientes(servicio) == [ESTANCIA]


def test_terminada_la_estancia_no_queda_nada_pendiente(servicio):
    servicio.conocer(
        ingreso(),
        ingreso(OTRA_ESTANCIA),
        AlojamientoFinalizado(ruta=RUTA, alojamiento=ESTANCIA, motivo=MotivoFinAlojamiento.AUTONOMIA),
    )
    assert pendientes(servicio) == [OTRA_ESTANCIA]


def test_un_ingreso_rectificado_no_deja_nada_pendiente(servicio):
    servicio.conocer(ingreso())
    antes = pendientes(servicio)
    servicio.conocer(
        HechoRectificado(
            ruta=RUTA, corrige=id_de(1004), efecto=Efecto.ANULADO, motivo=MotivoRectificacion.ERROR_DE_REGISTRO
        )
    )
    assert (antes, pendientes(servicio)) == ([ESTANCIA], [])
