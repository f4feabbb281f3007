"""Quién puede qué en el broker: un dato puro, que sale de la topología y del directorio de instituciones.

Cada usuario nombra exactamente lo que escribe y lo que lee. Ninguno puede configurar nada (declarar, borrar): la
topología la aplica quien administra el broker, con las mismas definiciones (docs/decisiones/029).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from infra.mensajeria.topologia import Cola, Topologia, colas_de_institucion

PORTAL = "portal"
"""Usuario del portal HTTP: publica por varias instituciones (ahí manda la firma de cada una) y recoge lo de todas.

Que pueda vaciar la cola de quien entra por AMQP es el precio de no reaplicar permisos con cada abono: lo que se llevara
sin deber lo recupera su institución (`repetir-buzon`, o repitiendo la solicitud).
"""
OPERACION = "operacion"
"""Usuario de la persona que mira la cola de muertos."""
ETIQUETA = "senda"
"""Etiqueta que en el broker marca los usuarios que se gobiernan desde aquí: los demás no se tocan."""


class Papel(StrEnum):
    """De quién es un usuario."""

    SERVICIO = "servicio"
    INSTITUCION = "institucion"
    PORTAL = "portal"
    OPERACION = "operacion"


@dataclass(frozen=True, slots=True)
class Tema:
    """En un intercambio por tema, las únicas claves con que se publica y con que se ata. Expresiones del broker."""

    intercambio: str
    escribir: str
    leer: str


@dataclass(frozen=True, slots=True)
class Limites:
    """Cuánto puede abrir un usuario. None: sin límite."""

    conexiones: int | None = None
    canales: int | None = None


LIMITES_DE_INSTITUCION = Limites(conexiones=8, canales=32)
"""Un programa que no cierra lo que abre se queda sin bus él, no los demás."""
LONGITUD_DE_INSTITUCION = 100_000
"""Mensajes que esperan como mucho en la cola de una institución que no lee.

