"""Una institución vista desde su lado: compone, firma y envía solicitudes, y lee sus acuses y su buzón.

No usa nada de los servicios: solo el contrato, el bus y sus propias claves. Lo usan la demostración y la orden `senda`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from msgspec import Raw

from contratos.acuse import Acuse
from contratos.base import Peticion
from contratos.solicitud import Solicitud
from eventos.base import partir
from infra.azar import Azar
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Mensaje, Transporte
from infra.seguridad import base64url
from infra.seguridad.firma import firmar, publica_a_texto
from infra.seguridad.sobre_cerrado import cerrar

#: Cuánto vale la firma de una solicitud: de sobra para que espere en una cola durante un corte largo.
VIGENCIA = timedelta(days=30)


class Compuesta(NamedTuple):
    """Una solicitud lista para enviar: los bytes exactos y su firma separada."""

    id: str
    servicio: str
    cuerpo: bytes
    firma: str


class Aviso(NamedTuple):
    """Algo que llegó al buzón de la institución, ya leído como JSON."""

    tipo: str
    datos: dict[str, Any]


@dataclass(frozen=True)
class Credencial:
    """Lo que una institución guarda: su código y su clave de firma."""

    codigo: str
    clave: Ed25519PrivateKey

    @classmethod
    def generar(cls, codigo: str, azar: Azar) -> Credencial:
        """Clave nueva de 32 bytes de ``azar``."""
        return cls(codigo, Ed25519PrivateKey.from_private_bytes(azar.bytes(32)))

    @property
    def publica(self) -> str:
        """Clave pública (base64url) para inscribirse en el directorio."""
        return publica_a_texto(self.clave.public_key())


def componer(
    peticion: Peticion, credencial: Credencial, agente: str, ocurrido: datetime, recepcion: str, azar: Azar,
    ahora: datetime | None = None,
) -> Compuesta:  # fmt: skip
    """Arma y firma una solicitud. ``recepcion``: clave X25519 del servicio, hacia la que van cifrados los sellados.

    ``ahora``: cuándo se firma, si no es cuando ocurrió; lo que se cuenta tarde no nace con la firma caducada.
    """
    abierto, sellado = partir(peticion)
    destino = X25519PublicKey.from_public_bytes(base64url.de_texto(recepcion))
    solicitud = Solicitud(
        id=azar.uuid4(),
        tipo=peticion.tipo,
        institucion=credencial.codigo,
        agente=agente,
        ocurrido=ocurrido,
        datos=Raw(msgspec.json.encode(abierto)),
        sellado=cerrar(msgspec.json.encode(sellado), destino, azar) if sellado else "",
    )
    cuerpo = msgspec.json.encode(solicitud)
    identificador = str(solicitud.id)
    caduca = (ahora or ocurrido) + VIGENCIA
    firma = firmar(cuerpo, credencial.clave, credencial.codigo, peticion.servicio, identificador, caduca)
    return Compuesta(identificador, peticion.servicio, cuerpo, firma)


@dataclass
class Enlace:
    """La conexión de una o varias instituciones con el bus."""

    transporte: Transporte
    nombres: Nombres

    def enviar(self, compuestas: Sequence[Compuesta], responder_a: str | None = None) -> list[bool]:
        """Publica solicitudes; por cada una, si el bus la tiene ya en la cola de su servicio.

        ``responder_a``: cola a la que va la respuesta si el servicio no llega a creer de quién es la solicitud.
        """
        return self.transporte.publicar(
            [
                Mensaje(
                    self.nombres.solicitudes, c.servicio, "solicitud", c.cuerpo, c.id, {"firma": c.firma}, responder_a
                )
                for c in compuestas
            ]
        )  # fmt: skip

    def acuses(self, institucion: str, maximo: int = 500) -> list[Acuse]:
        """Lee y confirma los acuses que esperan a una institución."""
        entregas = self.transporte.recibir(self.nombres.acuses_de(institucion), maximo)
        self.transporte.confirmar(entregas)
        return [msgspec.json.decode(e.mensaje.cuerpo, type=Acuse) for e in entregas]

    def buzon(self, institucion: str, maximo: int = 500) -> list[Aviso]:
        """Lee y confirma lo que espera en el buzón de una institución."""
        entregas = self.transporte.recibir(self.nombres.buzon_de(institucion), maximo)
        self.transporte.confirmar(entregas)
        return [Aviso(e.mensaje.tipo, msgspec.json.decode(e.mensaje.cuerpo)) for e in entregas]
