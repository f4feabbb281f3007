"""Lo que el libro firmó y quién lo refrendó: el último punto, la cadena de puntos y los que alguien guardó fuera.

Un punto guardado fuera, y más si lo refrendó un testigo, es el ancla: sin él, quien tiene las claves verdaderas puede
reescribirlo todo de forma coherente y nada de lo que entregue lo delata.
"""

from __future__ import annotations

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from senda_verificar.confianza import Confianza
from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.nota import (
    FirmaInvalida,
    PuntoDeControl,
    SinFirma,
    TextoInvalido,
    exigir_firma,
    leer,
)

_CERO: Final = b64encode(bytes(32)).decode()
PUNTO: Final = "checkpoint"
PUNTOS: Final = "puntos.jsonl"


@dataclass
class Promesas:
    """Los puntos firmados que hay que cumplir. ``ultimo``: None si no se pudo leer ninguno."""

    ultimo: PuntoDeControl | None
    puntos: list[PuntoDeControl] = field(default_factory=list)
    retenidos: list[PuntoDeControl] = field(default_factory=list)
    testigos: tuple[str, ...] = ()

    @property
    def tamanos(self) -> list[int]:
        """A qué tamaños se firmó una raíz."""
        ultimo = [self.ultimo] if self.ultimo else []
        return sorted({p.tamano for p in (*ultimo, *self.puntos, *self.retenidos)})


def reunir(carpeta: Path, retenidos: Iterable[str], confianza: Confianza, registro: Registro) -> Promesas:
    """Lee lo firmado del directorio y lo guardado fuera, y comprueba firmas, quórum y encadenamiento."""
    promesas = Promesas(leer_ultimo(_texto(carpeta / PUNTO), confianza, registro))
    promesas.testigos = quienes_refrendan(promesas.ultimo, confianza, registro)
    promesas.puntos = _encadenados(_lineas(carpeta / PUNTOS), promesas.ultimo, confianza, registro)
    for texto in retenidos:
        # Uno guardado fuera se cree por su firma; que otro libro firme otra cosa no dice nada de este.
        punto = _firmado(texto, confianza, registro)
        if punto is not None:
            promesas.retenidos.append(punto)
    return promesas


def leer_ultimo(texto: str | None, confianza: Confianza, registro: Registro) -> PuntoDeControl | None:
    """El punto que se entrega. Aunque su firma no valga se devuelve, para seguir mirando."""
    if texto is None:
        registro.apuntar(Codigo.ARCHIVO_AUSENTE, Donde.PUNTO, "", 0, f"no está {PUNTO}: nadie firma este libro")
        return None
    return _firmado(texto, confianza, registro) or _leido(texto)


def quienes_refrendan(punto: PuntoDeControl | None, confianza: Confianza, registro: Registro) -> tuple[str, ...]:
    """Los testigos de la política que refrendaron el punto; señala los que no valen y si no bastan."""
    if punto is None:
        return ()
    refrendaron = []
    for nombre, clave in confianza.testigos.items():
        try:
            exigir_firma(punto, clave)
        except SinFirma:
            continue
        except FirmaInvalida:
            que = f"el refrendo a nombre del testigo «{nombre}» no corresponde a este punto"
            registro.apuntar(Codigo.REFRENDO_FALSO, Donde.TESTIGO, punto.origen, punto.tamano, que)
            continue
        refrendaron.append(nombre)
    if not confianza.cumple(refrendaron):
        que = f"lo refrendan {len(refrendaron)} de {len(confianza.testigos)} testigos y el quórum exige más"
        registro.apuntar(Codigo.SIN_QUORUM, Donde.TESTIGO, punto.origen, punto.tamano, que)
    return tuple(refrendaron)


def contrastar(promesas: Promesas, raices: Mapping[int, bytes], tamano: int, registro: Registro) -> int:
    """Cada raíz firmada ha de ser la de las entradas a ese tamaño. Devuelve el mayor tamaño firmado que cuadra."""
    hasta, falla = 0, False
    for punto in sorted((*promesas.puntos, *([promesas.ultimo] if promesas.ultimo else [])), key=lambda p: p.tamano):
        if raices.get(punto.tamano) == punto.raiz:
            hasta, falla = punto.tamano, False
        elif not falla:
            falla = True
            que = f"la raíz de las {punto.tamano} primeras entradas no es la que se firmó"
            registro.apuntar(Codigo.RAIZ_DISTINTA, Donde.PUNTO, punto.origen, punto.tamano, que)
    for punto in promesas.retenidos:
        _con_retenido(punto, promesas, raices, tamano, registro)
    return hasta


