"""Cómo se llama cada hecho ante una persona: «Derivación emitida», no ``senda.coordinacion.derivacion-emitida.v1``."""

from __future__ import annotations

_TILDES = {
    "victima": "víctima",
    "evaluacion": "evaluación",
    "presuncion": "presunción",
    "informacion": "información",
    "senalado": "señalado",
    "derivacion": "derivación",
    "restitucion": "restitución",
    "institucion": "institución",
    "atencion": "atención",
    "satisfaccion": "satisfacción",
    "reintegracion": "reintegración",
    "investigacion": "investigación",
    "proteccion": "protección",
    "autorizacion": "autorización",
    "juridica": "jurídica",
    "declaracion": "declaración",
    "acusacion": "acusación",
    "reparacion": "reparación",
    "cooperacion": "cooperación",
    "criminalizacion": "criminalización",
    "repatriacion": "repatriación",
    "decision": "decisión",
    "interes": "interés",
    "vinculo": "vínculo",
    "acompanante": "acompañante",
    "recepcion": "recepción",
    "detencion": "detención",
}


def titulo(tipo: str) -> str:
    """El nombre de un tipo de hecho o petición, en español y con tildes. Lo que no reconoce lo deja como está."""
    partes = tipo.split(".")
    nombre = partes[2] if len(partes) == 4 else tipo  # noqa: PLR2004  senda.<contexto>.<nombre>.v<n>
    palabras = [_TILDES.get(palabra, palabra) for palabra in nombre.split("-")]
    return " ".join(palabras).capitalize()
