"""Peticiones al azar de cualquier tipo del contrato: con la forma debida siempre, con sentido a veces.

Se recorren los tipos de la petición; los ids salen de lo que ya ocurrió (a menudo de la misma ruta, a veces no).
"""

from __future__ import annotations

import types
import typing
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache
from random import Random
from types import FunctionType
from typing import Annotated, Any
from uuid import UUID

from msgspec import UNSET, Meta, Struct, UnsetType

from contratos import instrumentos
from contratos.base import Peticion
from contratos.solicitudes.atencion import AcordarPlan
from contratos.solicitudes.deteccion import AplicarEvaluacion
from contratos.solicitudes.repatriacion import RealizarTraslado

#: Va en todo texto libre: si aparece en claro donde no debe, el lector lo verá.
SECRETO = "lo-que-solo-ella-puede-contar"
#: Lo que solo puede ir sellado: los relatos y los indicadores positivos.
SECRETOS = (SECRETO, *sorted({i for c in instrumentos.codigos() for i in instrumentos.vigente(c).indicadores}))

#: Qué escribir en cada texto con patrón, por el comienzo del patrón.
_TEXTOS = {
    "^[A-Z]{3}": "GTM", "^[a-z]{3}": "spa", "^[a-z]{2}": "gt", "^[A-Z]{2}(-": "GT-01",
    "^[a-z][a-z0-9]*": "cribado-general", "^[0-9]+(": "1.0", "^([0-9]{1,2}-": "18-26", "^[0-9a-f]{64}": "0" * 64,
}  # fmt: skip

#: En un campo, que no quede vacío.
LLENO: Any = object()
#: Ids que no dio un servicio en esa ruta, o que no son de nada que deba constar antes.
_SE_SABEN = frozenset({"ruta", "otra", "alerta", "corrige", "sustituto"})
#: Quien cuenta uno de estos hechos participa desde entonces en la ruta.
_DAN_PARTE = frozenset({
    "senda.deteccion.alerta-recibida.v1", "senda.deteccion.presunta-victima-detectada.v1",
    "senda.coordinacion.derivacion-aceptada.v1",
})  # fmt: skip


@dataclass
class Memoria:
    """Lo que las instituciones saben: rutas, encargos, quién participa y los ids que los servicios dieron."""

    rutas: list[UUID] = field(default_factory=list)
    #: (encargo, ruta, a quién)
    encargos: list[tuple[UUID, UUID, str]] = field(default_factory=list)
    #: (ruta, institución)
    participan: list[tuple[UUID, str]] = field(default_factory=list)
    #: (ruta, servicio) -> hechos
    hechos: dict[tuple[UUID, str], list[UUID]] = field(default_factory=lambda: defaultdict(list))
    ids: dict[tuple[str, UUID], list[UUID]] = field(default_factory=lambda: defaultdict(list))
    #: (servicio, ruta, institución, hecho): lo que cada una contó y puede rectificar.
    contados: list[tuple[str, UUID, str, UUID]] = field(default_factory=list)
    #: (encargo, ruta, quién lo emitió)
    emitidas: list[tuple[UUID, UUID, str]] = field(default_factory=list)
    codigos: tuple[str, ...] = ()

    def anotar(self, sobre: dict[str, Any]) -> None:
        """Aprende de un hecho."""
        datos = sobre["data"]
        if "ruta" not in datos:
            return
        ruta, tipo = UUID(datos["ruta"]), sobre["type"]
        if ruta not in self.rutas:
            self.rutas.append(ruta)
        self.hechos[ruta, sobre["source"].rpartition("/")[2]].append(UUID(sobre["id"]))
        if tipo == "senda.coordinacion.derivacion-emitida.v1":
            self.encargos.append((UUID(datos["derivacion"]), ruta, datos["a"]))
            self.emitidas.append((UUID(datos["derivacion"]), ruta, datos["de"]))
        if sobre.get("solicitud"):
            servicio = sobre["source"].rpartition("/")[2]
            self.contados.append((servicio, ruta, sobre["institucion"], UUID(sobre["id"])))
        if tipo in _DAN_PARTE:
            self.participan.append((ruta, sobre["institucion"]))
        for nombre, valor in _ids(datos):
            self.ids[nombre, ruta].append(valor)


