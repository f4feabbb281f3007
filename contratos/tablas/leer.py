"""De una fila de un formato a lo que se puede contar de una persona. Lo que la fila no dice no consta."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from msgspec import Struct

from contratos.clasificacion import Condicion, Lista
from contratos.clasificacion.ficha import PAIS_SIN_CONSTAR, Ficha
from contratos.tablas import rechazos
from contratos.tablas.idiomas import SIN_CONSTAR, idiomas
from contratos.tablas.paquete import Columna, Formato, Lleva
from contratos.tablas.perdida import Perdida
from eventos.listas import Captacion, DuracionExplotacion, MedioControl, Modalidad
from eventos.paises import ALFA3_ASIGNADOS
from eventos.perfil import Genero
from eventos.tipos import SiNo

#: Los tramos de edad que son de niñas, niños y adolescentes (Protocolo de Palermo, art. 3.d).
_NNA: Final = frozenset({"0-8", "9-17"})
_NACIONALIDADES: Final = 5
#: El único momento de HTCDS que Senda lleva.
_EXPLOTACION: Final = "Exploitation"
_MOMENTOS: Final = frozenset({"Recruitment", "Transit", _EXPLOTACION})


class Leida(Struct, frozen=True):
    """Una persona, como la cuenta la fila."""

    ficha: Ficha
    idioma: str
    perdidas: tuple[Perdida, ...]


def leer(formato: Formato, celdas: Mapping[str, str], pais_explotacion: str = PAIS_SIN_CONSTAR) -> Leida:
    """Lee una fila (columna -> celda sin espacios alrededor).

    ``pais_explotacion``: el de toda la tabla (alfa-3), si el formato no lo lleva. Errores: `DeUnaFila`.
    """
    return _Lectura(formato, celdas, pais_explotacion).leer()


class _Lectura:
    def __init__(self, formato: Formato, celdas: Mapping[str, str], pais: str) -> None:
        self.formato, self.celdas, self.pais = formato, celdas, pais
        self.perdidas: list[Perdida] = []

    def leer(self) -> Leida:
        self.perdidas += self._columnas_que_se_pierden()
        grupo = self._uno(Lista.GRUPO_ETARIO, "no-consta")
        nna = SiNo.NO_CONSTA if grupo == "no-consta" else SiNo.SI if grupo in _NNA else SiNo.NO
        pais = self._pais()
        ficha = Ficha(
            condicion=Condicion(self._uno(Lista.CONDICION, Condicion.PRESUNTA)),
            nna=nna,
            modalidades=tuple(map(Modalidad, self._valores(Lista.MODALIDAD))),
            medios=tuple(map(MedioControl, self._valores(Lista.MEDIO))),
            captacion=tuple(map(Captacion, self._valores(Lista.CAPTACION))),
            duracion=DuracionExplotacion(self._uno(Lista.DURACION, "no-consta")),
            genero=Genero(self._uno(Lista.GENERO, "no-consta")),
            grupo_etario=grupo,
            nacionalidades=self._nacionalidades(pais),
            pais_explotacion=pais,
        )
        return Leida(ficha, self._idioma(), tuple(self.perdidas))

    def _uno(self, lista: Lista, si_falta: str) -> str:
        """El valor de una lista que en Senda es uno solo; si la fila trae varios, el primero del estándar."""
        valores = self._valores(lista)
        for sobra in valores[1:]:
            self.perdidas.append(Perdida(donde=lista, valor=sobra, motivo="en Senda es un solo valor"))
        return valores[0] if valores else si_falta

    def _valores(self, lista: Lista) -> list[str]:
        columnas = self.formato.de(Lleva(lista))
        if not columnas:
            return []
        equivalencias = self.formato.cruce.de(lista)
        hallados: list[str] = []
        for columna, codigo in self._codigos(columnas, equivalencias.campo, unico=equivalencias.unico):
            if codigo not in equivalencias.codigos:
                raise rechazos.ValorFueraDeLista(columna)
            valor = equivalencias.inverso.get(codigo)
            if valor is None:
                continue
            if codigo in equivalencias.se_lee:
                self.perdidas.append(
                    Perdida(donde=columna, valor=codigo, motivo="reúne varios valores de Senda", sale_como=valor)
                )
            if valor not in hallados:
                hallados.append(valor)
        # Lo que no consta no es un valor más de la lista.
        return [v for v in hallados if v != "no-consta"]

    def _codigos(self, columnas: tuple[Columna, ...], campo: str, *, unico: bool) -> Iterator[tuple[str, str]]:
        if not campo:
            yield from ((c.nombre, c.nombre) for c in columnas if self._marcada(c.nombre))
            return
        for codigo in self._partida(campo, unico=unico):
            yield campo, codigo

    def _marcada(self, columna: str) -> bool:
        celda = self.celdas[columna]
        if celda not in {"0", "1"}:
            raise rechazos.NiCeroNiUno(columna)
        return celda == "1"

    def _partida(self, columna: str, *, unico: bool) -> list[str]:
        celda = self.celdas.get(columna, "")
        codigos = [parte.strip() for parte in celda.split(self.formato.separador)] if celda else []
        if unico and len(codigos) > 1:
            raise rechazos.VariosEnUno(columna)
        if len(set(codigos)) != len(codigos):
            raise rechazos.ValorRepetido(columna)
        return codigos

    def _idioma(self) -> str:
        for columna in self.formato.de(Lleva.IDIOMA):
            if celda := self.celdas.get(columna.nombre, ""):
                lengua = idiomas().leer(celda)
                if lengua is None:
                    raise rechazos.ValorFueraDeLista(columna.nombre)
                if lengua == SIN_CONSTAR != celda:
                    self.perdidas.append(
                        Perdida(donde=columna.nombre, valor=celda, motivo="es una familia de lenguas, no una")
                    )
                return lengua
        return SIN_CONSTAR

    def _pais(self) -> str:
        for columna in self.formato.de(Lleva.PAIS):
            celda = self._alfa3(columna.nombre, self.celdas.get(columna.nombre, ""))
            (momento,) = self.formato.de(Lleva.MOMENTO)
            cual = self.celdas.get(momento.nombre, "")
            if cual and cual not in _MOMENTOS:
                raise rechazos.ValorFueraDeLista(momento.nombre)
            if cual == _EXPLOTACION and celda:
                return celda
            if celda or cual:
                falta = "Senda solo lleva el país de explotación" if celda else "sin país no dice nada"
                self.perdidas.append(Perdida(donde=momento.nombre, valor=cual, motivo=falta))
        return self.pais

    def _nacionalidades(self, pais: str) -> tuple[str, ...]:
        for columna in self.formato.de(Lleva.NACIONALIDADES):
            paises = self._partida(columna.nombre, unico=False)
            if len(paises) > _NACIONALIDADES:
                raise rechazos.DemasiadosValores(columna.nombre)
            return tuple(self._alfa3(columna.nombre, p) for p in paises)
        for columna in self.formato.de(Lleva.CIUDADANA):
            if self._marcada(columna.nombre):
                if pais != PAIS_SIN_CONSTAR:
                    return (pais,)
                falta = "no se sabe de qué país es la tabla: dilo con --pais-explotacion"
                self.perdidas.append(Perdida(donde=columna.nombre, valor="1", motivo=falta))
        return ()

    @staticmethod
    def _alfa3(columna: str, celda: str) -> str:
        if celda and celda not in ALFA3_ASIGNADOS:
            raise rechazos.NoEsAlfa3(columna)
        return celda

    def _columnas_que_se_pierden(self) -> Iterator[Perdida]:
        for columna in self.formato.columnas:
            celda = self.celdas.get(columna.nombre, "") if columna.pierde else ""
            if celda:
                partes = celda.split(self.formato.separador)
                for parte in map(str.strip, partes) if columna.valores else ("",):
                    publico = parte if parte in columna.valores else ""
                    yield Perdida(donde=columna.nombre, valor=publico, motivo=columna.pierde)
