"""Un mandato o un consentimiento que vence un día vale hasta que ese día acaba en el país, no en UTC."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from contratos.solicitudes.atencion import OtorgarConsentimiento
from eventos.atencion import Alcance
from eventos.justicia import MedidaProteccionOtorgada
from eventos.listas import Medida, QuienConsiente
from eventos.seguridad import MotivoDestruccion
from infra.almacen.tanda import Autoria
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.politica import Base, Finalidad, Titulo
from tests.integracion.boveda.pais import LUNES, ONG, UNA

#: Fin del lunes en Guatemala: en UTC hace seis horas que es martes.
MEDIANOCHE = datetime(2026, 1, 6, 6, tzinfo=UTC)
PIDE = MotivoDestruccion.PERSONA_LO_PIDE


def test_el_consentimiento_abre_hasta_que_acaba_su_ultimo_dia(pais):
    ruta = pais.detectar()
    otorgar = OtorgarConsentimiento(
        ruta=ruta, alcances=(Alcance.COMPARTIR,), por=QuienConsiente.PERSONA, persona_oida=True, idioma="spa",
        vence=LUNES.date(),
    )  # fmt: skip
    [otorgado, *_] = pais.pedir(ONG, otorgar)
    consentimiento = msgspec.convert(otorgado.datos["consentimiento"], type=type(ruta))
    titulo = Titulo(base=Base.CONSENTIMIENTO, referencia=consentimiento, finalidades=frozenset({Finalidad.ATENCION}))
    pais.boveda.depositar(ONG, ruta, pais.cerrar_deposito(ruta), titulo)
    pais.reloj.adelantar_hasta(MEDIANOCHE - timedelta(seconds=1))
    assert pais.boveda.abrir(ONG, ruta, Finalidad.ATENCION)
    pais.reloj.adelantar_hasta(MEDIANOCHE)
    with pytest.raises(no.PermisoTerminado):
        pais.boveda.abrir(ONG, ruta, Finalidad.ATENCION)


def test_la_medida_impide_destruir_hasta_que_acaba_su_ultimo_dia(pais):
    ruta = pais.detectar()
    medida = MedidaProteccionOtorgada(ruta=ruta, medida=pais.azar.uuid4(), clase=next(iter(Medida)), vence=LUNES.date())
    juzgado = Autoria(institucion="GT-OJ", agente="ag-0000000e", ocurrido=LUNES, causa="", correlacion="prueba")
    with pais.almacenes["justicia"].tanda() as tanda:
        tanda.anotar([medida], juzgado)
    pais.reloj.adelantar_hasta(MEDIANOCHE - timedelta(seconds=1))
    with pytest.raises(no.MandatoEnPie):
        pais.destruccion.pedir(UNA, ruta, PIDE)
    pais.reloj.adelantar_hasta(MEDIANOCHE)
    assert pais.destruccion.pedir(UNA, ruta, PIDE)
