"""Cómo se enseñan en el terminal el catálogo, una petición antes de enviarla y su acuse. Lo sellado, enmascarado."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from msgspec import Struct
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from contratos.acuse import Acuse, Resultado
from contratos.base import Peticion
from contratos.campos import Campo, campos
from contratos.revision import Defecto
from eventos.base import campos_sellados
from eventos.titulos import titulo
from senda.ventanilla.catalogo import corto, resumen

MASCARA: Final = "••••••"


def lista(grupos: dict[str, list[type[Peticion]]], consola: Console) -> None:
    """Todo lo que se puede pedir y quién puede."""
    for servicio, clases in sorted(grupos.items()):
        tabla = Table(title=servicio, title_justify="left", box=None)
        tabla.add_column("petición", no_wrap=True)
        tabla.add_column("qué hace")
        tabla.add_column("quién puede (basta un mandato)")
        for clase in clases:
            tabla.add_row(corto(clase), resumen(clase), _quien(clase))
        consola.print(tabla)
        consola.print()


def esquema(clase: type[Peticion], consola: Console) -> None:
    """Los campos de una petición. Los de dentro de un objeto, con su camino."""
    consola.print(f"[bold]{clase.tipo}[/] · {escape(resumen(clase))}")
    consola.print(f"La atiende {clase.servicio}. Quién puede: {_quien(clase)}.\n")
    tabla = Table("campo", "obligatorio", "sellado", "tipo", "qué es", box=None)
    tabla.columns[0].no_wrap = True
    for camino, campo, sellado in _con_los_de_dentro(clase):
        tabla.add_row(
            camino,
            "sí" if campo.obligatorio else "no",
            "sí" if sellado else "no",
            escape(str(campo.forma)),
            escape(campo.descripcion),
        )
    consola.print(tabla)


def propuesta(clase: type[Peticion], datos: dict[str, Any], consola: Console, *, sellados: bool) -> None:
    """Lo que se va a enviar. ``sellados``: también lo que irá cifrado."""
    ocultos = campos_sellados(clase)
    tabla = Table("campo", "valor", "", box=None)
    for nombre, valor in datos.items():
        oculto = nombre in ocultos
        visible = MASCARA if oculto and not sellados else escape(_texto(valor))
        tabla.add_row(nombre, visible, "sellado" if oculto else "")
    consola.print(f"[bold]{clase.tipo}[/] para {clase.servicio}")
    consola.print(tabla)


def defectos(hallados: Iterable[Defecto], consola: Console) -> None:
    """Todo lo que hay que arreglar."""
    for defecto in hallados:
        consola.print(f"✗ {defecto.campo or 'la petición'}: {defecto.que_hacer}", style="red", markup=False)


def acuse(recibido: Acuse, consola: Console) -> None:
    """El recibo del servicio."""
    if recibido.resultado is Resultado.RECHAZADA:
        consola.print(f"✗ Rechazada por {recibido.servicio}: {recibido.codigo}", style="red", markup=False)
        if recibido.campo:
            consola.print(f"  campo: {recibido.campo}", markup=False)
        consola.print(f"  qué hacer: {recibido.que_hacer}", markup=False)
        return
    consola.print(f"✓ Aceptada por {recibido.servicio} · {recibido.instante:%Y-%m-%d %H:%M:%S} UTC · id {recibido.id}")
    tabla = Table("hecho", "sobre", "detalle", box=None)
    for causado in recibido.eventos:
        detalle = " · ".join(f"{c}: {_texto(v)}" for c, v in causado.datos.items() if v not in (None, "", []))
        tabla.add_row(titulo(causado.tipo), causado.sujeto, escape(detalle))
    consola.print(tabla if tabla.row_count else "No causó hechos nuevos.")
    if (tramo := recibido.buzon) is not None:
        repetido = f"del {tramo.desde} al {tramo.hasta}" if tramo.hasta >= tramo.desde else "nada"
        consola.print(f"Buzón: se vuelve a mandar {repetido}; el último es el {tramo.ultimo}.", highlight=False)


def _quien(clase: type[Peticion]) -> str:
    condicion = ", participando en la ruta" if clase.participa and "ruta" in clase.__struct_fields__ else ""
    return ", ".join(sorted(clase.mandatos)) + condicion


def _con_los_de_dentro(
    clase: type[Struct], camino: str = "", sellado: bool = False
) -> Iterable[tuple[str, Campo, bool]]:
    for campo in campos(clase):
        de_lista = campo.forma.de is not None
        interna = (campo.forma.de or campo.forma).estructura
        aqui = f"{camino}{campo.nombre}"
        yield aqui, campo, sellado or campo.sellado
        if interna is not None:
            yield from _con_los_de_dentro(interna, f"{aqui}[]." if de_lista else f"{aqui}.", sellado or campo.sellado)


def _texto(valor: Any) -> str:
    if isinstance(valor, bool):
        return "sí" if valor else "no"
    if isinstance(valor, list | tuple):
        return "; ".join(map(_texto, valor)) or "ninguno"
    if isinstance(valor, dict):
        return ", ".join(f"{c}={_texto(v)}" for c, v in valor.items())
    return str(valor)


__all__ = ["MASCARA", "acuse", "defectos", "esquema", "lista", "propuesta"]
