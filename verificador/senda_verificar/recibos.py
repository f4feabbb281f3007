"""Los recibos que una institución guarda: cada acuse firmado dice qué hechos causó, y han de estar en el libro.

«No falta nada» significa esto y nada más: que cada recibo entregado está cumplido. Lo que nunca se acusó no se puede
probar. Un archivo de recibos lleva uno por línea: ``{"acuse": base64, "firma_acuse": JWS}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final

from senda_verificar import json_unico
from senda_verificar.confianza import Confianza
from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.firmas import SinValor
from senda_verificar.json_unico import JsonInvalido
from senda_verificar.paquetes import Hallado
from senda_verificar.rapido import Extremo
from senda_verificar.solicitudes import cumple, leer_acuse

_ACEPTADA: Final = "aceptada"


def leer(lineas: Iterable[str], confianza: Confianza, registro: Registro) -> list[Mapping[str, Any]]:
    """Los acuses de aceptación, con su firma comprobada; señala los que no valen."""
    acuses = []
    for numero, linea in enumerate(lineas, 1):
        if not linea.strip():
            continue
        try:
            fila = json_unico.objeto(linea)
            texto, firma = str(fila.get("acuse")), str(fila.get("firma_acuse"))
            origen = str(leer_acuse(texto, firma, None).get("origen", ""))
            clave = confianza.origenes.get(origen)
            acuse = leer_acuse(texto, firma, [clave.publica] if clave else [])
        except (SinValor, JsonInvalido) as error:
            registro.apuntar(Codigo.RECIBO_FALSO, Donde.RECIBO, "", numero, f"el recibo {numero}: {error}")
            continue
        if acuse.get("resultado") == _ACEPTADA:
            acuses.append(acuse)
    return acuses


def prometidos(acuses: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Los ids de los hechos que unos acuses dicen haber causado, y las huellas de sus solicitudes."""
    return frozenset(t for acuse in acuses for t in (*_ids(acuse), str(acuse.get("huella"))))


def cumplir(
    acuses: Iterable[Mapping[str, Any]], hallados: Mapping[str, Hallado], ultimos: Mapping[str, Extremo],
    registro: Registro,
) -> int:  # fmt: skip
    """Los hechos de cada solicitud han de ser los que promete su recibo, y decir lo mismo. Devuelve cuántos cumplen."""
    cumplidos = 0
    causados: dict[str, set[str]] = {}
    for identificador, hallado in hallados.items():
        causados.setdefault(str(hallado.sobre["solicitud"]), set()).add(identificador)
    for acuse in acuses:
        origen, dicha = str(acuse.get("origen")), acuse.get("posicion", 0)
        posicion = dicha if type(dicha) is int else 0
        falta = next((que for e in acuse["eventos"] if (que := _falta(acuse, e, hallados.get(str(e.get("id")))))), None)
        if falta is None and causados.get(str(acuse.get("huella")), set()) - _ids(acuse):
            falta = "el libro atribuye a la solicitud de este recibo un hecho que el recibo no nombra"
        llega = ultimos[origen].posicion if origen in ultimos else 0
        if falta is None and posicion != dicha:
            falta = "no dice en qué posición quedó su origen"
        if falta is None and posicion > llega:
            falta = f"promete hechos hasta la posición {posicion} y el libro llega a la {llega}"
        if falta is None:
            cumplidos += 1
        else:
            registro.apuntar(Codigo.RECIBO_INCUMPLIDO, Donde.RECIBO, origen, posicion, falta)
    return cumplidos


def _ids(acuse: Mapping[str, Any]) -> set[str]:
    return {str(e.get("id")) for e in acuse["eventos"]}


def _falta(acuse: Mapping[str, Any], evento: Mapping[str, Any], hallado: Hallado | None) -> str | None:
    if hallado is None:
        return "un hecho que el recibo promete no está en el libro"
    if (hallado.origen, hallado.sobre["solicitud"]) != (acuse.get("origen"), acuse.get("huella")):
        return "el hecho que el recibo promete está en el libro como si lo hubiera causado otra cosa"
    return None if cumple(evento, hallado.sobre) else "el libro cuenta el hecho de otra manera que el recibo"


__all__ = ["cumplir", "leer", "prometidos"]
