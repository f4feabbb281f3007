"""Toda solicitud recibe respuesta, con código, campo y qué hacer; ninguna se aplica a medias ni detiene la cola."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from hashlib import sha256
from uuid import uuid4

import msgspec
import pytest
import sqlalchemy as sa
import structlog

from contratos.acuse import Acuse, Resultado
from contratos.base import Peticion
from contratos.codigos import DE_EXAMEN
from contratos.solicitud import MAXIMO_BYTES
from infra.almacen.devueltas import contar_devueltas
from infra.almacen.esquema import ESQUEMA, bandeja, salida, solicitudes
from infra.almacen.tanda import Tanda
from infra.anfitrion.gobierno import Gobierno
from infra.mensajeria.examen import SolicitudInvalida, leer
from infra.mensajeria.examen import abrir as abrir_solicitud
from infra.mensajeria.topologia import Cola
from infra.mensajeria.transportes import Mensaje
from infra.observabilidad.metricas import exponer
from infra.observabilidad.salud import medir
from infra.seguridad.firma import publica_de_texto, verificar
from infra.seguridad.sello import abrir
from senda.cliente import Compuesta, Credencial
from tests.espera import hasta
from tests.integracion.almacen.relatos import AUTORIA, deteccion
from tests.integracion.mensajeria.hostiles import PLANTA, malas, retocada
from tests.integracion.mensajeria.sistema import INSTITUCION, Imposible, Sistema


def todo_lo_guardado(sistema: Sistema) -> str:
    with sistema.deteccion.almacen.motor.connect() as conexion:
        return repr([tuple(f) for t in ESQUEMA.sorted_tables for f in conexion.execute(sa.select(t))])


def devueltas(sistema: Sistema) -> int:
    with sistema.deteccion.almacen.motor.connect() as conexion:
        return sum(contar_devueltas(conexion).values())


def atender_todo(sistema: Sistema) -> None:
    sistema.reposo()
    assert sistema.filas(bandeja) == 0
    assert sistema.filas(salida) == 0


def test_aceptada_deja_hecho_acuse_y_lo_firmado(sistema: Sistema):
    compuesta = sistema.componer()
    sistema.enviar(compuesta)
    atender_todo(sistema)
    acuse = sistema.acuse()
    assert (acuse.resultado, acuse.posicion, acuse.id) == (Resultado.ACEPTADA, 1, compuesta.id)
    assert len(acuse.eventos) == sistema.hechos() == 1
    with sistema.deteccion.almacen.motor.connect() as conexion:
        fila = conexion.execute(sa.select(solicitudes)).one()
    clave = publica_de_texto(sistema.deteccion.claves_de_origen[acuse.origen])
    assert verificar(fila.firma_acuse, fila.acuse, clave, INSTITUCION, sistema.reloj.ahora()).id == compuesta.id


def test_lo_firmado_se_conserva_sellado_con_la_clave_de_la_persona(sistema: Sistema):
    """Su JWE lo abre la clave del servicio: en claro, destruir la de la persona no borraría nada."""
    compuesta = sistema.componer()
    sistema.enviar(compuesta)
    atender_todo(sistema)
    with sistema.deteccion.almacen.motor.connect() as conexion:
        fila = conexion.execute(sa.select(solicitudes)).one()
    clave = sistema.pila.llavero.obtener(fila.ruta)
    assert clave
    assert abrir(clave, fila.cuerpo, fila.huella.encode()) == compuesta.cuerpo


def test_repetida_recibe_los_mismos_bytes_y_no_repite_efectos(sistema: Sistema):
    compuesta = sistema.componer()
    sistema.enviar(compuesta, compuesta)  # en el mismo lote
    atender_todo(sistema)
    sistema.enviar(compuesta)  # y después
    atender_todo(sistema)
    assert len(set(sistema.acuses(3))) == 1
    assert sistema.hechos() == 1


def test_id_reutilizado_con_otro_cuerpo(sistema: Sistema):
    primera = sistema.componer()
    sistema.enviar(primera, retocada(sistema, id=primera.id))
    atender_todo(sistema)
    aceptada, rechazada = (msgspec.json.decode(a, type=Acuse) for a in sistema.acuses(2))
    assert aceptada.resultado is Resultado.ACEPTADA
    assert (rechazada.codigo, rechazada.campo) == ("id-reutilizado", "id")
    assert sistema.hechos() == 1


def test_cada_mala_tiene_su_porque_y_no_repite_nada(sistema: Sistema):
    """Todas juntas, en los mismos lotes que otras buenas."""
    sistema.origen.directorio["GT-MP"] = sistema.credencial.publica
    casos, buenas = malas(sistema), [sistema.componer() for _ in range(10)]
    respuestas = f"{sistema.pila.prefijo}respuestas-{uuid4().hex[:6]}"
    sistema.fuera.asegurar_cola(Cola(respuestas))
    gobierno = Gobierno(sistema.deteccion, sistema.reloj)
    with structlog.testing.capture_logs() as registro:
        sistema.enviar(*(mala for mala, _, _ in casos.values()), *buenas, responder_a=respuestas)
        atender_todo(sistema)
    recibidos = sistema.acuses(len(casos) + len(buenas), sistema.nombres.acuses_de(INSTITUCION), respuestas)
    acuses = {a.huella: a for a in (msgspec.json.decode(r, type=Acuse) for r in recibidos)}
    negativas = {nombre: acuses.pop(sha256(mala.cuerpo).hexdigest()) for nombre, (mala, _, _) in casos.items()}
    assert {n: (a.codigo, a.campo) for n, a in negativas.items()} == {n: (c, d) for n, (_, c, d) in casos.items()}
    assert all(a.resultado is Resultado.RECHAZADA and a.que_hacer and not a.eventos for a in negativas.values())
    assert [a.resultado for a in acuses.values()] == [Resultado.ACEPTADA] * len(buenas)
    assert sistema.hechos() == len(buenas)
    assert sistema.muertos == 0
    estado = medir(sistema.deteccion.almacen, "deteccion", sistema.ajustes, bus=True)
    metricas = exponer(estado, gobierno.del_proceso({})).decode()
    assert f'senda_solicitudes_total{{resultado="aceptada",servicio="deteccion"}} {float(len(buenas))}' in metricas
    assert "senda_mayor_rechazo" in metricas
    assert PLANTA not in b"".join(recibidos).decode() + repr(registro) + todo_lo_guardado(sistema) + metricas
    sistema.pila.borrar_cola(respuestas)


def test_ninguna_excepcion_del_examen_lleva_lo_recibido(sistema: Sistema):
    """Ni su texto ni su traza, que es lo que acabaría en un registro si alguien la dejase salir."""
    for nombre, (mala, _, _) in malas(sistema).items():
        salio = ""
        try:
            abrir_solicitud(leer(mala.cuerpo), "deteccion", sistema.pila.claves("deteccion"), sistema.reloj.ahora())
        except SolicitudInvalida as invalida:
            salio = "".join(traceback.format_exception(invalida)) + repr(invalida)
        assert PLANTA not in salio, nombre


def test_toda_clase_de_rechazo_del_examen_tiene_su_mensaje_de_muestra(sistema: Sistema):
    """Los que faltan no caben en un mensaje suelto: tienen aquí su propia prueba."""
    aparte = {"id-reutilizado", "clave-destruida", "error-interno", "otro-usuario", "demasiadas-pendientes"}
    assert {codigo for _, codigo, _ in malas(sistema).values()} | aparte == set(DE_EXAMEN)


def test_sin_quien_la_firme_se_responde_donde_pidio(sistema: Sistema):
    """Ni usuario del bus ni institución que se pueda creer: queda la cola de respuesta."""
    cola = f"{sistema.pila.prefijo}respuestas-{uuid4().hex[:6]}"
    sistema.fuera.asegurar_cola(Cola(cola))
    anonimo = sistema.pila.transporte()  # en RabbitMQ publica como «guest», que no es de ninguna institución
    anonimo.publicar([Mensaje(sistema.nombres.solicitudes, "deteccion", "solicitud", b"{", "m1", {}, cola)])
    atender_todo(sistema)
    (respuesta,) = sistema.acuses(1, cola)
    assert msgspec.json.decode(respuesta, type=Acuse).codigo == "json-invalido"
    sistema.pila.borrar_cola(cola)


@pytest.mark.parametrize("sin_ruta", ["nadie-la-abrio", "senda.muertos"])
def test_una_cola_de_respuesta_imposible_no_se_escribe_para_siempre(sistema: Sistema, sin_ruta: str):
    if sin_ruta.startswith("senda."):
        sin_ruta = sistema.pila.prefijo + sin_ruta
    anonimo = sistema.pila.transporte()
    anonimo.publicar([Mensaje(sistema.nombres.solicitudes, "deteccion", "solicitud", b"{", "m1", {}, sin_ruta)])
    sistema.hasta(lambda: devueltas(sistema) == 1 and sistema.filas(salida) == 0)
    assert sistema.muertos == 0


def test_institucion_desconocida_espera_y_luego_se_rechaza(sistema: Sistema):
    nueva = Credencial.generar("GT-MP", sistema.azar)
    fuera = sistema.pila.transporte("GT-MP")
    cola = f"{sistema.pila.prefijo}respuestas-{uuid4().hex[:6]}"
    fuera.asegurar_cola(Cola(cola))
    for credencial in (nueva, sistema.credencial):
        c = sistema.componer(credencial=credencial)
        fuera = sistema.pila.transporte(credencial.codigo)
        fuera.publicar(
            [Mensaje(sistema.nombres.solicitudes, "deteccion", "solicitud", c.cuerpo, c.id, {"firma": c.firma}, cola)]
        )
    sistema.reposo()
    assert sistema.filas(bandeja) == 1
    assert sistema.hechos() == 1
    sistema.acuses(1)
    antes = sistema.reloj.ahora()
    sistema.hasta(lambda: sistema.filas(bandeja) == 0)
    assert sistema.reloj.ahora() - antes >= sistema.ajustes.paciencia
    assert devueltas(sistema) == 1
    sistema.pila.borrar_cola(cola)
    sistema.pila.borrar_cola(sistema.nombres.acuses_de("GT-MP"))
    sistema.pila.borrar_cola(sistema.nombres.buzon_de("GT-MP"))


def test_lo_que_llega_mientras_espera_la_salva(sistema: Sistema):
    nueva = Credencial.generar(INSTITUCION, sistema.azar)
    sistema.origen.directorio.clear()
    sistema.enviar(sistema.componer(credencial=nueva))
    sistema.reposo()
    sistema.pasan(seconds=1)
    sistema.reposo()
    assert sistema.filas(bandeja) == 1
    sistema.origen.directorio[INSTITUCION] = nueva.publica
    sistema.hasta(lambda: sistema.filas(bandeja) == 0)
    assert sistema.acuse().resultado is Resultado.ACEPTADA


def test_lo_que_el_dominio_niega_se_responde_y_se_recuerda(sistema: Sistema):
    def negarse(*_: object) -> None:
        raise Imposible

    sistema.origen.al_atender = negarse
    compuesta = sistema.componer()
    sistema.enviar(compuesta)
    atender_todo(sistema)
    sistema.origen.al_atender = lambda *_: None
    sistema.enviar(compuesta)
    atender_todo(sistema)
    primera, segunda = sistema.acuses(2)
    assert primera == segunda
    assert msgspec.json.decode(primera, type=Acuse).codigo == Imposible.codigo
    assert sistema.hechos() == 0


def con_veneno(sistema: Sistema, fallar: Callable[[Tanda], None]) -> list[Compuesta]:
    """Cincuenta en un lote; la vigésima es la que falla."""
    veneno = sistema.peticion(idioma="kek")

    def atender(peticion: Peticion, tanda: Tanda) -> None:
        if getattr(peticion, "idioma", "") == "kek":
            fallar(tanda)

    sistema.origen.al_atender = atender
    return [sistema.componer(veneno if n == 19 else None) for n in range(50)]


@pytest.mark.parametrize("modo", ["python", "sql", "a medias"])
def test_una_venenosa_solo_se_lleva_a_si_misma(sistema: Sistema, modo: str):
    def fallar(tanda: Tanda) -> None:
        if modo == "python":
            raise KeyError(PLANTA)
        if modo == "sql":  # deja rota la transacción en PostgreSQL
            tanda.conexion.execute(sa.insert(solicitudes), [{"institucion": PLANTA}])
        tanda.anotar([deteccion(tanda.nuevo_id())], AUTORIA)
        raise Imposible  # negarse después de anotar: se aplicaría a medias

    todas = con_veneno(sistema, fallar)
    with structlog.testing.capture_logs() as registro:
        sistema.enviar(*todas)
        sistema.reposo()
        assert sistema.filas(bandeja) == 1
        sistema.hasta(lambda: sistema.filas(bandeja) == 0)
        atender_todo(sistema)
    acuses = [msgspec.json.decode(a, type=Acuse) for a in sistema.acuses(50)]
    (mala,) = [a for a in acuses if a.resultado is Resultado.RECHAZADA]
    assert (mala.codigo, mala.id) == ("error-interno", todas[19].id)
    assert sistema.hechos() == 49
    assert PLANTA not in repr(registro)
    assert any(r["event"] == "solicitud-con-fallo" and r["lugar"] for r in registro)


def test_con_la_clave_destruida_se_rechaza_solo_esa(sistema: Sistema):
    """La falta aparece al sellar, cuando el lote entero ya está decidido."""
    perdida = uuid4()
    sistema.pila.llavero.destruir(perdida)

    def fallar(tanda: Tanda) -> None:
        tanda.anotar([deteccion(perdida, "algo")], AUTORIA)

    sistema.enviar(*con_veneno(sistema, fallar))
    atender_todo(sistema)
    malas = [a for a in (msgspec.json.decode(a, type=Acuse) for a in sistema.acuses(50)) if a.codigo]
    assert [a.codigo for a in malas] == ["clave-destruida"]
    assert sistema.hechos() == 49


def test_se_guarda_antes_de_confirmar(sistema: Sistema, monkeypatch):
    """Si la base falla al guardar, la solicitud sigue en su cola, y no se toma nada más hasta que la base vuelva."""
    estacion = sistema.deteccion
    sistema.enviar(sistema.componer())

    def caer(*_: object) -> None:
        raise sa.exc.OperationalError("INSERT", {}, Exception("caída"))

    monkeypatch.setattr(estacion.solicitudes, "en_pausa", lambda: True)  # que se guarde, y no se atienda al llegar
    monkeypatch.setattr("infra.mensajeria.bandeja.guardar", caer)
    with pytest.raises(sa.exc.OperationalError):
        estacion.solicitudes.recibir(5)
    assert sistema.filas(bandeja) == 0
    cola = sistema.nombres.solicitudes_de("deteccion")
    monkeypatch.setattr("infra.mensajeria.recepcion.comprobar", caer)
    with pytest.raises(sa.exc.OperationalError):
        estacion.solicitudes.recibir(5)
    hasta(lambda: sistema.fuera.pendientes(cola) == 1)  # el bus la devuelve a su cola a su ritmo
    monkeypatch.undo()
    atender_todo(sistema)
    assert sistema.acuse().resultado is Resultado.ACEPTADA


def test_en_pausa_lo_que_llega_se_guarda_y_no_se_decide(sistema: Sistema):
    """Atender al llegar no ha de saltarse lo que una persona paró."""
    solicitudes_ = sistema.deteccion.solicitudes
    solicitudes_.en_pausa = lambda: True
    enorme = Mensaje("", sistema.nombres.solicitudes_de("deteccion"), "solicitud", b"x" * (MAXIMO_BYTES + 1), "enorme")
    sistema.enviar(*(sistema.componer() for _ in range(3)))
    sistema.fuera.publicar([enorme])
    # Nadie tiene citas: solo falta que el broker las entregue.
    hasta(lambda: (solicitudes_.recibir(1), sistema.filas(bandeja), devueltas(sistema))[1:] == (3, 1))
    assert (sistema.hechos(), sistema.filas(solicitudes)) == (0, 0)
    solicitudes_.en_pausa = lambda: False
    atender_todo(sistema)
    assert sistema.hechos() == sistema.filas(solicitudes) == 3


def test_la_base_caida_al_atender_no_cuenta_como_fallo_suyo(sistema: Sistema, monkeypatch):
    sistema.enviar(sistema.componer())
    with monkeypatch.context() as parche:
        parche.setattr(sistema.origen, "al_atender", _con_defecto)
        sistema.deteccion.solicitudes.recibir(5)
    assert sistema.filas(bandeja) == 1
    for _ in range(sistema.ajustes.intentos + 1):
        with monkeypatch.context() as parche:
            parche.setattr(sistema.origen, "al_atender", _sin_base)
            with pytest.raises(sa.exc.OperationalError):
                sistema.deteccion.solicitudes.atender()
    atender_todo(sistema)
    assert sistema.acuse().resultado is Resultado.ACEPTADA


def _con_defecto(*_: object) -> None:
    raise KeyError


def _sin_base(*_: object) -> None:
    raise sa.exc.OperationalError("SELECT", {}, Exception("caída"))
