"""`python -m senda.codigos`: escribe docs/codigos.md desde el código; con --comprobar, solo dice si está al día."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

# Al importarlos se conocen las negativas de las tablas, la bóveda, el registro único, los seis contextos y la orden.
import contratos.tablas.rechazos  # noqa: F401
import infra.mensajeria.altos
import infra.seguridad.boveda.rechazos
import infra.seguridad.recuperacion
import infra.seguridad.registro_unico.rechazos  # noqa: F401
import senda.composicion
import senda.protocolo.rechazos
import senda.tablas.rechazos  # noqa: F401
from contratos.codigos import ARREGLOS, DE_EXAMEN
from eventos.rechazo import Rechazo, TodaviaNo
from servicios.portal.problemas import DEL_PORTAL

DESTINO = Path("docs/codigos.md")
_CABECERA = """# Códigos de rechazo

Todo acuse de rechazo lleva `codigo`, `campo` y `que_hacer`. Los códigos son contrato: no cambian de significado.
Este archivo se genera con `python -m senda.codigos`.

"""

_TITULOS = {
    "comun": "En cualquier servicio",
    "mensajeria": "En la orden `senda operar levantar`",
    "protocolo": "En la orden `senda protocolo` (el campo es la opción)",
    "tablas": "En la orden `senda tablas` (el campo es la opción)",
}


def por_contexto() -> dict[str, list[tuple[str, str, str]]]:
    """Cada rechazo (código, campo, qué hacer), por orden, en quien lo da."""
    filas: dict[str, set[tuple[str, str, str]]] = {}
    for clase in _rechazos(Rechazo):
        fila = (clase.codigo, clase.campo, clase.que_hacer + (" *" if issubclass(clase, TodaviaNo) else ""))
        filas.setdefault(clase.__module__.split(".")[1], set()).add(fila)
    return {contexto: sorted(suyas) for contexto, suyas in sorted(filas.items())}


def documento() -> str:
    """El contenido de docs/codigos.md."""
    partes = [
        _CABECERA,
        "## Antes de llegar al servicio\n\n| código | campo | qué pasó | qué hacer |\n|---|---|---|---|\n",
    ]
    for codigo, que in DE_EXAMEN.items():
        campo, que_hacer = ARREGLOS[codigo]
        partes.append(f"| `{codigo}` | {_o_raya(campo)} | {que} | {que_hacer} |\n")
    partes += ["\n## Por HTTP, si el portal no deja pasar la llamada\n\n| código | qué pasó |\n|---|---|\n"]
    partes += [f"| `{codigo}` | {que} |\n" for codigo, que in DEL_PORTAL.items()]
    for contexto, filas in por_contexto().items():
        titulo = _TITULOS.get(contexto, f"En {contexto}")
        partes.append(f"\n## {titulo}\n\n| código | campo | qué hacer |\n|---|---|---|\n")
        partes += [f"| `{codigo}` | {_o_raya(campo)} | {que} |\n" for codigo, campo, que in filas]
    partes.append(
        "\n\\* Puede deberse a algo que aún viaja: el servicio lo reintenta unos segundos antes de rechazar.\n"
    )
    return "".join(partes)


def _o_raya(campo: str) -> str:
    return f"`{campo}`" if campo else "—"


def _rechazos(clase: type[Rechazo]) -> Iterator[type[Rechazo]]:
    for hija in clase.__subclasses__():
        if hasattr(hija, "codigo"):
            yield hija
        yield from _rechazos(hija)


def main(argumentos: list[str]) -> int:
    """Escribe o comprueba. Devuelve el código de salida."""
    texto = documento()
    if "--comprobar" in argumentos:
        if DESTINO.exists() and DESTINO.read_text() == texto:
            return 0
        print(f"{DESTINO} no es lo que dice el código: python -m senda.codigos", file=sys.stderr)
        return 1
    DESTINO.write_text(texto)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
