"""Quien no recibió su acuse repite los mismos bytes; aunque todo haya cambiado, la respuesta es la de entonces.

Lo descubrió la simulación: acuse perdido, clave cambiada o institución suspendida, y la repetida se rechazaba.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from hashlib import sha256

import msgspec
import pytest

from contratos.acuse import Acuse, Resultado
from infra.azar import AzarReal
from infra.mensajeria.topologia import colas_de_institucion
from infra.mensajeria.transportes import Mensaje
from senda.cliente import VIGENCIA, Credencial
from tests.integracion.mensajeria.sistema import INSTITUCION, Sistema


def cambia_de_clave(sistema: Sistema) -> None:
    sistema.origen.directorio[INSTITUCION] = Credencial.generar(INSTITUCION, AzarReal()).publica


def sale_del_directorio(sistema: Sistema) -> None:
    sistema.origen.directorio.clear()


def caduca_la_firma(sistema: Sistema) -> None:
    sistema.reloj.adelantar(VIGENCIA + timedelta(days=1))


@pytest.mark.parametrize("pasa", [cambia_de_clave, sale_del_directorio, caduca_la_firma])
def test_la_respuesta_no_cambia(sistema: Sistema, pasa: Callable[[Sistema], None]):
    compuesta = sistema.componer()
    sistema.enviar(compuesta)
    sistema.reposo()
    primera = sistema.acuses(1)
    pasa(sistema)
    sistema.enviar(compuesta)
    sistema.reposo()
    assert sistema.acuses(1) == primera
    assert sistema.hechos() == 1


def test_con_otra_firma_si_se_mira(sistema: Sistema):
    """Lo ya comprobado es esa firma, no esos bytes."""
    compuesta = sistema.componer()
    sistema.enviar(compuesta)
    sistema.reposo()
    sistema.acuses(1)
    falsa = sistema.componer(credencial=Credencial.generar(INSTITUCION, sistema.azar)).firma
    sistema.enviar(compuesta._replace(firma=falsa))
    sistema.reposo()
    assert sistema.acuse().resultado is Resultado.RECHAZADA
    assert sistema.hechos() == 1


def test_a_otra_institucion_no_se_le_cuenta(sistema: Sistema):
    """Copiar lo que mandó otra no da derecho a su acuse."""
    compuesta = sistema.componer()
    sistema.enviar(compuesta)
    sistema.reposo()
    sistema.acuses(1)
    suya = colas_de_institucion("GT-OTRA", sistema.pila.prefijo)[0]
    ladrona = sistema.pila.transporte("GT-OTRA")
    ladrona.asegurar_cola(suya)
    cabeceras = {"firma": compuesta.firma}
    copia = Mensaje(sistema.nombres.solicitudes, "deteccion", "solicitud", compuesta.cuerpo, "copia", cabeceras)
    ladrona.publicar([copia])
    sistema.reposo()
    if sistema.pila.real:  # publica como «guest», que no es nadie: la respuesta va a su dueña
        assert sistema.acuse().resultado is Resultado.ACEPTADA
        assert sistema.fuera.pendientes(suya.nombre) == 0
    else:
        negativa = msgspec.json.decode(sistema.acuses(1, suya.nombre)[0], type=Acuse)
        assert (negativa.codigo, negativa.huella) == ("otro-usuario", sha256(compuesta.cuerpo).hexdigest())
    sistema.pila.borrar_cola(suya.nombre)
