"""Que una evaluación case con el instrumento que dice haber aplicado, y qué peligros de ahora mismo señala.

No se puntúa ni se contradice la conclusión de quien aplica: un indicador abre una pregunta, no decide (UNODC), y uno
solo puede bastar (OIT). Aquí los indicadores están abiertos porque llegan en la petición; ningún rechazo los nombra.
"""

from __future__ import annotations

from msgspec import UNSET

from contratos.instrumentos import Instrumento, InstrumentoDesconocido, VersionDesconocida, cargar
from eventos.deteccion import EvaluacionAplicada, Peligro, RiesgoInmediatoSenalado
from eventos.rechazo import Rechazo
from eventos.tipos import Urgencia


class InstrumentoSinPublicar(Rechazo):
    """No hay instrumento con ese código."""

    codigo = "instrumento-desconocido"
    campo = "datos.instrumento"
    que_hacer = "Usa el código de un instrumento publicado en contratos/instrumentos (senda instrumentos listar)."


class VersionSinPublicar(Rechazo):
    """El instrumento existe, pero no en esa versión."""

    codigo = "version-de-instrumento-desconocida"
    campo = "datos.version_instrumento"
    que_hacer = "Da la versión con que se aplicó; las publicadas las dice senda instrumentos listar."


class AplicadorQueNoCorresponde(Rechazo):
    """Ese instrumento no se aplica desde esa función."""

    codigo = "aplicador-que-no-corresponde"
    campo = "datos.perfil_aplicador"
    que_hacer = "Di desde qué función se aplicó, o usa el instrumento de esa función (senda instrumentos ver)."


class IndicadoresAusentes(Rechazo):
    """Hubo positivos y no se dice cuáles: no se puede saber si señalan un peligro de ahora."""

    codigo = "indicadores-ausentes"
    campo = "sellado.indicadores"
    que_hacer = "Da, sellados, los códigos de los indicadores positivos: de ellos depende avisar de un peligro."


class IndicadorRepetido(Rechazo):
    """Un indicador está más de una vez."""

    codigo = "indicador-repetido"
    campo = "sellado.indicadores"
    que_hacer = "Da cada indicador positivo una sola vez."


class IndicadorDeOtroInstrumento(Rechazo):
    """Un indicador no es de ese instrumento en esa versión."""

    codigo = "indicador-de-otro-instrumento"
    campo = "sellado.indicadores"
    que_hacer = "Da solo códigos de indicadores de ese instrumento y versión (senda instrumentos ver)."


class PositivosQueNoCuadran(Rechazo):
    """La cuenta de positivos no es la de los indicadores dados."""

    codigo = "positivos-que-no-cuadran"
    campo = "datos.positivos"
    que_hacer = "Da en positivos cuántos indicadores distintos van en sellado.indicadores."


def peligros(evaluacion: EvaluacionAplicada) -> tuple[Peligro, ...]:
    """Los peligros de ahora mismo que señalan sus indicadores, sin repetir, en el orden en que se preguntan.

    Errores: `InstrumentoSinPublicar`, `VersionSinPublicar`, `AplicadorQueNoCorresponde`, `IndicadoresAusentes`,
    `IndicadorRepetido`, `IndicadorDeOtroInstrumento`, `PositivosQueNoCuadran`.
    """
    instrumento = _instrumento(evaluacion)
    if evaluacion.perfil_aplicador not in instrumento.aplicadores:
        raise AplicadorQueNoCorresponde
    positivos = _positivos(evaluacion)
    if not positivos <= instrumento.indicadores.keys():
        raise IndicadorDeOtroInstrumento
    if len(positivos) != evaluacion.positivos:
        raise PositivosQueNoCuadran
    suyos = (i for codigo, i in instrumento.indicadores.items() if codigo in positivos)
    return tuple(dict.fromkeys(i.peligro for i in suyos if i.peligro is not None))


def riesgo_de(evaluacion: EvaluacionAplicada) -> RiesgoInmediatoSenalado | None:
    """El aviso que causa una evaluación cuyos indicadores señalan un peligro de ahora mismo, o None.

    Vale aunque se concluya que no hay indicios de trata: proteger no depende de eso (directriz OEA 33). Errores: los
    de `peligros`.
    """
    amenazan = peligros(evaluacion)
    if not amenazan:
        return None
    return RiesgoInmediatoSenalado(ruta=evaluacion.ruta, urgencia=Urgencia.INMEDIATA, peligros=amenazan)


def _instrumento(evaluacion: EvaluacionAplicada) -> Instrumento:
    try:
        return cargar(evaluacion.instrumento, evaluacion.version_instrumento)
    except InstrumentoDesconocido:
        raise InstrumentoSinPublicar from None
    except VersionDesconocida:
        raise VersionSinPublicar from None


def _positivos(evaluacion: EvaluacionAplicada) -> frozenset[str]:
    if evaluacion.indicadores is UNSET:
        if evaluacion.positivos:
            raise IndicadoresAusentes
        return frozenset()
    distintos = frozenset(evaluacion.indicadores)
    if len(distintos) != len(evaluacion.indicadores):
        raise IndicadorRepetido
    return distintos
