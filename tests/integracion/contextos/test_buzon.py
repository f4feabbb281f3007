"""Una institución que perdió su cola reconstruye su buzón, byte a byte, y comprueba que nadie lo inventó.

Coordinación de verdad, por su cola de solicitudes, en las dos pilas.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from itertools import count
from time import monotonic
from uuid import UUID

import msgspec
import pytest
import sqlalchemy as sa

from contratos.acuse import Acuse, Resultado, TramoDeBuzon
from contratos.base import Peticion
from contratos.solicitudes import coordinacion as contrato
from contratos.solicitudes.coordinacion import InscribirInstitucion, RepetirBuzon, SuspenderInstitucion
from eventos.motivos import MotivoSuspension
from infra.almacen.esquema import devueltas, eventos, salida
from infra.almacen.motor import leyendo
from infra.anfitrion.estacion import Estacion
from infra.anfitrion.planificador import Planificador
from infra.azar import AzarReal
from infra.mensajeria.ajustes import Ajustes
from infra.mensajeria.avisos import comprobar_aviso
from infra.mensajeria.puertos import Remitente
from infra.mensajeria.topologia import colas_de_institucion, topologia
from infra.mensajeria.transportes import Mensaje
from infra.seguridad import base64url
from infra.seguridad.firma import FirmaInvalida, firmar, publica_a_texto
from senda.cliente import Compuesta, Credencial, Enlace, componer
from servicios.coordinacion import repeticion
from servicios.coordinacion.contexto import CONTEXTO as COORDINACION
from servicios.coordinacion.internas import InscribirRectora
from servicios.coordinacion.tablas import buzon
from tests.integracion.pilas import Pila
from tests.unidad.coordinacion.muestras import GT, deteccion
from tests.unidad.historia import anotado

RECTORA, SALUD, REFUGIO = "GT-SVET", "GT-MSPAS", "GT-REFUGIO"
ORIGEN = "/gt/coordinacion"
AGENTE = "ag-0123abcd"


class Pais:
    """Coordinación, el directorio de Guatemala y un hilo con el bus por institución."""

    def __init__(self, pila: Pila) -> None:
        self.pila, self.reloj, self.azar = pila, pila.reloj, AzarReal()
        self.credenciales = {i.codigo: Credencial.generar(i.codigo, self.azar) for i in GT.instituciones}
        self.topologia = topologia({"coordinacion": COORDINACION.sigue}, pila.prefijo)
        self.nombres = self.topologia.nombres
        self.enlace = Enlace(pila.transporte(), self.nombres)
        self.bus = self.enlace.transporte
        self.bus.preparar(self.topologia)
        pila.al_cerrar(self._limpiar)
        self.almacen = pila.almacen("coordinacion", COORDINACION.lecturas)
        origenes = {nombre: f"/gt/{nombre}" for nombre in (*COORDINACION.sigue, "coordinacion")}
        self.estacion = Estacion(
            servicio=COORDINACION,
            almacen=self.almacen,
            topologia=self.topologia,
            origenes=origenes,
            claves_de_origen={o: publica_a_texto(pila.claves(n).firma.public_key()) for n, o in origenes.items()},
            abrir_transporte=pila.transporte,
            titular="coordinacion-1",
            ajustes=Ajustes(lote_relevo=4),
        )
        self.estacion.preparar()
        self.planificador = Planificador([self.estacion], self.reloj)
        self.publica = pila.claves("coordinacion").firma.public_key()
        self._siguiente = count(1)
        self._inscribir()

    def _inscribir(self) -> None:
        with self.almacen.tanda() as tanda:
            clave = self.credenciales[RECTORA].publica
            COORDINACION.encargar(tanda, InscribirRectora(codigo=RECTORA, clave_firma=clave))
        for suya in GT.instituciones:
            if suya.codigo != RECTORA:
                self.decidir(
                    InscribirInstitucion(
                        codigo=suya.codigo, pais="gt", mandatos_inscritos=suya.mandatos, servicios=suya.servicios,
                        cobertura=suya.cobertura, clave_firma=self.credenciales[suya.codigo].publica,
                    ),
                )  # fmt: skip

    def decidir(self, peticion: Peticion) -> None:
        """Lo que la rectora pide, sin pasar por el bus."""
        quien = Remitente(institucion=RECTORA, agente=AGENTE, ocurrido=self.reloj.ahora(), huella="f" * 64)
        with self.almacen.tanda() as tanda:
            COORDINACION.atender(tanda, peticion, quien)

    def abrir_rutas(self, cuantas: int) -> None:
        """Cada una deja un encargo de salud en el buzón de `SALUD`."""
        for n in (next(self._siguiente) for _ in range(cuantas)):
            with self.almacen.tanda() as tanda:
                COORDINACION.conocer(tanda, anotado(deteccion(ruta=UUID(int=n)), 100 + n))
        self.vaciar()

    def componer(self, peticion: Peticion, quien: str = SALUD) -> Compuesta:
        publica = self.pila.claves("coordinacion").recepcion.public_key().public_bytes_raw()
        credencial, recepcion = self.credenciales[quien], base64url.a_texto(publica)
        return componer(peticion, credencial, AGENTE, self.reloj.ahora(), recepcion, self.azar)

    def con_datos(self, datos: bytes, quien: str = SALUD) -> Compuesta:
        """Una repetición firmada como debe, con esos bytes por datos."""
        buena = self.componer(RepetirBuzon(desde=1), quien)
        cuerpo = buena.cuerpo.replace(b'{"desde":1,"hasta":null}', datos)
        assert cuerpo != buena.cuerpo or datos == b'{"desde":1,"hasta":null}'
        vigencia = self.reloj.ahora().replace(year=2030)
        firma = firmar(cuerpo, self.credenciales[quien].clave, quien, "coordinacion", buena.id, vigencia)
        return buena._replace(cuerpo=cuerpo, firma=firma)

    def mandar(self, *compuestas: Compuesta, quien: str = SALUD) -> list[Acuse]:
        """Envía a la vez y espera todos los acuses, que son exactamente esos."""
        acuses, _ = colas_de_institucion(quien, self.pila.prefijo)
        self.bus.asegurar_cola(acuses)
        assert all(self.enlace.enviar(compuestas))
        llegan = self._recibir(acuses.nombre, len(compuestas))
        return [msgspec.json.decode(m.cuerpo, type=Acuse) for m in llegan]

    def repetir(self, desde: int, hasta: int | None = None, quien: str = SALUD) -> Acuse:
        return self.mandar(self.componer(RepetirBuzon(desde=desde, hasta=hasta), quien), quien=quien)[0]

    def llegan(self, cuantos: int, quien: str = SALUD) -> list[Mensaje]:
        """Los avisos que esperan en su cola: exactamente tantos."""
        return self._recibir(self.nombres.buzon_de(quien), cuantos)

    def purgar(self, quien: str = SALUD) -> None:
        """Lo que había en su cola se pierde; quien opera la borra y se vuelve a declarar."""
        self.pila.borrar_cola(self.nombres.buzon_de(quien))
        self.bus.asegurar_cola(colas_de_institucion(quien, self.pila.prefijo)[1])

    def guardado(self, quien: str = SALUD) -> list[bytes]:
        """Su buzón según la base."""
        consulta = sa.select(buzon.c.cuerpo).where(buzon.c.institucion == quien).order_by(buzon.c.numero)
        with leyendo(self.almacen.motor) as conexion:
            return [cuerpo.encode() for cuerpo in conexion.scalars(consulta)]

    def comprobar(self, mensaje: Mensaje, quien: str = SALUD) -> int:
        return comprobar_aviso(mensaje.cuerpo, str(mensaje.cabeceras["firma"]), self.publica, ORIGEN, quien)

    def vaciar(self) -> None:
        """Rondas hasta que no quede nada por salir."""
        limite = monotonic() + 30
        while self.planificador.ronda() or self.filas(salida):
            assert monotonic() < limite, "no sale"

    def filas(self, tabla: sa.Table) -> int:
        with leyendo(self.almacen.motor) as conexion:
            return conexion.scalar(sa.select(sa.func.count()).select_from(tabla)) or 0

    def _recibir(self, cola: str, cuantos: int) -> list[Mensaje]:
        limite, recibidas = monotonic() + 20, []
        while len(recibidas) < cuantos and monotonic() < limite:
            if not self.planificador.ronda():
                self._dejar_pasar()
            nuevas = self.bus.recibir(cola, cuantos - len(recibidas), espera=0.02)
            self.bus.confirmar(nuevas)
            recibidas += [e.mensaje for e in nuevas]
        self.vaciar()
        assert len(recibidas) == cuantos
        assert self.bus.recibir(cola, 1, espera=0.1 if self.pila.real else 0.0) == []
        return recibidas

    def _dejar_pasar(self) -> None:
        """Solo lo que se espera por segundos: un plazo que venciera dejaría avisos nuevos."""
        cita = self.planificador.proximo()
        if cita is not None and cita - self.reloj.ahora() < timedelta(seconds=10):
            self.reloj.adelantar_hasta(cita)

    def _limpiar(self) -> None:
        for bucle in self.estacion.bucles:
            bucle.transporte.cerrar()
        self.pila.borrar_topologia(self.topologia)
        for codigo in self.credenciales:
            for cola in colas_de_institucion(codigo, self.pila.prefijo):
                self.pila.borrar_cola(cola.nombre)


@pytest.fixture
def pais(pila: Pila) -> Pais:
    return Pais(pila)


def test_tras_dias_sin_conexion_reconstruye_su_buzon_byte_a_byte(pais: Pais):
    pais.abrir_rutas(6)
    pais.purgar()
    acuse = pais.repetir(1)
    assert (acuse.resultado, acuse.eventos) == (Resultado.ACEPTADA, ())
    assert acuse.buzon == TramoDeBuzon(desde=1, hasta=6, ultimo=6)
    repetidos = pais.llegan(6)
    assert [m.cuerpo for m in repetidos] == pais.guardado()
    assert [pais.comprobar(m) for m in repetidos] == [1, 2, 3, 4, 5, 6]
    assert {m.tipo for m in repetidos} == {"senda.coordinacion.derivacion-emitida.v1"}


def test_lo_repetido_es_lo_mismo_que_llego_la_primera_vez_con_su_firma(pais: Pais):
    pais.abrir_rutas(3)
    primera = pais.llegan(3)
    pais.reloj.adelantar(timedelta(minutes=20))
    pais.repetir(1)
    assert pais.llegan(3) == primera


def test_pide_solo_el_hueco_de_en_medio(pais: Pais):
    pais.abrir_rutas(6)
    tengo = {pais.comprobar(m): m.cuerpo for m in pais.llegan(6)}
    del tengo[3], tengo[4]
    assert pais.repetir(3, 4).buzon == TramoDeBuzon(desde=3, hasta=4, ultimo=6)
    for mensaje in pais.llegan(2):
        tengo[pais.comprobar(mensaje)] = mensaje.cuerpo
    assert [tengo[n] for n in sorted(tengo)] == pais.guardado()


def test_preguntar_por_el_siguiente_dice_si_se_esta_al_dia(pais: Pais):
    assert pais.repetir(1).buzon == TramoDeBuzon(desde=1, hasta=0, ultimo=0)
    pais.abrir_rutas(2)
    pais.llegan(2)
    assert pais.repetir(3).buzon == TramoDeBuzon(desde=3, hasta=2, ultimo=2)
    pais.llegan(0)


def test_lo_largo_se_repite_por_tandas_y_el_acuse_dice_por_donde_va(pais: Pais, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(repeticion, "MAXIMO_REPETIDO", 4)
    pais.abrir_rutas(10)
    pais.purgar()
    desde, cuerpos = 1, []
    while (tramo := pais.repetir(desde).buzon) and tramo.hasta >= tramo.desde:
        assert tramo.ultimo == 10
        cuerpos += [m.cuerpo for m in pais.llegan(tramo.hasta - desde + 1)]
        assert tramo.hasta - desde < 4
        desde = tramo.hasta + 1
    assert cuerpos == pais.guardado()
    assert contrato.MAXIMO_REPETIDO == 1000


def test_repetir_la_solicitud_da_el_mismo_acuse_y_no_manda_otra_vez(pais: Pais):
    pais.abrir_rutas(2)
    pais.llegan(2)
    pedida = pais.componer(RepetirBuzon(desde=1))
    primero = pais.mandar(pedida)
    pais.llegan(2)
    pais.abrir_rutas(1)
    pais.llegan(1)
    assert pais.mandar(pedida, pedida) == primero * 2
    pais.llegan(0)
    assert pais.repetir(1).buzon == TramoDeBuzon(desde=1, hasta=3, ultimo=3)
    pais.llegan(3)


def test_cada_una_recibe_lo_suyo_y_nada_mas(pais: Pais):
    """No hay campo con que pedir el buzón de otra, y quien firma es quien recibe."""
    pais.abrir_rutas(2)
    pais.llegan(2)
    pais.llegan(2, REFUGIO)
    assert pais.repetir(1, quien=REFUGIO).institucion == REFUGIO
    assert [m.cuerpo for m in pais.llegan(2, REFUGIO)] == pais.guardado(REFUGIO) != pais.guardado(SALUD)
    pais.llegan(0, SALUD)
    [ajena] = pais.mandar(pais.con_datos(b'{"desde":1,"institucion":"GT-REFUGIO"}'))
    assert (ajena.resultado, ajena.codigo) == (Resultado.RECHAZADA, "dato-invalido")
    suplantada = pais.componer(RepetirBuzon(desde=1), REFUGIO)
    vigencia = pais.reloj.ahora().replace(year=2030)
    con_la_de_salud = firmar(
        suplantada.cuerpo, pais.credenciales[SALUD].clave, REFUGIO, "coordinacion", suplantada.id, vigencia
    )
    [negada] = pais.mandar(suplantada._replace(firma=con_la_de_salud), quien=REFUGIO)
    assert negada.codigo == "firma-no-coincide"
    pais.llegan(0, REFUGIO)


HOSTILES = [
    (b'{"desde":0}', "dato-invalido", "datos.desde"),
    (b'{"desde":-1}', "dato-invalido", "datos.desde"),
    (b'{"desde":1,"hasta":-3}', "dato-invalido", "datos.hasta"),
    (b'{"desde":2147483648}', "dato-invalido", "datos.desde"),
    (b'{"desde":1' + b"0" * 400 + b"}", "dato-invalido", "datos.desde"),
    (b'{"desde":1e300}', "dato-invalido", "datos.desde"),
    (b'{"desde":"1"}', "dato-invalido", "datos.desde"),
    (b'{"desde":true}', "dato-invalido", "datos.desde"),
    (b'{"desde":null}', "dato-invalido", "datos.desde"),
    (b"{}", "dato-invalido", "datos.desde"),
    (b'{"desde":3,"hasta":2}', "tramo-invalido", "datos.hasta"),
    (b'{"desde":2147483647}', "tramo-inexistente", "datos.desde"),
    (b'{"desde":4}', "tramo-inexistente", "datos.desde"),
    (b'{"desde":1,"hasta":3}', "tramo-inexistente", "datos.hasta"),
    (b'{"desde":3,"hasta":3}', "tramo-inexistente", "datos.hasta"),
    (b'{"desde":1,"hasta":2147483647}', "tramo-inexistente", "datos.hasta"),
]


def test_lo_hostil_se_rechaza_con_codigo_y_no_manda_nada(pais: Pais):
    pais.abrir_rutas(2)
    pais.llegan(2)
    hechos = pais.filas(eventos)
    acuses = pais.mandar(*(pais.con_datos(datos) for datos, _, _ in HOSTILES))
    assert [(a.codigo, a.campo) for a in acuses] == [(codigo, campo) for _, codigo, campo in HOSTILES]
    assert all(a.que_hacer and a.buzon is None for a in acuses)
    pais.llegan(0)
    assert pais.filas(eventos) == hechos


def test_muchas_a_la_vez_no_se_amontonan(pais: Pais):
    """Ocho peticiones de lo mismo en un lote no dejan ocho copias en la salida: cada una espera su turno."""
    pais.abrir_rutas(3)
    pais.llegan(3)
    cada_una: list[int] = []
    mandar = pais.estacion.almacen.motor

    @sa.event.listens_for(mandar, "commit")
    def _mirar(conexion: sa.Connection) -> None:
        cada_una.append(
            conexion.scalar(sa.select(sa.func.count()).where(salida.c.intercambio == "buzon", salida.c.clave == SALUD))
            or 0
        )

    acuses = pais.mandar(*(pais.componer(RepetirBuzon(desde=1)) for _ in range(8)))
    assert max(cada_una) == 3
    assert {(a.codigo or "", a.buzon is not None) for a in acuses} <= {("", True), ("repeticion-en-curso", False)}
    aceptadas = sum(a.resultado is Resultado.ACEPTADA for a in acuses)
    assert aceptadas >= 2
    pais.llegan(3 * aceptadas)


def test_a_una_suspendida_no_se_le_repite_nada(pais: Pais):
    pais.abrir_rutas(1)
    pais.llegan(1)
    antes = pais.componer(RepetirBuzon(desde=1))
    [aceptada] = pais.mandar(antes)
    pais.llegan(1)
    pais.decidir(SuspenderInstitucion(codigo=SALUD, motivo=MotivoSuspension.A_PETICION_PROPIA))
    pais.vaciar()
    assert pais.enlace.enviar([pais.componer(RepetirBuzon(desde=1))]) == [True]
    assert pais.mandar(antes) == [aceptada]  # lo que se le dijo entonces; nada sale de nuevo
    with leyendo(pais.almacen.motor) as conexion:
        assert conexion.scalars(sa.select(devueltas.c.codigo)).all() == ["institucion-suspendida"]
    # Solo lo nuevo: que lo suyo pasó a otra.
    assert [pais.comprobar(m) for m in pais.llegan(len(pais.guardado()) - 1)] == [2]


def test_un_aviso_retocado_ajeno_o_que_no_es_un_aviso_no_pasa(pais: Pais):
    pais.abrir_rutas(1)
    [aviso] = pais.llegan(1)
    firma = str(aviso.cabeceras["firma"])
    otra = Credencial.generar("GT-OTRA", pais.azar).clave.public_key()
    acuse = pais.componer(RepetirBuzon(desde=1))

    def comprobar(cuerpo: bytes = aviso.cuerpo, firma: str = firma, quien: str = SALUD, origen: str = ORIGEN) -> int:
        return comprobar_aviso(cuerpo, firma, pais.publica, origen, quien)

    assert comprobar() == 1
    malos: Sequence[dict[str, object]] = (
        {"cuerpo": aviso.cuerpo.replace(b'"numero":1,', b'"numero":2,')},
        {"cuerpo": aviso.cuerpo + b" "},
        {"cuerpo": acuse.cuerpo, "firma": acuse.firma},
        {"cuerpo": b"no es json"},
        {"quien": REFUGIO},
        {"origen": "/gt/justicia"},
        {"firma": ""},
    )
    for malo in malos:
        with pytest.raises(FirmaInvalida):
            comprobar(**malo)  # type: ignore[arg-type]
    with pytest.raises(FirmaInvalida):
        comprobar_aviso(aviso.cuerpo, firma, otra, ORIGEN, SALUD)
