"""Historias de personas adultas."""

from __future__ import annotations

from eventos.deteccion import Aplicador
from eventos.justicia import Fallo
from eventos.listas import CanalAlerta, Derecho, ServicioPedido
from eventos.motivos import MotivoCierre, MotivoFinAlojamiento, MotivoNoAplicable
from eventos.repatriacion import Decision, Situacion
from eventos.tipos import Urgencia
from senda.demo.guion import Guion
from senda.demo.historias import hallazgo, juicio, viaje, vuelta
from senda.demo.historias.caso import Caso


def nacional(caso: Caso, terapeuta: str = "GT-IV") -> Guion:
    """Una adulta guatemalteca hallada por la policía: albergue, juicio con condena y una vida propia."""
    casa = "GT-REFUGIO"
    yield from hallazgo.detectar_tras_alerta(caso, "GT-PNC", CanalAlerta.LINEA_TELEFONICA, Urgencia.INMEDIATA)
    yield from hallazgo.evaluar_e_informar(caso, "GT-PNC", Aplicador.POLICIA)
    yield from caso.con(casa, terapeuta, "GT-MIDES")
    yield from vuelta.planear(caso, casa)
    yield from vuelta.sanar(caso)
    yield from juicio.juzgar(caso, Fallo.CONDENATORIA)
    yield from vuelta.cerrar_antes_de_tiempo(caso)
    yield from vuelta.pedir_documentos(caso, casa)
    yield from vuelta.cumplir_plan(caso, casa, terapeuta)
    yield from juicio.cobrar_reparacion(caso)
    yield from vuelta.preguntar_que_le_parecio(caso, casa, ServicioPedido.PSICOSOCIAL)
    yield from vuelta.empezar_vida_propia(caso, casa, MotivoFinAlojamiento.AUTONOMIA)
    yield from vuelta.cerrar(caso, MotivoCierre.RESTITUCION_PLENA)


def extranjera_que_regresa(caso: Caso) -> Guion:
    """Una adulta de otro país que decide volver, informada de los riesgos; allí la reciben y sigue a salvo."""
    casa = "GT-SVET-ATE"
    yield from hallazgo.detectar(caso, "GT-IGM")
    yield from hallazgo.evaluar_e_informar(caso, "GT-IGM", Aplicador.MIGRACION)
    yield from caso.con(casa)
    yield from viaje.pedir_retorno(caso, casa)
    yield from viaje.programar_sin_preguntarle(caso)
    yield from viaje.decidir(caso, Decision.ACEPTA)
    yield from vuelta.salir_del_albergue(caso, casa, MotivoFinAlojamiento.RETORNO)
    yield from viaje.viajar(caso)
    yield from viaje.seguir(caso, 1, Situacion.SEGURA)
    yield from vuelta.cerrar(caso, MotivoCierre.TRASLADO_OTRO_PAIS)


def extranjera_que_se_queda(caso: Caso) -> Guion:
    """Una adulta de otro país que rechaza volver: residencia, trabajo y justicia aquí, coopere o no."""
    casa, terapeuta = "GT-SVET-ATE", "GT-IV"
    yield from hallazgo.detectar(caso, "GT-MSPAS")
    yield from hallazgo.evaluar_e_informar(caso, "GT-MSPAS", Aplicador.SALUD)
    yield from caso.con(casa, terapeuta, "GT-MIDES")
    yield from viaje.pedir_retorno(caso, casa)
    yield from viaje.decidir(caso, Decision.RECHAZA)
    yield from vuelta.planear(caso, casa)
    yield from viaje.quedarse(caso)
    yield from vuelta.sanar(caso)
    yield from juicio.juzgar(caso, Fallo.CONDENATORIA)
    yield from vuelta.no_aplica(caso, Derecho.IDENTIDAD, MotivoNoAplicable.NO_AFECTADO)
    yield from vuelta.cumplir_plan(caso, casa, terapeuta)
    yield from juicio.cobrar_reparacion(caso)
    yield from vuelta.empezar_vida_propia(caso, casa, MotivoFinAlojamiento.AUTONOMIA)
    yield from vuelta.cerrar(caso, MotivoCierre.RESTITUCION_PLENA)


def absolucion(caso: Caso) -> Guion:
    """El tribunal absuelve: no hay de quién reclamar reparación, y lo demás se restituye igual."""
    casa, terapeuta = "GT-REFUGIO", "GT-IV"
    yield from hallazgo.detectar(caso, "GT-REFUGIO")
    yield from hallazgo.informar(caso, "GT-REFUGIO")
    yield from caso.con(casa, terapeuta, "GT-MIDES")
    yield from vuelta.planear(caso, casa)
    yield from vuelta.sanar(caso)
    yield from juicio.juzgar(caso, Fallo.ABSOLUTORIA)
    yield from vuelta.no_aplica(caso, Derecho.REPARACION, MotivoNoAplicable.SIN_AUTOR_CONDENADO)
    yield from vuelta.pedir_documentos(caso, casa)
    yield from vuelta.cumplir_plan(caso, casa, terapeuta)
    yield from vuelta.empezar_vida_propia(caso, casa, MotivoFinAlojamiento.AUTONOMIA)
    yield from vuelta.cerrar(caso, MotivoCierre.RESTITUCION_PLENA)


def derivacion_rechazada(caso: Caso) -> Guion:
    """El Instituto de la Víctima no tiene cupo: el encargo pasa a otra institución y la historia sigue."""
    yield from nacional(caso, terapeuta="GT-REFUGIO")


__all__ = ["absolucion", "derivacion_rechazada", "extranjera_que_regresa", "extranjera_que_se_queda", "nacional"]
