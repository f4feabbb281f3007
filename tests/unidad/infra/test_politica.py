"""Quién abre y para qué, sin base ni reloj."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from contratos.base import Mandato
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.politica import FACULTAN, Base, Finalidad, Permiso, Titulo, conceder, exigir

AHORA = datetime(2026, 1, 5, tzinfo=UTC)
FISCALIA = {Mandato.PERSECUCION_PENAL}


def titulo(base, *finalidades, hasta=None):
    return Titulo(base=base, referencia=UUID(int=1), finalidades=frozenset(finalidades), hasta=hasta)


def permiso(n, un_titulo, revocado=None):
    return Permiso(id=UUID(int=n), institucion="GT-MP", titulo=un_titulo, desde=AHORA, revocado=revocado)


def siempre(_consentimiento, _institucion):
    return True


def nunca(_consentimiento, _institucion):
    return False


PENAL = titulo(Base.MANDATO, Finalidad.PROCESO_PENAL)
CONSENTIDO = titulo(Base.CONSENTIMIENTO, Finalidad.PROCESO_PENAL, Finalidad.ATENCION)


def test_toda_finalidad_dice_que_mandatos_la_facultan():
    assert set(FACULTAN) == set(Finalidad)


def test_lo_que_sirve_a_la_persona_se_pide_con_su_consentimiento():
    for finalidad in (Finalidad.ATENCION, Finalidad.SALUD):
        with pytest.raises(no.MandatoNoFaculta):
            conceder(titulo(Base.MANDATO, finalidad), "GT-MP", set(Mandato), siempre)


def test_con_los_dos_se_apoya_en_el_consentimiento_y_sin_el_en_el_mandato():
    ambos = [permiso(1, PENAL), permiso(2, CONSENTIDO)]
    assert exigir(ambos, Finalidad.PROCESO_PENAL, AHORA, FISCALIA, siempre).id == UUID(int=2)
    assert exigir(ambos, Finalidad.PROCESO_PENAL, AHORA, FISCALIA, nunca).id == UUID(int=1)


@pytest.mark.parametrize(
    ("suyos", "error"),
    [
        ([], no.SinPermiso),
        ([permiso(1, PENAL, revocado=AHORA)], no.PermisoTerminado),
        ([permiso(1, titulo(Base.MANDATO, Finalidad.PROCESO_PENAL, hasta=AHORA))], no.PermisoTerminado),
        ([permiso(1, CONSENTIDO)], no.PermisoTerminado),
        ([permiso(1, titulo(Base.MANDATO, Finalidad.PROTECCION))], no.FinalidadNoAmparada),
    ],
)
def test_por_que_no(suyos, error):
    with pytest.raises(error):
        exigir(suyos, Finalidad.PROCESO_PENAL, AHORA, FISCALIA, nunca)


def test_no_vale_antes_de_concederse():
    with pytest.raises(no.PermisoTerminado):
        exigir([permiso(1, PENAL)], Finalidad.PROCESO_PENAL, AHORA - timedelta(seconds=1), FISCALIA, siempre)