def _con_retenido(
    punto: PuntoDeControl, promesas: Promesas, raices: Mapping[int, bytes], tamano: int, registro: Registro
) -> None:
    ultimo = promesas.ultimo
    if punto.tamano > tamano:
        que = f"alguien guardó un punto firmado de {punto.tamano} entradas y este libro solo tiene {tamano}"
        registro.apuntar(Codigo.LIBRO_RETROCEDE, Donde.PUNTO, punto.origen, punto.tamano, que)
    elif ultimo is not None and punto.tamano == ultimo.tamano and punto.raiz != ultimo.raiz:
        que = f"el libro firmó dos raíces distintas para {punto.tamano} entradas: la guardada fuera y la que entrega"
        registro.apuntar(Codigo.LIBRO_BIFURCADO, Donde.PUNTO, punto.origen, punto.tamano, que)
    elif raices.get(punto.tamano) != punto.raiz:
        que = f"las {punto.tamano} primeras entradas no son las que se firmaron: la historia se reescribió"
        registro.apuntar(Codigo.HISTORIA_REESCRITA, Donde.PUNTO, punto.origen, punto.tamano, que)
    elif (suyos := [p for p in (*promesas.puntos, *([ultimo] if ultimo else [])) if p.tamano == punto.tamano]) and any(
        p.firmado != punto.firmado for p in suyos
    ):
        # La misma raíz, pero otra fecha, otro punto anterior u otro registro de accesos: se volvió a firmar.
        que = f"el libro firmó dos puntos distintos para {punto.tamano} entradas: el guardado fuera y el que entrega"
        registro.apuntar(Codigo.LIBRO_BIFURCADO, Donde.PUNTO, punto.origen, punto.tamano, que)
    elif promesas.puntos and not suyos:
        que = f"el punto de {punto.tamano} entradas que alguien guardó no está entre los que dice haber firmado"
        registro.apuntar(Codigo.PUNTOS_DESENCADENADOS, Donde.PUNTO, punto.origen, punto.tamano, que)


def _encadenados(
    textos: Iterable[str], ultimo: PuntoDeControl | None, confianza: Confianza, registro: Registro
) -> list[PuntoDeControl]:
    """Todos los puntos que el libro dice haber firmado: cada uno lleva el hash del anterior, y el último se entrega."""
    puntos: list[PuntoDeControl] = []
    previo: PuntoDeControl | None = None
    for texto in textos:
        punto = _firmado(texto, confianza, registro)
        if punto is None:
            previo = None
            continue
        if (que := _desencadenado(punto, previo, primero=not puntos)) is not None:
            registro.apuntar(Codigo.PUNTOS_DESENCADENADOS, Donde.PUNTO, punto.origen, punto.tamano, que)
        puntos.append(punto)
        previo = punto
    if previo is not None and ultimo is not None and previo.firmado != ultimo.firmado:
        que = "el punto que se entrega no es el último de los que se dice haber firmado"
        registro.apuntar(Codigo.PUNTOS_DESENCADENADOS, Donde.PUNTO, ultimo.origen, ultimo.tamano, que)
    return puntos


def _desencadenado(punto: PuntoDeControl, previo: PuntoDeControl | None, *, primero: bool) -> str | None:
    if previo is None and not primero:
        return None
    dice = punto.extensiones
    esperado = b64encode(sha256(previo.firmado).digest()).decode() if previo else _CERO
    if dice.get("anterior") != esperado:
        return "no lleva el hash del punto anterior: falta uno, sobra o se cambió"
    if previo is None:
        return None
    antes = previo.extensiones
    if punto.tamano <= previo.tamano:
        return "no crece respecto al punto anterior"
    if dice.get("instante", "") < antes.get("instante", ""):
        return "dice ser anterior en el tiempo al punto que le precede"
    if _accesos(dice) < _accesos(antes):
        return "cuenta menos accesos registrados que el punto anterior"
    return None


def _accesos(extensiones: Mapping[str, str]) -> int:
    numero = extensiones.get("accesos", "0").partition(" ")[0]
    return int(numero) if numero.isascii() and numero.isdigit() else -1


def _firmado(texto: str, confianza: Confianza, registro: Registro) -> PuntoDeControl | None:
    """El punto, si lo firmó un libro en que se confía; si no, señala por qué no vale."""
    punto = _leido(texto)
    if punto is None:
        registro.apuntar(Codigo.PUNTO_ILEGIBLE, Donde.PUNTO, "", 0, "no tiene forma de punto de control")
        return None
    for clave in confianza.libros:
        try:
            exigir_firma(punto, clave)
        except (SinFirma, FirmaInvalida):
            continue
        if punto.origen == clave.nombre:
            return punto
    que = "ninguna de las claves esperadas firmó ese texto para este libro"
    registro.apuntar(Codigo.PUNTO_SIN_FIRMA, Donde.PUNTO, punto.origen, punto.tamano, que)
    return None


def _leido(texto: str) -> PuntoDeControl | None:
    try:
        return leer(texto)
    except TextoInvalido:
        return None


def _texto(archivo: Path) -> str | None:
    try:
        return archivo.read_text(encoding="utf-8", errors="surrogateescape")
    except OSError:
        return None


def _lineas(archivo: Path) -> Iterable[str]:
    """Los textos de un archivo de líneas JSON; uno que no se deje leer sale vacío (y se señalará como ilegible)."""
    try:
        with archivo.open(encoding="utf-8", errors="surrogateescape") as lineas:
            for linea in lineas:
                yield _cadena(linea)
    except OSError:
        return


def _cadena(linea: str) -> str:
    try:
        valor = json.loads(linea)
    except (ValueError, RecursionError):
        return ""
    return valor if isinstance(valor, str) else ""


__all__: Sequence[str] = [
    "PUNTO",
    "PUNTOS",
    "Promesas",
    "contrastar",
    "leer_ultimo",
    "quienes_refrendan",
    "reunir",
]
