"""El comienzo de toda historia: alguien la ve, lo cuenta y le explica sus derechos."""

from __future__ import annotations

from uuid import UUID

from contratos.instrumentos import de_funcion
from contratos.solicitudes.deteccion import (
    AplicarEvaluacion,
    DetectarPresuntaVictima,
    EntregarInformacion,
    RecibirAlerta,
)
from eventos.deteccion import Aplicador, ResultadoEvaluacion, Tema
from eventos.listas import CanalAlerta, Captacion, MedioControl, Modalidad
from eventos.tipos import Urgencia
from senda.demo.guion import Paso
from senda.demo.historias.caso import Caso
from senda.demo.sorteo import elegir

_MODALIDADES = (Modalidad.TRABAJO_FORZOSO, Modalidad.EXPLOTACION_SEXUAL, Modalidad.SERVIDUMBRE, Modalidad.MENDICIDAD)
_MEDIOS = (MedioControl.AMENAZAS, MedioControl.DEUDA, MedioControl.FALSAS_PROMESAS, MedioControl.RETIENE_DOCUMENTOS)
_TEMAS = (Tema.DERECHOS, Tema.SERVICIOS, Tema.ASISTENCIA_LEGAL, Tema.REPARACION, Tema.DATOS_PERSONALES)
_TERRITORIOS = ("GT-01", "GT-12", "GT-16", "GT-17", "GT-22")


def detectar(caso: Caso, quien: str) -> Paso[None]:
    """Una institución la ve y presume que es víctima: desde aquí la persona tiene ruta."""
    persona, azar = caso.persona, caso.azar
    (acuse,) = yield from caso.pedir(
        quien,
        DetectarPresuntaVictima(
            nna=persona.nna,
            extranjera=persona.extranjera,
            idioma=persona.idioma,
            riesgo=persona.riesgo,
            pais_deteccion="gt",
            perfil=persona.perfil,
            territorio=elegir(azar, _TERRITORIOS),
            modalidades=(elegir(azar, _MODALIDADES),),
            medios=(elegir(azar, _MEDIOS),),
            captacion=(elegir(azar, tuple(Captacion)),),
            pais_explotacion="GTM",
        ),
    )
    caso.empezar(UUID(acuse.eventos[0].sujeto), quien)


def detectar_tras_alerta(caso: Caso, quien: str, canal: CanalAlerta, urgencia: Urgencia) -> Paso[None]:
    """Llega una noticia y quien la recibió va a ver: la persona sigue con el seudónimo de la alerta."""
    (alerta,) = yield from caso.pedir(quien, RecibirAlerta(canal=canal, urgencia=urgencia, territorio="GT-01"))
    persona = caso.persona
    (acuse,) = yield from caso.pedir(
        quien,
        DetectarPresuntaVictima(
            nna=persona.nna,
            extranjera=persona.extranjera,
            idioma=persona.idioma,
            riesgo=persona.riesgo,
            pais_deteccion="gt",
            alerta=UUID(alerta.eventos[0].sujeto),
            perfil=persona.perfil,
            modalidades=(elegir(caso.azar, _MODALIDADES),),
            medios=(elegir(caso.azar, _MEDIOS),),
        ),
        tras=caso.horas(0.5, 2),
    )
    caso.empezar(UUID(acuse.eventos[0].sujeto), quien)


def evaluar_e_informar(caso: Caso, quien: str, aplicador: Aplicador) -> Paso[None]:
    """Le aplica el instrumento de su función y le explica sus derechos."""
    positivos = 3 + int(caso.azar.fraccion() * 6)
    aplicada = evaluacion(caso, aplicador, positivos, ResultadoEvaluacion.INDICIOS)
    yield from caso.pedir(quien, aplicada, _informacion(caso))


def evaluacion(caso: Caso, aplicador: Aplicador, positivos: int, resultado: ResultadoEvaluacion) -> AplicarEvaluacion:
    """El instrumento de una función, con tantos positivos. Ninguno señala peligro: eso, aquí, lo cuenta el riesgo."""
    (instrumento, *_) = de_funcion(aplicador)
    suyos = [codigo for codigo, indicador in instrumento.indicadores.items() if indicador.peligro is None]
    return AplicarEvaluacion(
        ruta=caso.ruta,
        instrumento=instrumento.instrumento,
        version_instrumento=instrumento.version,
        perfil_aplicador=aplicador,
        positivos=positivos,
        resultado=resultado,
        indicadores=tuple(suyos[:positivos]),
    )


def informar(caso: Caso, quien: str) -> Paso[UUID]:
    """Le explica sus derechos, los servicios que hay y qué se hará con sus datos, en su idioma. Devuelve la prueba."""
    (acuse,) = yield from caso.pedir(quien, _informacion(caso))
    return acuse.eventos[0].id


def _informacion(caso: Caso) -> EntregarInformacion:
    idioma = caso.persona.idioma
    return EntregarInformacion(
        ruta=caso.ruta, idioma=idioma, comprendida=True, temas=_TEMAS, interprete=idioma != "spa"
    )


__all__ = ["detectar", "detectar_tras_alerta", "evaluacion", "evaluar_e_informar", "informar"]
