"""Por qué coordinación dice que no. Los códigos son contrato: no cambian de significado."""

from __future__ import annotations

from eventos.rechazo import Rechazo, TodaviaNo


class RutaSinAbrir(TodaviaNo):
    """Aún no hay ruta: la detección que la abre no ha llegado."""

    codigo = "ruta-desconocida"
    campo = "datos.ruta"
    que_hacer = "Espera a que coordinación abra la ruta y vuelve a pedirlo."


class RutaYaCerrada(Rechazo):
    """Una ruta cerrada no admite nada nuevo salvo reabrirse."""

    codigo = "ruta-cerrada"
    campo = "datos.ruta"
    que_hacer = "La ruta está cerrada; si hay algo que hacer, pide antes que se reabra, con su motivo."


class RutaNoCerrada(Rechazo):
    """Solo se reabre lo cerrado."""

    codigo = "ruta-no-cerrada"
    campo = "datos.ruta"
    que_hacer = "La ruta sigue abierta; no hace falta reabrirla."


class ReaperturaImposible(Rechazo):
    """El motivo del cierre no se deshace por ese motivo de reapertura."""

    codigo = "reapertura-imposible"
    campo = "datos.motivo"
    que_hacer = "Un cierre por fallecimiento o por ser la misma persona solo se reabre si fue erróneo."


class DerivacionDesconocida(Rechazo):
    """Esa derivación no es de esta ruta."""

    codigo = "derivacion-desconocida"
    campo = "datos.derivacion"
    que_hacer = "Comprueba el id de la derivación y su ruta en tu buzón."


class NoEsLaDestinataria(Rechazo):
    """Solo responde de un encargo quien lo tiene."""

    codigo = "no-es-la-destinataria"
    campo = "datos.derivacion"
    que_hacer = "Solo la institución encargada puede recibir, aceptar, rechazar o atender la derivación."


class NoEsSuya(Rechazo):
    """No la emitió, no la tiene ni es la rectora."""

    codigo = "derivacion-ajena"
    campo = "datos.derivacion"
    que_hacer = "Pídelo a la institución que la emitió o a la rectora."


class DerivacionYaRecibida(Rechazo):
    """El acuse ya consta."""

    codigo = "derivacion-ya-recibida"
    campo = "datos.derivacion"
    que_hacer = "El acuse ya consta; acepta o rechaza el encargo."


class DerivacionYaAceptada(Rechazo):
    """Ya se asumió el encargo."""

    codigo = "derivacion-ya-aceptada"
    campo = "datos.derivacion"
    que_hacer = "El encargo ya está aceptado; atiéndelo o pide que se reasigne."


class DerivacionSinAceptar(Rechazo):
    """No se atiende lo que no se aceptó."""

    codigo = "derivacion-sin-aceptar"
    campo = "datos.derivacion"
    que_hacer = "Acepta antes el encargo."


class DerivacionTerminada(Rechazo):
    """Ya se atendió, se rechazó, se reasignó o se retiró."""

    codigo = "derivacion-terminada"
    campo = "datos.derivacion"
    que_hacer = "El encargo ya terminó; si hace falta otra vez, pide que se emita uno nuevo."


class DerivacionRepetida(Rechazo):
    """Esa institución ya tiene ese encargo."""

    codigo = "derivacion-repetida"
    campo = "datos.servicio_pedido"
    que_hacer = "Ya hay una derivación pendiente de ese servicio a esa institución; espera su respuesta."


class ObligatoriaDeNinez(Rechazo):
    """La derivación a la autoridad de niñez no se quita mientras se la trate como NNA (regla 2)."""

    codigo = "obligatoria-de-ninez"
    campo = "datos.derivacion"
    que_hacer = "La autoridad de niñez interviene siempre que la persona es, o puede ser, niña, niño o adolescente."


class DestinatariaNoDisponible(Rechazo):
    """No consta en el directorio o está suspendida."""

    codigo = "destinataria-no-disponible"
    campo = "datos.a"
    que_hacer = "Elige una institución activa del directorio."


class DestinatariaNoPresta(Rechazo):
    """No presta ese servicio, según el directorio."""

    codigo = "destinataria-no-presta"
    campo = "datos.a"
    que_hacer = "Elige una institución que preste el servicio o pide a la rectora que actualice su ficha."


class SinAQuienReasignar(Rechazo):
    """Nadie más puede asumirlo: la rectora es la última y no puede declinar."""

    codigo = "sin-a-quien-reasignar"
    campo = "datos.derivacion"
    que_hacer = "No queda otra institución con ese servicio; atiende el encargo o reasígnalo tras inscribir a otra."


class FaltaEvidencia(Rechazo):
    """Atender sin prueba es declarar, y aquí no se declara (regla 9)."""

    codigo = "falta-evidencia"
    campo = "datos.evidencias"
    que_hacer = "Añade los ids de los eventos que prueban lo que se hizo."


class EvidenciaDesconocida(TodaviaNo):
    """El evento no existe o aún no llegó a coordinación."""

    codigo = "evidencia-desconocida"
    campo = "datos.evidencias"
    que_hacer = "Comprueba los ids en el acuse que los produjo; si son recientes, vuelve a pedirlo en unos segundos."


class EvidenciaDeOtraRuta(Rechazo):
    """Un evento de otra persona no prueba nada aquí."""

    codigo = "evidencia-de-otra-ruta"
    campo = "datos.evidencias"
    que_hacer = "Todas las evidencias han de ser eventos de esta ruta."


