"""Componer y firmar acuses: el recibo de cada solicitud."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import msgspec

from contratos.acuse import Acuse, HechoCausado, Resultado, TramoDeBuzon
from eventos.base import Hecho, partir
from eventos.sobre import Anotado
from infra.seguridad.firma import firmar
from infra.seguridad.identidad_servicio import ClavesServicio

#: Lo que un servicio firma a una institución es una prueba: no caduca en la práctica.
VIGENCIA = timedelta(days=36_500)
_codificador = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class AcuseFirmado:
    """Los bytes del acuse y su firma JWS separada (``kid`` = origen)."""

    resultado: Resultado
    cuerpo: bytes
    firma: str


@dataclass(frozen=True)
class Notaria:
    """Firma los acuses de un servicio."""

    servicio: str
    origen: str
    claves: ClavesServicio

    def aceptada(
        self,
        huella: str,
        institucion: str,
        id_solicitud: str,
        anotados: Sequence[Anotado],
        posicion: int,
        ahora: datetime,
        buzon: TramoDeBuzon | None = None,
    ) -> AcuseFirmado:
        """Acuse de una solicitud cuyos efectos quedan en la misma transacción."""
        causados = tuple(HechoCausado(a.id, a.hecho.tipo, a.hecho.sujeto, _abiertos(a.hecho)) for a in anotados)
        return self._firmar(
            Acuse(
                huella=huella, servicio=self.servicio, origen=self.origen, resultado=Resultado.ACEPTADA, instante=ahora,
                posicion=posicion, institucion=institucion, id=id_solicitud, eventos=causados, buzon=buzon,
            )
        )  # fmt: skip

    def rechazada(
        self, huella: str, institucion: str, id_solicitud: str, codigo: str, campo: str, que_hacer: str, ahora: datetime
    ) -> AcuseFirmado:
        """Acuse de una solicitud sin efectos."""
        return self._firmar(
            Acuse(
                huella=huella, servicio=self.servicio, origen=self.origen, resultado=Resultado.RECHAZADA,
                instante=ahora, institucion=institucion,
                id=id_solicitud, codigo=codigo, campo=campo, que_hacer=que_hacer,
            )
        )  # fmt: skip

    def _firmar(self, acuse: Acuse) -> AcuseFirmado:
        cuerpo = _codificador.encode(acuse)
        firma = firmar(
            cuerpo, self.claves.firma, self.origen, acuse.institucion or "nadie", acuse.id or acuse.huella,
            acuse.instante + VIGENCIA,
        )  # fmt: skip
        return AcuseFirmado(acuse.resultado, cuerpo, firma)


def _abiertos(hecho: Hecho) -> dict[str, object]:
    """Lo que viaja en claro; la ruta ya es el sujeto y no se repite."""
    return {campo: valor for campo, valor in partir(hecho)[0].items() if campo != "ruta"}
