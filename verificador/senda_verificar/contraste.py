"""Un origen contado dos veces, por el libro y por su almacén, leídos a la par posición a posición."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple, TypeGuard

from senda_verificar.eslabones import Cadena, Fila, hoja_de
from senda_verificar.faltas import Codigo, Donde, Registro, id_de, tramo

#: (posicion, anterior, cuerpo, hoja), por posición. Se admite lo que la base devuelva, sano o no.
FilaDeOrigen = Sequence[object]


class Cabecera(NamedTuple):
    """Hasta dónde dice haber contado un origen, con su firma ya comprobada: posición y hoja (32 bytes)."""

    origen: str
    posicion: int
    hash: bytes


class Origen:
    """Lo que un origen contó, según el libro, su almacén (si se da) y las cabeceras que firmó."""

    def __init__(
        self,
        nombre: str,
        almacen: Iterable[FilaDeOrigen] | None,
        cabeceras: dict[int, set[bytes]],
        registro: Registro,
    ) -> None:
        self.nombre = nombre
        self.con_almacen = almacen is not None
        self.hechos = 0
        self.libro = Cadena(nombre, Donde.LIBRO, registro)
        self._almacen = Cadena(nombre, Donde.ALMACEN, registro)
        self._filas = iter(almacen or ())
        self._cabeza: Fila | None = None
        self._registro = registro
        self._cabeceras = cabeceras
        self._cabecera_mal = False
        self._divergen = False
        self._sobra: tuple[int, int, str | None] | None = None

    def del_libro(self, fila: Fila) -> None:
        """La siguiente fila de este origen en el libro."""
        self.hechos += 1
        if fila.posicion < self.libro.esperada:
            self.libro.tardia(fila)
            return
        suya = self._en_almacen(fila) if self.con_almacen else None
        tocada = self.libro.pasar(fila, suya)
        if suya is not None:
            tocada_suya = self._almacen.pasar(suya, fila)
            if fila.propia == suya.propia:
                self._divergen = False
            else:
                self._distintas(fila, suya, senalada=tocada or tocada_suya)
        if self._cabeceras and not tocada:
            self._con_cabecera(fila)

    def cerrar(self) -> None:
        """No hay más libro: lo que quede en el almacén o prometan las cabeceras está truncado."""
        ultima = max(self._cabeceras, default=0)
        while (cabeza := self._mirar(None)) is not None:
            ultima = max(ultima, cabeza.posicion)
            self._solo_almacen(cabeza)
        if ultima >= self.libro.esperada:
            que = f"al libro le falta por el final {tramo(self.libro.esperada, ultima)}"
            self._apuntar(Codigo.TRUNCADO, Donde.LIBRO, self.libro.esperada, que, self.libro.id_ausente)
        if self._sobra is not None:
            desde, hasta, id_evento = self._sobra
            que = f"el libro tiene {tramo(desde, hasta)} y el almacén de su origen ya no"
            self._apuntar(Codigo.SOBRANTE, Donde.LIBRO, desde, que, id_evento)
        self.libro.cerrar()
        self._almacen.cerrar()

    def _en_almacen(self, fila: Fila) -> Fila | None:
        """La fila del almacén en esa posición; de paso examina las que el libro se saltó."""
        while (cabeza := self._mirar(fila)) is not None and cabeza.posicion < fila.posicion:
            self._solo_almacen(cabeza)
        if cabeza is None:
            desde, _, id_evento = self._sobra or (fila.posicion, 0, id_de(fila.cuerpo))
            self._sobra = (desde, fila.posicion, id_evento)
            return None
        if cabeza.posicion > fila.posicion:
            self._almacen.ausente(fila)
            return None
        self._cabeza = None
        return cabeza

    def _solo_almacen(self, fila: Fila) -> None:
        self._cabeza = None
        self.libro.ausente(fila)
        if fila.posicion < self._almacen.esperada:
            self._almacen.tardia(fila)
        else:
            self._almacen.pasar(fila, None)

    def _mirar(self, como: Fila | None) -> Fila | None:
        """La siguiente fila del almacén, sin pasarla. Si es igual que ``como`` no hace falta volver a hacer su hash."""
        while self._cabeza is None:
            cruda = next(self._filas, None)
            if cruda is None:
                return None
            self._cabeza = self._leer(cruda, como)
        return self._cabeza

    def _leer(self, cruda: FilaDeOrigen, como: Fila | None) -> Fila | None:
        posicion, *columnas = cruda
        anterior, cuerpo, hoja = map(en_bytes, columnas)
        if como is not None and (posicion, anterior, cuerpo) == como[:3]:
            return Fila(como.posicion, anterior, cuerpo, hoja, como.propia)
        if es_posicion(posicion):
            propia = hoja_de(self._almacen.origen_en_bytes, posicion, anterior, cuerpo)
            if propia == hoja:
                return Fila(posicion, anterior, cuerpo, hoja, propia)
        else:
            posicion = propia = None
        real = self._almacen.posicion_real(None, anterior, cuerpo, hoja)
        if real is not None:
            que = "la fila dice otra posición; sus bytes y su hoja son de esta"
            self._apuntar(Codigo.POSICION_ALTERADA, Donde.ALMACEN, real, que, id_de(cuerpo))
            return Fila(real, anterior, cuerpo, hoja, hoja, movida=True)
        if posicion is None or propia is None:
            que = "la fila no dice una posición válida"
            self._apuntar(Codigo.FILA_ILEGIBLE, Donde.ALMACEN, 0, que, id_de(cuerpo))
            return None
        return Fila(posicion, anterior, cuerpo, hoja, propia)

    def _distintas(self, fila: Fila, suya: Fila, *, senalada: bool) -> None:
        """Las dos copias dan hojas distintas. Solo es noticia si no lo explica una falta ya señalada aquí o antes."""
        if not senalada and (fila.cuerpo != suya.cuerpo or not self._divergen):
            que = "el libro y el almacén de su origen guardan contenidos distintos"
            id_evento = id_de(suya.cuerpo) or id_de(fila.cuerpo)
            self._apuntar(Codigo.CONTENIDO_DISTINTO, Donde.LIBRO, fila.posicion, que, id_evento)
        self._divergen = self.libro.tocada = self._almacen.tocada = True

    def _con_cabecera(self, fila: Fila) -> None:
        firmadas = self._cabeceras.get(fila.posicion)
        if firmadas and firmadas != {fila.propia} and not self._cabecera_mal:
            self._cabecera_mal = True
            que = "el origen firmó otra hoja para esa posición"
            self._apuntar(Codigo.CABECERA_DISTINTA, Donde.CABECERA, fila.posicion, que, id_de(fila.cuerpo))

    def _apuntar(self, codigo: Codigo, donde: Donde, posicion: int, que: str, id_evento: str | None) -> None:
        self._registro.apuntar(codigo, donde, self.nombre, posicion, que, id_evento)


def en_bytes(valor: object) -> bytes:
    """Una columna de bytes tal como venga: SQLite deja poner texto o NULL donde debía haber bytes."""
    if isinstance(valor, bytes):
        return valor
    if isinstance(valor, bytearray | memoryview):
        return bytes(valor)
    return valor.encode("utf-8", "surrogatepass") if isinstance(valor, str) else b""


def es_posicion(valor: object) -> TypeGuard[int]:
    """Si es un entero desde 1."""
    return isinstance(valor, int) and valor >= 1
