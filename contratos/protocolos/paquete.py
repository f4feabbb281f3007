"""Qué dice un paquete de protocolo. Todo plazo y toda regla llevan su fuente; lo que no la tiene, lo dice."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import Annotated

from msgspec import Meta, Struct

from contratos.base import Mandato
from eventos.listas import Derecho, ServicioPedido
from eventos.motivos import MotivoCierre, MotivoDerivacion, MotivoNoAplicable, MotivoReapertura
from eventos.tipos import Clave, CodigoInstitucion, PaisProtocolo, SiNo, Territorio, Urgencia, Version, dice

Fuente = Annotated[
    str, Meta(min_length=1, description="Enlace, semilla o «valor por defecto del proyecto, sin fuente legal»")
]
Revisor = Annotated[
    str, Meta(min_length=1, description="Quién dio por buena la lectura de las fuentes, y qué le falta")
]
Valores = Annotated[tuple[str | bool | int, ...], Meta(min_length=1, description="Valores admitidos; basta uno")]


class Dato(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Una pieza del paquete: un campo de más es una errata, y se dice."""


class EstadoPaquete(StrEnum):
    """Si un paquete puede regir rutas. Un borrador se lee, se comprueba y se simula, pero no abre ninguna."""

    COMPLETO = "completo"
    BORRADOR = "borrador"


class Herencia(Dato, frozen=True, kw_only=True):
    """El paquete base del que se toma lo que no es de un país, con su versión fijada."""

    paquete: Clave
    version: Version


class Unidad(StrEnum):
    """En qué se cuenta un plazo."""

    HORAS = "horas"
    DIAS_HABILES = "dias-habiles"


class Plazo(Dato, frozen=True, kw_only=True):
    """Horas corridas o días hábiles del calendario del paquete."""

    cantidad: Annotated[int, Meta(ge=1, le=1000)]
    unidad: Unidad


class Terminos(Dato, frozen=True, kw_only=True):
    """Cuánto hay para acusar y para atender un encargo. El acuse es siempre del proyecto: escala, pero no acusa."""

    acuse: Plazo
    atencion: Plazo
    legal: Annotated[bool, dice("La atención la fija una norma; si no, escala pero no acusa (regla 10)")]
    fuente: Fuente


class PlazosDeUrgencia(Terminos, frozen=True, kw_only=True):
    """Los de todos los encargos de una urgencia, salvo los de una regla que traiga los suyos."""

    urgencia: Urgencia


class Asunto(StrEnum):
    """De qué se avisa antes de que venza."""

    MEDIDA = "medida-de-proteccion"
    PERMANENCIA = "permanencia"
    SEGUIMIENTO = "seguimiento"


class Antelacion(Dato, frozen=True, kw_only=True):
    """Con cuántos días hábiles se avisa de que algo está por vencer."""

    asunto: Asunto
    dias_habiles: Annotated[int, Meta(ge=1, le=250)]
    fuente: Fuente


class Calendario(Dato, frozen=True, kw_only=True):
    """Qué días cuentan, en la hora oficial del país (que no cambia en el año)."""

    desfase_utc_horas: Annotated[int, Meta(ge=-12, le=14)]
    dias_semana: Annotated[tuple[Annotated[int, Meta(ge=1, le=7)], ...], Meta(min_length=1)]
    feriados_fijos: tuple[Annotated[str, Meta(pattern=r"^[0-9]{2}-[0-9]{2}(?!\n)$")], ...]
    feriados: tuple[date, ...]
    fuente: Fuente

    @property
    def zona(self) -> timezone:
        """La hora oficial."""
        return timezone(timedelta(hours=self.desfase_utc_horas))

    def local(self, instante: datetime) -> datetime:
        """El mismo instante (con zona) en hora oficial: su fecha es el día que es allí."""
        return instante.astimezone(self.zona)


class ReglaDeEdad(Dato, frozen=True, kw_only=True):
    """Cómo se trata a quien no consta si es niña, niño o adolescente."""

    nna: bool
    razon: str
    fuente: Fuente


class InstitucionPorDefecto(Dato, frozen=True, kw_only=True):
    """Una institución del país tal como se inscribiría."""

    codigo: CodigoInstitucion
    nombre: str
    mandatos: Annotated[tuple[Mandato, ...], Meta(min_length=1)]
    servicios: tuple[ServicioPedido, ...]
    cobertura: tuple[Territorio, ...]
    fuente: Fuente


class Condicion(Dato, frozen=True, kw_only=True):
    """Un tipo de hecho y los valores que piden sus campos abiertos; lo anidado se nombra con punto."""

    tipo: str
    campos: dict[str, Valores] = {}


class CondicionDePerfil(Dato, frozen=True, kw_only=True):
    """A quién alcanza; sin valor, a todas las personas."""

    nna: bool | None = None
    extranjera: tuple[SiNo, ...] = ()


