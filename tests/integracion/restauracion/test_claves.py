"""Una clave destruida no vuelve con ninguna copia, y lo que se destruyó consta aunque el libro se restaurara."""

from __future__ import annotations

import shutil

import pytest

from infra.azar import AzarReal, AzarSembrado
from infra.reloj import RelojReal
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.llavero import Llavero
from senda.despliegue import anillo_maestro, leer
from senda.restauracion.hallazgos import Codigo, Veredicto
from tests.integracion.boveda.pais import Pais
from tests.integracion.restauracion.ensayo import con_bases_de
from tests.integracion.restauracion.test_recuperar import codigos, hechos, mirar, reponer


def llavero_de(carpeta) -> Llavero:
    base = leer(carpeta).bases["llavero"]
    return Llavero(base.url, anillo_maestro(carpeta), AzarReal(), RelojReal())


def test_los_hechos_vuelven_a_t_y_la_clave_no(ensayo, archivado, desastre) -> None:
    """En T la persona aún tenía clave y todo lo suyo sellado: restaurado a T, sigue mudo."""
    carpeta = desastre()
    assert llavero_de(archivado.en_t).obtener(ensayo.destruida) is not None
    assert llavero_de(carpeta).obtener(ensayo.destruida) is None
    assert llavero_de(carpeta).obtener(ensayo.antes_de_t) is not None


def test_con_el_llavero_de_t_no_se_abre_a_nadie_y_se_dice(ensayo, archivado, desastre) -> None:
    """Por qué las claves no van en la copia de los hechos: destruir la de una persona rotó la maestra de todas."""
    carpeta = desastre("deteccion")
    con_bases_de(archivado.en_t, carpeta, ["llavero"])
    informe = mirar(carpeta)
    assert informe.veredicto is Veredicto.INCOMPLETO
    assert Codigo.CLAVES_DE_OTRA_EPOCA in codigos(informe)


def test_si_vuelven_llavero_y_maestra_la_clave_se_destruye_otra_vez(ensayo, archivado, desastre) -> None:
    carpeta = desastre("deteccion")
    con_bases_de(archivado.en_t, carpeta, ["llavero"])
    shutil.copy2(archivado.en_t / "maestra", carpeta / "maestra")
    assert llavero_de(carpeta).obtener(ensayo.destruida) is not None
    assert Codigo.CLAVE_RESUCITADA in codigos(mirar(carpeta))
    assert reponer(carpeta).destrucciones == 1
    assert not mirar(carpeta).hallazgos
    assert llavero_de(carpeta).obtener(ensayo.destruida) is None
    assert llavero_de(carpeta).obtener(ensayo.antes_de_t) is not None
    # Ni con la copia: la maestra que la envolvía ya no existe.
    con_bases_de(archivado.en_t, carpeta, ["llavero"])
    assert Codigo.CLAVES_DE_OTRA_EPOCA in codigos(mirar(carpeta))


def test_lo_destruido_consta_otra_vez_aunque_nadie_guardara_el_hecho(ensayo, desastre) -> None:
    """Todo a T y nada publicado después: la bóveda sabe lo que hizo, y lo vuelve a contar con quién lo autorizó."""
    carpeta = desastre(retenido=False)
    assert codigos(mirar(carpeta)) == {Codigo.DESTRUCCION_SIN_CONTAR}
    antes = len(hechos(carpeta, "coordinacion"))
    assert not reponer(carpeta).despues.hallazgos
    nuevos = hechos(carpeta, "coordinacion")[antes:]
    assert len(nuevos) == 1
    assert str(ensayo.destruida).encode() in nuevos[0]
    assert not reponer(carpeta).despues.hallazgos
    assert len(hechos(carpeta, "coordinacion")) == antes + 1
    pais = Pais.reabierto(carpeta, ensayo.pais, AzarSembrado(81))
    with pytest.raises(no.IdentidadDestruida):
        pais.depositar(ensayo.destruida)
    pais.cerrar()