class EvidenciaSinMandato(Rechazo):
    """La contó quien no está facultado."""

    codigo = "evidencia-sin-mandato"
    campo = "datos.evidencias"
    que_hacer = "Una evidencia la produce una institución del directorio con mandato para ello."


class EvidenciaContradicha(Rechazo):
    """Ese evento se rectificó después."""

    codigo = "evidencia-contradicha"
    campo = "datos.evidencias"
    que_hacer = "Ese evento se rectificó; usa el que lo sustituye."


class DerechosPendientes(Rechazo):
    """Falta restituir algún derecho aplicable (regla 3)."""

    codigo = "derechos-pendientes"
    campo = "datos.motivo"
    que_hacer = "Mira la matriz de derechos de la ruta: cada uno ha de estar restituido con evidencia o no aplicar."


class ObligacionPendiente(Rechazo):
    """Queda un deber legal por cumplir."""

    codigo = "obligacion-pendiente"
    campo = "datos.motivo"
    que_hacer = "Hay una obligación legal pendiente, como la autorización de un ingreso; ha de resolverse antes."


class CierreSinPrueba(Rechazo):
    """Ese motivo de cierre pide un hecho que no consta."""

    codigo = "cierre-sin-prueba"
    campo = "datos.motivo"
    que_hacer = "Registra antes el hecho que lo prueba; el protocolo dice cuál pide cada motivo."


class NoDecideSola(Rechazo):
    """La decisión de una niña, niño o adolescente no basta: la asume la autoridad de niñez (regla 2)."""

    codigo = "nna-no-decide-sola"
    campo = "datos.motivo"
    que_hacer = "Solo la autoridad de niñez o la judicatura pueden apoyarse en la decisión de una NNA, tras oírla."


class DerechoAjeno(Rechazo):
    """Ese derecho no está entre los exigibles de la ruta."""

    codigo = "derecho-no-exigible"
    campo = "datos.derecho"
    que_hacer = "Ese derecho ya no se exige en esta ruta; no hay nada que declarar."


class DerechoIrrenunciable(Rechazo):
    """El protocolo no deja excluir ese derecho por ese motivo."""

    codigo = "derecho-irrenunciable"
    campo = "datos.motivo"
    que_hacer = "El protocolo dice qué motivos excluyen cada derecho; este no lo hace."


class MotivoNoConsta(Rechazo):
    """El motivo dice algo que lo registrado no confirma."""

    codigo = "motivo-no-consta"
    campo = "datos.motivo"
    que_hacer = "Lo que la ruta dice de la persona no respalda ese motivo; registra antes el hecho que lo prueba."


class InstitucionYaInscrita(Rechazo):
    """Ese código ya está en el directorio."""

    codigo = "institucion-ya-inscrita"
    campo = "datos.codigo"
    que_hacer = "Ya está inscrita; para cambiar sus datos, actualízala."


class InstitucionSinInscribir(Rechazo):
    """Ese código no está en el directorio."""

    codigo = "institucion-sin-inscribir"
    campo = "datos.codigo"
    que_hacer = "Inscríbela antes."


class InstitucionYaSuspendida(Rechazo):
    """Ya estaba suspendida."""

    codigo = "institucion-ya-suspendida"
    campo = "datos.codigo"
    que_hacer = "Ya está suspendida; para que vuelva, actualiza su ficha."


class CodigoDeOtroPais(Rechazo):
    """El código de una institución empieza por su país."""

    codigo = "codigo-de-otro-pais"
    campo = "datos.codigo"
    que_hacer = "El prefijo del código ha de ser el del país de la institución."


class ClaveRepetida(Rechazo):
    """Otra institución firma con esa clave."""

    codigo = "clave-repetida"
    campo = "datos.clave_firma"
    que_hacer = "Cada institución firma con su propia clave; genera otra."


class RectoraUnica(Rechazo):
    """Hay una rectora por despliegue, y siempre una."""

    codigo = "rectora-unica"
    campo = "datos.mandatos_inscritos"
    que_hacer = "El despliegue tiene una sola rectora; no se inscribe otra ni se suspende la que hay."


class NoRectificable(Rechazo):
    """Ese hecho no es de esta ruta, ya se corrigió o se deshace por otra vía."""

    codigo = "hecho-no-rectificable"
    campo = "datos.corrige"
    que_hacer = (
        "Comprueba su id en tu acuse. Una derivación no se rectifica: se retira o reasigna; un cierre se reabre."
    )


class TramoInvalido(Rechazo):
    """Acaba antes de empezar."""

    codigo = "tramo-invalido"
    campo = "datos.hasta"
    que_hacer = "«hasta» no puede ser menor que «desde»; sin él, llega hasta el último aviso."


class TramoInexistente(Rechazo):
    """Empieza más allá del siguiente aviso que tendría el buzón."""

    codigo = "tramo-inexistente"
    campo = "datos.desde"
    que_hacer = "Tu buzón no llega a ese número. Pide desde 1: el acuse dice cuál es el último."


class TramoSinFinal(TramoInexistente):
    """Acaba más allá del último aviso."""

    campo = "datos.hasta"


class RepeticionEnCurso(TodaviaNo):
    """Aún sale lo que esa institución tiene por recibir: otra repetición encima solo la retrasaría a ella y a otras."""

    codigo = "repeticion-en-curso"
    campo = "datos.desde"
    que_hacer = "Todavía se te están mandando avisos; léelos y pide el resto después, con otro id."
