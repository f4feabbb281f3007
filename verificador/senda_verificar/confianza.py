"""En quién confía quien verifica: un archivo de texto que trae de fuera, nunca el que venga con lo verificado.

Es una política C2SP ``tlog-policy`` (``log``, ``witness``, ``group``, ``quorum``) con dos palabras de más, para lo que
va dentro de las entradas: ``origen <vkey>`` (la clave con que un servicio firma sus cabeceras y acuses; se llama como
su origen, ``/gt/deteccion``) e ``institucion <vkey>`` (la clave de una institución; se llama como su código). Una vkey
sola en su línea es un ``log``. Sin ``quorum`` no se exige ningún testigo; con algún ``origen``, el libro no ha
de llevar otros. Lo que empieza por ``#`` no cuenta.
Fuente: https://c2sp.org/tlog-policy.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from typing import Final

from senda_verificar.nota import ED25519, REFRENDO, ClaveInvalida, Vkey, leer_vkey

NINGUNO: Final = "none"
_MAXIMO: Final = 256 * 1024
_UMBRAL = re.compile(r"[1-9][0-9]{0,5}")
_BLANCOS = re.compile(r"[ \t]+")


class ConfianzaInvalida(ValueError):
    """El archivo no se entiende. Dice en qué línea y por qué, sin repetirla."""


@dataclass(frozen=True)
class Grupo:
    """Se da por cumplido si cumplen al menos ``umbral`` de sus miembros, testigos u otros grupos."""

    umbral: int
    miembros: tuple[str, ...]


@dataclass
class Confianza:
    """Las claves en que se confía y cuántos testigos hacen falta."""

    libros: list[Vkey] = field(default_factory=list)
    testigos: dict[str, Vkey] = field(default_factory=dict)
    grupos: dict[str, Grupo] = field(default_factory=dict)
    quorum: str = NINGUNO
    origenes: dict[str, Vkey] = field(default_factory=dict)
    instituciones: dict[str, list[Vkey]] = field(default_factory=dict)

    def desconocidos(self, origenes: Iterable[str]) -> list[str]:
        """Los orígenes que no están entre los que se dijeron. Si no se dijo ninguno, no se sabe cuáles son."""
        return sorted(set(origenes) - set(self.origenes)) if self.origenes else []

    def cumple(self, refrendaron: Collection[str]) -> bool:
        """Si esos testigos bastan para el quórum."""
        cumplen = {NINGUNO, *refrendaron}
        # Un grupo solo nombra a otros ya dichos: en su orden, cada uno se sabe sin volver atrás.
        for nombre, grupo in self.grupos.items():
            if sum(miembro in cumplen for miembro in grupo.miembros) >= grupo.umbral:
                cumplen.add(nombre)
        return self.quorum in cumplen


def leer(texto: str) -> Confianza:
    """Lee el archivo. Errores: `ConfianzaInvalida`."""
    if len(texto) > _MAXIMO:
        raise ConfianzaInvalida("el archivo de claves es demasiado grande")
    confianza, quorum = Confianza(), 0
    for numero, linea in enumerate(texto.split("\n"), 1):
        palabras = [p for p in _BLANCOS.split(linea.strip(" \t\r")) if p]
        if not palabras or palabras[0].startswith("#"):
            continue
        try:
            _PALABRAS.get(palabras[0], _suelta)(confianza, palabras)
        except (ClaveInvalida, ConfianzaInvalida) as error:
            raise ConfianzaInvalida(f"línea {numero}: {error}") from None
        quorum += palabras[0] == "quorum"
    if not confianza.libros:
        raise ConfianzaInvalida("no dice la clave de ningún libro")
    if quorum > 1:
        raise ConfianzaInvalida("dice más de un quórum")
    return confianza


def _suelta(confianza: Confianza, palabras: list[str]) -> None:
    if len(palabras) != 1:
        raise ConfianzaInvalida("no empieza por log, witness, group, quorum, origen o institucion")
    _libro(confianza, ["log", *palabras])


def _libro(confianza: Confianza, palabras: list[str]) -> None:
    clave = _clave(palabras, 1, ED25519)
    if any(clave.cruda == otra.cruda for otra in confianza.libros):
        raise ConfianzaInvalida("repite la clave de un libro")
    confianza.libros.append(clave)


def _testigo(confianza: Confianza, palabras: list[str]) -> None:
    clave = _clave(palabras, 2, REFRENDO)
    if any(clave.cruda == otra.cruda for otra in confianza.testigos.values()):
        raise ConfianzaInvalida("repite la clave de un testigo")
    confianza.testigos[_nuevo(confianza, palabras[1])] = clave


def _grupo(confianza: Confianza, palabras: list[str]) -> None:
    _, nombre, cuantos, *miembros = palabras if len(palabras) >= 4 else ["", "", "", ""]  # noqa: PLR2004
    if not nombre or len(set(miembros)) != len(miembros):
        raise ConfianzaInvalida("un grupo dice nombre, cuántos y miembros sin repetir")
    for miembro in miembros:
        _conocido(confianza, miembro)
        if any(miembro in otro.miembros for otro in confianza.grupos.values()):
            raise ConfianzaInvalida("un testigo o grupo solo puede estar en un grupo")
    umbral = {"all": len(miembros), "any": 1}.get(cuantos) or (int(cuantos) if _UMBRAL.fullmatch(cuantos) else 0)
    if not 1 <= umbral <= len(miembros):
        raise ConfianzaInvalida("el umbral de un grupo va de 1 a cuántos miembros tiene")
    confianza.grupos[_nuevo(confianza, nombre)] = Grupo(umbral, tuple(miembros))


def _quorum(confianza: Confianza, palabras: list[str]) -> None:
    if len(palabras) != 2:  # noqa: PLR2004
        raise ConfianzaInvalida("quorum dice un testigo, un grupo o none")
    if palabras[1] != NINGUNO:
        _conocido(confianza, palabras[1])
    confianza.quorum = palabras[1]


def _origen(confianza: Confianza, palabras: list[str]) -> None:
    clave = _clave(palabras, 1, ED25519)
    if clave.nombre in confianza.origenes:
        raise ConfianzaInvalida("repite un origen")
    confianza.origenes[clave.nombre] = clave


def _institucion(confianza: Confianza, palabras: list[str]) -> None:
    clave = _clave(palabras, 1, ED25519)
    confianza.instituciones.setdefault(clave.nombre, []).append(clave)


def _clave(palabras: list[str], donde: int, tipo: int) -> Vkey:
    if len(palabras) not in {donde + 1, donde + 2}:
        raise ConfianzaInvalida("le falta la clave o le sobran palabras")
    clave = leer_vkey(palabras[donde])
    if clave.tipo != tipo:
        que = "de refrendo (0x04)" if tipo == REFRENDO else "de firma (0x01)"
        raise ConfianzaInvalida(f"la clave ha de ser {que}")
    return clave


def _nuevo(confianza: Confianza, nombre: str) -> str:
    if nombre == NINGUNO or nombre in confianza.testigos or nombre in confianza.grupos:
        raise ConfianzaInvalida("ese nombre ya está dicho o no se puede usar")
    return nombre


def _conocido(confianza: Confianza, nombre: str) -> None:
    if nombre not in confianza.testigos and nombre not in confianza.grupos:
        raise ConfianzaInvalida("nombra un testigo o grupo que no se ha dicho antes")


_PALABRAS: Final[dict[str, Callable[[Confianza, list[str]], None]]] = {
    "log": _libro,
    "witness": _testigo,
    "group": _grupo,
    "quorum": _quorum,
    "origen": _origen,
    "institucion": _institucion,
}

__all__ = ["NINGUNO", "Confianza", "ConfianzaInvalida", "Grupo", "leer"]
