"""Lo que solo puede pedir una: la rectora, quien contó o encargó algo, o a quien se encargó."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contratos.base import Peticion
from contratos.solicitudes.coordinacion import (
    AceptarDerivacion,
    ActualizarInstitucion,
    AtenderDerivacion,
    EmitirDerivacion,
    ReasignarDerivacion,
    RechazarDerivacion,
    RecibirDerivacion,
    RepetirBuzon,
    RetirarDerivacion,
    SuspenderInstitucion,
)
from eventos.comun import Efecto
from eventos.motivos import MotivoSuspension
from senda.cliente import Credencial
from tests.simulacion.plantilla import RECTORA, Inscrita

if TYPE_CHECKING:
    from tests.simulacion.instituciones import Instituciones


def pedir_lo_suyo(todas: Instituciones, clase: type[Peticion]) -> bool:
    """Si ``clase`` solo la puede pedir quien contó o encargó algo, la pide esa. Dice si la pidió."""
    azar, memoria = todas.azar, todas.memoria
    if clase.__name__ == "RectificarHecho":
        suyos = [c for c in memoria.contados if c[0] == clase.servicio and c[2] in todas.directorio]
        if suyos:
            # A menudo lo último: lo que aún se puede deshacer.
            _, ruta, quien, hecho = azar.choice(azar.choice((suyos, suyos[-2:])))
            fijos = {"ruta": ruta, "corrige": hecho, "efecto": Efecto.ANULADO, "sustituto": None}
            todas.pedir(quien, todas.inventor().inventar(clase, **fijos))
        return bool(suyos)
    if clase in {RetirarDerivacion, ReasignarDerivacion}:
        suyas = [e for e in memoria.emitidas if e[2] in todas.directorio]
        if suyas:
            encargo, ruta, quien = azar.choice(suyas)
            peticion = todas.inventor().inventar(clase, ruta=ruta, derivacion=encargo, **_a_quien(todas, clase))
            todas.pedir(quien, peticion)
        return bool(suyas)
    if clase is EmitirDerivacion and memoria.participan:
        ruta, quien = azar.choice(memoria.participan)
        todas.pedir(quien, todas.inventor().inventar(clase, ruta=ruta, **_a_quien(todas, clase)))
        return True
    return False


def llevar_el_directorio(todas: Instituciones) -> None:
    """La rectora inscribe a las que faltan, cambia claves y suspende a alguna; a veces pide algo que no toca."""
    azar = todas.azar
    if azar.random() < 0.2:
        # La ya inscrita, la desconocida, o quien no rige: se rechaza.
        inscripcion = azar.choice(sorted(todas.directorio.items()))[1].peticion()
        campos = {c: getattr(inscripcion, c) for c in ActualizarInstitucion.__struct_fields__}
        peticion = azar.choice((
            inscripcion, ActualizarInstitucion(**campos | {"codigo": "GT-NADIE"}),
            SuspenderInstitucion(codigo="GT-NADIE", motivo=MotivoSuspension.A_PETICION_PROPIA),
        ))  # fmt: skip
        todas.pedir(azar.choice((RECTORA, *sorted(todas.directorio))), peticion)
        return
    if todas.por_inscribir:
        todas.pedir(RECTORA, todas.directorio[todas.por_inscribir.pop()].peticion())
        return
    codigos = sorted(set(todas.directorio) - {RECTORA})
    con_encargo = sorted({quien for _, _, quien in todas.memoria.encargos[-20:]} & set(codigos))
    codigo = azar.choice(azar.choice((codigos, con_encargo or codigos)))
    if azar.random() < 0.5:
        todas.pedir(RECTORA, SuspenderInstitucion(codigo=codigo, motivo=MotivoSuspension.A_PETICION_PROPIA))
        return
    suya = todas.directorio[codigo]
    nueva = Credencial.generar(codigo, todas.mundo.azar_de_instituciones)
    todas.directorio[codigo] = Inscrita(nueva, suya.mandatos, suya.servicios)
    inscripcion = todas.directorio[codigo].peticion()
    campos = {c: getattr(inscripcion, c) for c in ActualizarInstitucion.__struct_fields__}
    todas.pedir(RECTORA, ActualizarInstitucion(**campos))


def responder_a_un_encargo(todas: Instituciones) -> None:
    """Quien recibió uno lo acepta, lo rechaza o dice que lo atendió; alguna vez, otra."""
    if not todas.memoria.encargos:
        return
    encargo, ruta, quien = todas.azar.choice(todas.memoria.encargos[-20:])
    aceptado = (ruta, quien) in todas.memoria.participan
    clase = todas.azar.choice(
        (AtenderDerivacion, AtenderDerivacion, AceptarDerivacion)
        if aceptado
        else (RecibirDerivacion, AceptarDerivacion, AceptarDerivacion, RechazarDerivacion)
    )
    if todas.azar.random() < 0.05:
        quien = todas.azar.choice(sorted(todas.directorio))
    todas.pedir(quien, todas.inventor().inventar(clase, ruta=ruta, derivacion=encargo))


def repetir_buzon(todas: Instituciones) -> None:
    """Quien duda de lo que le llegó lo pide otra vez, desde donde sea."""
    desde = todas.azar.choice((1, 1, 2, 5))
    peticion = RepetirBuzon(desde=desde, hasta=todas.azar.choice((None, desde, desde + 2)))
    todas.pedir(todas.azar.choice(sorted(todas.directorio)), peticion)


def _a_quien(todas: Instituciones, clase: type[Peticion]) -> dict[str, object]:
    if clase is RetirarDerivacion:
        return {}
    a = todas.azar.choice(sorted(c for c, suya in todas.directorio.items() if suya.servicios))
    servicio = todas.azar.choice(todas.directorio[a].servicios)
    return {"a": a, **({"servicio_pedido": servicio} if clase is EmitirDerivacion else {})}


__all__ = ["llevar_el_directorio", "pedir_lo_suyo", "repetir_buzon", "responder_a_un_encargo"]
