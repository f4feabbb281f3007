"""El manifiesto de una tabla exportada: qué es, qué se perdió y qué se hizo para que no señale a nadie.

En una tabla protegida las cuentas pequeñas tampoco se dicen: de cada pérdida posible se dice cuántas, o «menos de 11»,
también si no hubo ninguna, y sin totales de los que restar.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from contratos.clasificacion.paquete import VALORES
from contratos.tablas import Formato
from contratos.tablas.perdida import Perdida
from eventos.perfil import CondicionMigratoria, Discapacidad
from eventos.tipos import NivelRiesgo, Sexo, SiNo
from senda.tablas.exportacion import Exportada

#: Los campos perdidos cuyos valores son de una lista pública.
_PUBLICOS: dict[str, type[StrEnum]] = {
    "nna": SiNo,
    "extranjera": SiNo,
    "riesgo": NivelRiesgo,
    "perfil.sexo": Sexo,
    "perfil.discapacidad": Discapacidad,
    "perfil.condicion_migratoria": CondicionMigratoria,
}
_NO_CONSTA = "no-consta"


def manifiesto(tabla: Exportada, *, fecha: datetime, quien: str, finalidad: str, sin_clave: int) -> dict[str, Any]:
    """Como datos de JSON. ``fecha`` en UTC; ``sin_clave``: personas de las que ya no se puede decir nada."""
    k = tabla.protegida
    return {
        "formato": tabla.formato.formato,
        "version": tabla.formato.version,
        "fecha": fecha,
        "institucion": quien,
        "finalidad": finalidad,
        "filas": len(tabla.filas),
        "columnas": list(tabla.columnas),
        "sha256": sha256(tabla.csv()).hexdigest(),
        "perdidas": list(_perdidas(tabla)),
        "proteccion": {
            "k": k,
            "filas_suprimidas": _dicha(tabla.suprimidas, k),
            "celdas_vaciadas": {c: _dicha(tabla.generalizadas[c], k) for c in tabla.columnas} if k else {},
        },
        "personas_con_clave_destruida": _dicha(sin_clave, k),
    }


def posibles(formato: Formato) -> list[Perdida]:
    """Todo lo que Senda puede decir y el formato no, tal cual: las pérdidas de una tabla suya están aquí.

    Salvo las de valores sin lista cerrada (tramos de edad, lenguas), que aquí van sin valor.
    """
    halladas = []
    for perdido in formato.campos_perdidos:
        publicos = [v.value for v in _PUBLICOS.get(perdido.campo, ()) if v != _NO_CONSTA]
        halladas += [Perdida(donde=perdido.campo, valor=v, motivo=perdido.motivo) for v in publicos or [""]]
    for lista in formato.cruce.listas:
        if lista.lista in VALORES and lista.lista != "condicion":
            halladas += [
                Perdida(donde=lista.lista, valor=valor, motivo=falta.motivo, sale_como=falta.va_como)
                for valor, falta in lista.sin_equivalente.items()
                if valor != _NO_CONSTA
            ]
            if lista.unico:
                halladas.append(Perdida(donde=lista.lista, motivo="el campo admite un solo código"))
    return halladas


def _perdidas(tabla: Exportada) -> Iterator[dict[str, Any]]:
    k = tabla.protegida
    cuentas = Counter(tabla.perdidas)
    if k:
        # De un tramo o una lengua poco frecuentes, decir cuál ya dice algo: con protección solo se cuentan juntas.
        conocidas = set(posibles(tabla.formato))
        cuentas = Counter(dict.fromkeys(conocidas, 0))
        for perdida, n in tabla.perdidas.items():
            cuentas[perdida if perdida in conocidas else _sin_valor(perdida)] += n
        # Las que no están entre las posibles solo se dicen si son muchas: que aparezcan ya diría que hay alguien.
        cuentas = Counter({p: n for p, n in cuentas.items() if p in conocidas or n >= k})
    for p, n in sorted(cuentas.items(), key=lambda par: (par[0].donde, par[0].valor, par[0].motivo)):
        yield {
            "campo": p.donde,
            "valor": p.valor,
            "motivo": p.motivo,
            "sale_como": p.sale_como,
            "personas": _dicha(n, k),
        }


def _sin_valor(perdida: Perdida) -> Perdida:
    return Perdida(donde=perdida.donde, motivo=perdida.motivo, sale_como=perdida.sale_como)


def _dicha(n: int, k: int | None) -> int | str:
    return f"menos de {k}" if k and n < k else n


__all__ = ["manifiesto", "posibles"]
