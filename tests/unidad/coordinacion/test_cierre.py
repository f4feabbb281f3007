"""Regla 3: cerrar como restitución plena se comprueba derecho a derecho; los demás motivos piden su prueba."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eventos.base import partir
from eventos.coordinacion import (
    DerechoEnRestitucion,
    DerechoNoAplicable,
    DerechoRestituido,
    DerechoVulneradoDeNuevo,
    DerivacionRetirada,
    RutaCerrada,
    RutaReabierta,
)
from eventos.deteccion import PresuncionDescartada, RiesgoInmediatoSenalado
from eventos.listas import Derecho, ServicioPedido
from eventos.motivos import (
    MotivoCierre,
    MotivoDerivacion,
    MotivoDescarte,
    MotivoNoAplicable,
    MotivoReapertura,
    MotivoRetiro,
)
from eventos.repatriacion import RecepcionConfirmada, Receptora
from eventos.tipos import SiNo, Urgencia
from servicios.coordinacion.dominio import cierre, rechazos
from servicios.coordinacion.dominio.ruta import Ruta
from servicios.coordinacion.dominio.suceso import Perfil, Suceso
from tests.unidad.coordinacion.muestras import ADULTA, GT, NINA, abierta, emitida, prueba
from tests.unidad.historia import INICIO, RUTA, anotado, historia, id_de

SALUD = DerechoRestituido(ruta=RUTA, derecho=Derecho.SALUD_FISICA, evidencias=(id_de(50),))
INFORMACION = DerechoRestituido(ruta=RUTA, derecho=Derecho.INFORMACION, evidencias=(id_de(51),))
LLEGO = prueba(anotado(RecepcionConfirmada(ruta=RUTA, receptora=Receptora.ONG, conforme=True), 60))
DESCARTADA = prueba(anotado(PresuncionDescartada(ruta=RUTA, motivo=MotivoDescarte.SIN_INDICIOS), 61))
CERRADA = RutaCerrada(ruta=RUTA, motivo=MotivoCierre.RESTITUCION_PLENA)
PELIGRO = RiesgoInmediatoSenalado(ruta=RUTA, urgencia=Urgencia.INMEDIATA)


def cerrar(ruta: Ruta, motivo: MotivoCierre = MotivoCierre.RESTITUCION_PLENA, **cambios: Any) -> list[Any]:
    datos: dict[str, Any] = {
        "reglas": GT.cierres,
        "exigibles": (),
        "evidencias": [],
        "nna": False,
        "autoridad_ninez": False,
    }
    return cierre.cerrar(ruta, motivo, **{**datos, **cambios})


def no_aplica(ruta: Ruta, derecho: Derecho, motivo: MotivoNoAplicable, **cambios: Any) -> DerechoNoAplicable:
    datos: dict[str, Any] = {
        "perfil": ADULTA,
        "exigibles": (),
        "reglas": GT.exclusiones,
        "evidencias": [],
        "autoridad_ninez": False,
    }
    return cierre.no_aplica(ruta, derecho, motivo, **{**datos, **cambios})


def test_con_todo_restituido_cierra():
    assert cerrar(historia(Ruta, abierta(), SALUD, INFORMACION)) == [CERRADA]


@pytest.mark.parametrize(
    "hechos",
    [
        (SALUD,),
        (SALUD, DerechoEnRestitucion(ruta=RUTA, derecho=Derecho.INFORMACION, evidencia=id_de(51))),
        (SALUD, INFORMACION, DerechoVulneradoDeNuevo(ruta=RUTA, derecho=Derecho.INFORMACION, evidencia=id_de(52))),
    ],
)
def test_con_un_derecho_sin_restituir_no_cierra(hechos):
    with pytest.raises(rechazos.DerechosPendientes):
        cerrar(historia(Ruta, abierta(), *hechos))


def test_lo_que_la_identificacion_anadio_tambien_se_exige():
    with pytest.raises(rechazos.DerechosPendientes):
        cerrar(historia(Ruta, abierta(), SALUD, INFORMACION), exigibles=(Derecho.CONDICION_MIGRATORIA,))


def test_lo_no_aplicable_no_impide_cerrar():
    fuera = DerechoNoAplicable(ruta=RUTA, derecho=Derecho.SALUD_FISICA, motivo=MotivoNoAplicable.NO_AFECTADO)
    assert cerrar(historia(Ruta, abierta(), fuera, INFORMACION)) == [CERRADA]


def test_una_obligacion_legal_pendiente_impide_la_restitucion_plena():
    orden = emitida(servicio=ServicioPedido.AUTORIZACION_PROTECCION, motivo=MotivoDerivacion.OBLIGACION_LEGAL)
    with pytest.raises(rechazos.ObligacionPendiente):
        cerrar(historia(Ruta, abierta(), SALUD, INFORMACION, orden))


def test_cerrar_retira_lo_pendiente():
    retirada, cerrada = cerrar(historia(Ruta, abierta(), emitida(), SALUD, INFORMACION))
    assert isinstance(retirada, DerivacionRetirada)
    assert retirada.motivo is MotivoRetiro.RUTA_CERRADA
    assert cerrada == CERRADA


@pytest.mark.parametrize(
    ("motivo", "evidencia"),
    [
        (MotivoCierre.TRASLADO_OTRO_PAIS, LLEGO),
        (MotivoCierre.PRESUNCION_DESCARTADA, DESCARTADA),
    ],
)
def test_cada_motivo_pide_el_hecho_que_lo_prueba(motivo, evidencia):
    ruta = historia(Ruta, abierta())
    with pytest.raises(rechazos.CierreSinPrueba):
        cerrar(ruta, motivo)
    assert cerrar(ruta, motivo, evidencias=[evidencia])[-1].motivo is motivo


def test_el_fallecimiento_no_pide_prueba_y_es_definitivo():
    assert cerrar(historia(Ruta, abierta()), MotivoCierre.FALLECIMIENTO)
    ruta = historia(Ruta, abierta(), RutaCerrada(ruta=RUTA, motivo=MotivoCierre.FALLECIMIENTO))
    with pytest.raises(rechazos.ReaperturaImposible):
        cierre.reabrir(ruta, MotivoReapertura.NUEVOS_INDICIOS)
    assert cierre.reabrir(ruta, MotivoReapertura.CIERRE_ERRONEO).ruta == RUTA


def test_la_decision_de_una_nna_la_asume_su_autoridad():
    ruta = historia(Ruta, abierta(nna=True))
    with pytest.raises(rechazos.NoDecideSola):
        cerrar(ruta, MotivoCierre.DECISION_PERSONA, nna=True)
    assert cerrar(ruta, MotivoCierre.DECISION_PERSONA, nna=True, autoridad_ninez=True)
    assert cerrar(ruta, MotivoCierre.DECISION_PERSONA)


def test_cerrada_no_se_cierra_ni_abierta_se_reabre():
    with pytest.raises(rechazos.RutaYaCerrada):
        cerrar(historia(Ruta, abierta(), SALUD, INFORMACION, CERRADA))
    with pytest.raises(rechazos.RutaNoCerrada):
        cierre.reabrir(historia(Ruta, abierta()), MotivoReapertura.NUEVOS_INDICIOS)


def test_lo_que_no_existe_todavia_no_se_cierra_ni_se_reabre():
    with pytest.raises(rechazos.RutaSinAbrir):
        cerrar(Ruta.vacio(RUTA))
    with pytest.raises(rechazos.RutaSinAbrir):
        cierre.reabrir(Ruta.vacio(RUTA), MotivoReapertura.NUEVOS_INDICIOS)


def test_un_peligro_posterior_reabre_y_uno_anterior_que_llega_tarde_no():
    ruta = historia(Ruta, abierta(), CERRADA)
    suceso = Suceso(tipo=PELIGRO.tipo, campos=partir(PELIGRO)[0])
    despues, antes = INICIO + timedelta(days=1), INICIO
    assert cierre.motivo_para_reabrir(ruta, suceso, despues, GT.reaperturas) is MotivoReapertura.NUEVOS_INDICIOS
    assert cierre.motivo_para_reabrir(ruta, suceso, antes, GT.reaperturas) is None
    reabierta = historia(Ruta, abierta(), CERRADA, RutaReabierta(ruta=RUTA, motivo=MotivoReapertura.PERSONA_LO_PIDE))
    assert cierre.motivo_para_reabrir(reabierta, suceso, despues, GT.reaperturas) is None


@pytest.mark.parametrize("derecho", [Derecho.INFORMACION, Derecho.INTEGRIDAD, Derecho.PRIVACIDAD])
@pytest.mark.parametrize("motivo", list(MotivoNoAplicable))
def test_hay_derechos_que_ningun_motivo_excluye(derecho, motivo):
    with pytest.raises(rechazos.DerechoIrrenunciable):
        no_aplica(historia(Ruta, abierta(derechos=tuple(Derecho))), derecho, motivo, evidencias=[LLEGO])


def test_ser_nacional_ha_de_constar():
    ruta = historia(Ruta, abierta(derechos=(Derecho.CONDICION_MIGRATORIA,)))
    for extranjera in (SiNo.SI, SiNo.NO_CONSTA):
        with pytest.raises(rechazos.MotivoNoConsta):
            no_aplica(
                ruta,
                Derecho.CONDICION_MIGRATORIA,
                MotivoNoAplicable.NACIONAL,
                perfil=Perfil(nna=False, extranjera=extranjera),
            )
    assert no_aplica(ruta, Derecho.CONDICION_MIGRATORIA, MotivoNoAplicable.NACIONAL).ruta == RUTA


def test_el_retorno_ha_de_haberse_realizado():
    ruta = historia(Ruta, abierta(derechos=(Derecho.CONDICION_MIGRATORIA,)))
    with pytest.raises(rechazos.MotivoNoConsta):
        no_aplica(ruta, Derecho.CONDICION_MIGRATORIA, MotivoNoAplicable.RETORNADA)
    assert (
        no_aplica(ruta, Derecho.CONDICION_MIGRATORIA, MotivoNoAplicable.RETORNADA, evidencias=[LLEGO]).motivo
        is MotivoNoAplicable.RETORNADA
    )


def test_una_nna_no_renuncia_sola():
    ruta = historia(Ruta, abierta(nna=True, derechos=(Derecho.JUSTICIA,)))
    with pytest.raises(rechazos.NoDecideSola):
        no_aplica(ruta, Derecho.JUSTICIA, MotivoNoAplicable.DECISION_PERSONA, perfil=NINA)
    assert (
        no_aplica(ruta, Derecho.JUSTICIA, MotivoNoAplicable.DECISION_PERSONA, perfil=NINA, autoridad_ninez=True).derecho
        is Derecho.JUSTICIA
    )


def test_lo_que_no_se_exige_o_ya_se_restituyo_no_se_excluye():
    ruta = historia(Ruta, abierta(), SALUD)
    for derecho in (Derecho.EDUCACION, Derecho.SALUD_FISICA):
        with pytest.raises(rechazos.DerechoAjeno):
            no_aplica(ruta, derecho, MotivoNoAplicable.NO_AFECTADO)