class Regla(Dato, frozen=True, kw_only=True):
    """Un encargo obligatorio: qué lo dispara, para quién, a quién y con qué urgencia.

    ``por_cada``: lista del hecho cuyos elementos traen el servicio y la urgencia. ``a`` vacío: a quien lo preste.
    """

    id: Clave
    cuando: Annotated[tuple[Condicion, ...], Meta(min_length=1)]
    perfil: CondicionDePerfil = CondicionDePerfil()
    a: str = ""
    servicio: ServicioPedido | None = None
    urgencia: Urgencia | None = None
    motivo: MotivoDerivacion = MotivoDerivacion.PROTOCOLO
    por_cada: str = ""
    plazos: Annotated[Terminos | None, dice("Los que una norma fija a esta regla; si no, los de su urgencia")] = None
    revisor: Annotated[str, dice("Si no es quien revisó el paquete")] = ""
    fuente: Fuente


class ReglaDeDerecho(Dato, frozen=True, kw_only=True):
    """Qué hechos ponen un derecho en restitución, cuáles lo restituyen y cuáles lo vulneran otra vez."""

    derecho: Derecho
    aplica: CondicionDePerfil = CondicionDePerfil()
    en_restitucion: tuple[Condicion, ...] = ()
    restituye: Annotated[tuple[Condicion, ...], Meta(min_length=1)]
    vulnera: tuple[Condicion, ...] = ()
    fuente: Fuente


class ReglaDeCierre(Dato, frozen=True, kw_only=True):
    """Qué hechos prueban un motivo de cierre (basta uno). ``automatico``: al conocerlos, la ruta se cierra sola."""

    motivo: MotivoCierre
    exige: Annotated[tuple[Condicion, ...], Meta(min_length=1)]
    automatico: bool = False
    fuente: Fuente


class ReglaDeReapertura(Dato, frozen=True, kw_only=True):
    """Qué hecho posterior al cierre reabre la ruta por sí solo."""

    motivo: MotivoReapertura
    cuando: Annotated[tuple[Condicion, ...], Meta(min_length=1)]
    fuente: Fuente


class ReglaDeExclusion(Dato, frozen=True, kw_only=True):
    """Qué derechos puede declarar no aplicables un motivo, y qué hecho lo prueba si pide alguno (basta uno)."""

    motivo: MotivoNoAplicable
    derechos: Annotated[tuple[Derecho, ...], Meta(min_length=1)]
    exige: tuple[Condicion, ...] = ()
    fuente: Fuente


class ClaseReferencia(StrEnum):
    """De qué habla una referencia."""

    NORMA = "norma"
    ETAPA = "etapa"
    PLAZO = "plazo"
    PERMANENCIA = "permanencia"
    INSTRUMENTO = "instrumento"
    DELITO = "delito"
    TELEFONO = "telefono"
    HECHO = "hecho"
    NO_HALLADO = "no-hallado"


class Referencia(Dato, frozen=True, kw_only=True):
    """Algo del país, con fuente, que ninguna regla usa: para quien redacta la siguiente versión o atiende."""

    clase: ClaseReferencia
    codigo: Clave
    dice: Annotated[str, Meta(min_length=1, max_length=600)]
    fuente: Fuente


class Protocolo(Dato, frozen=True, kw_only=True):
    """El paquete entero de un país."""

    protocolo: Clave
    version: Version
    pais: PaisProtocolo
    nombre: str
    estado: EstadoPaquete
    revisor: Revisor
    hereda: Herencia | None = None
    rectora: CodigoInstitucion
    supervisora: Annotated[CodigoInstitucion, dice("A quién se escala lo que vence en manos de la rectora")]
    silencio_tras: Annotated[int, Meta(ge=1, description="Acuses vencidos sin otra señal para hacerlo constar")]
    edad_desconocida: ReglaDeEdad
    plazos: tuple[PlazosDeUrgencia, ...]
    antelaciones: tuple[Antelacion, ...]
    calendario: Calendario
    instituciones: tuple[InstitucionPorDefecto, ...]
    reglas: tuple[Regla, ...]
    derechos: tuple[ReglaDeDerecho, ...]
    cierres: tuple[ReglaDeCierre, ...]
    reaperturas: tuple[ReglaDeReapertura, ...]
    exclusiones: tuple[ReglaDeExclusion, ...]
    referencias: tuple[Referencia, ...] = ()

    @property
    def por_urgencia(self) -> dict[Urgencia, PlazosDeUrgencia]:
        """Los plazos, por urgencia."""
        return {plazos.urgencia: plazos for plazos in self.plazos}

    @property
    def por_regla(self) -> dict[str, Terminos]:
        """Los plazos de las reglas que traen los suyos, por id."""
        return {regla.id: regla.plazos for regla in self.reglas if regla.plazos is not None}

    def antelacion(self, asunto: Asunto) -> int:
        """Días hábiles con que se avisa de que eso está por vencer."""
        return next(a.dias_habiles for a in self.antelaciones if a.asunto is asunto)

    def es_nna(self, nna: SiNo) -> bool:
        """Si se la trata como niña, niño o adolescente: lo que consta o, si no consta, la regla del país (regla 10)."""
        return self.edad_desconocida.nna if nna is SiNo.NO_CONSTA else nna is SiNo.SI

    def institucion(self, codigo: str) -> InstitucionPorDefecto | None:
        """Una institución por defecto, o None."""
        return next((i for i in self.instituciones if i.codigo == codigo), None)
