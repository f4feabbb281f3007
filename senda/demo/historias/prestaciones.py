"""Qué hace una institución para atender cada encargo, y qué hechos lo prueban.

Cada prestación es un trozo de guion que devuelve los ids de los hechos con que se dará el encargo por atendido.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from contratos.base import Peticion
from contratos.solicitudes.atencion import (
    AsignarAlojamiento,
    BrindarAtencionInmediata,
    EvaluarRiesgo,
    OtorgarConsentimiento,
    PrestarServicio,
)
from contratos.solicitudes.deteccion import DescartarPresuncion, IdentificarVictima
from contratos.solicitudes.justicia import (
    AsignarAsistenciaJuridica,
    AutorizarProteccion,
    IniciarInvestigacion,
    InvocarNoCriminalizacion,
    OtorgarMedidaProteccion,
    PresentarDenuncia,
)
from contratos.solicitudes.repatriacion import (
    ConcederPermanencia,
    DeterminarInteresSuperior,
    EmitirDocumentos,
    EvaluarRiesgoRetorno,
)
from eventos.atencion import Alcance, AlojamientoAsignado, ClaseAlojamiento, ConsentimientoOtorgado, Prestacion
from eventos.deteccion import Aplicador, ResultadoEvaluacion
from eventos.justicia import (
    Autorizacion,
    DenunciaPresentada,
    NoCriminalizacion,
    QuienDenuncia,
    ReparacionOrdenada,
    Resolucion,
    SentenciaDictada,
)
from eventos.listas import Medida, Modalidad, QuienConsiente, ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoDescarte
from eventos.repatriacion import Documento, Permanencia, RepatriacionSolicitada, ResultadoInteresSuperior
from eventos.tipos import NivelRiesgo, SiNo
from senda.demo.elenco import CASAS, EN_OTRO_PAIS
from senda.demo.guion import Acuses, GuionRoto, NoAceptada, Paso
from senda.demo.historias import viaje
from senda.demo.historias.caso import Caso
from senda.demo.historias.hallazgo import evaluacion, informar
from senda.demo.historias.personas import plaza_de


@dataclass(frozen=True, slots=True)
class Encargo:
    """Lo que el aviso de una derivación dice."""

    derivacion: UUID
    servicio: ServicioPedido
    a: str


Pruebas = tuple[UUID, ...]
Modo = Callable[[Caso, Encargo], Paso[Pruebas]]


def identificar(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """Entrevista con un instrumento y concluye: víctima, o no hubo trata."""
    hay = not caso.descarta
    resultado = ResultadoEvaluacion.INDICIOS if hay else ResultadoEvaluacion.SIN_INDICIOS
    (acuse,) = yield from caso.pedir(encargo.a, evaluacion(caso, Aplicador.FISCALIA, 8 if hay else 1, resultado))
    if not hay:
        descarte = DescartarPresuncion(ruta=caso.ruta, motivo=MotivoDescarte.OTRO_DELITO)
        yield from caso.pedir(encargo.a, descarte, tras=caso.horas(3, 20))
        return (acuse.eventos[0].id,)
    persona = caso.persona
    (acuse,) = yield from caso.pedir(
        encargo.a,
        IdentificarVictima(
            ruta=caso.ruta,
            nna=persona.nna,
            extranjera=persona.extranjera,
            perfil=persona.perfil,
            modalidades=(Modalidad.TRABAJO_FORZOSO,),
        ),
        tras=caso.horas(3, 20),
    )
    return (acuse.eventos[0].id,)


def proteger_ninez(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """La autoridad de niñez la oye, decide por ella lo que la ley le encarga y determina su interés superior."""
    if caso.consta(RepatriacionSolicitada):
        peticion = DeterminarInteresSuperior(
            ruta=caso.ruta, resultado=ResultadoInteresSuperior.RETORNO, persona_oida=True
        )
        (acuse,) = yield from caso.pedir(encargo.a, peticion)
        return (acuse.eventos[0].id,)
    (acuse,) = yield from caso.pedir(encargo.a, _consentimiento(caso, QuienConsiente.AUTORIDAD_NINEZ))
    return (acuse.eventos[0].id,)


def acoger(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """Lo primero: comida, resguardo y calma. Si la institución tiene casa, la aloja esa misma noche."""
    prestaciones = (Prestacion.ALIMENTACION, Prestacion.PRIMEROS_AUXILIOS, Prestacion.RESGUARDO)
    peticiones: list[Peticion] = [BrindarAtencionInmediata(ruta=caso.ruta, prestaciones=prestaciones)]
    if not caso.es_nna and not caso.consta(ConsentimientoOtorgado):
        peticiones.append(_consentimiento(caso, QuienConsiente.PERSONA))
    acuses = yield from caso.pedir(encargo.a, *peticiones)
    if encargo.a in CASAS and not caso.consta(AlojamientoAsignado):
        acuses += yield from _alojar(caso, encargo.a)
    return tuple(acuse.eventos[0].id for acuse in acuses)


def _alojar(caso: Caso, casa: str) -> Paso[Acuses]:
    """En su casa o, si no tiene plaza de su sexo y edad, en la primera que la tenga."""
    for candidata in (casa, *(otra for otra in CASAS if otra != casa)):
        especializado = CASAS[candidata].especializado
        clase = ClaseAlojamiento.ALBERGUE_ESPECIALIZADO if especializado else ClaseAlojamiento.ALBERGUE_GENERAL
        ingreso = AsignarAlojamiento(
            ruta=caso.ruta, albergue=candidata, clase=clase, urgente=True, plaza=plaza_de(caso.persona)
        )
        try:
            return (yield from caso.pedir(casa, ingreso))
        except NoAceptada as error:
            if error.codigo != "sin-plaza":
                raise
    raise GuionRoto("ningún albergue tiene plaza para esta persona")


def dar_seguridad(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """La policía evalúa el riesgo y lo deja vigente."""
    peticion = EvaluarRiesgo(ruta=caso.ruta, nivel=NivelRiesgo.MEDIO, vigente_hasta=caso.dia(60))
    (acuse,) = yield from caso.pedir(encargo.a, peticion)
    return (acuse.eventos[0].id,)


def asistir_legalmente(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """Tiene quien la represente sin costo, e invoca que no se la sancione por lo que fue forzada a hacer."""
    asistencia = AsignarAsistenciaJuridica(ruta=caso.ruta, entidad=encargo.a, gratuita=True)
    invocacion = InvocarNoCriminalizacion(ruta=caso.ruta, situacion=NoCriminalizacion.INVOCADA)
    acuse, _ = yield from caso.pedir(encargo.a, asistencia, invocacion)
    return (acuse.eventos[0].id,)


def investigar(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """La fiscalía investiga: con la denuncia de la persona, o de oficio si no quiso denunciar."""
    proceso = None
    if not caso.es_nna and caso.azar.fraccion() < 0.5:  # noqa: PLR2004  la mitad denuncia
        denuncia = PresentarDenuncia(ruta=caso.ruta, denunciante=QuienDenuncia.PERSONA)
        yield from caso.pedir(encargo.a, denuncia)
        proceso = caso.id_de(DenunciaPresentada, "proceso")
    (acuse,) = yield from caso.pedir(encargo.a, IniciarInvestigacion(ruta=caso.ruta, proceso=proceso))
    return (acuse.eventos[0].id,)


def autorizar_abrigo(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """La orden de juez que la ley pide para el albergue."""
    orden = AutorizarProteccion(ruta=caso.ruta, autorizacion=Autorizacion.ABRIGO, resolucion=Resolucion.CONCEDIDA)
    (acuse,) = yield from caso.pedir(encargo.a, orden)
    return (acuse.eventos[0].id,)


def otorgar_medida(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """Una medida que guarda su identidad."""
    medida = OtorgarMedidaProteccion(ruta=caso.ruta, clase=Medida.RESERVA_IDENTIDAD)
    (acuse,) = yield from caso.pedir(encargo.a, medida)
    return (acuse.eventos[0].id,)


def reparar(caso: Caso, _encargo: Encargo) -> Paso[Pruebas]:
    """El tribunal resuelve en la sentencia: si condena, ordena reparar."""
    yield from caso.hasta(lambda: caso.consta(SentenciaDictada))
    resuelto = ReparacionOrdenada if caso.consta(ReparacionOrdenada) else SentenciaDictada
    return (caso.ultimo(resuelto).id,)


def regularizar(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """Un periodo de reflexión, coopere o no."""
    permanencia = ConcederPermanencia(
        ruta=caso.ruta, permanencia=Permanencia.REFLEXION, coopera=SiNo.NO_CONSTA, vence=caso.dia(90)
    )
    (acuse,) = yield from caso.pedir(encargo.a, permanencia)
    return (acuse.eventos[0].id,)


def estudiar_retorno(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """Antes de hablar de viaje, el riesgo de volver."""
    riesgo = EvaluarRiesgoRetorno(ruta=caso.ruta, nivel=NivelRiesgo.BAJO, medidas=True, vigente_hasta=caso.dia(120))
    (acuse,) = yield from caso.pedir(encargo.a, riesgo)
    return (acuse.eventos[0].id,)


def documentar(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """Sus documentos."""
    documento = Documento.PASAPORTE if encargo.a == "GT-MINEX" else Documento.PARTIDA_NACIMIENTO
    (acuse,) = yield from caso.pedir(encargo.a, EmitirDocumentos(ruta=caso.ruta, documentos=(documento,)))
    return (acuse.eventos[0].id,)


def empezar_servicio(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """El servicio empieza; terminarlo lleva meses y lo cuenta la historia."""
    return (yield from prestar(caso, encargo, ResultadoAtencion.PARCIAL))


def prestar_entero(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """El servicio, de una vez."""
    return (yield from prestar(caso, encargo, ResultadoAtencion.COMPLETA))


def prestar(caso: Caso, encargo: Encargo, resultado: ResultadoAtencion) -> Paso[Pruebas]:
    """Lo que no es urgente espera a que la persona consienta; si revoca, no se le presta."""
    yield from caso.consentido()
    peticion = PrestarServicio(
        ruta=caso.ruta, servicio_prestado=encargo.servicio, resultado=resultado, derivacion=encargo.derivacion
    )
    try:
        (acuse,) = yield from caso.pedir(encargo.a, peticion)
    except NoAceptada as error:
        if caso.revocado and error.codigo == "sin-consentimiento":
            return ()
        raise
    return (acuse.eventos[0].id,)


def seguir(caso: Caso, encargo: Encargo) -> Paso[Pruebas]:
    """La rectora vuelve a hablar con la persona: qué derechos tiene y qué se hará ahora. Fuera, la reciben."""
    if encargo.a in EN_OTRO_PAIS:
        return (yield from viaje.recibir_en_su_pais(caso, encargo.a))
    prueba = yield from informar(caso, encargo.a)
    return (prueba,)


def _consentimiento(caso: Caso, por: QuienConsiente) -> OtorgarConsentimiento:
    alcances = tuple(a for a in Alcance if a is not Alcance.ESTADISTICA)
    return OtorgarConsentimiento(
        ruta=caso.ruta, alcances=alcances, por=por, persona_oida=True, idioma=caso.persona.idioma
    )


PRESTACIONES: Mapping[ServicioPedido, Modo] = {
    ServicioPedido.IDENTIFICACION: identificar,
    ServicioPedido.PROTECCION_NNA: proteger_ninez,
    ServicioPedido.ATENCION_INMEDIATA: acoger,
    ServicioPedido.SEGURIDAD: dar_seguridad,
    ServicioPedido.ASISTENCIA_LEGAL: asistir_legalmente,
    ServicioPedido.INVESTIGACION: investigar,
    ServicioPedido.AUTORIZACION_PROTECCION: autorizar_abrigo,
    ServicioPedido.MEDIDA_PROTECCION: otorgar_medida,
    ServicioPedido.REPARACION: reparar,
    ServicioPedido.REGULARIZACION: regularizar,
    ServicioPedido.REPATRIACION: estudiar_retorno,
    ServicioPedido.DOCUMENTACION: documentar,
    ServicioPedido.COORDINACION: seguir,
    ServicioPedido.SEGUIMIENTO: seguir,
    ServicioPedido.PSICOSOCIAL: empezar_servicio,
    ServicioPedido.EDUCACION: empezar_servicio,
    ServicioPedido.MEDIOS_DE_VIDA: empezar_servicio,
}


def prestacion_de(servicio: ServicioPedido) -> Modo:
    """Cómo se atiende un servicio; lo que no tiene su propio modo, de una vez."""
    return PRESTACIONES.get(servicio, prestar_entero)


__all__ = ["PRESTACIONES", "Encargo", "Modo", "Pruebas", "prestacion_de"]
