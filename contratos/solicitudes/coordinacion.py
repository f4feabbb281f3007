"""Qué se puede pedir a coordinación. Los ids de derivaciones nuevas y los plazos los decide el servicio."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import UNSET, Meta

from contratos.base import Mandato, Peticion, PeticionDeRuta, peticion
from contratos.rectificacion import QUIEN_RECTIFICA, Rectificacion
from eventos.base import Sellado
from eventos.coordinacion import Acuerdo
from eventos.listas import Derecho, ResultadoAtencion, ServicioPedido
from eventos.motivos import (
    MotivoCierre,
    MotivoNoAplicable,
    MotivoReapertura,
    MotivoRechazo,
    MotivoRetiro,
    MotivoSuspension,
)
from eventos.tipos import (
    ClaveFirma,
    CodigoInstitucion,
    Evidencias,
    IdDerivacion,
    PaisProtocolo,
    Relato,
    Territorio,
    Urgencia,
    dice,
)

#: Cualquiera puede recibir un encargo; que sea el suyo lo comprueba el dominio. Supervisión solo mira.
_ENCARGABLES = tuple(m for m in Mandato if m is not Mandato.SUPERVISION)
#: Cuántos avisos se repiten, como mucho, con una solicitud: lo demás se pide con otra, desde donde acabó esta.
MAXIMO_REPETIDO: Final = 1000
_CONDUCEN = (Mandato.RECTORIA, Mandato.PROTECCION_NNA, Mandato.ATENCION)


@peticion("recibir-derivacion", *_ENCARGABLES, participa=False)
class RecibirDerivacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Acusa que un agente leyó el encargo. Todavía no participa en la ruta: eso empieza al aceptarlo."""

    derivacion: IdDerivacion


@peticion("aceptar-derivacion", *_ENCARGABLES, participa=False)
class AceptarDerivacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Asume el encargo; desde entonces participa en la ruta (regla 4)."""

    derivacion: IdDerivacion


@peticion("rechazar-derivacion", *_ENCARGABLES, participa=False)
class RechazarDerivacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Declina el encargo, con motivo."""

    derivacion: IdDerivacion
    motivo: MotivoRechazo
    detalle: Sellado[Relato] = UNSET


@peticion("atender-derivacion", *_ENCARGABLES)
class AtenderDerivacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Da el encargo por atendido, con los eventos que lo prueban (regla 9)."""

    derivacion: IdDerivacion
    resultado: ResultadoAtencion
    evidencias: Evidencias = ()
    detalle: Sellado[Relato] = UNSET


@peticion("reasignar-derivacion", *_ENCARGABLES)
class ReasignarDerivacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Pasa el encargo a otra institución; el servicio emite la derivación nueva."""

    derivacion: IdDerivacion
    a: Annotated[CodigoInstitucion, dice("Nueva institución encargada")]


@peticion("retirar-derivacion", *_ENCARGABLES)
class RetirarDerivacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Deja sin efecto un encargo propio que nadie atendió aún."""

    derivacion: IdDerivacion
    motivo: MotivoRetiro
    detalle: Sellado[Relato] = UNSET


@peticion("emitir-derivacion", *_ENCARGABLES)
class EmitirDerivacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Encarga un servicio a otra institución, además de lo que el protocolo manda (S003 OE3)."""

    a: Annotated[CodigoInstitucion, dice("Institución encargada")]
    servicio_pedido: ServicioPedido
    urgencia: Urgencia


@peticion("declarar-derecho-no-aplicable", *_CONDUCEN, Mandato.JUDICATURA)
class DeclararDerechoNoAplicable(PeticionDeRuta, frozen=True, kw_only=True):
    """Decide, con motivo, que un derecho de la matriz no aplica a esta ruta."""

    derecho: Derecho
    motivo: MotivoNoAplicable
    detalle: Sellado[Relato] = UNSET


@peticion("coordinar-caso", *_CONDUCEN)
class CoordinarCaso(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra una mesa interinstitucional y sus acuerdos."""

    instituciones: Annotated[tuple[CodigoInstitucion, ...], Meta(max_length=50, description="Quiénes estuvieron")]
    acuerdos: Annotated[tuple[Acuerdo, ...], Meta(max_length=50, description="Compromisos adoptados")] = ()
    acta: Sellado[Relato] = UNSET


@peticion("cerrar-ruta", *_CONDUCEN)
class CerrarRuta(PeticionDeRuta, frozen=True, kw_only=True):
    """Pide cerrar la ruta. La restitución plena se comprueba con evidencias, no se declara (regla 3)."""

    motivo: MotivoCierre
    detalle: Sellado[Relato] = UNSET


@peticion("reabrir-ruta", *_CONDUCEN, Mandato.DETECCION, Mandato.IDENTIFICACION, Mandato.SEGURIDAD)
class ReabrirRuta(PeticionDeRuta, frozen=True, kw_only=True):
    """Pide seguir de nuevo una ruta cerrada."""

    motivo: MotivoReapertura
    detalle: Sellado[Relato] = UNSET


@peticion("inscribir-institucion", Mandato.RECTORIA, participa=False)
class InscribirInstitucion(Peticion, frozen=True, kw_only=True):
    """Da de alta una institución en el directorio (S001 B1). Solo la rectora."""

    codigo: CodigoInstitucion
    pais: PaisProtocolo
    mandatos_inscritos: Annotated[tuple[Mandato, ...], Meta(max_length=32, description="Para qué está facultada")]
    servicios: Annotated[tuple[ServicioPedido, ...], Meta(max_length=64, description="Qué presta")]
    cobertura: Annotated[tuple[Territorio, ...], Meta(max_length=400, description="Dónde lo presta")]
    clave_firma: ClaveFirma


@peticion("actualizar-institucion", Mandato.RECTORIA, participa=False)
class ActualizarInstitucion(Peticion, frozen=True, kw_only=True):
    """Sustituye por completo los datos de una institución del directorio. Solo la rectora."""

    codigo: CodigoInstitucion
    pais: PaisProtocolo
    mandatos_inscritos: Annotated[tuple[Mandato, ...], Meta(max_length=32, description="Para qué está facultada")]
    servicios: Annotated[tuple[ServicioPedido, ...], Meta(max_length=64, description="Qué presta")]
    cobertura: Annotated[tuple[Territorio, ...], Meta(max_length=400, description="Dónde lo presta")]
    clave_firma: ClaveFirma


@peticion("suspender-institucion", Mandato.RECTORIA, participa=False)
class SuspenderInstitucion(Peticion, frozen=True, kw_only=True):
    """Saca a una institución del servicio, con motivo. Solo la rectora."""

    codigo: CodigoInstitucion
    motivo: MotivoSuspension


@peticion("rectificar-hecho", *QUIEN_RECTIFICA)
class RectificarHecho(Rectificacion, frozen=True, kw_only=True):
    """Corrige un hecho de coordinación con otro hecho; nada se edita (regla 8)."""


@peticion("repetir-buzon", *Mandato, participa=False)
class RepetirBuzon(Peticion, frozen=True, kw_only=True):
    """Pide otra vez un tramo del buzón propio, hasta 1000 avisos; el acuse dice hasta dónde llegó y cuál es el último.

    No causa hechos. Repetir la misma solicitud devuelve su acuse y no vuelve a mandar nada: para eso, otro id.
    """

    desde: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Primer número que se quiere, incluido")]
    hasta: Annotated[int, Meta(ge=1, le=2**31 - 1, description="Último, incluido; sin él, hasta el final")] | None = (
        None
    )
