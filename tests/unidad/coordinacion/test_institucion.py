"""El directorio: quién entra, quién sale y cuándo consta el silencio."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from eventos.coordinacion import InstitucionInscrita, InstitucionSilenciosa, InstitucionSuspendida
from eventos.listas import ServicioPedido
from eventos.motivos import MotivoSuspension
from servicios.coordinacion.dominio import institucion, rechazos
from servicios.coordinacion.dominio.institucion import Datos, Institucion
from tests.unidad.historia import INICIO, historia

CODIGO = "GT-MSPAS"
CLAVE = "A" * 43
SUSPENDIDA = InstitucionSuspendida(codigo=CODIGO, motivo=MotivoSuspension.DEJA_DE_OPERAR)


def datos(**cambios: Any) -> Datos:
    base: dict[str, Any] = {
        "codigo": CODIGO,
        "pais": "gt",
        "mandatos": ("salud",),
        "servicios": (ServicioPedido.SALUD,),
        "cobertura": ("GT",),
        "clave_firma": CLAVE,
    }
    return Datos(**{**base, **cambios})


def inscrita() -> InstitucionInscrita:
    return institucion.inscribir(nadie(), datos(), claves_ajenas=(), hay_rectora=True)


def nadie() -> Institucion:
    return Institucion.vacio(institucion.id_de(CODIGO))


def test_el_agregado_es_el_que_sus_hechos_dicen():
    assert inscrita().agregado == institucion.id_de(CODIGO)


def test_no_entra_dos_veces():
    with pytest.raises(rechazos.InstitucionYaInscrita):
        institucion.inscribir(historia(Institucion, inscrita()), datos(), claves_ajenas=(), hay_rectora=True)


def test_no_entra_con_el_codigo_de_otro_pais_ni_con_la_clave_de_otra():
    with pytest.raises(rechazos.CodigoDeOtroPais):
        institucion.inscribir(nadie(), datos(pais="mx"), claves_ajenas=(), hay_rectora=True)
    with pytest.raises(rechazos.ClaveRepetida):
        institucion.inscribir(nadie(), datos(), claves_ajenas=(CLAVE,), hay_rectora=True)


def test_hay_una_sola_rectora_y_no_se_suspende():
    with pytest.raises(rechazos.RectoraUnica):
        institucion.inscribir(nadie(), datos(rige=True), claves_ajenas=(), hay_rectora=True)
    en_pie = historia(Institucion, inscrita())
    with pytest.raises(rechazos.RectoraUnica):
        institucion.actualizar(en_pie, datos(rige=True), claves_ajenas=(), es_rectora=False)
    with pytest.raises(rechazos.RectoraUnica):
        institucion.actualizar(en_pie, datos(), claves_ajenas=(), es_rectora=True)
    with pytest.raises(rechazos.RectoraUnica):
        institucion.suspender(en_pie, CODIGO, MotivoSuspension.DEJA_DE_OPERAR, es_rectora=True)


def test_no_se_cambia_ni_se_suspende_lo_que_no_esta():
    with pytest.raises(rechazos.InstitucionSinInscribir):
        institucion.actualizar(nadie(), datos(), claves_ajenas=(), es_rectora=False)
    with pytest.raises(rechazos.InstitucionSinInscribir):
        institucion.suspender(nadie(), CODIGO, MotivoSuspension.DEJA_DE_OPERAR, es_rectora=False)


def test_suspendida_vuelve_al_actualizarla():
    fuera = historia(Institucion, inscrita(), SUSPENDIDA)
    with pytest.raises(rechazos.InstitucionYaSuspendida):
        institucion.suspender(fuera, CODIGO, MotivoSuspension.DEJA_DE_OPERAR, es_rectora=False)
    vuelve = institucion.actualizar(fuera, datos(), claves_ajenas=(), es_rectora=False)
    assert historia(Institucion, inscrita(), SUSPENDIDA, vuelve).activa


def test_el_silencio_consta_al_tercer_acuse_vencido_y_una_vez():
    en_pie = historia(Institucion, inscrita())

    def calla(estado: Institucion, veces: int) -> list[InstitucionSilenciosa]:
        return institucion.silencio(estado, CODIGO, vencidas_sin_senal=veces, tras=3, desde=INICIO)

    assert calla(en_pie, 2) == []
    [silencio] = calla(en_pie, 3)
    callada = historia(Institucion, inscrita(), silencio)
    assert calla(callada, 4) == []
    otra_vez = INICIO + timedelta(days=1)
    assert institucion.silencio(callada, CODIGO, vencidas_sin_senal=3, tras=3, desde=otra_vez)
