"""Qué puede afirmar detección sobre una persona, y en qué orden: de la alerta a la identificación formal.

Nada aquí condiciona la atención, que empieza con la presunción (S000), ni exige denunciar (regla 6).
"""

from __future__ import annotations

from uuid import UUID

from eventos.deteccion import (
    AlertaRecibida,
    EvaluacionAplicada,
    InformacionEntregada,
    PresuncionDescartada,
    PresuntaVictimaDetectada,
    RiesgoInmediatoSenalado,
    VictimaIdentificada,
)
from eventos.rechazo import Rechazo
from eventos.vigentes import Vigentes

#: Los códigos de ISO 639-3 que no nombran una lengua: sin constar, sin codificar, varias y ninguna.
SIN_IDIOMA = frozenset({"und", "mis", "mul", "zxx"})


class AlertaDesconocida(Rechazo):
    """La alerta de la que se dice que viene no consta."""

    codigo = "alerta-desconocida"
    campo = "datos.alerta"
    que_hacer = "Usa el seudónimo que te dio el acuse de la alerta; si la persona no viene de una alerta, no lo des."


class SinDeteccion(Rechazo):
    """Nadie contó aquí nada de esa ruta."""

    codigo = "ruta-sin-deteccion"
    campo = "datos.ruta"
    que_hacer = "Comprueba el seudónimo; si es alguien a quien acabas de ver, cuéntalo con detectar-presunta-victima."


class SinPresuncion(Rechazo):
    """Falta presumir que la persona es víctima."""

    codigo = "sin-presuncion"
    campo = "datos.ruta"
    que_hacer = "Cuenta antes la detección con detectar-presunta-victima, dando el seudónimo de la alerta si lo hay."


class YaDescartada(Rechazo):
    """La presunción se descartó."""

    codigo = "presuncion-ya-descartada"
    campo = "datos.ruta"
    que_hacer = "Si hay nuevos indicios, vuelve a detectar; si el descarte fue un error, quien lo hizo lo rectifica."


class YaIdentificada(Rechazo):
    """La víctima está identificada formalmente."""

    codigo = "victima-ya-identificada"
    campo = "datos.ruta"
    que_hacer = "No hace falta repetirlo; si la identificación fue un error, quien la hizo la rectifica."


class SinTemas(Rechazo):
    """No se dice de qué se informó."""

    codigo = "informacion-sin-temas"
    campo = "datos.temas"
    que_hacer = "Di de qué se informó a la persona."


class TemaRepetido(Rechazo):
    """Un tema está más de una vez."""

    codigo = "tema-repetido"
    campo = "datos.temas"
    que_hacer = "Di cada tema una sola vez."


class IdiomaSinDecir(Rechazo):
    """No se dice en qué lengua se informó."""

    codigo = "idioma-sin-decir"
    campo = "datos.idioma"
    que_hacer = "Di la lengua en que la persona oyó o leyó la información (ISO 639-3; las de señas también lo tienen)."


class IdiomaQueNoComprende(Rechazo):
    """Informar en un idioma que no es el suyo sin que comprenda no es informar, tampoco con intérprete a ese idioma."""

    codigo = "idioma-que-no-comprende"
    campo = "datos.idioma"
    que_hacer = (
        "Repítela en un idioma que la persona comprenda. Con intérprete, el idioma es aquel al que le interpretaron "
        "(directriz OEA 26)."
    )


class HechoConApoyos(Rechazo):
    """Otro hecho en pie se apoya en el que se quiere corregir."""

    codigo = "hecho-con-apoyos"
    campo = "datos.corrige"
    que_hacer = "Rectifica antes la identificación o el descarte que se apoyan en esa presunción."


class Deteccion(Vigentes, frozen=True, kw_only=True):
    """Lo que se sabe de una ruta en detección."""

    @property
    def idiomas(self) -> frozenset[str]:
        """Los que comprende: aquel en que hablarle, según quien la detectó, y los que ella confirmó al informarla."""
        segun_deteccion = {hecho.idioma for _, hecho in self.de(PresuntaVictimaDetectada)}
        confirmados = {hecho.idioma for _, hecho in self.de(InformacionEntregada) if hecho.comprendida}
        return frozenset((segun_deteccion | confirmados) - SIN_IDIOMA)


