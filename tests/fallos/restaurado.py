"""`python -m tests.fallos.restaurado`: un origen vuelve de una copia vieja. Qué lo delata, y qué hace él mismo.

No está entre las averías porque después no hay nada que tenga que converger: dos historias no se juntan solas. Sale con
1 mientras el restaurado acepte trabajo sin recuperar antes del libro lo que le falta (véase docs/fallos.md).
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from threading import Event

import sqlalchemy as sa

from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from senda.composicion import CONTEXTOS
from tests.fallos.corrida import Banco, Semilla
from tests.fallos.tanda import carpeta_nueva, silenciar
from tests.servidores_propios import binario_postgres

_ORIGEN = "deteccion"
_SEGUIDORES = ("atencion", "justicia", "repatriacion", "coordinacion", "auditoria")
_PLAZO = 20.0


def main() -> int:
    silenciar()
    carpeta = carpeta_nueva()
    try:
        with Banco(carpeta) as banco, ExitStack() as pila:
            semilla = Semilla(banco, 1, ("servicio-muere",), print)
            semilla._montar(pila)
            return _contar(banco, semilla, carpeta / "copia.sql")
    finally:
        shutil.rmtree(carpeta, ignore_errors=True)


def _contar(banco: Banco, s: Semilla, copia: Path) -> int:
    s._inicio, s._fallo = time.monotonic(), False
    s.clientes.preparar()
    for nombre in CONTEXTOS:
        s.flota.nacer(nombre)
    assert not s._esperar_la_calma()
    _con(banco, s, "pg_dump", "-n", f"senda_{_ORIGEN}", "-f", str(copia))
    contadas = [_detectar(s) for _ in range(3)]
    assert not s._esperar_la_calma()
    antes = _libro(s)
    for vivo in s.flota.de(_ORIGEN):
        s.flota.matar(vivo)
    banco.cluster.ordenar(f"DROP SCHEMA senda_{_ORIGEN} CASCADE", base=s.estreno.base)
    _con(banco, s, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(copia))
    s.flota.nacer(_ORIGEN)
    _hasta(lambda: _valor(s, "SELECT count(*) FROM senda_auditoria.eventos") > 0)
    print("auditoría denuncia el retroceso en cuanto el restaurado late, antes de que nadie le pida nada")
    acuses = len(s.clientes.acuses)
    s.clientes.mandar("GT-MP", contadas[0])
    _detectar(s)
    _hasta(lambda: s.clientes.leer() and len(s.clientes.acuses) >= acuses + 2)
    resultados = [json.loads(cuerpo)["resultado"] for _, cuerpo in s.clientes.acuses[acuses:]]
    print(f"a una repetida y a una nueva contesta: {', '.join(resultados)}")
    for nombre in _SEGUIDORES:
        alto = f"SELECT count(*) FROM senda_{nombre}.avances WHERE origen = '/gt/{_ORIGEN}' AND alto IS NOT NULL"
        _hasta(lambda consulta=alto: _valor(s, consulta) == 1)  # type: ignore[misc]
    print("sus cinco seguidores quedan en alto; ninguno aplica la segunda historia")
    assert _libro(s) == antes
    print("el libro conserva la primera, entera")
    return 1 if "aceptada" in resultados else 0


def _detectar(s: Semilla):
    inventada = s.clientes.inventor().inventar(DetectarPresuntaVictima, pais_deteccion="gt", alerta=None)
    return s.clientes.pedir("GT-MP", inventada)


def _libro(s: Semilla) -> list[tuple[object, ...]]:
    with s._base() as conexion:
        consulta = f"SELECT posicion, hoja FROM senda_auditoria.libro WHERE origen = '/gt/{_ORIGEN}' ORDER BY posicion"
        return list(conexion.execute(consulta))


def _valor(s: Semilla, consulta: str) -> int:
    with s._base() as conexion:
        fila = conexion.execute(consulta).fetchone()
        return int(fila[0]) if fila else 0


def _con(banco: Banco, s: Semilla, programa: str, *opciones: str) -> None:
    puerto = str(sa.make_url(banco.cluster.servidor.url).port)
    orden = [binario_postgres(programa) or programa, "-h", "127.0.0.1", "-p", puerto, "-U", "postgres", *opciones]
    subprocess.run([*orden, s.estreno.base], check=True, stdout=subprocess.DEVNULL)


def _hasta(condicion: Callable[[], object]) -> None:
    limite, descanso = time.monotonic() + _PLAZO, Event()
    while not condicion():
        if time.monotonic() > limite:
            raise TimeoutError("no llegó a ocurrir")
        descanso.wait(0.1)


if __name__ == "__main__":
    sys.exit(main())
