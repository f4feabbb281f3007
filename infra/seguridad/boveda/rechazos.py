"""Por qué la bóveda dice que no. Códigos estables; ninguno repite lo recibido ni dice si la persona existe."""

from __future__ import annotations

from eventos.rechazo import Rechazo


class DepositoIlegible(Rechazo):
    """Lo depositado no se abre o no tiene la forma de una ficha."""

    codigo = "deposito-ilegible"
    campo = "deposito"
    que_hacer = "Cierra la ficha en un JWE (ECDH-ES + A256GCM) hacia la clave de la bóveda, con la forma del contrato."


class DepositoDeOtraRuta(Rechazo):
    """Lo cerrado dice otra ruta que la pedida: alguien lo cambió de sitio."""

    codigo = "deposito-de-otra-ruta"
    campo = "ruta"
    que_hacer = "Cierra la ficha con la misma ruta en la que la depositas."


class IdentidadDestruida(Rechazo):
    """La clave de esa persona se destruyó."""

    codigo = "identidad-destruida"
    campo = "ruta"
    que_hacer = "No hay nada que abrir ni se puede volver a depositar con ese seudónimo."


class SinIdentidad(Rechazo):
    """Nada hay depositado de esa ruta."""

    codigo = "sin-identidad"
    campo = "ruta"
    que_hacer = "Comprueba el seudónimo; si la persona está contigo, deposita su ficha."


class SinClaveDeRecepcion(Rechazo):
    """La institución no tiene inscrita la clave hacia la que se le cierra lo que recibe."""

    codigo = "sin-clave-de-recepcion"
    campo = "institucion"
    que_hacer = "Inscribe antes la clave pública X25519 de esa institución en la bóveda."


class ClaveDeRecepcionInvalida(Rechazo):
    """No es una clave X25519 utilizable: no mide lo que debe, o lo cerrado hacia ella lo abriría cualquiera."""

    codigo = "clave-de-recepcion-invalida"
    campo = "clave"
    que_hacer = "Genera un par X25519 y da los 32 bytes de su pública en base64url sin relleno."


class InstitucionSinAcceso(Rechazo):
    """La institución no está en el directorio o está suspendida."""

    codigo = "institucion-sin-acceso"
    campo = "institucion"
    que_hacer = "Habla con la institución rectora: la bóveda solo trata con instituciones activas del directorio."


class SinPermiso(Rechazo):
    """Nada ampara a esa institución sobre esa identidad."""

    codigo = "identidad-sin-permiso"
    campo = "ruta"
    que_hacer = "Pide el consentimiento de la persona, o que te autorice quien tiene mandato sobre su caso."


class PermisoTerminado(Rechazo):
    """Lo que amparaba el acceso se revocó, venció o ya no consta."""

    codigo = "permiso-terminado"
    campo = "ruta"
    que_hacer = "El consentimiento se revocó o venció; pide otro, o apóyate en un mandato si lo tienes."


class AutorizacionPropia(Rechazo):
    """Quien tiene permiso se lo amplía a su propia institución."""

    codigo = "autorizacion-propia"
    campo = "institucion"
    que_hacer = "Nadie se autoriza a sí misma: ha de autorizarte otra institución con permiso sobre esa identidad."


class DepositoSinParticipar(Rechazo):
    """La institución ni participa en la ruta ni tiene permiso sobre su identidad."""

    codigo = "deposito-sin-participar"
    campo = "ruta"
    que_hacer = "Deposita quien detectó a la persona o aceptó una derivación de su ruta; comprueba el seudónimo."


class FinalidadNoAmparada(Rechazo):
    """Hay permiso, pero para otra cosa."""

    codigo = "finalidad-no-amparada"
    campo = "finalidad"
    que_hacer = "Di para qué lo necesitas de entre lo que tu permiso ampara, o pide otro para esa finalidad."


class FinalidadQueNoSeTiene(Rechazo):
    """Quien autoriza no tiene permiso para ninguna de esas finalidades."""

    codigo = "finalidad-que-no-se-tiene"
    campo = "finalidades"
    que_hacer = "Nadie da más de lo que tiene: pide que autorice la rectora, o quien tenga permiso para eso."


