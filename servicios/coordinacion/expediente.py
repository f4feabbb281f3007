"""Lo que un caso de uso tiene delante al decidir sobre una ruta: su estado, su protocolo, su directorio y sus pruebas.

Acumula los hechos que va decidiendo y los pliega, para que la siguiente decisión del mismo caso ya los vea.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy import Row

from contratos.base import Mandato
from contratos.protocolos import Protocolo, cargar
from eventos.base import Hecho, partir
from eventos.comun import HechoRectificado
from eventos.listas import Derecho
from eventos.sobre import Anotado
from servicios.comun import directorio
from servicios.comun.directorio import FichaInstitucion
from servicios.comun.mesa import Mesa
from servicios.coordinacion.dominio import derechos, encargo
from servicios.coordinacion.dominio.encargo import Encargo, Plazos
from servicios.coordinacion.dominio.ruta import Ruta
from servicios.coordinacion.dominio.suceso import Evidencia, Perfil, Suceso
from servicios.coordinacion.lecturas import es_prueba
from servicios.coordinacion.tablas import contradicciones, evidencias

_EVIDENCIAS = (
    sa.select(evidencias, contradicciones.c.por)
    .outerjoin(
        contradicciones,
        (contradicciones.c.evento == evidencias.c.evento)
        & (contradicciones.c.ruta == evidencias.c.ruta)
        & (contradicciones.c.origen == evidencias.c.origen),
    )
    .where(evidencias.c.ruta.in_(sa.bindparam("de", expanding=True)))
)
_RECTIFICADAS = sa.select(contradicciones.c.ruta).where(contradicciones.c.ruta.in_(sa.bindparam("de", expanding=True)))

#: Quién puede apoyarse en la decisión de una NNA, tras oírla (regla 2).
DECIDEN_POR_NNA = frozenset({Mandato.PROTECCION_NNA, Mandato.JUDICATURA})


class Expediente:
    """Una ruta y lo que se está decidiendo sobre ella. ``hechos``: lo decidido hasta ahora, en orden."""

    def __init__(self, mesa: Mesa, ruta: UUID) -> None:
        self.mesa = mesa
        self.ruta: Ruta = mesa.estado(Ruta, ruta)
        self.hechos: list[Hecho] = []

    @property
    def ahora(self) -> datetime:
        """El instante en que se decide (UTC)."""
        return self.mesa.ahora

    @cached_property
    def protocolo(self) -> Protocolo:
        """El que fijó la apertura. Errores: `RutaSinAbrir`."""
        apertura = self.ruta.apertura or self.ruta.exigir_abierta()
        return cargar(apertura.protocolo, apertura.version_protocolo)

    @property
    def plazos(self) -> Plazos:
        """Plazos por urgencia y por regla, y calendario del protocolo."""
        return Plazos(self.protocolo.por_urgencia, self.protocolo.calendario, self.protocolo.por_regla)

    @cached_property
    def perfil(self) -> Perfil:
        """Lo que hoy consta de la persona: la identificación manda sobre la presunción."""
        ficha = self.mesa.ruta(self.ruta.id)
        return Perfil(ficha.nna, ficha.extranjera)

    @property
    def exigibles(self) -> Sequence[Derecho]:
        """Los derechos que el protocolo exige a ese perfil."""
        return derechos.aplicables(self.protocolo.derechos, self.perfil)

    @property
    def directorio(self) -> Mapping[str, FichaInstitucion]:
        """El directorio, por código."""
        return directorio.todas(self.mesa.tanda)

    @property
    def rectora(self) -> str:
        """La institución rectora activa; si aún no se inscribió, la del protocolo."""
        return rectora(self.directorio) or self.protocolo.rectora

    @property
    def autoridad_ninez(self) -> bool:
        """Si quien pide puede decidir por una NNA."""
        ficha = self.directorio.get(self.mesa.institucion)
        return ficha is not None and bool(ficha.mandatos & DECIDEN_POR_NNA)

    @cached_property
    def evidencias(self) -> list[Evidencia]:
        """Los hechos de la ruta que contaron otros servicios, con si valen hoy como prueba, según se registraron."""
        tanda, ruta = self.mesa.tanda, self.ruta.id
        # Lo que falta por escribir se suma aquí; una rectificación, además, cambia lo ya escrito.
        if any(isinstance(a.hecho, HechoRectificado) for a in tanda.por_escribir(str(ruta))):
            tanda.poner_al_dia()
        nuevas = [a for a in tanda.por_escribir(str(ruta)) if es_prueba(a)]
        if nuevas and tanda.leer_de(ruta, _RECTIFICADAS):
            tanda.poner_al_dia()  # alguna puede llegar ya rectificada por otro
            nuevas = []
        escritas = [self._evidencia(fila) for fila in tanda.leer_de(ruta, _EVIDENCIAS)]
        return sorted([*escritas, *map(self._reciente, nuevas)], key=lambda e: (e.registrado, e.id))

    def contar(self, *hechos: Hecho) -> None:
        """Añade hechos decididos."""
        for hecho in hechos:
            self.ruta = self.ruta.con(hecho, self.ahora)
            self.hechos.append(hecho)

    def obligar(self, suceso: Suceso, perfil: Perfil | None = None) -> None:
        """Emite lo que el protocolo manda al ocurrir algo, si nadie lo tiene ya."""
        self.contar(
            *encargo.cumplir(
                self.ruta, suceso, perfil or self.perfil, self.protocolo.reglas,
                directorio=self.directorio, rectora=self.rectora, plazos_=self.plazos,
                nuevo_id=self.mesa.nuevo_id, ahora=self.ahora,
            )
        )  # fmt: skip

    def emitir(self, mandado: Encargo, *, de: str) -> None:
        """Emite una derivación a la preferida del encargo o, si no puede, a otra; en último caso, a la rectora."""
        self.contar(
            encargo.encargar(
                self.ruta.id, self.mesa.nuevo_id(), mandado, de=de,
                directorio=self.directorio, rectora=self.rectora, plazos_=self.plazos, ahora=self.ahora,
            )
        )  # fmt: skip

    def contar_y_obligar(self, hechos: Iterable[Hecho]) -> None:
        """Cuenta hechos propios y emite lo que el protocolo manda cuando ocurren."""
        for hecho in hechos:
            self.contar(hecho)
            if isinstance(hecho, encargo.PROPIOS_QUE_OBLIGAN):
                self.obligar(Suceso(tipo=hecho.tipo, campos=partir(hecho)[0]))

    def _evidencia(self, fila: Row[Any]) -> Evidencia:
        return Evidencia(
            tipo=fila.tipo,
            campos=msgspec.json.decode(fila.campos),
            id=fila.evento,
            ocurrido=fila.ocurrido,
            registrado=fila.registrado,
            con_mandato=self._con_mandato(fila.institucion),
            contradicha_por=fila.por,
        )

    def _reciente(self, anotado: Anotado) -> Evidencia:
        return Evidencia(
            tipo=anotado.hecho.tipo,
            campos=partir(anotado.hecho)[0],
            id=anotado.id,
            ocurrido=anotado.ocurrido,
            registrado=anotado.registrado,
            con_mandato=self._con_mandato(anotado.institucion),
            contradicha_por=None,
        )

    def _con_mandato(self, institucion: str) -> bool:
        ficha = self.directorio.get(institucion)
        return ficha is not None and bool(ficha.mandatos - {Mandato.SUPERVISION})


def rectora(instituciones: Mapping[str, FichaInstitucion]) -> str | None:
    """El código de la rectora activa, o None si no la hay."""
    activas = (c for c, f in sorted(instituciones.items()) if f.activa and Mandato.RECTORIA in f.mandatos)
    return next(activas, None)
