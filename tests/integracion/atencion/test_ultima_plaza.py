"""Varias réplicas de atención y una sola plaza de su sexo y edad: se aloja a una persona y a ninguna más."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from msgspec import UNSET, UnsetType
from msgspec.structs import asdict, replace

from contratos.base import Peticion
from contratos.solicitudes.atencion import AsignarAlojamiento, FinalizarAlojamiento, InscribirAlbergue
from eventos.atencion import AlojamientoAsignado, ClaseAlojamiento
from eventos.base import Hecho
from eventos.coordinacion import InstitucionInscrita
from eventos.motivos import MotivoFinAlojamiento
from eventos.plazas import Cupo, Plaza, Titularidad, TramoCupo
from eventos.rechazo import Rechazo
from eventos.sobre import Anotado
from eventos.tipos import Sexo
from infra.almacen.almacen import Almacen
from infra.almacen.tanda import Autoria
from infra.seguridad.llavero import claves
from servicios.atencion.contexto import CONTEXTO
from servicios.atencion.dominio.plazas import contar
from servicios.atencion.ocupacion import estancias
from servicios.comun.mesa import Mesa
from tests.integracion.pilas import INICIO, Pila
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.historia import anotado

REPLICAS = 4
ALBERGUE = "GT-REFUGIO-1"
OTRO_ALBERGUE = "GT-REFUGIO-2"
TITULAR = "GT-REFUGIO"
MUJER = Plaza(sexo=Sexo.MUJER, tramo=TramoCupo.ADULTA)
HOMBRE = Plaza(sexo=Sexo.HOMBRE, tramo=TramoCupo.ADULTA)
AUTORIA = Autoria(institucion=TITULAR, agente="ag-0123abcd", ocurrido=INICIO, causa="", correlacion="prueba")


@pytest.fixture
def replicas(pila: Pila) -> list[Almacen]:
    """Cada una con sus propias conexiones a la misma base, como otro proceso."""
    return [pila.almacen("atencion", CONTEXTO.lecturas) for _ in range(REPLICAS)]


def conocer(almacen: Almacen, *hechos: Hecho) -> None:
    for posicion, hecho in enumerate(hechos, 1000):
        with almacen.tanda() as tanda:
            CONTEXTO.conocer(tanda, anotado(hecho, posicion, institucion=TITULAR))


def pedir(almacen: Almacen, peticion: Peticion) -> str:
    """Atiende en su propia tanda; devuelve el código del rechazo, o «aceptada»."""
    try:
        with almacen.tanda() as tanda:
            tanda.anotar(CONTEXTO.casos.decidir(peticion, Mesa(tanda, AUTORIA)), AUTORIA)
    except Rechazo as rechazo:
        return rechazo.codigo
    return "aceptada"


def ingreso(ruta: UUID, plaza: Plaza | UnsetType = UNSET) -> AsignarAlojamiento:
    return AsignarAlojamiento(
        ruta=ruta, albergue=ALBERGUE, clase=ClaseAlojamiento.ALBERGUE_GENERAL, urgente=True, plaza=plaza
    )


def preparar(almacen: Almacen, rutas: list[UUID], **libres: int) -> None:
    """Un albergue para adultas: ``mujer=1, hombre=2`` son las plazas que tiene de cada sexo, todas libres."""
    titular = InstitucionInscrita(
        codigo=TITULAR, pais="gt", mandatos=("albergue",), servicios=(), cobertura=("GT",), clave_firma="A" * 43
    )
    conocer(almacen, titular, *(abierta(ruta) for ruta in rutas))
    inscribir(almacen, ALBERGUE, **libres)


def inscribir(almacen: Almacen, codigo: str, **libres: int) -> None:
    inscrito = InscribirAlbergue(
        codigo=codigo, titular=TITULAR, titularidad=Titularidad.ONG, especializado=False, territorio="GT-01",
        cupos=tuple(Cupo(sexo=Sexo(s), tramo=TramoCupo.ADULTA, total=n, libres=n) for s, n in libres.items()),
    )  # fmt: skip
    assert pedir(almacen, inscrito) == "aceptada"


def ocupadas(almacen: Almacen, plaza: Plaza) -> int:
    with almacen.consulta() as tanda:
        cupo = Cupo(sexo=plaza.sexo, tramo=plaza.tramo, total=9, libres=9)
        return contar([cupo], [e for e in estancias(Mesa(tanda, AUTORIA), ALBERGUE) if e.plaza == plaza])[
            plaza
        ].ocupadas


def salir(almacen: Almacen, ruta: UUID) -> str:
    with almacen.consulta() as tanda:
        [asignado] = tanda.abiertos(AlojamientoAsignado, {ruta})
    assert isinstance(asignado.hecho, AlojamientoAsignado)
    estancia = asignado.hecho.alojamiento
    return pedir(almacen, FinalizarAlojamiento(ruta=ruta, alojamiento=estancia, motivo=MotivoFinAlojamiento.AUTONOMIA))


def a_la_vez(replicas: list[Almacen], peticiones: list[AsignarAlojamiento]) -> list[str]:
    salida = Barrier(len(replicas))

    def correr(almacen: Almacen, peticion: AsignarAlojamiento) -> str:
        salida.wait()
        return pedir(almacen, peticion)

    with ThreadPoolExecutor(len(replicas)) as hilos:
        return list(hilos.map(correr, replicas, peticiones))


@pytest.mark.parametrize("libres", [1, 2])
def test_nunca_se_aloja_a_mas_personas_que_plazas(replicas: list[Almacen], libres: int):
    rutas = [uuid4() for _ in replicas]
    preparar(replicas[0], rutas, mujer=libres)

    respuestas = a_la_vez(replicas, [ingreso(ruta) for ruta in rutas])

    assert sorted(respuestas) == ["aceptada"] * libres + ["sin-plaza"] * (REPLICAS - libres)
    assert ocupadas(replicas[0], MUJER) == libres


def test_la_ultima_plaza_de_un_sexo_es_de_una_sola_y_no_quita_la_de_otro(replicas: list[Almacen]):
    rutas = [uuid4() for _ in replicas]
    preparar(replicas[0], rutas, mujer=1, hombre=2)

    pedidas = [MUJER, MUJER, HOMBRE, HOMBRE]
    respuestas = a_la_vez(replicas, [ingreso(ruta, plaza) for ruta, plaza in zip(rutas, pedidas, strict=True)])

    assert sorted(respuestas[:2]) == ["aceptada", "sin-plaza"]
    assert respuestas[2:] == ["aceptada", "aceptada"]
    assert (ocupadas(replicas[1], MUJER), ocupadas(replicas[1], HOMBRE)) == (1, 2)


def test_dos_en_la_misma_tanda_tampoco_ocupan_la_misma_plaza(replicas: list[Almacen]):
    """La primera aún no está escrita cuando se decide la segunda."""
    una, otra, tercera = uuid4(), uuid4(), uuid4()
    preparar(replicas[0], [una, otra, tercera], mujer=1, hombre=1)
    with replicas[0].tanda() as tanda:
        mesa = Mesa(tanda, AUTORIA)
        tanda.anotar(CONTEXTO.casos.decidir(ingreso(una, MUJER), mesa), AUTORIA)
        with pytest.raises(Rechazo, match="sin-plaza"):
            CONTEXTO.casos.decidir(ingreso(otra, MUJER), mesa)
        tanda.anotar(CONTEXTO.casos.decidir(ingreso(tercera, HOMBRE), mesa), AUTORIA)


def test_una_clave_destruida_ni_bloquea_ni_sobrevende(replicas: list[Almacen], pila: Pila):
    de_antes, hombre, otro_hombre, mujer, otra_mujer = rutas = [uuid4() for _ in range(5)]
    preparar(replicas[0], rutas, mujer=2, hombre=2)
    assert pedir(replicas[0], ingreso(de_antes, MUJER)) == "aceptada"

    pila.llavero.destruir(de_antes)

    # Ya no se sabe dónde está: cuenta en las dos. Nadie se queda fuera por ello más que en lo que podría ocupar.
    assert pedir(replicas[1], ingreso(hombre, HOMBRE)) == "aceptada"
    assert pedir(replicas[1], ingreso(otro_hombre, HOMBRE)) == "sin-plaza"
    assert pedir(replicas[1], ingreso(mujer, MUJER)) == "aceptada"
    assert pedir(replicas[1], ingreso(otra_mujer, MUJER)) == "sin-plaza"
    assert salir(replicas[0], de_antes) == "aceptada"
    assert pedir(replicas[1], ingreso(otro_hombre, HOMBRE)) == "aceptada"


def test_a_quien_ya_no_tiene_clave_no_se_le_niega_techo(replicas: list[Almacen], pila: Pila):
    sin_clave, otra = uuid4(), uuid4()
    preparar(replicas[0], [sin_clave, otra], mujer=1)
    pila.llavero.destruir(sin_clave)

    assert pedir(replicas[0], ingreso(sin_clave)) == "aceptada"
    assert pedir(replicas[1], ingreso(otra)) == "sin-plaza"


def test_un_sello_que_no_abre_no_impide_el_ingreso_de_otra(replicas: list[Almacen], pila: Pila):
    """Como tras restaurar un llavero anterior a la persona: la clave que hay no es la de su sello."""
    primera, segunda = uuid4(), uuid4()
    preparar(replicas[0], [primera, segunda], mujer=2)
    assert pedir(replicas[0], ingreso(primera)) == "aceptada"

    # Otro llavero, con otras claves.
    with pila.llavero._motor.begin() as conexion:
        conexion.execute(sa.delete(claves))
    pila.llavero._cache.clear()
    pila.llavero.obtener_o_crear([primera])

    assert pedir(replicas[1], ingreso(segunda)) == "aceptada"


def test_las_claves_se_piden_en_lote_y_solo_las_de_ese_albergue(replicas: list[Almacen], pila: Pila, monkeypatch):
    *dentro, en_familia, en_otra_casa, nueva = rutas = [uuid4() for _ in range(7)]
    preparar(replicas[0], rutas, mujer=6)
    for ruta in dentro:
        assert pedir(replicas[0], ingreso(ruta)) == "aceptada"
    inscribir(replicas[0], OTRO_ALBERGUE, mujer=1)
    assert pedir(replicas[0], replace(ingreso(en_otra_casa), albergue=OTRO_ALBERGUE)) == "aceptada"
    con_familia = replace(ingreso(en_familia), clase=ClaseAlojamiento.FAMILIA_SUSTITUTA)
    assert pedir(replicas[0], con_familia) == "aceptada"
    pedidas: list[set[UUID]] = []
    presentes = pila.llavero.presentes

    def apuntar(rutas: Collection[UUID]) -> dict[UUID, bytes]:
        pedidas.append(set(rutas))
        return presentes(rutas)

    monkeypatch.setattr(pila.llavero, "presentes", apuntar)
    assert pedir(replicas[0], ingreso(nueva)) == "aceptada"
    assert pedidas == [set(dentro)]


def test_en_ninguna_tabla_queda_su_sexo_en_claro(replicas: list[Almacen], pila: Pila):
    """Lo que cambia en toda la base al alojarla no dice de qué sexo ni de qué edad es la plaza."""
    ruta = uuid4()
    preparar(replicas[0], [ruta], mujer=1, hombre=1)
    antes = volcado(replicas[0])

    assert pedir(replicas[0], ingreso(ruta, HOMBRE)) == "aceptada"

    nuevo = volcado(replicas[0]) - antes
    assert any(tabla == "estancias" for tabla, _ in nuevo)
    assert any(tabla == "eventos" and "sellado" in fila for tabla, fila in nuevo)
    chivatos = ("hombre", "mujer", "adulta", "plaza")
    assert [(tabla, chivato) for tabla, fila in nuevo for chivato in chivatos if chivato in fila.lower()] == []
    with replicas[1].consulta() as tanda:
        [asignado] = tanda.abiertos(AlojamientoAsignado, {ruta})
        assert asignado.hecho == AlojamientoAsignado(**vistos(asignado), plaza=HOMBRE)
    pila.llavero.destruir(ruta)
    with replicas[1].consulta() as tanda:
        [ya_no] = tanda.abiertos(AlojamientoAsignado, {ruta})
        assert ya_no.hecho == AlojamientoAsignado(**vistos(asignado))


def volcado(almacen: Almacen) -> set[tuple[str, str]]:
    """Cada fila de cada tabla, como texto."""
    filas = set()
    with almacen.motor.connect() as conexion:
        for tabla in sa.inspect(conexion).get_table_names():
            reflejada = sa.Table(tabla, sa.MetaData(), autoload_with=conexion)
            filas |= {(tabla, " ".join(map(_texto, fila))) for fila in conexion.execute(sa.select(reflejada))}
    return filas


def _texto(valor: object) -> str:
    return bytes(valor).decode(errors="replace") if isinstance(valor, bytes | memoryview) else str(valor)


def vistos(anotado: Anotado) -> dict[str, Any]:
    return {campo: valor for campo, valor in asdict(anotado.hecho).items() if campo != "plaza"}


def test_nadie_acaba_alojada_en_dos_sitios(replicas: list[Almacen]):
    ruta = uuid4()
    preparar(replicas[0], [ruta], mujer=REPLICAS)

    respuestas = a_la_vez(replicas, [ingreso(ruta)] * REPLICAS)

    assert sorted(respuestas) == ["aceptada", *["ya-alojada"] * (REPLICAS - 1)]
