"""Los códigos con que se rechaza una solicitud antes de llegar al dominio. Son contrato: no cambian de significado.

Los del dominio viven junto a la regla que los da (`eventos.rechazo.Rechazo`). Todos juntos, en `docs/codigos.md`.
"""

from __future__ import annotations

from typing import Final

from contratos.lectura import HONDURA_MAXIMA
from contratos.solicitud import MAXIMO_BYTES

_BIEN_FIRMADA: Final = "Firma los bytes exactos del cuerpo con la clave inscrita, para este servicio y sin caducar."

#: El de lo que pasa del cupo de una institución, y cuánto se le pide que espere antes de repetirlo (segundos).
CUPO: Final = "demasiadas-pendientes"
ESPERA_POR_CUPO: Final = 30

#: Código -> qué pasó.
DE_EXAMEN: Final[dict[str, str]] = {
    "demasiado-grande": "El cuerpo pasa del tamaño máximo.",
    "no-es-utf8": "El cuerpo, o lo sellado, no está en UTF-8.",
    "demasiado-anidado": "El cuerpo, o lo sellado, tiene más niveles que los admitidos.",
    "json-invalido": "El cuerpo, o lo sellado, no es JSON.",
    "clave-repetida": "Una clave está dos veces en el mismo objeto: podría entenderse de dos maneras.",
    "forma-invalida": "El sobre de la solicitud no tiene la forma del contrato.",
    "tipo-desconocido": "El tipo no está en el contrato.",
    "version-desconocida": "El tipo está en el contrato, pero no en esa versión.",
    "otro-servicio": "El tipo lo atiende otro servicio.",
    "fecha-futura": "Lo que se cuenta ocurriría en el futuro.",
    "dato-invalido": "Un campo no cumple su esquema.",
    "dato-en-claro": "Un campo que solo puede ir sellado llegó en claro.",
    "sellado-ilegible": "Lo sellado no se puede abrir con la clave de recepción del servicio.",
    "otro-usuario": "Publicó un usuario del bus que no es el de la institución.",
    "firma-ausente": "Llegó sin firma.",
    "firma-malformada": "La firma no es un JWS separado legible.",
    "firma-algoritmo": "La firma no es EdDSA.",
    "firma-otro-servicio": "La firma es para otro servicio.",
    "firma-caducada": "La firma caducó antes de llegar.",
    "firma-no-coincide": "La firma no es de esos bytes con la clave inscrita.",
    "firma-de-otra": "Firma otra institución.",
    "firma-de-otra-solicitud": "La firma protege otro id.",
    "id-reutilizado": "El id ya se usó con otro cuerpo.",
    "clave-destruida": "Los datos de esa persona se destruyeron.",
    CUPO: "La institución tiene demasiado por atender, o acuses sin leer; no se guardó ni se miró.",
    "error-interno": "El servicio falló; no aplicó nada.",
}

#: Código -> campo y qué hacer, como los lleva el acuse si no puede decir algo más preciso («…»: el campo que falla).
ARREGLOS: Final[dict[str, tuple[str, str]]] = {
    "demasiado-grande": ("", f"Una solicitud mide como mucho {MAXIMO_BYTES} bytes; lo grande va por referencia."),
    "no-es-utf8": ("", "Codifícalo en UTF-8 y vuelve a firmarlo."),
    "demasiado-anidado": (
        "", f"Pasa de {HONDURA_MAXIMA} niveles; el contrato no pide tantos: mira el esquema de su tipo.",
    ),
    "json-invalido": ("", "El cuerpo no es JSON (RFC 8259); revísalo y vuelve a firmarlo."),
    "clave-repetida": ("", "Una clave está dos veces en su objeto; deja una (`senda contratos validar` dice cuál)."),
    "forma-invalida": ("…", "Revisa la solicitud con el esquema del contrato."),
    "tipo-desconocido": ("tipo", "Ese tipo no está en el contrato publicado."),
    "version-desconocida": ("tipo", "Usa una de las versiones que hay de ese tipo; el acuse las nombra."),
    "otro-servicio": ("tipo", "Envíala al servicio que la atiende; el acuse lo nombra."),
    "fecha-futura": ("ocurrido", "Lo que se cuenta no puede haber ocurrido en el futuro."),
    "dato-invalido": ("datos.…", "Revisa la solicitud con el esquema del contrato."),
    "dato-en-claro": ("datos.…", "Ese campo solo puede viajar dentro de «sellado»."),
    "sellado-ilegible": (
        "sellado", "Cífralo (JWE ECDH-ES, A256GCM) hacia la clave de recepción vigente del servicio.",
    ),
    "otro-usuario": ("institucion", "Publica con el usuario del bus de tu institución."),
    "firma-ausente": ("firma", "Envía el JWS separado en la cabecera «firma» del mensaje."),
    "firma-malformada": ("firma", _BIEN_FIRMADA),
    "firma-algoritmo": ("firma", _BIEN_FIRMADA),
    "firma-otro-servicio": ("firma", _BIEN_FIRMADA),
    "firma-caducada": ("firma", _BIEN_FIRMADA),
    "firma-no-coincide": ("firma", _BIEN_FIRMADA),
    "firma-de-otra": ("institucion", "La firma es de otra institución; firma con la tuya."),
    "firma-de-otra-solicitud": ("id", "La firma protege otro id; firma de nuevo esta solicitud."),
    "id-reutilizado": ("id", "Ese id ya se usó con otro cuerpo; usa un id nuevo o repite los mismos bytes."),
    "clave-destruida": (
        "datos.ruta", "Los datos de esa persona se destruyeron: no se puede contar nada sellado de ella.",
    ),
    CUPO: (
        "", f"Lee tus acuses y, pasados {ESPERA_POR_CUPO} segundos, repite los mismos bytes: no quedó nada a medias.",
    ),
    "error-interno": ("", "El servicio falló al atenderla y no aplicó nada; avisa al operador y pídela con otro id."),
}  # fmt: skip
