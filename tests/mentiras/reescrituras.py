"""Mentiras de quien lo rehace todo con las claves verdaderas: solo las delata algo guardado fuera."""

from __future__ import annotations

from senda_verificar.faltas import Codigo
from tests.mentiras.en_las_bases import rebajado
from tests.mentiras.guardado import DETECTADA
from tests.mentiras.historia import Hecho, contar, verdadera
from tests.mentiras.mentira import Ancla, Mentira, auditar, en_las_bases, libro
from tests.mentiras.operador import Operador

_NADA_SIN_ANCLA = (auditar(None), libro(None), libro(None, Ancla.RECTORA))


@en_las_bases(
    *_NADA_SIN_ANCLA,
    libro(Codigo.HISTORIA_REESCRITA, Ancla.PUNTO),
    libro(Codigo.SIN_QUORUM, Ancla.QUORUM),
    libro(Codigo.RECIBO_INCUMPLIDO, Ancla.RECIBO),
)
def reescribir_un_hecho_y_todo_lo_demas(operador: Operador) -> None:
    """Cambiar lo que pasó sin que nada suyo lo contradiga: almacén, libro, árbol, cabeceras y puntos coherentes."""
    hechos = verdadera(operador)
    cual = next(i for i, h in enumerate(hechos) if _de_la_victima(h.sobre, operador))
    hechos[cual] = hechos[cual]._replace(cuerpo=rebajado(hechos[cual].cuerpo))
    contar(operador, hechos)


@en_las_bases(
    *_NADA_SIN_ANCLA,
    libro(Codigo.HISTORIA_REESCRITA, Ancla.PUNTO),
    libro(Codigo.SIN_QUORUM, Ancla.QUORUM),
    libro(Codigo.RECIBO_INCUMPLIDO, Ancla.RECIBO),
)
def borrar_a_una_persona_y_renumerar(operador: Operador) -> None:
    """Que una persona no haya existido: se quitan todos sus hechos y se renumera lo que queda."""
    suya = str(operador.ruta())
    contar(operador, [h for h in verdadera(operador) if h.sobre["subject"] != suya])


@en_las_bases(auditar(Codigo.TRUNCADO), libro(Codigo.TRUNCADO))
def recortar_el_final_del_libro(operador: Operador) -> None:
    """Que lo último no se sepa: se recorta el libro y se firma su nuevo final."""
    contar(operador, _sin_el_final(operador), almacenes=False, callar=False)


@en_las_bases(
    auditar(Codigo.TRUNCADO),
    libro(None),
    libro(None, Ancla.RECTORA),
    libro(Codigo.LIBRO_RETROCEDE, Ancla.PUNTO),
    libro(Codigo.SIN_QUORUM, Ancla.QUORUM),
    libro(Codigo.RECIBO_INCUMPLIDO, Ancla.RECIBO),
)
def recortar_el_libro_y_las_cabeceras(operador: Operador) -> None:
    """Lo mismo, y que lo entregado no lleve lo que los orígenes firmaron de más."""
    contar(operador, _sin_el_final(operador), almacenes=False)


@en_las_bases(
    *_NADA_SIN_ANCLA,
    libro(Codigo.LIBRO_RETROCEDE, Ancla.PUNTO),
    libro(Codigo.SIN_QUORUM, Ancla.QUORUM),
    libro(Codigo.RECIBO_INCUMPLIDO, Ancla.RECIBO),
)
def recortar_origenes_y_libro_a_la_vez(operador: Operador) -> None:
    """Como si se hubiera restaurado una copia vieja: ni el almacén guarda ya lo último."""
    contar(operador, _sin_el_final(operador))


@en_las_bases(
    auditar(None),
    libro(None),
    libro(Codigo.PUNTO_SIN_FIRMA, Ancla.CLAVE),
    libro(Codigo.CABECERA_FALSA, Ancla.CLAVE),
    libro(Codigo.PUNTO_SIN_FIRMA, Ancla.PUNTO),
)
def reescribir_todo_con_claves_nuevas(operador: Operador) -> None:
    """Otra historia, firmada con claves recién hechas que se entregan junto al libro."""
    operador.cambiar_claves()
    suya = str(operador.ruta())
    contar(operador, [h for h in verdadera(operador) if h.sobre["subject"] != suya])


def _de_la_victima(sobre: dict[str, object], operador: Operador) -> bool:
    return sobre["type"] == DETECTADA and sobre["institucion"] == operador.institucion


def _sin_el_final(operador: Operador) -> list[Hecho]:
    """La historia hasta el último hecho de la institución que guardó recibos, sin él."""
    hechos = verdadera(operador)
    ultimo = max(i for i, h in enumerate(hechos) if h.sobre["institucion"] == operador.institucion)
    return hechos[:ultimo]


MENTIRAS: tuple[Mentira, ...] = (
    reescribir_un_hecho_y_todo_lo_demas,
    borrar_a_una_persona_y_renumerar,
    recortar_el_final_del_libro,
    recortar_el_libro_y_las_cabeceras,
    recortar_origenes_y_libro_a_la_vez,
    reescribir_todo_con_claves_nuevas,
)
