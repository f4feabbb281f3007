"""La cadena de un origen en una de sus copias (el libro o su almacén), fila a fila y con memoria acotada.

Qué se señala. Cada fila se juzga sola (¿sus bytes dan su hoja?) y contra la anterior (¿enlaza con ella?). Cuando una
fila está tocada, la siguiente deja de enlazar por fuerza: ese enlace roto es consecuencia y no se señala. Así una
alteración da una falta, la primera, y lo que sigue intacto queda limpio.

Qué columna cambió, cuando los bytes no dan la hoja, se deduce de lo que no cambió: el enlace previo, la otra copia o,
si no hay, el enlace de la fila siguiente.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final, NamedTuple

from senda_verificar.faltas import Codigo, Donde, Registro, id_de, tramo

CERO: Final = bytes(32)
#: Huecos que esperan por si la fila aparece más tarde (desordenada); más allá se dan por huecos ya.
_MAXIMO_HUECOS: Final = 1000
#: Cuántas posiciones ausentes se prueban para una fila que no cuadra con la suya.
_CANDIDATAS: Final = 16

_QUE: Final = {
    Codigo.CUERPO_ALTERADO: "los bytes guardados no dan su hoja: cambió el contenido",
    Codigo.ANTERIOR_ALTERADO: "el hash anterior no es la hoja de la posición previa",
    Codigo.HOJA_ALTERADA: "la hoja guardada no es el hash de sus bytes, que siguen intactos",
}


class Fila(NamedTuple):
    """Una fila leída. ``propia``: la hoja que dan sus bytes. ``movida``: decía ser de otro sitio, y ya se señaló."""

    posicion: int
    anterior: bytes
    cuerpo: bytes
    hoja: bytes
    propia: bytes
    movida: bool = False


class _Hueco(NamedTuple):
    desde: int
    hasta: int
    id_evento: str | None


class _Duda(NamedTuple):
    posicion: int
    id_evento: str | None
    propia: bytes
    hoja: bytes


def hoja_de(origen: bytes, posicion: int, anterior: bytes, cuerpo: bytes) -> bytes:
    """La hoja de una entrada. El formato se escribe aquí otra vez a propósito: no se toma de quien escribe el libro."""
    return sha256(b"\x00%b\n%d\n%b\n%b" % (origen, posicion, anterior.hex().encode(), cuerpo)).digest()


class Cadena:
    """Sigue las filas de un origen en el orden en que aparecen en una copia."""

    def __init__(self, origen: str, donde: Donde, registro: Registro) -> None:
        self.origen = origen
        self.origen_en_bytes = origen.encode("utf-8", "surrogatepass")
        self.donde = donde
        self.esperada = 1
        #: La última fila tiene una falta: que la siguiente no enlace con ella ya está explicado.
        self.tocada = False
        self._registro = registro
        self._enlaces: tuple[bytes, ...] = (CERO,)
        self._huecos: list[_Hueco] = []
        self._duda: _Duda | None = None
        #: Id del evento de la posición esperada, si la otra copia lo tiene y aquí no está.
        self.id_ausente: str | None = None

    def pasar(self, fila: Fila, otra: Fila | None) -> bool:
        """Examina la siguiente fila; ``otra`` es la de la misma posición en la otra copia. Devuelve si está tocada."""
        posicion, anterior = fila.posicion, fila.anterior
        if self._duda is not None:
            self._resolver(anterior if posicion == self.esperada else None)
        if posicion != self.esperada:
            self._abrir_hueco(posicion - 1)
        tocada = True
        if fila.propia != fila.hoja:
            self._senalar_alterada(fila, otra)
        elif self._enlaces and anterior not in self._enlaces and not self.tocada:
            self._senalar_enlace(fila, otra)
        else:
            tocada = False
        self._enlaces = (fila.hoja,) if fila.propia == fila.hoja else (fila.propia, fila.hoja)
        self.tocada = tocada
        self.esperada = posicion + 1
        self.id_ausente = None
        return tocada

    def tardia(self, fila: Fila) -> None:
        """Una fila de una posición ya pasada: la que faltaba, fuera de sitio, o una repetida."""
        if not self._llenar_hueco(fila.posicion):
            self._apuntar(Codigo.REPETIDO, fila.posicion, "esa posición ya había aparecido", id_de(fila.cuerpo))
        elif not fila.movida:
            que = "aparece después de posiciones posteriores de su origen"
            self._apuntar(Codigo.ORDEN, fila.posicion, que, id_de(fila.cuerpo))
        if fila.propia != fila.hoja:
            self._apuntar(Codigo.CUERPO_ALTERADO, fila.posicion, _QUE[Codigo.CUERPO_ALTERADO], id_de(fila.cuerpo))

    def ausente(self, fila: Fila) -> None:
        """La otra copia tiene esta fila y aquí no está: si abre un hueco, ya se sabe qué evento es."""
        if fila.posicion == self.esperada and self.id_ausente is None:
            self.id_ausente = id_de(fila.cuerpo)

    def posicion_real(self, dicha: object, anterior: bytes, cuerpo: bytes, hoja: bytes) -> int | None:
        """La posición ausente (o la ``dicha``) con la que esos bytes sí dan esa hoja, si la hay."""
        ausentes = [dicha] if isinstance(dicha, int) else []
        ausentes.append(self.esperada)
        for hueco in self._huecos:
            if len(ausentes) >= _CANDIDATAS:
                break
            ausentes += range(hueco.desde, min(hueco.hasta + 1, hueco.desde + _CANDIDATAS))
        for posicion in ausentes[:_CANDIDATAS]:
            if hoja_de(self.origen_en_bytes, posicion, anterior, cuerpo) == hoja:
                return posicion
        return None

    def cerrar(self) -> None:
        """No hay más filas: lo que quedaba pendiente se señala."""
        self._resolver(None)
        for hueco in self._huecos:
            self._senalar_hueco(hueco)
        self._huecos = []

    def _senalar_alterada(self, fila: Fila, otra: Fila | None) -> None:
        codigo = self._que_cambio(fila, otra)
        id_evento = (id_de(otra.cuerpo) if otra else None) or id_de(fila.cuerpo)
        if codigo is None:
            self._duda = _Duda(fila.posicion, id_evento, fila.propia, fila.hoja)
        else:
            self._apuntar(codigo, fila.posicion, _QUE[codigo], id_evento)

    def _que_cambio(self, fila: Fila, otra: Fila | None) -> Codigo | None:
        for enlace in self._enlaces:
            if enlace != fila.anterior and fila.hoja == hoja_de(
                self.origen_en_bytes, fila.posicion, enlace, fila.cuerpo
            ):
                return Codigo.ANTERIOR_ALTERADO
        if otra is None:
            return None
        if otra.hoja == fila.propia:
            return Codigo.HOJA_ALTERADA
        if otra.hoja == fila.hoja:
            # Si dicen lo mismo en todo, es que cambiaron las dos: y lo que se comprobó antes es que no es el enlace.
            solo_enlace = otra.cuerpo == fila.cuerpo and otra.anterior != fila.anterior
            return Codigo.ANTERIOR_ALTERADO if solo_enlace else Codigo.CUERPO_ALTERADO
        return None

    def _senalar_enlace(self, fila: Fila, otra: Fila | None) -> None:
        if otra is not None and otra.anterior in self._enlaces:
            codigo, que = Codigo.ANTERIOR_ALTERADO, _QUE[Codigo.ANTERIOR_ALTERADO]
        else:
            codigo = Codigo.CADENA_ROTA
            que = "no enlaza con la posición previa: una de las dos se reescribió entera"
        self._apuntar(codigo, fila.posicion, que, id_de(fila.cuerpo))

    def _resolver(self, enlace_siguiente: bytes | None) -> None:
        duda, self._duda = self._duda, None
        if duda is not None:
            codigo = Codigo.HOJA_ALTERADA if enlace_siguiente == duda.propia else Codigo.CUERPO_ALTERADO
            self._apuntar(codigo, duda.posicion, _QUE[codigo], duda.id_evento)

    def _abrir_hueco(self, hasta: int) -> None:
        hueco = _Hueco(self.esperada, hasta, self.id_ausente)
        if len(self._huecos) < _MAXIMO_HUECOS:
            self._huecos.append(hueco)
        else:
            self._senalar_hueco(hueco)
        self._enlaces = ()

    def _llenar_hueco(self, posicion: int) -> bool:
        """Quita una posición de los huecos; devuelve si estaba en uno."""
        for i, hueco in enumerate(self._huecos):
            if hueco.desde <= posicion <= hueco.hasta:
                antes = _Hueco(hueco.desde, posicion - 1, hueco.id_evento)
                despues = _Hueco(posicion + 1, hueco.hasta, None)
                self._huecos[i : i + 1] = [h for h in (antes, despues) if h.desde <= h.hasta]
                return True
        return False

    def _senalar_hueco(self, hueco: _Hueco) -> None:
        que = f"no está {tramo(hueco.desde, hueco.hasta)} y sí hay posteriores"
        self._apuntar(Codigo.HUECO, hueco.desde, que, hueco.id_evento)

    def _apuntar(self, codigo: Codigo, posicion: int, que: str, id_evento: str | None) -> None:
        self._registro.apuntar(codigo, self.donde, self.origen, posicion, que, id_evento)
