"""Comprobar un mensaje contra el esquema publicado de su tipo, y decir línea y campo de cada fallo.

Ningún texto repite lo recibido: ni un valor, ni una clave que no parezca el nombre de un campo. Qué mensaje es sale de
su forma: una solicitud lleva ``datos``; un hecho, ``specversion``; un aviso, ``numero``; un acuse, ``huella``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any, Final

import msgspec
from jsonschema_rs import Draft202012Validator, ValidationError
from msgspec import Struct

from contratos.caminos import en_texto
from contratos.lectura import HONDURA_MAXIMA, hondo
from contratos.posiciones import Camino, Posiciones, posiciones
from contratos.revision import sobra
from contratos.solicitud import MAXIMO_BYTES

Esquemas = Mapping[str, Mapping[str, Any]]


class Fallo(Struct, frozen=True, kw_only=True):
    """Algo que arreglar. ``linea`` desde 1; ``campo``: su camino, vacío si es el mensaje entero."""

    linea: int
    campo: str
    que_hacer: str


class Validado(Struct, frozen=True, kw_only=True):
    """``mensaje``: qué se leyó (``solicitud``, ``hecho``, ``aviso``, ``acuse``); vacío si no se sabe."""

    mensaje: str = ""
    tipo: str = ""
    fallos: tuple[Fallo, ...] = ()
    avisos: tuple[Fallo, ...] = ()


def validar(cuerpo: bytes, esquemas: Esquemas) -> Validado:
    """Todo lo que le falta o le sobra a un mensaje. ``esquemas``: los publicados, por su ruta en la carpeta."""
    try:
        texto = cuerpo.decode("utf-8")
        if hondo(cuerpo):
            return _entero(1, f"Pasa de {HONDURA_MAXIMA} niveles: el contrato no pide tantos.")
        documento = msgspec.json.decode(cuerpo)
    except UnicodeDecodeError as error:
        return _entero(cuerpo.count(b"\n", 0, error.start) + 1, "No está en UTF-8.")
    except (msgspec.DecodeError, RecursionError) as error:
        return _entero(_linea_del_corte(cuerpo, error), "A partir de aquí no es JSON.")
    donde = posiciones(texto)
    repetidas = tuple(
        Fallo(linea=linea, campo=en_texto(camino), que_hacer="Está dos veces: cada cual leería una. Deja una.")
        for camino, linea in donde.repetidas
    )
    if not isinstance(documento, dict):
        return _entero(1, "Se espera un objeto JSON.")
    mensaje, clave = _que_es(documento)
    if not mensaje:
        return _entero(
            1, "No se reconoce: ni solicitud (datos), ni hecho (specversion), ni aviso (numero), ni acuse (huella)."
        )
    tipo = documento.get(clave) if clave else "acuse.v1"
    ruta = _RUTAS[mensaje].format(tipo)
    if not isinstance(tipo, str) or ruta not in esquemas:
        fallo = Fallo(linea=_linea(donde, (clave,)), campo=clave, que_hacer=_otro_tipo(mensaje, tipo, esquemas))
        return Validado(mensaje=mensaje, fallos=(*repetidas, fallo))
    esquema = esquemas[ruta]
    if mensaje == "solicitud" and len(cuerpo) > MAXIMO_BYTES:
        return _entero(1, f"Pasa de {MAXIMO_BYTES} bytes: lo grande va por referencia y hash.")
    fallos = sorted((*repetidas, *_fallos(documento, esquema, donde)), key=lambda f: (f.linea, f.campo))
    return Validado(mensaje=mensaje, tipo=tipo, fallos=tuple(fallos), avisos=tuple(_retirada(esquema, clave, donde)))


_RUTAS: Final = {
    "solicitud": "solicitudes/{}.json", "hecho": "eventos/{}.json", "aviso": "avisos/{}.json", "acuse": "{}.json",
}  # fmt: skip


def _que_es(documento: Mapping[str, Any]) -> tuple[str, str]:
    """El mensaje y el campo que dice su tipo."""
    if "specversion" in documento or "data" in documento:
        return "hecho", "type"
    if "huella" in documento and "resultado" in documento:
        return "acuse", ""
    if "numero" in documento and "evento" in documento:
        return "aviso", "tipo"
    return ("solicitud", "tipo") if "datos" in documento or "tipo" in documento else ("", "")


def _otro_tipo(mensaje: str, tipo: object, esquemas: Esquemas) -> str:
    carpeta = _RUTAS[mensaje].partition("{")[0]
    tipos = [ruta.removeprefix(carpeta).removesuffix(".json") for ruta in esquemas if ruta.startswith(carpeta)]
    return sobra(tipo, tipos, "No está en el contrato", "Los tipos están en la referencia.")


def _fallos(documento: Any, esquema: Mapping[str, Any], donde: Posiciones) -> Iterator[Fallo]:
    contenido = "datos" if "datos" in esquema.get("properties", {}) else "data"
    sellables = esquema.get("$defs", {}).get("Sellado", {}).get("properties", {})
    dentro = documento.get(contenido)
    en_claro = [c for c in sellables if isinstance(dentro, dict) and c in dentro]
    for campo in en_claro:
        yield _fallo(
            donde, (contenido, campo), "Va en claro y solo puede ir sellado: quítalo de aquí y cífralo en «sellado»."
        )
    for error in _validador(msgspec.json.encode(esquema)).iter_errors(documento):
        for camino, que in _explicado(error, esquema):
            if camino not in {(contenido, campo) for campo in en_claro}:
                yield _fallo(donde, camino, que)


@cache
def _validador(esquema: bytes) -> Draft202012Validator:
    return Draft202012Validator(msgspec.json.decode(esquema), validate_formats=True)


def _explicado(error: ValidationError, esquema: Mapping[str, Any]) -> Iterator[tuple[Camino, str]]:
    """Uno o varios: lo que sobra y lo que falta llegan con el objeto que los contiene."""
    camino, datos = tuple(error.instance_path), error.kind.as_dict()
    match error.kind.name:
        case "additionalProperties":
            conocidos = list(_en(esquema, error.schema_path[:-1]).get("properties", {}))
            for clave in datos["unexpected"]:
                yield (*camino, clave), sobra(clave, conocidos, "Sobra", f"Los campos son: {', '.join(conocidos)}.")
        case "required":
            yield (*camino, datos["property"]), "Falta."
        case "anyOf":
            # «Esto o nulo»: interesa por qué no es esto.
            for rama in datos["context"]:
                for hijo in rama:
                    if hijo.kind.name != "type" or hijo.kind.as_dict().get("types") != ["null"]:
                        yield camino, _que_hacer(hijo.kind.name, hijo.kind.as_dict())
                        return
            yield camino, "No tiene ninguna de las formas del contrato."
        case nombre:
            explica = _en(esquema, error.schema_path[:-1]).get("description", "") if nombre == "pattern" else ""
            yield camino, _que_hacer(nombre, datos) + (f" ({explica})" if explica else "")


def _que_hacer(regla: str, datos: Mapping[str, Any]) -> str:
    """Lo que el contrato espera; jamás lo que llegó."""
    limite = datos.get("limit")
    return {
        "type": f"Se espera {' o '.join(_NOMBRES.get(t, t) for t in datos.get('types', ()))}.",
        "enum": f"Se espera uno de: {', '.join(map(str, datos.get('options', ())))}.",
        "const": _constante(datos.get("expected_value")),
        "format": f"Se espera {_FORMATOS.get(str(datos.get('format')), 'otra forma')}.",
        "pattern": f"No tiene la forma del contrato: {datos.get('pattern', '')}",
        "maxLength": f"Pasa de {limite} caracteres.",
        "minLength": f"Ha de tener al menos {limite} caracteres.",
        "maxItems": f"Pasa de {limite} elementos.",
        "minItems": f"Ha de tener al menos {limite} elementos.",
        "maximum": f"Pasa de {limite}.",
        "minimum": f"Ha de ser al menos {limite}.",
    }.get(regla, f"No cumple «{regla}» de su esquema.")


_NOMBRES: Final = {
    "string": "un texto",
    "integer": "un entero",
    "number": "un número",
    "boolean": "true o false",
    "object": "un objeto",
    "array": "una lista",
    "null": "null",
}
_FORMATOS: Final = {
    "uuid": "un UUID",
    "date": "una fecha que exista, AAAA-MM-DD",
    "date-time": "un instante que exista, con zona: AAAA-MM-DDTHH:MM:SSZ",
}


def _constante(valor: object) -> str:
    return "Esta petición no lleva nada sellado: déjalo vacío." if valor == "" else f"Se espera «{valor}»."


def _en(esquema: Mapping[str, Any], pasos: Sequence[str | int]) -> Mapping[str, Any]:
    """Dentro del esquema, siguiendo sus referencias."""
    nodo: Any = esquema
    for paso in pasos:
        if isinstance(nodo, Mapping) and "$ref" in nodo and paso != "$ref":
            nodo = esquema["$defs"][str(nodo["$ref"]).rpartition("/")[2]]
        nodo = esquema["$defs"][str(nodo["$ref"]).rpartition("/")[2]] if paso == "$ref" else nodo[paso]
    return nodo if isinstance(nodo, Mapping) else {}


def _retirada(esquema: Mapping[str, Any], clave: str, donde: Posiciones) -> Iterator[Fallo]:
    if retirada := esquema.get("x-retirada"):
        usa = f"; usa {retirada['sustituto']}" if "sustituto" in retirada else ""
        yield _fallo(donde, (clave,), f"Obsoleto: se retira el {retirada['retirada']}{usa}.")


def _fallo(donde: Posiciones, camino: Camino, que_hacer: str) -> Fallo:
    return Fallo(linea=_linea(donde, camino), campo=en_texto(camino), que_hacer=que_hacer)


def _linea(donde: Posiciones, camino: Camino) -> int:
    """La suya o, si falta, la de lo más cercano que la contiene."""
    while camino not in donde.lineas and camino:
        camino = camino[:-1]
    return donde.lineas.get(camino, 1)


def _entero(linea: int, que_hacer: str) -> Validado:
    return Validado(fallos=(Fallo(linea=linea, campo="", que_hacer=que_hacer),))


def _linea_del_corte(cuerpo: bytes, error: Exception) -> int:
    """El byte lo dice `msgspec`; si el texto se acaba antes de tiempo, la última línea."""
    byte = str(error).rpartition("(byte ")[2].removesuffix(")")
    hasta = int(byte) if byte.isdecimal() else len(cuerpo.rstrip())
    return cuerpo.count(b"\n", 0, hasta) + 1


__all__ = ["Esquemas", "Fallo", "Validado", "validar"]
