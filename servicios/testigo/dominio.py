r"""Qué contesta un testigo a quien le pide refrendar un punto de control, sin guardar nada ni mirar el reloj.

La petición (C2SP ``tlog-witness``, ``add-checkpoint``), cada línea con su salto::

    old N\n                      el tamaño del último punto que este testigo refrendó de ese libro, o 0
    hash en base64\n             de cero a 63: la prueba de consistencia desde N (RFC 6962, 2.1.2)
    \n
    punto de control firmado     `senda_verificar.nota`

Fuente: https://c2sp.org/tlog-witness.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from senda_verificar import arbol, nota
from senda_verificar.nota import PuntoDeControl, Vkey

#: Bytes: sobra para la prueba más larga y un punto con cien firmas.
MAXIMO_CUERPO: Final = 64 * 1024
_PRUEBA_MAXIMA: Final = 63
_ANTERIOR: Final = re.compile(r"old (0|[1-9][0-9]{0,18})")
#: Lo que cabe en la base; un libro no llega.
_TAMANO_MAXIMO: Final = 2**63 - 1

TEXTO: Final = "text/plain; charset=utf-8"
#: Con este tipo, el cuerpo es el tamaño que hay que poner en ``old``.
TAMANO: Final = "text/x.tlog.size"


class Respuesta(NamedTuple):
    """Lo que se contesta. ``codigo``: vacío si se refrendó; si no, por qué no, y no cambia de significado."""

    estado: int
    tipo: str
    cuerpo: bytes
    codigo: str = ""


class Negativa(Exception):
    """Por qué no se refrenda; no repite lo recibido. ``ultimo``: en ``otro-tamano``, lo que va en ``old``."""

    def __init__(self, codigo: str, ultimo: int | None = None) -> None:
        super().__init__(codigo)
        self.codigo: Final = codigo
        self.estado, self.que_hacer = NEGATIVAS[codigo]
        self.ultimo: Final = ultimo

    @property
    def respuesta(self) -> Respuesta:
        if self.ultimo is not None:
            return Respuesta(self.estado, TAMANO, f"{self.ultimo}\n".encode(), self.codigo)
        return Respuesta(self.estado, TEXTO, f"{self.codigo}: {self.que_hacer}\n".encode(), self.codigo)


#: Código -> estado HTTP de C2SP y qué hacer.
NEGATIVAS: Final[Mapping[str, tuple[int, str]]] = {
    "peticion-excesiva": (413, f"la petición pasa de {MAXIMO_CUERPO} bytes; un punto y su prueba caben de sobra"),
    "peticion-malformada": (400, "se esperan «old N», la prueba, una línea vacía y el punto de control"),
    "libro-desconocido": (404, "este testigo no sigue ese libro; quien lo opera puede añadirlo con su vkey"),
    "firma-ajena": (403, "el punto no lleva la firma de una clave de ese libro que este testigo conozca"),
    "anterior-imposible": (400, "el tamaño de «old» es mayor que el del punto: un libro no encoge"),
    "otro-tamano": (409, "«old» no es lo último que este testigo refrendó; repite desde el tamaño que se contesta"),
    "bifurcacion": (409, "este testigo ya refrendó otra raíz para ese mismo tamaño: hay dos libros distintos"),
    "sin-consistencia": (422, "la prueba no muestra que el punto solo añada a lo que este testigo refrendó"),
}


class Ultimo(NamedTuple):
    """Lo último que se refrendó de un libro."""

    tamano: int
    raiz: bytes


#: Cuando nunca se refrendó nada: el árbol vacío.
NADA: Final = Ultimo(0, arbol.RAIZ_VACIA)


class Peticion(NamedTuple):
    """Una petición bien formada, de un libro conocido y firmada por él. ``punto`` solo conserva esas firmas."""

    anterior: int
    prueba: tuple[bytes, ...]
    punto: PuntoDeControl


def examinar(cuerpo: bytes, libros: Mapping[str, Sequence[Vkey]]) -> Peticion:
    """De bytes hostiles a una petición. ``libros``: nombre de cada libro -> sus claves. Errores: `Negativa`."""
    if len(cuerpo) > MAXIMO_CUERPO:
        raise Negativa("peticion-excesiva")
    anterior, prueba, punto = _leer(cuerpo)
    claves = libros.get(punto.origen)
    if not claves:
        raise Negativa("libro-desconocido")
    firmantes = {(c.nombre, c.huella) for c in claves if _firmado(punto, c)}
    if not firmantes:
        raise Negativa("firma-ajena")
    if anterior > punto.tamano:
        raise Negativa("anterior-imposible")
    suyas = tuple(f for f in punto.firmas if (f.nombre, f.huella) in firmantes)
    return Peticion(anterior, prueba, punto._replace(firmas=suyas))


def decidir(peticion: Peticion, ultimo: Ultimo) -> None:
    """Vuelve si hay que refrendar. Entre leer ``ultimo`` y guardar el nuevo no puede haber nadie más.

    Errores: `Negativa`.
    """
    punto = peticion.punto
    if peticion.anterior != ultimo.tamano:
        raise Negativa("otro-tamano", ultimo.tamano)
    if punto.tamano == ultimo.tamano and punto.raiz != ultimo.raiz:
        raise Negativa("bifurcacion")
    if not arbol.verificar_consistencia(*ultimo, punto.tamano, punto.raiz, peticion.prueba):
        raise Negativa("sin-consistencia")


def acusacion(peticion: Peticion, refrendada: bytes | None, negativa: Negativa) -> str | None:
    """Si un punto firmado por el libro y negado merece guardarse, y como qué; None si no dice nada contra nadie.

    ``refrendada``: la raíz que se refrendó para ese mismo tamaño, si alguna. Dos raíces firmadas para un tamaño
    (``bifurcacion``) se prueban solas. Un punto mayor sin prueba que valga (``sin-consistencia``) es un indicio: pudo
    mandarlo cualquiera que lo tuviera, con una prueba cualquiera, y deja de serlo si después se refrenda.
    """
    if refrendada is not None and refrendada != peticion.punto.raiz:
        return "bifurcacion"
    # Del árbol vacío sigue cualquier otro: ahí una prueba mala no contradice nada.
    dudoso = negativa.codigo == "sin-consistencia" and refrendada is None and peticion.anterior > 0
    return negativa.codigo if dudoso else None


def texto_de(punto: PuntoDeControl) -> str:
    """El punto con sus firmas, como se reparte."""
    return punto.firmado.decode() + "\n" + "".join(nota.escribir_firma(*f) for f in punto.firmas)


def _leer(cuerpo: bytes) -> tuple[int, tuple[bytes, ...], PuntoDeControl]:
    try:
        cabeza, _, resto = cuerpo.decode().partition("\n\n")
        punto = nota.leer(resto)
    except (UnicodeDecodeError, nota.TextoInvalido):
        raise Negativa("peticion-malformada") from None
    primera, *lineas = cabeza.split("\n")
    prueba = tuple(h for h in map(nota.de_b64, lineas) if h is not None and len(h) == arbol.LARGO)
    dicho = _ANTERIOR.fullmatch(primera)
    if dicho is None or len(prueba) != len(lineas) or len(prueba) > _PRUEBA_MAXIMA or punto.tamano > _TAMANO_MAXIMO:
        raise Negativa("peticion-malformada")
    return int(dicho[1]), prueba, punto


def _firmado(punto: PuntoDeControl, clave: Vkey) -> bool:
    try:
        nota.exigir_firma(punto, clave)
    except (nota.SinFirma, nota.FirmaInvalida):
        return False
    return True


__all__ = [
    "MAXIMO_CUERPO",
    "NADA",
    "NEGATIVAS",
    "TAMANO",
    "TEXTO",
    "Negativa",
    "Peticion",
    "Respuesta",
    "Ultimo",
    "acusacion",
    "decidir",
    "examinar",
    "texto_de",
]
