"""El cliente que se examina: un programa de la institución, arrancado y matado como lo haría la vida."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

#: Segundos que se le dan para acabar por las buenas.
_PARADA = 5.0
#: Lo único de Senda que hereda: cada cuánto repite y mira.
_DE_RITMO = frozenset({"SENDA_SIN_ACUSE", "SENDA_CADA"})


@dataclass
class Programa:
    """``orden`` se corre en ``carpeta`` con ``entorno`` añadido al de quien examina; lo que diga va a ``registro``."""

    orden: Sequence[str]
    entorno: Mapping[str, str]
    carpeta: Path
    registro: Path
    _proceso: subprocess.Popen[bytes] | None = None
    _salida: IO[bytes] | None = field(default=None, repr=False)

    def arrancar(self) -> None:
        """Lo pone en marcha si no lo está. Errores: `OSError` si la orden no se puede correr."""
        if self.anda:
            return
        self._salida = self._salida or self.registro.open("ab")
        self._proceso = subprocess.Popen(  # noqa: S603  la orden la da quien examina su propio programa
            self.orden, cwd=self.carpeta, env={**_heredado(), **self.entorno}, stdout=self._salida,
            stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip

    @property
    def anda(self) -> bool:
        """Si sigue vivo."""
        return self._proceso is not None and self._proceso.poll() is None

    def matar(self) -> None:
        """Con SIGKILL, a él y a sus hijos: no le da tiempo a nada."""
        self._acabar(signal.SIGKILL)

    def cerrar(self) -> None:
        """Lo para y suelta el registro."""
        self._acabar(signal.SIGTERM)
        if self._salida is not None:
            self._salida.close()
            self._salida = None

    def _acabar(self, senal: signal.Signals) -> None:
        if self._proceso is None:
            return
        for intento in (senal, signal.SIGKILL):
            if self.anda:
                os.killpg(self._proceso.pid, intento)
            try:
                self._proceso.wait(_PARADA)
            except subprocess.TimeoutExpired:
                continue
            break
        self._proceso = None


def _heredado() -> dict[str, str]:
    """El entorno de quien examina sin lo de Senda: ahí puede haber credenciales de otro."""
    return {k: v for k, v in os.environ.items() if not k.startswith("SENDA_") or k in _DE_RITMO}


__all__ = ["Programa"]
