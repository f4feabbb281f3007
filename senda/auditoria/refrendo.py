"""El lado del libro: pedir a un testigo que refrende el último punto de control, y no creerle sin comprobarlo.

Lo que se pide y se contesta es C2SP ``tlog-witness`` (`servicios.testigo.dominio`); el testigo puede ser de otro.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from enum import StrEnum
from http import HTTPStatus
from typing import Final, NamedTuple, TypeAlias

import sqlalchemy as sa
from sqlalchemy import Connection

from senda.testigo import de_testigo
from senda_verificar import nota
from senda_verificar.nota import Vkey
from servicios.auditoria.arbol import prueba_consistencia
from servicios.auditoria.libro import puntos
from servicios.auditoria.refrendos import anotar_refrendo, ultimo_refrendado
from servicios.auditoria.teselas import TeselasDelLibro
from servicios.testigo.dominio import TAMANO, Respuesta

#: Manda la petición y devuelve lo que contestó el testigo.
Pedir: TypeAlias = Callable[[bytes], Respuesta]
_CIFRAS: Final = 19


class Motivo(StrEnum):
    """Por qué no hay refrendo."""

    SIN_PUNTOS = "sin-puntos"
    BIFURCACION = "bifurcacion"
    RETROCESO = "retroceso"
    SIN_CONSISTENCIA = "sin-consistencia"
    LIBRO_DESCONOCIDO = "libro-desconocido"
    FIRMA_AJENA = "firma-ajena"
    REFRENDO_INVALIDO = "refrendo-invalido"
    OTRO_TAMANO = "otro-tamano"
    RESPUESTA_INESPERADA = "respuesta-inesperada"


#: Los que no son un descuido: alguien vio otro libro.
ALARMAS: Final = frozenset({Motivo.BIFURCACION, Motivo.RETROCESO, Motivo.SIN_CONSISTENCIA})

QUE_SIGNIFICA: Final[dict[Motivo, str]] = {
    Motivo.SIN_PUNTOS: "El libro aún no tiene ningún punto de control que refrendar.",
    Motivo.BIFURCACION: (
        "ALARMA: con la clave de este libro se firmaron dos contenidos distintos del mismo tamaño. El testigo ya "
        "refrendó el otro, y conserva los dos. No toques la base, guarda una copia y avisa al órgano de control: o "
        "alguien reescribió, o la base se restauró de una copia y siguió con otros hechos."
    ),
    Motivo.RETROCESO: (
        "ALARMA: el testigo ya refrendó un libro mayor que este. O a este le faltan hechos (se recortó, o se restauró "
        "de una copia vieja), o alguien firmó otro con su clave. No toques la base y avisa al órgano de control."
    ),
    Motivo.SIN_CONSISTENCIA: (
        "ALARMA: este libro no empieza por el que el testigo refrendó: algo de lo anterior se reescribió, o los nodos "
        "con que se hace la prueba están dañados. Mira cuál con «senda auditar verificar». El testigo guarda el punto "
        "que se le mandó."
    ),
    Motivo.LIBRO_DESCONOCIDO: "El testigo no sigue este libro: dale la vkey del libro («senda testigo conocer»).",
    Motivo.FIRMA_AJENA: "El testigo sigue un libro de este nombre con otra clave: dale la vkey con que se firma ahora.",
    Motivo.REFRENDO_INVALIDO: (
        "Lo que contestó el testigo no es un refrendo de este punto con la clave esperada; no se guardó. Comprueba la "
        "vkey con el órgano, por otro camino."
    ),
    Motivo.OTRO_TAMANO: "El testigo cambió dos veces de tamaño: otro está pidiéndole a la vez. Repite.",
    Motivo.RESPUESTA_INESPERADA: "El testigo no pudo o no supo contestar; no se guardó nada. Repite más tarde.",
}

_MOTIVOS: Final[dict[int, Motivo]] = {
    HTTPStatus.FORBIDDEN: Motivo.FIRMA_AJENA,
    HTTPStatus.NOT_FOUND: Motivo.LIBRO_DESCONOCIDO,
    HTTPStatus.UNPROCESSABLE_ENTITY: Motivo.SIN_CONSISTENCIA,
}


class SinRefrendo(Exception):
    """No se obtuvo, y por qué. No repite lo que contestó el testigo."""

    def __init__(self, motivo: Motivo) -> None:
        super().__init__(motivo)
        self.motivo: Final = motivo

    def __str__(self) -> str:
        return f"{self.motivo}: {QUE_SIGNIFICA[self.motivo]}"


class Peticion(NamedTuple):
    """Lo que se manda. ``punto``: el texto que se quiere refrendar, de ``tamano`` entradas; ``desde``: lo ya dicho."""

    desde: int
    tamano: int
    punto: str
    cuerpo: bytes


class Refrendo(NamedTuple):
    """Una línea comprobada. ``instante``: segundos desde 1970, según el testigo.

    ``olvido``: el testigo decía recordar menos de lo que aquí consta que refrendó: restauró una copia, o le borraron.
    """

    testigo: str
    tamano: int
    linea: str
    instante: int
    olvido: bool = False


def identidad(clave: Vkey) -> str:
    """Con qué nombre se anotan sus refrendos: nombre y huella, que un testigo reinstalado con otra clave es otro."""
    return f"{clave.nombre}+{clave.huella.hex()}"


def refrendar_con(conexion: Connection, pedir: Pedir, vkey: str, ahora: datetime) -> Refrendo:
    """Pide el refrendo del último punto, lo comprueba y lo guarda en la transacción de ``conexion``.

    Mientras se espera al testigo esa transacción sigue abierta: con uno lejano, `obtener` y después `anotar`.
    ``vkey``: la del testigo. ``ahora`` en UTC. Errores: `SinRefrendo`, `ClaveInvalida` y los de ``pedir``.
    """
    refrendo = obtener(conexion, pedir, vkey)
    anotar(conexion, refrendo, ahora)
    return refrendo


def obtener(conexion: Connection, pedir: Pedir, vkey: str) -> Refrendo:
    """El refrendo del último punto, comprobado y sin guardar. Errores: `SinRefrendo`, `ClaveInvalida`."""
    clave = de_testigo(vkey)
    constaba = ultimo_refrendado(conexion, identidad(clave))
    peticion = preparar(conexion, constaba)
    respuesta = pedir(peticion.cuerpo)
    dicho = _tamano_dicho(respuesta)
    if dicho is not None and dicho <= peticion.tamano and dicho != peticion.desde:
        peticion = preparar(conexion, dicho, peticion.tamano)
        respuesta = pedir(peticion.cuerpo)
    refrendo = juzgar(peticion, respuesta, clave)
    return refrendo._replace(olvido=peticion.desde < constaba)


def anotar(conexion: Connection, refrendo: Refrendo, ahora: datetime) -> None:
    """Guarda un refrendo ya comprobado. ``ahora`` en UTC."""
    anotar_refrendo(conexion, refrendo.tamano, refrendo.testigo, refrendo.linea, ahora)


def preparar(conexion: Connection, desde: int, tamano: int | None = None) -> Peticion:
    """La petición de refrendar un punto (por omisión, el último) desde lo que el testigo refrendó.

    Errores: `SinRefrendo` si no hay puntos o el último es menor que ``desde``.
    """
    consulta = sa.select(puntos.c.tamano, puntos.c.texto).order_by(puntos.c.tamano.desc()).limit(1)
    if tamano is not None:
        consulta = consulta.where(puntos.c.tamano == tamano)
    fila = conexion.execute(consulta).first()
    if fila is None:
        raise SinRefrendo(Motivo.SIN_PUNTOS)
    if desde > fila.tamano:
        raise SinRefrendo(Motivo.RETROCESO)
    prueba = prueba_consistencia(TeselasDelLibro(conexion), desde, fila.tamano)
    lineas = [f"old {desde}", *(b64encode(h).decode() for h in prueba), "", fila.texto]
    return Peticion(desde, fila.tamano, fila.texto, "\n".join(lineas).encode())


def juzgar(peticion: Peticion, respuesta: Respuesta, clave: Vkey) -> Refrendo:
    """Qué vale lo que contestó. Errores: `SinRefrendo`."""
    if respuesta.estado != HTTPStatus.OK:
        raise SinRefrendo(_motivo(peticion, respuesta))
    refrendo = comprobar(peticion.punto, peticion.tamano, respuesta.cuerpo, clave)
    if refrendo is None:
        raise SinRefrendo(Motivo.REFRENDO_INVALIDO)
    return refrendo


def comprobar(punto: str, tamano: int, lineas: bytes, clave: Vkey) -> Refrendo | None:
    """El refrendo que ``clave`` dio a ese punto, si está entre esas líneas; las de otros se ignoran."""
    try:
        leido = nota.leer(punto + lineas.decode())
        instante = nota.exigir_firma(leido, clave)
    except (UnicodeDecodeError, nota.PuntoInvalido):
        return None
    suya = next(f for f in leido.firmas if (f.nombre, f.huella) == (clave.nombre, clave.huella))
    return Refrendo(identidad(clave), tamano, nota.escribir_firma(*suya), instante or 0)


def recoger(conexion: Connection, lineas: bytes, vkey: str) -> Refrendo:
    """El refrendo que vuelve en un archivo: se busca de qué punto es, del último hacia atrás.

    Errores: `SinRefrendo`, `ClaveInvalida`.
    """
    clave = de_testigo(vkey)
    consulta = sa.select(puntos.c.tamano, puntos.c.texto).order_by(puntos.c.tamano.desc())
    for fila in conexion.execute(consulta):
        refrendo = comprobar(fila.texto, fila.tamano, lineas, clave)
        if refrendo is not None:
            return refrendo
    raise SinRefrendo(Motivo.REFRENDO_INVALIDO)


def _motivo(peticion: Peticion, respuesta: Respuesta) -> Motivo:
    dicho = _tamano_dicho(respuesta)
    if dicho is not None and dicho > peticion.tamano:
        return Motivo.RETROCESO
    # El testigo ya tiene un punto de ese tamaño y lo que choca es la raíz. Los hay que entonces también lo dicen.
    de_lo_mismo = peticion.desde == peticion.tamano
    if _choca(respuesta) and de_lo_mismo and dicho in {None, peticion.desde}:
        return Motivo.BIFURCACION
    return Motivo.OTRO_TAMANO if dicho is not None else _MOTIVOS.get(respuesta.estado, Motivo.RESPUESTA_INESPERADA)


def _tamano_dicho(respuesta: Respuesta) -> int | None:
    """El tamaño que pide un 409; None si no es eso lo que contestó."""
    if not _choca(respuesta) or respuesta.tipo.partition(";")[0].strip() != TAMANO:
        return None
    texto = respuesta.cuerpo.removesuffix(b"\n")
    return int(texto) if texto.isdigit() and len(texto) <= _CIFRAS else None


def _choca(respuesta: Respuesta) -> bool:
    return respuesta.estado == HTTPStatus.CONFLICT


__all__ = [
    "ALARMAS",
    "QUE_SIGNIFICA",
    "Motivo",
    "Pedir",
    "Peticion",
    "Refrendo",
    "SinRefrendo",
    "anotar",
    "comprobar",
    "identidad",
    "juzgar",
    "obtener",
    "preparar",
    "recoger",
    "refrendar_con",
]
