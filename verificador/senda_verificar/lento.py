"""La pasada lenta: cuando la rápida dice que algo no casa, averigua qué, fila a fila, y lo nombra todo."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from operator import contains
from pathlib import Path

from senda_verificar.arbol import Frontera, hash_de_hoja
from senda_verificar.cabeceras import Firmadas
from senda_verificar.copias import FilaDeLibro, verificar
from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.rapido import Extremo, Recuento, raiz_de_tesela
from senda_verificar.teselas import (
    ANCHO,
    ArchivoAusente,
    ArchivoIlegible,
    anchos,
    de_tesela,
    hashes,
    leer_paquete,
    leer_tesela,
    partir,
)


def nombrar(
    carpeta: Path, tamano: int, marcas: Sequence[int], firmadas: Firmadas, registro: Registro, *, con_entradas: bool
) -> Recuento:
    """Recorre lo que haya y señala cada falta. ``marcas``: a qué tamaños hace falta la raíz."""
    habia = len(registro.faltas) + registro.omitidas
    lectura = _Lectura(carpeta, tamano, marcas, registro, con_entradas=con_entradas)
    hechos: dict[str, int] = {}
    if con_entradas:
        informe = verificar(lectura.filas(), cabeceras=firmadas.en_filas())
        # Lo que un origen prometió más allá de lo que hay lo dice `cabeceras.por_llegar`, en las dos pasadas.
        registro.sumar((f for f in informe.faltas if f.codigo is not Codigo.TRUNCADO), informe.omitidas)
        hechos = dict(informe.hechos)
    else:
        for _ in lectura.filas():
            pass
    lectura.comprobar_altas()
    if len(registro.faltas) + registro.omitidas == habia:
        que = "algo no casa entre las teselas, las entradas y sus cadenas, y no se pudo precisar qué"
        registro.apuntar(Codigo.TESELA_DISTINTA, Donde.TESELA, "", tamano, que)
    return Recuento(lectura.leidas, lectura.raices, lectura.ultimos, hechos)


class _Lectura:
    def __init__(
        self, carpeta: Path, tamano: int, marcas: Sequence[int], registro: Registro, *, con_entradas: bool
    ) -> None:
        self._carpeta = carpeta
        self._tamano = tamano
        self._marcas = sorted({*marcas, tamano})
        self._registro = registro
        self._con_entradas = con_entradas
        self._arbol = Frontera()
        #: Por tesela de hojas completa, su raíz según ella y según las entradas: si difieren, ya se señala allí.
        self._de_teselas: list[tuple[bytes, bytes]] = []
        self.leidas = 0
        self.raices: dict[int, bytes] = {}
        self.ultimos: dict[str, Extremo] = {}

    def filas(self) -> Iterator[FilaDeLibro]:
        """Cada entrada como fila del libro, con la hoja que dice su tesela; de paso rehace las raíces."""
        self._marcar()
        for indice, ancho in anchos(self._tamano):
            tesela = self._tesela(0, indice, ancho)
            entradas = self._paquete(indice, ancho)
            if tesela is None and entradas is None:
                # Sin una parte, las raíces de lo que sigue no se pueden saber.
                return
            propias = tesela if entradas is None else [hash_de_hoja(e) for e in entradas]
            hojas, propias = tesela or propias or [], propias or []
            if ancho == ANCHO:
                self._de_teselas.append((raiz_de_tesela(hojas), raiz_de_tesela(propias)))
            self.leidas += ancho
            for hoja in propias:
                self._arbol.agregar((hoja,))
                self._marcar()
            for entrada, hoja in zip(entradas or (), hojas, strict=False):
                origen, posicion, anterior, cuerpo = partir(entrada) or (None, 0, b"", entrada)
                if origen is not None:
                    # Una entrada movida al final no hace retroceder a su origen.
                    self.ultimos[origen] = max(self.ultimos.get(origen, Extremo(0, b"")), Extremo(posicion, hoja))
                yield origen, posicion, anterior, cuerpo, hoja

    def comprobar_altas(self) -> None:
        """Las teselas de nivel 1 en adelante, contra las de debajo."""
        nivel, nodos = 1, self._de_teselas
        while nodos and self.leidas == self._tamano:
            for indice, ancho in anchos(len(nodos)):
                suyos = nodos[indice * ANCHO : indice * ANCHO + ancho]
                leidos = self._tesela(nivel, indice, ancho)
                if leidos is not None and not all(map(contains, suyos, leidos)):
                    que = f"{de_tesela(nivel, indice, ancho)} no son las raíces de las teselas de debajo"
                    self._registro.apuntar(Codigo.TESELA_DISTINTA, Donde.TESELA, "", indice, que)
            completas = len(nodos) // ANCHO * ANCHO
            nodos = [_raices(nodos[i : i + ANCHO]) for i in range(0, completas, ANCHO)]
            nivel += 1

    def _marcar(self) -> None:
        while self._marcas and self._marcas[0] <= self._arbol.tamano:
            marca = self._marcas.pop(0)
            if marca == self._arbol.tamano:
                self.raices[marca] = self._arbol.raiz()

    def _tesela(self, nivel: int, indice: int, ancho: int) -> list[bytes] | None:
        try:
            return hashes(leer_tesela(self._carpeta, nivel, indice, ancho))
        except (ArchivoAusente, ArchivoIlegible) as error:
            self._apuntar(error, indice)
            return None

    def _paquete(self, indice: int, ancho: int) -> list[bytes] | None:
        if not self._con_entradas:
            return None
        try:
            return leer_paquete(self._carpeta, indice, ancho)
        except (ArchivoAusente, ArchivoIlegible) as error:
            self._apuntar(error, indice)
            return None

    def _apuntar(self, error: ArchivoAusente | ArchivoIlegible, indice: int) -> None:
        ausente = isinstance(error, ArchivoAusente)
        codigo = Codigo.ARCHIVO_AUSENTE if ausente else Codigo.ARCHIVO_ILEGIBLE
        que = f"{error}: " + ("no está" if ausente else "no tiene la forma debida")
        self._registro.apuntar(codigo, Donde.TESELA, "", indice * ANCHO, que)


def _raices(nodos: Sequence[tuple[bytes, bytes]]) -> tuple[bytes, bytes]:
    de_teselas, de_entradas = zip(*nodos, strict=True)
    return raiz_de_tesela(de_teselas), raiz_de_tesela(de_entradas)


__all__ = ["nombrar"]
