"""Por qué justicia dice que no, y qué hacer entonces."""

from __future__ import annotations

from eventos.rechazo import Rechazo, TodaviaNo


class RutaYaCerrada(TodaviaNo):
    """Se quiere abrir un proceso en una ruta cerrada, o su reapertura aún no llegó aquí."""

    codigo = "ruta-cerrada"
    campo = "datos.ruta"
    que_hacer = "Un proceso nuevo pide seguir otra vez a la persona: pide a coordinación que reabra la ruta."


class ProcesoDesconocido(Rechazo):
    """Ese proceso no está en esta ruta."""

    codigo = "proceso-desconocido"
    campo = "datos.proceso"
    que_hacer = "Toma el id del proceso del acuse de la denuncia o de la investigación que lo abrió en esta ruta."


class ProcesoTerminado(Rechazo):
    """El proceso se archivó o tiene sentencia firme."""

    codigo = "proceso-terminado"
    campo = "datos.proceso"
    que_hacer = "Ese proceso ya terminó; si sigue de otra forma, inicia otro, y si no terminó, que se rectifique."


class YaInvestigado(Rechazo):
    """La investigación de ese proceso ya consta."""

    codigo = "investigacion-ya-iniciada"
    campo = "datos.proceso"
    que_hacer = "No hace falta repetirlo; para investigar otros hechos no digas proceso."


class YaConstituida(Rechazo):
    """La víctima ya interviene en esa calidad."""

    codigo = "calidad-ya-constituida"
    campo = "datos.calidad"
    que_hacer = "La víctima ya interviene en ese proceso con esa calidad; no hace falta repetirlo."


class DeclaracionYaTomada(Rechazo):
    """Declarar otra vez la revictimiza (directrices OEA 17 y 31)."""

    codigo = "declaracion-ya-tomada"
    campo = "datos.proceso"
    que_hacer = "Usa la declaración que ya consta en ese proceso: la prueba anticipada evita que declare otra vez."


class SinSindicados(Rechazo):
    """No se acusa a nadie."""

    codigo = "acusacion-sin-sindicados"
    campo = "datos.sindicados"
    que_hacer = "Di a cuántas personas se acusa, al menos una."


class SinAcusacion(Rechazo):
    """Nadie fue acusado en ese proceso."""

    codigo = "sentencia-sin-acusacion"
    campo = "datos.proceso"
    que_hacer = "Pide a la fiscalía que registre antes la acusación de ese proceso."


class CondenadosNoCuadran(Rechazo):
    """Los condenados no corresponden al fallo o a la acusación."""

    codigo = "condenados-no-cuadran"
    campo = "datos.condenados"
    que_hacer = "Si condena, di a cuántas personas, al menos una y no más que las acusadas; si absuelve, ninguna."


class ProcesoConSentencia(Rechazo):
    """Se archiva lo que acaba sin sentencia."""

    codigo = "proceso-con-sentencia"
    campo = "datos.proceso"
    que_hacer = "Ese proceso tiene sentencia, así que no se archiva; si un recurso la cambió, registra la nueva."


class ProcesoSinArchivar(Rechazo):
    """Se reabre lo que no está archivado."""

    codigo = "proceso-sin-archivar"
    campo = "datos.proceso"
    que_hacer = "Ese proceso no está archivado, así que sigue su curso o ya terminó con sentencia firme."


class SinCondena(Rechazo):
    """No hay condena de que derive la reparación."""

    codigo = "reparacion-sin-condena"
    campo = "datos.proceso"
    que_hacer = "Registra antes la sentencia que condena en ese proceso, aunque no sea firme."


class ClasesRepetidas(Rechazo):
    """La misma clase se dice dos veces."""

    codigo = "clases-repetidas"
    campo = "datos.clases"
    que_hacer = "Di cada clase de reparación una sola vez."


class ReparacionDesconocida(Rechazo):
    """Esa reparación no se ordenó en esta ruta."""

    codigo = "reparacion-desconocida"
    campo = "datos.reparacion"
    que_hacer = "Toma el id de la reparación del acuse que la ordenó en esta ruta."


class ReparacionYaCumplida(Rechazo):
    """No queda nada por cumplir."""

    codigo = "reparacion-ya-cumplida"
    campo = "datos.reparacion"
    que_hacer = "Esa reparación consta cumplida del todo; si no lo está, que se rectifique."


