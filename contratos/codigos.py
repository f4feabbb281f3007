"""Los códigos con que se rechaza una solicitud antes de llegar al dominio. Son contrato: no cambian de significado.

Los del dominio viven junto a la regla que los da (`eventos.rechazo.Rechazo`). Todos juntos, en `docs/codigos.md`.
"""

from __future__ import annotations

from typing import Final

#: Código -> qué pasó.
DE_EXAMEN: Final[dict[str, str]] = {
    "demasiado-grande": "El cuerpo pasa del tamaño máximo.",
    "json-invalido": "El cuerpo no es JSON en UTF-8, o está anidado sin medida.",
    "forma-invalida": "El sobre de la solicitud no tiene la forma del contrato.",
    "tipo-desconocido": "El tipo o su versión no están en el contrato.",
    "otro-servicio": "El tipo lo atiende otro servicio.",
    "fecha-futura": "Lo que se cuenta ocurriría en el futuro.",
    "dato-invalido": "Un campo no cumple su esquema.",
    "dato-en-claro": "Un campo que solo puede ir sellado llegó en claro.",
    "sellado-ilegible": "Lo sellado no se puede abrir con la clave de recepción del servicio.",
    "otro-usuario": "Publicó un usuario del bus que no es el de la institución.",
    "firma-malformada": "La firma no es un JWS separado legible.",
    "firma-algoritmo": "La firma no es EdDSA.",
    "firma-otro-servicio": "La firma es para otro servicio.",
    "firma-caducada": "La firma caducó antes de llegar.",
    "firma-no-coincide": "La firma no es de esos bytes con la clave inscrita.",
    "firma-de-otra": "Firma otra institución.",
    "firma-de-otra-solicitud": "La firma protege otro id.",
    "id-reutilizado": "El id ya se usó con otro cuerpo.",
    "clave-destruida": "Los datos de esa persona se destruyeron.",
    "error-interno": "El servicio falló; no aplicó nada.",
}
