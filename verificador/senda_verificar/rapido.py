"""La pasada rápida: por tramos y en varios procesos, dice «todo casa» o «algo no casa», sin averiguar qué.

Rehace cada hoja desde sus bytes, la cadena de cada origen, cada tesela y la raíz a cada tamaño firmado. Si algo no
casa, quien llama hace la pasada lenta, que lo nombra. La memoria no crece con el libro: un tramo por proceso.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final, NamedTuple

from senda_verificar.arbol import LARGO, RAIZ_VACIA, Frontera, plegar
from senda_verificar.procesos import en_procesos
from senda_verificar.teselas import (
    ANCHO,
    ArchivoAusente,
    ArchivoIlegible,
    anchos,
    hashes,
    leer_paquete_entero,
    leer_tesela,
    partir,
)

#: Paquetes de un tramo: bastantes para que repartir no cueste, pocos para que quepan.
_TRAMO: Final = 64
#: Por origen (en bytes), las hojas que prometió en alguna posición.
Prometidas = Mapping[bytes, Mapping[int, bytes]]
#: Lo que ha de venir de un origen: posición y prefijo de su siguiente entrada, sus hojas prometidas y la hoja de la
#: última. Una tupla llana: se hace una por entrada.
_Espera = tuple[int, bytes, Mapping[int, bytes], bytes]


class Anomalia(Exception):
    """Algo no casa."""


class Extremo(NamedTuple):
    """El primer o el último hecho de un origen en un tramo: su posición y su hash (el anterior, o su hoja)."""

    posicion: int
    hash: bytes


class Parte(NamedTuple):
    """Lo que un tramo aporta al conjunto.

    ``raices``: la de cada tesela de hojas completa; ``cola``: los subárboles de la última si es parcial. ``en_marca``:
    tamaño -> los subárboles de su tesela hasta ahí.
    """

    raices: list[bytes]
    cola: list[bytes]
    en_marca: dict[int, list[bytes]]
    primeros: dict[bytes, Extremo]
    ultimos: dict[bytes, Extremo]
    hechos: dict[bytes, int]


class Recuento(NamedTuple):
    """Lo que hay. ``raices``: a cada tamaño pedido que se pudo rehacer. ``ultimos``: por origen, su último hecho.

    ``leidas``: hasta qué entrada se pudo leer, aunque el punto prometa más.
    """

    leidas: int
    raices: dict[int, bytes]
    ultimos: dict[str, Extremo]
    hechos: dict[str, int]


def recorrer(
    carpeta: Path, tamano: int, marcas: Sequence[int], prometidas: Prometidas, *, con_entradas: bool, procesos: int = 0
) -> Recuento:
    """Recorre el directorio entero. ``marcas``: a qué tamaños hace falta la raíz; ``procesos``: 0, uno por núcleo.

    Errores: `Anomalia` si algo no casa o falta.
    """
    pedidas = sorted({m for m in marcas if 0 < m <= tamano})
    desde = range(0, -(-tamano // ANCHO), _TRAMO)
    # A cada tramo solo van sus marcas: un libro de años tiene cientos de miles.
    tramos = ((d, _entre(pedidas, d * ANCHO, (d + _TRAMO) * ANCHO)) for d in desde)
    examina = partial(examinar, carpeta, tamano, prometidas, con_entradas=con_entradas)
    conjunto = _Conjunto(carpeta, tamano)
    for parte in en_procesos(examina, tramos, procesos):
        conjunto.sumar(parte)
    return conjunto.cerrar()


def examinar(
    carpeta: Path, tamano: int, prometidas: Prometidas, tramo: tuple[int, Sequence[int]], *, con_entradas: bool
) -> Parte:
    """Un tramo: desde qué paquete y sus marcas, en orden. Errores: `Anomalia`."""
    desde, marcas = tramo
    parte = Parte([], [], {}, {}, {}, {})
    cadena = _Cadena(parte, prometidas)
    hasta = min(tamano, (desde + _TRAMO) * ANCHO)
    try:
        for salto, ancho in anchos(hasta - desde * ANCHO):
            indice = desde + salto
            tesela = leer_tesela(carpeta, 0, indice, ancho)
            if con_entradas:
                hojas = cadena.seguir(*leer_paquete_entero(carpeta, indice, ancho), ancho)
                if b"".join(hojas) != tesela:
                    raise Anomalia
            else:
                hojas = hashes(tesela)
            _cerrar_tesela(parte, indice * ANCHO, hojas, _entre(marcas, indice * ANCHO, indice * ANCHO + ancho))
    except (ArchivoAusente, ArchivoIlegible):
        raise Anomalia from None
    cadena.cerrar()
    return parte


def _cerrar_tesela(parte: Parte, antes: int, hojas: Sequence[bytes], marcas: Sequence[int]) -> None:
    """Su raíz, o sus subárboles si es parcial, y los que tenía en cada marca. ``antes``: hojas de las anteriores."""
    if not marcas and len(hojas) == ANCHO:
        parte.raices.append(raiz_de_tesela(hojas))
        return
    frontera = Frontera()
    for marca in marcas:
        frontera.agregar(hojas[frontera.tamano : marca - antes])
        parte.en_marca[marca] = list(frontera.nodos)
    frontera.agregar(hojas[frontera.tamano :])
    (parte.raices if len(hojas) == ANCHO else parte.cola).extend(frontera.nodos)


def _entre(marcas: Sequence[int], antes: int, hasta: int) -> Sequence[int]:
    """Las mayores que ``antes`` y no mayores que ``hasta``. ``marcas`` en orden."""
    return marcas[bisect_right(marcas, antes) : bisect_right(marcas, hasta)]


class _Cadena:
    """La cadena de cada origen dentro de un tramo. Lo que debe venir se escribe antes y se compara de una vez."""

    def __init__(self, parte: Parte, prometidas: Prometidas) -> None:
        self._parte = parte
        self._prometidas = prometidas
        self._esperan: dict[bytes, _Espera] = {}
        self._copia = memoryview(bytearray())

    def seguir(self, son: int, datos: bytes, ancho: int) -> list[bytes]:
        """Las hojas de las ``ancho`` primeras entradas de un paquete que ha de llevar ``son``, ni más ni menos.

        Aquí se va casi todo el tiempo de verificar: nada se copia que no haga falta. Errores: `Anomalia` si no están
        todas o alguna no sigue a la anterior de su origen.
        """
        hojas: list[bytes] = []
        esperan = self._esperan
        hasta, fin = 0, len(datos)
        # El 0x00 que va delante de cada entrada al hacer su hash se escribe en el último byte de su largo, ya leído; la
        # copia en que se escribe es siempre la misma, que reservarla cada vez cuesta.
        if len(self._copia) < fin:
            self._copia = memoryview(bytearray(2 * fin))
        copia = self._copia
        copia[:fin] = datos
        for _ in range(ancho):
            desde = hasta + 2
            if desde > fin:
                raise Anomalia
            hasta = desde + (datos[desde - 2] << 8 | datos[desde - 1])
            origen = datos[desde : datos.find(b"\n", desde, hasta)]
            espera = esperan.get(origen) or self._primera(origen, datos[desde:hasta])
            posicion, prefijo, prometidas, _hoja = espera
            if not datos.startswith(prefijo, desde, hasta):
                raise Anomalia
            copia[desde - 1] = 0
            hoja = sha256(copia[desde - 1 : hasta]).digest()
            if prometidas and prometidas.get(posicion, hoja) != hoja:
                raise Anomalia
            hojas.append(hoja)
            posicion += 1
            prefijo = b"%b\n%d\n%b\n" % (origen, posicion, hoja.hex().encode())
            esperan[origen] = posicion, prefijo, prometidas, hoja
        for _ in range(son - ancho):
            hasta += 2 + int.from_bytes(datos[hasta : hasta + 2])
        if hasta != fin:
            raise Anomalia
        return hojas

    def cerrar(self) -> None:
        """Anota hasta dónde llegó cada origen."""
        for origen, (siguiente, _, _, hoja) in self._esperan.items():
            self._parte.ultimos[origen] = Extremo(siguiente - 1, hoja)
            self._parte.hechos[origen] = siguiente - self._parte.primeros[origen].posicion

    def _primera(self, origen: bytes, entrada: bytes) -> _Espera:
        leida = partir(entrada)
        if leida is None:
            raise Anomalia
        _, posicion, anterior, _ = leida
        self._parte.primeros[origen] = Extremo(posicion, anterior)
        return posicion, origen + b"\n", self._prometidas.get(origen, {}), anterior


class _Conjunto:
    """Une las partes: cada una empieza donde acabó la anterior, y las teselas altas salgan de ellas."""

    def __init__(self, carpeta: Path, tamano: int) -> None:
        self._carpeta = carpeta
        self._tamano = tamano
        self._teselas = Frontera()
        self._raices: list[bytes] = []
        self._ultimos: dict[bytes, Extremo] = {}
        self._hechos: dict[bytes, int] = {}
        self._en_marca: dict[int, bytes] = {0: RAIZ_VACIA}
        self._cola: list[bytes] = []

    def sumar(self, parte: Parte) -> None:
        for origen, primero in parte.primeros.items():
            previo = self._ultimos.get(origen, Extremo(0, bytes(LARGO)))
            if primero != Extremo(previo.posicion + 1, previo.hash):
                raise Anomalia
        self._ultimos |= parte.ultimos
        for origen, cuantos in parte.hechos.items():
            self._hechos[origen] = self._hechos.get(origen, 0) + cuantos
        marcas = sorted(parte.en_marca)
        for raiz in parte.raices:
            fin = (self._teselas.tamano + 1) * ANCHO
            while marcas and marcas[0] <= fin:
                self._anotar_marca(marcas.pop(0), parte)
            self._teselas.agregar((raiz,))
            self._raices.append(raiz)
        for marca in marcas:
            self._anotar_marca(marca, parte)
        self._cola = parte.cola

    def cerrar(self) -> Recuento:
        self._comprobar_altas()
        self._en_marca[self._tamano] = plegar([*self._teselas.nodos, *self._cola])
        nombres = {origen: origen.decode("utf-8", "replace") for origen in self._ultimos}
        return Recuento(
            self._tamano,
            self._en_marca,
            {nombres[o]: extremo for o, extremo in self._ultimos.items()},
            {nombres[o]: cuantos for o, cuantos in self._hechos.items()},
        )

    def _anotar_marca(self, marca: int, parte: Parte) -> None:
        self._en_marca[marca] = plegar([*self._teselas.nodos, *parte.en_marca[marca]])

    def _comprobar_altas(self) -> None:
        """Las teselas de nivel 1 en adelante han de ser las raíces de las completas de debajo."""
        nivel, nodos = 1, self._raices
        while nodos:
            try:
                for indice, ancho in anchos(len(nodos)):
                    suyos = nodos[indice * ANCHO : indice * ANCHO + ancho]
                    if leer_tesela(self._carpeta, nivel, indice, ancho) != b"".join(suyos):
                        raise Anomalia
            except (ArchivoAusente, ArchivoIlegible):
                raise Anomalia from None
            completas = len(nodos) // ANCHO * ANCHO
            nodos = [raiz_de_tesela(nodos[i : i + ANCHO]) for i in range(0, completas, ANCHO)]
            nivel += 1


def raiz_de_tesela(nodos: Sequence[bytes]) -> bytes:
    """La raíz de los 256 nodos de una tesela completa."""
    while len(nodos) > 1:
        nodos = [sha256(b"\x01" + nodos[i] + nodos[i + 1]).digest() for i in range(0, len(nodos), 2)]
    return nodos[0]


__all__ = ["Anomalia", "Extremo", "Recuento", "raiz_de_tesela", "recorrer"]
