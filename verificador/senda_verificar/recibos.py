"""Los recibos que una institución guarda: cada acuse firmado dice qué hechos causó, y han de estar en el libro.

«No falta nada» significa esto y nada más: que cada recibo entregado está cumplido. Lo que nunca se acusó no se puede
probar. Un archivo de recibos lleva uno por línea: ``{"acuse": base64, "firma_acuse": JWS}``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from senda_verificar.actos import cumple, leer_acuse
from senda_verificar.confianza import Confianza
from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.firmas import SinValor, objeto_unico
from senda_verificar.paquetes import Hallado
from senda_verificar.rapido import Extremo

_ACEPTADA: Final = "aceptada"


def leer(lineas: Iterable[str], confianza: Confianza, registro: Registro) -> list[Mapping[str, Any]]:
    """Los acuses de aceptación, con su firma comprobada; señala los que no valen."""
    acuses = []
    for numero, linea in enumerate(lineas, 1):
        try:
            fila = json.loads(linea, object_pairs_hook=objeto_unico)
            texto, firma = str(fila["acuse"]), str(fila["firma_acuse"])
            origen = str(leer_acuse(texto, firma, None).get("origen", ""))
            clave = confianza.origenes.get(origen)
            acuse = leer_acuse(texto, firma, [clave.publica] if clave else [])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            que = str(error) if isinstance(error, SinValor) else "no tiene la forma acordada"
            registro.apuntar(Codigo.RECIBO_FALSO, Donde.RECIBO, "", numero, f"el recibo {numero}: {que}")
            continue
        if acuse.get("resultado") == _ACEPTADA:
            acuses.append(acuse)
    return acuses


def prometidos(acuses: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Los ids de los hechos que unos acuses dicen haber causado."""
    return frozenset(str(e.get("id")) for acuse in acuses for e in acuse["eventos"])


def cumplir(
    acuses: Iterable[Mapping[str, Any]], hallados: Mapping[str, Hallado], ultimos: Mapping[str, Extremo],
    registro: Registro,
) -> int:  # fmt: skip
    """Cada hecho prometido ha de estar, ser de ese origen y nombrar esa solicitud. Devuelve cuántos recibos cumplen."""
    cumplidos = 0
    for acuse in acuses:
        origen, posicion = str(acuse.get("origen")), acuse.get("posicion", 0)
        falta = next((que for e in acuse["eventos"] if (que := _falta(acuse, e, hallados.get(str(e.get("id")))))), None)
        llega = ultimos[origen].posicion if origen in ultimos else 0
        if falta is None and (not isinstance(posicion, int) or posicion > llega):
            falta = f"promete hechos hasta la posición {posicion} y el libro llega a la {llega}"
        if falta is None:
            cumplidos += 1
        else:
            donde = posicion if isinstance(posicion, int) else 0
            registro.apuntar(Codigo.RECIBO_INCUMPLIDO, Donde.RECIBO, origen, donde, falta)
    return cumplidos


def _falta(acuse: Mapping[str, Any], evento: Mapping[str, Any], hallado: Hallado | None) -> str | None:
    if hallado is None:
        return "un hecho que el recibo promete no está en el libro"
    if (hallado.origen, hallado.sobre["solicitud"]) != (acuse.get("origen"), acuse.get("huella")):
        return "el hecho que el recibo promete está en el libro como si lo hubiera causado otra cosa"
    return None if cumple(evento, hallado.sobre) else "el libro cuenta el hecho de otra manera que el recibo"


__all__ = ["cumplir", "leer", "prometidos"]
