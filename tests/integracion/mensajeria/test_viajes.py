"""Lo que cuesta un hecho suelto: cuántas sentencias da cada paso, y que no pregunta otra vez lo que acaba de ver.

A poca carga lo caro no es el hecho, es despertarse: cada sentencia de más la pagan los seis servicios.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from infra.almacen.almacen import Almacen
from infra.almacen.esquema import salida
from infra.almacen.tanda import Tanda
from infra.anfitrion.estacion import Bucle
from infra.mensajeria.hechos import mensajes_de
from infra.mensajeria.labor import Labor
from infra.mensajeria.transportes import Mensaje
from tests.integracion.mensajeria.sistema import INSTITUCION, Sistema


def sentencias(almacen: Almacen, hacer: Callable[[], Any]) -> list[str]:
    """Las que se dan a la base mientras tanto. Confirmar no cuenta."""
    dadas: list[str] = []

    def apuntar(*argumentos: Any) -> None:
        dadas.append(argumentos[2])

    sa.event.listen(almacen.motor, "before_cursor_execute", apuntar)
    try:
        hacer()
    finally:
        sa.event.remove(almacen.motor, "before_cursor_execute", apuntar)
    return dadas


def dejar_acuse(sistema: Sistema, **cambios: Any) -> None:
    campos = {"intercambio": "acuses", "clave": INSTITUCION, "tipo": "acuse", "cuerpo": b"recibo", **cambios}
    with sistema.deteccion.almacen.tanda() as tanda:
        tanda.enviar(**campos)


def bucle_de(sistema: Sistema, nombre: str) -> Bucle:
    return next(b for b in sistema.coordinacion.bucles if b.nombre == nombre)


def hechos(sistema: Sistema, cuantos: int) -> list[Mensaje]:
    """Los que detección contó, como los publicaría."""
    sistema.contar(cuantos)
    almacen = sistema.deteccion.almacen
    with almacen.motor.connect() as conexion:
        return mensajes_de(conexion, almacen.origen, "deteccion", sistema.nombres, 1, 1000)


@pytest.mark.real
def test_publicar_un_hecho_y_un_acuse_son_cuatro_sentencias(sistema_real: Sistema):
    sistema = sistema_real
    relevo = sistema.deteccion.relevo
    sistema.contar(1)
    assert relevo.paso()  # toma el arriendo
    sistema.contar(1)
    dejar_acuse(sistema)
    # Los hechos, la salida, el candado (que abre la transacción) y todo lo que se quita y se mueve.
    assert len(sentencias(sistema.deteccion.almacen, relevo.paso)) == 4
    assert sistema.filas(salida) == 0


def test_el_relevo_sabe_cuando_le_toca_sin_volver_a_preguntar(sistema: Sistema):
    relevo, almacen = sistema.deteccion.relevo, sistema.deteccion.almacen
    dejar_acuse(sistema)
    assert relevo.paso()
    assert sentencias(almacen, relevo.proximo) == []
    assert relevo.proximo() is None
    # Lo que volvió se citó después de mirar.
    dejar_acuse(sistema, intercambio="", clave="no-existe")
    relevo.paso()
    cita = sistema.reloj.ahora() + sistema.ajustes.retroceso(1)
    assert relevo.proximo() == cita
    # Y quien mira antes de esa hora la ve al mirar.
    assert relevo.paso() is Labor.NADA
    assert sentencias(almacen, relevo.proximo) == []
    assert relevo.proximo() == cita


@pytest.mark.real
def test_aplicar_un_hecho_al_llegar_son_tres_sentencias(sistema_real: Sistema):
    sistema = sistema_real
    sistema.meter(hechos(sistema, 1))
    entrada = sistema.coordinacion.entrada
    dadas = sentencias(sistema.coordinacion.almacen, lambda: entrada.recibir(5))
    assert len(sistema.efectos()) == 1
    # El turno, por dónde va y todo lo que nace.
    assert len(dadas) == 3


def test_lo_aplicado_al_llegar_no_hace_mirar_mas_y_lo_que_queda_detras_si(sistema: Sistema):
    bucle, ahora = bucle_de(sistema, "entrada"), sistema.reloj.ahora()
    aplicar = bucle.pasos[0]
    uno, dos, tres = hechos(sistema, 3)

    def llega(*mensajes: Mensaje) -> bool:
        assert bucle.escucha is not None
        sistema.meter(mensajes)
        assert bucle.escucha(5 if sistema.pila.real else 0)
        return aplicar.toca(ahora)

    aplicar.correr()
    assert not llega(uno)
    assert llega(tres)  # guardado, y falta el anterior
    aplicar.correr()
    assert not aplicar.toca(ahora)
    assert llega(dos)  # detrás espera el tercero
    aplicar.correr()
    assert len(sistema.efectos()) == 3
    assert llega(uno)  # repetido: por si el que se aplicó era otro


def test_el_latido_no_pregunta_por_una_posicion_que_este_proceso_ya_sabe(sistema: Sistema):
    pulso, almacen = sistema.deteccion.pulso, sistema.deteccion.almacen
    sistema.contar(1)
    assert pulso.paso()
    assert sentencias(almacen, pulso.proximo) == []
    assert pulso.proximo() is None
    sistema.contar(1)
    assert sentencias(almacen, pulso.proximo) == []
    assert pulso.proximo() == sistema.reloj.ahora() + sistema.ajustes.latido


def test_quien_aun_no_escribio_nada_pregunta_por_la_posicion(sistema: Sistema):
    """Una réplica recién arrancada: lo último lo escribió la que había antes."""
    sistema.contar(1)
    nueva = sistema.montar(sistema.origen)
    assert nueva.pulso.paso()
    sistema.contar(1)
    assert nueva.pulso.proximo() == sistema.reloj.ahora() + sistema.ajustes.latido


def test_los_plazos_se_miran_una_vez_por_paso(sistema: Sistema, monkeypatch: pytest.MonkeyPatch):
    vence = sistema.reloj.ahora() + timedelta(hours=1)
    sistema.destino.vencen = [vence]
    veces, mirar = [], sistema.destino.proximo_vencimiento

    def contando(tanda: Tanda) -> datetime | None:
        veces.append(1)
        return mirar(tanda)

    monkeypatch.setattr(sistema.destino, "proximo_vencimiento", contando)
    plazos = sistema.coordinacion.plazos
    assert not plazos.paso()
    assert plazos.proximo() == vence
    assert len(veces) == 1
    # Lo visto vale para ese paso y no para después.
    sistema.destino.vencen = []
    assert plazos.proximo() is None
