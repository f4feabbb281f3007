"""Destruir una clave: dos personas, una espera, ningún mandato en pie; y después nadie descifra."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventos.seguridad import ClaveDestruida, MotivoAcceso, MotivoDestruccion
from infra.azar import AzarSembrado
from infra.seguridad.anillo import Anillo
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.boveda import Boveda
from infra.seguridad.boveda.destruccion import ESPERA, VIGENCIA, Destruccion, Estado
from infra.seguridad.boveda.ficha import abrir_entrega
from infra.seguridad.boveda.politica import Finalidad
from infra.seguridad.llavero import ESQUEMA, ClaveIlegible, Llavero, claves
from tests.integracion.boveda.mundo import (
    FICHA,
    FISCALIA,
    LUNES,
    ONG,
    OTRA_DE_LA_RECTORA,
    OTRA_RUTA,
    POR_CONSENTIMIENTO,
    POR_MANDATO,
    RECTORA,
    RUTA,
)

PIDE = MotivoDestruccion.PERSONA_LO_PIDE


@pytest.fixture
def destruccion(mundo):
    mundo.depositar()
    mundo.boveda.depositar(ONG, OTRA_RUTA, mundo.cerrar(ruta=OTRA_RUTA), POR_CONSENTIMIENTO)
    return Destruccion(mundo.boveda, mundo.azar)


def confirmada(mundo, destruccion):
    peticion = destruccion.pedir(RECTORA, RUTA, PIDE)
    destruccion.confirmar(OTRA_DE_LA_RECTORA, peticion)
    return peticion


def test_el_acto_entero(mundo, destruccion):
    peticion = destruccion.pedir(ONG, RUTA, PIDE)
    assert destruccion.confirmar(RECTORA, peticion) == LUNES + ESPERA
    mundo.reloj.adelantar(ESPERA)
    destruccion.ejecutar(RECTORA, peticion)
    [pendiente] = mundo.boveda.pendientes()
    assert pendiente.hecho == ClaveDestruida(
        ruta=RUTA, motivo=PIDE, pedida=LUNES, autorizan=(ONG.agente, RECTORA.agente)
    )
    with pytest.raises(no.IdentidadDestruida):
        mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION)
    with pytest.raises(no.IdentidadDestruida):
        mundo.boveda.abrir_excepcional(FISCALIA, RUTA, MotivoAcceso.RIESGO_DE_VIDA)
    with pytest.raises(no.IdentidadDestruida):
        mundo.boveda.depositar(ONG, RUTA, mundo.cerrar(), POR_CONSENTIMIENTO)
    with pytest.raises(no.IdentidadDestruida):
        destruccion.pedir(RECTORA, RUTA, PIDE)
    otra = mundo.boveda.abrir(ONG, OTRA_RUTA, Finalidad.ATENCION)
    assert abrir_entrega(otra, mundo.privadas["GT-ONG"]) == FICHA
    assert mundo.boveda.comprobar_accesos() is None


def test_hacen_falta_dos_personas(mundo, destruccion):
    peticion = destruccion.pedir(RECTORA, RUTA, PIDE)
    with pytest.raises(no.MismaPersona):
        destruccion.confirmar(RECTORA, peticion)
    with pytest.raises(no.MismaPersona):
        destruccion.confirmar(RECTORA._replace(institucion="GT-ONG"), peticion)
    mundo.reloj.adelantar(ESPERA)
    with pytest.raises(no.SinConfirmar):
        destruccion.ejecutar(RECTORA, peticion)


def test_la_misma_institucion_no_se_confirma_con_otro_agente(mundo, destruccion):
    """La firma prueba la institución: otro seudónimo suyo no es otra persona que conste."""
    peticion = destruccion.pedir(ONG, RUTA, PIDE)
    with pytest.raises(no.MismaPersona):
        destruccion.confirmar(ONG._replace(agente="ag-000000aa"), peticion)
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", POR_MANDATO)
    assert destruccion.confirmar(FISCALIA, peticion) == LUNES + ESPERA


def test_la_facultad_ha_de_sostenerse_hoy(mundo, destruccion):
    """Revocado en atención o perdido el mandato, el permiso anotado ya no faculta."""
    mundo.boveda.autorizar(RECTORA, RUTA, "GT-MP", POR_MANDATO)
    peticion = destruccion.pedir(RECTORA, RUTA, PIDE)
    mundo.fuentes.consentidos.clear()
    mundo.fuentes.directorio["GT-MP"] = frozenset()
    for quien in (ONG, FISCALIA):
        with pytest.raises(no.QuienNoPuedeDestruir):
            destruccion.confirmar(quien, peticion)
    with pytest.raises(no.QuienNoPuedeDestruir):
        destruccion.pedir(ONG, OTRA_RUTA, PIDE)


def test_hay_que_esperar(mundo, destruccion):
    peticion = confirmada(mundo, destruccion)
    mundo.reloj.adelantar(ESPERA - timedelta(seconds=1))
    with pytest.raises(no.AntesDeTiempo):
        destruccion.ejecutar(RECTORA, peticion)
    mundo.reloj.adelantar(timedelta(seconds=1))
    destruccion.ejecutar(RECTORA, peticion)


def test_con_un_mandato_en_pie_no_se_pide_ni_se_confirma_ni_se_ejecuta(mundo, destruccion):
    peticion = destruccion.pedir(RECTORA, RUTA, PIDE)
    mundo.fuentes.en_pie.append("proceso-penal")
    with pytest.raises(no.MandatoEnPie):
        destruccion.pedir(RECTORA, OTRA_RUTA, PIDE)
    with pytest.raises(no.MandatoEnPie):
        destruccion.confirmar(OTRA_DE_LA_RECTORA, peticion)
    mundo.fuentes.en_pie.clear()
    destruccion.confirmar(OTRA_DE_LA_RECTORA, peticion)
    mundo.reloj.adelantar(ESPERA)
    mundo.fuentes.en_pie.append("medida-de-proteccion")
    with pytest.raises(no.MandatoEnPie):
        destruccion.ejecutar(RECTORA, peticion)
    assert mundo.boveda.abrir(ONG, RUTA, Finalidad.ATENCION)


def test_se_puede_desistir_y_caduca(mundo, destruccion):
    peticion = confirmada(mundo, destruccion)
    with pytest.raises(no.DestruccionYaPedida):
        destruccion.pedir(ONG, RUTA, PIDE)
    with pytest.raises(no.QuienNoPuedeDestruir):
        destruccion.desistir(ONG, peticion)
    destruccion.desistir(OTRA_DE_LA_RECTORA, peticion)
    mundo.reloj.adelantar(ESPERA)
    with pytest.raises(no.DestruccionDesconocida):
        destruccion.ejecutar(RECTORA, peticion)
    caducara = confirmada(mundo, destruccion)
    mundo.reloj.adelantar(ESPERA + VIGENCIA)
    with pytest.raises(no.DestruccionDesconocida):
        destruccion.ejecutar(RECTORA, caducara)
    with pytest.raises(no.DestruccionDesconocida):
        destruccion.confirmar(ONG, mundo.azar.uuid4())


def test_no_la_pide_cualquiera(mundo, destruccion):
    with pytest.raises(no.QuienNoPuedeDestruir):
        destruccion.pedir(FISCALIA, RUTA, PIDE)
    mundo.boveda.revocar(ONG, RUTA, POR_CONSENTIMIENTO.referencia)
    with pytest.raises(no.QuienNoPuedeDestruir):
        destruccion.pedir(ONG, RUTA, PIDE)


@pytest.mark.parametrize("donde", ["al_destruir", "rotar"])
def test_una_ejecucion_cortada_se_termina_y_el_hecho_se_cuenta_una_vez(mundo, destruccion, donde, monkeypatch):
    peticion = confirmada(mundo, destruccion)
    mundo.reloj.adelantar(ESPERA)

    def se_cae(*_):
        raise OSError

    cortada = Destruccion(mundo.boveda, mundo.azar, (se_cae,)) if donde == "al_destruir" else destruccion
    with monkeypatch.context() as corte:
        if donde == "rotar":
            corte.setattr(mundo.boveda, "rotar", se_cae)
        with pytest.raises(OSError):
            cortada.ejecutar(RECTORA, peticion)
    assert mundo.boveda.pendientes() == []
    assert [p.estado for p in destruccion.peticiones()] == [Estado.EJECUTANDO]
    assert destruccion.reanudar(RECTORA) == 1
    assert destruccion.reanudar(RECTORA) == 0
    assert [type(p.hecho) for p in mundo.boveda.pendientes()] == [ClaveDestruida]


def test_una_rotacion_cortada_en_cualquier_punto_se_termina(mundo, destruccion, monkeypatch):
    """Tras entrar la nueva, antes de reenvolver; y tras reenvolver, antes de salir la vieja."""

    def se_cae(*_):
        raise OSError

    for punto in ("al reenvolver", "al salir"):
        antes = mundo.archivo.read_bytes()[:32]
        with monkeypatch.context() as corte:
            if punto == "al salir":
                corte.setattr(Anillo, "salir", se_cae)
            else:
                corte.setattr("infra.seguridad.boveda.boveda.reenvolver", se_cae)
            with pytest.raises(OSError):
                mundo.boveda.rotar()
        assert len(mundo.archivo.read_bytes()) == 64
        otro = Boveda(
            mundo.motor, Anillo(mundo.archivo), mundo.recepcion, mundo.fuentes, mundo.azar.hijo(punto), mundo.reloj
        )
        entrega = otro.abrir(ONG, RUTA, Finalidad.ATENCION)
        assert abrir_entrega(entrega, mundo.privadas["GT-ONG"]) == FICHA
        otro.depositar(ONG, RUTA, mundo.cerrar(), POR_CONSENTIMIENTO)
        otro.rotar()
        assert antes not in mundo.archivo.read_bytes()
        assert len(mundo.archivo.read_bytes()) == 32
        assert abrir_entrega(otro.abrir(ONG, RUTA, Finalidad.ATENCION), mundo.privadas["GT-ONG"]) == FICHA


def test_el_llavero_rota_mientras_otro_proceso_crea_claves(mundo, tmp_path):
    """Quien aún no releyó el anillo envuelve con la que dice la base, no con la que recordaba."""
    archivo = tmp_path / "maestra"
    Anillo.estrenar(archivo, mundo.azar.bytes(32))
    ESQUEMA.create_all(mundo.motor, tables=[claves])
    uno, otro = (Llavero(mundo.motor, Anillo(archivo), AzarSembrado(n), mundo.reloj) for n in (1, 2))
    primera = uno.obtener_o_crear([RUTA])
    uno.rotar()
    segunda = otro.obtener_o_crear([RUTA, OTRA_RUTA])
    uno.rotar()
    nuevo = Llavero(mundo.motor, Anillo(archivo), AzarSembrado(5), mundo.reloj)
    assert nuevo.obtener_o_crear([RUTA, OTRA_RUTA]) == segunda
    assert segunda[RUTA] == primera[RUTA]


def test_quien_no_se_entero_de_la_rotacion_no_guarda_nada_bajo_la_clave_que_ya_no_existe(mundo, tmp_path, monkeypatch):
    """Con la maestra vieja en memoria envolvería claves que luego nadie abriría."""
    archivo = tmp_path / "maestra"
    Anillo.estrenar(archivo, mundo.azar.bytes(32))
    ESQUEMA.create_all(mundo.motor, tables=[claves])
    uno, atrasado = (Llavero(mundo.motor, Anillo(archivo), AzarSembrado(n), mundo.reloj) for n in (1, 2))
    uno.obtener_o_crear([RUTA])
    monkeypatch.setattr(atrasado._anillo, "_mirar", lambda: None)
    uno.rotar()
    with pytest.raises(ClaveIlegible):
        atrasado.obtener_o_crear([OTRA_RUTA])
    assert uno.obtener(OTRA_RUTA) is None
