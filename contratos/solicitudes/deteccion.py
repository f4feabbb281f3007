"""Qué se puede pedir a detección. El seudónimo de la ruta lo decide el servicio."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta

from contratos.base import Mandato, Peticion, PeticionDeRuta, peticion
from contratos.rectificacion import QUIEN_RECTIFICA, Rectificacion
from eventos.base import Sellado
from eventos.deteccion import (
    Aplicador,
    Captaciones,
    Fundamento,
    Indicadores,
    Medios,
    Modalidades,
    MotivoVinculo,
    PaisExplotacion,
    Peligro,
    ResultadoEvaluacion,
    Tema,
)
from eventos.listas import CanalAlerta, DuracionExplotacion
from eventos.motivos import MotivoDescarte
from eventos.perfil import PerfilDesagregado
from eventos.tipos import (
    Cantidad,
    Clave,
    Idioma,
    NivelRiesgo,
    PaisProtocolo,
    Relato,
    Ruta,
    SiNo,
    Territorio,
    Urgencia,
    Version,
    dice,
)

#: Primer contacto con la persona (directriz OEA 28; S000 nombra también al sistema judicial). Quien supervisa, no.
QUIEN_DETECTA = (
    Mandato.RECTORIA,
    Mandato.DETECCION,
    Mandato.IDENTIFICACION,
    Mandato.PROTECCION_NNA,
    Mandato.PERSECUCION_PENAL,
    Mandato.SEGURIDAD,
    Mandato.SALUD,
    Mandato.ATENCION,
    Mandato.CONSULAR,
    Mandato.MIGRACION,
    Mandato.EDUCACION,
    Mandato.TRABAJO,
    Mandato.JUDICATURA,
)


#: Decir que dos rutas son la misma persona es identificar.
QUIEN_VINCULA = (Mandato.IDENTIFICACION, Mandato.RECTORIA)


@peticion("recibir-alerta", *QUIEN_DETECTA, participa=False)
class RecibirAlerta(Peticion, frozen=True, kw_only=True):
    """Registra la noticia inicial de un posible caso (directriz OEA 5)."""

    canal: CanalAlerta
    urgencia: Urgencia
    territorio: Sellado[Territorio] = UNSET
    relato: Sellado[Relato] = UNSET


@peticion("detectar-presunta-victima", *QUIEN_DETECTA, participa=False)
class DetectarPresuntaVictima(Peticion, frozen=True, kw_only=True):
    """Registra que se presume que una persona es víctima; el servicio le da su seudónimo (S000, directriz OEA 28)."""

    nna: Annotated[SiNo, dice("Si es niña, niño o adolescente; no-consta si no se sabe")]
    extranjera: Annotated[SiNo, dice("Si es extranjera en el país de detección; no-consta si no se sabe")]
    idioma: Annotated[Idioma, dice("En qué idioma hablarle: ISO 639-3; und si no consta")]
    riesgo: NivelRiesgo
    pais_deteccion: PaisProtocolo
    alerta: Annotated[Ruta | None, dice("Seudónimo de la alerta de la que viene, si viene de una")] = None
    perfil: Sellado[PerfilDesagregado] = UNSET
    territorio: Sellado[Territorio] = UNSET
    modalidades: Sellado[Modalidades] = UNSET
    medios: Sellado[Medios] = UNSET
    captacion: Sellado[Captaciones] = UNSET
    duracion: Sellado[DuracionExplotacion] = UNSET
    pais_explotacion: Sellado[PaisExplotacion] = UNSET
    relato: Sellado[Relato] = UNSET


@peticion("aplicar-evaluacion", *QUIEN_DETECTA)
class AplicarEvaluacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra la aplicación de un instrumento de detección (S000); los que hay están en contratos/instrumentos.

    Con positivos, ``indicadores`` hace falta: si alguno señala un peligro de ahora, el servicio avisa también de él.
    """

    instrumento: Annotated[Clave, dice("Código del instrumento")]
    version_instrumento: Version
    perfil_aplicador: Aplicador
    positivos: Annotated[Cantidad, dice("Cuántos indicadores dieron positivo")]
    resultado: ResultadoEvaluacion
    indicadores: Sellado[Indicadores] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("senalar-riesgo", *QUIEN_DETECTA, Mandato.ALBERGUE, Mandato.ASISTENCIA_LEGAL)
