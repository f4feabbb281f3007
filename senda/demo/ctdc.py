"""Registros con las columnas de la base sintética de CTDC, cada uno como una detección. No se fabrica nada.

Lo que el registro no dice va como «no consta» y decide el protocolo. Una columna en 0 nunca afirma lo contrario: el
libro de códigos une en el 0 «no» y «no se supo», así que «Is Citizen of Country» en 0 no convierte a nadie en
extranjera, y «Woman» en 0 no dice que sea hombre. El riesgo no está en los datos y una detección ha de llevarlo: va
«medio», que no dispara ninguna regla. Lo que hacen las instituciones después sí es de la demostración.

Qué valor es cada columna está en `contratos/clasificacion/ctdc.toml`.

Fuente de los datos: Counter-Trafficking Data Collaborative (CTDC), Global Synthetic Dataset, ctdatacollaborative.org.
"""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple
from uuid import UUID

from contratos.clasificacion import Lista, columnas_ctdc, cruce
from contratos.clasificacion.traducir import CIUDADANA, SIN_CONSTAR
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from eventos.listas import Captacion, DuracionExplotacion, MedioControl, Modalidad
from eventos.perfil import Genero, PerfilDesagregado
from eventos.tipos import NivelRiesgo, SiNo
from senda.demo.guion import Guion
from senda.demo.historias.cartel import Puesta
from senda.demo.historias.caso import Caso, Persona
from senda.demo.sorteo import elegir

#: Detecciones que entran a la vez con reloj simulado, y cada cuánto.
LOTE, CADA = 250, timedelta(hours=1)
_DETECTAN = ("GT-PNC", "GT-IGM", "GT-MP", "GT-MSPAS", "GT-REFUGIO")
_CTDC = cruce("ctdc")
_EDADES = _CTDC.de(Lista.GRUPO_ETARIO).inverso
_NNA = frozenset({"0-8", "9-17"})
_DURACIONES = _CTDC.de(Lista.DURACION).inverso
_MEDIOS = {c: MedioControl(v) for c, v in _CTDC.de(Lista.MEDIO).inverso.items()}
_MODALIDADES = {c: Modalidad(v) for c, v in _CTDC.de(Lista.MODALIDAD).inverso.items()}
_CAPTACIONES = {c: Captacion(v) for c, v in _CTDC.de(Lista.CAPTACION).inverso.items()}
_GENEROS = {c: Genero(v) for c, v in _CTDC.de(Lista.GENERO).inverso.items()}
_EDAD, _DURACION = _CTDC.de(Lista.GRUPO_ETARIO).campo, _CTDC.de(Lista.DURACION).campo
#: El mayor valor de cada columna; el menor es siempre 0.
COLUMNAS = columnas_ctdc()


class ArchivoInvalido(Exception):
    """El archivo no vale. Dice línea y columna, y no repite lo que traía."""


class Registro(NamedTuple):
    """Un registro, ya comprobado."""

    persona: Persona
    modalidades: tuple[Modalidad, ...]
    medios: tuple[MedioControl, ...]
    captacion: tuple[Captacion, ...]
    duracion: DuracionExplotacion


def leer(archivo: Path, limite: int | None) -> Iterator[Registro]:
    """Los primeros ``limite`` registros de un CSV o .csv.gz, de uno en uno. Errores: `ArchivoInvalido`."""
    with _abierto(archivo) as texto:
        lector = csv.DictReader(texto, restkey="")
        faltan = [columna for columna in COLUMNAS if columna not in (lector.fieldnames or ())]
        if faltan:
            raise ArchivoInvalido(f"línea 1: faltan columnas: {', '.join(faltan)}")
        for fila in islice(lector, limite):
            yield registro(_numeros(fila, lector.line_num))