class SinFinalidad(Rechazo):
    """Un permiso para nada."""

    codigo = "permiso-sin-finalidad"
    campo = "finalidades"
    que_hacer = "Di para qué se permite abrir la identidad."


class MandatoNoFaculta(Rechazo):
    """El mandato de la institución no alcanza a esa finalidad."""

    codigo = "mandato-no-faculta"
    campo = "finalidades"
    que_hacer = "Con ese mandato no se abre la identidad para eso; hace falta consentimiento."


class ConsentimientoNoAmpara(Rechazo):
    """El consentimiento citado no consta, no está vigente o no alcanza a esa institución."""

    codigo = "consentimiento-no-ampara"
    campo = "referencia"
    que_hacer = "Cita un consentimiento vigente de esta ruta para compartir datos con esa institución."


class DestruccionDesconocida(Rechazo):
    """No hay tal petición de destruir, o ya terminó."""

    codigo = "destruccion-desconocida"
    campo = "destruccion"
    que_hacer = "Toma el id de una petición pendiente; si se desistió o caducó, hay que pedirla de nuevo."


class DestruccionYaPedida(Rechazo):
    """Ya hay una petición en curso sobre esa persona."""

    codigo = "destruccion-ya-pedida"
    campo = "ruta"
    que_hacer = "Otra persona ha de confirmar la petición en curso, o desistir de ella."


class MismaPersona(Rechazo):
    """Confirma quien pidió, o su misma institución sin ser rectora ni supervisora."""

    codigo = "destruccion-misma-persona"
    campo = "agente"
    que_hacer = (
        "Ha de confirmarlo otra persona, y de otra institución salvo que sea de la rectora o de quien supervisa."
    )


class SinConfirmar(Rechazo):
    """Falta la segunda persona."""

    codigo = "destruccion-sin-confirmar"
    campo = "destruccion"
    que_hacer = "Otra persona ha de confirmarla antes; el plazo corre desde entonces."


class AntesDeTiempo(Rechazo):
    """La espera no ha terminado."""

    codigo = "destruccion-antes-de-tiempo"
    campo = "destruccion"
    que_hacer = "Espera a la fecha de la petición; hasta entonces cualquiera de las dos personas puede desistir."


class MandatoEnPie(Rechazo):
    """Un mandato legal sigue vigente sobre la persona, en esta ruta o en otra suya: destruir la dejaría sin él."""

    codigo = "mandato-en-pie"
    campo = "ruta"
    que_hacer = (
        "Espera a que terminen el proceso, la medida o la reparación en curso, en esta ruta o en otra de la persona."
    )


class QuienNoPuedeDestruir(Rechazo):
    """La institución no puede pedir ni confirmar una destrucción."""

    codigo = "destruccion-sin-facultad"
    campo = "institucion"
    que_hacer = "La piden y confirman la rectora, quien supervisa o quien tiene permiso sobre esa identidad."


class QuienSinForma(Rechazo):
    """Quien actúa no viene como código de institución y seudónimo: podría ser un nombre, y no se podría borrar."""

    codigo = "quien-sin-forma"
    campo = "agente"
    que_hacer = "Da el código de tu institución (GT-PGN) y el seudónimo de quien actúa (ag-7c1e90aa), nunca un nombre."


class NadaQueRevisar(Rechazo):
    """No es un acceso excepcional pendiente de revisión."""

    codigo = "nada-que-revisar"
    campo = "asiento"
    que_hacer = "Toma el número de la lista de accesos sin revisar; si ya se revisó, no hace falta repetirlo."


class RevisionPropia(Rechazo):
    """Revisa quien rompió el vidrio."""

    codigo = "revision-propia"
    campo = "agente"
    que_hacer = "Lo ha de revisar otra persona."


class QuienNoRevisa(Rechazo):
    """La institución no revisa accesos excepcionales."""

    codigo = "revision-sin-facultad"
    campo = "institucion"
    que_hacer = "Los revisan la rectora o quien supervisa."
