"""Por qué, en listas cerradas: los motivos que llevan los hechos. El detalle, si hace falta, viaja sellado aparte."""

from __future__ import annotations

from enum import StrEnum


class MotivoDescarte(StrEnum):
    """Por qué se descarta la presunción. «Declinó la entrevista» no descarta: la presunción sigue."""

    SIN_INDICIOS = "sin-indicios-de-trata"
    OTRO_DELITO = "victima-de-otro-delito"
    TRAFICO_MIGRANTES = "trafico-ilicito-de-migrantes"
    ALERTA_ERRONEA = "alerta-erronea"
    DUPLICADA = "deteccion-duplicada"


class MotivoDerivacion(StrEnum):
    """Por qué se emite una derivación."""

    PROTOCOLO = "lo-manda-el-protocolo"
    NECESIDAD = "necesidad-evaluada"
    REASIGNACION = "reasignacion"
    ESCALAMIENTO = "escalamiento"
    ACUERDO = "acuerdo-de-coordinacion"
    PETICION = "peticion-de-una-institucion"
    DERECHO_VULNERADO = "derecho-vulnerado-de-nuevo"
    OBLIGACION_LEGAL = "obligacion-legal-pendiente"


class MotivoRechazo(StrEnum):
    """Por qué una institución no acepta una derivación."""

    SIN_CUPO = "sin-cupo"
    FUERA_DE_MANDATO = "fuera-de-mandato"
    FUERA_DE_COBERTURA = "fuera-de-cobertura"
    PERFIL_NO_ATENDIDO = "perfil-no-atendido"
    SIN_CONDICIONES = "sin-condiciones-de-seguridad"
    FALTA_AUTORIZACION = "falta-autorizacion-legal"
    YA_ATENDIDA = "ya-atendida-por-otra"
    CONFLICTO_INTERES = "conflicto-de-interes"


class MotivoRetiro(StrEnum):
    """Por qué se retira una derivación antes de atenderse."""

    DECISION_PERSONA = "decision-de-la-persona"
    NECESIDAD_CUBIERTA = "necesidad-cubierta"
    EMITIDA_POR_ERROR = "emitida-por-error"
    PRESUNCION_DESCARTADA = "presuncion-descartada"
    RUTA_CERRADA = "ruta-cerrada"


class MotivoNoAplicable(StrEnum):
    """Por qué un derecho de la matriz no aplica a una ruta."""

    NACIONAL = "persona-nacional"
    RETORNADA = "retorno-realizado"
    EDAD = "edad-fuera-de-la-obligacion"
    NO_AFECTADO = "derecho-no-afectado"
    DECISION_PERSONA = "decision-informada-de-la-persona"
    SIN_AUTOR_CONDENADO = "sin-condena-de-que-derive"


class MotivoCierre(StrEnum):
    """Por qué se cierra una ruta. Restitución plena exige cada derecho aplicable con su evidencia (regla 3)."""

    RESTITUCION_PLENA = "restitucion-plena"
    DECISION_PERSONA = "decision-de-la-persona"
    TRASLADO_OTRO_PAIS = "traslado-a-otro-pais"
    FALLECIMIENTO = "fallecimiento"
    PERDIDA_CONTACTO = "perdida-de-contacto"
    PRESUNCION_DESCARTADA = "presuncion-descartada"
    MISMA_PERSONA = "misma-persona-que-otra-ruta"


class MotivoReapertura(StrEnum):
    """Por qué vuelve a abrirse una ruta cerrada."""

    PERSONA_LO_PIDE = "la-persona-lo-pide"
    NUEVA_EXPLOTACION = "nueva-explotacion"
    CONTACTO_RECUPERADO = "contacto-recuperado"
    DERECHO_VULNERADO = "derecho-vulnerado-de-nuevo"
    CIERRE_ERRONEO = "cierre-erroneo"
    NUEVOS_INDICIOS = "nuevos-indicios"
    RETORNO_AL_PAIS = "retorno-al-pais"


