"""El proceso penal, de la acusación a la reparación cumplida. Nada de esto condiciona la atención (regla 6)."""

from __future__ import annotations

from contratos.base import Peticion
from contratos.solicitudes.justicia import (
    CumplirReparacion,
    DictarSentencia,
    FormularAcusacion,
    InvocarNoCriminalizacion,
    OrdenarReparacion,
    TomarDeclaracionAnticipada,
)
from eventos.justicia import (
    ClaseReparacion,
    Fallo,
    FormaDeclaracion,
    InvestigacionIniciada,
    Monto,
    NoCriminalizacion,
    ReparacionOrdenada,
)
from senda.demo.guion import Paso
from senda.demo.historias.caso import Caso

FISCALIA, TRIBUNAL = "GT-MP", "GT-OJ"
_REPARA = (ClaseReparacion.PECUNIARIA, ClaseReparacion.PSICOLOGICA)


def juzgar(caso: Caso, fallo: Fallo) -> Paso[None]:
    """Declaración anticipada, acusación y sentencia firme; el tribunal concede la no criminalización."""
    yield from caso.hasta(lambda: caso.consta(InvestigacionIniciada))
    yield from caso.con(TRIBUNAL)
    proceso = caso.id_de(InvestigacionIniciada, "proceso")
    declaracion = TomarDeclaracionAnticipada(
        ruta=caso.ruta,
        proceso=proceso,
        forma=FormaDeclaracion.CAMARA_GESELL if caso.es_nna else FormaDeclaracion.SALA_AMIGABLE,
        acompanada=True,
        interprete=caso.persona.idioma != "spa",
    )
    yield from caso.pedir(FISCALIA, declaracion, tras=caso.dias(4, 8))
    yield from caso.pedir(
        FISCALIA, FormularAcusacion(ruta=caso.ruta, proceso=proceso, sindicados=2), tras=caso.dias(5, 9)
    )
    condenados = 0 if fallo is Fallo.ABSOLUTORIA else 1
    sentencia = DictarSentencia(ruta=caso.ruta, proceso=proceso, fallo=fallo, firme=True, condenados=condenados)
    no_criminalizar = InvocarNoCriminalizacion(ruta=caso.ruta, situacion=NoCriminalizacion.CONCEDIDA)
    resolucion: list[Peticion] = [no_criminalizar, sentencia]
    if fallo is not Fallo.ABSOLUTORIA:
        monto = Monto(centimos=1_000_000 + int(caso.azar.fraccion() * 9_000_000), moneda="GTQ")
        resolucion.append(OrdenarReparacion(ruta=caso.ruta, proceso=proceso, clases=_REPARA, monto=monto))
    yield from caso.pedir(TRIBUNAL, *resolucion, tras=caso.dias(8, 14))


def cobrar_reparacion(caso: Caso) -> Paso[None]:
    """Lo ordenado se cumple del todo."""
    reparacion = caso.id_de(ReparacionOrdenada, "reparacion")
    cumplida = CumplirReparacion(ruta=caso.ruta, reparacion=reparacion, clases=_REPARA, total=True)
    yield from caso.pedir(TRIBUNAL, cumplida, tras=caso.dias(5, 9))


__all__ = ["FISCALIA", "TRIBUNAL", "cobrar_reparacion", "juzgar"]
