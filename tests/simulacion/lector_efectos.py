"""Qué hecho causa cada petición aceptada, escrito a mano: la otra mitad de la partida doble.

Petición -> (el hecho que ha de estar exactamente una vez, los que además pueden acompañarlo en la misma transacción).
"""

from __future__ import annotations

_DERECHOS = frozenset({
    "senda.coordinacion.derecho-en-restitucion.v1", "senda.coordinacion.derecho-restituido.v1",
    "senda.coordinacion.derecho-vulnerado-de-nuevo.v1",
})  # fmt: skip
_EMITIDA = "senda.coordinacion.derivacion-emitida.v1"
_RECIBIDA = "senda.coordinacion.derivacion-recibida.v1"
_NADA: frozenset[str] = frozenset()


def _uno(servicio: str, **pares: str) -> dict[str, tuple[str, frozenset[str]]]:
    return {
        f"senda.{servicio}.{peticion.replace('_', '-')}.v1": (f"senda.{servicio}.{hecho}.v1", _NADA)
        for peticion, hecho in pares.items()
    }


EFECTOS: dict[str, tuple[str, frozenset[str]]] = {
    **_uno(
        "deteccion",
        recibir_alerta="alerta-recibida",
        detectar_presunta_victima="presunta-victima-detectada",
        senalar_riesgo="riesgo-inmediato-senalado",
        identificar_victima="victima-identificada",
        descartar_presuncion="presuncion-descartada",
        entregar_informacion="informacion-entregada",
        confirmar_vinculo="identidad-vinculada",
        rechazar_vinculo="vinculo-rechazado",
    ),
    **_uno(
        "atencion",
        otorgar_consentimiento="consentimiento-otorgado",
        revocar_consentimiento="consentimiento-revocado",
        evaluar_necesidades="necesidades-evaluadas",
        evaluar_riesgo="riesgo-evaluado",
        brindar_atencion_inmediata="atencion-inmediata-brindada",
        asignar_alojamiento="alojamiento-asignado",
        finalizar_alojamiento="alojamiento-finalizado",
        inscribir_albergue="albergue-inscrito",
        actualizar_cupos="cupos-actualizados",
        acordar_plan="plan-acordado",
        revisar_plan="plan-revisado",
        concluir_plan="plan-concluido",
        prestar_servicio="servicio-prestado",
        cumplir_meta="meta-cumplida",
        registrar_satisfaccion="satisfaccion-registrada",
        lograr_reintegracion_familiar="reintegracion-familiar-lograda",
    ),
    **_uno(
        "justicia",
        presentar_denuncia="denuncia-presentada",
        iniciar_investigacion="investigacion-iniciada",
        solicitar_medida_proteccion="medida-proteccion-solicitada",
        otorgar_medida_proteccion="medida-proteccion-otorgada",
        denegar_medida_proteccion="medida-proteccion-denegada",
        levantar_medida_proteccion="medida-proteccion-levantada",
        autorizar_proteccion="autorizacion-de-proteccion",
        asignar_asistencia_juridica="asistencia-juridica-asignada",
        constituir_querellante="querellante-adhesivo-constituido",
        tomar_declaracion_anticipada="declaracion-anticipada-tomada",
        formular_acusacion="acusacion-formulada",
        dictar_sentencia="sentencia-dictada",
        ordenar_reparacion="reparacion-ordenada",
        cumplir_reparacion="reparacion-cumplida",
        solicitar_cooperacion="cooperacion-internacional-solicitada",
        responder_cooperacion="cooperacion-internacional-respondida",
        invocar_no_criminalizacion="no-criminalizacion-invocada",
        archivar_proceso="proceso-archivado",
        reabrir_proceso="proceso-reabierto",
    ),
    **_uno(
        "repatriacion",
        solicitar_repatriacion="repatriacion-solicitada",
        evaluar_riesgo_retorno="riesgo-retorno-evaluado",
        determinar_interes_superior="interes-superior-determinado",
        registrar_decision_informada="decision-informada-registrada",
        emitir_documentos="documentos-emitidos",
        designar_acompanante="acompanante-designado",
        programar_traslado="traslado-programado",
        realizar_traslado="traslado-realizado",
        confirmar_recepcion="recepcion-confirmada",
        realizar_seguimiento="seguimiento-realizado",
        conceder_permanencia="permanencia-concedida",
        desistir_repatriacion="repatriacion-desistida",
    ),
    **_uno(
        "coordinacion",
        recibir_derivacion="derivacion-recibida",
        atender_derivacion="derivacion-atendida",
        retirar_derivacion="derivacion-retirada",
        emitir_derivacion="derivacion-emitida",
        declarar_derecho_no_aplicable="derecho-no-aplicable",
        inscribir_institucion="institucion-inscrita",
        actualizar_institucion="institucion-actualizada",
        suspender_institucion="institucion-suspendida",
    ),
    **{
        f"senda.{servicio}.rectificar-hecho.v1": ("senda.comun.hecho-rectificado.v1", _NADA)
        for servicio in ("deteccion", "atencion", "justicia", "repatriacion")
    },
    # Un indicador de peligro avisa a la vez que queda la evaluación.
    "senda.deteccion.aplicar-evaluacion.v1": (
        "senda.deteccion.evaluacion-aplicada.v1", frozenset({"senda.deteccion.riesgo-inmediato-senalado.v1"}),
    ),
    "senda.coordinacion.aceptar-derivacion.v1": ("senda.coordinacion.derivacion-aceptada.v1", frozenset({_RECIBIDA})),
    "senda.coordinacion.rechazar-derivacion.v1": (
        "senda.coordinacion.derivacion-rechazada.v1",
        frozenset({_RECIBIDA, "senda.coordinacion.derivacion-reasignada.v1", _EMITIDA}),
    ),
    "senda.coordinacion.reasignar-derivacion.v1": (
        "senda.coordinacion.derivacion-reasignada.v1", frozenset({_EMITIDA}),
    ),
    "senda.coordinacion.coordinar-caso.v1": ("senda.coordinacion.caso-coordinado.v1", frozenset({_EMITIDA})),
    "senda.coordinacion.cerrar-ruta.v1": (
        "senda.coordinacion.ruta-cerrada.v1", _DERECHOS | {"senda.coordinacion.derivacion-retirada.v1"},
    ),
    "senda.coordinacion.reabrir-ruta.v1": ("senda.coordinacion.ruta-reabierta.v1", frozenset({_EMITIDA})),
    "senda.coordinacion.rectificar-hecho.v1": ("senda.comun.hecho-rectificado.v1", _DERECHOS | {_EMITIDA}),
}  # fmt: skip

#: Peticiones que no causan hechos: su acuse trae la respuesta.
SIN_EFECTOS = frozenset({"senda.coordinacion.repetir-buzon.v1"})

#: Peticiones cuyo hecho principal puede estar más de una vez o ninguna; hoy, ninguna.
UNO_DE_ELLOS: frozenset[str] = frozenset()

#: Campos que el hecho llama de otra manera.
RENOMBRADOS: dict[tuple[str, str], str] = {
    ("senda.atencion.prestar-servicio.v1", "servicio_prestado"): "servicio",
    ("senda.atencion.registrar-satisfaccion.v1", "servicio_valorado"): "servicio",
    ("senda.coordinacion.inscribir-institucion.v1", "mandatos_inscritos"): "mandatos",
    ("senda.coordinacion.actualizar-institucion.v1", "mandatos_inscritos"): "mandatos",
    ("senda.coordinacion.emitir-derivacion.v1", "servicio_pedido"): "servicio",
}
