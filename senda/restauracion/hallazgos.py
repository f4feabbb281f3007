"""Qué se halla al comprobar una restauración, cuánto importa y qué hacer. Es lo que la orden escribe en `--json`."""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

from msgspec import Struct


class Veredicto(IntEnum):
    """De lo mejor a lo peor; el número es la salida de la orden."""

    CONTINUA = 0
    #: Falta algo que está en otra base o en la exportación dada: «senda operar recuperar» lo repone.
    RECUPERABLE = 1
    #: Falta algo que ninguna base tiene: hace falta una copia del libro más reciente.
    INCOMPLETO = 3
    #: Dos historias que no pueden ser de un mismo libro: no se arranca ni se repone nada.
    BIFURCADO = 4


class Codigo(StrEnum):
    """Qué se halló."""

    ORIGEN_ATRASADO = "origen-atrasado"
    ORIGEN_DISTINTO = "origen-distinto"
    PROMESA_PERDIDA = "promesa-perdida"
    PROMESA_DISTINTA = "promesa-distinta"
    LIBRO_CORTO = "libro-corto"
    LIBRO_BIFURCADO = "libro-bifurcado"
    PUNTO_AJENO = "punto-ajeno"
    ACCESOS_CORTOS = "accesos-cortos"
    ACCESOS_DISTINTOS = "accesos-distintos"
    CLAVES_DE_OTRA_EPOCA = "claves-de-otra-epoca"
    CLAVE_RESUCITADA = "clave-resucitada"
    DESTRUCCION_SIN_CONTAR = "destruccion-sin-contar"
    CLAVES_JUNTAS = "claves-juntas"


_QUE_HACER: Final[dict[Codigo, tuple[Veredicto, str]]] = {
    Codigo.ORIGEN_ATRASADO: (Veredicto.RECUPERABLE, "Recupéralo con «senda operar recuperar», antes de arrancar."),
    Codigo.ORIGEN_DISTINTO: (
        Veredicto.BIFURCADO,
        "Dos bases cuentan dos historias de ese origen. No arranques nada: mira cuál con «senda auditar verificar».",
    ),
    Codigo.PROMESA_PERDIDA: (
        Veredicto.INCOMPLETO,
        "Ese origen firmó haber contado más y ninguna base lo tiene: trae el libro exportado más reciente (--libro).",
    ),
    Codigo.PROMESA_DISTINTA: (
        Veredicto.BIFURCADO,
        "Ese origen firmó otra hoja para una posición que aún tiene. No arranques: «senda auditar verificar».",
    ),
    Codigo.LIBRO_CORTO: (
        Veredicto.INCOMPLETO,
        "El libro ya prometió más. Tráelo exportado, hasta ese punto o más (--libro); si firmara otro, sería mentira.",
    ),
    Codigo.LIBRO_BIFURCADO: (
        Veredicto.BIFURCADO,
        "Este libro no empieza por el que se prometió. No arranques: guarda las dos copias y avisa a quien supervisa.",
    ),
    Codigo.PUNTO_AJENO: (
        Veredicto.BIFURCADO,
        "Ese punto no lo firmó la clave de este libro: no es de este despliegue, o su clave no es la que era.",
    ),
    Codigo.ACCESOS_CORTOS: (
        Veredicto.INCOMPLETO,
        "El libro prometió que constaban más lecturas: trae el libro exportado con sus entradas (--libro).",
    ),
    Codigo.ACCESOS_DISTINTOS: (
        Veredicto.BIFURCADO,
        "El registro de lecturas no es el que se prometió. No arranques y avisa a quien supervisa.",
    ),
    Codigo.CLAVES_DE_OTRA_EPOCA: (
        Veredicto.INCOMPLETO,
        "Nada de él se abre: repón la copia vigente del llavero, no la de los servicios (docs/respaldo.md).",
    ),
    Codigo.CLAVE_RESUCITADA: (
        Veredicto.RECUPERABLE,
        "El libro dice que se destruyó: «senda operar recuperar» la destruye otra vez, antes de arrancar.",
    ),
    Codigo.DESTRUCCION_SIN_CONTAR: (
        Veredicto.RECUPERABLE,
        "«senda operar recuperar» lo cuenta otra vez, donde esté la bóveda: es ella quien sabe quién lo pidió.",
    ),
    Codigo.CLAVES_JUNTAS: (
        Veredicto.CONTINUA,
        "Restaurar ese servidor a un instante puede perder las claves de todas: sepáralas (docs/respaldo.md).",
    ),
}


class Hallazgo(Struct, frozen=True, kw_only=True):
    """Una cosa hallada. ``donde``: el origen, el archivo del punto o «llavero»; ``faltan``: cuántos, si se sabe."""

    codigo: Codigo
    donde: str
    que: str
    faltan: int = 0

    @property
    def veredicto(self) -> Veredicto:
        """Cuánto importa."""
        return _QUE_HACER[self.codigo][0]

    @property
    def que_hacer(self) -> str:
        """Qué hacer."""
        return _QUE_HACER[self.codigo][1]


class Comprobado(Struct, frozen=True, kw_only=True):
    """Un origen: cuántos hechos tiene, cuántos el libro y cuántos conoce quien más sabe de él."""

    origen: str
    tiene: int
    en_el_libro: int
    conocidos: int
    prometidos: int


class PuntoComprobado(Struct, frozen=True, kw_only=True):
    """Un punto retenido: cuántas entradas promete y quién más lo refrendó. ``continua``: si el libro lo cumple."""

    archivo: str
    tamano: int
    refrendos: tuple[str, ...]
    continua: bool


class Informe(Struct, frozen=True, kw_only=True):
    """Lo comprobado. ``raiz``, en hexadecimal."""

    tamano: int
    raiz: str
    origenes: tuple[Comprobado, ...]
    puntos: tuple[PuntoComprobado, ...]
    hallazgos: tuple[Hallazgo, ...]

    @property
    def veredicto(self) -> Veredicto:
        """El peor de lo hallado."""
        return max((h.veredicto for h in self.hallazgos), default=Veredicto.CONTINUA)


__all__ = ["Codigo", "Comprobado", "Hallazgo", "Informe", "PuntoComprobado", "Veredicto"]
