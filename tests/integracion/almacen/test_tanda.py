"""La tanda: todo o nada, aunque falle en el peor momento; y lo sellado no se lee en la base."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import msgspec
import pytest
import sqlalchemy as sa

from eventos.deteccion import PresuntaVictimaDetectada
from eventos.sobre import Anotado, decodificar
from eventos.vigentes import Vigentes
from infra.almacen.almacen import Almacen
from infra.almacen.esquema import bandeja, cabecera, eventos, salida
from infra.almacen.insertar import Altas
from infra.almacen.tanda import Tanda
from infra.seguridad.llavero import ClaveDestruida
from infra.seguridad.sello import abrir
from tests.dorados.ejemplo import CARPETA
from tests.integracion.almacen.relatos import AUTORIA, LECTURAS, deteccion, efectos
from tests.integracion.pilas import Pila

TABLAS = (eventos, efectos, salida, bandeja)


class Caida(Exception):
    """El fallo de esta prueba."""


class Cuenta(msgspec.Struct, frozen=True):
    """Estado mínimo: cuántos hechos tiene la ruta."""

    hechos: int = 0

    @classmethod
    def vacio(cls, id: UUID) -> Cuenta:  # noqa: ARG003
        return cls()

    def evolucionar(self, anotado: Anotado) -> Cuenta:  # noqa: ARG002
        return Cuenta(self.hechos + 1)


@pytest.fixture
def almacen(pila: Pila) -> Almacen:
    return pila.almacen("deteccion", LECTURAS)


def trabajar(tanda: Tanda, ruta: UUID) -> None:
    tanda.anotar([deteccion(ruta, "relato")], AUTORIA)
    tanda.enviar(intercambio="acuses", clave="GT-PGN", tipo="acuse", cuerpo=b"acuse")
    tanda.conexion.execute(
        sa.insert(bandeja).values(cuerpo=b"x", firma="", recibido=tanda.ahora, proximo=tanda.ahora, fallos=0)
    )


def filas(almacen: Almacen) -> list[int | None]:
    with almacen.motor.connect() as conexion:
        return [conexion.scalar(sa.select(sa.func.count()).select_from(t)) for t in TABLAS]


def test_confirmada_deja_hechos_lecturas_y_salida(almacen: Almacen):
    with almacen.tanda() as tanda:
        trabajar(tanda, uuid4())
        assert tanda.posicion() == 1
    assert filas(almacen) == [1, 1, 1, 1]


@pytest.mark.parametrize(
    "donde", ["tras anotar", "tras leer", "tras volcar", "al guardar", "en las lecturas", "al final"]
)
def test_falle_donde_falle_no_queda_nada(almacen: Almacen, monkeypatch, donde: str):
    def caer(*_: object, **__: object) -> None:
        raise Caida

    if donde == "al guardar":
        monkeypatch.setattr("infra.almacen.registrador.encadenar", caer)
    if donde == "en las lecturas":
        monkeypatch.setattr("infra.almacen.lecturas.Lecturas.aplicar", caer)
    if donde == "al final":
        monkeypatch.setattr("infra.almacen.tanda.salida", salida.to_metadata(sa.MetaData(), name="no_existe"))

    def fallar() -> None:
        with almacen.tanda() as tanda:
            trabajar(tanda, uuid4())
            if donde == "tras leer":
                tanda.leer(sa.select(efectos))
            if donde == "tras volcar":
                tanda.volcar()
            if donde.startswith("tras"):
                raise Caida

    with pytest.raises((Caida, sa.exc.SQLAlchemyError)):
        fallar()
    monkeypatch.undo()
    assert filas(almacen) == [0, 0, 0, 0]
    with almacen.motor.connect() as conexion:
        assert conexion.scalar(sa.select(cabecera.c.posicion)) == 0


def test_avisa_solo_de_lo_confirmado_y_solo_si_trajo_algo(almacen: Almacen):
    """Quien despierta a cada consulta despertaría también a la suya: un bucle sin trabajo que no para."""
    avisos: list[int] = []
    almacen.al_confirmar(lambda: avisos.append(1))

    def fallar() -> None:
        with almacen.tanda() as tanda:
            trabajar(tanda, uuid4())
            raise Caida

    with pytest.raises(Caida):
        fallar()
    with almacen.tanda() as tanda:
        tanda.leer(sa.select(efectos))
    assert avisos == []
    with almacen.tanda() as tanda:
        trabajar(tanda, uuid4())
    assert avisos == [1]


def test_el_estado_cuenta_lo_guardado_y_lo_recien_anotado(almacen: Almacen):
    ruta, otra = uuid4(), uuid4()
    with almacen.tanda() as tanda:
        tanda.anotar([deteccion(ruta), deteccion(otra)], AUTORIA)
    with almacen.tanda() as tanda:
        tanda.sugerir({ruta, otra, uuid4()})
        assert tanda.estado(Cuenta, ruta).hechos == 1
        tanda.anotar([deteccion(ruta)], AUTORIA)
        assert tanda.estado(Cuenta, ruta).hechos == 2
        assert tanda.estado(Cuenta, otra).hechos == 1
        assert tanda.estado(Cuenta, tanda.nuevo_id()).hechos == 0


def test_sugerir_lee_todos_los_flujos_de_una_vez(almacen: Almacen):
    rutas = [uuid4() for _ in range(20)]
    with almacen.tanda() as tanda:
        tanda.anotar([deteccion(r) for r in rutas], AUTORIA)
    consultas: list[str] = []
    sa.event.listen(almacen.motor, "before_cursor_execute", lambda *a: consultas.append(a[2]))
    with almacen.tanda() as tanda:
        tanda.sugerir(rutas)
        assert sum(tanda.estado(Cuenta, r).hechos for r in rutas) == 20
    assert len([c for c in consultas if "FROM eventos" in c]) == 1


def test_lo_plegado_vale_para_la_tanda_siguiente_sin_releerlo(almacen: Almacen):
    ruta = uuid4()
    with almacen.tanda() as tanda:
        assert tanda.estado(Cuenta, ruta).hechos == 0
        tanda.anotar([deteccion(ruta)], AUTORIA)
    consultas: list[str] = []
    sa.event.listen(almacen.motor, "before_cursor_execute", lambda *a: consultas.append(a[2]))
    with almacen.tanda() as tanda:
        assert tanda.estado(Cuenta, ruta).hechos == 1
    assert not [c for c in consultas if "FROM eventos" in c]


def test_lo_plegado_no_sobrevive_a_una_tanda_que_no_confirma(almacen: Almacen):
    ruta = uuid4()
    with almacen.tanda() as tanda:
        tanda.estado(Cuenta, ruta)
        tanda.anotar([deteccion(ruta)], AUTORIA)

    def fallar() -> None:
        with almacen.tanda() as tanda:
            tanda.anotar([deteccion(ruta)], AUTORIA)
            assert tanda.estado(Cuenta, ruta).hechos == 2
            raise Caida

    with pytest.raises(Caida):
        fallar()
    with almacen.tanda() as tanda:
        assert tanda.estado(Cuenta, ruta).hechos == 1
        tanda.anotar([deteccion(ruta)], AUTORIA)


def test_lo_plegado_no_vale_si_otra_replica_escribio(pila: Pila, almacen: Almacen):
    ruta, replica = uuid4(), pila.almacen("deteccion", LECTURAS)
    for turno in range(6):
        with (almacen, replica)[turno % 2].tanda() as tanda:
            assert tanda.estado(Cuenta, ruta).hechos == turno
            tanda.anotar([deteccion(ruta)], AUTORIA)


def test_ningun_estado_guarda_lo_sellado(almacen: Almacen):
    """Lo plegado queda en memoria entre tandas, y una regla no puede ver hoy lo que mañana leerá cerrado."""
    ruta = uuid4()
    with almacen.tanda() as tanda:
        tanda.estado(Vigentes, ruta)
        tanda.anotar([deteccion(ruta, "La vieron en la terminal")], AUTORIA)
        assert tanda.estado(Vigentes, ruta).hechos[0].hecho == deteccion(ruta)


def test_los_bytes_guardados_no_contienen_lo_sellado(pila: Pila, almacen: Almacen):
    ruta, secreto = uuid4(), "La vieron en la terminal de Huehuetenango"
    with almacen.tanda() as tanda:
        tanda.anotar([deteccion(ruta, secreto)], AUTORIA)
    cuerpo = almacen.registrador.select_events(ruta)[0].state
    assert secreto.encode() not in cuerpo
    assert decodificar(cuerpo).hecho == deteccion(ruta)
    clave = pila.llavero.obtener(ruta)
    assert clave
    hecho = decodificar(cuerpo, lambda cifrado, dato: abrir(clave, cifrado, dato)).hecho
    assert isinstance(hecho, PresuntaVictimaDetectada)
    assert hecho.relato == secreto
    if not pila.real:
        restos = b"".join(p.read_bytes() for p in pila.carpeta.iterdir())
        assert secreto.encode() not in restos


def test_con_la_clave_destruida_no_se_sella_pero_se_puede_contar_lo_abierto(pila: Pila, almacen: Almacen):
    ruta = uuid4()
    pila.llavero.destruir(ruta)
    with pytest.raises(ClaveDestruida), almacen.tanda() as tanda:
        tanda.anotar([deteccion(ruta, "algo")], AUTORIA)
    with almacen.tanda() as tanda:
        tanda.anotar([deteccion(ruta)], AUTORIA)
    assert filas(almacen)[0] == 1


@pytest.mark.parametrize("dorado", sorted(CARPETA.iterdir())[:200:9], ids=lambda p: p.stem)
def test_los_sobres_dorados_se_guardan_y_se_leen_byte_a_byte(almacen: Almacen, dorado):
    from eventsourcing.persistence import StoredEvent

    cuerpo = dorado.read_bytes()
    anotado = decodificar(cuerpo)
    almacen.registrador.insert_events([StoredEvent(anotado.agregado, anotado.version, anotado.hecho.tipo, cuerpo)])
    with almacen.motor.connect() as conexion:
        assert conexion.scalar(sa.select(eventos.c.cuerpo)) == cuerpo
        leidos: list[Any] = list(almacen.eventos_en(Altas(conexion), {}, None).get(anotado.agregado))
    assert leidos == [anotado]
