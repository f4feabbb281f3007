"""Lo que «senda tablas» no acepta, aparte de lo que trae el archivo. ``campo``: la opción de la orden."""

from __future__ import annotations

from eventos.rechazo import Rechazo


class FormatoSinTabla(Rechazo):
    """No hay ese formato."""

    codigo = "formato-sin-tabla"
    campo = "--formato"
    que_hacer = "Uno de: ctdc, htcds."


class CircunstanciaInvalida(Rechazo):
    """El país no es un código asignado."""

    codigo = "pais-invalido"
    campo = "--pais-explotacion"
    que_hacer = "Código ISO 3166-1 alfa-3 en mayúsculas (GTM); --pais, alfa-2 en minúsculas (gt)."


class PaisSobrante(Rechazo):
    """El formato ya lleva el país."""

    codigo = "pais-de-explotacion-de-mas"
    campo = "--pais-explotacion"
    que_hacer = "Ese formato lleva el país en cada fila: quita la opción."


class ColumnaIdDeIdentidad(Rechazo):
    """El id ajeno parece de identidad."""

    codigo = "columna-id-de-identidad"
    campo = "--columna-id"
    que_hacer = (
        "Ha de ser un id sin significado fuera de tu sistema: un documento, un teléfono o un expediente identifican. "
        "Sin la opción, cada fila se reconoce por su contenido."
    )


class FechaDeTabla(Rechazo):
    """Falta a qué fecha es la tabla, o no se entiende."""

    codigo = "fecha-de-tabla-invalida"
    campo = "--ocurrido"
    que_hacer = (
        "Fecha con zona, no futura, siempre la misma para el mismo archivo (2026-05-03T00:00:00-06:00): con otra, las "
        "mismas filas se rechazan con id-reutilizado."
    )


class QuienNoLee(Rechazo):
    """No está en el directorio, o no puede leer ninguna ruta."""

    codigo = "quien-no-lee"
    campo = "--quien"
    que_hacer = "Da el código de una institución inscrita y activa: «senda directorio» las enseña."


class FinalidadSinDetalle(Rechazo):
    """Para estadística no hace falta la tabla sin proteger."""

    codigo = "finalidad-sin-detalle"
    campo = "--sin-proteger"
    que_hacer = (
        "Para estadística la tabla va protegida. Sin proteger solo se saca para supervision, mandato-judicial, "
        "atencion, operacion o peticion-de-la-persona, y queda en el registro de accesos con esa finalidad."
    )


class SalidaOcupada(Rechazo):
    """Ya hay un archivo ahí, o no se puede escribir."""

    codigo = "salida-ocupada"
    campo = "SALIDA"
    que_hacer = "Elige un archivo que no exista (tampoco su .manifiesto.json) en una carpeta en la que puedas escribir."


__all__ = [
    "CircunstanciaInvalida",
    "ColumnaIdDeIdentidad",
    "FechaDeTabla",
    "FinalidadSinDetalle",
    "FormatoSinTabla",
    "PaisSobrante",
    "QuienNoLee",
    "SalidaOcupada",
]