class MasDeLoOrdenado(Rechazo):
    """Se dice cumplido algo que no se ordenó."""

    codigo = "mas-de-lo-ordenado"
    campo = "datos.clases"
    que_hacer = "Di solo clases que esa reparación ordena; si se ordenó algo más, que el tribunal lo ordene aparte."


class ReparacionIncompleta(Rechazo):
    """Se da por cumplida del todo faltando algo."""

    codigo = "reparacion-incompleta"
    campo = "datos.total"
    que_hacer = "Falta alguna clase ordenada por cumplir; dila si se cumplió, o registra el cumplimiento como parcial."


class MedidaDesconocida(Rechazo):
    """Esa medida no está en esta ruta."""

    codigo = "medida-desconocida"
    campo = "datos.medida"
    que_hacer = "Toma el id de la medida del acuse que la pidió u otorgó en esta ruta; si se otorga de oficio, ninguno."


class MedidaYaOtorgada(Rechazo):
    """Esa medida ya se otorgó."""

    codigo = "medida-ya-otorgada"
    campo = "datos.medida"
    que_hacer = "Para prorrogarla o cambiarla, otorga otra de oficio; luego levanta esta por «sustituida-por-otra»."


class MedidaYaDenegada(Rechazo):
    """Esa petición se denegó."""

    codigo = "medida-ya-denegada"
    campo = "datos.medida"
    que_hacer = "Esa petición se denegó; si ahora procede, otorga la medida de oficio o pide que se solicite otra vez."


class MedidaSinOtorgar(Rechazo):
    """No se levanta lo que no rige."""

    codigo = "medida-sin-otorgar"
    campo = "datos.medida"
    que_hacer = "Esa medida no consta otorgada, o ya se levantó."


class MedidaSinVencer(Rechazo):
    """Se levanta por vencida una medida que aún rige."""

    codigo = "medida-sin-vencer"
    campo = "datos.motivo"
    que_hacer = "La medida no ha vencido: di el motivo verdadero, o espera a que venza."


class VenceAntes(Rechazo):
    """Nacería vencida."""

    codigo = "vence-antes-de-empezar"
    campo = "datos.vence"
    que_hacer = "Vence antes de lo que cuentas; corrige la fecha, o no digas ninguna si no se fijó."


class SinAbrigoQueProrrogar(Rechazo):
    """No consta abrigo autorizado."""

    codigo = "sin-abrigo-que-prorrogar"
    campo = "datos.autorizacion"
    que_hacer = "No consta un abrigo autorizado en esta ruta; si es la primera orden, autoriza «abrigo»."


class EntidadDesconocida(TodaviaNo):
    """Quien asistiría no está en el directorio, o su inscripción aún no llegó aquí."""

    codigo = "entidad-desconocida"
    campo = "datos.entidad"
    que_hacer = "Di el código de una institución activa del directorio."


class EntidadNoAsiste(TodaviaNo):
    """Está en el directorio, pero no para asistir jurídicamente."""

    codigo = "entidad-no-asiste"
    campo = "datos.entidad"
    que_hacer = "Asigna una institución con mandato de asistencia-legal o, si es NNA, de proteccion-nna."


class CooperacionDesconocida(Rechazo):
    """Esa cooperación no se pidió en esta ruta."""

    codigo = "cooperacion-desconocida"
    campo = "datos.cooperacion"
    que_hacer = "Toma el id de la cooperación del acuse que la pidió en esta ruta."


class CooperacionYaRespondida(Rechazo):
    """Ya se respondió del todo."""

    codigo = "cooperacion-ya-respondida"
    campo = "datos.cooperacion"
    que_hacer = "Consta la respuesta definitiva a esa cooperación; para insistir, solicita otra."


class SinInvocar(Rechazo):
    """Se deniega lo que nadie pidió."""

    codigo = "no-criminalizacion-sin-invocar"
    campo = "datos.situacion"
    que_hacer = (
        "Nadie ha invocado la no criminalización en esta ruta, o ya se resolvió; solo puede concederse de oficio."
    )


class NoResuelve(Rechazo):
    """Solo resuelven fiscalía y tribunal."""

    codigo = "no-resuelve"
    campo = "datos.situacion"
    que_hacer = "Quien asiste a la persona invoca; conceder o denegar toca a la fiscalía o al tribunal."


class HechoConApoyos(Rechazo):
    """Otro hecho en pie se apoya en el que se quiere corregir."""

    codigo = "hecho-con-apoyos"
    campo = "datos.corrige"
    que_hacer = "Rectifica antes lo que se apoya en ese hecho (lo posterior del mismo proceso, medida o reparación)."
