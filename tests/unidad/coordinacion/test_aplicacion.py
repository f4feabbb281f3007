"""El camino de una ruta por coordinación, con almacén de verdad: se abre, se reparte, se sigue y se cierra."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from jsonschema_rs import Draft202012Validator
from sqlalchemy import Row

from contratos.base import Mandato, Peticion
from contratos.esquemas import de_aviso
from contratos.solicitudes.coordinacion import (
    AceptarDerivacion,
    AtenderDerivacion,
    CerrarRuta,
    CoordinarCaso,
    DeclararDerechoNoAplicable,
    EmitirDerivacion,
    InscribirInstitucion,
    ReabrirRuta,
    ReasignarDerivacion,
    RechazarDerivacion,
    RecibirDerivacion,
    RectificarHecho,
    RetirarDerivacion,
    SuspenderInstitucion,
)
from eventos.atencion import AlojamientoAsignado, ClaseAlojamiento, MetaVencida, RiesgoEvaluado, ServicioPrestado
from eventos.base import Hecho
from eventos.comun import Efecto, HechoRectificado
from eventos.coordinacion import (
    Acuerdo,
    ClaseAcuerdo,
    DerechoVulneradoDeNuevo,
    DerivacionAceptada,
    DerivacionAtendida,
    DerivacionEmitida,
    InstitucionSilenciosa,
    RutaAbierta,
    RutaCerrada,
    RutaReabierta,
)
from eventos.deteccion import (
    InformacionEntregada,
    PresuncionDescartada,
    RiesgoInmediatoSenalado,
    Tema,
    VictimaIdentificada,
)
from eventos.justicia import MedidaVencida
from eventos.listas import Derecho, Medida, ResultadoAtencion, ServicioPedido
from eventos.motivos import (
    MotivoCierre,
    MotivoDerivacion,
    MotivoDescarte,
    MotivoNoAplicable,
    MotivoReapertura,
    MotivoRechazo,
    MotivoRectificacion,
    MotivoRetiro,
    MotivoSuspension,
)
from eventos.sobre import Anotado, decodificar
from eventos.tipos import NivelRiesgo, SiNo, Urgencia
from infra.almacen.esquema import eventos, salida
from infra.almacen.insertar import Altas
from infra.mensajeria.puertos import Remitente
from servicios.coordinacion.buzon import AVISADOS, CON_ENCARGO
from servicios.coordinacion.contexto import CONTEXTO
from servicios.coordinacion.dominio import rechazos
from servicios.coordinacion.internas import InscribirRectora
from servicios.coordinacion.tablas import buzon, derechos, derivaciones, estado_rutas, evidencias, plazos
from tests.unidad.banco import Banco, banco
from tests.unidad.coordinacion.muestras import GT, deteccion
from tests.unidad.historia import OTRA_RUTA, RUTA, anotado, id_de

RECTORA = "GT-SVET"


class Coordinacion(Banco):
    """El banco con el directorio de Guatemala inscrito y el permiso comprobado."""

    def inscribir_a_todas(self) -> None:
        with self.almacen.tanda() as tanda:
            CONTEXTO.encargar(tanda, InscribirRectora(codigo=RECTORA, clave_firma="0" * 43))
        for n, propia in enumerate(GT.instituciones, 1):
            if propia.codigo != RECTORA:
                self.atender(
                    InscribirInstitucion(
                        codigo=propia.codigo,
                        pais="gt",
                        mandatos_inscritos=propia.mandatos,
                        servicios=propia.servicios,
                        cobertura=propia.cobertura,
                        clave_firma=str(n).rjust(43, "A"),
                    ),
                    RECTORA,
                )

    def atender(self, peticion: Peticion, institucion: str) -> Sequence[Anotado]:
        quien = Remitente(institucion=institucion, agente="ag-0123abcd", ocurrido=self.reloj.ahora(), huella="f" * 64)
        with self.almacen.tanda() as tanda:
            return CONTEXTO.atender(tanda, peticion, quien)

    def cuenta(self, hecho: Hecho, n: int, institucion: str = "GT-MP") -> Sequence[Hecho]:
        """Entrega el hecho n-ésimo de otro servicio, ocurrido ahora, y dice qué causó."""
        antes = self.almacen.registrador.max_notification_id() or 0
        with self.almacen.tanda() as tanda:
            CONTEXTO.conocer(tanda, anotado(hecho, n, institucion=institucion, ocurrido=self.reloj.ahora()))
        return self.hechos(desde=antes)

    def hechos(self, desde: int = 0) -> list[Hecho]:
        """Lo que coordinación contó después de una posición."""
        return [a.hecho for a in self.anotados(desde)]

    def anotados(self, desde: int = 0) -> list[Anotado]:
        consulta = sa.select(eventos.c.cuerpo).where(eventos.c.posicion > desde).order_by(eventos.c.posicion)
        return [decodificar(fila.cuerpo) for fila in self.leer(consulta)]

    def vencer(self) -> int:
        with self.almacen.tanda() as tanda:
            return CONTEXTO.vencer(tanda, 100)

    def leer(self, consulta: sa.Select[Any]) -> Sequence[Row[Any]]:
        with self.almacen.tanda() as tanda:
            return tanda.leer(consulta)

    def encargo(self, servicio: ServicioPedido, ruta: UUID = RUTA) -> Row[Any]:
        """El encargo de ese servicio que nadie sustituyó."""
        consulta = sa.select(derivaciones).where(
            derivaciones.c.servicio == servicio.value,
            derivaciones.c.ruta == ruta,
            derivaciones.c.sustituida_por.is_(None),
        )
        return self.leer(consulta.order_by(derivaciones.c.emitida.desc()))[0]

    def estados(self, ruta: UUID = RUTA) -> dict[str, str]:
        return {f.derecho: f.estado for f in self.leer(sa.select(derechos).where(derechos.c.ruta == ruta))}

    def buzon_de(self, institucion: str) -> list[tuple[int, str]]:
        consulta = sa.select(buzon).where(buzon.c.institucion == institucion).order_by(buzon.c.numero)
        return [(f.numero, f.tipo.split(".")[2]) for f in self.leer(consulta)]


@pytest.fixture
def coordinacion(tmp_path: Path) -> Iterator[Coordinacion]:
    abierto = Coordinacion(CONTEXTO, tmp_path)
    abierto.inscribir_a_todas()
    yield abierto
    abierto.cerrar()


def servicio(que: ServicioPedido, resultado: ResultadoAtencion = ResultadoAtencion.COMPLETA) -> ServicioPrestado:
    return ServicioPrestado(ruta=RUTA, servicio=que, resultado=resultado)


def informada() -> InformacionEntregada:
    return InformacionEntregada(ruta=RUTA, idioma="spa", comprendida=True, temas=(Tema.DERECHOS, Tema.DATOS_PERSONALES))


def segura() -> RiesgoEvaluado:
    return RiesgoEvaluado(ruta=RUTA, nivel=NivelRiesgo.BAJO, vigente_hasta=date(2026, 12, 31))


def restituir_del_todo(c: Coordinacion) -> None:
    """Adulta nacional con todo probado o excluido con motivo."""
    c.cuenta(deteccion(), 100)
    c.cuenta(informada(), 101)
    c.cuenta(segura(), 102)
    for n, que in enumerate(
        (
            ServicioPedido.SALUD,
            ServicioPedido.SALUD_MENTAL,
            ServicioPedido.SALUD_SEXUAL,
            ServicioPedido.ALIMENTACION,
            ServicioPedido.ALOJAMIENTO,
            ServicioPedido.MEDIOS_DE_VIDA,
            ServicioPedido.DOCUMENTACION,
        ),
        110,
    ):
        c.cuenta(servicio(que), n)
    for derecho, motivo in (
        (Derecho.CONVIVENCIA, MotivoNoAplicable.NO_AFECTADO),
        (Derecho.NO_CRIMINALIZACION, MotivoNoAplicable.NO_AFECTADO),
        (Derecho.JUSTICIA, MotivoNoAplicable.DECISION_PERSONA),
        (Derecho.REPARACION, MotivoNoAplicable.SIN_AUTOR_CONDENADO),
    ):
        c.atender(DeclararDerechoNoAplicable(ruta=RUTA, derecho=derecho, motivo=motivo), RECTORA)


def cerrar(c: Coordinacion, motivo: MotivoCierre = MotivoCierre.RESTITUCION_PLENA) -> list[Hecho]:
    return [a.hecho for a in c.atender(CerrarRuta(ruta=RUTA, motivo=motivo), RECTORA)]


def test_la_rectora_se_inscribe_una_sola_vez(coordinacion):
    with coordinacion.almacen.tanda() as tanda:
        assert CONTEXTO.encargar(tanda, InscribirRectora(codigo=RECTORA, clave_firma="1" * 43)) == []


def test_la_presuncion_abre_la_ruta_y_reparte_los_encargos(coordinacion):
    abierta, *emitidas = coordinacion.cuenta(deteccion(), 100)
    assert isinstance(abierta, RutaAbierta)
    assert not abierta.edad_supuesta
    assert Derecho.CONDICION_MIGRATORIA not in abierta.derechos
    assert {e.a for e in emitidas if isinstance(e, DerivacionEmitida)} == {"GT-REFUGIO", "GT-MSPAS", "GT-MP"}
    assert coordinacion.cuenta(deteccion(), 101) == []


@pytest.mark.parametrize(
    ("detectada_en", "rige"), [("gt", "gt"), ("pe", "pe"), ("hn", "gt"), ("mx", "gt"), ("ni", "gt")]
)
def test_un_borrador_no_abre_rutas_y_nadie_se_queda_sin_la_suya(coordinacion, detectada_en: str, rige: str):
    abierta, *emitidas = coordinacion.cuenta(deteccion(pais_deteccion=detectada_en), 100)
    assert isinstance(abierta, RutaAbierta)
    assert (abierta.protocolo, abierta.pais) == (rige, rige)
    assert emitidas


def test_la_edad_que_no_consta_la_decide_el_protocolo(coordinacion):
    abierta, *_ = coordinacion.cuenta(deteccion(nna=SiNo.NO_CONSTA), 100)
    assert isinstance(abierta, RutaAbierta)
    assert (abierta.nna, abierta.edad_supuesta) == (True, True)
    assert coordinacion.encargo(ServicioPedido.PROTECCION_NNA).a == "GT-PGN"


def test_lo_que_llego_antes_de_abrir_se_tiene_en_cuenta_al_abrir(coordinacion):
    assert coordinacion.cuenta(informada(), 99) == []
    assert coordinacion.cuenta(RiesgoInmediatoSenalado(ruta=RUTA, urgencia=Urgencia.INMEDIATA), 98) == []
    coordinacion.cuenta(deteccion(), 100)
    assert coordinacion.estados()[Derecho.INFORMACION] == "restituido"
    assert coordinacion.encargo(ServicioPedido.SEGURIDAD).a == "GT-PNC"


def test_de_la_emision_al_cierre_de_un_encargo(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    encargo = coordinacion.encargo(ServicioPedido.SALUD)
    de_salud = {"ruta": RUTA, "derivacion": encargo.derivacion}
    coordinacion.atender(RecibirDerivacion(**de_salud), "GT-MSPAS")
    coordinacion.atender(AceptarDerivacion(**de_salud), "GT-MSPAS")
    coordinacion.cuenta(servicio(ServicioPedido.SALUD), 101, "GT-MSPAS")
    coordinacion.atender(
        AtenderDerivacion(**de_salud, resultado=ResultadoAtencion.COMPLETA, evidencias=(id_de(101),)), "GT-MSPAS"
    )
    fila = coordinacion.encargo(ServicioPedido.SALUD)
    assert fila.estado == "atendida"
    assert None not in {fila.emitida, fila.recibida, fila.aceptada, fila.atendida}
    assert coordinacion.leer(sa.select(plazos).where(plazos.c.derivacion == encargo.derivacion)) == []
    assert coordinacion.estados()[Derecho.SALUD_FISICA] == "restituido"


def test_una_evidencia_ha_de_existir_y_ser_de_la_misma_ruta(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    coordinacion.cuenta(deteccion(ruta=OTRA_RUTA), 200)
    de_salud = {"ruta": RUTA, "derivacion": coordinacion.encargo(ServicioPedido.SALUD).derivacion}
    coordinacion.atender(AceptarDerivacion(**de_salud), "GT-MSPAS")
    completa = {**de_salud, "resultado": ResultadoAtencion.COMPLETA}
    with pytest.raises(rechazos.EvidenciaDesconocida):
        coordinacion.atender(AtenderDerivacion(**completa, evidencias=(id_de(999),)), "GT-MSPAS")
    with pytest.raises(rechazos.EvidenciaDeOtraRuta):
        coordinacion.atender(AtenderDerivacion(**completa, evidencias=(id_de(200),)), "GT-MSPAS")
    coordinacion.cuenta(servicio(ServicioPedido.SALUD), 101, "GT-EXTRANA")
    with pytest.raises(rechazos.EvidenciaSinMandato):
        coordinacion.atender(AtenderDerivacion(**completa, evidencias=(id_de(101),)), "GT-MSPAS")


def test_de_un_encargo_que_ya_no_es_suyo_se_dice_eso_aunque_la_prueba_no_haya_llegado(coordinacion):
    """Decir que la prueba no consta haría esperar e insistir por algo que no va a servir."""
    coordinacion.cuenta(deteccion(), 100)
    de_salud = {"ruta": RUTA, "derivacion": coordinacion.encargo(ServicioPedido.SALUD).derivacion}
    coordinacion.atender(AceptarDerivacion(**de_salud), "GT-MSPAS")
    coordinacion.atender(RetirarDerivacion(**de_salud, motivo=MotivoRetiro.NECESIDAD_CUBIERTA), RECTORA)
    con_prueba = AtenderDerivacion(**de_salud, resultado=ResultadoAtencion.COMPLETA, evidencias=(id_de(999),))
    with pytest.raises(rechazos.DerivacionTerminada):
        coordinacion.pedir(con_prueba, institucion="GT-MSPAS")


def test_lo_rechazado_pasa_en_el_mismo_acto_a_otra_y_al_final_a_la_rectora(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    pasaron = []
    while (encargo := coordinacion.encargo(ServicioPedido.ATENCION_INMEDIATA)).a != RECTORA:
        pasaron.append(encargo.a)
        peticion = RechazarDerivacion(ruta=RUTA, derivacion=encargo.derivacion, motivo=MotivoRechazo.SIN_CUPO)
        _recibida, _rechazada, reasignada, emitida = (a.hecho for a in coordinacion.atender(peticion, encargo.a))
        assert reasignada.nueva == emitida.derivacion
        assert emitida.motivo is MotivoDerivacion.REASIGNACION
    assert pasaron[0] == "GT-REFUGIO"
    assert len(pasaron) == len(set(pasaron)) > 2
    with pytest.raises(rechazos.SinAQuienReasignar):
        coordinacion.pedir(
            RechazarDerivacion(ruta=RUTA, derivacion=encargo.derivacion, motivo=MotivoRechazo.SIN_CUPO),
            institucion=RECTORA,
        )


def test_el_silencio_vence_escala_y_al_tercero_consta(coordinacion):
    for n in range(3):
        coordinacion.cuenta(deteccion(ruta=UUID(int=n + 1), riesgo=NivelRiesgo.ALTO), 100 + n, "GT-MP")
    coordinacion.pasan(hours=1)
    assert coordinacion.vencer() == 0
    coordinacion.pasan(hours=1)
    assert coordinacion.vencer() == 6
    assert coordinacion.vencer() == 0
    callan = {h.codigo for h in coordinacion.hechos() if isinstance(h, InstitucionSilenciosa)}
    assert callan == {"GT-PNC", "GT-REFUGIO"}
    fila = coordinacion.encargo(ServicioPedido.SEGURIDAD, UUID(int=1))
    assert (fila.estado, fila.escalada_a) == ("emitida", RECTORA)
    assert ("derivacion-escalada" in {tipo for _, tipo in coordinacion.buzon_de(RECTORA)}) is True
    coordinacion.atender(RecibirDerivacion(ruta=UUID(int=1), derivacion=fila.derivacion), "GT-PNC")


def test_quien_dio_senales_no_es_silenciosa(coordinacion):
    for n in range(3):
        coordinacion.cuenta(deteccion(ruta=UUID(int=n + 1), riesgo=NivelRiesgo.ALTO), 100 + n, "GT-MP")
        if n == 1:
            coordinacion.pasan(hours=2)
            coordinacion.vencer()
            coordinacion.pasan(minutes=1)
            coordinacion.cuenta(segura(), 150, "GT-PNC")
    coordinacion.pasan(hours=2)
    coordinacion.vencer()
    callan = {h.codigo for h in coordinacion.hechos() if isinstance(h, InstitucionSilenciosa)}
    assert callan == {"GT-REFUGIO"}


def test_lo_que_vence_en_manos_de_la_rectora_se_escala_a_quien_supervisa(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    encargo = coordinacion.encargo(ServicioPedido.SALUD)
    coordinacion.atender(ReasignarDerivacion(ruta=RUTA, derivacion=encargo.derivacion, a=RECTORA), RECTORA)
    coordinacion.pasan(days=2)
    coordinacion.vencer()
    assert coordinacion.encargo(ServicioPedido.SALUD).escalada_a == "GT-PDH"


def test_restitucion_plena_solo_con_cada_derecho_probado(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    with pytest.raises(rechazos.DerechosPendientes):
        cerrar(coordinacion)
    restituir_del_todo(coordinacion)
    assert isinstance(cerrar(coordinacion)[-1], RutaCerrada)
    [fila] = coordinacion.leer(sa.select(estado_rutas))
    assert (fila.estado, fila.motivo_cierre) == ("cerrada", "restitucion-plena")
    assert coordinacion.leer(sa.select(plazos)) == []


def test_rectificar_una_prueba_reabre_lo_que_se_cerro_con_ella(coordinacion):
    restituir_del_todo(coordinacion)
    cerrar(coordinacion)
    rectificado = HechoRectificado(
        ruta=RUTA, corrige=id_de(110), efecto=Efecto.ANULADO, motivo=MotivoRectificacion.NO_OCURRIO
    )
    suceso = anotado(rectificado, 300, institucion="GT-MSPAS", origen="/gt/atencion")
    antes = coordinacion.almacen.registrador.max_notification_id() or 0
    with coordinacion.almacen.tanda() as tanda:
        CONTEXTO.conocer(tanda, suceso)
    reabierta, *resto = coordinacion.hechos(antes)
    assert reabierta == RutaReabierta(ruta=RUTA, motivo=MotivoReapertura.DERECHO_VULNERADO)
    vulnerados = [h for h in resto if isinstance(h, DerechoVulneradoDeNuevo)]
    assert [(h.derecho, h.evidencia) for h in vulnerados] == [(Derecho.SALUD_FISICA, id_de(300))]
    assert coordinacion.encargo(ServicioPedido.COORDINACION).a == RECTORA


def test_un_peligro_reabre_la_ruta_y_vulnera_la_seguridad(coordinacion):
    restituir_del_todo(coordinacion)
    cerrar(coordinacion)
    coordinacion.pasan(days=30)
    hechos = coordinacion.cuenta(RiesgoInmediatoSenalado(ruta=RUTA, urgencia=Urgencia.INMEDIATA), 300)
    assert hechos[0] == RutaReabierta(ruta=RUTA, motivo=MotivoReapertura.NUEVOS_INDICIOS)
    assert coordinacion.encargo(ServicioPedido.SEGURIDAD).a == "GT-PNC"
    assert coordinacion.estados()[Derecho.INTEGRIDAD] == "vulnerado-de-nuevo"


def test_una_ruta_cerrada_no_admite_nada_salvo_reabrirse(coordinacion):
    restituir_del_todo(coordinacion)
    encargo = coordinacion.encargo(ServicioPedido.SALUD)
    cerrar(coordinacion)
    for peticion in (
        RecibirDerivacion(ruta=RUTA, derivacion=encargo.derivacion),
        EmitirDerivacion(ruta=RUTA, a="GT-MSPAS", servicio_pedido=ServicioPedido.SALUD, urgencia=Urgencia.ORDINARIA),
        CoordinarCaso(ruta=RUTA, instituciones=("GT-MP",)),
        CerrarRuta(ruta=RUTA, motivo=MotivoCierre.FALLECIMIENTO),
    ):
        with pytest.raises(rechazos.RutaYaCerrada):
            coordinacion.pedir(peticion, institucion=RECTORA)
    assert coordinacion.cuenta(servicio(ServicioPedido.SALUD), 301) == []
    reabierta, *emitidas = (
        a.hecho for a in coordinacion.atender(ReabrirRuta(ruta=RUTA, motivo=MotivoReapertura.PERSONA_LO_PIDE), RECTORA)
    )
    assert isinstance(reabierta, RutaReabierta)
    assert [e.servicio for e in emitidas] == [ServicioPedido.SEGUIMIENTO]


def test_descartar_la_presuncion_retira_lo_pendiente_y_cierra(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    coordinacion.cuenta(PresuncionDescartada(ruta=RUTA, motivo=MotivoDescarte.SIN_INDICIOS), 101)
    [fila] = coordinacion.leer(sa.select(estado_rutas))
    assert fila.motivo_cierre == "presuncion-descartada"
    assert {f.estado for f in coordinacion.leer(sa.select(derivaciones))} == {"retirada"}


def test_si_el_descarte_se_rectifica_la_ruta_vuelve(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    coordinacion.cuenta(PresuncionDescartada(ruta=RUTA, motivo=MotivoDescarte.SIN_INDICIOS), 101)
    rectificado = HechoRectificado(
        ruta=RUTA, corrige=id_de(101), efecto=Efecto.ANULADO, motivo=MotivoRectificacion.NO_OCURRIO
    )
    with coordinacion.almacen.tanda() as tanda:
        CONTEXTO.conocer(tanda, anotado(rectificado, 102, origen="/gt/deteccion"))
    assert coordinacion.hechos()[-2] == RutaReabierta(ruta=RUTA, motivo=MotivoReapertura.CIERRE_ERRONEO)


def test_la_identificacion_manda_sobre_lo_supuesto(coordinacion):
    coordinacion.cuenta(deteccion(nna=SiNo.NO_CONSTA, extranjera=SiNo.NO_CONSTA), 100)
    coordinacion.cuenta(VictimaIdentificada(ruta=RUTA, nna=SiNo.NO, extranjera=SiNo.SI), 101)
    de_ninez = coordinacion.encargo(ServicioPedido.PROTECCION_NNA)
    assert coordinacion.encargo(ServicioPedido.REGULARIZACION).a == "GT-IGM"
    retirada = RetirarDerivacion(ruta=RUTA, derivacion=de_ninez.derivacion, motivo=MotivoRetiro.EMITIDA_POR_ERROR)
    assert coordinacion.atender(retirada, RECTORA)


def test_el_ingreso_no_espera_al_juez_y_la_restitucion_plena_si(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    ingreso = AlojamientoAsignado(
        ruta=RUTA,
        alojamiento=UUID(int=5),
        albergue="GT-REFUGIO",
        clase=ClaseAlojamiento.ALBERGUE_ESPECIALIZADO,
        urgente=True,
    )
    coordinacion.cuenta(ingreso, 105)
    assert coordinacion.estados()[Derecho.ALOJAMIENTO] == "en-restitucion"
    orden = coordinacion.encargo(ServicioPedido.AUTORIZACION_PROTECCION)
    assert (orden.a, orden.motivo) == ("GT-OJ", "obligacion-legal-pendiente")
    restituir_del_todo(coordinacion)
    with pytest.raises(rechazos.ObligacionPendiente):
        cerrar(coordinacion)


def test_un_acuerdo_de_mesa_es_un_encargo_con_su_fecha(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    acuerdo = Acuerdo(
        clase=ClaseAcuerdo.PRESTAR_SERVICIO,
        responsable="GT-MIDES",
        servicio=ServicioPedido.MEDIOS_DE_VIDA,
        vence=date(2026, 2, 1),
    )
    mesa = CoordinarCaso(ruta=RUTA, instituciones=("GT-MP", "GT-MIDES"), acuerdos=(acuerdo,))
    _, emitida = (a.hecho for a in coordinacion.atender(mesa, RECTORA))
    assert isinstance(emitida, DerivacionEmitida)
    assert emitida.motivo is MotivoDerivacion.ACUERDO
    assert emitida.vence_atencion is not None
    assert emitida.vence_atencion - timedelta(hours=6) == emitida.vence_atencion.replace(day=2, hour=0)


def test_atender_por_error_se_rectifica_y_el_encargo_vuelve_a_estar_aceptado(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    de_salud = {"ruta": RUTA, "derivacion": coordinacion.encargo(ServicioPedido.SALUD).derivacion}
    coordinacion.atender(AceptarDerivacion(**de_salud), "GT-MSPAS")
    [anotada] = coordinacion.atender(
        AtenderDerivacion(**de_salud, resultado=ResultadoAtencion.NO_LOCALIZADA), "GT-MSPAS"
    )
    assert isinstance(anotada.hecho, DerivacionAtendida)
    coordinacion.atender(
        RectificarHecho(
            ruta=RUTA, corrige=anotada.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.ERROR_DE_REGISTRO
        ),
        "GT-MSPAS",
    )
    assert coordinacion.encargo(ServicioPedido.SALUD).estado == "aceptada"
    abierta = next(h for h in coordinacion.hechos() if isinstance(h, RutaAbierta))
    assert abierta.ruta == RUTA
    with pytest.raises(rechazos.NoRectificable):
        coordinacion.atender(
            RectificarHecho(
                ruta=RUTA, corrige=anotada.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.NO_OCURRIO
            ),
            "GT-MSPAS",
        )


def test_una_institucion_suspendida_no_recibe_encargos(coordinacion):
    coordinacion.atender(SuspenderInstitucion(codigo="GT-MSPAS", motivo=MotivoSuspension.DEJA_DE_OPERAR), RECTORA)
    coordinacion.cuenta(deteccion(), 100)
    assert coordinacion.encargo(ServicioPedido.SALUD).a == RECTORA


def test_lo_que_tenia_una_suspendida_pasa_a_otra_sin_esperar_a_que_venza(coordinacion):
    """Aceptado o sin abrir: quien está suspendida ya no puede hacer nada con ello."""
    coordinacion.cuenta(deteccion(), 100)
    coordinacion.cuenta(deteccion(ruta=OTRA_RUTA), 101)
    antes = coordinacion.encargo(ServicioPedido.ATENCION_INMEDIATA)
    coordinacion.atender(AceptarDerivacion(ruta=RUTA, derivacion=antes.derivacion), antes.a)
    coordinacion.atender(SuspenderInstitucion(codigo=antes.a, motivo=MotivoSuspension.CLAVE_COMPROMETIDA), RECTORA)
    with coordinacion.almacen.tanda() as tanda:
        assert CONTEXTO.proximo_vencimiento(tanda) == coordinacion.reloj.ahora()
    # De a pocos: el paso está acotado, y lo hecho deja de tocar.
    with coordinacion.almacen.tanda() as tanda:
        assert CONTEXTO.vencer(tanda, 1) == 1
    assert coordinacion.vencer() == 1
    assert coordinacion.vencer() == 0
    for ruta in (RUTA, OTRA_RUTA):
        ahora = coordinacion.encargo(ServicioPedido.ATENCION_INMEDIATA, ruta)
        assert (ahora.estado, ahora.motivo) == ("emitida", MotivoDerivacion.REASIGNACION)
        assert ahora.a not in {antes.a, RECTORA}
    assert [tipo for _, tipo in coordinacion.buzon_de(antes.a)][-2:] == ["derivacion-reasignada"] * 2
    with coordinacion.almacen.tanda() as tanda:
        assert CONTEXTO.proximo_vencimiento(tanda) > coordinacion.reloj.ahora()


def test_si_nadie_mas_lo_presta_lo_releva_la_rectora(coordinacion):
    coordinacion.cuenta(deteccion(), 100)
    for _ in range(len(GT.instituciones)):
        if (encargo := coordinacion.encargo(ServicioPedido.ATENCION_INMEDIATA)).a == RECTORA:
            break
        motivo = MotivoSuspension.DEJA_DE_OPERAR
        coordinacion.atender(SuspenderInstitucion(codigo=encargo.a, motivo=motivo), RECTORA)
        coordinacion.vencer()
    assert coordinacion.encargo(ServicioPedido.ATENCION_INMEDIATA).a == RECTORA


def test_no_se_inscriben_dos_rectoras(coordinacion):
    otra = InscribirInstitucion(
        codigo="GT-OTRA",
        pais="gt",
        mandatos_inscritos=(Mandato.RECTORIA,),
        servicios=(),
        cobertura=("GT",),
        clave_firma="z" * 43,
    )
    with pytest.raises(rechazos.RectoraUnica):
        coordinacion.atender(otra, RECTORA)


def test_lo_que_llega_a_un_buzon_cumple_el_esquema_publicado(coordinacion):
    coordinacion.cuenta(deteccion(riesgo=NivelRiesgo.ALTO), 100)
    de_salud = coordinacion.encargo(ServicioPedido.SALUD)
    no_puede = RechazarDerivacion(ruta=RUTA, derivacion=de_salud.derivacion, motivo=MotivoRechazo.SIN_CUPO)
    coordinacion.atender(no_puede, de_salud.a)
    identificar = coordinacion.encargo(ServicioPedido.IDENTIFICACION)
    sobra = RetirarDerivacion(ruta=RUTA, derivacion=identificar.derivacion, motivo=MotivoRetiro.EMITIDA_POR_ERROR)
    coordinacion.atender(sobra, RECTORA)
    coordinacion.pasan(days=90)
    while coordinacion.vencer():
        pass
    coordinacion.cuenta(PresuncionDescartada(ruta=RUTA, motivo=MotivoDescarte.OTRO_DELITO), 101)
    llegaron = {}
    for fila in coordinacion.leer(sa.select(buzon)):
        clase = next(c for c in AVISADOS if c.tipo == fila.tipo)
        esquema = de_aviso(clase, con_encargo=issubclass(clase, CON_ENCARGO))
        aviso = json.loads(fila.cuerpo)
        assert Draft202012Validator(esquema, validate_formats=True).is_valid(aviso), fila.tipo
        assert not Draft202012Validator(esquema).is_valid({**aviso, "numero": 0})
        llegaron[fila.tipo] = clase
    assert len(llegaron) >= 5


def test_el_aviso_de_una_fecha_llega_a_quienes_participan_y_sale_por_el_bus(coordinacion):
    vencida = MedidaVencida(ruta=RUTA, medida=UUID(int=5), clase=Medida.REUBICACION, vence=date(2026, 1, 4))
    coordinacion.cuenta(deteccion(), 1, "GT-PNC")
    encargo = coordinacion.encargo(ServicioPedido.SALUD)
    coordinacion.atender(AceptarDerivacion(ruta=RUTA, derivacion=encargo.derivacion), encargo.a)
    antes = coordinacion.leer(sa.select(sa.func.max(salida.c.numero)))[0][0]

    coordinacion.cuenta(vencida, 2, "GT-SISTEMA")

    for quien in ("GT-PNC", encargo.a):
        assert coordinacion.buzon_de(quien)[-1][1] == "medida-vencida"
    enviados = coordinacion.leer(sa.select(salida).where(salida.c.numero > antes).order_by(salida.c.clave))
    assert [(m.clave, m.tipo, m.urgente) for m in enviados] == [
        (quien, vencida.tipo, True) for quien in sorted(("GT-PNC", encargo.a))
    ]
    assert "medida-vencida" not in {tipo for _, tipo in coordinacion.buzon_de("GT-MP")}
    assert vencida.tipo not in {f.tipo for f in coordinacion.leer(sa.select(evidencias))}
    cuerpo = json.loads(enviados[0].cuerpo)
    Draft202012Validator(de_aviso(MedidaVencida, con_encargo=False)).validate(cuerpo)


def test_si_nadie_participa_ya_el_aviso_de_una_fecha_va_a_la_rectora(coordinacion):
    coordinacion.cuenta(MetaVencida(
        ruta=OTRA_RUTA, plan=UUID(int=1), meta=UUID(int=2), servicio=ServicioPedido.SALUD, vence=date(2026, 1, 4)
    ), 1, "GT-SISTEMA")  # fmt: skip
    assert [tipo for _, tipo in coordinacion.buzon_de(RECTORA)] == ["meta-vencida"]


def test_a_quien_se_avisa_no_depende_de_como_se_parta_el_lote(coordinacion, tmp_path):
    """Quien aceptó después de que la medida venciera no participaba entonces, aunque todo se rehaga de una vez."""
    vencida = MedidaVencida(ruta=RUTA, medida=UUID(int=5), clase=Medida.REUBICACION, vence=date(2026, 1, 4))
    coordinacion.cuenta(deteccion(), 1, "GT-PNC")
    encargo = coordinacion.encargo(ServicioPedido.SALUD)
    propios = coordinacion.anotados()
    aceptada = anotado(DerivacionAceptada(ruta=RUTA, derivacion=encargo.derivacion), 9, institucion=encargo.a)
    vistos = [*propios, anotado(deteccion(), 1, institucion="GT-PNC"), anotado(vencida, 2), aceptada]
    buzones = []
    for nombre, partes in (("junto", [vistos]), ("suelto", [[visto] for visto in vistos])):
        (tmp_path / nombre).mkdir()
        with banco(CONTEXTO, tmp_path / nombre) as otro, otro.almacen.motor.begin() as conexion:
            altas = Altas(conexion)
            for parte in partes:
                CONTEXTO.lecturas.aplicar(altas, parte)
            altas.escribir()
            claves = [*buzon.primary_key.columns]
            buzones.append([tuple(f) for f in conexion.execute(sa.select(buzon).order_by(*claves))])
    assert buzones[0] == buzones[1]
    assert "GT-PNC" in {fila[0] for fila in buzones[0] if fila[4] == vencida.tipo}


def test_el_buzon_va_numerado_sin_huecos_y_sale_por_el_bus(coordinacion):
    for n in range(3):
        coordinacion.cuenta(deteccion(ruta=UUID(int=n + 1)), 100 + n)
    assert coordinacion.buzon_de("GT-MSPAS") == [(n, "derivacion-emitida") for n in (1, 2, 3)]
    mensajes = coordinacion.leer(sa.select(salida).where(salida.c.clave == "GT-MSPAS"))
    assert [(m.intercambio, m.urgente) for m in mensajes] == [("buzon", False)] * 3
    urgentes = coordinacion.leer(sa.select(salida).where(salida.c.clave == "GT-REFUGIO"))
    assert all(m.urgente for m in urgentes)
    assert len({m.id for m in (*mensajes, *urgentes)}) == 6


def test_las_lecturas_se_rehacen_desde_cero_iguales(coordinacion, tmp_path):
    restituir_del_todo(coordinacion)
    cerrar(coordinacion)
    (tmp_path / "otro").mkdir()
    with banco(CONTEXTO, tmp_path / "otro") as otro, otro.almacen.motor.begin() as conexion:
        altas = Altas(conexion)
        for propio in coordinacion.anotados():
            CONTEXTO.lecturas.aplicar(altas, [propio])
        altas.escribir()
        for tabla in (derivaciones, derechos, estado_rutas, buzon, plazos):
            orden = [*tabla.primary_key.columns]
            rehechas = conexion.execute(sa.select(tabla).order_by(*orden)).all()
            assert [tuple(f) for f in rehechas] == [
                tuple(f) for f in coordinacion.leer(sa.select(tabla).order_by(*orden))
            ]


def test_ningun_hecho_que_se_avisa_tapa_lo_que_dice_el_buzon():
    """Un campo «numero» del hecho ocupaba el del aviso: la institución lo tomaba por repetido, o por un hueco."""
    propios = {"numero", "evento", "tipo", "disponible", "encargo"}
    assert {c.tipo: propios & set(c.__struct_fields__) for c in AVISADOS if propios & set(c.__struct_fields__)} == {}
