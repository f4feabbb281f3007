"""Un testigo por HTTP de verdad: cada respuesta de la especificación, y lo contestado no se pierde."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from senda import testigo as testigos
from senda_verificar import nota
from servicios.testigo.dominio import MAXIMO_CUERPO
from tests.integracion.testigo.servido import Servido
from tests.unidad.testigo.libreta import NOMBRE, Libreta

LIBRO = Libreta()
FALSO = LIBRO.bifurcada(3)


def test_por_http_cada_respuesta_de_la_especificacion(carpeta: Path, servir: Callable[[Path], Servido]) -> None:
    testigo = servir(carpeta)
    assert testigo.llamar("GET", "/salud/vivo")[0] == 200
    vkey = testigo.llamar("GET", "/vkey")[3].decode().strip()
    assert vkey == (carpeta / testigos.VKEY).read_text().strip()
    assert testigo.llamar("GET", f"/refrendado/{quote(NOMBRE, safe='')}")[::2] == (404, "sin-refrendos")

    estado, _, codigo, linea = testigo.refrendar(LIBRO.peticion(0, 5))
    assert (estado, codigo) == (200, None)
    nota.exigir_firma(nota.leer(LIBRO.punto(5) + linea.decode()), nota.leer_vkey(vkey))
    for camino in (quote(NOMBRE, safe=""), NOMBRE):
        assert testigo.llamar("GET", f"/refrendado/{camino}")[3].decode() == LIBRO.punto(5) + linea.decode()

    assert testigo.refrendar(LIBRO.peticion(0, 9)) == (409, "text/x.tlog.size", "otro-tamano", b"5\n")
    assert testigo.refrendar(FALSO.peticion(5, 5))[::2] == (409, "bifurcacion")
    assert testigo.refrendar(FALSO.peticion(5, 9))[::2] == (422, "sin-consistencia")
    assert testigo.refrendar(Libreta("otro").peticion(0, 9))[::2] == (404, "libro-desconocido")
    assert testigo.refrendar(LIBRO.peticion(6, 5))[::2] == (400, "anterior-imposible")
    assert testigo.refrendar(b"\xff\x00")[::2] == (400, "peticion-malformada")
    assert testigo.refrendar(b"")[::2] == (400, "peticion-malformada")
    assert testigo.refrendar(b"a" * (MAXIMO_CUERPO + 1))[::2] == (413, "peticion-excesiva")
    with socket.create_connection(("127.0.0.1", testigo.puerto), 20) as cruda:
        # Se niega al leer cuánto va a medir, no después de guardarlo en memoria.
        cruda.sendall(b"POST /add-checkpoint HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\n")
        assert cruda.recv(100).startswith(b"HTTP/1.1 413 ")
    assert testigo.llamar("GET", "/add-checkpoint")[::2] == (405, "sin-metodo")
    assert testigo.llamar("GET", "/nada")[::2] == (404, "sin-recurso")
    assert b"Traceback" not in testigo.llamar("GET", "/refrendado/%00%ff")[3]

    testigo.proceso.send_signal(signal.SIGTERM)
    assert testigo.proceso.wait(20) == 0


def test_lo_contestado_sobrevive_a_una_muerte_subita(carpeta: Path, servir: Callable[[Path], Servido]) -> None:
    testigo = servir(carpeta)
    linea = testigo.refrendar(LIBRO.peticion(0, 5))[3]
    testigo.proceso.kill()
    testigo.proceso.wait()
    vuelto = servir(carpeta)
    assert vuelto.refrendar(FALSO.peticion(0, 9))[3] == b"5\n"
    assert vuelto.refrendar(FALSO.peticion(5, 5))[2] == "bifurcacion"
    assert vuelto.refrendar(LIBRO.peticion(5, 5))[3] == linea