def contar(archivo: Path, limite: int | None) -> int:
    """Cuántos registros se leerían, comprobándolos todos antes de empezar. Errores: `ArchivoInvalido`."""
    try:
        cuantos = sum(1 for _ in leer(archivo, limite))
    except (OSError, EOFError, UnicodeDecodeError, csv.Error) as error:
        raise ArchivoInvalido(f"no se puede leer el archivo como CSV en UTF-8: {type(error).__name__}") from None
    if not cuantos:
        raise ArchivoInvalido("el archivo no tiene registros")
    return cuantos


def registro(fila: Mapping[str, int]) -> Registro:
    """De las columnas a lo que se cuenta de una persona."""
    edad = _EDADES[str(fila[_EDAD])]
    nna = SiNo.NO_CONSTA if edad == SIN_CONSTAR else SiNo.SI if edad in _NNA else SiNo.NO
    genero = next((g for c, g in _GENEROS.items() if fila[c]), Genero.NO_CONSTA)
    return Registro(
        persona=Persona(
            nna=nna,
            extranjera=SiNo.NO if fila[CIUDADANA] else SiNo.NO_CONSTA,
            idioma="und",
            riesgo=NivelRiesgo.MEDIO,
            perfil=PerfilDesagregado(genero=genero, grupo_etario=edad),
        ),
        modalidades=tuple(m for c, m in _MODALIDADES.items() if fila[c]) or (Modalidad.OTRA,),
        medios=tuple(m for c, m in _MEDIOS.items() if fila[c]),
        captacion=tuple(r for c, r in _CAPTACIONES.items() if fila[c]),
        duracion=DuracionExplotacion(_DURACIONES[str(fila[_DURACION])]),
    )


def programa(archivo: Path, limite: int | None, puesta: Puesta) -> Iterator[tuple[datetime, Guion]]:
    """Cuándo entra cada registro: por lotes, que es como el sistema rinde."""
    for numero, leido in enumerate(leer(archivo, limite)):
        caso = Caso(persona=leido.persona, azar=puesta.azar, casos=puesta.casos, ritmo=0.0, insiste=puesta.insiste)
        llegada = puesta.inicio + CADA * (numero // LOTE) * puesta.ritmo
        yield llegada, detectar(caso, leido, elegir(puesta.azar, _DETECTAN))


def duracion(registros: int) -> timedelta:
    """Tiempo simulado en que entran todos, con holgura para el último lote."""
    return CADA * (registros // LOTE + 1)


def detectar(caso: Caso, leido: Registro, quien: str) -> Guion:
    """Una institución cuenta lo que el registro dice; lo demás lo hacen quienes reciben los encargos."""
    persona = leido.persona
    (acuse,) = yield from caso.pedir(
        quien,
        DetectarPresuntaVictima(
            nna=persona.nna,
            extranjera=persona.extranjera,
            idioma=persona.idioma,
            riesgo=persona.riesgo,
            pais_deteccion="gt",
            perfil=persona.perfil,
            modalidades=leido.modalidades,
            medios=leido.medios,
            captacion=leido.captacion,
            duracion=leido.duracion,
        ),
    )
    caso.empezar(UUID(acuse.eventos[0].sujeto), quien)


def _numeros(fila: Mapping[str, str | None], linea: int) -> dict[str, int]:
    numeros = {}
    for columna, mayor in COLUMNAS.items():
        texto = (fila.get(columna) or "").strip()
        if not (texto.isascii() and texto.isdigit() and int(texto) <= mayor):
            raise ArchivoInvalido(f"línea {linea}, columna «{columna}»: se esperaba un entero de 0 a {mayor}")
        numeros[columna] = int(texto)
    return numeros


@contextmanager
def _abierto(archivo: Path) -> Iterator[IO[str]]:
    abrir = gzip.open if archivo.suffix == ".gz" else open
    with abrir(archivo, "rt", encoding="utf-8-sig", newline="") as texto:
        yield texto


__all__ = ["COLUMNAS", "ArchivoInvalido", "Registro", "contar", "detectar", "duracion", "leer", "programa", "registro"]
