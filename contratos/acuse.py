"""El acuse: la respuesta, siempre, a cada solicitud. Es un recibo firmado por el servicio que respondió."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from msgspec import Struct


class Resultado(StrEnum):
    """Qué pasó con la solicitud. Una repetida recibe los mismos bytes que la primera vez."""

    ACEPTADA = "aceptada"
    RECHAZADA = "rechazada"


class HechoCausado(Struct, frozen=True):
    """Un evento que la solicitud produjo.

    ``datos``: sus campos abiertos, sin la ruta: ahí conoce la institución los ids que decidió el servicio (el plan y
    sus metas, el proceso, la estancia…).
    """

    id: UUID
    tipo: str
    sujeto: str
    datos: dict[str, Any] = {}


class TramoDeBuzon(Struct, frozen=True):
    """Los avisos que se vuelven a mandar, de ``desde`` a ``hasta``, ambos incluidos.

    ``ultimo``: el número más alto del buzón (0 si está vacío). Si ``hasta`` es menor, queda más por pedir. Si ``hasta``
    es uno menos que ``desde``, no había nada que mandar: la institución está al día.
    """

    desde: int
    hasta: int
    ultimo: int


class Acuse(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Recibo de una solicitud.

    ``huella``: SHA-256 del cuerpo recibido. ``posicion``: la del último hecho del origen al responder; si fue
    aceptada, los hechos causados están en ella o antes. ``codigo``, ``campo`` y ``que_hacer``: solo si fue rechazada.
    ``buzon``: solo si pidió que se le repitiera su buzón.
    """

    huella: str
    servicio: str
    origen: str
    resultado: Resultado
    instante: datetime
    posicion: int = 0
    institucion: str = ""
    id: str = ""
    eventos: tuple[HechoCausado, ...] = ()
    codigo: str = ""
    campo: str = ""
    que_hacer: str = ""
    buzon: TramoDeBuzon | None = None