class SenalarRiesgo(PeticionDeRuta, frozen=True, kw_only=True):
    """Avisa de un peligro inmediato para la persona (directriz OEA 33)."""

    urgencia: Urgencia
    peligros: Sellado[Annotated[tuple[Peligro, ...], Meta(max_length=9, description="Qué la amenaza")]] = UNSET
    territorio: Sellado[Territorio] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("identificar-victima", Mandato.IDENTIFICACION)
class IdentificarVictima(PeticionDeRuta, frozen=True, kw_only=True):
    """Identifica formalmente a la víctima. Solo quien tiene ese mandato (S000)."""

    nna: Annotated[SiNo, dice("Si es niña, niño o adolescente, como resultó de la identificación")]
    extranjera: Annotated[SiNo, dice("Si es extranjera en el país de detección")]
    perfil: Sellado[PerfilDesagregado] = UNSET
    modalidades: Sellado[Modalidades] = UNSET
    medios: Sellado[Medios] = UNSET
    captacion: Sellado[Captaciones] = UNSET
    duracion: Sellado[DuracionExplotacion] = UNSET
    pais_explotacion: Sellado[PaisExplotacion] = UNSET
    territorio: Sellado[Territorio] = UNSET
    detalle: Sellado[Relato] = UNSET


@peticion("descartar-presuncion", Mandato.IDENTIFICACION)
class DescartarPresuncion(PeticionDeRuta, frozen=True, kw_only=True):
    """Descarta la presunción, con motivo. Solo quien puede identificar."""

    motivo: MotivoDescarte
    detalle: Sellado[Relato] = UNSET


@peticion("entregar-informacion", *QUIEN_DETECTA, Mandato.ALBERGUE, Mandato.ASISTENCIA_LEGAL)
class EntregarInformacion(PeticionDeRuta, frozen=True, kw_only=True):
    """Registra que se informó a la persona de sus derechos y servicios (directrices OEA 26 y 27).

    Se admite en cualquier idioma si ella confirma que comprendió; si no, solo en uno de los suyos.
    """

    idioma: Annotated[Idioma, dice("Lengua que la persona oyó o leyó, ISO 639-3; si hubo intérprete, la suya")]
    comprendida: Annotated[bool, dice("La persona confirmó que comprendió")]
    temas: Annotated[tuple[Tema, ...], Meta(max_length=10, description="De qué se informó")]
    interprete: Annotated[bool, dice("Hubo intérprete")] = False


@peticion("confirmar-vinculo", *QUIEN_VINCULA)
class ConfirmarVinculo(PeticionDeRuta, frozen=True, kw_only=True):
    """Confirma que dos rutas son de la misma persona: desde entonces se cuentan juntas, cada una con su historia."""

    otra: Annotated[Ruta, dice("La otra ruta")]
    fundamento: Annotated[Fundamento, dice("Con huella, ha de haberla propuesto el registro único")] = Fundamento.HUELLA


@peticion("rechazar-vinculo", *QUIEN_VINCULA)
class RechazarVinculo(PeticionDeRuta, frozen=True, kw_only=True):
    """Rechaza que dos rutas propuestas sean de la misma persona. No se vuelven a proponer."""

    otra: Annotated[Ruta, dice("La otra ruta")]
    motivo: MotivoVinculo


@peticion("rectificar-hecho", *QUIEN_RECTIFICA)
class RectificarHecho(Rectificacion, frozen=True, kw_only=True):
    """Corrige un hecho de detección con otro hecho; nada se edita (regla 8)."""