@dataclass
class Inventor:
    """Inventa peticiones. ``ahora`` (UTC) da las fechas."""

    azar: Random
    memoria: Memoria
    ahora: datetime

    def inventar(self, clase: type[Peticion], **fijos: Any) -> Peticion:
        """Una petición de ese tipo. ``fijos``: los campos que ya están decididos, o quién los decide."""
        ruta = fijos.get("ruta") or self._ruta()
        self._servicio, self._clase = clase.servicio, clase
        campos = {nombre: self._valor(nombre, pista, ruta) for nombre, pista in _campos(clase).items()}
        if "ruta" in campos:
            campos["ruta"] = ruta
        if clase is AplicarEvaluacion:
            # Con azar propio: el de las instituciones sigue igual, y las semillas que descubrieron algo lo repiten.
            campos |= _con_su_instrumento(Random(f"{ruta} {campos['positivos']} {campos['resultado']}"))
        for nombre in [n for n, valor in fijos.items() if valor is LLENO]:
            fijos.pop(nombre)
            while campos[nombre] is None or campos[nombre] is UNSET:
                campos[nombre] = self._valor(nombre, _campos(clase)[nombre], ruta)
        decididos = {n: valor(self, ruta) if isinstance(valor, FunctionType) else valor for n, valor in fijos.items()}
        return clase(**(campos | decididos))

    def _valor(self, nombre: str, pista: Any, ruta: UUID) -> Any:
        base, metas = _desnudar(pista)
        if opciones := _opciones(base):
            return self._opcional(nombre, opciones, metas, ruta)
        if typing.get_origin(base) is tuple:
            return self._varios(nombre, typing.get_args(base)[0], metas, ruta)
        if base is UUID:
            return self._id(nombre, ruta)
        if base is str:
            return self._texto(nombre, metas)
        return self._simple(base, metas, ruta)

    def _simple(self, base: Any, metas: list[Meta], ruta: UUID) -> Any:
        if base is bool:
            return self.azar.random() < 0.8
        if base is int:
            minimo = next((int(m.ge) for m in metas if m.ge is not None), 0)
            return self.azar.randint(minimo, minimo + 4)
        if base is date:
            return self.ahora.date() + timedelta(
                days=self.azar.choice((0,) if self._clase is RealizarTraslado else (-3, 1, 1, 20, 90))
            )
        if issubclass(base, Enum):
            return self.azar.choice(list(base))
        if issubclass(base, Struct):
            return base(**{n: self._valor(n, p, ruta) for n, p in _campos(base).items()})
        raise TypeError(f"no sé inventar un {base}")

    def _opcional(self, nombre: str, opciones: list[Any], metas: list[Meta], ruta: UUID) -> Any:
        vacios = [o for o in opciones if o in {UnsetType, types.NoneType}]
        llenos = [o for o in opciones if o not in vacios]
        if vacios and (self.azar.random() < 0.5 or (nombre == "meta" and self._clase is AcordarPlan)):
            return UNSET if vacios[0] is UnsetType else None
        return self._valor(nombre, Annotated[llenos[0], *metas] if metas else llenos[0], ruta)

    def _varios(self, nombre: str, elemento: Any, metas: list[Meta], ruta: UUID) -> tuple[Any, ...]:
        minimo = max((m.min_length or 0 for m in metas), default=0)
        cuantos = self.azar.randint(max(minimo, 1), max(minimo, 2))
        return tuple(dict.fromkeys(self._valor(nombre, elemento, ruta) for _ in range(cuantos)))

    def _id(self, nombre: str, ruta: UUID) -> UUID:
        conocidos = self.memoria.ids.get((nombre, ruta), [])
        if nombre in {"corrige", "sustituto"}:
            conocidos = self.memoria.hechos.get((ruta, self._servicio), [])
        if nombre == "evidencias":
            hechos = self.memoria.hechos
            conocidos = [h for (r, s), suyos in hechos.items() if r == ruta and s != "coordinacion" for h in suyos]
            # Lo último contado suele ser lo que prueba algo.
            conocidos = self.azar.choice((conocidos, hechos.get((ruta, self._servicio), [])[-2:]))
        if nombre in {"ruta", "alerta", "otra"}:
            conocidos = self.memoria.rutas
        if conocidos and self.azar.random() < 0.95:
            return self.azar.choice(conocidos)
        return UUID(int=self.azar.getrandbits(128), version=4)

    def _texto(self, nombre: str, metas: list[Meta]) -> str:
        patron = next((m.pattern for m in metas if m.pattern), None)
        if patron is None:
            return f"{SECRETO} {nombre} {self.azar.randrange(1000)}"
        if patron.startswith("^[A-Z]{2}-[A-Z0-9]{2,16}"):
            return self.azar.choice(self.memoria.codigos)
        return next(texto for comienzo, texto in _TEXTOS.items() if patron.startswith(comienzo))

    def _ruta(self) -> UUID:
        return self._id("ruta", UUID(int=0))


def _con_su_instrumento(azar: Random) -> dict[str, Any]:
    """Casi siempre, lo que casa con un instrumento publicado; a veces nada, y se rechazará."""
    if azar.random() < 0.2:
        return {}
    instrumento = instrumentos.vigente(azar.choice(instrumentos.codigos()))
    indicadores = azar.sample(sorted(instrumento.indicadores), azar.randint(0, 4))
    return {
        "instrumento": instrumento.instrumento,
        "version_instrumento": instrumento.version,
        "perfil_aplicador": azar.choice(instrumento.aplicadores),
        "indicadores": tuple(indicadores),
        "positivos": len(indicadores),
    }


@cache
def ids_de(clase: type[Struct]) -> tuple[str, ...]:
    """Los campos en que una petición dice de qué proceso, plan, meta… habla, si ha de decirlo."""
    return tuple(n for n, p in _campos(clase).items() if _desnudar(p)[0] is UUID and n not in _SE_SABEN)


def _ids(datos: dict[str, Any]) -> typing.Iterator[tuple[str, UUID]]:
    for nombre, valor in datos.items():
        if nombre == "metas":
            yield from (("meta", UUID(m["meta"])) for m in valor)
        elif isinstance(valor, str) and len(valor) == 36 and valor.count("-") == 4 and nombre != "ruta":
            yield nombre, UUID(valor)


@cache
def _campos(clase: type[Struct]) -> dict[str, Any]:
    pistas = typing.get_type_hints(clase, include_extras=True)
    return {nombre: pistas[nombre] for nombre in clase.__struct_fields__}


def _desnudar(pista: Any) -> tuple[Any, list[Meta]]:
    metas: list[Meta] = []
    while typing.get_origin(pista) is Annotated:
        metas += [m for m in pista.__metadata__ if isinstance(m, Meta)]
        pista = pista.__origin__
    return pista, metas


def _opciones(base: Any) -> list[Any]:
    return list(typing.get_args(base)) if typing.get_origin(base) in {typing.Union, types.UnionType} else []
