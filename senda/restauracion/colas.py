"""Guardar lo que quedó en las colas antes de restaurar: puede ser lo único que quede de un hecho posterior a la copia.

Si no se recogiera, llegaría al arrancar, cuando su origen ya hubiera contado otra cosa en esa misma posición.
"""

from __future__ import annotations

from dataclasses import replace

import structlog

from infra.mensajeria.entrada import Entrada
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import TopologiaAusente
from infra.seguridad.llavero import Llavero
from senda.acceso_bus import Acceso
from senda.composicion import CONTEXTOS, Montaje, mapa

registro = structlog.get_logger(__name__)
#: Segundos sin que llegue nada para dar una cola por vacía.
_CALMA = 1.0


def recoger_colas(montaje: Montaje) -> int:
    """Pasa a la tabla `entrada` de cada servicio lo que espera en su cola, sin aplicarlo; devuelve cuántas tandas.

    Errores: `TransporteCaido`, `LlaveAusente`; los de la base.
    """
    llavero = montaje.llavero()
    try:
        return sum(_recoger(montaje, nombre, llavero) for nombre in CONTEXTOS)
    finally:
        llavero.cerrar()


def _recoger(montaje: Montaje, nombre: str, llavero: Llavero) -> int:
    despliegue = montaje.despliegue
    almacen = montaje.almacen(nombre, llavero)
    transporte = abrir(Acceso(montaje.carpeta, despliegue).url_de_servicio(nombre))
    # Denunciar es contar un hecho, y aquí aún no se sabe cuál es la última posición propia.
    contexto = replace(CONTEXTOS[nombre], al_divergir=lambda _crudo, _conocida: None)
    entrada = Entrada(
        almacen, transporte, contexto, {n: despliegue.origenes[n] for n in contexto.sigue},
        despliegue.claves_de_origen, montaje.ajustes, mapa(despliegue.prefijo).nombres,
        en_pausa=lambda: True,
    )  # fmt: skip
    recogidas = 0
    try:
        entrada.preparar()
        while entrada.recibir(_CALMA):
            recogidas += 1
    except TopologiaAusente:
        registro.info("sin-cola", servicio=nombre)
    finally:
        transporte.cerrar()
        almacen.motor.dispose()
    return recogidas


__all__ = ["recoger_colas"]
