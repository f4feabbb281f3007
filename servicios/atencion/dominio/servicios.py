"""Lo que la persona necesita, lo que recibe y lo que le parece."""

from __future__ import annotations

from datetime import date, datetime

from eventos.atencion import (
    AtencionInmediataBrindada,
    NecesidadesEvaluadas,
    ReintegracionFamiliarLograda,
    RiesgoEvaluado,
    SatisfaccionRegistrada,
    ServicioPrestado,
)
from eventos.rechazo import Rechazo, TodaviaNo
from servicios.atencion.dominio.consentimiento import FaltaOirla, exigir_consentimiento, exigir_futura
from servicios.atencion.dominio.plan import exigir_meta
from servicios.atencion.dominio.ruta import RECIBIDO, Atencion


class SinNecesidades(Rechazo):
    """Una evaluación que no dice nada."""

    codigo = "sin-necesidades"
    campo = "datos.necesidades"
    que_hacer = "Di qué servicios necesita la persona."


class SinPrestaciones(Rechazo):
    """No se dice qué se le dio."""

    codigo = "sin-prestaciones"
    campo = "datos.prestaciones"
    que_hacer = "Di qué se le dio a la persona."


class DerivacionAjena(TodaviaNo):
    """La derivación no es de esta ruta y esta institución, o aún no llegó aquí."""

    codigo = "derivacion-ajena"
    campo = "datos.derivacion"
    que_hacer = "Da una derivación viva de esta ruta hecha a tu institución; si el servicio no responde a una, omítela."


class ServicioNoRecibido(Rechazo):
    """Nadie contó que la persona recibiera ese servicio."""

    codigo = "servicio-no-recibido"
    campo = "datos.servicio_valorado"
    que_hacer = "Registra antes el servicio con prestar-servicio."


class FamiliaSinEvaluar(Rechazo):
    """No se sabe si la familia es segura."""

    codigo = "familia-sin-evaluar"
    campo = "datos.evaluado"
    que_hacer = "Evalúa antes que la familia es segura: en ella puede estar quien la captó."


def evaluar_necesidades(evaluadas: NecesidadesEvaluadas) -> NecesidadesEvaluadas:
    """Anota qué necesita. Error: `SinNecesidades`."""
    if not evaluadas.necesidades:
        raise SinNecesidades
    return evaluadas


def evaluar_riesgo(evaluado: RiesgoEvaluado, *, dia: date) -> RiesgoEvaluado:
    """Anota el riesgo, con caducidad. Error: `FechaPasada`."""
    exigir_futura(evaluado.vigente_hasta, dia)
    return evaluado


def brindar_atencion_inmediata(brindada: AtencionInmediataBrindada) -> AtencionInmediataBrindada:
    """Lo primero que la persona necesita: ni consentimiento, ni identificación, ni denuncia (regla 6).

    Error: `SinPrestaciones`.
    """
    if not brindada.prestaciones:
        raise SinPrestaciones
    return brindada


def prestar_servicio(
    atencion: Atencion, prestado: ServicioPrestado, *, derivada: bool, institucion: str, instante: datetime
) -> ServicioPrestado:
    """Anota un servicio. Lo que la persona recibe, si no es urgente, exige consentimiento vigente con alcance.

    ``derivada``: si la derivación que se cita es de esta ruta y esta institución, o no se cita ninguna.
    Errores: `DerivacionAjena`, `MetaDesconocida`, `SinConsentimiento`.
    """
    if not derivada:
        raise DerivacionAjena
    if prestado.meta is not None:
        exigir_meta(atencion, prestado.meta)
    if prestado.resultado in RECIBIDO:
        exigir_consentimiento(atencion, prestado.servicio, institucion=institucion, instante=instante)
    return prestado


def registrar_satisfaccion(atencion: Atencion, registrada: SatisfaccionRegistrada) -> SatisfaccionRegistrada:
    """Anota qué le pareció un servicio que recibió. Error: `ServicioNoRecibido`."""
    if registrada.servicio not in atencion.recibidos:
        raise ServicioNoRecibido
    return registrada


def lograr_reintegracion(lograda: ReintegracionFamiliarLograda) -> ReintegracionFamiliarLograda:
    """Anota que vive con una familia evaluada, oída la persona. Errores: `FamiliaSinEvaluar`, `FaltaOirla`."""
    if not lograda.evaluado:
        raise FamiliaSinEvaluar
    if not lograda.persona_oida:
        raise FaltaOirla
    return lograda
