"""Qué puede pedir una institución: la petición, su permiso y su registro.

Una petición se declara una vez, como los hechos, con los mismos campos abiertos y sellados. Los sellados viajan
dentro de ``sellado`` (JWE hacia la clave de recepción del servicio), nunca en claro por una cola.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import ClassVar, TypeVar

from msgspec import Struct

from eventos.tipos import Ruta


class Mandato(StrEnum):
    """Para qué está facultada una institución; sale del directorio y decide qué puede pedir."""

    RECTORIA = "rectoria"
    DETECCION = "deteccion"
    IDENTIFICACION = "identificacion"
    PROTECCION_NNA = "proteccion-nna"
    PERSECUCION_PENAL = "persecucion-penal"
    JUDICATURA = "judicatura"
    SEGURIDAD = "seguridad"
    ALBERGUE = "albergue"
    SALUD = "salud"
    ATENCION = "atencion"
    ASISTENCIA_LEGAL = "asistencia-legal"
    CONSULAR = "consular"
    MIGRACION = "migracion"
    DOCUMENTACION = "documentacion"
    EDUCACION = "educacion"
    TRABAJO = "trabajo"
    SUPERVISION = "supervision"


class Peticion(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Lo que se pide, ya validado. Las subclases se inscriben con `peticion`."""

    tipo: ClassVar[str]
    servicio: ClassVar[str]
    mandatos: ClassVar[frozenset[Mandato]]
    participa: ClassVar[bool]


class PeticionDeRuta(Peticion, frozen=True, kw_only=True):
    """Petición sobre una ruta ya abierta."""

    ruta: Ruta


P = TypeVar("P", bound=type[Peticion])
PETICIONES: dict[str, type[Peticion]] = {}
#: Atributos de la clase: un campo con uno de estos nombres quedaría tapado sin aviso al inscribirla.
RESERVADOS = frozenset({"tipo", "servicio", "mandatos", "participa", "sellado"})


def peticion(tipo: str, *mandatos: Mandato, participa: bool = True, version: int = 1) -> Callable[[P], P]:
    """Inscribe una petición como ``senda.<servicio>.<tipo>.v<version>``; el servicio es el de su módulo.

    ``mandatos``: basta uno. ``participa``: si la institución ha de participar ya en la ruta (regla 4).
    """

    def inscribir(clase: P) -> P:
        servicio = clase.__module__.rpartition(".")[2]
        completo = f"senda.{servicio}.{tipo}.v{version}"
        if reservados := RESERVADOS.intersection(clase.__struct_fields__):
            raise TypeError(f"{completo}: {sorted(reservados)} ya significan otra cosa en una petición")
        if completo in PETICIONES:
            raise TypeError(f"{completo} ya está en el contrato")
        clase.tipo, clase.servicio = completo, servicio
        clase.mandatos, clase.participa = frozenset(mandatos), participa
        PETICIONES[completo] = clase
        return clase

    return inscribir
