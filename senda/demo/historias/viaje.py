"""Volver a su país o quedarse: una decisión de la persona, informada de los riesgos (directriz OEA 37)."""

from __future__ import annotations

from uuid import UUID

from contratos.solicitudes.coordinacion import EmitirDerivacion
from contratos.solicitudes.repatriacion import (
    ConcederPermanencia,
    ConfirmarRecepcion,
    DesignarAcompanante,
    EmitirDocumentos,
    ProgramarTraslado,
    RealizarSeguimiento,
    RealizarTraslado,
    RegistrarDecisionInformada,
    SolicitarRepatriacion,
)
from eventos.listas import QuienConsiente, ServicioPedido
from eventos.repatriacion import (
    Acompanante,
    Decision,
    Documento,
    Iniciativa,
    InteresSuperiorDeterminado,
    MedioTraslado,
    Permanencia,
    RecepcionConfirmada,
    Receptora,
    RepatriacionSolicitada,
    RiesgoRetornoEvaluado,
    Sentido,
    Situacion,
    TrasladoRealizado,
)
from eventos.tipos import SiNo, Urgencia
from senda.demo.elenco import RECEPTORAS
from senda.demo.guion import Paso
from senda.demo.historias.caso import Caso

CANCILLERIA, MIGRACION = "GT-MINEX", "GT-IGM"


def pedir_retorno(caso: Caso, quien: str) -> Paso[None]:
    """Se pide estudiar el retorno; todavía no se decide nada."""
    yield from caso.con(CANCILLERIA)
    solicitud = SolicitarRepatriacion(
        ruta=caso.ruta,
        sentido=Sentido.HACIA_SU_PAIS,
        iniciativa=Iniciativa.INSTITUCION if caso.es_nna else Iniciativa.PERSONA,
        pais_destino=_pais(caso),
    )
    yield from caso.pedir(quien, solicitud, tras=caso.dias(3, 8))


def programar_sin_preguntarle(caso: Caso) -> Paso[None]:
    """Alguien quiere fijar el viaje antes de que la persona decida, y no se puede (regla 1)."""
    peticion = ProgramarTraslado(ruta=caso.ruta, fecha=caso.dia(20), acompanante=Acompanante.CONSULADO)
    yield from caso.pedir_en_vano(CANCILLERIA, peticion, "falta-decision-informada")


def decidir(caso: Caso, decision: Decision) -> Paso[None]:
    """Conocido el riesgo de volver, decide; si es NNA decide su autoridad, con su interés superior y oyéndola."""
    yield from caso.hasta(lambda: caso.consta(RiesgoRetornoEvaluado))
    if caso.es_nna:
        yield from caso.hasta(lambda: caso.consta(InteresSuperiorDeterminado))
    peticion = RegistrarDecisionInformada(
        ruta=caso.ruta,
        decision=decision,
        por=QuienConsiente.AUTORIDAD_NINEZ if caso.es_nna else QuienConsiente.PERSONA,
        idioma=caso.persona.idioma,
        riesgos_explicados=True,
        persona_oida=True,
    )
    yield from caso.pedir("GT-PGN" if caso.es_nna else CANCILLERIA, peticion, tras=caso.dias(2, 6))


def viajar(caso: Caso) -> Paso[None]:
    """Documentos, quien la acompaña, fecha y viaje. Antes de salir, quien la recibirá en su país ya lo ha aceptado."""
    receptora = _receptora(caso)
    if receptora:
        encargo = EmitirDerivacion(
            ruta=caso.ruta, a=receptora, servicio_pedido=ServicioPedido.SEGUIMIENTO, urgencia=Urgencia.ORDINARIA
        )
        yield from caso.pedir(CANCILLERIA, encargo)
        yield from caso.con(receptora)
    acompanante = Acompanante.PROCURADURIA_NINEZ if caso.es_nna else Acompanante.CONSULADO
    escolta = "GT-PGN" if caso.es_nna else CANCILLERIA
    espera = caso.dias(5, 10)
    fecha = (caso.ahora + espera).date()
    yield from caso.pedir(
        CANCILLERIA,
        EmitirDocumentos(ruta=caso.ruta, documentos=(Documento.PASAPORTE,)),
        DesignarAcompanante(ruta=caso.ruta, acompanante=acompanante, institucion_acompanante=escolta),
        ProgramarTraslado(ruta=caso.ruta, fecha=fecha, acompanante=acompanante, medio=MedioTraslado.AEREO),
    )
    yield from caso.pedir(CANCILLERIA, RealizarTraslado(ruta=caso.ruta, fecha=fecha), tras=espera)
    if not receptora:
        yield from _recibir(caso, CANCILLERIA)
    yield from caso.hasta(lambda: caso.consta(RecepcionConfirmada))


def recibir_en_su_pais(caso: Caso, quien: str) -> Paso[tuple[UUID, ...]]:
    """La institución de su país la espera, confirma que llegó y responde de ella desde entonces."""
    yield from caso.hasta(lambda: caso.consta(TrasladoRealizado))
    yield from _recibir(caso, quien)
    return (caso.ultimo(RecepcionConfirmada).id,)


def quedarse(caso: Caso) -> Paso[None]:
    """Residencia temporal, coopere o no."""
    yield from caso.con(MIGRACION)
    permanencia = ConcederPermanencia(ruta=caso.ruta, permanencia=Permanencia.TEMPORAL, coopera=SiNo.NO_CONSTA)
    yield from caso.pedir(MIGRACION, permanencia, tras=caso.dias(6, 14))


def seguir(caso: Caso, numero: int, situacion: Situacion) -> Paso[None]:
    """Semanas después, cómo está. El primero deja fecha para el siguiente, y a veces se pasa."""
    proximo = caso.dia(45) if numero == 1 else None
    peticion = RealizarSeguimiento(ruta=caso.ruta, numero=numero, situacion=situacion, proximo=proximo)
    yield from caso.pedir(_receptora(caso) or CANCILLERIA, peticion, tras=caso.dias(15, 25))


def _recibir(caso: Caso, quien: str) -> Paso[None]:
    recepcion = ConfirmarRecepcion(
        ruta=caso.ruta,
        receptora=Receptora.NINEZ if caso.es_nna else Receptora.ONG,
        conforme=True,
        pais=_pais(caso),
    )
    yield from caso.pedir(quien, recepcion, tras=caso.dias(0.5, 2))


def _receptora(caso: Caso) -> str:
    """Quién la recibe en su país; vacío si lo hace el consulado."""
    receptoras = RECEPTORAS.get(_pais(caso))
    if receptoras is None or not caso.consta(RepatriacionSolicitada):
        return ""
    return receptoras.ninez if caso.es_nna else receptoras.adultas


def _pais(caso: Caso) -> str:
    return caso.persona.perfil.nacionalidades[0]


__all__ = [
    "CANCILLERIA",
    "MIGRACION",
    "decidir",
    "pedir_retorno",
    "programar_sin_preguntarle",
    "quedarse",
    "recibir_en_su_pais",
    "seguir",
    "viajar",
]
