"""Dónde se aloja a la persona, sin pasar nunca de las plazas que hay.

Las plazas se cuentan por tramo: niñez y adolescencia, o adultas. El sexo no: solo el albergue lo sabe al recibirla;
que un hecho lo llevara en claro reidentificaría a quien ingresa (arquitectura, idea 4).
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Self
from uuid import UUID, uuid5

from msgspec import Struct
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
from eventos.plazas import Cupo, TramoCupo
from eventos.rechazo import Rechazo
from eventos.vigentes import Vigentes
from servicios.atencion.dominio.consentimiento import exigir_consentimiento
from servicios.atencion.dominio.ruta import Atencion, exigir_abierta

#: Dónde solo se aloja en un albergue inscrito; en lo demás basta una institución del directorio.
_EN_ALBERGUE = frozenset({ClaseAlojamiento.ALBERGUE_ESPECIALIZADO, ClaseAlojamiento.ALBERGUE_GENERAL})


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


class SinPlaza(Rechazo):
    """No queda plaza para su edad."""

    codigo = "sin-plaza"
    campo = "datos.albergue"
    que_hacer = "No quedan plazas para su edad: busca otro albergue, o que este actualice sus cupos."


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


class Plazas(Struct, frozen=True, kw_only=True):
    """Plazas de un albergue para un tramo: las que tiene, las que quedan y a cuántas personas aloja."""

    total: int = 0
    libres: int = 0
    ocupadas: int = 0

    @classmethod
    def de(cls, cupos: Iterable[Cupo], *, nna: bool) -> Self:
        """Las declaradas para NNA o para adultas, sin contar a nadie."""
        suyos = [cupo for cupo in cupos if (cupo.tramo is not TramoCupo.ADULTA) is nna]
        return cls(total=sum(c.total for c in suyos), libres=sum(c.libres for c in suyos))


class Albergue(Vigentes, frozen=True, kw_only=True):
    """Un albergue de la oferta."""

    @property
    def ficha(self) -> AlbergueInscrito | None:
        """Su inscripción, con las plazas al día; None si no está inscrito."""
        inscrito = next((hecho for _, hecho in self.de(AlbergueInscrito)), None)
        ultimo = next((hecho for _, hecho in reversed([*self.de(CuposActualizados)])), None)
        return replace(inscrito, cupos=ultimo.cupos) if inscrito and ultimo else inscrito


def flujo_de(codigo: str) -> UUID:
    """El agregado de un albergue, por su código."""
    return uuid5(ESPACIO, codigo)


def asignar(
    atencion: Atencion, asignado: AlojamientoAsignado, *, albergue: Albergue, plazas: Plazas, en_directorio: bool,
    abierta: bool, institucion: str, instante: datetime,
) -> AlojamientoAsignado:  # fmt: skip
    """Aloja a la persona. El ingreso de urgencia no espera consentimiento ni a que se reabra la ruta; la plaza, sí.

    ``plazas``: las de su tramo, ahora. ``en_directorio``: si el código es de una institución conocida. ``institucion``:
    quien la aloja o la ingresa, a la que ha de alcanzar el consentimiento.
    Errores: `RutaYaCerrada`, `YaAlojada`, `AlbergueDesconocido`, `NoEspecializado`, `SinPlaza`, `SinConsentimiento`.
    """
    if not asignado.urgente:
        exigir_abierta(abierta=abierta)
    if atencion.estancia is not None:
        raise YaAlojada
    ficha = albergue.ficha
    if ficha is None and (asignado.clase in _EN_ALBERGUE or not en_directorio):
        raise AlbergueDesconocido
    if ficha is not None:
        if asignado.clase is ClaseAlojamiento.ALBERGUE_ESPECIALIZADO and not ficha.especializado:
            raise NoEspecializado
        if plazas.libres < 1:
            raise SinPlaza
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
    albergue: Albergue, actualizados: CuposActualizados, *, ocupadas_nna: int, ocupadas_adultas: int
) -> CuposActualizados:
    """Declara las plazas de nuevo. Puede bajar de las ocupadas (se perdió una ala); entonces no queda ninguna libre.

    Errores: `AlbergueDesconocido`, `CuposIncoherentes`.
    """
    if albergue.ficha is None:
        raise AlbergueDesconocido
    _exigir_coherentes(actualizados.cupos)
    for nna, ocupadas in ((True, ocupadas_nna), (False, ocupadas_adultas)):
        declaradas = Plazas.de(actualizados.cupos, nna=nna)
        if declaradas.libres > max(0, declaradas.total - ocupadas):
            raise CuposIncoherentes
    return actualizados


def _exigir_coherentes(cupos: tuple[Cupo, ...]) -> None:
    clases = {(cupo.sexo, cupo.tramo) for cupo in cupos}
    if len(clases) != len(cupos) or any(cupo.libres > cupo.total for cupo in cupos):
        raise CuposIncoherentes
