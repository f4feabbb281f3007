"""Qué pasó al importar: cuentas, rechazos por fila y columna, y lo que se perdió. Ni una celda, ni un seudónimo."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, Final

from contratos.tablas import Perdida, rechazos

#: Rechazos que se detallan uno a uno; los demás solo se cuentan: un archivo enorme y malo no llena la memoria.
DETALLADOS: Final = 1000


@dataclass
class Informe:
    """``ya_estaban``: de las aceptadas, las que se habían aceptado antes. Las cuentas son de filas."""

    formato: str
    version: str
    ensayo: bool
    leidas: int = 0
    aceptadas: int = 0
    ya_estaban: int = 0
    identificadas: int = 0
    #: En un ensayo, lo que se enviaría: tipo de solicitud -> cuántas.
    se_enviarian: Counter[str] = field(default_factory=Counter)
    rechazadas: int = 0
    detalle: list[dict[str, Any]] = field(default_factory=list)
    _por_codigo: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    _perdidas: Counter[Perdida] = field(default_factory=Counter)

    def rechazar(self, fila: int, rechazo: rechazos.RechazoDeTabla) -> None:
        """Anota una fila que no se envió."""
        self._anotar(fila, rechazo.codigo, rechazo.columna, rechazo.que_hacer)

    def rechazada(self, fila: int, codigo: str, campo: str, que_hacer: str) -> None:
        """Anota una fila que el servicio no aceptó. ``campo``: el de la solicitud."""
        self._anotar(fila, codigo, campo, que_hacer)

    def perder(self, perdidas: tuple[Perdida, ...]) -> None:
        """Anota lo que una fila dice y Senda no lleva."""
        self._perdidas.update(perdidas)

    def llano(self) -> dict[str, Any]:
        """Como datos de JSON."""
        return {
            "formato": self.formato,
            "version": self.version,
            "ensayo": self.ensayo,
            "filas_leidas": self.leidas,
            **({"se_enviarian": dict(sorted(self.se_enviarian.items()))} if self.ensayo else {}),
            "filas_aceptadas": self.aceptadas,
            "ya_estaban": self.ya_estaban,
            "identificadas": self.identificadas,
            "filas_rechazadas": self.rechazadas,
            "rechazos": [
                {"codigo": codigo, "columna": columna, "filas": n, "que_hacer": que_hacer}
                for (codigo, columna, que_hacer), n in sorted(self._por_codigo.items())
            ],
            "detalle": self.detalle,
            "detalle_completo": self.rechazadas == len(self.detalle),
            "perdidas": [
                {"columna": p.donde, "valor": p.valor, "motivo": p.motivo, "se_lee_como": p.sale_como, "veces": n}
                for p, n in sorted(self._perdidas.items(), key=lambda par: (par[0].donde, par[0].valor, par[0].motivo))
            ],
        }

    def _anotar(self, fila: int, codigo: str, columna: str, que_hacer: str) -> None:
        self.rechazadas += 1
        self._por_codigo[codigo, columna, que_hacer] += 1
        if len(self.detalle) < DETALLADOS:
            self.detalle.append({"fila": fila, "columna": columna, "codigo": codigo})


__all__ = ["DETALLADOS", "Informe"]
