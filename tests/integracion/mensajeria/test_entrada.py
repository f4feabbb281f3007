"""Los hechos ajenos surten efecto en orden y una sola vez, lleguen como lleguen; lo que no se entiende espera."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import pairwise
from random import Random
from threading import Barrier
from typing import Any
from uuid import uuid4

import msgspec
import pytest
import sqlalchemy as sa
import structlog

from eventos.sobre import Anotado, Sobre, TipoDesconocido, anotado_de
from infra.almacen.esquema import apartados, avances, entrada, eventos, fallos, marcas
from infra.almacen.insertar import Altas
from infra.almacen.motor import leyendo
from infra.mensajeria.apartados import SigueApartado
from infra.mensajeria.hechos import mensajes_de
from infra.mensajeria.puertos import HechoCrudo
from infra.mensajeria.transportes import Entrega, Mensaje
from infra.seguridad.cadena import CERO, encadenar
from tests.integracion.mensajeria.sistema import ORIGEN, Sistema

PLANTA = "marialopezdehuehuetenango"


class Falla(Exception):
    """El fallo de esta prueba."""


def mensajes(sistema: Sistema) -> list[Mensaje]:
    """Los hechos de detección tal como los publicaría su relevo."""
    almacen = sistema.deteccion.almacen
    with leyendo(almacen.motor) as conexion:
        return mensajes_de(conexion, almacen.origen, "deteccion", sistema.nombres, 1, 1000)


def escribir_crudo(sistema: Sistema, cuerpos: list[bytes]) -> list[Mensaje]:
    """Mensajes encadenados con cualquier cuerpo, desde la posición 1."""
    return [
        Mensaje(
            sistema.nombres.eventos, "deteccion.x", "senda.x", cuerpo, f"m{e.posicion}",
            {"origen": ORIGEN, "posicion": e.posicion, "anterior": e.anterior.hex()},
        )
        for e, cuerpo in zip(encadenar(ORIGEN, 1, bytes(32), cuerpos), cuerpos, strict=True)
    ]  # fmt: skip


def avance(sistema: Sistema) -> Any:
    with leyendo(sistema.coordinacion.almacen.motor) as conexion:
        return conexion.execute(sa.select(avances).where(avances.c.origen == ORIGEN)).one()


def aparte(sistema: Sistema) -> list[tuple[int, str]]:
    with leyendo(sistema.coordinacion.almacen.motor) as conexion:
        consulta = sa.select(apartados.c.posicion, apartados.c.motivo).order_by(apartados.c.posicion)
        return [(f.posicion, f.motivo) for f in conexion.execute(consulta)]


def test_de_punta_a_punta_en_orden_y_una_vez(sistema: Sistema):
    rutas = sistema.contar(50)
    sistema.reposo()
    assert sistema.efectos() == [str(r) for r in rutas]
    assert avance(sistema).aplicada == 50


def recibir_todo(sistema: Sistema) -> None:
    while sistema.coordinacion.entrada.recibir(0.5 if sistema.pila.real else 0.0):
        pass


def test_lo_que_llega_en_orden_se_guarda_y_se_aplica_de_una_vez(sistema: Sistema):
    rutas = sistema.contar(5)
    todos = mensajes(sistema)
    sistema.meter(todos[:3])
    recibir_todo(sistema)
    assert sistema.efectos() == [str(r) for r in rutas[:3]]
    # Repetidos y con un hueco en medio: se guarda lo nuevo, y espera.
    sistema.meter([todos[1], todos[4]])
    recibir_todo(sistema)
    assert (avance(sistema).aplicada, sistema.filas(entrada, sistema.coordinacion)) == (3, 4)
    # Lo que cierra el hueco se aplica al llegar; lo que esperaba detrás, en el paso de siempre.
    sistema.meter(todos[3:4])
    recibir_todo(sistema)
    assert avance(sistema).aplicada == 4
    assert sistema.coordinacion.entrada.aplicar()
    assert sistema.efectos() == [str(r) for r in rutas]


def test_en_pausa_lo_que_llega_se_guarda_y_no_se_aplica(sistema: Sistema):
    sistema.contar(3)
    sistema.meter(mensajes(sistema))
    sistema.coordinacion.entrada.en_pausa = lambda: True
    recibir_todo(sistema)
    assert (sistema.filas(entrada, sistema.coordinacion), sistema.efectos()) == (3, [])
    sistema.coordinacion.entrada.en_pausa = lambda: False
    sistema.reposo()
    assert len(sistema.efectos()) == 3


def test_lo_que_falla_al_llegar_queda_guardado_y_se_reintenta(sistema: Sistema):
    """Nada a medias: ni los efectos de los que iban delante, hasta que se repitan de uno en uno."""
    rutas = sistema.contar(3)
    sistema.meter(mensajes(sistema))

    def fallar(anotado: Anotado) -> None:
        if anotado.agregado == rutas[1]:
            raise KeyError

    sistema.destino.al_conocer = fallar
    recibir_todo(sistema)
    assert sistema.filas(entrada, sistema.coordinacion) == 3
    sistema.coordinacion.entrada.aplicar()
    assert sistema.efectos() == [str(rutas[0])]
    assert sistema.filas(fallos, sistema.coordinacion) == 1
    sistema.destino.al_conocer = lambda _: None
    sistema.hasta(lambda: len(sistema.efectos()) == 3)


@pytest.mark.parametrize("semilla", range(3))
def test_desordenados_y_repetidos(sistema: Sistema, semilla: int):
    rutas = sistema.contar(60)
    azar, todos = Random(semilla), mensajes(sistema)
    barajados = todos + azar.choices(todos, k=40)
    azar.shuffle(barajados)
    sistema.meter(barajados)
    sistema.coordinacion.entrada.recibir(5)
    sistema.reposo()
    assert sistema.efectos() == [str(r) for r in rutas]
    assert sistema.filas(entrada, sistema.coordinacion) == 60


def test_dos_replicas_a_la_vez_un_solo_efecto(sistema: Sistema):
    """La misma entrega en dos procesos que la guardan y la aplican a la vez."""
    rutas = sistema.contar(30)
    copias = mensajes(sistema)
    replicas = [sistema.coordinacion, sistema.montar(sistema.destino)]
    salida = Barrier(2)

    def trabajar(cual: int) -> None:
        estacion = replicas[cual]
        almacenar = [m for n, m in enumerate(copias) if n % 3 != cual]  # cada una recibe parte de lo de la otra
        etiquetadas = [_entrega(m) for m in almacenar]
        salida.wait(10)
        estacion.entrada._acoger(etiquetadas)
        for _ in range(20):
            estacion.entrada.aplicar()

    with ThreadPoolExecutor(2) as hilos:
        list(hilos.map(trabajar, range(2)))
    sistema.reposo()
    assert sistema.efectos() == [str(r) for r in rutas]


def _entrega(mensaje: Mensaje):
    return Entrega(mensaje, None, redelivered=False, usuario=None, responder_a=None)


def test_un_hecho_con_la_clave_de_otro_origen_no_surte_efecto(sistema: Sistema):
    """Con permisos, el broker no deja usar la clave de otro; la cabecera, sí: la entrada compara las dos."""
    sistema.contar(1)
    sistema.planificador.estaciones = [sistema.coordinacion]
    (hecho,) = mensajes(sistema)
    n = sistema.nombres

    def reenviado_por(quien: str) -> Mensaje:
        return replace(hecho, intercambio=n.reenvios, clave=n.clave_de_reenvio("coordinacion", quien))

    assert sistema.fuera.publicar([reenviado_por("justicia")]) == [True]
    with structlog.testing.capture_logs() as registro:
        sistema.hasta(lambda: sistema.muertos == 1)
    assert [r["motivo"] for r in registro if r["event"] == "mensaje-ilegible"] == ["origen-ajeno"]
    assert sistema.efectos() == []
    assert sistema.fuera.publicar([reenviado_por("deteccion")]) == [True]
    sistema.hasta(lambda: len(sistema.efectos()) == 1)


def test_un_hueco_se_espera_se_pide_y_se_repara(sistema: Sistema):
    """Mayor que un lote de reparación: el origen lo reenvía entero sin que haya que pedirlo otra vez."""
    rutas = sistema.contar(40)
    todos = mensajes(sistema)
    sistema.meter(todos[:5] + todos[35:])
    sistema.planificador.estaciones = [sistema.coordinacion]  # el relevo de detección no corre: solo sus reparaciones
    sistema.coordinacion.entrada.recibir(5)
    sistema.reposo()
    assert len(sistema.efectos()) == 5
    assert sistema.filas(eventos, sistema.coordinacion) == 0
    antes = sistema.reloj.ahora()
    marcar_publicado(sistema)
    sistema.planificador.estaciones = [sistema.deteccion, sistema.coordinacion]
    sistema.hasta(lambda: len(sistema.efectos()) == 40)
    assert sistema.efectos() == [str(r) for r in rutas]
    assert sistema.reloj.ahora() - antes >= sistema.ajustes.paciencia_hueco
    sistema.hasta(lambda: avance(sistema).falta is None)


def marcar_publicado(sistema: Sistema) -> None:
    """Como si el relevo ya lo hubiera publicado todo: lo que falte solo puede venir de una reparación."""
    hechos = sistema.hechos()
    with sistema.deteccion.almacen.motor.begin() as conexion:
        conexion.execute(sa.update(marcas).values(posicion=hechos))


def test_la_peticion_perdida_se_repite(sistema: Sistema):
    sistema.contar(3)
    todos = mensajes(sistema)
    marcar_publicado(sistema)
    sistema.meter(todos[2:])
    cola = sistema.nombres.reparaciones_de("deteccion")
    sistema.planificador.estaciones = [sistema.coordinacion]
    sistema.coordinacion.entrada.recibir(5)
    sistema.hasta(lambda: sistema.fuera.pendientes(cola) == 1)
    sistema.tomar(cola, 1)
    sistema.planificador.estaciones = [sistema.deteccion, sistema.coordinacion]
    sistema.hasta(lambda: len(sistema.efectos()) == 3)


def test_el_ultimo_perdido_lo_delata_el_latido(sistema: Sistema):
    sistema.contar(3)
    sistema.meter(mensajes(sistema)[:2])
    marcar_publicado(sistema)
    sistema.reposo()
    sistema.hasta(lambda: len(sistema.efectos()) == 3)


@pytest.mark.parametrize("cuando", ["antes", "despues"])
def test_otra_historia_para_la_misma_posicion_es_alto(sistema: Sistema, cuando: str):
    sistema.contar(4)
    buenos = mensajes(sistema)
    falso = buenos[2].cuerpo.replace(b'"spa"', b'"kek"')
    otro = Mensaje("", "", buenos[2].tipo, falso, "falso", buenos[2].cabeceras)
    sistema.meter([*buenos[:3], otro] if cuando == "despues" else [*buenos[:2], otro, buenos[2]])
    sistema.meter(buenos[3:])
    sistema.coordinacion.entrada.recibir(5)
    sistema.reposo()
    antes = avance(sistema).aplicada
    assert avance(sistema).alto == "divergencia"
    assert {d.posicion for d in sistema.destino.denuncias} == {3}
    assert antes <= 3
    sistema.meter(buenos)
    sistema.pasan(hours=1)
    sistema.reposo()
    assert avance(sistema).aplicada == antes


def test_un_latido_con_otra_hoja_es_alto(sistema: Sistema):
    """Un origen restaurado de una copia vieja que contó otra cosa: su cabecera firmada lo delata antes que un hecho."""
    sistema.contar(2)
    sistema.reposo()
    claves = sistema.pila.claves("deteccion")
    firmada = claves.firmar_cabecera(ORIGEN, 2, "ab" * 32, sistema.reloj.ahora())
    sistema.meter([Mensaje("", "", "latido", firmada, "l", {"origen": ORIGEN})])
    sistema.coordinacion.entrada.recibir(5)
    sistema.reposo()
    assert avance(sistema).alto == "divergencia"
    assert [d.posicion for d in sistema.destino.denuncias] == [2]


def test_lo_que_contradice_una_cabecera_guardada_se_denuncia_sin_alto(sistema: Sistema):
    """Un origen restaurado que dice llegar menos lejos aún no contó otra cosa: se dice, y se le sigue escuchando."""
    sistema.contar(2)
    sistema.reposo()
    sistema.destino.al_latir = lambda latido: (HechoCrudo(latido.origen, 9, b"", CERO, b""), latido.hoja)
    firmada = sistema.pila.claves("deteccion").firmar_cabecera(
        ORIGEN, 2, mensajes(sistema)[1].id, sistema.reloj.ahora()
    )
    sistema.meter([Mensaje("", "", "latido", firmada, "l", {"origen": ORIGEN})])
    sistema.coordinacion.entrada.recibir(5)
    assert [(d.posicion, d.hoja) for d in sistema.destino.denuncias] == [(9, CERO)]
    assert avance(sistema).alto is None
    sistema.destino.al_latir = lambda _latido: None
    sistema.contar(1)
    sistema.hasta(lambda: len(sistema.efectos()) == 3)


def test_una_cadena_que_no_casa_es_alto(sistema: Sistema):
    """Las posiciones son nuevas, pero el tercero cuelga de otro segundo: no se aplica y se dice cuál contradice."""
    sistema.contar(4)
    buenos = mensajes(sistema)
    cabeceras = {**buenos[2].cabeceras, "anterior": "cd" * 32}
    suelto = Mensaje("", "", buenos[2].tipo, buenos[2].cuerpo, "suelto", cabeceras)
    marcar_publicado(sistema)
    sistema.meter([buenos[0], buenos[1], suelto])
    sistema.coordinacion.entrada.recibir(5)
    sistema.reposo()
    assert len(sistema.efectos()) == 2
    assert avance(sistema).alto == "divergencia"
    assert [(d.posicion, d.hoja.hex()) for d in sistema.destino.denuncias] == [(2, "cd" * 32)]
    cita = sistema.planificador.proximo()
    assert cita is None or cita > sistema.reloj.ahora()


def test_la_base_que_cae_al_denunciar_no_deja_el_alto_sin_denuncia(sistema: Sistema, monkeypatch):
    """Dado el alto no se vuelve a mirar: van juntos, o la contradicción no la contaría nadie."""
    sistema.contar(3)
    buenos = mensajes(sistema)
    cabeceras = {**buenos[2].cabeceras, "anterior": "cd" * 32}
    suelto = Mensaje("", "", buenos[2].tipo, buenos[2].cuerpo, "suelto", cabeceras)
    marcar_publicado(sistema)
    sistema.meter([buenos[0], buenos[1], suelto])
    caida = sa.exc.DBAPIError("", {}, Falla(), connection_invalidated=True)
    denunciar, veces = sistema.destino.divergencia, iter([caida])

    def a_la_segunda(*de_que: Any) -> None:
        if (error := next(veces, None)) is not None:
            raise error
        denunciar(*de_que)

    monkeypatch.setattr(sistema.destino, "divergencia", a_la_segunda)

    def recibir_y_aplicar() -> None:
        while sistema.coordinacion.entrada.recibir(5):  # pueden llegar de una en una
            sistema.coordinacion.entrada.aplicar()

    with pytest.raises(sa.exc.DBAPIError):
        recibir_y_aplicar()
    assert avance(sistema).alto is None
    sistema.coordinacion.entrada.aplicar()
    assert avance(sistema).alto == "divergencia"
    assert [d.posicion for d in sistema.destino.denuncias] == [2]


def envenenar(sistema: Sistema, ruta: str) -> None:
    def fallar(anotado: Anotado) -> None:
        if anotado.hecho.sujeto == ruta:
            raise Falla(PLANTA)

    sistema.destino.al_conocer = fallar


def test_el_que_falla_se_reintenta_con_retroceso_y_se_aparta_con_los_de_su_ruta(sistema: Sistema):
    mala, sana = uuid4(), uuid4()
    envenenar(sistema, str(mala))
    sistema.contar_de(sana, mala, sana, mala, sana)
    with structlog.testing.capture_logs() as registro:
        sistema.reposo()
        assert sistema.efectos() == [str(sana)]  # espera: quizá sea pasajero
        citas = []
        while not aparte(sistema):
            cita = sistema.planificador.proximo()
            assert cita is not None
            citas.append(cita)
            sistema.reloj.adelantar_hasta(citas[-1])
            sistema.reposo()
    assert [b - a for a, b in pairwise(citas)] == [sistema.ajustes.retroceso(2)]
    assert aparte(sistema) == [(2, "fallo:Falla"), (4, "tras-apartado")]
    assert sistema.efectos() == [str(sana)] * 3
    assert avance(sistema).aplicada == 5
    assert sistema.filas(fallos, sistema.coordinacion) == 0
    assert PLANTA not in repr(registro)

    reproceso = sistema.coordinacion.reproceso
    assert reproceso.sujetos() == [str(mala)]
    with pytest.raises(Falla):
        reproceso.reprocesar(str(mala))
    assert len(aparte(sistema)) == 2
    sistema.destino.al_conocer = lambda _: None
    assert reproceso.reprocesar(str(mala)) == 2
    assert sistema.efectos() == [str(sana)] * 3 + [str(mala)] * 2
    assert aparte(sistema) == []


def test_un_fallo_pasajero_no_aparta_nada(sistema: Sistema):
    ruta = uuid4()
    envenenar(sistema, str(ruta))
    sistema.contar_de(ruta, uuid4())
    sistema.reposo()
    sistema.destino.al_conocer = lambda _: None
    sistema.hasta(lambda: len(sistema.efectos()) == 2)
    assert aparte(sistema) == []


def test_quien_lleva_el_libro_no_aparta_nunca(pila):
    """Un libro con huecos no prueba nada: reintenta hasta que se arregle."""
    sistema = Sistema(pila)
    sistema.destino.interpreta = False
    libro_sano: list[bool] = []

    def guardar(crudo: HechoCrudo) -> None:
        if crudo.posicion == 2 and not libro_sano:
            raise Falla(PLANTA)

    sistema.destino.al_guardar_crudo = guardar
    sistema.contar(3)
    sistema.reposo()
    for _ in range(sistema.ajustes.intentos + 2):
        sistema.pasan(minutes=1)
        sistema.reposo()
    assert avance(sistema).aplicada == 1
    assert aparte(sistema) == []
    libro_sano.append(True)
    sistema.pasan(minutes=1)
    sistema.reposo()
    assert avance(sistema).aplicada == 3


def test_version_desconocida_espera_por_ruta_hasta_que_se_la_conoce(sistema: Sistema, monkeypatch):
    futura, sana = uuid4(), uuid4()
    sistema.contar_de(futura, sana, futura)
    with monkeypatch.context() as parche:
        olvidar(parche, str(futura))
        sistema.reposo()
        assert aparte(sistema) == [(1, "version-desconocida"), (3, "tras-apartado")]
        assert sistema.efectos() == [str(sana)]
        with pytest.raises(SigueApartado):
            sistema.coordinacion.reproceso.reprocesar(str(futura))
    assert sistema.coordinacion.reproceso.reprocesar(str(futura)) == 2
    assert sistema.efectos() == [str(sana), str(futura), str(futura)]


def olvidar(parche: pytest.MonkeyPatch, sujeto: str) -> None:
    """Como si el catálogo no conociera aún los tipos de ese sujeto."""

    def leer(sobre: Sobre) -> Anotado:
        if sobre.subject == sujeto:
            raise TipoDesconocido("tipo")
        return anotado_de(sobre)

    parche.setattr("infra.mensajeria.apartados.anotado_de", leer)


def test_lo_que_no_es_un_sobre_se_aparta_y_no_detiene(sistema: Sistema):
    sistema.contar(1)
    bueno = msgspec.json.decode(mensajes(sistema)[0].cuerpo)
    cuerpos = [
        b"\xff\xfe",
        b'{"specversion": ' + b"[" * 20_000,
        msgspec.json.encode({**bueno, "source": "/gt/justicia"}),  # publicado por otro que quien dice
        msgspec.json.encode({**bueno, "subject": "con\x00nul"}),
        msgspec.json.encode(bueno),
    ]
    sistema.planificador.estaciones = [sistema.coordinacion]  # lo que cuenta el de verdad sería otra historia
    sistema.meter(escribir_crudo(sistema, cuerpos))
    sistema.coordinacion.entrada.recibir(5)
    sistema.reposo()
    assert [p for p, _ in aparte(sistema)] == [1, 2, 3, 4]
    assert sistema.efectos() == [bueno["subject"]]


def test_lo_indescifrable_va_a_muertos_y_no_detiene(sistema: Sistema):
    sistema.contar(2)
    uno, dos = mensajes(sistema)
    base: dict[str, str | int] = dict(uno.cabeceras)
    malas: list[dict[str, str | int]] = [
        {**base, "origen": "/gt/nadie"},
        {**base, "posicion": "no"},
        {**base, "posicion": 0},
        {**base, "posicion": str(2**64)},
        {**base, "anterior": "corta"},
        {**base, "anterior": "zz" * 32},
        {"posicion": 1},
        {},
    ]
    malos = [Mensaje("", "", uno.tipo, b"x", f"malo{n}", c) for n, c in enumerate(malas)]
    malos += [
        Mensaje("", "", uno.tipo, b"x" * 61_441, "enorme", base),
        Mensaje("", "", "latido", b"{}", "latido-falso", {"origen": ORIGEN}),
        Mensaje("", "", "latido", b"{}", "latido-ajeno", {"origen": "/gt/coordinacion"}),
        Mensaje("", "", "latido", b"[" * 20_000, "latido-hondo", {"origen": ORIGEN}),
        Mensaje("", "", "latido", b'{"x":' + b"[" * 20_000, "latido-hondo-dentro", {"origen": ORIGEN}),
        Mensaje("", "", "latido", b'{"origen":"\xff"}', "latido-no-utf8", {"origen": ORIGEN}),
        Mensaje("", "", "latido", b" " * 61_441, "latido-enorme", {"origen": ORIGEN}),
    ]
    marcar_publicado(sistema)
    sistema.meter([uno, *malos, dos])
    sistema.coordinacion.entrada.recibir(5)
    sistema.reposo()
    assert len(sistema.efectos()) == 2
    assert len(sistema.tomar(sistema.nombres.muertos, len(malos))) == len(malos)


def test_se_guarda_antes_de_confirmar(sistema: Sistema, monkeypatch):
    sistema.contar(2)
    sistema.meter(mensajes(sistema))
    marcar_publicado(sistema)

    def caer(*_: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("caída"))

    with monkeypatch.context() as parche:
        for escribir in ("_de_un_viaje", "_de_una_en_una"):
            parche.setattr(Altas, escribir, caer)
        with pytest.raises(sa.exc.OperationalError):
            sistema.coordinacion.entrada.recibir(5)
    assert sistema.filas(entrada, sistema.coordinacion) == 0
    sistema.reposo()
    assert len(sistema.efectos()) == 2


def test_la_base_caida_al_aplicar_no_cuenta_como_fallo_del_hecho(sistema: Sistema):
    ruta = uuid4()
    sistema.contar_de(ruta)
    sistema.meter(mensajes(sistema))
    sistema.coordinacion.entrada.en_pausa = lambda: True
    sistema.coordinacion.entrada.recibir(5)
    sistema.coordinacion.entrada.en_pausa = lambda: False

    def caer(_: Anotado) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("caída"))

    sistema.destino.al_conocer = caer
    for _ in range(sistema.ajustes.intentos + 1):
        with pytest.raises(sa.exc.OperationalError):
            sistema.coordinacion.entrada.aplicar()
    assert sistema.filas(fallos, sistema.coordinacion) == 0
    sistema.destino.al_conocer = lambda _: None
    sistema.reposo()
    assert sistema.efectos() == [str(ruta)]


def test_una_peticion_de_tramo_ilegible_va_a_muertos(sistema: Sistema):
    cola = sistema.nombres.reparaciones_de("deteccion")
    malas = [
        b"",
        b"\xff",
        b"[" * 20_000,
        b'{"servicio":"x","desde":0,"hasta":1}',
        b'{"servicio":"\\u0000","desde":1,"hasta":1}',
        b'{"servicio":"x","desde":1,"hasta":99999999999999999999}',
    ]
    sistema.meter([Mensaje("", "", "reparacion", m, f"r{n}") for n, m in enumerate(malas)], cola)
    sistema.deteccion.reparaciones.paso(5)
    sistema.reposo()
    assert len(sistema.tomar(sistema.nombres.muertos, len(malas))) == len(malas)
