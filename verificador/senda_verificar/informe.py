"""El informe de una verificación, para una persona y para un programa."""

from __future__ import annotations

import json
from collections.abc import Iterator

from senda_verificar.faltas import Falta, Informe


def en_json(informe: Informe) -> str:
    """Una línea JSON: ``verificado``, ``raiz`` (hexadecimal), ``faltas`` y lo demás de `Informe`."""
    texto = json.dumps(
        {
            "verificado": informe.correcto,
            "raiz": informe.raiz.hex(),
            "tamano": informe.tamano,
            "firmado_hasta": informe.firmado_hasta,
            "testigos": list(informe.testigos),
            "hechos": dict(sorted(informe.hechos.items())),
            "faltas": [{k: v for k, v in falta._asdict().items() if v is not None} for falta in informe.faltas],
            "faltas_omitidas": informe.omitidas,
            "comprobado": list(informe.comprobado),
            "sin_comprobar": list(informe.sin_comprobar),
        },
        ensure_ascii=False,
    )
    # Un sustituto suelto no cabe en UTF-8; así sale como lo escribe JSON.
    return texto.encode("utf-8", "backslashreplace").decode()


def en_texto(informe: Informe) -> Iterator[str]:
    """Línea a línea. Lo que viene de los datos va sin caracteres que un terminal interprete."""
    for falta in informe.faltas:
        yield f"✗ {_una(falta)}"
    if informe.omitidas:
        yield f"… y {informe.omitidas} faltas más"
    for que in informe.comprobado:
        yield f"✓ {_limpio(que)}"
    for que in informe.sin_comprobar:
        yield f"· sin comprobar: {_limpio(que)}"
    if informe.testigos:
        yield f"refrendado por {_limpio(', '.join(informe.testigos))}"
    veredicto = "SIN FALTAS" if informe.correcto else f"{len(informe.faltas) + informe.omitidas} FALTAS"
    yield f"{veredicto}: {informe.tamano} entradas, firmado hasta {informe.firmado_hasta}"
    yield f"raíz {informe.raiz.hex()}"


def _una(falta: Falta) -> str:
    evento = f" (evento {falta.id_evento})" if falta.id_evento else ""
    sitio = f"{_limpio(falta.origen)} · " if falta.origen else ""
    return f"{falta.codigo} · {falta.donde} · {sitio}{falta.posicion}{evento}: {_limpio(falta.que)}"


def _limpio(texto: str) -> str:
    return "".join(c if c.isprintable() else "�" for c in texto)


__all__ = ["en_json", "en_texto"]
