"""Listas cerradas que comparten varios contextos. Un código publicado no cambia de significado: se añade otro."""

from __future__ import annotations

from enum import StrEnum


class ServicioPedido(StrEnum):
    """Qué se encarga en una derivación o se presta a la persona (S001 B3, S003 OE3)."""

    IDENTIFICACION = "identificacion"
    PROTECCION_NNA = "proteccion-nna"
    SEGURIDAD = "seguridad"
    ATENCION_INMEDIATA = "atencion-inmediata"
    ALOJAMIENTO = "alojamiento"
    ALIMENTACION = "alimentacion"
    SALUD = "salud"
    SALUD_MENTAL = "salud-mental"
    SALUD_SEXUAL = "salud-sexual-y-reproductiva"
    PSICOSOCIAL = "psicosocial"
    INTERPRETACION = "interpretacion"
    INFORMACION = "informacion"
    DOCUMENTACION = "documentacion"
    REGULARIZACION = "regularizacion-migratoria"
    ASISTENCIA_CONSULAR = "asistencia-consular"
    REPATRIACION = "repatriacion"
    ASISTENCIA_LEGAL = "asistencia-legal"
    INVESTIGACION = "investigacion-penal"
    MEDIDA_PROTECCION = "medida-de-proteccion"
    AUTORIZACION_PROTECCION = "autorizacion-de-proteccion"
    REPARACION = "reparacion"
    EDUCACION = "educacion"
    CAPACITACION_OCUPACIONAL = "capacitacion-ocupacional"
    MEDIOS_DE_VIDA = "medios-de-vida"
    APOYO_FAMILIAR = "apoyo-a-familia"
    LOCALIZACION_FAMILIAR = "localizacion-familiar"
    REINTEGRACION = "reintegracion"
    SEGUIMIENTO = "seguimiento"
    COORDINACION = "coordinacion"


class Derecho(StrEnum):
    """Los derechos de la matriz de restitución. Su estado se deduce de evidencias; nunca se declara."""

    INTEGRIDAD = "integridad-y-seguridad"
    IDENTIDAD = "identidad-y-documentacion"
    INFORMACION = "informacion-en-su-idioma"
    ALOJAMIENTO = "alojamiento-digno"
    ALIMENTACION = "alimentacion"
    SALUD_FISICA = "salud-fisica"
    SALUD_MENTAL = "salud-mental"
    SALUD_SEXUAL = "salud-sexual-y-reproductiva"
    EDUCACION = "educacion"
    TRABAJO = "trabajo-y-medios-de-vida"
    CONVIVENCIA = "convivencia-familiar-y-comunitaria"
    JUSTICIA = "acceso-a-la-justicia"
    REPARACION = "reparacion"
    CONDICION_MIGRATORIA = "condicion-migratoria-regular"
    RETORNO = "retorno-seguro-o-permanencia"
    PRIVACIDAD = "privacidad"
    NO_CRIMINALIZACION = "no-criminalizacion"


class ResultadoAtencion(StrEnum):
    """En qué quedó un encargo o un servicio."""

    COMPLETA = "completa"
    PARCIAL = "parcial"
    NO_LOCALIZADA = "persona-no-localizada"
    DECLINADA = "declinada-por-la-persona"


class QuienConsiente(StrEnum):
    """Quién consiente o decide. Si es NNA, su representación legal, y se oye a la persona (regla 2)."""

    PERSONA = "persona"
    REPRESENTANTE_LEGAL = "representante-legal"
    AUTORIDAD_NINEZ = "autoridad-de-ninez"
    APOYO_DESIGNADO = "apoyo-designado"


class CanalAlerta(StrEnum):
    """Por dónde llegó la noticia inicial (S004 directrices 5 y 28)."""

    LINEA_TELEFONICA = "linea-telefonica"
    DENUNCIA = "denuncia"
    POLICIA = "policia"
    MIGRACION = "migracion"
    CONSULADO = "consulado"
    SALUD = "salud"
    ESCUELA = "escuela"
    INSPECCION_LABORAL = "inspeccion-laboral"
    COMUNIDAD = "comunidad"
    ONG = "ong"
    EN_LINEA = "en-linea"
    ALERTA_NINEZ = "alerta-de-ninez-desaparecida"
    OTRO_PAIS = "otro-pais"
    OTRO = "otro"


