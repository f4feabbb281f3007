"""Juzgar los actos del libro paquete a paquete, en varios procesos, y buscar de paso lo que prometen unos recibos."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import astuple
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from senda_verificar.actos import Cuenta, Juez
from senda_verificar.archivos import lineas
from senda_verificar.confianza import Confianza
from senda_verificar.faltas import Codigo, Donde, Falta, Registro, como_id
from senda_verificar.hechos import DE_INSTITUCION, DESTRUYE, Acto, destruidas, leer_acto
from senda_verificar.instituciones import Directorio
from senda_verificar.procesos import en_procesos
from senda_verificar.solicitudes import SOLICITUDES, Guardada, leer_solicitudes
from senda_verificar.teselas import (
    ANCHO,
    ArchivoAusente,
    ArchivoIlegible,
    anchos,
    en_ruta,
    leer_paquete,
    partir,
)

_MARCAS: Final = tuple(b'"type":"' + de.encode() for de in (DE_INSTITUCION, DESTRUYE))


class Hallado(NamedTuple):
    """Dónde está en el libro un hecho que un recibo nombra, y qué dice su sobre."""

    origen: str
    posicion: int
    sobre: Mapping[str, Any]


class Juicio(NamedTuple):
    """Lo que sale de un paquete."""

    faltas: Sequence[Falta]
    omitidas: int
    cuenta: tuple[int, ...]
    hallados: Mapping[str, Sequence[Hallado]]


def juzgar(
    carpeta: Path, tamano: int, confianza: Confianza, buscados: frozenset[str], registro: Registro, procesos: int = 0
) -> tuple[Cuenta, dict[str, list[Hallado]]]:
    """Juzga los actos de las ``tamano`` primeras entradas. ``buscados``: ids de hechos y huellas de solicitudes.

    Lo que falte de en medio ya lo señaló quien recorrió antes.
    """
    con_solicitudes = (carpeta / SOLICITUDES).is_dir()
    if not con_solicitudes and not buscados:
        # Nada con que juzgar ni nada que buscar: leer cada sobre costaría más que todo lo demás.
        return Cuenta(), {}
    claves, sin_clave = _repasar(carpeta, tamano, confianza, registro) if con_solicitudes else ({}, set[str]())
    uno = partial(
        _un_paquete, carpeta, claves, {o: c.cruda for o, c in confianza.origenes.items()}, sin_clave, buscados,
        con_solicitudes=con_solicitudes,
    )  # fmt: skip
    total, hallados = [0] * len(astuple(Cuenta())), dict[str, list[Hallado]]()
    for juicio in en_procesos(uno, anchos(tamano), procesos):
        registro.sumar(juicio.faltas, juicio.omitidas)
        total = [a + b for a, b in zip(total, juicio.cuenta, strict=True)]
        for identificador, mismos in juicio.hallados.items():
            hallados.setdefault(identificador, []).extend(mismos)
    return Cuenta(*total), hallados


def _repasar(
    carpeta: Path, tamano: int, confianza: Confianza, registro: Registro
) -> tuple[dict[str, list[bytes]], set[str]]:
    """Con qué clave pudo firmar cada institución, y qué rutas consta que ya no la tienen."""
    sin_clave: set[str] = set()
    directorio = Directorio({quien: [c.publica for c in suyas] for quien, suyas in confianza.instituciones.items()})
    for indice, ancho in anchos(tamano):
        marcados = _marcados(carpeta, indice, ancho)
        sin_clave |= destruidas(marcados)
        inscriben = [acto for acto in marcados if acto.inscribe]
        solicitudes = _solicitudes(carpeta, indice) if inscriben else {}
        for acto in inscriben:
            directorio.inscribir(acto, solicitudes, registro)
    return {quien: [c.public_bytes_raw() for c in suyas] for quien, suyas in directorio.claves().items()}, sin_clave


def _un_paquete(
    carpeta: Path, claves: Mapping[str, list[bytes]], origenes: Mapping[str, bytes], sin_clave: Collection[str],
    buscados: frozenset[str], paquete: tuple[int, int], *, con_solicitudes: bool,
) -> Juicio:  # fmt: skip
    registro = Registro()
    juez = Juez(
        {quien: list(map(_publica, suyas)) for quien, suyas in claves.items()},
        {o: _publica(c) for o, c in origenes.items()},
        _solicitudes(carpeta, paquete[0]) if con_solicitudes else {},
        registro,
        sin_clave,
    )
    hallados: dict[str, list[Hallado]] = {}
    vistos: set[str] = set()
    for acto in _actos(carpeta, *paquete, registro):
        if con_solicitudes:
            juez.juzgar(acto)
        identificador = str(acto.sobre["id"])
        if identificador in vistos:
            que = "otro hecho de su mismo paquete lleva ese id"
            registro.apuntar(Codigo.REPETIDO, Donde.LIBRO, acto.origen, acto.posicion, que, como_id(identificador))
        elif identificador:
            vistos.add(identificador)
        if identificador in buscados or acto.sobre["solicitud"] in buscados:
            hallados.setdefault(identificador, []).append(Hallado(acto.origen, acto.posicion, acto.sobre))
    return Juicio(registro.faltas, registro.omitidas, astuple(juez.cuenta), hallados)


def _actos(carpeta: Path, indice: int, ancho: int, registro: Registro) -> list[Acto]:
    try:
        entradas = leer_paquete(carpeta, indice, ancho)
    except (ArchivoAusente, ArchivoIlegible):
        return []
    actos = []
    for leida in map(partir, entradas):
        if leida is None:
            continue
        origen, posicion, _, cuerpo = leida
        acto = leer_acto(origen, posicion, cuerpo)
        if acto is None:
            que = "sus bytes no son un sobre que se lea de una sola manera"
            registro.apuntar(Codigo.FILA_ILEGIBLE, Donde.LIBRO, origen, posicion, que)
        else:
            actos.append(acto)
    return actos


def _marcados(carpeta: Path, indice: int, ancho: int) -> list[Acto]:
    try:
        entradas = leer_paquete(carpeta, indice, ancho)
    except (ArchivoAusente, ArchivoIlegible):
        return []
    # Buscar unos bytes cuesta mucho menos que leer cada sobre, y casi ninguno inscribe ni destruye.
    leidas = [partir(e) for e in entradas if any(marca in e for marca in _MARCAS)]
    actos = [leer_acto(origen, posicion, cuerpo) for origen, posicion, _, cuerpo in filter(None, leidas)]
    return [acto for acto in actos if acto is not None]


def _solicitudes(carpeta: Path, indice: int) -> dict[str, Guardada]:
    """Las de un paquete. Cada hecho nombra una como mucho: más líneas solo servirían para agotar a quien verifica."""
    return leer_solicitudes(islice(lineas(carpeta / SOLICITUDES / f"{en_ruta(indice)}.jsonl"), ANCHO))


def _publica(cruda: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(cruda)


__all__ = ["Hallado", "juzgar"]