class MotivoSuspension(StrEnum):
    """Por qué se suspende a una institución del directorio."""

    DEJA_DE_OPERAR = "deja-de-operar"
    SIN_HABILITACION = "sin-habilitacion"
    CLAVE_COMPROMETIDA = "clave-comprometida"
    INVESTIGACION_ABIERTA = "investigacion-abierta"
    A_PETICION_PROPIA = "a-peticion-propia"


class MotivoFinAlojamiento(StrEnum):
    """Por qué termina un alojamiento."""

    AUTONOMIA = "vida-autonoma"
    REINTEGRACION_FAMILIAR = "reintegracion-familiar"
    TRASLADO_ALBERGUE = "traslado-a-otro-albergue"
    RETORNO = "retorno-a-su-pais"
    DECISION_PERSONA = "decision-de-la-persona"
    SALIDA_SIN_AVISO = "salida-sin-aviso"
    SEGURIDAD = "seguridad"
    ORDEN_JUDICIAL = "orden-judicial"
    FALLECIMIENTO = "fallecimiento"


class MotivoRevision(StrEnum):
    """Por qué se revisa un plan de reintegración."""

    PERIODICA = "revision-periodica"
    PERSONA_LO_PIDE = "la-persona-lo-pide"
    CAMBIO_DE_RIESGO = "cambio-de-riesgo"
    CAMBIO_DE_NECESIDADES = "cambio-de-necesidades"
    META_INALCANZABLE = "meta-inalcanzable"


class MotivoDenegacion(StrEnum):
    """Por qué no se otorga una medida de protección pedida. Que no denuncie ni coopere no es ninguno (regla 6)."""

    SIN_RIESGO = "riesgo-no-acreditado"
    YA_PROTEGIDA = "protegida-por-otra-medida"
    SIN_COMPETENCIA = "sin-competencia"
    NO_PREVISTA = "no-prevista-en-la-ley"
    PERSONA_NO_LA_QUIERE = "la-persona-no-la-quiere"


class MotivoLevantamiento(StrEnum):
    """Por qué se levanta una medida de protección."""

    RIESGO_CESADO = "riesgo-cesado"
    VENCIDA = "vencida"
    PERSONA_LO_PIDE = "la-persona-lo-pide"
    SUSTITUIDA = "sustituida-por-otra"
    RESOLUCION = "resolucion-judicial"


class MotivoArchivo(StrEnum):
    """Por qué se archiva un proceso."""

    FALTA_DE_PRUEBA = "falta-de-prueba"
    AUTOR_NO_INDIVIDUALIZADO = "autor-no-individualizado"
    DESESTIMACION = "desestimacion"
    SOBRESEIMIENTO = "sobreseimiento"
    EXTINCION = "extincion-de-la-accion"
    ACUMULACION = "acumulado-a-otro-proceso"
    INCOMPETENCIA = "incompetencia"


class MotivoReaperturaProceso(StrEnum):
    """Por qué se reabre un proceso archivado."""

    PRUEBA_NUEVA = "prueba-nueva"
    AUTOR_INDIVIDUALIZADO = "autor-individualizado"
    RECURSO = "recurso-contra-el-archivo"
    ARCHIVO_ERRONEO = "archivo-erroneo"


class MotivoDesistimiento(StrEnum):
    """Por qué se desiste de una repatriación."""

    DECISION_PERSONA = "decision-de-la-persona"
    RIESGO_ALTO = "riesgo-alto-sin-medidas"
    INTERES_SUPERIOR = "interes-superior"
    PERMANENCIA = "permanencia-concedida"
    SIN_RECEPCION = "sin-quien-reciba"
    PERDIDA_CONTACTO = "perdida-de-contacto"


class MotivoRectificacion(StrEnum):
    """Por qué se corrige un hecho."""

    ERROR_DE_REGISTRO = "error-de-registro"
    RUTA_EQUIVOCADA = "ruta-equivocada"
    NO_OCURRIO = "no-ocurrio"
    DATO_NUEVO = "dato-conocido-despues"
    PERSONA_LO_PIDE = "la-persona-lo-pide"
    ORDEN_DE_AUTORIDAD = "orden-de-autoridad"
