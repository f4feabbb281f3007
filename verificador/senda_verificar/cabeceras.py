"""Las cabeceras que cada origen firmó, contra lo que el libro tiene de él: si calló, recortó o contó otra historia."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from senda_verificar.confianza import Confianza
from senda_verificar.contraste import Cabecera
from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.firmas import CabeceraDeOrigen, SinValor, leer_cabecera, origen_de
from senda_verificar.nota import PuntoDeControl
from senda_verificar.rapido import Extremo

CABECERAS: Final = "cabeceras.jsonl"
#: Lo que un hecho puede tardar en llegar al libro sin que sea noticia; con más, falta.
EN_CAMINO: Final = timedelta(seconds=60)


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
            for hoja in sorted(hojas)
        ]

    def prometidas(self) -> Mapping[bytes, Mapping[int, bytes]]:
        """Como las espera la pasada rápida; de una contradicción, cualquiera: ya se señaló."""
        return {o.encode(): {p: min(hojas) for p, hojas in suyas.items()} for o, suyas in self.por_origen.items()}

    def hasta(self, origen: str) -> int:
        """La mayor posición que ese origen firmó."""
        return max(self.por_origen.get(origen, {}), default=0)


def leer(carpeta: Path, confianza: Confianza, registro: Registro) -> Firmadas:
    """Lee las del directorio, comprueba sus firmas y que ninguna contradiga a otra."""
    firmadas, ultimas = Firmadas(), dict[str, CabeceraDeOrigen]()
    for cuerpo in _lineas(carpeta / CABECERAS):
        try:
            origen = origen_de(cuerpo)
            clave = confianza.origenes.get(origen)
            if clave is None:
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
        _retroceso(ultimas.get(origen), cabecera, registro)
        if origen not in ultimas or cabecera.instante >= ultimas[origen].instante:
            ultimas[origen] = cabecera
    return firmadas


def por_llegar(
    firmadas: Firmadas, ultimos: Mapping[str, Extremo], punto: PuntoDeControl | None, registro: Registro
) -> list[str]:
    """Lo que un origen prometió y el libro no tiene. Devuelve lo que aún podía estar en camino al firmar el punto."""
    en_camino = []
    firmado = _instante(punto)
    for origen, suyas in sorted(firmadas.por_origen.items()):
        llega = ultimos[origen].posicion if origen in ultimos else 0
        faltan = {p: min(hojas.values()) for p, hojas in suyas.items() if p > llega}
        if not faltan:
            continue
        if firmado is None or min(faltan.values()) < firmado - EN_CAMINO or max(faltan.values()) > firmado + EN_CAMINO:
            que = f"el origen firmó que llega a la posición {max(faltan)} y al libro le falta por el final desde aquí"
            registro.apuntar(Codigo.TRUNCADO, Donde.LIBRO, origen, llega + 1, que)
        else:
            en_camino.append(f"{max(faltan) - llega} hechos que {origen} acababa de contar al firmarse el punto")
    return en_camino


def _instante(punto: PuntoDeControl | None) -> datetime | None:
    try:
        return datetime.fromisoformat(punto.extensiones.get("instante", "")) if punto else None
    except ValueError:
        return None


def _retroceso(previa: CabeceraDeOrigen | None, actual: CabeceraDeOrigen, registro: Registro) -> None:
    """Vienen por posición: una anterior con fecha posterior es de un origen que perdió o recortó su final."""
    if previa is not None and actual.posicion > previa.posicion and actual.instante < previa.instante:
        que = f"dijo llegar hasta aquí y después, solo hasta la posición {previa.posicion}: recortó su historia"
        registro.apuntar(Codigo.CABECERA_RETROCEDE, Donde.CABECERA, actual.origen, actual.posicion, que)


def _lineas(archivo: Path) -> Iterable[str]:
    try:
        with archivo.open(encoding="utf-8", errors="replace") as lineas:
            yield from (linea.rstrip("\n") for linea in lineas)
    except OSError:
        return


__all__ = ["CABECERAS", "EN_CAMINO", "Firmadas", "leer", "por_llegar"]
