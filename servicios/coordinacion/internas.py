"""Lo que el sistema hace sin que nadie se lo pida: por lo que otro servicio contó, por un plazo o al ponerse en marcha.

Todas son idempotentes: si no procede, no pasa nada.
"""

from __future__ import annotations

from uuid import UUID

from eventos.coordinacion import Etapa
from eventos.deteccion import PresuntaVictimaDetectada
from eventos.seguridad import AccesoExcepcional, ClaveDestruida
from eventos.sobre import Anotado
from eventos.tipos import ClaveFirma, CodigoInstitucion, PaisProtocolo
from servicios.comun.mesa import Interna


class AbrirRuta(Interna, frozen=True, kw_only=True):
    """Abre la ruta de una presunta víctima y emite lo que el protocolo manda por todo lo que ya se sabe de ella."""

    deteccion: PresuntaVictimaDetectada


class Reaccionar(Interna, frozen=True, kw_only=True):
    """Un hecho de otro servicio sobre una ruta: puede reabrirla, obligar a derivar o cerrarla."""

    anotado: Anotado


class RevisarDerechos(Interna, frozen=True, kw_only=True):
    """Lleva la matriz de una ruta a lo que sus evidencias dicen hoy. ``tipo``: el del hecho que lo pide, si es uno."""

    ruta: UUID
    tipo: str = ""


class VencerDerivacion(Interna, frozen=True, kw_only=True):
    """Un plazo de una derivación pasó."""

    ruta: UUID
    derivacion: UUID
    etapa: Etapa


class RelevarSuspendida(Interna, frozen=True, kw_only=True):
    """Quien tiene un encargo fue suspendido: ya no puede ni acusarlo, y pasa a otra sin esperar a que venza."""

    ruta: UUID
    derivacion: UUID


class ContarDeSeguridad(Interna, frozen=True, kw_only=True):
    """La bóveda hizo algo que el libro debe saber; ella no está en el bus. Contarlo dos veces no lo repite."""

    hecho: AccesoExcepcional | ClaveDestruida


class InscribirRectora(Interna, frozen=True, kw_only=True):
    """Puesta en marcha: inscribe a la rectora, que es quien inscribe a las demás. Si ya está, no hace nada."""

    codigo: CodigoInstitucion
    clave_firma: ClaveFirma
    pais: PaisProtocolo = "gt"
