"""Lo que se cuenta de una persona: su última identificación en pie, y lo que calla, como se dijo al detectarla."""

from __future__ import annotations

from uuid import UUID

from eventos.comun import Efecto, HechoRectificado
from eventos.deteccion import PresuntaVictimaDetectada, VictimaIdentificada
from eventos.listas import Modalidad
from eventos.motivos import MotivoRectificacion
from eventos.perfil import PerfilDesagregado
from eventos.tipos import NivelRiesgo, SiNo
from senda.tablas.personas import ultima_palabra
from tests.unidad.historia import anotado

RUTA = UUID(int=1)
DETECTADA = PresuntaVictimaDetectada(
    ruta=RUTA, nna=SiNo.SI, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.BAJO, pais_deteccion="gt",
    perfil=PerfilDesagregado(grupo_etario="9-17"), modalidades=(Modalidad.OTRA,),
)  # fmt: skip
IDENTIFICADA = VictimaIdentificada(
    ruta=RUTA, nna=SiNo.NO, extranjera=SiNo.NO, perfil=PerfilDesagregado(grupo_etario="18-20")
)


def test_la_identificacion_manda_y_lo_que_calla_lo_dice_la_deteccion():
    dicho = ultima_palabra([anotado(DETECTADA, 1), anotado(IDENTIFICADA, 2)])

    assert dicho is not None
    assert (dicho.nna, dicho.perfil, dicho.modalidades) == (SiNo.NO, IDENTIFICADA.perfil, DETECTADA.modalidades)


def test_sin_identificacion_en_pie_no_hay_nada_que_contar():
    hecha = anotado(IDENTIFICADA, 2)
    anulada = HechoRectificado(
        ruta=RUTA, corrige=hecha.id, efecto=next(iter(Efecto)), motivo=next(iter(MotivoRectificacion))
    )

    assert ultima_palabra([]) is None
    assert ultima_palabra([anotado(DETECTADA, 1)]) is None
    assert ultima_palabra([anotado(DETECTADA, 1), hecha, anotado(anulada, 3)]) is None
