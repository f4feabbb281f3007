from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import pytest

from eventos.auditoria import DivergenciaHallada
from eventos.sobre import Anotado
from infra.mensajeria.puertos import HechoCrudo
from servicios.auditoria.aplicacion import CASOS
from servicios.auditoria.dominio import Divergencias, denunciar, flujo_de
from servicios.auditoria.politicas import RegistrarDivergencia, al_divergir

CONOCIDA, HALLADA, OTRA = b"\x01" * 32, b"\x02" * 32, b"\x03" * 32


def divergencia(hallada: bytes = HALLADA, posicion: int = 7, origen: str = "deteccion") -> DivergenciaHallada:
    return DivergenciaHallada(
        origen=origen, posicion=posicion, hash_conocido=CONOCIDA.hex(), hash_hallado=hallada.hex()
    )


def historia(*hechos: DivergenciaHallada) -> Divergencias:
    estado = Divergencias.vacio(flujo_de("deteccion"))
    for hecho in hechos:
        ahora = datetime(2026, 1, 1, tzinfo=UTC)
        estado = estado.evolucionar(
            Anotado(
                id=UUID(int=1), origen="/gt/auditoria", hecho=hecho, institucion="GT-SISTEMA", agente="ag-00000000",
                ocurrido=ahora, registrado=ahora, causa="", correlacion="", agregado=hecho.agregado, version=1,
                solicitud="",
            )
        )  # fmt: skip
    return estado


def test_se_denuncia_la_primera_vez() -> None:
    assert denunciar(historia(), divergencia()) == [divergencia()]


def test_aunque_el_origen_insista_es_un_solo_hecho() -> None:
    assert denunciar(historia(divergencia()), divergencia()) == []


@pytest.mark.parametrize("otra", [divergencia(OTRA), divergencia(posicion=8)])
def test_otra_historia_u_otra_posicion_es_otro_hecho(otra: DivergenciaHallada) -> None:
    assert denunciar(historia(divergencia()), otra) == [otra]


def test_la_misma_hoja_no_es_divergencia() -> None:
    assert denunciar(historia(), divergencia(CONOCIDA)) == []


def test_cada_origen_tiene_su_flujo() -> None:
    assert divergencia().agregado == flujo_de("deteccion")
    assert flujo_de("deteccion") != flujo_de("justicia")


def test_lo_recibido_se_convierte_en_peticion_interna_que_alguien_atiende() -> None:
    crudo = HechoCrudo(origen="/gt/deteccion", posicion=7, anterior=bytes(32), hoja=HALLADA, cuerpo=b"{}")
    peticion = al_divergir(crudo, CONOCIDA)
    assert peticion == RegistrarDivergencia(
        origen="deteccion", posicion=7, hash_conocido=CONOCIDA.hex(), hash_hallado=HALLADA.hex()
    )
    assert CASOS.clases() == {RegistrarDivergencia}


class MesaDePrueba:
    """Solo el estado: es lo único que este caso consulta."""

    def __init__(self, estado: Divergencias) -> None:
        self._estado = estado

    def estado(self, _clase: type[Divergencias], id_agregado: UUID) -> Divergencias:
        assert id_agregado == self._estado.id
        return self._estado


@pytest.mark.parametrize(("previas", "cuantos"), [((), 1), ((divergencia(),), 0)])
def test_el_caso_carga_el_origen_y_decide(previas: tuple[DivergenciaHallada, ...], cuantos: int) -> None:
    crudo = HechoCrudo(origen="/gt/deteccion", posicion=7, anterior=bytes(32), hoja=HALLADA, cuerpo=b"{}")
    mesa = MesaDePrueba(historia(*previas))
    assert len(CASOS.decidir(al_divergir(crudo, CONOCIDA), mesa)) == cuantos  # type: ignore[arg-type]
