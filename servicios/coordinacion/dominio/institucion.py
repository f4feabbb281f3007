"""La institución: cómo entra, cambia y sale del directorio, y cuándo su silencio se hace constar."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Self
from uuid import UUID, uuid5

from msgspec import Struct
from msgspec.structs import replace

from eventos.base import ESPACIO
from eventos.coordinacion import (
    InstitucionActualizada,
    InstitucionInscrita,
    InstitucionSilenciosa,
    InstitucionSuspendida,
)
from eventos.listas import ServicioPedido
from eventos.motivos import MotivoSuspension
from eventos.sobre import Anotado
from servicios.coordinacion.dominio import rechazos


class Datos(Struct, frozen=True, kw_only=True):
    """Lo que el directorio dirá de una institución. ``rige``: entre sus mandatos está la rectoría."""

    codigo: str
    pais: str
    mandatos: tuple[str, ...]
    servicios: tuple[ServicioPedido, ...]
    cobertura: tuple[str, ...]
    clave_firma: str
    rige: bool = False


class Institucion(Struct, frozen=True, kw_only=True):
    """Una institución del directorio. ``callada_desde``: la última señal que se tuvo al anotar su silencio."""

    id: UUID
    inscrita: bool = False
    activa: bool = False
    callada_desde: datetime | None = None

    @classmethod
    def vacio(cls, id: UUID) -> Self:
        return cls(id=id)

    def evolucionar(self, anotado: Anotado) -> Self:
        match anotado.hecho:
            case InstitucionInscrita() | InstitucionActualizada():
                return replace(self, inscrita=True, activa=True)
            case InstitucionSuspendida():
                return replace(self, activa=False)
            case InstitucionSilenciosa() as hecho:
                return replace(self, callada_desde=hecho.desde)
            case _:
                return self


def id_de(codigo: str) -> UUID:
    """Id del agregado de una institución: el mismo que sus hechos se dan."""
    return uuid5(ESPACIO, codigo)


def inscribir(
    institucion: Institucion, datos: Datos, *, claves_ajenas: Collection[str], hay_rectora: bool
) -> InstitucionInscrita:
    """Da de alta una institución. ``claves_ajenas``: las de firma de las demás; ``hay_rectora``: ya está inscrita."""
    if institucion.inscrita:
        raise rechazos.InstitucionYaInscrita
    if hay_rectora and datos.rige:
        raise rechazos.RectoraUnica
    _exigir_coherente(datos, claves_ajenas)
    return InstitucionInscrita(
        codigo=datos.codigo,
        pais=datos.pais,
        mandatos=datos.mandatos,
        servicios=datos.servicios,
        cobertura=datos.cobertura,
        clave_firma=datos.clave_firma,
    )


def actualizar(
    institucion: Institucion, datos: Datos, *, claves_ajenas: Collection[str], es_rectora: bool
) -> InstitucionActualizada:
    """Sustituye sus datos por completo; si estaba suspendida, vuelve. Ser o no la rectora no cambia así."""
    if not institucion.inscrita:
        raise rechazos.InstitucionSinInscribir
    if datos.rige is not es_rectora:
        raise rechazos.RectoraUnica
    _exigir_coherente(datos, claves_ajenas)
    return InstitucionActualizada(
        codigo=datos.codigo,
        pais=datos.pais,
        mandatos=datos.mandatos,
        servicios=datos.servicios,
        cobertura=datos.cobertura,
        clave_firma=datos.clave_firma,
    )


def suspender(
    institucion: Institucion, codigo: str, motivo: MotivoSuspension, *, es_rectora: bool
) -> InstitucionSuspendida:
    """La saca del servicio. La rectora no: el sistema quedaría sin quien lo conduzca."""
    if not institucion.inscrita:
        raise rechazos.InstitucionSinInscribir
    if es_rectora:
        raise rechazos.RectoraUnica
    if not institucion.activa:
        raise rechazos.InstitucionYaSuspendida
    return InstitucionSuspendida(codigo=codigo, motivo=motivo)


def silencio(
    institucion: Institucion, codigo: str, *, vencidas_sin_senal: int, tras: int, desde: datetime
) -> list[InstitucionSilenciosa]:
    """Hace constar que calla tras ``tras`` acuses vencidos desde su última señal; una vez por silencio (regla 5)."""
    if vencidas_sin_senal < tras or institucion.callada_desde == desde:
        return []
    return [InstitucionSilenciosa(codigo=codigo, desde=desde)]


def _exigir_coherente(datos: Datos, claves_ajenas: Collection[str]) -> None:
    if datos.codigo[:2].lower() != datos.pais:
        raise rechazos.CodigoDeOtroPais
    if datos.clave_firma in claves_ajenas:
        raise rechazos.ClaveRepetida
