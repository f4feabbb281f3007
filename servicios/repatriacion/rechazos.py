"""Por qué repatriación dice que no, y qué hacer entonces."""

from __future__ import annotations

from eventos.rechazo import Rechazo, TodaviaNo


class RutaYaCerrada(TodaviaNo):
    """La ruta está cerrada, o su reapertura aún no llegó aquí."""

    codigo = "ruta-cerrada"
    campo = "datos.ruta"
    que_hacer = "Pide a coordinación que reabra la ruta y vuelve a pedirlo."


class YaSolicitada(Rechazo):
    """Hay una repatriación en curso."""

    codigo = "repatriacion-ya-solicitada"
    campo = "datos.ruta"
    que_hacer = "Ya hay una repatriación en curso en esta ruta; sigue con ella o desiste de ella antes de pedir otra."


class SentidoImposible(Rechazo):
    """Una persona nacional no vuelve «a su país» desde él."""

    codigo = "sentido-imposible"
    campo = "datos.sentido"
    que_hacer = (
        "La ruta dice que la persona es nacional: si se halla en el exterior pide «nacional-desde-el-exterior»; "
        "si es extranjera, pide a detección que lo corrija."
    )


class SinSolicitud(Rechazo):
    """No hay repatriación en curso."""

    codigo = "repatriacion-sin-solicitar"
    campo = "datos.ruta"
    que_hacer = "No hay una repatriación en curso en esta ruta; solicítala primero."


class VigenciaImposible(Rechazo):
    """La evaluación nace vencida, o pretende valer más de lo que se admite."""

    codigo = "vigencia-imposible"
    campo = "datos.vigente_hasta"
    que_hacer = (
        "Di un día no anterior a la evaluación ni más de un año después: el riesgo cambia y se vuelve a evaluar."
    )


class FaltaDecisionInformada(Rechazo):
    """La persona no ha aceptado el retorno (regla 1)."""

    codigo = "falta-decision-informada"
    campo = "datos.ruta"
    que_hacer = (
        "Nadie viaja sin aceptarlo: explica a la persona el riesgo evaluado y registra su decisión informada. "
        "Si no acepta, puede permanecer."
    )


class DecisionSinConocerElRiesgo(Rechazo):
    """Se aceptó sin que se explicara el riesgo, o sabiendo uno menor que el evaluado después (S004 §37)."""

    codigo = "decision-sin-conocer-el-riesgo"
    campo = "datos.riesgos_explicados"
    que_hacer = "Explica a la persona la evaluación de riesgo vigente, pregúntale de nuevo y registra lo que decida."


class DecideQuienNoPuede(Rechazo):
    """Por una NNA decide su representación y se la oye; una persona adulta decide por sí misma (regla 2)."""

    codigo = "decide-quien-no-puede"
    campo = "datos.por"
    que_hacer = (
        "Si es NNA acepta su representación legal o la autoridad de niñez, oída la persona; si es adulta acepta ella, "
        "o quien la apoya o representa, oída también."
    )


class DecisionSuperada(Rechazo):
    """Después de lo que se cuenta ya se decidió, se viajó o se desistió."""

    codigo = "decision-superada"
    campo = "ocurrido"
    que_hacer = "Consta algo posterior a esa aceptación; pregunta de nuevo a la persona y registra lo que decida ahora."


class RiesgoSinEvaluar(Rechazo):
    """No hay evaluación del riesgo de volver, o la que hay venció antes de decidir (regla 1)."""

    codigo = "riesgo-sin-evaluar"
    campo = "datos.ruta"
    que_hacer = "Evalúa antes el riesgo de volver y regístralo con su vigencia."


class RiesgoVencido(Rechazo):
    """La evaluación del riesgo ya no vale ese día (regla 1)."""

    codigo = "riesgo-vencido"
    campo = "datos.fecha"
    que_hacer = "La evaluación del riesgo no cubre ese día; evalúalo de nuevo o elige un día en que siga vigente."


class RiesgoAltoSinMedidas(Rechazo):
    """Riesgo alto sin medidas que lo reduzcan (regla 1)."""

    codigo = "riesgo-alto-sin-medidas"
    campo = "datos.ruta"
    que_hacer = (
        "No se traslada a nadie a un riesgo alto sin medidas: pide a migración que conceda la permanencia "
        "(«conceder-permanencia», coopere o no la persona), o acuerda medidas y evalúa de nuevo."
    )


class NoConstaComoNNA(TodaviaNo):
    """La ruta es de una persona adulta, o su corrección aún no llegó aquí."""

    codigo = "no-consta-como-nna"
    campo = "datos.ruta"
    que_hacer = "La ruta consta como de persona adulta, que decide por sí misma; si es NNA, pide que se corrija."


