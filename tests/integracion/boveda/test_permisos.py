"""Nadie se amplía el permiso, ni deposita o revoca sin tener que ver con la persona."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from eventos.seguridad import MotivoAcceso, MotivoDestruccion
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.destruccion import Destruccion
from infra.seguridad.boveda.politica import Finalidad
from infra.seguridad.boveda.puertos import Quien
from tests.integracion.boveda.mundo import (
    ALBERGUE,
    CONSENTIMIENTO,
    FISCALIA,
    LUNES,
    ONG,
    OTRA_RUTA,
    POR_CONSENTIMIENTO,
    POR_MANDATO,
    PROCESO,
    RECTORA,
    RUTA,
)

MANANA = LUNES + timedelta(days=1)
PASADO = LUNES + timedelta(days=2)


@pytest.mark.parametrize(
    "quien", [Quien("GT-ONG", "Xochiquetzalia"), Quien("GT-ONG", "ag-1"), Quien("ong", ONG.agente)]
)
def test_quien_actua_ha_de_tener_forma_de_seudonimo(mundo, quien):
    """Venga de donde venga: lo que se anota no se borra, y el libro no sabría contarlo."""
    mundo.depositar()
    antes = mundo.boveda.accesos()
    destruccion = Destruccion(mundo.boveda, mundo.azar)
    for acto in (
        lambda: mundo.boveda.abrir(quien, RUTA, Finalidad.ATENCION),
        lambda: mundo.boveda.abrir_excepcional(quien, RUTA, MotivoAcceso.RIESGO_DE_VIDA),
        lambda: mundo.boveda.depositar(quien, RUTA, mundo.cerrar(), POR_CONSENTIMIENTO),
        lambda: destruccion.pedir(quien, RUTA, MotivoDestruccion.PERSONA_LO_PIDE),
    ):
        with pytest.raises(no.QuienSinForma) as error:
            acto()
        assert "Xochi" not in repr(error.value) + str(error.value)
    assert mundo.boveda.accesos() == antes


def test_nadie_se_autoriza_a_si_misma(mundo):
    mundo.boveda.depositar(ONG, RUTA, mundo.cerrar(), replace(POR_CONSENTIMIENTO, hasta=MANANA))
    with pytest.raises(no.AutorizacionPropia):
        mundo.boveda.autorizar(ONG, RUTA, "GT-ONG", POR_CONSENTIMIENTO)
    mundo.reloj.adelantar(timedelta(days=1))
    with pytest.raises(no.PermisoTerminado):
        mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION)


def test_quien_vuelve_a_consentir_no_se_queda_sin_quien_la_atienda(mundo):
    """Terminado el único permiso, ni la propia institución puede: lo renueva la rectora, con el título que valga."""
    mundo.boveda.depositar(ONG, RUTA, mundo.cerrar(), replace(POR_CONSENTIMIENTO, hasta=MANANA))
    mundo.reloj.adelantar(timedelta(days=1))
    with pytest.raises(no.PermisoTerminado):
        mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION)
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-ONG", POR_CONSENTIMIENTO)
    assert mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION)


@pytest.mark.parametrize(
    ("suyo", "pedido", "queda"),
    [
        (None, None, None),
        (None, MANANA, MANANA),
        (MANANA, None, MANANA),
        (MANANA, PASADO, MANANA),
        (PASADO, MANANA, MANANA),
    ],
)
def test_lo_que_se_autoriza_no_dura_mas_que_lo_propio(mundo, suyo, pedido, queda):
    mundo.boveda.depositar(ONG, RUTA, mundo.cerrar(), replace(POR_CONSENTIMIENTO, hasta=suyo))
    permiso, dado = mundo.boveda.autorizar(ONG, RUTA, "GT-ALB", replace(POR_CONSENTIMIENTO, hasta=pedido))
    assert permiso
    assert dado == replace(POR_CONSENTIMIENTO, hasta=queda)
    assert mundo.boveda.abrir(ALBERGUE, RUTA, Finalidad.ATENCION)
    assert [t.hasta for t in titulos(mundo, "GT-ALB")] == [queda]


def titulos(mundo, institucion):
    with mundo.boveda.acto(ONG, RUTA, "abrir", "") as caja:
        return [p.titulo for p in caja.permisos(RUTA, institucion)]


def test_nadie_da_mas_finalidades_que_las_suyas(mundo):
    """Ni con un título que valdría por sí mismo: quien solo atiende no decide que la abra la fiscalía."""
    mundo.boveda.depositar(
        ONG, RUTA, mundo.cerrar(), replace(POR_CONSENTIMIENTO, finalidades=frozenset({Finalidad.ATENCION}))
    )
    mundo.boveda.autorizar(ONG, RUTA, "GT-ALB", POR_CONSENTIMIENTO)
    assert [t.finalidades for t in titulos(mundo, "GT-ALB")] == [{Finalidad.ATENCION}]
    with pytest.raises(no.FinalidadNoAmparada):
        mundo.boveda.abrir(ALBERGUE, RUTA, Finalidad.SALUD)
    with pytest.raises(no.FinalidadQueNoSeTiene):
        mundo.boveda.autorizar(ONG, RUTA, "GT-MP", POR_MANDATO)
    with pytest.raises(no.FinalidadQueNoSeTiene):
        mundo.boveda.autorizar(ALBERGUE, RUTA, "GT-MP", replace(POR_CONSENTIMIENTO, finalidades={Finalidad.SALUD}))
    # La rectora no tiene permiso que la acote: la acota el mandato de quien recibe.
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", POR_MANDATO)
    with pytest.raises(no.MandatoNoFaculta):
        mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", replace(POR_MANDATO, finalidades=frozenset({Finalidad.SALUD})))


def test_cada_finalidad_dura_lo_que_el_permiso_que_la_da(mundo):
    """Un permiso largo para una cosa no alarga el corto para otra."""
    mundo.boveda.depositar(ONG, RUTA, mundo.cerrar(), replace(POR_CONSENTIMIENTO, finalidades={Finalidad.ATENCION}))
    corto = replace(POR_CONSENTIMIENTO, finalidades={Finalidad.SALUD}, hasta=MANANA)
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-ONG", corto)
    for pedidas, queda in (({Finalidad.ATENCION}, None), ({Finalidad.SALUD}, MANANA), (set(Finalidad), MANANA)):
        titulo = replace(POR_CONSENTIMIENTO, finalidades=frozenset(pedidas))
        mundo.boveda.autorizar(ONG, RUTA, "GT-ALB", titulo)
        assert titulos(mundo, "GT-ALB")[-1].hasta == queda
        mundo.reloj.adelantar(timedelta(seconds=1))


def test_sustituir_la_ficha_no_amplia_el_permiso(mundo):
    corto = replace(POR_CONSENTIMIENTO, finalidades=frozenset({Finalidad.SALUD}), hasta=MANANA)
    mundo.boveda.depositar(ONG, RUTA, mundo.cerrar(), corto)
    mundo.boveda.depositar(ONG, RUTA, mundo.cerrar(), POR_CONSENTIMIENTO)
    with pytest.raises(no.FinalidadNoAmparada):
        mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION)
    mundo.reloj.adelantar(timedelta(days=1))
    with pytest.raises(no.PermisoTerminado):
        mundo.boveda.abrir(ONG, RUTA, Finalidad.SALUD)


def test_deposita_quien_participa_y_a_las_demas_no_se_les_dice_si_hay_ficha(mundo):
    mundo.depositar()
    for ruta in (RUTA, OTRA_RUTA):
        with pytest.raises(no.DepositoSinParticipar):
            mundo.boveda.depositar(ALBERGUE, ruta, mundo.cerrar(ruta=ruta), POR_CONSENTIMIENTO)
    mundo.boveda.depositar(RECTORA, OTRA_RUTA, mundo.cerrar(ruta=OTRA_RUTA), POR_CONSENTIMIENTO)
    mundo.boveda.autorizar(ONG, RUTA, "GT-ALB", POR_CONSENTIMIENTO)
    mundo.boveda.depositar(ALBERGUE, RUTA, mundo.cerrar(), POR_CONSENTIMIENTO)


def test_no_revoca_quien_ya_no_tiene_permiso(mundo):
    mundo.depositar()
    otro = replace(POR_CONSENTIMIENTO, referencia=PROCESO)
    mundo.fuentes.consentidos.add(PROCESO)
    mundo.boveda.autorizar(ONG, RUTA, "GT-ALB", otro)
    mundo.fuentes.consentidos.remove(CONSENTIMIENTO)
    with pytest.raises(no.PermisoTerminado):
        mundo.boveda.revocar(ONG, RUTA, PROCESO)
    with pytest.raises(no.SinPermiso):
        mundo.boveda.revocar(FISCALIA, RUTA, PROCESO)
    assert mundo.boveda.abrir(ALBERGUE, RUTA, Finalidad.ATENCION)
    assert mundo.boveda.revocar(RECTORA, RUTA, PROCESO) == 1
