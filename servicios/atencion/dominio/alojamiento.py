"""Dónde se aloja a la persona, sin pasar nunca de las plazas que hay de su sexo y edad.

Qué plaza ocupa cada una va sellado: quien decide lo abre para contar, y no queda en claro en ningún sitio
(decisión 024). Cómo se cuentan está en `servicios.atencion.dominio.plazas`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import chain
from uuid import UUID, uuid5

from msgspec import UNSET
from msgspec.structs import replace

from eventos.atencion import (
    AlbergueInscrito,
    AlojamientoAsignado,
    AlojamientoFinalizado,
    ClaseAlojamiento,
    CuposActualizados,
)
from eventos.base import ESPACIO
from eventos.listas import ServicioPedido
from eventos.plazas import Cupo, Plaza
from eventos.rechazo import Rechazo
from eventos.vigentes import Vigentes
from servicios.atencion.dominio.consentimiento import exigir_consentimiento
from servicios.atencion.dominio.plazas import Estancia, PlazaFueraDeAlbergue, contar, elegir
from servicios.atencion.dominio.ruta import Atencion, exigir_abierta

#: Dónde solo se aloja en un albergue inscrito; en lo demás basta una institución del directorio.
EN_ALBERGUE = frozenset({ClaseAlojamiento.ALBERGUE_ESPECIALIZADO, ClaseAlojamiento.ALBERGUE_GENERAL})


class AlbergueDesconocido(Rechazo):
    """No está en la oferta."""

    codigo = "albergue-desconocido"
    campo = "datos.albergue"
    que_hacer = "Elige un albergue inscrito; si lo es y no consta, su titular lo inscribe con inscribir-albergue."


class NoEspecializado(Rechazo):
    """El albergue no es solo para víctimas de trata."""

    codigo = "albergue-no-especializado"
    campo = "datos.clase"
    que_hacer = "Ese albergue no es especializado: pide la clase albergue-general u otro albergue."


class YaAlojada(Rechazo):
    """La persona ya tiene dónde estar."""

    codigo = "ya-alojada"
    campo = "datos.ruta"
    que_hacer = "Finaliza antes la estancia que tiene; si es un traslado, con ese motivo."


class EstanciaDesconocida(Rechazo):
    """No consta, o ya terminó."""

    codigo = "estancia-desconocida"
    campo = "datos.alojamiento"
    que_hacer = "Toma el id de la estancia que sigue viva en esta ruta, del acuse de su asignación."


class AlbergueYaInscrito(Rechazo):
    """Ya está en la oferta."""

    codigo = "albergue-ya-inscrito"
    campo = "datos.codigo"
    que_hacer = "Ya está inscrito: para cambiar sus plazas usa actualizar-cupos."


class CuposIncoherentes(Rechazo):
    """Las plazas declaradas no pueden ser."""

    codigo = "cupos-incoherentes"
    campo = "datos.cupos"
    que_hacer = (
        "Cada sexo y tramo, una sola vez; libres no puede pasar de total, ni las libres de las que dejan quienes "
        "siguen alojadas: si alguien salió, finaliza antes su estancia."
    )


class Albergue(Vigentes, frozen=True, kw_only=True):
    """Un albergue de la oferta."""

    @property
    def ficha(self) -> AlbergueInscrito | None:
        """Su inscripción, con las plazas al día; None si no está inscrito."""
        inscrito = next((hecho for _, hecho in self.de(AlbergueInscrito)), None)
        ultimo = next((hecho for _, hecho in reversed([*self.de(CuposActualizados)])), None)
        return replace(inscrito, cupos=ultimo.cupos) if inscrito and ultimo else inscrito

    @property
    def plazas_de_siempre(self) -> frozenset[Plaza]:
        """Las clases de plaza que ha declarado alguna vez."""
        al_inscribirse = [hecho.cupos for _, hecho in self.de(AlbergueInscrito)]
        despues = [hecho.cupos for _, hecho in self.de(CuposActualizados)]
        todos = chain.from_iterable(al_inscribirse + despues)
        return frozenset(Plaza(sexo=cupo.sexo, tramo=cupo.tramo) for cupo in todos)


def flujo_de(codigo: str) -> UUID:
    """El agregado de un albergue, por su código."""
    return uuid5(ESPACIO, codigo)


def asignar(
    atencion: Atencion, asignado: AlojamientoAsignado, *, albergue: Albergue, estancias: Collection[Estancia],
    nna: bool, en_directorio: bool, abierta: bool, institucion: str, instante: datetime,
) -> AlojamientoAsignado:  # fmt: skip
    """Aloja a la persona. El ingreso de urgencia no espera consentimiento ni a que se reabra la ruta; la plaza, sí.

    En un albergue, el hecho lleva siempre la plaza, también si se dedujo. ``estancias``: las que cuentan en él.
    ``en_directorio``: si el código es de una institución conocida. ``institucion``: quien la aloja o la ingresa, a la
    que ha de alcanzar el consentimiento. Errores: `RutaYaCerrada`, `YaAlojada`, `AlbergueDesconocido`,
    `NoEspecializado`, `FaltaPlaza`, `PlazaDeOtraEdad`, `PlazaFueraDeAlbergue`, `SinPlaza`, `SinConsentimiento`.
    """
    if not asignado.urgente:
        exigir_abierta(abierta=abierta)
    if atencion.estancia is not None:
        raise YaAlojada
    ficha = albergue.ficha
    if ficha is None and (asignado.clase in EN_ALBERGUE or not en_directorio):
        raise AlbergueDesconocido
    if asignado.clase is ClaseAlojamiento.ALBERGUE_ESPECIALIZADO and ficha and not ficha.especializado:
        raise NoEspecializado
    if asignado.clase in EN_ALBERGUE and ficha:
        plazas = contar(ficha.cupos, estancias, antes=albergue.plazas_de_siempre)
        asignado = replace(asignado, plaza=elegir(asignado.plaza, plazas, nna=nna))
    elif asignado.plaza is not UNSET:
        raise PlazaFueraDeAlbergue
    if not asignado.urgente:
        exigir_consentimiento(atencion, ServicioPedido.ALOJAMIENTO, institucion=institucion, instante=instante)
    return asignado


def finalizar(atencion: Atencion, finalizado: AlojamientoFinalizado) -> AlojamientoFinalizado:
    """Termina la estancia viva de la persona. Error: `EstanciaDesconocida`."""
    if atencion.estancia is None or atencion.estancia.alojamiento != finalizado.alojamiento:
        raise EstanciaDesconocida
    return finalizado


def inscribir(albergue: Albergue, inscrito: AlbergueInscrito) -> AlbergueInscrito:
    """Entra en la oferta. Errores: `AlbergueYaInscrito`, `CuposIncoherentes`."""
    if albergue.ficha is not None:
        raise AlbergueYaInscrito
    _exigir_coherentes(inscrito.cupos)
    return inscrito


def actualizar_cupos(
    albergue: Albergue, actualizados: CuposActualizados, estancias: Collection[Estancia]
) -> CuposActualizados:
    """Declara las plazas de nuevo. Puede bajar de las ocupadas (se perdió una ala); entonces no queda ninguna libre.

    ``estancias``: las que cuentan en él. Errores: `AlbergueDesconocido`, `CuposIncoherentes`.
    """
    if albergue.ficha is None:
        raise AlbergueDesconocido
    _exigir_coherentes(actualizados.cupos)
    contadas = contar(actualizados.cupos, estancias)
    for cupo in actualizados.cupos:
        plazas = contadas[Plaza(sexo=cupo.sexo, tramo=cupo.tramo)]
        if cupo.libres > max(0, plazas.total - plazas.ocupadas):
            raise CuposIncoherentes
    return actualizados


def _exigir_coherentes(cupos: tuple[Cupo, ...]) -> None:
    clases = {(cupo.sexo, cupo.tramo) for cupo in cupos}
    if len(clases) != len(cupos) or any(cupo.libres > cupo.total for cupo in cupos):
        raise CuposIncoherentes
