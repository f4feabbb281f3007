"""Prestaciones breves, para muchos registros: un hecho por encargo, sin decir nada más de la persona."""

from __future__ import annotations

from contratos.base import Peticion
from contratos.solicitudes.atencion import BrindarAtencionInmediata
from contratos.solicitudes.deteccion import IdentificarVictima
from contratos.solicitudes.justicia import AsignarAsistenciaJuridica, IniciarInvestigacion
from eventos.atencion import Prestacion
from eventos.listas import ServicioPedido
from senda.demo.guion import Paso
from senda.demo.historias.caso import Caso
from senda.demo.historias.prestaciones import Encargo, Modo, Pruebas

_PRESTACIONES = {
    ServicioPedido.ATENCION_INMEDIATA: (Prestacion.ALIMENTACION, Prestacion.ROPA_HIGIENE),
    ServicioPedido.PROTECCION_NNA: (Prestacion.RESGUARDO,),
    ServicioPedido.SALUD: (Prestacion.SALUD_URGENTE,),
    ServicioPedido.PSICOSOCIAL: (Prestacion.PRIMEROS_AUXILIOS,),
}


def modo_de(servicio: ServicioPedido) -> Modo | None:
    """Cómo se atiende; None si se acepta y queda en curso (lo que lleva meses: estudiar, trabajar, regularizarse)."""
    return _atender if servicio in _PRESTACIONES or servicio in _PETICIONES else None


def _atender(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """Un hecho que lo prueba."""
    if encargo.servicio in _PRESTACIONES:
        peticion: Peticion = BrindarAtencionInmediata(ruta=caso.ruta, prestaciones=_PRESTACIONES[encargo.servicio])
    else:
        peticion = _PETICIONES[encargo.servicio](caso, encargo)
    (acuse,) = yield from caso.pedir(encargo.a, peticion)
    return (acuse.eventos[0].id,)


def _identificar(caso: Caso, _encargo: Encargo) -> Peticion:
    # Lo sellado ya viajó con la detección: repetirlo no diría nada nuevo.
    return IdentificarVictima(ruta=caso.ruta, nna=caso.persona.nna, extranjera=caso.persona.extranjera)


def _asistir(caso: Caso, encargo: Encargo) -> Peticion:
    return AsignarAsistenciaJuridica(ruta=caso.ruta, entidad=encargo.a, gratuita=True)


def _investigar(caso: Caso, _encargo: Encargo) -> Peticion:
    return IniciarInvestigacion(ruta=caso.ruta)


_PETICIONES = {
    ServicioPedido.IDENTIFICACION: _identificar,
    ServicioPedido.ASISTENCIA_LEGAL: _asistir,
    ServicioPedido.INVESTIGACION: _investigar,
}

__all__ = ["modo_de"]
