"""La suite de la propia librería `eventsourcing` contra nuestro registrador, en las dos bases."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from types import ModuleType
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import StoredEvent

from infra.almacen.registrador import Registrador, SuscripcionNoSoportada
from tests.integracion.pilas import Pila

# El módulo de pruebas de la librería trae de paso su cifrado, que pide pycryptodome; aquí no se prueba ni se usa.
_SIN_CIFRADO = ModuleType("eventsourcing.cipher")
_SIN_CIFRADO.AESCipher = object  # type: ignore[attr-defined]
with pytest.MonkeyPatch.context() as parche:
    parche.setitem(sys.modules, "eventsourcing.cipher", _SIN_CIFRADO)
    from eventsourcing.tests.persistence import ApplicationRecorderTestCase, NonInterleavingNotificationIDsBaseCase


class _Casos(ApplicationRecorderTestCase):
    """Los de la librería. Fuera quedan los que solo miden e imprimen (`test_performance`, `…_throughput`)."""

    __test__ = False  # no las busca pytest: cada caso se llama abajo, con su base
    INITIAL_VERSION = 1

    def __init__(self, registrador: Registrador) -> None:
        super().__init__("test_insert_select")
        self._registrador = registrador

    def create_recorder(self) -> Registrador:
        return self._registrador

    def new_originator_id(self) -> UUID:
        return uuid4()


class _SinEntrelazar(NonInterleavingNotificationIDsBaseCase):
    """Dos tramos guardados a la vez ocupan posiciones seguidas cada uno."""

    __test__ = False
    insert_num = 300

    def __init__(self, registrador: Registrador) -> None:
        super().__init__("test")
        self._registrador = registrador

    def create_recorder(self) -> Registrador:
        return self._registrador

    def new_originator_id(self) -> UUID:
        return uuid4()

    def create_stack(self, originator_id: UUID | str) -> Sequence[StoredEvent]:
        return [StoredEvent(originator_id, i, "prueba", b"{}") for i in range(self.insert_num)]


@pytest.fixture
def registrador(pila: Pila) -> Registrador:
    return Registrador(pila.motor("deteccion"), "/gt/deteccion")


def test_guarda_y_lee_como_promete_la_libreria(registrador):
    _Casos(registrador).test_insert_select()


def test_diez_que_escriben_y_dos_que_leen_no_se_estorban(registrador):
    casos = _Casos(registrador)
    casos.test_concurrent_no_conflicts()
    assert registrador.max_notification_id() == 100 * 100


def test_dos_tramos_a_la_vez_no_se_entrelazan(registrador):
    _SinEntrelazar(registrador).test()


def test_no_ofrece_suscripcion(registrador):
    with pytest.raises(SuscripcionNoSoportada):
        registrador.subscribe()
