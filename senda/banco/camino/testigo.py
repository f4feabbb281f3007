"""Lo que el sistema operativo dice de otro proceso: cuánta CPU lleva y cuánta memoria ocupa."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

_TICTAC: Final = os.sysconf("SC_CLK_TCK")
_KIB: Final = 1024


def cpu_de(pid: int) -> float:
    """Segundos de CPU, suyos y de los hijos que ya acabaron; 0 donde no hay `/proc`."""
    try:
        # El nombre va entre paréntesis y puede llevar espacios.
        campos = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, campos[11:15])) / _TICTAC


def residente_de(pid: int) -> int:
    """Bytes de memoria residente; 0 donde no hay `/proc`."""
    try:
        for linea in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
            if linea.startswith("VmRSS:"):
                return int(linea.split()[1]) * _KIB
    except OSError:
        pass
    return 0


__all__ = ["cpu_de", "residente_de"]
