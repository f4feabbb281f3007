"""Los recibos que una institución guarda: cada acuse firmado dice qué hechos causó, y han de estar en el libro.

«No falta nada» significa esto y nada más: que cada recibo entregado está cumplido. Lo que nunca se acusó no se puede
probar. Un rechazo promete que de esa solicitud no hay ningún hecho.

Un archivo de recibos lleva uno por línea: ``{"acuse": base64, "firma_acuse": JWS}``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from senda_verificar import json_unico
from senda_verificar.confianza import Confianza
from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.firmas import SinValor
from senda_verificar.json_unico import JsonInvalido
from senda_verificar.paquetes import Hallado
from senda_verificar.rapido import Extremo
from senda_verificar.solicitudes import ACEPTADA, cumple, leer_acuse

_RECHAZADA: Final = "rechazada"


def leer(lineas: Iterable[str], confianza: Confianza, registro: Registro) -> list[Mapping[str, Any]]:
    """Los acuses que comprometen al libro, con su firma comprobada; señala los que no valen."""
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
        if acuse.get("resultado") == ACEPTADA or _en_firme(acuse):
            acuses.append(acuse)
    return acuses


def _en_firme(acuse: Mapping[str, Any]) -> bool:
    """Si es un rechazo del que no hay vuelta.

    El que no lleva el id de la solicitud la devolvió sin atribuirla (firma caducada, institución suspendida): los
    mismos bytes pueden aceptarse después.
    """
    return acuse.get("resultado") == _RECHAZADA and bool(acuse.get("id"))


def prometidos(acuses: Iterable[Mapping[str, Any]]) -> frozenset[str]:
    """Los ids de los hechos que unos acuses dicen haber causado, y las huellas de sus solicitudes."""
    return frozenset(t for acuse in acuses for t in (*_ids(acuse), str(acuse.get("huella"))))


def cumplir(
    acuses: Iterable[Mapping[str, Any]], hallados: Mapping[str, Sequence[Hallado]], ultimos: Mapping[str, Extremo],
    registro: Registro,
) -> int:  # fmt: skip
    """Los hechos de cada solicitud han de ser los que promete su recibo, y decir lo mismo. Devuelve cuántos cumplen."""
    cumplidos = 0
    causados: dict[str, list[Hallado]] = {}
    for hallado in (h for mismos in hallados.values() for h in mismos):
        causados.setdefault(str(hallado.sobre["solicitud"]), []).append(hallado)
    for acuse in acuses:
        suyos, origen = causados.get(str(acuse.get("huella")), []), str(acuse.get("origen"))
        posicion = p if type(p := acuse.get("posicion", 0)) is int else 0
        if acuse.get("resultado") == ACEPTADA:
            llega = ultimos[origen].posicion if origen in ultimos else 0
            falta = _sin_cumplir(acuse, suyos, hallados, llega)
        else:
            # Lo que un servicio rechaza por no ser suyo, otro lo puede aceptar.
            contra = [h.posicion for h in suyos if h.origen == origen]
            falta = "el libro atribuye un hecho a una solicitud que este recibo dice rechazada" if contra else None
            posicion = min(contra, default=posicion)
        if falta is None:
            cumplidos += 1
        else:
            registro.apuntar(Codigo.RECIBO_INCUMPLIDO, Donde.RECIBO, origen, posicion, falta)
    return cumplidos


def _sin_cumplir(
    acuse: Mapping[str, Any], suyos: Iterable[Hallado], hallados: Mapping[str, Sequence[Hallado]], llega: int
) -> str | None:
    """Qué no cumple el libro de un recibo de aceptación. ``suyos``: lo que atribuye a su solicitud."""
    posicion = acuse.get("posicion", 0)
    for evento in acuse["eventos"]:
        if (que := _falta(acuse, evento, hallados.get(evento["id"], ()))) is not None:
            return que
    if {h.sobre["id"] for h in suyos} - _ids(acuse):
        return "el libro atribuye a la solicitud de este recibo un hecho que el recibo no nombra"
    if type(posicion) is not int:
        return "no dice en qué posición quedó su origen"
    if posicion > llega:
        return f"promete hechos hasta la posición {posicion} y el libro llega a la {llega}"
    if any(h.posicion > posicion for h in suyos):
        return "el libro pone el hecho después de la posición en que el recibo dice que ya constaba"
    return None


def _ids(acuse: Mapping[str, Any]) -> set[str]:
    return {str(e.get("id")) for e in acuse["eventos"]}


def _falta(acuse: Mapping[str, Any], evento: Mapping[str, Any], hallados: Sequence[Hallado]) -> str | None:
    if not hallados:
        return "un hecho que el recibo promete no está en el libro"
    if len(hallados) > 1:
        return "el hecho que el recibo promete está repetido en el libro"
    (hallado,) = hallados
    if (hallado.origen, hallado.sobre["solicitud"]) != (acuse.get("origen"), acuse.get("huella")):
        return "el hecho que el recibo promete está en el libro como si lo hubiera causado otra cosa"
    return None if cumple(evento, hallado.sobre) else "el libro cuenta el hecho de otra manera que el recibo"


__all__ = ["cumplir", "leer", "prometidos"]
