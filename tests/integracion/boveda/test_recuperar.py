"""Recuperar a media rotación: el paquete lleva todas las claves vivas del anillo, y después solo la que queda."""

from __future__ import annotations

import pytest

from eventos.seguridad import MotivoDestruccion
from infra.seguridad.boveda.destruccion import ESPERA
from infra.seguridad.boveda.ficha import abrir_entrega
from infra.seguridad.boveda.politica import Finalidad
from infra.seguridad.recuperacion import reunir
from senda import boveda as de_senda
from tests.integracion.boveda.mundo import FICHA
from tests.integracion.boveda.pais import ONG, OTRA, UNA


@pytest.mark.parametrize(
    ("corta", "anillo"),
    [
        ("infra.seguridad.boveda.boveda.reenvolver", "boveda/envoltura"),
        ("infra.seguridad.llavero._reenvolver", "maestra"),
    ],
)
def test_si_el_disco_se_pierde_a_media_rotacion_no_se_pierde_a_nadie(pais, monkeypatch, corta, anillo):
    """Cortada entre estrenar la nueva y volver a envolver, lo guardado sigue bajo la que sale."""
    ruta, otra = pais.detectar(), pais.detectar()
    pais.depositar(otra)
    clave = pais.sistema.llavero.obtener(otra)
    partes = de_senda.repartir(pais.carpeta, 2, 3, pais.azar)
    peticion = pais.destruccion.pedir(UNA, ruta, MotivoDestruccion.ORDEN_DE_AUTORIDAD)
    pais.destruccion.confirmar(OTRA, peticion)
    pais.reloj.adelantar(ESPERA)

    def se_cae(*_):
        raise OSError

    with monkeypatch.context() as corte:
        corte.setattr(corta, se_cae)
        with pytest.raises(OSError):
            pais.montada.ejecutar(UNA, peticion)
    a_medias = (pais.carpeta / anillo).read_bytes()
    assert len(a_medias) == 64
    recuperar(pais, partes)
    assert (pais.carpeta / anillo).read_bytes() == a_medias
    assert pais.sistema.montaje.llavero().obtener(otra) == clave
    assert abrir_entrega(pais.boveda.abrir(ONG, otra, Finalidad.PROTECCION_NNA), pais.privadas["GT-ONG"]) == FICHA

    pais.montada.ejecutar(UNA, peticion)
    recuperar(pais, partes)
    paquete = (pais.carpeta / "boveda" / de_senda.PAQUETE).read_text()
    assert not any(a_medias[32:] in c for c in reunir(partes[:2], paquete).values()), "la que salió ya no está"
    assert abrir_entrega(pais.boveda.abrir(ONG, otra, Finalidad.PROTECCION_NNA), pais.privadas["GT-ONG"]) == FICHA


def recuperar(pais, partes):
    for archivo in ("boveda/envoltura", "boveda/recepcion", "maestra"):
        (pais.carpeta / archivo).unlink()
    de_senda.recuperar(pais.carpeta, partes[1:], (pais.carpeta / "boveda" / de_senda.PAQUETE).read_text())