def ruta_para(alerta: Deteccion | None, nueva: UUID) -> UUID:
    """La ruta de quien se detecta: la de la alerta si nadie la ocupó; si no, ``nueva`` (una alerta, varias personas).

    Errores: `AlertaDesconocida`.
    """
    if alerta is None:
        return nueva
    if not alerta.hay(AlertaRecibida):
        raise AlertaDesconocida
    return nueva if alerta.hay(PresuntaVictimaDetectada) else alerta.id


def evaluar(det: Deteccion, evaluacion: EvaluacionAplicada) -> EvaluacionAplicada:
    """Anota un instrumento aplicado. No puntúa: un indicador abre una pregunta, no decide (UNODC)."""
    _exigir_conocida(det)
    _exigir_sin_descarte(det)
    return evaluacion


def senalar_riesgo(det: Deteccion, riesgo: RiesgoInmediatoSenalado) -> RiesgoInmediatoSenalado:
    """Avisa de un peligro. Vale aunque la presunción se descartara: proteger no espera (directriz OEA 33)."""
    _exigir_conocida(det)
    return riesgo


def identificar(det: Deteccion, identificacion: VictimaIdentificada) -> VictimaIdentificada:
    """Identifica formalmente. Exige presunción en pie y no descartada (S000)."""
    _exigir_presuncion(det)
    _exigir_sin_descarte(det)
    if det.hay(VictimaIdentificada):
        raise YaIdentificada
    return identificacion


def descartar(det: Deteccion, descarte: PresuncionDescartada) -> PresuncionDescartada:
    """Descarta la presunción. A una víctima identificada no se la descarta: se rectifica la identificación."""
    _exigir_presuncion(det)
    if det.hay(VictimaIdentificada):
        raise YaIdentificada
    _exigir_sin_descarte(det)
    return descarte


def informar(det: Deteccion, informacion: InformacionEntregada) -> InformacionEntregada:
    """Anota que se informó a la persona en un idioma que comprende (directrices OEA 26 y 27).

    Vale si ella confirma que comprendió, sea cual sea el idioma, o si es uno de los suyos: entonces consta el intento
    y el derecho sigue pendiente. Si no consta ninguno, basta un intérprete. Que haya intérprete hacia un idioma que no
    es el suyo no basta. Errores: `SinDeteccion`, `SinTemas`, `TemaRepetido`, `IdiomaSinDecir`, `IdiomaQueNoComprende`.
    """
    _exigir_conocida(det)
    if not informacion.temas:
        raise SinTemas
    if len(set(informacion.temas)) != len(informacion.temas):
        raise TemaRepetido
    if informacion.idioma in SIN_IDIOMA:
        raise IdiomaSinDecir
    suyo = informacion.idioma in det.idiomas or (not det.idiomas and informacion.interprete)
    if not (informacion.comprendida or suyo):
        raise IdiomaQueNoComprende
    return informacion


def exigir_rectificable(det: Deteccion, corregido: UUID) -> None:
    """Una presunción no se corrige mientras algo se apoye en ella. Error: `HechoConApoyos`."""
    anotado = det.buscar(corregido)
    if anotado is None or not isinstance(anotado.hecho, PresuntaVictimaDetectada):
        return
    if det.hay(VictimaIdentificada) or det.hay(PresuncionDescartada):
        raise HechoConApoyos


def _exigir_conocida(det: Deteccion) -> None:
    if not det.hay(AlertaRecibida) and not det.hay(PresuntaVictimaDetectada):
        raise SinDeteccion


def _exigir_presuncion(det: Deteccion) -> None:
    _exigir_conocida(det)
    if not det.hay(PresuntaVictimaDetectada):
        raise SinPresuncion


def _exigir_sin_descarte(det: Deteccion) -> None:
    if det.hay(PresuncionDescartada):
        raise YaDescartada
