"""La institución hostil, en su propio proceso: `python -m senda.banco.hostil.ataque`, con un `Encargo` por la entrada.

Manda a ritmo fijo hasta que se cierra su entrada, y dice cuántos mandó. No lee sus acuses: quien inunda no espera.
"""

from __future__ import annotations

import select
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from enum import StrEnum
from itertools import count, islice

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec import Struct

from contratos.solicitudes.deteccion import RecibirAlerta
from eventos.listas import CanalAlerta
from eventos.tipos import Urgencia
from infra.azar import AzarReal
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.abrir import abrir
from infra.mensajeria.transportes.base import Mensaje
from infra.seguridad import base64url
from senda.cliente import Credencial, componer

SERVICIO = "deteccion"
AGENTE = "ag-0000beef"
_LOTE = 100


class Clase(StrEnum):
    """Qué hace la hostil."""

    INUNDA = "inunda"
    NO_LEE = "no-lee"
    BASURA = "basura"
    #: Gasta lo mismo de la máquina y del bus sin pedir nada a Senda: lo que retrasa a las demás sin culpa de Senda.
    SUELTA = "suelta"


class Encargo(Struct, frozen=True, kw_only=True):
    """``ritmo``: mensajes por segundo. ``clave``: la de firma, base64url. ``cola``: la de quien ataca suelta."""

    clase: Clase
    bus: str
    prefijo: str
    institucion: str
    clave: str
    recepcion: str
    ritmo: int
    cola: str = ""


def mensajes(encargo: Encargo) -> Iterator[Mensaje]:
    """Los que manda, sin fin."""
    nombres, azar = Nombres(encargo.prefijo), AzarReal()
    privada = Ed25519PrivateKey.from_private_bytes(base64url.de_texto(encargo.clave))
    credencial = Credencial(encargo.institucion, privada)
    peticion = RecibirAlerta(canal=next(iter(CanalAlerta)), urgencia=Urgencia.ORDINARIA)
    for numero in count():
        c = componer(peticion, credencial, AGENTE, datetime.now(UTC), encargo.recepcion, azar)
        cuerpo, firma = c.cuerpo, c.firma
        if encargo.clase is Clase.BASURA:
            cuerpo, firma = _MALAS[numero % len(_MALAS)](cuerpo, firma)
        if encargo.clase is Clase.SUELTA:
            yield Mensaje("", encargo.cola, "solicitud", cuerpo, c.id, {"firma": firma})
        else:
            yield Mensaje(nombres.solicitudes, SERVICIO, "solicitud", cuerpo, c.id, {"firma": firma})


#: Mal firmada, cortada, sin firma, anidada, enorme y de otro tipo.
_MALAS: Sequence[Callable[[bytes, str], tuple[bytes, str]]] = (
    lambda cuerpo, firma: (cuerpo + b" ", firma),
    lambda cuerpo, firma: (cuerpo[: len(cuerpo) // 2], firma),
    lambda cuerpo, _: (cuerpo, ""),
    lambda _, firma: (b"[" * 20_000, firma),
    lambda _, firma: (b"x" * 40_000, firma),
    lambda cuerpo, firma: (cuerpo.replace(b"recibir-alerta", b"borrar-todo"), firma),
)


def atacar(encargo: Encargo, seguir: Callable[[float], bool]) -> int:
    """Manda mientras ``seguir`` (que descansa esos segundos) diga que sí; devuelve cuántos mandó."""
    transporte = abrir(encargo.bus)
    flujo = mensajes(encargo)
    enviados, empezo = 0, time.monotonic()
    try:
        while True:
            transporte.publicar(list(islice(flujo, _LOTE)))
            enviados += _LOTE
            toca = empezo + enviados / encargo.ritmo
            if not seguir(max(0.0, toca - time.monotonic())):
                return enviados
    finally:
        transporte.cerrar()


def _principal() -> None:
    encargo = msgspec.json.decode(sys.stdin.buffer.readline(), type=Encargo)

    def seguir(descanso: float) -> bool:
        # La entrada solo se vuelve legible al cerrarse.
        return not select.select([sys.stdin], [], [], descanso)[0]

    print(atacar(encargo, seguir))


if __name__ == "__main__":
    _principal()

__all__ = ["AGENTE", "SERVICIO", "Clase", "Encargo", "atacar", "mensajes"]
