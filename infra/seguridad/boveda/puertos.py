"""Lo que la bóveda pregunta a los demás. Lo cumple `senda.boveda`; la bóveda no lee la base de nadie."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol
from uuid import UUID

import msgspec
from msgspec import Struct

from contratos.base import Mandato
from eventos.tipos import Agente, CodigoInstitucion
from infra.seguridad.boveda.rechazos import QuienSinForma


class Quien(NamedTuple):
    """Quién actúa: código de la institución, ya comprobado por su firma, y seudónimo de la persona."""

    institucion: str
    agente: str


class _Forma(Struct):
    institucion: CodigoInstitucion
    agente: Agente


def exigir_forma(quien: Quien) -> None:
    """Que sean un código y un seudónimo: lo que se anota no se borra. Error: `QuienSinForma`, sin repetirlo."""
    try:
        msgspec.convert(quien._asdict(), _Forma)
    except msgspec.ValidationError:
        raise QuienSinForma from None


class Fuentes(Protocol):
    """Lo que consta fuera de la bóveda. Si no se puede saber, falla: ante la duda, ni se abre ni se destruye."""

    def mandatos(self, institucion: str) -> Collection[Mandato] | None:
        """Los de una institución activa del directorio; None si no consta o está suspendida."""
        ...

    def consentimiento_ampara(self, ruta: UUID, consentimiento: UUID, institucion: str, instante: datetime) -> bool:
        """Si la persona consintió compartir sus datos con esa institución y no lo ha revocado."""
        ...

    def participa(self, ruta: UUID, institucion: str) -> bool:
        """Si la institución detectó a la persona o aceptó una derivación de su ruta."""
        ...

    def mandatos_en_pie(self, ruta: UUID, instante: datetime) -> Sequence[str]:
        """Lo que impide destruir: códigos de procesos, medidas o reparaciones en curso. Vacío si nada lo impide.

        Cuenta lo que haya en cualquier ruta de la misma persona.
        """
        ...


__all__ = ["Fuentes", "Quien", "exigir_forma"]