class Modalidad(StrEnum):
    """Fin de la explotación (IC-TIP; equivale a ``vic_TypeOfExploitation`` de HTCDS 2.0). Solo viaja sellada."""

    TRABAJO_FORZOSO = "trabajo-forzoso"
    EXPLOTACION_SEXUAL = "explotacion-sexual"
    TRABAJO_INFANTIL = "trabajo-infantil"
    MATRIMONIO_FORZADO = "matrimonio-forzado"
    SERVIDUMBRE = "servidumbre"
    RECLUTAMIENTO = "reclutamiento-por-grupos-armados"
    EXTRACCION_ORGANOS = "extraccion-de-organos"
    MENDICIDAD = "mendicidad-forzada"
    ADOPCION_ILEGAL = "adopcion-ilegal"
    GESTACION = "gestacion-forzada"
    ACTIVIDAD_DELICTIVA = "actividad-delictiva-forzada"
    OTRA = "otra"
    NO_CONSTA = "no-consta"


class MedioControl(StrEnum):
    """Cómo se sometió a la persona (``vic_MethodsOfControl`` de HTCDS 2.0). Solo viaja sellado.

    Añade la restricción de movimiento, que el campo del estándar perdió y sus definiciones conservan.
    """

    AMENAZAS = "amenazas"
    AMENAZAS_AUTORIDAD = "amenazas-con-la-autoridad"
    AMENAZAS_FAMILIA = "amenazas-a-la-familia"
    DEUDA = "servidumbre-por-deuda"
    FALSAS_PROMESAS = "falsas-promesas"
    ABUSO_FISICO = "abuso-fisico"
    ABUSO_SEXUAL = "abuso-sexual"
    ABUSO_PSICOLOGICO = "abuso-psicologico"
    ABUSO_SIN_ESPECIFICAR = "abuso-sin-especificar"
    RETIENE_GANANCIAS = "retiene-ganancias"
    RESTRINGE_DINERO = "restringe-acceso-al-dinero"
    RESTRINGE_SALUD = "restringe-atencion-medica"
    RESTRINGE_MOVIMIENTO = "restringe-movimiento"
    RETIENE_NECESARIO = "retiene-lo-necesario"
    SUSTANCIAS = "sustancias"
    JORNADA_EXCESIVA = "jornada-excesiva"
    RETIENE_DOCUMENTOS = "retiene-documentos"
    USA_A_LOS_HIJOS = "usa-a-los-hijos"
    OTRO = "otro"
    NO_CONSTA = "no-consta"


class Captacion(StrEnum):
    """Relación de quien captó con la persona (CTDC; ``vic_RelationshipToTrafficker`` de HTCDS 2.0). Solo sellada."""

    PAREJA = "pareja"
    AMISTAD = "amistad"
    FAMILIA = "familia"
    CONOCIDA = "persona-conocida"
    DESCONOCIDA = "persona-desconocida"
    OTRA = "otra"
    NO_CONSTA = "no-consta"


class DuracionExplotacion(StrEnum):
    """Tiempo de explotación, en los tramos de CTDC (meses). Solo viaja sellada."""

    HASTA_12 = "hasta-12-meses"
    DE_13_A_24 = "13-a-24-meses"
    DESDE_25 = "25-meses-o-mas"
    NO_CONSTA = "no-consta"


class Medida(StrEnum):
    """Tipo de medida de protección (S001 C1 pide contarlas por tipo)."""

    SEGURIDAD_PERSONAL = "seguridad-personal"
    PROHIBICION_ACERCARSE = "prohibicion-de-acercarse"
    SEPARACION_AGRESOR = "separacion-del-agresor"
    RESERVA_IDENTIDAD = "reserva-de-identidad"
    REUBICACION = "reubicacion"
    ABRIGO = "abrigo"
    PROTECCION_TESTIGO = "proteccion-de-testigo"
    PROTECCION_FAMILIA = "proteccion-de-la-familia"
    LOCALIZACION = "localizacion-inmediata"
