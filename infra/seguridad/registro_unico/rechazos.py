"""Por qué el registro único dice que no. Códigos estables; nada de lo recibido."""

from __future__ import annotations

from eventos.rechazo import Rechazo


class HuellaSinDocumento(Rechazo):
    """La ficha no da para ninguna huella."""

    codigo = "huella-sin-documento"
    campo = "documentos"
    que_hacer = "Da un documento con su número o, sin él, nombre y apellido, fecha y lugar de nacimiento."


class ConsultasAgotadas(Rechazo):
    """La institución consultó demasiado."""

    codigo = "consultas-agotadas"
    campo = "institucion"
    que_hacer = "Espera: hay un tope por hora y por día. Si registras a un grupo grande, avisa al tenedor del registro."


class ConsultaSinParticipar(Rechazo):
    """La institución no participa en la ruta por la que pregunta."""

    codigo = "consulta-sin-participar"
    campo = "ruta"
    que_hacer = "Solo se registra la identidad de quien se atiende: detecta a la persona o acepta una derivación."


class ClaveSinDestruir(Rechazo):
    """En el libro no consta que se destruyera la clave de esa ruta."""

    codigo = "clave-sin-destruir"
    campo = "ruta"
    que_hacer = "Olvidar no tiene vuelta: destruye antes la clave («senda boveda destruir») y espera a que conste."


class HuellasEnDisco(Rechazo):
    """Las huellas se borraron, pero otra conexión abierta impidió quitarlas de los archivos."""

    codigo = "huellas-en-disco"
    campo = "ruta"
    que_hacer = "Cierra lo que esté leyendo la base del registro (una copia, una consulta) y repite la orden."
