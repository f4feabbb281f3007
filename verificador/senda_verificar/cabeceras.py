"""Las cabeceras que cada origen firmó, contra lo que el libro tiene de él: si calló, recortó o contó otra historia."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import chain, pairwise
from pathlib import Path
from typing import Final

from senda_verificar.archivos import lineas
from senda_verificar.confianza import Confianza
from senda_verificar.contraste import Cabecera
from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.firmas import CabeceraDeOrigen, SinValor, leer_cabecera, origen_de
from senda_verificar.nota import PuntoDeControl, instante_de
from senda_verificar.rapido import Extremo

CABECERAS: Final = "cabeceras.jsonl"
#: Lo que un hecho puede tardar en llegar al libro sin que sea noticia; con más, falta.
EN_CAMINO: Final = timedelta(seconds=60)
#: Cuántos orígenes sin clave se recuerdan: se dicen, no se cuentan.
_MAXIMO_SIN_CLAVE: Final = 100


@dataclass
class Firmadas:
    """Lo que prometió cada origen: posición -> sus hojas (más de una es una contradicción) y cuándo lo dijo."""

    por_origen: dict[str, dict[int, dict[bytes, datetime]]] = field(default_factory=dict)
    sin_clave: set[str] = field(default_factory=set)

    def en_filas(self) -> list[Cabecera]:
        """Como las espera la pasada lenta."""
        return [
            Cabecera(origen, posicion, hoja)
            for origen, suyas in self.por_origen.items()
            for posicion, hojas in suyas.items()
            for hoja in _una(hojas)
        ]

    def prometidas(self) -> Mapping[bytes, Mapping[int, bytes]]:
        """Como las espera la pasada rápida."""
        return {
            origen.encode(): {p: hoja for p, hojas in suyas.items() for hoja in _una(hojas)}
            for origen, suyas in self.por_origen.items()
        }

    def hasta(self, origen: str) -> int:
        """La mayor posición que ese origen firmó."""
        return max(self.por_origen.get(origen, {}), default=0)


def leer(carpeta: Path, confianza: Confianza, registro: Registro, guardadas: Iterable[str] = ()) -> Firmadas:
    """Lee las del directorio y las ``guardadas`` fuera, comprueba sus firmas y que ninguna contradiga a otra."""
    firmadas, dichas = Firmadas(), dict[str, list[CabeceraDeOrigen]]()
    for cuerpo in chain(lineas(carpeta / CABECERAS), guardadas):
        try:
            origen = origen_de(cuerpo)
            clave = confianza.origenes.get(origen)
            if clave is None:
                if len(firmadas.sin_clave) < _MAXIMO_SIN_CLAVE:
                    firmadas.sin_clave.add(origen)
                continue
            cabecera = leer_cabecera(cuerpo, clave.publica)
        except SinValor as error:
            registro.apuntar(Codigo.CABECERA_FALSA, Donde.CABECERA, "", 0, str(error))
            continue
        hojas = firmadas.por_origen.setdefault(origen, {}).setdefault(cabecera.posicion, {})
        if hojas and cabecera.hoja not in hojas:
            que = "el origen firmó dos hojas distintas para esa posición: contó dos historias"
            registro.apuntar(Codigo.CABECERA_DISTINTA, Donde.CABECERA, origen, cabecera.posicion, que)
        hojas.setdefault(cabecera.hoja, cabecera.instante)
        dichas.setdefault(origen, []).append(cabecera)
    for suyas in dichas.values():
        _retrocesos(suyas, registro)
    return firmadas


def por_llegar(
    firmadas: Firmadas, ultimos: Mapping[str, Extremo], punto: PuntoDeControl | None, registro: Registro
) -> list[str]:
    """Lo que un origen prometió y el libro no tiene. Devuelve lo que aún podía estar en camino al firmar el punto."""
    en_camino = []
    firmado = instante_de(punto) if punto else None
    for origen, suyas in sorted(firmadas.por_origen.items()):
        llega = ultimos[origen].posicion if origen in ultimos else 0
        faltan = {p: min(hojas.values()) for p, hojas in suyas.items() if p > llega}
        if not faltan:
            continue
        if firmado is None or any(abs(cuando - firmado) > EN_CAMINO for cuando in faltan.values()):
            que = f"el origen firmó que llega a la posición {max(faltan)} y al libro le falta por el final desde aquí"
            registro.apuntar(Codigo.TRUNCADO, Donde.LIBRO, origen, llega + 1, que)
        else:
            en_camino.append(f"{max(faltan) - llega} hechos que {origen} acababa de contar al firmarse el punto")
    return en_camino


def _una(hojas: Iterable[bytes]) -> list[bytes]:
    """La hoja de una posición; de una contradicción, ninguna: ya se señaló, y no hay una que cumplir."""
    todas = list(hojas)
    return todas if len(todas) == 1 else []


def _retrocesos(dichas: list[CabeceraDeOrigen], registro: Registro) -> None:
    """Quien después dice llegar menos lejos que antes perdió o recortó su final. El orden del archivo es ajeno."""
    en_orden = sorted(dichas, key=lambda c: (c.instante, c.posicion))
    for antes, despues in pairwise(en_orden):
        if despues.posicion < antes.posicion:
            que = f"dijo llegar hasta aquí y después, solo hasta la posición {despues.posicion}: recortó su historia"
            registro.apuntar(Codigo.CABECERA_RETROCEDE, Donde.CABECERA, antes.origen, antes.posicion, que)


__all__ = ["CABECERAS", "EN_CAMINO", "Firmadas", "leer", "por_llegar"]
