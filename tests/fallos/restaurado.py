"""La avería más cara: un origen vuelve de una copia vieja y quien opera lo recupera, como manda docs/respaldo.md.

Entre la copia y el desastre ha aceptado trabajo. Restaurado, ha de negarse a arrancar; tras `senda operar recuperar`
arranca, y quien repite lo que ya le acusaron recibe los mismos bytes y ningún otro efecto.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import sqlalchemy as sa

from tests.espera import hasta
from tests.fallos.escenario import Escenario
from tests.servidores_propios import binario_postgres

#: Auditoría no: un libro restaurado que ya prometió más se continúa desde lo exportado (test_recuperar.py).
#: Coordinación tampoco: sus avisos de buzón vuelven con otro número (docs/respaldo.md), y aquí se exigen iguales.
#: Detección, dos veces: es a quien más se pide.
ORIGENES = ("deteccion", "deteccion", "atencion", "justicia", "repatriacion")
_PLAZO = 30.0
#: Segundos que se espera a que acepte algo tras la copia.
_SIN_TRABAJO = 10.0
_ENTRE_COPIA_Y_DESASTRE = 2.0
#: Lo que sale de `senda operar recuperar` cuando todo quedó completo.
_COMPLETO = 0

_Acusadas = dict[str, bytes]


def origen_restaurado(e: Escenario) -> None:
    nombre = e.azar.choice(ORIGENES)
    copia = e.flota.carpeta / f"{nombre}.sql"
    # Sin haber arrancado nunca no hay nada que recordar: la copia sería la de una base vacía.
    hasta(lambda: _filas(e, f"SELECT 1 FROM senda_{nombre}.arriendos WHERE nombre = 'linea'"), _PLAZO, "no arranca")
    _con(e, "pg_dump", "-n", f"senda_{nombre}", "-f", str(copia))
    e.contar(f"copia de {nombre}")
    en_la_copia = _acusadas(e, nombre)
    e.pausa(_ENTRE_COPIA_Y_DESASTRE)
    try:
        hasta(lambda: _con_efectos(_acusadas(e, nombre).items() - en_la_copia.items()), _SIN_TRABAJO, "nadie pide")
    except AssertionError:
        # Es cosa de la carga, no del sistema: lo que le piden no cabe. Se restaura igual, sin nada que recuperar.
        e.contar(f"nadie pide a {nombre} nada que se acepte")
    for vivo in list(e.flota.vivos):
        e.flota.matar(vivo)
    antes = _acusadas(e, nombre)
    e.cluster.ordenar(f"DROP SCHEMA senda_{nombre} CASCADE", base=e.base)
    _con(e, "psql", "-q", "-v", "ON_ERROR_STOP=1", "-f", str(copia))
    perdidas = dict(antes.items() - _acusadas(e, nombre).items())
    causaron = _con_efectos(perdidas.items())
    e.contar(f"{nombre} vuelve de la copia: le faltan {len(perdidas)} solicitudes, {causaron} con efectos")
    _se_niega(e, nombre)
    _recuperar(e)
    e.clientes.dudar(nombre, perdidas)
    e.flota.calmar()


def _se_niega(e: Escenario, nombre: str) -> None:
    """Arranca solo: ni acepta ni rechaza nada; lo dice en su registro."""
    registro, leido = e.flota.registro(nombre), e.flota.registro(nombre).stat().st_size
    vivo = e.flota.nacer(nombre)
    hasta(lambda: b"BaseRestaurada" in registro.read_bytes()[leido:], _PLAZO, f"{nombre} arranca sobre la copia")
    e.flota.matar(vivo)
    e.contar(f"{nombre} se niega a arrancar sobre la copia")


def _recuperar(e: Escenario) -> None:
    senda = Path(sys.executable).with_name("senda")
    orden = [str(senda), "operar", "recuperar", "--json", "--carpeta", str(e.flota.carpeta)]
    hecho = subprocess.run(orden, capture_output=True, text=True, check=False)
    if hecho.returncode != _COMPLETO:
        raise RuntimeError(f"recuperar salió con {hecho.returncode}: {hecho.stdout[-2000:]} {hecho.stderr[-2000:]}")
    e.contar(f"recuperado: {json.loads(hecho.stdout)['origenes']}")


def _acusadas(e: Escenario, nombre: str) -> _Acusadas:
    return {h: bytes(a) for h, a in _filas(e, f"SELECT huella, acuse FROM senda_{nombre}.solicitudes")}


def _con_efectos(acusadas: Iterable[tuple[str, bytes]]) -> int:
    return sum(1 for _, acuse in acusadas if json.loads(acuse).get("eventos"))


def _filas(e: Escenario, consulta: str) -> list[tuple[str, bytes]]:
    with e.cluster.conectar(e.base) as conexion:
        return list(conexion.execute(consulta))


def _con(e: Escenario, programa: str, *opciones: str) -> None:
    puerto = str(sa.make_url(e.cluster.servidor.url).port)
    orden = [binario_postgres(programa) or programa, "-h", "127.0.0.1", "-p", puerto, "-U", "postgres", *opciones]
    subprocess.run([*orden, e.base], check=True, stdout=subprocess.DEVNULL)


__all__ = ["ORIGENES", "origen_restaurado"]
