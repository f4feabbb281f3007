"""Juzgar una mentira: correr cada orden con lo que se trajo de fuera y ver si dice lo que debía, ni más ni menos."""

from __future__ import annotations

import io
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, NamedTuple

from typer.testing import CliRunner

from senda.orden import app
from senda_verificar.orden import main
from tests.mentiras.copia import copia
from tests.mentiras.demostracion import Demostracion
from tests.mentiras.guardado import Guardado
from tests.mentiras.mentira import Ancla, Espera, Mentira, Orden
from tests.mentiras.operador import Operador


class Hallazgo(NamedTuple):
    """Lo que una orden dijo. ``codigos``: todos los que nombró; ``donde``: la primera falta con el código esperado."""

    espera: Espera
    codigos: tuple[str, ...]
    donde: str

    @property
    def cumple(self) -> bool:
        """Si dijo lo que debía: el código esperado, o nada si así no puede notarse."""
        return self.espera.codigo in self.codigos if self.espera.codigo else not self.codigos


def juzgar(mentira: Mentira, demostracion: Demostracion, taller: Path) -> list[Hallazgo]:
    """Comete la mentira sobre una copia y corre todo lo que se espera de ella. ``taller``: carpeta que aún no está."""
    with mintiendo(demostracion, taller) as operador:
        mentira.comete(operador)
        if mentira.en_bases:
            # El testigo sigue ahí, y no sabe que le mienten: refrendará lo que no pueda negar.
            shutil.copytree(demostracion.guardado.testigo, taller / "testigo")
            operador.pedir_refrendo(taller / "testigo")
        return [_correr(espera, operador, demostracion.guardado) for espera in mentira.esperas]


def sin_mentir(demostracion: Demostracion, taller: Path) -> list[Hallazgo]:
    """Lo mismo sin mentira ninguna, con todas las anclas: nada debe notarse."""
    esperas = [Espera(Orden.LIBRO, ancla, None) for ancla in Ancla if ancla is not Ancla.OTRO]
    esperas += [Espera(orden, Ancla.NINGUNA, None) for orden in (Orden.AUDITAR, Orden.RUTA)]
    with mintiendo(demostracion, taller) as operador:
        return [_correr(espera, operador, demostracion.guardado) for espera in esperas]


@contextmanager
def mintiendo(demostracion: Demostracion, taller: Path) -> Iterator[Operador]:
    """Un operador con su copia del despliegue; al salir no queda nada."""
    taller.mkdir(parents=True)
    try:
        with copia(demostracion.carpeta, taller / "copia", demostracion.admin) as admin:
            operador = Operador(taller / "copia", taller, admin, demostracion.guardado.institucion)
            try:
                yield operador
            finally:
                operador.cerrar()
    finally:
        shutil.rmtree(taller, ignore_errors=True)


def _correr(espera: Espera, operador: Operador, guardado: Guardado) -> Hallazgo:
    if espera.orden is Orden.AUDITAR:
        corrida = CliRunner().invoke(app, ["auditar", "verificar", "--carpeta", str(operador.carpeta), "--json"])
        faltas = json.loads(corrida.stdout)["faltas"]
    else:
        que = operador.libro() if espera.orden is Orden.LIBRO else operador.prueba()
        faltas = _verificar([str(que), *_con(espera.ancla, operador, guardado)])
    senaladas = [f for f in faltas if f["codigo"] == espera.codigo]
    return Hallazgo(
        espera,
        tuple(dict.fromkeys(f["codigo"] for f in faltas)),
        "{donde} {origen} {posicion}".format(**senaladas[0]).replace("  ", " ") if senaladas else "",
    )


def _con(ancla: Ancla, operador: Operador, guardado: Guardado) -> list[str]:
    """Las opciones que dan a `senda-verificar` lo que se trae de fuera; sin nada, las claves que da el operador."""
    if ancla is Ancla.NINGUNA:
        return ["--clave", str(operador.clave_publica_entregada())]
    claves = {Ancla.RECTORA: guardado.con_rectora, Ancla.QUORUM: guardado.con_testigo}.get(ancla, guardado.claves)
    opciones = ["--clave", str(claves)]
    if ancla is Ancla.PUNTO:
        opciones += [o for punto in guardado.puntos for o in ("--retenido", str(punto))]
    elif ancla is Ancla.RECIBO:
        opciones += ["--recibos", str(guardado.recibos)]
    elif ancla is Ancla.OTRO:
        opciones += ["--retenido", str(operador.otro)]
    return opciones


def _verificar(argumentos: Sequence[str]) -> list[dict[str, Any]]:
    salida, avisos = io.StringIO(), io.StringIO()
    with redirect_stdout(salida), redirect_stderr(avisos):
        estado = main([*argumentos, "--json", "--procesos", "1"])
    if not salida.getvalue():
        raise AssertionError(f"senda-verificar salió con {estado}: {avisos.getvalue()}")
    informe = json.loads(salida.getvalue())
    if estado != (0 if informe["verificado"] else 1):
        raise AssertionError("el estado de salida no es el del informe")
    faltas: list[dict[str, Any]] = informe["faltas"]
    return faltas


__all__ = ["Hallazgo", "juzgar", "mintiendo", "sin_mentir"]