class FaltaInteresSuperior(Rechazo):
    """Es NNA y no está determinado que le convenga el retorno (regla 1)."""

    codigo = "falta-interes-superior"
    campo = "datos.ruta"
    que_hacer = (
        "Es NNA: la autoridad de niñez ha de determinar, oída la persona, que el retorno es su interés superior."
    )


class PersonaSinOir(Rechazo):
    """Se determinó el retorno de una NNA sin oírla (regla 2)."""

    codigo = "persona-sin-oir"
    campo = "datos.persona_oida"
    que_hacer = "Oye antes a la niña, niño o adolescente, como su edad permita, y regístralo."


class FaltaAcompanante(Rechazo):
    """Una NNA no viaja sola (regla 1)."""

    codigo = "falta-acompanante"
    campo = "datos.acompanante"
    que_hacer = "Es NNA: di quién la acompaña."


class EscoltaDesconocida(TodaviaNo):
    """La institución que acompañaría no está en el directorio, o su inscripción aún no llegó aquí."""

    codigo = "acompanante-desconocido"
    campo = "datos.institucion_acompanante"
    que_hacer = "Di el código de una institución activa del directorio, o ninguno si no es una institución."


class FechaPasada(Rechazo):
    """Se fija para un día que ya pasó."""

    codigo = "fecha-pasada"
    campo = "datos.fecha"
    que_hacer = "Ese día ya había pasado cuando ocurrió lo que cuentas; corrige la fecha."


class DocumentosVencidos(Rechazo):
    """Se emitirían ya vencidos."""

    codigo = "documentos-vencidos"
    campo = "datos.vencen"
    que_hacer = "Vencen antes de lo que cuentas; corrige la fecha, o no digas ninguna si no vencen."


class PermanenciaVencida(Rechazo):
    """Nacería vencida."""

    codigo = "permanencia-vencida"
    campo = "datos.vence"
    que_hacer = "Vence antes de lo que cuentas; corrige la fecha, o no digas ninguna si no vence."


class FechaPorLlegar(Rechazo):
    """Se da por hecho un viaje de un día que no ha llegado."""

    codigo = "fecha-por-llegar"
    campo = "datos.fecha"
    que_hacer = "Registra el viaje cuando haya ocurrido; si cambió de día, programa el traslado otra vez."


class TrasladoSinProgramar(Rechazo):
    """No hay traslado programado, o algo posterior lo dejó sin efecto."""

    codigo = "traslado-sin-programar"
    campo = "datos.ruta"
    que_hacer = (
        "No hay un traslado en pie (una decisión, un riesgo o una determinación posterior pudo dejarlo sin efecto); "
        "prográmalo. Si la persona viajó sin él, avisa a la institución rectora: es una vulneración."
    )


class SinDocumentosDeViaje(Rechazo):
    """No consta con qué viaja la persona, o lo emitido vencía antes."""

    codigo = "sin-documentos-de-viaje"
    campo = "datos.ruta"
    que_hacer = (
        "Registra antes con emitir-documentos el que lleva, vigente ese día: pasaporte, salvoconducto, documento de "
        "viaje o documento de identidad."
    )


class YaViajo(Rechazo):
    """El traslado ya se hizo."""

    codigo = "traslado-ya-realizado"
    campo = "datos.ruta"
    que_hacer = "La persona ya viajó; para otro viaje, solicita otra repatriación."


class TrasladoSinRealizar(Rechazo):
    """Nadie puede recibir a quien no viajó."""

    codigo = "traslado-sin-realizar"
    campo = "datos.ruta"
    que_hacer = "No consta que la persona viajara; registra antes el traslado."


class YaRecibida(Rechazo):
    """La recepción ya se confirmó."""

    codigo = "recepcion-ya-confirmada"
    campo = "datos.ruta"
    que_hacer = "La recepción ya consta; si está mal, rectifícala, y si hay algo nuevo, registra un seguimiento."


class SinRecepcion(Rechazo):
    """Todavía no hay qué seguir."""

    codigo = "seguimiento-sin-recepcion"
    campo = "datos.ruta"
    que_hacer = "El seguimiento empieza cuando consta la recepción o la permanencia; regístrala antes."


class SeguimientoFueraDeOrden(Rechazo):
    """El número no es el que toca."""

    codigo = "seguimiento-fuera-de-orden"
    campo = "datos.numero"
    que_hacer = "Los seguimientos se numeran desde 1, sin saltos ni repeticiones; di el siguiente."


class HechoConApoyos(Rechazo):
    """Otro hecho en pie se apoya en el que se quiere corregir."""

    codigo = "hecho-con-apoyos"
    campo = "datos.corrige"
    que_hacer = "Rectifica antes lo que se apoya en ese hecho (el traslado, la recepción o el seguimiento)."
