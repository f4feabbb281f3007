"""Qué hace justicia con cada petición: carga lo que consta de la ruta, pregunta al dominio y devuelve el hecho.

Los ids de proceso, medida, reparación y cooperación nacen aquí; quien pide los conoce por el acuse.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from msgspec.structs import asdict

from contratos.base import Mandato
from contratos.solicitudes.justicia import (
    ArchivarProceso,
    AsignarAsistenciaJuridica,
    AutorizarProteccion,
    ConstituirQuerellante,
    CumplirReparacion,
    DenegarMedidaProteccion,
    DictarSentencia,
    FormularAcusacion,
    IniciarInvestigacion,
    InvocarNoCriminalizacion,
    LevantarMedidaProteccion,
    OrdenarReparacion,
    OtorgarMedidaProteccion,
    PresentarDenuncia,
    ReabrirProceso,
    RectificarHecho,
    ResponderCooperacion,
    SolicitarCooperacion,
    SolicitarMedidaProteccion,
    TomarDeclaracionAnticipada,
)
from eventos.base import Hecho
from eventos.justicia import (
    AcusacionFormulada,
    AsistenciaJuridicaAsignada,
    AutorizacionDeProteccion,
    CooperacionInternacionalRespondida,
    CooperacionInternacionalSolicitada,
    DeclaracionAnticipadaTomada,
    DenunciaPresentada,
    InvestigacionIniciada,
    MedidaProteccionDenegada,
    MedidaProteccionLevantada,
    MedidaProteccionOtorgada,
    MedidaProteccionSolicitada,
    NoCriminalizacionInvocada,
    ProcesoArchivado,
    ProcesoReabierto,
    QuerellanteAdhesivoConstituido,
    ReparacionCumplida,
    ReparacionOrdenada,
    SentenciaDictada,
)
from servicios.comun.mesa import Casos, Mesa
from servicios.comun.rectificacion import rectificar
from servicios.justicia import apoyos, dominio
from servicios.justicia.estado import Justicia
from servicios.justicia.fechas import VIGIA

CASOS = Casos()
VIGIA.inscribir(CASOS)
_ASISTEN = frozenset({Mandato.ASISTENCIA_LEGAL, Mandato.PROTECCION_NNA})
_RESUELVEN = frozenset({Mandato.PERSECUCION_PENAL, Mandato.JUDICATURA})


@CASOS.atiende(PresentarDenuncia)
def presentar_denuncia(peticion: PresentarDenuncia, mesa: Mesa) -> Sequence[Hecho]:
    """Abre un proceso por denuncia."""
    propuesta = DenunciaPresentada(proceso=mesa.nuevo_id(), **asdict(peticion))
    return [dominio.denunciar(propuesta, ruta_abierta=mesa.ruta(peticion.ruta).abierta)]


@CASOS.atiende(IniciarInvestigacion)
def iniciar_investigacion(peticion: IniciarInvestigacion, mesa: Mesa) -> Sequence[Hecho]:
    """Investiga lo denunciado o, de oficio, abre un proceso."""
    datos = asdict(peticion) | {"proceso": peticion.proceso or mesa.nuevo_id()}
    propuesta = InvestigacionIniciada(**datos, de_oficio=peticion.proceso is None)
    abierta = mesa.ruta(peticion.ruta).abierta
    return [dominio.investigar(_estado(mesa, peticion.ruta), propuesta, ruta_abierta=abierta)]


@CASOS.atiende(SolicitarMedidaProteccion)
def solicitar_medida_proteccion(peticion: SolicitarMedidaProteccion, mesa: Mesa) -> Sequence[Hecho]:
    """Pide proteger; no se condiciona a nada, ni a que la ruta siga abierta (S004 §33)."""
    mesa.ruta(peticion.ruta)
    return [MedidaProteccionSolicitada(medida=mesa.nuevo_id(), **asdict(peticion))]


@CASOS.atiende(OtorgarMedidaProteccion)
def otorgar_medida_proteccion(peticion: OtorgarMedidaProteccion, mesa: Mesa) -> Sequence[Hecho]:
    """Otorga una medida pedida o de oficio."""
    mesa.ruta(peticion.ruta)
    propuesta = MedidaProteccionOtorgada(**asdict(peticion) | {"medida": peticion.medida or mesa.nuevo_id()})
    just, de_oficio = _estado(mesa, peticion.ruta), peticion.medida is None
    return [dominio.otorgar_medida(just, propuesta, mesa.ocurrido, de_oficio=de_oficio)]


@CASOS.atiende(DenegarMedidaProteccion)
def denegar_medida_proteccion(peticion: DenegarMedidaProteccion, mesa: Mesa) -> Sequence[Hecho]:
    """Resuelve que no a una medida pedida."""
    propuesta = MedidaProteccionDenegada(**asdict(peticion))
    return [dominio.denegar_medida(_estado(mesa, peticion.ruta), propuesta)]


@CASOS.atiende(LevantarMedidaProteccion)
def levantar_medida_proteccion(peticion: LevantarMedidaProteccion, mesa: Mesa) -> Sequence[Hecho]:
    """Deja sin efecto una medida."""
    propuesta = MedidaProteccionLevantada(**asdict(peticion))
    return [dominio.levantar_medida(_estado(mesa, peticion.ruta), propuesta, mesa.ocurrido)]


@CASOS.atiende(AutorizarProteccion)
def autorizar_proteccion(peticion: AutorizarProteccion, mesa: Mesa) -> Sequence[Hecho]:
    """Resuelve lo que la ley reserva a un juez."""
    mesa.ruta(peticion.ruta)
    propuesta = AutorizacionDeProteccion(**asdict(peticion))
    return [dominio.autorizar(_estado(mesa, peticion.ruta), propuesta, mesa.ocurrido)]


@CASOS.atiende(AsignarAsistenciaJuridica)
def asignar_asistencia_juridica(peticion: AsignarAsistenciaJuridica, mesa: Mesa) -> Sequence[Hecho]:
    """Da a la persona quien la asesore."""
    mesa.ruta(peticion.ruta)
    entidad = mesa.institucion_de(peticion.entidad)
    en_directorio = entidad is not None and entidad.activa
    asiste = entidad is not None and bool(entidad.mandatos & _ASISTEN)
    propuesta = AsistenciaJuridicaAsignada(**asdict(peticion))
    return [dominio.asignar_asistencia(propuesta, en_directorio=en_directorio, asiste=asiste)]


@CASOS.atiende(ConstituirQuerellante)
def constituir_querellante(peticion: ConstituirQuerellante, mesa: Mesa) -> Sequence[Hecho]:
    """La víctima interviene en el proceso."""
    propuesta = QuerellanteAdhesivoConstituido(**asdict(peticion))
    return [dominio.constituir_querellante(_estado(mesa, peticion.ruta), propuesta)]


@CASOS.atiende(TomarDeclaracionAnticipada)
def tomar_declaracion_anticipada(peticion: TomarDeclaracionAnticipada, mesa: Mesa) -> Sequence[Hecho]:
    """Registra la declaración como prueba anticipada."""
    propuesta = DeclaracionAnticipadaTomada(**asdict(peticion))
    return [dominio.tomar_declaracion(_estado(mesa, peticion.ruta), propuesta)]


@CASOS.atiende(FormularAcusacion)
def formular_acusacion(peticion: FormularAcusacion, mesa: Mesa) -> Sequence[Hecho]:
    """Acusa, o amplía la acusación."""
    return [dominio.acusar(_estado(mesa, peticion.ruta), AcusacionFormulada(**asdict(peticion)))]


@CASOS.atiende(DictarSentencia)
def dictar_sentencia(peticion: DictarSentencia, mesa: Mesa) -> Sequence[Hecho]:
    """Registra la sentencia, aunque la ruta se haya cerrado."""
    return [dominio.sentenciar(_estado(mesa, peticion.ruta), SentenciaDictada(**asdict(peticion)))]


@CASOS.atiende(OrdenarReparacion)
def ordenar_reparacion(peticion: OrdenarReparacion, mesa: Mesa) -> Sequence[Hecho]:
    """Ordena reparar a la víctima."""
    propuesta = ReparacionOrdenada(reparacion=mesa.nuevo_id(), **asdict(peticion))
    return [dominio.ordenar_reparacion(_estado(mesa, peticion.ruta), propuesta, mesa.ocurrido)]


@CASOS.atiende(CumplirReparacion)
def cumplir_reparacion(peticion: CumplirReparacion, mesa: Mesa) -> Sequence[Hecho]:
    """Registra lo que se cumplió."""
    return [dominio.cumplir_reparacion(_estado(mesa, peticion.ruta), ReparacionCumplida(**asdict(peticion)))]


@CASOS.atiende(SolicitarCooperacion)
def solicitar_cooperacion(peticion: SolicitarCooperacion, mesa: Mesa) -> Sequence[Hecho]:
    """Pide cooperación a otro Estado."""
    mesa.ruta(peticion.ruta)
    propuesta = CooperacionInternacionalSolicitada(cooperacion=mesa.nuevo_id(), **asdict(peticion))
    return [dominio.solicitar_cooperacion(_estado(mesa, peticion.ruta), propuesta)]


@CASOS.atiende(ResponderCooperacion)
def responder_cooperacion(peticion: ResponderCooperacion, mesa: Mesa) -> Sequence[Hecho]:
    """Registra la respuesta del otro Estado."""
    propuesta = CooperacionInternacionalRespondida(**asdict(peticion))
    return [dominio.responder_cooperacion(_estado(mesa, peticion.ruta), propuesta)]


@CASOS.atiende(InvocarNoCriminalizacion)
def invocar_no_criminalizacion(peticion: InvocarNoCriminalizacion, mesa: Mesa) -> Sequence[Hecho]:
    """Invoca, o resuelve, que no se la sancione."""
    mesa.ruta(peticion.ruta)
    quien = mesa.institucion_de(mesa.institucion)
    resuelve = quien is not None and bool(quien.mandatos & _RESUELVEN)
    propuesta = NoCriminalizacionInvocada(**asdict(peticion))
    return [dominio.invocar_no_criminalizacion(_estado(mesa, peticion.ruta), propuesta, resuelve=resuelve)]


@CASOS.atiende(ArchivarProceso)
def archivar_proceso(peticion: ArchivarProceso, mesa: Mesa) -> Sequence[Hecho]:
    """Termina el proceso sin sentencia."""
    return [dominio.archivar(_estado(mesa, peticion.ruta), ProcesoArchivado(**asdict(peticion)))]


@CASOS.atiende(ReabrirProceso)
def reabrir_proceso(peticion: ReabrirProceso, mesa: Mesa) -> Sequence[Hecho]:
    """Sigue un proceso archivado, también con la ruta cerrada."""
    return [dominio.reabrir(_estado(mesa, peticion.ruta), ProcesoReabierto(**asdict(peticion)))]


@CASOS.atiende(RectificarHecho)
def rectificar_hecho(peticion: RectificarHecho, mesa: Mesa) -> Sequence[Hecho]:
    """Corrige un hecho de justicia con otro."""
    just = _estado(mesa, peticion.ruta)
    correccion = rectificar(just, peticion, mesa.institucion)
    apoyos.exigir_rectificable(just, peticion.corrige)
    return [correccion]


def _estado(mesa: Mesa, ruta: UUID) -> Justicia:
    return mesa.estado(Justicia, ruta)
