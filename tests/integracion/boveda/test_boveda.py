"""La bóveda entera, con las mismas pruebas en SQLite y en PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from contratos.base import Mandato
from eventos.seguridad import AccesoExcepcional, MotivoAcceso
from infra.seguridad import base64url
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.boveda import REVISION
from infra.seguridad.boveda.ficha import abrir_entrega
from infra.seguridad.boveda.politica import Finalidad
from infra.seguridad.boveda.puertos import Quien
from tests.integracion.boveda.mundo import (
    ALBERGUE,
    CONSENTIMIENTO,
    FICHA,
    FISCALIA,
    LUNES,
    ONG,
    OTRA_RUTA,
    POR_CONSENTIMIENTO,
    POR_MANDATO,
    PROCESO,
    RASTROS,
    RECTORA,
    RUTA,
)


def actos(mundo):
    return [(a.acto.institucion, a.acto.acto, a.acto.detalle) for a in mundo.boveda.accesos()]


def test_quien_deposita_la_abre_y_queda_constancia(mundo):
    mundo.depositar()
    entrega = mundo.boveda.abrir(ONG, RUTA, Finalidad.SALUD)
    assert abrir_entrega(entrega, mundo.privadas["GT-ONG"]) == FICHA
    assert actos(mundo) == [("GT-ONG", "depositar", "consentimiento"), ("GT-ONG", "abrir", "salud")]
    assert entrega.asiento == 2
    assert mundo.boveda.comprobar_accesos() is None


def test_lo_entregado_solo_lo_abre_su_destinataria(mundo):
    mundo.depositar()
    entrega = mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION)
    with pytest.raises(no.DepositoIlegible):
        abrir_entrega(entrega, mundo.privadas["GT-MP"])
    assert "Xochi" not in repr(entrega)
    assert "Xochi" not in repr(FICHA) + str(FICHA.documentos)


def test_la_identidad_no_queda_en_claro_en_ningun_archivo(mundo):
    mundo.depositar()
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", POR_MANDATO)
    mundo.boveda.abrir(FISCALIA, RUTA, Finalidad.PROCESO_PENAL)
    mundo.boveda.abrir_excepcional(ALBERGUE, RUTA, MotivoAcceso.RIESGO_DE_VIDA)
    octetos = mundo.en_disco()
    assert RUTA.bytes in octetos or RUTA.hex.encode() in octetos or str(RUTA).encode() in octetos
    assert [rastro for rastro in RASTROS if rastro in octetos] == []


def test_lo_depositado_ha_de_abrirse_y_ser_de_esa_ruta(mundo):
    with pytest.raises(no.DepositoIlegible):
        mundo.boveda.depositar(ONG, RUTA, "no.es..un.jwe", POR_CONSENTIMIENTO)
    with pytest.raises(no.DepositoDeOtraRuta):
        mundo.boveda.depositar(ONG, OTRA_RUTA, mundo.cerrar(), POR_CONSENTIMIENTO)
    with pytest.raises(no.DepositoIlegible) as error:
        mundo.boveda.depositar(ONG, RUTA, mundo.cerrar(replace(FICHA, nombres="")), POR_CONSENTIMIENTO)
    assert "Ficticiez" not in str(error.value)
    assert error.value.__cause__ is None
    assert [a[1] for a in actos(mundo)] == ["negado-depositar"] * 3


def test_sin_permiso_no_se_abre_ni_se_sabe_si_hay_algo(mundo):
    mundo.depositar()
    for ruta in (RUTA, OTRA_RUTA):
        with pytest.raises(no.SinPermiso):
            mundo.boveda.abrir(FISCALIA, ruta, Finalidad.PROCESO_PENAL)
    with pytest.raises(no.InstitucionSinAcceso):
        mundo.boveda.abrir(Quien("GT-NADIE", "ag-00000001"), RUTA, Finalidad.ATENCION)
    assert actos(mundo)[-1] == ("GT-NADIE", "negado-abrir", "institucion-sin-acceso")


def test_se_abre_para_lo_que_ampara_el_permiso_y_nada_mas(mundo):
    mundo.depositar()
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", POR_MANDATO)
    assert abrir_entrega(mundo.boveda.abrir(FISCALIA, RUTA, Finalidad.PROCESO_PENAL), mundo.privadas["GT-MP"]) == FICHA
    with pytest.raises(no.FinalidadNoAmparada):
        mundo.boveda.abrir(FISCALIA, RUTA, Finalidad.SALUD)


def test_el_mandato_ha_de_facultar_y_el_consentimiento_constar(mundo):
    mundo.depositar()
    with pytest.raises(no.MandatoNoFaculta):
        mundo.boveda.autorizar(ONG, RUTA, "GT-ALB", POR_MANDATO)
    with pytest.raises(no.ConsentimientoNoAmpara):
        mundo.boveda.autorizar(ONG, RUTA, "GT-ALB", replace(POR_CONSENTIMIENTO, referencia=PROCESO))
    with pytest.raises(no.SinFinalidad):
        mundo.boveda.autorizar(ONG, RUTA, "GT-ALB", replace(POR_CONSENTIMIENTO, finalidades=frozenset()))
    with pytest.raises(no.SinPermiso):
        mundo.boveda.autorizar(FISCALIA, RUTA, "GT-ALB", POR_MANDATO)


def test_revocar_cierra_solo_lo_que_se_apoyaba_en_el_consentimiento(mundo):
    mundo.depositar()
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", POR_MANDATO)
    mundo.boveda.autorizar(ONG, RUTA, "GT-ALB", POR_CONSENTIMIENTO)
    antes = mundo.boveda.abrir(FISCALIA, RUTA, Finalidad.PROCESO_PENAL)
    assert mundo.boveda.revocar(ONG, RUTA, CONSENTIMIENTO) == 2
    for quien in (ONG, ALBERGUE):
        with pytest.raises(no.PermisoTerminado):
            mundo.boveda.abrir(quien, RUTA, Finalidad.ATENCION)
    despues = mundo.boveda.abrir(FISCALIA, RUTA, Finalidad.PROCESO_PENAL)
    assert abrir_entrega(despues, mundo.privadas["GT-MP"]) == FICHA
    # La clave cambió: la que alguien guardara de antes no abre lo de ahora.
    assert despues.ficha != antes.ficha
    with pytest.raises(no.DepositoIlegible):
        abrir_entrega(replace(despues, clave=antes.clave), mundo.privadas["GT-MP"])


def test_lo_revocado_fuera_de_la_boveda_cierra_ya_sin_que_nadie_la_avise(mundo):
    mundo.depositar()
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", POR_MANDATO)
    mundo.fuentes.consentidos.clear()
    with pytest.raises(no.PermisoTerminado):
        mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION)
    assert mundo.boveda.abrir(FISCALIA, RUTA, Finalidad.PROCESO_PENAL)


def test_perder_el_mandato_o_vencer_el_permiso_cierra(mundo):
    mundo.depositar()
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", replace(POR_MANDATO, hasta=LUNES + timedelta(days=1)))
    mundo.fuentes.directorio["GT-MP"] = frozenset()
    with pytest.raises(no.PermisoTerminado):
        mundo.boveda.abrir(FISCALIA, RUTA, Finalidad.PROCESO_PENAL)
    mundo.fuentes.directorio["GT-MP"] = frozenset({Mandato.PERSECUCION_PENAL})
    assert mundo.boveda.abrir(FISCALIA, RUTA, Finalidad.PROCESO_PENAL)
    mundo.reloj.adelantar(timedelta(days=1))
    with pytest.raises(no.PermisoTerminado):
        mundo.boveda.abrir(FISCALIA, RUTA, Finalidad.PROCESO_PENAL)


def test_romper_el_vidrio_entrega_y_deja_el_hecho_que_alguien_revisara(mundo):
    mundo.depositar()
    entrega = mundo.boveda.abrir_excepcional(ALBERGUE, RUTA, MotivoAcceso.URGENCIA_MEDICA)
    assert abrir_entrega(entrega, mundo.privadas["GT-ALB"]) == FICHA
    [pendiente] = mundo.boveda.pendientes()
    assert pendiente.hecho == AccesoExcepcional(
        ruta=RUTA, motivo=MotivoAcceso.URGENCIA_MEDICA, revisar_antes=LUNES + REVISION
    )
    assert pendiente.quien == ALBERGUE
    mundo.boveda.contado(pendiente.numero)
    assert mundo.boveda.pendientes() == []
    # No deja permiso: la vez siguiente hay que volver a romperlo.
    with pytest.raises(no.SinPermiso):
        mundo.boveda.abrir(ALBERGUE, RUTA, Finalidad.ATENCION)


def test_sin_constancia_no_hay_entrega(mundo, monkeypatch):
    """Si lo que se anota no se puede confirmar, no sale nada."""
    from infra.seguridad.boveda.tablas import constancia

    mundo.depositar()
    entregado = []
    entregar = mundo.boveda._entregar
    mundo.boveda._entregar = lambda *a, **k: entregado.append(entregar(*a, **k))

    def se_cae(*_):
        raise OSError

    monkeypatch.setattr(constancia, "anotar", se_cae)
    for abrir in (
        lambda: mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION),
        lambda: mundo.boveda.abrir_excepcional(ALBERGUE, RUTA, MotivoAcceso.RIESGO_DE_VIDA),
    ):
        with pytest.raises(OSError):
            abrir()
    assert entregado == []
    assert mundo.boveda.pendientes() == []


@pytest.mark.parametrize("orden", ["UPDATE accesos SET agente = 'ag-ffffffff'", "DELETE FROM accesos"])
def test_la_constancia_no_se_toca(mundo, orden):
    mundo.depositar()
    with pytest.raises(IntegrityError), mundo.motor.begin() as conexion:
        conexion.execute(text(orden))


def test_sustituir_la_ficha_exige_permiso(mundo):
    mundo.depositar()
    with pytest.raises(no.SinPermiso):
        mundo.boveda.depositar(FISCALIA, RUTA, mundo.cerrar(), POR_MANDATO)
    corregida = replace(FICHA, contacto="nuevo")
    mundo.boveda.depositar(ONG, RUTA, mundo.cerrar(corregida), POR_CONSENTIMIENTO)
    assert abrir_entrega(mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION), mundo.privadas["GT-ONG"]) == corregida


def test_la_clave_de_recepcion_se_comprueba(mundo):
    orden_bajo = [base64url.a_texto(n.to_bytes(32, "little")) for n in (0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18)]
    for mala in ("", "AAAA", "ñ" * 43, *orden_bajo):
        with pytest.raises(no.ClaveDeRecepcionInvalida):
            mundo.boveda.inscribir_clave("GT-ONG", mala)
    with pytest.raises(no.InstitucionSinAcceso):
        mundo.boveda.inscribir_clave("GT-NADIE", mundo.boveda.publica)


def test_rotar_no_pierde_a_nadie_y_destruye_la_anterior(mundo):
    mundo.depositar()
    vieja = mundo.archivo.read_bytes()
    mundo.boveda.rotar()
    assert mundo.archivo.read_bytes() != vieja
    assert len(mundo.archivo.read_bytes()) == 32
    assert vieja not in mundo.en_disco()
    assert abrir_entrega(mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION), mundo.privadas["GT-ONG"]) == FICHA
    assert mundo.boveda.abrir_excepcional(RECTORA, RUTA, MotivoAcceso.ORDEN_JUDICIAL)
