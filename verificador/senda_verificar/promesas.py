"""Lo que el libro firmó y quién lo refrendó: el último punto, la cadena de puntos y los que alguien guardó fuera.

Un punto guardado fuera, y más si lo refrendó un testigo, es el ancla: sin él, quien tiene las claves verdaderas puede
reescribirlo todo de forma coherente y nada de lo que entregue lo delata.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from typing import Final

from senda_verificar import json_unico
from senda_verificar.archivos import datos, lineas
from senda_verificar.confianza import Confianza
from senda_verificar.faltas import Codigo, Donde, Registro
from senda_verificar.nota import (
    MAXIMO_TEXTO,
    FirmaInvalida,
    PuntoDeControl,
    SinFirma,
    TextoInvalido,
    accesos_de,
    exigir_firma,
    instante_de,
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
    #: Si el último lo firmó de verdad un libro en que se confía.
    firmado: bool = False

    @property
    def todos(self) -> list[PuntoDeControl]:
        """Los que se entregan y los guardados fuera."""
        return [*([self.ultimo] if self.ultimo else []), *self.puntos, *self.retenidos]

    @property
    def tamanos(self) -> list[int]:
        """A qué tamaños se firmó una raíz."""
        return sorted({p.tamano for p in self.todos})


def reunir(
    carpeta: Path, retenidos: Iterable[str], confianza: Confianza, registro: Registro, *, con_entradas: bool
) -> Promesas:
    """Lee lo firmado del directorio y lo guardado fuera, y comprueba firmas, quórum y encadenamiento."""
    promesas = Promesas(leer_ultimo(_texto(carpeta / PUNTO), confianza, registro))
    promesas.firmado = promesas.ultimo is not None and _lo_firma(promesas.ultimo, confianza)
    promesas.testigos = quienes_refrendan(promesas.ultimo, confianza, registro)
    promesas.puntos = _encadenados(map(_cadena, lineas(carpeta / PUNTOS)), promesas.ultimo, confianza, registro)
    promesas.retenidos = leer_retenidos(retenidos, promesas.ultimo, confianza, registro)
    _contados(promesas, registro, con_entradas=con_entradas)
    return promesas


def _contados(promesas: Promesas, registro: Registro, *, con_entradas: bool) -> None:
    """El último punto cuenta los accesos; si otro de la cadena los contaba y él no, ya lo señaló ella."""
    ultimo = promesas.ultimo
    if ultimo is None or not ultimo.tamano or any(map(accesos_de, (ultimo, *promesas.puntos))):
        return
    if con_entradas or any(map(accesos_de, promesas.retenidos)):
        que = "el punto que se entrega no cuenta los accesos registrados"
        registro.apuntar(Codigo.PUNTOS_DESENCADENADOS, Donde.PUNTO, ultimo.origen, ultimo.tamano, que)


def leer_retenidos(
    textos: Iterable[str], ultimo: PuntoDeControl | None, confianza: Confianza, registro: Registro
) -> list[PuntoDeControl]:
    """Los puntos guardados fuera. Se creen por su firma, y han de ser de este libro: otro no dice nada de él."""
    puntos = []
    for texto in textos:
        punto = _firmado(texto, confianza, registro)
        if punto is None:
            continue
        if ultimo is not None and punto.origen != ultimo.origen:
            que = "el punto guardado fuera es de otro libro: no sirve para comprobar este"
            registro.apuntar(Codigo.PUNTO_SIN_FIRMA, Donde.PUNTO, punto.origen, punto.tamano, que)
            continue
        puntos.append(punto)
    return puntos


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
    """Cada raíz firmada ha de ser la de las entradas a ese tamaño. Devuelve el mayor tamaño firmado que cuadra.

    De un tamaño cuya raíz no se pudo rehacer no se dice nada: lo que falta para rehacerla ya se señaló.
    """
    hasta, falla = 0, False
    for punto in sorted((*promesas.puntos, *([promesas.ultimo] if promesas.ultimo else [])), key=lambda p: p.tamano):
        if raices.get(punto.tamano) == punto.raiz:
            falla = False
            if punto is not promesas.ultimo or promesas.firmado:
                hasta = punto.tamano
        elif punto.tamano > tamano:
            que = f"se firmó un libro de {punto.tamano} entradas y se entregan {tamano}"
            registro.apuntar(Codigo.TRUNCADO, Donde.PUNTO, punto.origen, punto.tamano, que)
            break
        elif punto.tamano in raices and not falla:
            falla = True
            que = f"la raíz de las {punto.tamano} primeras entradas no es la que se firmó"
            registro.apuntar(Codigo.RAIZ_DISTINTA, Donde.PUNTO, punto.origen, punto.tamano, que)
    for punto in promesas.retenidos:
        _con_retenido(punto, promesas, raices, tamano, registro)
    return hasta


def _con_retenido(
    punto: PuntoDeControl, promesas: Promesas, raices: Mapping[int, bytes], tamano: int, registro: Registro
) -> None:
    entregados = [*promesas.puntos, *([promesas.ultimo] if promesas.ultimo else [])]
    de_su_tamano = [p for p in entregados if p.tamano == punto.tamano]
    if punto.tamano > tamano:
        codigo = Codigo.LIBRO_RETROCEDE
        que = f"alguien guardó un punto firmado de {punto.tamano} entradas y este libro solo tiene {tamano}"
    elif punto.tamano < tamano and raices.get(punto.tamano, punto.raiz) != punto.raiz:
        codigo = Codigo.HISTORIA_REESCRITA
        que = f"las {punto.tamano} primeras entradas no son las que se firmaron: la historia se reescribió"
    elif any(p.firmado != punto.firmado for p in de_su_tamano):
        # Otra raíz; o la misma con otra fecha, otro punto anterior u otro registro de accesos: se volvió a firmar.
        codigo = Codigo.LIBRO_BIFURCADO
        que = f"el libro firmó dos puntos distintos para {punto.tamano} entradas: el guardado fuera y el que entrega"
    elif promesas.puntos and not de_su_tamano:
        codigo = Codigo.PUNTOS_DESENCADENADOS
        que = f"el punto de {punto.tamano} entradas que alguien guardó no está entre los que dice haber firmado"
    else:
        return
    registro.apuntar(codigo, Donde.PUNTO, punto.origen, punto.tamano, que)


def _encadenados(
    textos: Iterable[str], ultimo: PuntoDeControl | None, confianza: Confianza, registro: Registro
) -> list[PuntoDeControl]:
    """Todos los puntos que el libro dice haber firmado: cada uno lleva el hash del anterior, y el último se entrega."""
    puntos: list[PuntoDeControl] = []
    previo: PuntoDeControl | None = None
    numero = -1
    for numero, texto in enumerate(textos):
        punto = _firmado(texto, confianza, registro)
        if punto is not None:
            if (que := _desencadenado(punto, previo, primero=numero == 0)) is not None:
                registro.apuntar(Codigo.PUNTOS_DESENCADENADOS, Donde.PUNTO, punto.origen, punto.tamano, que)
            puntos.append(punto)
        previo = punto
    if numero < 0 and ultimo is not None and ultimo.tamano:
        que = f"no está {PUNTOS}: no se ve a qué otros puntos sigue el que se entrega"
        registro.apuntar(Codigo.ARCHIVO_AUSENTE, Donde.PUNTO, ultimo.origen, ultimo.tamano, que)
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
    cuando = instante_de(punto)
    if cuando is None:
        return "no dice cuándo se firmó"
    if previo is None:
        return None
    if punto.tamano <= previo.tamano:
        return "no crece respecto al punto anterior"
    antes = instante_de(previo)
    if antes is not None and cuando < antes:
        return "dice ser anterior en el tiempo al punto que le precede"
    accesos, contados = accesos_de(punto), accesos_de(previo)
    if contados is not None and (accesos is None or accesos[0] < contados[0]):
        return "cuenta menos accesos registrados que el punto anterior, o no los cuenta"
    if contados is not None and accesos is not None and accesos[0] == contados[0] and accesos != contados:
        return "cuenta los mismos accesos que el punto anterior, y son otros"
    return None


def _firmado(texto: str, confianza: Confianza, registro: Registro) -> PuntoDeControl | None:
    """El punto, si lo firmó un libro en que se confía; si no, señala por qué no vale."""
    punto = _leido(texto)
    if punto is None:
        registro.apuntar(Codigo.PUNTO_ILEGIBLE, Donde.PUNTO, "", 0, "no tiene forma de punto de control")
        return None
    if _lo_firma(punto, confianza):
        return punto
    que = "ninguna de las claves esperadas firmó ese texto para este libro"
    registro.apuntar(Codigo.PUNTO_SIN_FIRMA, Donde.PUNTO, punto.origen, punto.tamano, que)
    return None


def _lo_firma(punto: PuntoDeControl, confianza: Confianza) -> bool:
    for clave in confianza.libros:
        try:
            exigir_firma(punto, clave)
        except (SinFirma, FirmaInvalida):
            continue
        if punto.origen == clave.nombre:
            return True
    return False


def _leido(texto: str) -> PuntoDeControl | None:
    try:
        return leer(texto)
    except TextoInvalido:
        return None


def _texto(archivo: Path) -> str | None:
    crudo = datos(archivo, MAXIMO_TEXTO)
    return None if crudo is None else crudo.decode("utf-8", "surrogateescape")


def _cadena(linea: str) -> str:
    """El texto de una línea JSON; vacío, que no es un punto, si no lo es."""
    try:
        valor = json_unico.leer(linea)
    except json_unico.JsonInvalido:
        return ""
    return valor if isinstance(valor, str) else ""


__all__ = [
    "PUNTO",
    "PUNTOS",
    "Promesas",
    "contrastar",
    "leer_retenidos",
    "leer_ultimo",
    "quienes_refrendan",
    "reunir",
]
