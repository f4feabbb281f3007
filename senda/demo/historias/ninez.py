"""Historias de niñas, niños y adolescentes."""

from __future__ import annotations

from eventos.deteccion import Aplicador
from eventos.justicia import Fallo
from eventos.listas import CanalAlerta, Derecho
from eventos.motivos import MotivoCierre, MotivoFinAlojamiento, MotivoNoAplicable
from eventos.repatriacion import Decision, Situacion
from eventos.tipos import Urgencia
from senda.demo.guion import Guion
from senda.demo.historias import hallazgo, juicio, viaje, vuelta
from senda.demo.historias.caso import Caso

_CASA = "GT-SBS"


def nacional(caso: Caso) -> Guion:
    """Una niña guatemalteca que detecta su escuela: la procuraduría la protege y vuelve con su familia ampliada."""
    yield from hallazgo.detectar_tras_alerta(caso, "GT-MINEDUC", CanalAlerta.ESCUELA, Urgencia.INMEDIATA)
    yield from hallazgo.evaluar_e_informar(caso, "GT-MINEDUC", Aplicador.EDUCACION)
    yield from caso.con(_CASA, "GT-PGN", "GT-MINEDUC")
    yield from vuelta.planear(caso, _CASA)
    yield from vuelta.sanar(caso)
    yield from juicio.juzgar(caso, Fallo.CONDENATORIA)
    yield from vuelta.pedir_documentos(caso, "GT-PGN")
    yield from vuelta.cumplir_plan(caso, _CASA, _CASA)
    yield from juicio.cobrar_reparacion(caso)
    yield from vuelta.vivir_en_familia(caso)
    yield from vuelta.empezar_vida_propia(caso, _CASA, MotivoFinAlojamiento.REINTEGRACION_FAMILIAR)
    yield from vuelta.cerrar(caso, MotivoCierre.RESTITUCION_PLENA)


def extranjera(caso: Caso) -> Guion:
    """Una niña de otro país: se la oye, se determina su interés superior y vuelve acompañada."""
    yield from hallazgo.detectar(caso, "GT-IGM")
    yield from hallazgo.evaluar_e_informar(caso, "GT-IGM", Aplicador.MIGRACION)
    yield from caso.con(_CASA, "GT-PGN")
    yield from viaje.pedir_retorno(caso, "GT-PGN")
    yield from viaje.programar_sin_preguntarle(caso)
    yield from viaje.decidir(caso, Decision.ACEPTA)
    yield from vuelta.salir_del_albergue(caso, _CASA, MotivoFinAlojamiento.RETORNO)
    yield from viaje.viajar(caso)
    yield from vuelta.no_aplica(caso, Derecho.CONDICION_MIGRATORIA, MotivoNoAplicable.RETORNADA)
    yield from viaje.seguir(caso, 1, Situacion.SEGURA)
    yield from viaje.seguir(caso, 2, Situacion.SEGURA)
    yield from vuelta.cerrar(caso, MotivoCierre.TRASLADO_OTRO_PAIS, quien="GT-PGN")


__all__ = ["extranjera", "nacional"]
