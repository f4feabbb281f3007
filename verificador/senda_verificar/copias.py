"""La verificación total: rehace el libro desde sus bytes y lo contrasta con cada origen y con lo que se firmó.

No importa nada de quien escribe (ni infra, ni el libro): solo la biblioteca estándar, `cryptography` y el árbol y los
puntos de control, que son funciones puras con vectores publicados. Quien llama trae las filas, en flujo: la memoria
no crece con el libro (una fila por origen, las cabeceras, los tamaños y raíces firmados, y hasta `MAXIMO_FALTAS`).

Criterio: una alteración, una falta. Lo que es consecuencia de otra falta no se repite: ni los enlaces que siguen a
una fila tocada (ver `eslabones`), ni las hojas que difieren entre libro y almacén solo por heredar otro ``anterior``,
ni los puntos de control seguidos tras el primero que no cuadra. Lo firmado (raíz y tamaño) sí se señala aparte: es
otra promesa incumplida, y quien la guardó puede probarla sin nuestros datos.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from senda_verificar import nota
from senda_verificar.arbol import Frontera
from senda_verificar.contraste import Cabecera, FilaDeOrigen, Origen, en_bytes, es_posicion
from senda_verificar.eslabones import Fila, hoja_de
from senda_verificar.faltas import MAXIMO_FALTAS, Codigo, Donde, Informe, Registro, id_de

#: (origen, posicion, anterior, cuerpo, hoja), en orden de índice. Se admite lo que la base devuelva, sano o no.
FilaDeLibro = Sequence[object]

_LOTE: Final = 4096


def verificar(
    libro: Iterable[FilaDeLibro],
    almacenes: Mapping[str, Iterable[FilaDeOrigen]] | None = None,
    cabeceras: Iterable[Cabecera] = (),
    puntos: Iterable[str] = (),
    vkeys: Sequence[str] = (),
    *,
    maximo_faltas: int = MAXIMO_FALTAS,
) -> Informe:
    """Verifica el libro entero y nombra cada falta.

    ``almacenes``: por origen (``/gt/deteccion``), sus filas. Lo que un origen tenga de más se llama truncado: si el
    sistema está en marcha, córtese cada almacén donde el libro ya debía haber llegado. ``puntos``: textos firmados,
    propios o guardados por un testigo, en cualquier orden; valen con la firma de alguna de ``vkeys``.
    Errores: `nota.ClaveInvalida` si una vkey no lo es; los de leer los iterables salen tal cual.
    """
    registro = Registro(maximo_faltas)
    firmado = _Puntos(puntos, vkeys, registro)
    lector = _Lector(almacenes or {}, cabeceras, registro)
    for fila in libro:
        firmado.agregar(lector.pasar(fila))
    lector.cerrar()
    firmado.cerrar()
    origenes = lector.origenes.values()
    return Informe(
        raiz=firmado.arbol.raiz(),
        tamano=firmado.arbol.tamano,
        hechos={o.nombre: o.hechos for o in origenes if o.hechos},
        faltas=tuple(registro.faltas),
        omitidas=registro.omitidas,
        sin_contrastar=tuple(o.nombre for o in origenes if not o.con_almacen and o.hechos),
        firmado_hasta=firmado.firmado_hasta,
    )


class _Lector:
    """Da cada fila del libro a su origen, aunque la columna que lo dice esté alterada."""

    def __init__(
        self, almacenes: Mapping[str, Iterable[FilaDeOrigen]], cabeceras: Iterable[Cabecera], registro: Registro
    ) -> None:
        self._registro = registro
        firmadas: dict[str, dict[int, set[bytes]]] = {}
        for cabecera in cabeceras:
            firmadas.setdefault(cabecera.origen, {}).setdefault(cabecera.posicion, set()).add(cabecera.hash)
        self.origenes = {
            nombre: Origen(nombre, almacenes.get(nombre), firmadas.get(nombre, {}), registro)
            for nombre in sorted({*almacenes, *firmadas})
        }

    def pasar(self, cruda: FilaDeLibro) -> bytes:
        """Examina una fila y devuelve su hoja en el árbol, la que dan sus bytes."""
        nombre, posicion, *columnas = cruda
        anterior, cuerpo, hoja = map(en_bytes, columnas)
        if not isinstance(nombre, str) or "\n" in nombre or not es_posicion(posicion):
            if not self._reconocer(None, posicion, anterior, cuerpo, hoja):
                que = "la fila no dice un origen y una posición válidos"
                self._registro.apuntar(Codigo.FILA_ILEGIBLE, Donde.LIBRO, "", 0, que, id_de(cuerpo))
            return hoja
        origen = self.origenes.get(nombre)
        propia = hoja_de(nombre.encode("utf-8", "surrogatepass"), posicion, anterior, cuerpo)
        if propia == hoja or not self._reconocer(origen, posicion, anterior, cuerpo, hoja):
            if origen is None:
                origen = self.origenes[nombre] = Origen(nombre, None, {}, self._registro)
            origen.del_libro(Fila(posicion, anterior, cuerpo, hoja, propia))
        return propia

    def cerrar(self) -> None:
        """No hay más libro."""
        for origen in self.origenes.values():
            origen.cerrar()

    def _reconocer(self, dicho: Origen | None, posicion: object, anterior: bytes, cuerpo: bytes, hoja: bytes) -> bool:
        """Si esos bytes dan esa hoja en otra posición u origen de los que faltan, señala la columna y la pone allí."""
        for origen in sorted(self.origenes.values(), key=lambda o: o is not dicho):
            real = origen.libro.posicion_real(posicion, anterior, cuerpo, hoja)
            if real is not None:
                codigo = Codigo.POSICION_ALTERADA if origen is dicho else Codigo.ORIGEN_ALTERADO
                que = "la fila dice ser otra; sus bytes y su hoja son de este origen y posición"
                self._registro.apuntar(codigo, Donde.LIBRO, origen.nombre, real, que, id_de(cuerpo))
                origen.del_libro(Fila(real, anterior, cuerpo, hoja, hoja, movida=True))
                return True
        return False


class _Puntos:
    """El árbol que se rehace y las raíces firmadas que debe tener a cada tamaño."""

    def __init__(self, textos: Iterable[str], vkeys: Sequence[str], registro: Registro) -> None:
        self.arbol = Frontera()
        self.registro = registro
        self.firmado_hasta = 0
        self._hojas: list[bytes] = []
        self._pendientes = sorted(filter(None, (self._leer(t, vkeys) for t in textos)), reverse=True)
        self._falla = False
        self._comparar()

    def agregar(self, hoja: bytes) -> None:
        self._hojas.append(hoja)
        if len(self._hojas) >= _LOTE or self._tamano() == self._siguiente():
            self._asentar()

    def cerrar(self) -> None:
        self._asentar()
        if self._pendientes:
            tamano, origen, _ = self._pendientes[0]
            que = f"se firmó un libro de {tamano} entradas y quedan {self.arbol.tamano}"
            self.registro.apuntar(Codigo.TRUNCADO, Donde.PUNTO, origen, tamano, que)

    def _asentar(self) -> None:
        self.arbol.agregar(self._hojas)
        self._hojas.clear()
        self._comparar()

    def _tamano(self) -> int:
        return self.arbol.tamano + len(self._hojas)

    def _siguiente(self) -> int | None:
        return self._pendientes[-1][0] if self._pendientes else None

    def _comparar(self) -> None:
        while self._siguiente() == self.arbol.tamano:
            tamano, origen, raiz = self._pendientes.pop()
            if self.arbol.raiz() == raiz:
                self._falla = False
                self.firmado_hasta = tamano
            elif not self._falla:
                self._falla = True
                que = f"la raíz de las {tamano} primeras entradas no es la que se firmó"
                self.registro.apuntar(Codigo.RAIZ_DISTINTA, Donde.PUNTO, origen, tamano, que)

    def _leer(self, texto: str, vkeys: Sequence[str]) -> tuple[int, str, bytes] | None:
        try:
            punto = nota.leer(texto)
        except nota.TextoInvalido:
            self.registro.apuntar(Codigo.PUNTO_ILEGIBLE, Donde.PUNTO, "", 0, "no tiene forma de punto de control")
            return None
        for vkey in vkeys:
            try:
                nota.verificar(texto, vkey)
            except (
                nota.SinFirma,
                nota.FirmaInvalida,
                nota.OrigenInesperado,
            ):
                continue
            return punto.tamano, punto.origen, punto.raiz
        que = "ninguna de las claves esperadas firmó ese texto"
        self.registro.apuntar(Codigo.PUNTO_SIN_FIRMA, Donde.PUNTO, punto.origen, punto.tamano, que)
        return None


__all__ = ["Cabecera", "FilaDeLibro", "FilaDeOrigen", "verificar"]
