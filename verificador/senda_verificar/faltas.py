"""Lo que una verificación puede encontrar, con nombre estable, y el informe que lo reúne."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

#: Cuántas faltas guarda un informe; las demás se cuentan. Acota la memoria ante un libro destrozado.
MAXIMO_FALTAS = 10_000


class Codigo(StrEnum):
    """Qué falta es."""

    CUERPO_ALTERADO = "cuerpo-alterado"
    ANTERIOR_ALTERADO = "anterior-alterado"
    HOJA_ALTERADA = "hoja-alterada"
    POSICION_ALTERADA = "posicion-alterada"
    ORIGEN_ALTERADO = "origen-alterado"
    FILA_ILEGIBLE = "fila-ilegible"
    CADENA_ROTA = "cadena-rota"
    HUECO = "hueco"
    ORDEN = "orden"
    REPETIDO = "repetido"
    TRUNCADO = "truncado"
    SOBRANTE = "sobrante"
    CONTENIDO_DISTINTO = "contenido-distinto"
    CABECERA_DISTINTA = "cabecera-distinta"
    RAIZ_DISTINTA = "raiz-distinta"
    PUNTO_ILEGIBLE = "punto-ilegible"
    PUNTO_SIN_FIRMA = "punto-sin-firma"
    PUNTOS_DESENCADENADOS = "puntos-desencadenados"
    HISTORIA_REESCRITA = "historia-reescrita"
    LIBRO_BIFURCADO = "libro-bifurcado"
    LIBRO_RETROCEDE = "libro-retrocede"
    SIN_QUORUM = "sin-quorum"
    REFRENDO_FALSO = "refrendo-falso"
    CABECERA_FALSA = "cabecera-falsa"
    CABECERA_RETROCEDE = "cabecera-retrocede"
    ARCHIVO_AUSENTE = "archivo-ausente"
    ARCHIVO_ILEGIBLE = "archivo-ilegible"
    TESELA_DISTINTA = "tesela-distinta"
    ACTO_SIN_SOLICITUD = "acto-sin-solicitud"
    SOLICITUD_AUSENTE = "solicitud-ausente"
    SOLICITUD_ALTERADA = "solicitud-alterada"
    OTRA_RUTA = "otra-ruta"
    FIRMA_DE_INSTITUCION = "firma-de-institucion"
    CLAVE_DE_INSTITUCION = "clave-de-institucion"
    RECIBO_FALSO = "recibo-falso"
    RECIBO_INCUMPLIDO = "recibo-incumplido"
    ACCESOS_ALTERADOS = "accesos-alterados"
    PRUEBA_INVALIDA = "prueba-invalida"
    VERSION_SALTEADA = "version-salteada"


class Donde(StrEnum):
    """Dónde se ve la falta."""

    LIBRO = "libro"
    ALMACEN = "almacen"
    CABECERA = "cabecera"
    PUNTO = "punto"
    TESTIGO = "testigo"
    TESELA = "tesela"
    SOLICITUD = "solicitud"
    RECIBO = "recibo"
    ACCESOS = "accesos"
    PRUEBA = "prueba"


class Falta(NamedTuple):
    """Una falta. ``que``: explicación.

    ``posicion``: la del origen; el tamaño, si es de un punto de control; el índice en el libro, si no consta origen.
    """

    codigo: Codigo
    donde: Donde
    origen: str
    posicion: int
    id_evento: str | None
    que: str


class Informe(NamedTuple):
    """El veredicto de una verificación.

    ``raiz`` y ``tamano``: los del libro, rehechos desde los bytes. ``hechos``: cuántas filas del libro dice ser cada
    origen. ``sin_contrastar``: orígenes del libro cuyo almacén no se dio. ``firmado_hasta``: tamaño del mayor punto de
    control que cuadra (lo posterior aún no lo promete nadie). ``omitidas``: faltas que no cupieron en ``faltas``.
    ``testigos``: quienes refrendaron el último punto. ``comprobado`` y ``sin_comprobar``: qué se miró, y qué no y con
    qué se podría mirar.
    """

    raiz: bytes
    tamano: int
    hechos: Mapping[str, int]
    faltas: tuple[Falta, ...]
    omitidas: int
    sin_contrastar: tuple[str, ...]
    firmado_hasta: int
    testigos: tuple[str, ...] = ()
    comprobado: tuple[str, ...] = ()
    sin_comprobar: tuple[str, ...] = ()

    @property
    def correcto(self) -> bool:
        """Si no se halló ninguna falta."""
        return not self.faltas


class Registro:
    """Donde se apuntan las faltas."""

    def __init__(self, maximo: int = MAXIMO_FALTAS) -> None:
        self._maximo = max(maximo, 1)
        self.faltas: list[Falta] = []
        self.omitidas = 0

    def sumar(self, faltas: Iterable[Falta], omitidas: int = 0) -> None:
        """Añade las de otra comprobación."""
        for falta in faltas:
            self.apuntar(falta.codigo, falta.donde, falta.origen, falta.posicion, falta.que, falta.id_evento)
        self.omitidas += omitidas

    def apuntar(
        self, codigo: Codigo, donde: Donde, origen: str, posicion: int, que: str, id_evento: str | None = None
    ) -> None:
        """Añade una falta, o la cuenta si ya no caben."""
        if len(self.faltas) < self._maximo:
            self.faltas.append(Falta(codigo, donde, origen, posicion, id_evento, que))
        else:
            self.omitidas += 1


def id_de(cuerpo: bytes) -> str | None:
    """El id del evento que llevan unos bytes, si se puede leer. Solo un UUID: nada más sale de unos bytes dudosos."""
    try:
        return str(UUID(json.loads(cuerpo)["id"]))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None


def tramo(desde: int, hasta: int) -> str:
    """«la posición 3» o «las posiciones 3 a 7»."""
    return f"la posición {desde}" if desde == hasta else f"las posiciones {desde} a {hasta}"
