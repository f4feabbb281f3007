"""Qué produce un paquete para una persona supuesta, decidido por el mismo dominio que usa coordinación.

No guarda ni publica nada: pliega una ruta en memoria. Las instituciones del paquete hacen de directorio, todas activas.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from msgspec import Struct

from contratos.protocolos import Protocolo
from contratos.protocolos.fuentes import es_por_defecto
from contratos.protocolos.paquete import Terminos
from eventos.base import Hecho, partir
from eventos.coordinacion import DerivacionEmitida
from eventos.listas import Derecho
from infra.azar import AzarSembrado
from senda.protocolo import historia as historias
from senda.protocolo.historia import Escena
from senda.protocolo.persona import Persona
from servicios.coordinacion.dominio import apertura, derechos, encargo
from servicios.coordinacion.dominio.derechos import Estado
from servicios.coordinacion.dominio.encargo import Plazos
from servicios.coordinacion.dominio.ruta import Ruta
from servicios.coordinacion.dominio.suceso import Evidencia, Perfil

#: Entre un hecho y el siguiente de la historia.
ENTRE_HECHOS: Final = timedelta(days=1)


class Prestadora(Struct, frozen=True):
    """Una institución del paquete como la vería el directorio."""

    servicios: frozenset[str]
    activa: bool = True


class Encargado(Struct, frozen=True):
    """Una derivación que se emitiría, con lo que el paquete dice de ella."""

    derivacion: DerivacionEmitida
    institucion: str
    terminos: Terminos
    fuente: str
    revisor: str

    @property
    def por_defecto(self) -> bool:
        """La regla es del proyecto: no se halló norma."""
        return es_por_defecto(self.fuente)


class Paso(Struct, frozen=True):
    """Un hecho de la historia y lo que causa. ``derechos``: los que cambian de estado con él."""

    nombre: str
    tipo: str
    instante: datetime
    encargos: tuple[Encargado, ...]
    derechos: Mapping[Derecho, Estado]


class Simulacion(Struct, frozen=True):
    """La historia entera. ``derechos``: los exigibles a esa persona y en qué quedan."""

    paquete: Protocolo
    persona: Persona
    perfil: Perfil
    desde: datetime
    pasos: tuple[Paso, ...]
    derechos: Mapping[Derecho, Estado]


def simular(paquete: Protocolo, persona: Persona, historia: str, desde: datetime) -> Simulacion:
    """Cuenta una historia a un paquete. ``desde``: cuándo ocurre la detección (UTC). Errores: `HechoDesconocido`."""
    # Ningún id sale de aquí: basta con que no se repitan.
    nuevo_id = AzarSembrado(0).uuid4
    escena = Escena(nuevo_id(), persona, paquete, nuevo_id)
    abierta = apertura.abrir(historias.deteccion(escena), paquete)
    ruta = Ruta.vacio(escena.ruta).con(abierta, desde)
    perfil = ruta.perfil_al_abrir()
    pasos: list[Paso] = []
    pruebas: list[Evidencia] = []
    cuando = desde
    for nombre, hecho in historias.contar(historia, escena):
        pruebas.append(_prueba(hecho, nuevo_id(), cuando))
        paso, ruta = _paso(nombre, escena, ruta, perfil, pruebas)
        pasos.append(paso)
        cuando += ENTRE_HECHOS
    finales = {derecho: situacion.estado for derecho, situacion in ruta.derechos.items()}
    return Simulacion(paquete, persona, perfil, desde, tuple(pasos), finales)


def _paso(nombre: str, escena: Escena, ruta: Ruta, perfil: Perfil, pruebas: list[Evidencia]) -> tuple[Paso, Ruta]:
    """Lo que coordinación hace con un hecho: encarga lo mandado, revisa los derechos y encarga lo que eso obligue."""
    paquete, suceso = escena.paquete, pruebas[-1]
    antes = {derecho: situacion.estado for derecho, situacion in ruta.derechos.items()}
    directorio = {i.codigo: Prestadora(frozenset(s.value for s in i.servicios)) for i in paquete.instituciones}
    plazos = Plazos(paquete.por_urgencia, paquete.calendario, paquete.por_regla)
    emitidas: list[DerivacionEmitida] = []

    def cumplir(ruta: Ruta, que: Evidencia) -> Ruta:
        nuevas = encargo.cumplir(
            ruta, que, perfil, paquete.reglas,
            directorio=directorio, rectora=paquete.rectora, plazos_=plazos,
            nuevo_id=escena.nuevo_id, ahora=suceso.ocurrido,
        )  # fmt: skip
        emitidas.extend(nuevas)
        for nueva in nuevas:
            ruta = ruta.con(nueva, suceso.ocurrido)
        return ruta

    ruta = cumplir(ruta, suceso)
    for cambio in derechos.revisar(ruta.id, ruta.derechos, paquete.derechos, pruebas):
        ruta = ruta.con(cambio, suceso.ocurrido)
        if isinstance(cambio, encargo.PROPIOS_QUE_OBLIGAN):
            ruta = cumplir(ruta, _prueba(cambio, escena.nuevo_id(), suceso.ocurrido))
    cambian = {d: s.estado for d, s in ruta.derechos.items() if s.estado is not antes.get(d)}
    encargos = tuple(_encargado(paquete, emitida) for emitida in emitidas)
    return Paso(nombre, suceso.tipo, suceso.ocurrido, encargos, cambian), ruta


def _encargado(paquete: Protocolo, d: DerivacionEmitida) -> Encargado:
    regla = next(r for r in paquete.reglas if r.id == d.regla)
    institucion = paquete.institucion(d.a)
    return Encargado(
        derivacion=d,
        institucion=institucion.nombre if institucion else d.a,
        terminos=paquete.por_regla.get(d.regla) or paquete.por_urgencia[d.urgencia],
        fuente=regla.fuente,
        revisor=regla.revisor or paquete.revisor,
    )


def _prueba(hecho: Hecho, id_hecho: UUID, cuando: datetime) -> Evidencia:
    return Evidencia(
        tipo=hecho.tipo,
        campos=partir(hecho)[0],
        id=id_hecho,
        ocurrido=cuando,
        registrado=cuando,
        con_mandato=True,
    )


__all__ = ["ENTRE_HECHOS", "Encargado", "Paso", "Simulacion", "simular"]
