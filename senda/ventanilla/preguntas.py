"""Preguntar una petición campo a campo: cada respuesta se valida al darla, con el contrato que usa el servicio."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final

from msgspec import UNSET, Struct

from contratos.base import Peticion
from contratos.campos import Campo, Forma, campos
from contratos.revision import comprobar

_SI: Final = frozenset({"si", "sí", "s", "true"})
_NO: Final = frozenset({"no", "n", "false"})


@dataclass(frozen=True, slots=True)
class Preguntas:
    """``leer``: enseña un rótulo y devuelve una línea; ``decir``: cuenta algo a la persona."""

    leer: Callable[[str], str]
    decir: Callable[[str], None]

    def peticion(self, clase: type[Peticion]) -> dict[str, Any]:
        """Los datos de una petición, en tipos de JSON. Lo que no es obligatorio se salta con una línea vacía."""
        return self._estructura(clase, "")

    def _estructura(self, clase: type[Struct], camino: str) -> dict[str, Any]:
        datos: dict[str, Any] = {}
        for campo in campos(clase):
            valor = self._campo(campo, f"{camino}{campo.nombre}")
            if valor is not UNSET:
                datos[campo.nombre] = valor
        return datos

    def _campo(self, campo: Campo, camino: str) -> Any:
        self.decir(presentar(campo, camino))
        if campo.forma.estructura is not None and not campo.obligatorio and not self.confirmar(camino):
            return UNSET
        return self._valor(campo.forma, camino, obligatorio=campo.obligatorio)

    def _valor(self, forma: Forma, camino: str, *, obligatorio: bool) -> Any:
        if forma.estructura is not None:
            return self._estructura(forma.estructura, f"{camino}.")
        if forma.de is not None and forma.de.estructura is not None:
            elementos = self._varios(forma.de.estructura, forma.medida("min_length") or 0, camino)
            return elementos if elementos or obligatorio else UNSET
        while True:
            texto = self.leer(camino).strip()
            if not texto:
                if not obligatorio:
                    return UNSET
                if not (forma.es_lista and not forma.medida("min_length")):
                    self.decir(f"  Hace falta. Se espera {forma}.")
                    continue
            valor = interpretar(forma, texto)
            defectos = comprobar(forma, valor, camino)
            if not defectos:
                return valor
            for defecto in defectos:
                self.decir(f"  {defecto.campo}: {defecto.que_hacer}")

    def _varios(self, clase: type[Struct], minimo: int, camino: str) -> list[dict[str, Any]]:
        """Una lista de objetos, de uno en uno."""
        elementos: list[dict[str, Any]] = []
        while len(elementos) < minimo or self.confirmar(f"{camino}: añadir {'otro' if elementos else 'uno'}"):
            elementos.append(self._estructura(clase, f"{camino}[{len(elementos)}]."))
        return elementos

    def confirmar(self, que: str) -> bool:
        """Una pregunta de sí o no; una línea vacía es no."""
        while True:
            respuesta = self.leer(f"¿{que}? (sí/no)").strip().lower()
            if respuesta in _SI:
                return True
            if respuesta in _NO or not respuesta:
                return False


def presentar(campo: Campo, camino: str) -> str:
    """Qué se pregunta: si es obligatorio, si va sellado, qué es y con qué forma."""
    marcas = ["obligatorio" if campo.obligatorio else "opcional: Intro para dejarlo"]
    if campo.sellado:
        marcas.append("va sellado")
    que = f" {campo.descripcion}." if campo.descripcion else ""
    cerrada = (campo.forma.de or campo.forma).valores
    ejemplo = "" if campo.forma.estructura or cerrada else f" Ejemplo: {_a_texto(campo.forma.ejemplo)}."
    return f"{camino} ({', '.join(marcas)}).{que} Se espera {_numerada(campo.forma)}.{ejemplo}"


def _numerada(forma: Forma) -> str:
    """La forma; de una lista cerrada, con el número con que también se puede contestar."""
    de = forma.de or forma
    if not de.valores:
        return str(forma)
    opciones = ", ".join(f"{n} {valor}" for n, valor in enumerate(de.valores, 1))
    return f"uno o varios, con comas, de: {opciones}" if forma.es_lista else f"uno de: {opciones}"


def interpretar(forma: Forma, texto: str) -> Any:
    """De lo escrito a tipos de JSON. Lo que no se deja interpretar vuelve tal cual: lo rechaza el contrato.

    Las listas se escriben con comas; de una lista cerrada vale también el número de orden, desde 1.
    """
    if forma.de is not None:
        de = forma.de
        return [interpretar(de, trozo.strip()) for trozo in texto.split(",") if trozo.strip()]
    if forma.valores and texto.isdecimal() and 1 <= int(texto) <= len(forma.valores):
        return forma.valores[int(texto) - 1]
    if forma.base is bool and texto.lower() in _SI | _NO:
        return texto.lower() in _SI
    if forma.base is int and texto.lstrip("-").isdecimal():
        return int(texto)
    return texto


def _a_texto(ejemplo: Any) -> str:
    if isinstance(ejemplo, list):
        return ", ".join(map(_a_texto, ejemplo))
    if isinstance(ejemplo, bool):
        return "sí" if ejemplo else "no"
    return ejemplo.isoformat() if isinstance(ejemplo, date | datetime) else str(ejemplo)


__all__ = ["Preguntas", "interpretar", "presentar"]
