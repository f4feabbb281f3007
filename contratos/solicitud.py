"""La solicitud: lo que una institución firma y manda. El mismo cuerpo por AMQP y por HTTP."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from msgspec import Meta, Raw, Struct

from eventos.tipos import Agente, CodigoInstitucion

#: Una solicitud no lleva documentos: lo grande va por referencia y hash.
MAXIMO_BYTES = 32 * 1024

TipoPeticion = Annotated[
    str, Meta(pattern=r"^senda\.[a-z]+\.[a-z0-9-]+\.v[0-9]+$", max_length=96, description="Tipo del contrato")
]


class Solicitud(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Sobre de una petición. Se firma entera: la firma (JWS separado) va en la cabecera ``firma`` del mensaje."""

    id: Annotated[
        UUID, Meta(description="Id que elige la institución; repetirlo con el mismo cuerpo no repite efectos")
    ]
    tipo: TipoPeticion
    institucion: CodigoInstitucion
    agente: Agente
    ocurrido: Annotated[datetime, Meta(tz=True, description="Cuándo ocurrió lo que se cuenta, con zona")]
    datos: Annotated[Raw, Meta(description="Los campos abiertos de la petición")]
    sellado: Annotated[
        str, Meta(max_length=24_000, description="JWE (ECDH-ES + A256GCM) con los campos sellados, o vacío")
    ] = ""
