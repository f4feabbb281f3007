"""Por qué no: la respuesta del dominio a lo que no puede ser.

Cada rechazo tiene código estable (parte del contrato), el campo que falla y qué hacer. Nunca repite el valor recibido:
los mensajes acaban en registros y acuses, y un valor puede identificar a alguien.
"""

from __future__ import annotations

from typing import ClassVar


class Rechazo(Exception):
    """Una petición bien formada que el dominio no acepta. Las subclases fijan `codigo`, `campo` y `que_hacer`."""

    codigo: ClassVar[str]
    campo: ClassVar[str] = ""
    que_hacer: ClassVar[str]

    def __str__(self) -> str:
        return f"{self.codigo}: {self.que_hacer}"


class TodaviaNo(Rechazo):
    """Rechazo que puede deberse a que aún no llegó lo que otro servicio contó: se vuelve a intentar antes de darlo."""
