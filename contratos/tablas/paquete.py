"""Qué dice un formato de tabla: qué hace Senda con cada columna suya, y por qué se pierde lo que se pierde.

Los códigos de cada valor no están aquí, sino en su cruce (`contratos.clasificacion`): se dicen una vez.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, field

from contratos.clasificacion import Cruce, Lista, cruce
from contratos.clasificacion.paquete import Texto
from contratos.protocolos.paquete import Dato
from eventos.tipos import Clave, Version, dice

NombreColumna = Annotated[str, Meta(min_length=1, max_length=80)]


class Lleva(StrEnum):
    """Qué cuenta una columna que Senda sí lleva: una lista cruzada, u otra cosa que no es una lista."""

    CONDICION = "condicion"
    MODALIDAD = "modalidad"
    MEDIO = "medio-de-control"
    CAPTACION = "captacion"
    DURACION = "duracion"
    GENERO = "genero"
    GRUPO_ETARIO = "grupo-etario"
    IDIOMA = "idioma"
    NACIONALIDADES = "nacionalidades"
    PAIS = "pais-de-explotacion"
    MOMENTO = "momento"
    CIUDADANA = "ciudadana-del-pais-de-explotacion"

    @property
    def lista(self) -> Lista | None:
        """La lista del catálogo que cruza, si es una."""
        return next((lista for lista in Lista if lista.value == self.value), None)


class Columna(Dato, frozen=True, kw_only=True):
    """Una columna del formato. Dice una de tres cosas: ``lleva``, ``pierde`` o ``identidad``."""

    nombre: NombreColumna
    fuente: Annotated[Clave, dice("Cuál de las fuentes del formato la define")]
    lleva: Lleva | None = None
    pierde: Annotated[str, dice("Por qué Senda no la lleva: al importar se cuenta y se deja")] = ""
    identidad: Annotated[str, dice("Por qué no puede venir: un archivo que la trae no se lee")] = ""
    valores: Annotated[tuple[str, ...], dice("Lista pública de una columna que se pierde")] = ()
    obligatoria: bool = False
    vacio: Annotated[str, dice("Cómo se escribe en ella lo que no consta")] = ""


class CampoPerdido(Dato, frozen=True, kw_only=True):
    """Algo que Senda lleva y el formato no."""

    campo: Annotated[str, Meta(pattern=r"^[a-z_]+(\.[a-z_]+)?$")]
    motivo: Texto
    fuente: Clave


class Formato(Dato, frozen=True, kw_only=True):
    """Un formato de tabla. ``generalizar``: en qué orden se vacían columnas para proteger grupos pequeños."""

    formato: Clave
    version: Version
    fuentes: Annotated[dict[Clave, Texto], Meta(min_length=1)]
    separador: Annotated[str, dice("Entre los valores de una celda con varios")] = ";"
    columnas: Annotated[tuple[Columna, ...], Meta(min_length=1)]
    campos_perdidos: tuple[CampoPerdido, ...] = field(default_factory=tuple)
    generalizar: tuple[tuple[NombreColumna, ...], ...] = ()

    @property
    def cruce(self) -> Cruce:
        """Los códigos de cada lista. Errores: `CruceDesconocido`."""
        return cruce(self.formato)

    @property
    def llevadas(self) -> tuple[Columna, ...]:
        """Las columnas que Senda lleva: las de una tabla exportada, en su orden."""
        return tuple(c for c in self.columnas if c.lleva)

    def de(self, lleva: Lleva) -> tuple[Columna, ...]:
        """Las columnas que cuentan algo."""
        return tuple(c for c in self.columnas if c.lleva is lleva)
