"""El perfil desagregado de una persona (S000). Solo viaja sellado: juntos, estos campos reidentifican.

Cada campo admite «no consta» y ese es su valor si falta: lo que no se sabe no se inventa.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from eventos.tipos import Clave, Idioma, Pais, Sexo, Territorio, dice

GrupoEtario = Annotated[
    str,
    Meta(
        pattern=r"^([0-9]{1,2}-[0-9]{1,2}|[0-9]{1,2}\+|no-consta)(?!\n)$",
        max_length=9,
        description="Tramo de edad en años cumplidos, extremos incluidos (9-17, 48+), o no-consta",
    ),
]


class Genero(StrEnum):
    """Identidad de género (``prs_Gender`` de HTCDS 2.0)."""

    FEMENINO = "femenino"
    MASCULINO = "masculino"
    TRANS_FEMENINO = "trans-femenino"
    TRANS_MASCULINO = "trans-masculino"
    NO_CONFORME = "trans-o-no-conforme"
    NO_CONSTA = "no-consta"


class Discapacidad(StrEnum):
    """Discapacidad, si la hay."""

    NINGUNA = "ninguna"
    FISICA = "fisica"
    SENSORIAL = "sensorial"
    INTELECTUAL = "intelectual"
    PSICOSOCIAL = "psicosocial"
    MULTIPLE = "multiple"
    NO_CONSTA = "no-consta"


class CondicionMigratoria(StrEnum):
    """Condición migratoria o de protección internacional (guía 7 de HTCDS 2.0, resumida)."""

    NACIONAL = "nacional"
    REGULAR = "regular"
    IRREGULAR = "irregular"
    SOLICITANTE = "solicitante-de-refugio"
    REFUGIADA = "refugiada-o-protegida"
    APATRIDA = "apatrida"
    RETORNADA = "retornada"
    NO_CONSTA = "no-consta"


class PerfilDesagregado(Struct, frozen=True, kw_only=True):
    """Cómo se desagrega cada caso, según la política pública (S000)."""

    sexo: Sexo = Sexo.NO_CONSTA
    genero: Genero = Genero.NO_CONSTA
    grupo_etario: GrupoEtario = "no-consta"
    pueblo: Annotated[Clave, dice("Pertenencia étnica, de la lista de pueblos del protocolo; no-consta")] = "no-consta"
    idioma: Annotated[Idioma, dice("Idioma materno, ISO 639-3; und si no consta")] = "und"
    nacionalidades: Annotated[
        tuple[Pais, ...], Meta(max_length=5, description="ISO 3166-1 alfa-3; vacía si no consta")
    ] = ()
    origen: Annotated[Territorio, dice("Departamento y municipio de origen; ZZ si no consta")] = "ZZ"
    residencia: Annotated[Territorio, dice("Departamento y municipio de residencia; ZZ si no consta")] = "ZZ"
    discapacidad: Discapacidad = Discapacidad.NO_CONSTA
    condicion_migratoria: CondicionMigratoria = CondicionMigratoria.NO_CONSTA
