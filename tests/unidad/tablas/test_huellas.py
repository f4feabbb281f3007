"""Repetir una importación son los mismos bytes; quien no tiene la clave no adivina la fila por su id."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

import pytest

from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.perfil import PerfilDesagregado
from eventos.tipos import NivelRiesgo, SiNo
from infra.azar import AzarSembrado
from infra.seguridad import base64url
from infra.seguridad.identidad_servicio import ClavesServicio
from senda.cliente import Credencial
from senda.tablas.huellas import Huellas

CUANDO = datetime(2026, 5, 3, tzinfo=UTC)
UNA = Credencial.generar("GT-MP", AzarSembrado(1))
OTRA = Credencial.generar("GT-MP", AzarSembrado(2))
RECEPCION = base64url.a_texto(ClavesServicio.generar(AzarSembrado(3)).recepcion.public_key().public_bytes_raw())


def peticion(grupo="9-17"):
    return DetectarPresuntaVictima(
        nna=SiNo.SI, extranjera=SiNo.NO, idioma="und", riesgo=NivelRiesgo.MEDIO, pais_deteccion="gt",
        perfil=PerfilDesagregado(grupo_etario=grupo),
    )  # fmt: skip


def compuestas(filas, credencial=UNA, grupo="9-17", agente="ag-7c1e90aa"):
    with Huellas.de(credencial, "ctdc") as huellas:
        return [
            huellas.componer(huellas.de_fila(f), peticion(grupo), credencial, agente, CUANDO, RECEPCION, CUANDO)
            for f in filas
        ]


def test_con_lo_mismo_los_mismos_bytes_tambien_cifrados():
    una, otra = (compuestas([{"A": "1"}]) for _ in range(2))

    assert una[0].cuerpo == otra[0].cuerpo
    assert una[0].id == otra[0].id


def test_dos_filas_iguales_son_dos_personas_y_reordenar_no_crea_ninguna():
    filas = [{"A": "1"}, {"A": "2"}, {"A": "1"}]

    ids = [{c.id for c in compuestas(orden)} for orden in (filas, filas[::-1])]

    assert len(ids[0]) == 3
    assert ids[0] == ids[1]


def test_una_celda_vacia_y_una_columna_ausente_son_lo_mismo():
    assert compuestas([{"A": "1", "B": ""}])[0].id == compuestas([{"A": "1"}])[0].id


def test_el_id_no_se_puede_adivinar_sin_la_clave():
    (mia,), (ajena,) = compuestas([{"A": "1"}]), compuestas([{"A": "1"}], OTRA)

    assert mia.id != ajena.id
    assert mia.id.replace("-", "") != sha256(b'[["A","1"]]').hexdigest()[:32]


@pytest.mark.parametrize("cambio", [{"grupo": "18-20"}, {"agente": "ag-00000000"}])
def test_con_otro_contenido_el_id_es_el_mismo_y_la_efimera_otra(cambio):
    """Con la misma efímera y el mismo nonce, dos contenidos se descifrarían uno al otro."""
    (una,), (otra,) = compuestas([{"A": "1"}]), compuestas([{"A": "1"}], **cambio)

    assert una.id == otra.id
    assert una.cuerpo != otra.cuerpo
    sellos = [c.cuerpo.split(b'"sellado":"')[1].split(b".")[0] for c in (una, otra)]
    assert sellos[0] != sellos[1]


def test_un_id_ajeno_vale_una_vez_por_archivo():
    with Huellas.de(UNA, "ctdc") as huellas:
        assert huellas.de_id("a1") is not None
        assert huellas.de_id("a1") is None
