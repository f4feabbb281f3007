r"""Tipos de forma cerrada que comparten hechos y peticiones: todo lleva patrón, lista o medida.

``(?!\n)$`` y no solo ``$``: en Python ``$`` admite un salto de línea al final, que acabaría en claves de encaminado.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated
from uuid import UUID

from msgspec import Meta


def dice(descripcion: str) -> Meta:
    """La descripción de un campo, tal como sale en el esquema publicado."""
    return Meta(description=descripcion)


Ruta = Annotated[UUID, Meta(description="Seudónimo de la persona (UUIDv4): no dice quién es ni cuándo empezó")]
IdHecho = Annotated[UUID, Meta(description="Id de un evento (UUIDv7)")]
IdDerivacion = Annotated[UUID, Meta(description="Id de una derivación")]
CodigoInstitucion = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2}-[A-Z0-9]{2,16}(-[A-Z0-9]{1,16})?(?!\n)$",
        max_length=36,
        description="País ISO 3166-1 alfa-2, guion y siglas: GT-PGN",
    ),
]
Agente = Annotated[
    str,
    Meta(
        pattern=r"^ag-[0-9a-f]{8,32}(?!\n)$", description="Seudónimo de quien actuó; solo su institución sabe quién es"
    ),
]
Pais = Annotated[str, Meta(pattern=r"^[A-Z]{3}(?!\n)$", description="ISO 3166-1 alfa-3; ZZZ si no consta")]
Idioma = Annotated[str, Meta(pattern=r"^[a-z]{3}(?!\n)$", description="ISO 639-3; und si no consta")]
PaisProtocolo = Annotated[
    str, Meta(pattern=r"^[a-z]{2}(?!\n)$", description="País cuyo protocolo rige: ISO 3166-1 alfa-2 en minúsculas (gt)")
]
Territorio = Annotated[
    str,
    Meta(
        pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3}(-[0-9A-Z]{1,6})?)?(?!\n)$",
        max_length=13,
        description="ISO 3166-2 y municipio: GT-01-0101; ZZ si no consta",
    ),
]
Clave = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9]*(-[a-z0-9]+)*(?!\n)$", max_length=64, description="Código de una lista del protocolo"
    ),
]
Version = Annotated[str, Meta(pattern=r"^[0-9]+(\.[0-9]+){0,2}(?!\n)$", description="Versión de un paquete de datos")]
Huella = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}(?!\n)$", description="SHA-256 en hexadecimal")]
Relato = Annotated[str, Meta(max_length=4000, description="Texto libre; solo puede viajar sellado")]
Cantidad = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Instante = Annotated[datetime, Meta(tz=True)]
Evidencias = Annotated[
    tuple[IdHecho, ...], Meta(max_length=500, description="Ids de los eventos de esta ruta que lo prueban (regla 9)")
]
ClaveFirma = Annotated[
    str,
    Meta(pattern=r"^[A-Za-z0-9_-]{43}(?!\n)$", description="Clave pública Ed25519: 32 bytes en base64url sin relleno"),
]


class Sexo(StrEnum):
    """Sexo registrado (S000 pide desagregar por él)."""

    MUJER = "mujer"
    HOMBRE = "hombre"
    INTERSEXUAL = "intersexual"
    NO_CONSTA = "no-consta"


class SiNo(StrEnum):
    """Un sí o no que puede no constar. Quien no sabe no inventa: decide la regla del protocolo."""

    SI = "si"
    NO = "no"
    NO_CONSTA = "no-consta"


class NivelRiesgo(StrEnum):
    """Nivel de riesgo de una persona en un momento."""

    BAJO = "bajo"
    MEDIO = "medio"
    ALTO = "alto"


class Urgencia(StrEnum):
    """Con qué prisa hay que atender una derivación."""

    INMEDIATA = "inmediata"
    PRIORITARIA = "prioritaria"
    ORDINARIA = "ordinaria"
