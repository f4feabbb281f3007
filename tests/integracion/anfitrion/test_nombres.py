"""Buscar el nombre de una máquina caída tarda segundos; entretanto el servicio ha de seguir dando vueltas."""

from __future__ import annotations

import subprocess
import sys

#: Con el buscador del sistema bloqueado un segundo, cuántas vueltas dio otro hilo verde, y qué se encontró.
GUION = """
import time
dormir = time.sleep
import socket
de_verdad = socket.getaddrinfo

def lento(*argumentos, **opciones):
    dormir(1.0)
    return de_verdad(*argumentos, **opciones)

socket.getaddrinfo = lento
from infra.anfitrion import verde
verde.preparar_proceso()
import eventlet
vueltas, sigue = 0, True

def dar():
    global vueltas
    while sigue:
        vueltas += 1
        eventlet.sleep(0.01)

eventlet.spawn(dar)
hallado = socket.getaddrinfo("127.0.0.1", 80)
sigue = False
print(vueltas, hallado[0][4][0])
"""


def test_buscar_un_nombre_no_detiene_al_proceso():
    dicho = subprocess.run([sys.executable, "-c", GUION], capture_output=True, text=True, timeout=60, check=True)
    vueltas, hallado = dicho.stdout.split()
    assert hallado == "127.0.0.1"
    assert int(vueltas) > 10
