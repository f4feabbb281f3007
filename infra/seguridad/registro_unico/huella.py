"""De una ficha a sus huellas: lo que identifica, escrito de una sola manera, y un HMAC con la clave del tenedor.

Quien no tiene la clave no puede probar nombres; por eso la huella no sale de la base del tenedor: ni a un hecho, ni a
un registro, ni a una métrica. Una ficha da una huella por documento y otra por nombre, nacimiento y lugar.
"""

from __future__ import annotations

import hmac
import re
import unicodedata
from hashlib import sha256
from typing import Final

from infra.seguridad.boveda.ficha import Documento, FichaIdentidad
from infra.seguridad.registro_unico.rechazos import HuellaSinDocumento

_DOMINIO: Final = b"senda-huella-v1\n"
#: No distinguen a nadie y unas veces se escriben y otras no.
_PARTICULAS: Final = frozenset({"de", "del", "la", "las", "los", "el", "y", "e", "vda", "viuda"})
_PALABRA: Final = re.compile(r"[^\W_]+")
#: Con un solo nombre, fecha y lugar coincidirían demasiadas personas.
_MINIMO_PALABRAS: Final = 2


def huellas(ficha: FichaIdentidad, clave: bytes) -> list[bytes]:
    """Las huellas (32 bytes) de una ficha, sin repetir. Errores: `HuellaSinDocumento` si no da para ninguna."""
    textos = [documento_llano(d) for d in ficha.documentos]
    textos += [persona] if (persona := persona_llana(ficha)) else []
    if not (validos := list(dict.fromkeys(t for t in textos if t))):
        raise HuellaSinDocumento
    return [hmac.digest(clave, _DOMINIO + texto.encode(), sha256) for texto in validos]


def documento_llano(documento: Documento) -> str:
    """``doc|GTM|dpi|1234567890101``: país, clase y número sin espacios, guiones ni minúsculas; vacío si no tiene."""
    numero = "".join(_PALABRA.findall(_sin_adornos(documento.numero))).upper()
    return f"doc|{documento.pais}|{documento.clase}|{numero}" if numero else ""


def persona_llana(ficha: FichaIdentidad) -> str:
    """``nom|ana,lopez,maria|1999-12-31|antigua,guatemala``: palabras en orden alfabético; vacío si falta algo.

    El orden no cuenta: unas instituciones escriben antes los apellidos. Tampoco tildes, mayúsculas ni partículas.
    """
    nombre = _palabras(f"{ficha.nombres} {ficha.apellidos}")
    lugar = _palabras(ficha.lugar_nacimiento)
    if len(nombre) < _MINIMO_PALABRAS or not lugar or ficha.nacimiento is None:
        return ""
    return f"nom|{','.join(nombre)}|{ficha.nacimiento.isoformat()}|{','.join(lugar)}"


def _palabras(texto: str) -> list[str]:
    return sorted(p for p in _PALABRA.findall(_sin_adornos(texto)) if p not in _PARTICULAS)


def _sin_adornos(texto: str) -> str:
    """Sin tildes ni diéresis y en minúsculas; ñ cuenta como n, que es como la escribe quien no la tiene."""
    partido = unicodedata.normalize("NFKD", texto.casefold())
    return "".join(c for c in partido if not unicodedata.combining(c))


__all__ = ["documento_llano", "huellas", "persona_llana"]