No se descarta nada: con `reject-publish` (topología) lo que no cabe vuelve a quien publica, y sigue en su base hasta
que quepa. Sin tope, quien lleva meses sin leer llenaría el disco del broker, que entonces para a todos.
"""


@dataclass(frozen=True, slots=True)
class Usuario:
    """Un usuario del broker. ``escribe`` y ``lee``: nombres exactos de intercambios y colas."""

    nombre: str
    papel: Papel
    escribe: tuple[str, ...] = ()
    lee: tuple[str, ...] = ()
    temas: tuple[Tema, ...] = ()
    limites: Limites = Limites()

    @property
    def configurar(self) -> str:
        """Expresión de lo que puede declarar y borrar: nada."""
        return exacta(())

    @property
    def escribir(self) -> str:
        """Expresión de los nombres en que escribe."""
        return exacta(self.escribe)

    @property
    def leer(self) -> str:
        """Expresión de los nombres que lee."""
        return exacta(self.lee)

    @property
    def etiquetas(self) -> tuple[str, ...]:
        """Etiquetas en el broker. Ninguna administra; `monitoring` deja mirar la consola de gestión."""
        return (ETIQUETA, "monitoring") if self.papel is Papel.OPERACION else (ETIQUETA,)


@dataclass(frozen=True, slots=True)
class Politica:
    """Un ajuste del broker para las colas cuyo nombre casa."""

    nombre: str
    patron: str
    definicion: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class Seguridad:
    """Todo lo que el broker ha de tener: lo que se declara y quién puede qué. `colas`: también las de instituciones."""

    vhost: str
    topologia: Topologia
    colas: tuple[Cola, ...]
    usuarios: tuple[Usuario, ...]
    politicas: tuple[Politica, ...]

    def usuario(self, nombre: str) -> Usuario:
        """El usuario de ese nombre. Errores: `KeyError`."""
        return {u.nombre: u for u in self.usuarios}[nombre]


def exacta(nombres: Iterable[str]) -> str:
    """Expresión que casa con esos nombres y con ningún otro; sin nombres, con nada.

    El broker busca la expresión en cualquier parte del nombre, y `$` casa también antes de un salto final: por eso las
    anclas y lo que va antes de la última.
    """
    partes = "|".join(re.escape(nombre) for nombre in nombres)
    return rf"^(?:{partes})(?!\n)$" if partes else "^$"


def nombrados(expresion: str) -> frozenset[str] | None:
    """Los nombres (escapados) de una expresión de `exacta`; None si no lo es."""
    if expresion == exacta(()):
        return frozenset()
    prefijo, sufijo = exacta(("x",)).split("x")
    if not (expresion.startswith(prefijo) and expresion.endswith(sufijo)):
        return None
    return frozenset(re.split(r"(?<!\\)\|", expresion.removeprefix(prefijo).removesuffix(sufijo)))


def seguridad(
    topologia: Topologia,
    servicios: Collection[str],
    activas: Collection[str],
    suspendidas: Collection[str] = (),
    *,
    reparten: Collection[str],
    vhost: str = "/",
    longitud: int = LONGITUD_DE_INSTITUCION,
) -> Seguridad:
    """Lo que un despliegue necesita. ``reparten``: los servicios que escriben en los buzones.

    Una institución suspendida no tiene usuario, pero sus colas siguen: lo que se le dijo espera ahí a que vuelva.
    """
    n = topologia.nombres
    usuarios = [_servicio(topologia, nombre, reparte=nombre in reparten) for nombre in servicios]
    usuarios += [
        Usuario(
            codigo,
            Papel.INSTITUCION,
            escribe=(n.solicitudes,),
            lee=(n.acuses_de(codigo), n.buzon_de(codigo)),
            limites=LIMITES_DE_INSTITUCION,
        )
        for codigo in sorted(activas)
    ]
    usuarios += [
        Usuario(
            PORTAL,
            Papel.PORTAL,
            escribe=(n.solicitudes, n.reparaciones),
            lee=(
                n.entrada_de(PORTAL),
                *(nombre for c in sorted(activas) for nombre in (n.acuses_de(c), n.buzon_de(c))),
            ),
        ),
        Usuario(OPERACION, Papel.OPERACION, lee=(n.muertos,)),
    ]
    if len({u.nombre for u in usuarios}) != len(usuarios):
        raise ValueError("dos usuarios del bus se llamarían igual")
    suyas = [c for codigo in sorted({*activas, *suspendidas}) for c in colas_de_institucion(codigo, n.prefijo)]
    de_institucion = "|".join(re.escape(f"{nombre}.") for nombre in (n.acuses, n.buzon))
    tope = Politica(f"{n.prefijo}senda-instituciones", f"^(?:{de_institucion})", (("max-length", longitud),))
    return Seguridad(vhost, topologia, (*topologia.colas, *suyas), tuple(usuarios), (tope,))


def _servicio(topologia: Topologia, nombre: str, *, reparte: bool) -> Usuario:
    """Lee sus tres colas, publica como el origen que es y repone las ataduras de sus hechos en quienes lo siguen.

    Escribir en una cola ajena no es publicar en ella (eso pasa por un intercambio): es atarla, y solo puede a
    `senda.eventos` con claves suyas. Sin `amq.default` no puede poner nada directamente en una cola.
    """
    n = topologia.nombres
    escribe = [n.eventos, n.latidos, n.acuses, n.reparaciones, n.reenvios, *([n.buzon] if reparte else [])]
    suyas = (n.entrada_de(nombre), n.solicitudes_de(nombre), n.reparaciones_de(nombre))
    propia = re.escape(nombre)
    return Usuario(
        nombre,
        Papel.SERVICIO,
        escribe=(*escribe, *topologia.seguidoras(nombre)),
        lee=(*suyas, n.eventos),
        temas=(
            Tema(n.eventos, rf"^{propia}\.", rf"^{propia}\."),
            Tema(n.latidos, exacta((nombre,)), exacta(())),
            Tema(n.reenvios, rf"^[a-z]+\.{propia}(?!\n)$", exacta(())),
        ),
    )


__all__ = [
    "ETIQUETA",
    "OPERACION",
    "PORTAL",
    "Limites",
    "Papel",
    "Politica",
    "Seguridad",
    "Tema",
    "Usuario",
    "exacta",
    "nombrados",
    "seguridad",
]
