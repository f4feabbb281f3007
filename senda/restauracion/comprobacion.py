"""Comprobar un despliegue restaurado antes de arrancarlo: qué falta, dónde está, y si el libro cumple lo prometido."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.almacen.motor import leyendo
from senda.auditoria.retenidos import retenidos
from senda.restauracion.bases import Bases
from senda.restauracion.destrucciones import comprobar_claves
from senda.restauracion.hallazgos import Codigo, Comprobado, Hallazgo, Informe
from senda.restauracion.historias import Historia, historia
from senda.restauracion.puntos import comprobar_puntos
from servicios.auditoria.libro import raiz_y_tamano


def comprobar(bases: Bases, puntos: Iterable[Path] = (), *, claves: bool = True) -> Informe:
    """El informe entero. No escribe nada.

    ``puntos``: archivos de puntos retenidos, además de los de la carpeta. ``claves``: si se mira también el llavero.
    Errores: `PuntoIlegible`; los de las bases.
    """
    historias = [historia(bases, servicio) for servicio in bases.motores]
    # Antes que el libro: con los servicios andando se puede prometer más entretanto.
    archivos = [*retenidos(bases.carpeta), *dict.fromkeys(puntos)]
    with leyendo(bases.del_libro, instantanea=True) as conexion:
        raiz, tamano = raiz_y_tamano(conexion)
        comprobados, hallados = comprobar_puntos(conexion, bases.despliegue, archivos)
    return Informe(
        tamano=tamano,
        raiz=raiz.hex(),
        origenes=tuple(_de(h) for h in historias),
        puntos=tuple(comprobados),
        hallazgos=(
            *(hallazgo for h in historias for hallazgo in _sobre(h)),
            *hallados,
            *(comprobar_claves(bases) if claves else ()),
        ),
    )


def _de(h: Historia) -> Comprobado:
    return Comprobado(
        origen=h.origen,
        tiene=h.tiene,
        en_el_libro=h.en_el_libro,
        conocidos=h.conocida,
        prometidos=h.prometida,
    )


def _sobre(h: Historia) -> Iterator[Hallazgo]:
    if h.contradicen:
        que = f"no dicen lo mismo que su almacén: {', '.join(h.contradicen)}"
        yield Hallazgo(codigo=Codigo.ORIGEN_DISTINTO, donde=h.origen, que=que)
    if not h.promesa_casa:
        que = f"firmó otra hoja para la posición {h.prometida}"
        yield Hallazgo(codigo=Codigo.PROMESA_DISTINTA, donde=h.origen, que=que)
    if h.mejor is not None:
        faltan = h.mejor.hasta - h.tiene
        que = f"tiene {h.tiene} hechos y {h.mejor.de} llega a {h.mejor.hasta}"
        yield Hallazgo(codigo=Codigo.ORIGEN_ATRASADO, donde=h.origen, que=que, faltan=faltan)
    if h.prometida > h.conocida:
        que = f"firmó haber contado {h.prometida} y lo más que alguien conoce son {h.conocida}"
        yield Hallazgo(codigo=Codigo.PROMESA_PERDIDA, donde=h.origen, que=que, faltan=h.prometida - h.conocida)


__all__ = ["comprobar"]
