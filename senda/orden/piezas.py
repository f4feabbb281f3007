"""Lo que se instala aparte de los servicios: la bóveda y el registro único. Una sola manera para las tres órdenes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from infra.azar import Azar, AzarReal
from senda import boveda as de_boveda
from senda import registro as de_registro
from senda.despliegue import Base, leer
from senda.orden.comun import progreso
from senda.orden.en_boveda import explicando, montada, registro_montado

#: En «senda instalar», el valor que pide la base por omisión en vez de una URL.
EN_SU_CARPETA: Final = "sqlite"
UrlAparte = Annotated[str | None, typer.Option("--base", help="URL de su base, aparte; sin ella, SQLite.")]
Esquema = Annotated[str | None, typer.Option(help="Esquema, en PostgreSQL.")]


@dataclass(frozen=True)
class Pieza:
    """Una de las dos. ``abrir``: la monta y crea su esquema; ``publica``: la clave hacia la que se cierra."""

    nombre: str
    para_que: str
    preparar: Callable[[Path, Base | None, Azar], None]
    abrir: Callable[[Path], AbstractContextManager[Any]]
    publica: Callable[[Any], str]

    def instalar(self, carpeta: Path, url: str | None, esquema: str | None = None) -> None:
        """La crea en un despliegue y escribe su clave pública. Sale con 1 si ya la tiene y con 2 si no lo hay."""
        with explicando():
            leer(carpeta)  # antes de crear nada: sin despliegue quedaría una pieza suelta
        try:
            self.preparar(carpeta, Base(url, esquema) if url else None, AzarReal())
        except FileExistsError:
            progreso.print(f"Ese despliegue ya tiene {self.nombre}.", style="red")
            raise typer.Exit(1) from None
        with self.abrir(carpeta) as abierta:
            progreso.print(self.para_que)
            typer.echo(self.publica(abierta))


BOVEDA = Pieza(
    "bóveda",
    "Bóveda lista. Las instituciones cierran lo que depositan hacia esta clave:",
    de_boveda.instalar,
    montada,
    lambda abierta: str(abierta.boveda.publica),
)
REGISTRO = Pieza(
    "registro único",
    "Registro listo. Las fichas se cierran hacia esta clave:",
    de_registro.instalar,
    registro_montado,
    lambda montado: str(montado.registro.publica),
)

__all__ = ["BOVEDA", "EN_SU_CARPETA", "REGISTRO", "Esquema", "Pieza", "UrlAparte"]
