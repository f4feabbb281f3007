"""Lo que «senda protocolo» no acepta. ``campo``: la opción o el argumento de la orden."""

from __future__ import annotations

from eventos.rechazo import Rechazo


class PaisSinPaquete(Rechazo):
    """No hay paquete de ese país."""

    codigo = "pais-sin-paquete"
    campo = "PAIS"
    que_hacer = "Los que hay se ven con «senda protocolo listar»; cómo añadir uno está en docs/protocolos.md."


class CarpetaSinPaquete(Rechazo):
    """Lo que se pide comprobar no es una carpeta con TOML ni un país con paquete."""

    codigo = "carpeta-sin-paquete"
    campo = "PAQUETE"
    que_hacer = "Da una carpeta con los TOML de un paquete (…/gt/1.0) o un país de «senda protocolo listar»."


class PaqueteRoto(Rechazo):
    """El paquete no se puede usar."""

    codigo = "paquete-invalido"
    campo = "PAIS"
    que_hacer = "Mira todos sus errores con «senda protocolo comprobar»."


class PaqueteEnBorrador(Rechazo):
    """Un borrador no rige rutas."""

    codigo = "paquete-en-borrador"
    campo = "--pais"
    que_hacer = (
        "Ese paquete es un borrador y no abre rutas. Complétalo con sus fuentes y su revisor, o elige uno completo de "
        "«senda protocolo listar»."
    )


class EdadImposible(Rechazo):
    """Eso no son años cumplidos."""

    codigo = "edad-imposible"
    campo = "--edad"
    que_hacer = "Años cumplidos, entero de 0 a 120. Si no se sabe, no la des: decide la regla de edad del paquete."


class SexoDesconocido(Rechazo):
    """No está en la lista de sexos."""

    codigo = "sexo-desconocido"
    campo = "--sexo"
    que_hacer = "Uno de: mujer, hombre, intersexual, no-consta."


class NacionalidadDesconocida(Rechazo):
    """No es un código asignado de ISO 3166-1 alfa-3."""

    codigo = "nacionalidad-desconocida"
    campo = "--nacionalidad"
    que_hacer = "Código ISO 3166-1 alfa-3 en mayúsculas: GTM, HND, PER. Si no se sabe, no la des."


class RiesgoDesconocido(Rechazo):
    """No es un nivel de riesgo."""

    codigo = "riesgo-desconocido"
    campo = "--riesgo"
    que_hacer = "Uno de: bajo, medio, alto."


class InstanteInvalido(Rechazo):
    """No es una fecha, o cae fuera de lo que cubre un calendario."""

    codigo = "instante-invalido"
    campo = "--desde"
    que_hacer = "Fecha ISO 8601 de 2000 a 2100: 2026-05-04 o 2026-05-04T09:30:00-06:00. Sin zona se entiende UTC."


class HechoDesconocido(Rechazo):
    """La historia nombra algo que no se sabe contar."""

    codigo = "hecho-desconocido"
    campo = "--historia"
    que_hacer = (
        "Separados por comas y en orden: deteccion (va siempre la primera), identificacion, peligro, necesidades, "
        "ingreso, medida, acusacion, retorno, se-queda."
    )
