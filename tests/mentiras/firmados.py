"""Mentiras con lo que una institución sí firmó: mudarlo de persona o de momento, o contarlo otra vez."""

from __future__ import annotations

from senda_verificar.faltas import Codigo
from tests.mentiras.historia import Hecho, contar, verdadera
from tests.mentiras.mentira import Ancla, Mentira, auditar, en_las_bases, en_lo_entregado, libro
from tests.mentiras.operador import Operador

_SERVICIO = "senda.atencion.servicio-prestado."
#: Una versión que ningún flujo alcanza.
_LEJANA = 99


@en_las_bases(auditar(None), libro(Codigo.OTRA_RUTA))
def mudar_un_acto_firmado_a_otra_persona(operador: Operador) -> None:
    """Que lo que se hizo por una persona conste como hecho por otra, con la firma verdadera de quien lo hizo."""
    hechos = verdadera(operador)
    cual = _prestado(hechos)
    suya = hechos[cual].sobre["subject"]
    otra = next(s["subject"] for h in hechos if (s := h.sobre)["subject"] != suya and s["type"].startswith(_SERVICIO))
    hechos[cual] = hechos[cual].con(subject=otra, agregado=otra, version=_LEJANA)
    contar(operador, hechos)


@en_las_bases(auditar(None), libro(Codigo.SOLICITUD_ALTERADA))
def cambiar_cuando_ocurrio_lo_firmado(operador: Operador) -> None:
    """Que lo que se hizo tarde conste como hecho a tiempo."""
    hechos = verdadera(operador)
    cual = _prestado(hechos)
    hechos[cual] = hechos[cual].con(time="2020-01-01T00:00:00Z")
    contar(operador, hechos)


@en_las_bases(auditar(None), libro(None), libro(None, Ancla.PUNTO), libro(Codigo.RECIBO_INCUMPLIDO, Ancla.RECIBO))
def repetir_un_acto_firmado(operador: Operador) -> None:
    """Que lo que se hizo una vez conste dos, lejos la una de la otra y con el mismo id."""
    hechos = verdadera(operador)
    suyo = next(h for h in hechos if (s := h.sobre)["solicitud"] and s["institucion"] == operador.institucion)
    contar(operador, [*hechos, suyo.con(version=_LEJANA)._replace(era=None)])


@en_lo_entregado(libro(Codigo.ORIGEN_ALTERADO))
def contar_un_acto_desde_un_servicio_inventado(operador: Operador) -> None:
    """Lo mismo, contado por un servicio que no existe: de sus acuses nadie tiene la clave."""
    hechos = verdadera(operador)
    suyo = hechos[_prestado(hechos)].con(source="/xx/atencion", version=1)
    contar(operador, [*hechos, suyo._replace(origen="/xx/atencion", era=None)], almacenes=False, callar=False)


def _prestado(hechos: list[Hecho]) -> int:
    return next(i for i, h in enumerate(hechos) if (s := h.sobre)["solicitud"] and s["type"].startswith(_SERVICIO))


MENTIRAS: tuple[Mentira, ...] = (
    mudar_un_acto_firmado_a_otra_persona,
    cambiar_cuando_ocurrio_lo_firmado,
    repetir_un_acto_firmado,
    contar_un_acto_desde_un_servicio_inventado,
)
