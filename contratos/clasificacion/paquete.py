"""Qué dice un cruce: cómo se llama en una norma o un estándar cada valor de las listas del catálogo.

Todo valor tiene equivalente o dice por qué no lo tiene; ninguno se pierde sin que se note.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, field

from contratos.protocolos.paquete import Dato, Fuente
from eventos.listas import Captacion, DuracionExplotacion, MedioControl, Modalidad
from eventos.perfil import Genero
from eventos.tipos import Clave, PaisProtocolo, Version, dice

Texto = Annotated[str, Meta(min_length=1, max_length=600)]


class Condicion(StrEnum):
    """En qué situación está la persona respecto de la identificación."""

    PRESUNTA = "presunta"
    IDENTIFICADA = "identificada"
    DESCARTADA = "descartada"


class Lista(StrEnum):
    """Qué lista del catálogo se cruza."""

    CONDICION = "condicion"
    MODALIDAD = "modalidad"
    MEDIO = "medio-de-control"
    CAPTACION = "captacion"
    DURACION = "duracion"
    GENERO = "genero"
    GRUPO_ETARIO = "grupo-etario"


#: Los valores de cada lista cerrada. Los tramos de edad no son una lista: cada fuente trae los suyos.
VALORES: dict[Lista, frozenset[str]] = {
    lista: frozenset(valores)
    for lista, valores in {
        Lista.CONDICION: Condicion,
        Lista.MODALIDAD: Modalidad,
        Lista.MEDIO: MedioControl,
        Lista.CAPTACION: Captacion,
        Lista.DURACION: DuracionExplotacion,
        Lista.GENERO: Genero,
    }.items()
}


class SinEquivalente(Dato, frozen=True, kw_only=True):
    """Un valor que el estándar no tiene."""

    motivo: Texto
    va_como: Annotated[str, dice("Con qué código más ancho sale, si sale; la pérdida se dice igual")] = ""


class Equivalencias(Dato, frozen=True, kw_only=True):
    """Los valores de una lista en un estándar."""

    lista: Lista
    campo: Annotated[str, dice("En qué campo van los códigos; vacío: cada código es su propia columna de 0 y 1")] = ""
    unico: Annotated[bool, dice("El campo admite un solo código")] = False
    codigos: Annotated[tuple[str, ...], dice("Todos los del estándar; vacía si son términos de una ley")] = ()
    valores: Annotated[dict[str, str], dice("Valor del catálogo -> código")] = field(default_factory=dict)
    sin_equivalente: dict[str, SinEquivalente] = field(default_factory=dict)
    sin_valor: Annotated[dict[str, str], dice("Código al que nada del catálogo llega -> por qué")] = field(
        default_factory=dict
    )
    se_lee: Annotated[dict[str, str], dice("Código al que llegan varios valores -> cuál se toma al leerlo")] = field(
        default_factory=dict
    )

    def codigo(self, valor: str) -> str:
        """Con qué código sale un valor; vacío si con ninguno."""
        if valor in self.valores:
            return self.valores[valor]
        falta = self.sin_equivalente.get(valor)
        return falta.va_como if falta else ""

    @property
    def inverso(self) -> dict[str, str]:
        """Código -> valor del catálogo, para leer datos del estándar, en el orden del estándar.

        Faltan los códigos a que llegan varios valores sin que se diga cuál se toma.
        """
        llegan = {c: [v for v, suyo in self.valores.items() if suyo == c] for c in self.codigos}
        return {c: self.se_lee.get(c) or v[0] for c, v in llegan.items() if c in self.se_lee or len(v) == 1}


class Delito(Dato, frozen=True, kw_only=True):
    """Cómo define un país la trata. Orienta; calificar es de la fiscalía y la judicatura."""

    pais: PaisProtocolo
    norma: Texto
    actos: tuple[Texto, ...]
    exige_medio_adulta: Annotated[bool | None, dice("Si hace falta un medio; nulo si no se halló")] = None
    exige_medio_nna: Annotated[bool | None, dice("Ídem si la víctima es niña, niño o adolescente")] = None
    nota: str = ""

    def exige_medio(self, *, nna: bool) -> bool | None:
        """Si hace falta un medio; None si no se halló."""
        return self.exige_medio_nna if nna else self.exige_medio_adulta


class Cruce(Dato, frozen=True, kw_only=True):
    """Un estándar o una norma, y sus equivalencias."""

    cruce: Clave
    version: Version
    nombre: Texto
    fuente: Fuente
    delito: Delito | None = None
    listas: Annotated[tuple[Equivalencias, ...], Meta(min_length=1)]

    def de(self, lista: Lista) -> Equivalencias:
        """Las equivalencias de una lista. Errores: `KeyError` si el cruce no la tiene."""
        return {e.lista: e for e in self.listas}[lista]
