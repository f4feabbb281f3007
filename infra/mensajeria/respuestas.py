"""Responder solicitudes: cada respuesta se guarda y sale en la misma transacción que los hechos que causó."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Any, NamedTuple
from uuid import UUID

import structlog

from contratos.acuse import TramoDeBuzon
from eventos.base import HechoDeRuta
from eventos.sobre import Anotado
from infra.almacen.devueltas import contar_devuelta
from infra.almacen.esquema import solicitudes
from infra.almacen.tanda import Tanda
from infra.mensajeria import previas, repuestas
from infra.mensajeria.acuses import AcuseFirmado, Notaria
from infra.mensajeria.bandeja import Recibida
from infra.mensajeria.examen import Examinada, SolicitudInvalida
from infra.mensajeria.previas import Clave, Previa
from infra.seguridad.llavero import Llavero
from infra.seguridad.sello import sellar

registro = structlog.get_logger(__name__)


class _Conservada(NamedTuple):
    """Una respuesta por guardar. ``cuerpo``: lo firmado, si causó hechos; ``ruta``: con qué clave ha de sellarse."""

    examinada: Examinada
    recibida: Recibida
    acuse: AcuseFirmado
    cuerpo: bytes
    ruta: UUID | None


class Dada(NamedTuple):
    """Una respuesta dada, para contarla cuando la tanda confirme. ``institucion``: None si no se supo quién pedía."""

    resultado: str
    institucion: str | None
    recibido: datetime


@dataclass
class Respuestas:
    """Las respuestas de una tanda. Se acumulan y `volcar` las escribe juntas."""

    tanda: Tanda
    notaria: Notaria
    llavero: Llavero
    _previas: dict[Clave, Previa] = field(default_factory=dict)
    _nuevas: list[_Conservada] = field(default_factory=list)
    dadas: list[Dada] = field(default_factory=list)

    def buscar_previas(self, claves: Collection[Clave]) -> None:
        """Lee de una vez lo ya respondido a unas solicitudes."""
        if claves:
            self._previas.update(previas.buscar(self.tanda.conexion, claves))

    def repetida_tal_cual(self, recibida: Recibida, examinada: Examinada) -> bool:
        """Los mismos bytes con la misma firma que ya se comprobó: se contesta lo mismo, sin volver a mirar la firma.

        Quien no recibió su acuse y lo repite puede haber cambiado de clave, estar suspendida o traer la firma caducada:
        lo que se le dijo entonces sigue siendo lo que pasó.
        """
        previa = self._previas.get(examinada.clave)
        if previa is None or (previa.huella, previa.firma) != (examinada.huella, recibida.firma):
            return False
        institucion = examinada.solicitud.institucion
        if recibida.usuario not in {None, institucion}:
            return False
        self._mandar(recibida, institucion, previa.acuse, "repetida")
        return True

    def consta(self, examinada: Examinada) -> bool:
        """Si ya se respondió algo con su id."""
        return examinada.clave in self._previas

    def ya_respondida(self, recibida: Recibida, examinada: Examinada) -> bool:
        """Idempotencia: la repetida recibe los mismos bytes que la primera; el mismo id con otro cuerpo, un error."""
        previa = self._previas.get(examinada.clave)
        if previa is None:
            return False
        acuse, resultado = previa.acuse, "repetida"
        if previa.huella != examinada.huella:
            acuse, resultado = self._negativa(examinada, SolicitudInvalida("id-reutilizado")), "rechazada"
        self._mandar(recibida, examinada.solicitud.institucion, acuse, resultado)
        return True

    def ya_constaba(self, recibida: Recibida, examinada: Examinada) -> bool:
        """Lo que pide ya lo cuenta un hecho recuperado tras restaurar la base: recibe el acuse de entonces.

        El acuse se perdió con la base, pero todo lo que decía está en los hechos: sale con los mismos bytes y firma.
        Si entretanto otro cuerpo ocupó su id, se le dice igual lo que pasó, y no se guarda: el sitio es del otro.
        """
        previa = self._previas.get(examinada.clave)
        if previa is not None and previa.huella == examinada.huella:
            return False
        if (de_entonces := self._de_entonces(examinada)) is None:
            return False
        conservada = self._conservada(recibida, examinada, *de_entonces)
        if previa is None:
            self._responder(conservada)
        else:
            self._mandar(recibida, examinada.solicitud.institucion, conservada.acuse, "repetida")
        return True

    def recordada(self, recibida: Recibida, examinada: Examinada) -> bool:
        """Ídem, aunque ya no se pueda comprobar su firma: cambió de clave, está suspendida o la firma caducó.

        Son los bytes que causaron esos hechos, y el acuse solo va a quien los firmó entonces. No se guardan: con esta
        firma no constan.
        """
        institucion = examinada.solicitud.institucion
        if recibida.usuario not in {None, institucion} or (de_entonces := self._de_entonces(examinada)) is None:
            return False
        self._mandar(recibida, institucion, self._conservada(recibida, examinada, *de_entonces).acuse, "repetida")
        return True

    def _de_entonces(self, examinada: Examinada) -> tuple[list[Anotado], int, datetime] | None:
        causados = repuestas.causados_por(self.tanda, examinada.huella)
        if not causados:
            return None
        posicion, ultimo = causados[-1]
        return [a for _, a in causados], posicion, ultimo.registrado

    def aceptar(self, recibida: Recibida, examinada: Examinada, anotados: Sequence[Anotado]) -> None:
        """Recibo de lo que se hizo. Lo firmado se conserva: su huella va en los hechos que causó."""
        self._responder(self._conservada(recibida, examinada, anotados, self.tanda.posicion(), self.tanda.ahora))

    def _conservada(
        self, recibida: Recibida, examinada: Examinada, anotados: Sequence[Anotado], posicion: int, cuando: datetime
    ) -> _Conservada:
        institucion, identificador = examinada.clave
        contestado = self.tanda.contestado(examinada.huella)
        acuse = self.notaria.aceptada(
            examinada.huella, institucion, identificador, anotados, posicion, cuando,
            contestado if isinstance(contestado, TramoDeBuzon) else None,
        )  # fmt: skip
        rutas = [a.agregado for a in anotados if isinstance(a.hecho, HechoDeRuta)]
        ruta = rutas[0] if rutas and examinada.solicitud.sellado else None
        return _Conservada(examinada, recibida, acuse, recibida.cuerpo if anotados else b"", ruta)

    def negar(self, recibida: Recibida, examinada: Examinada, invalida: SolicitudInvalida) -> None:
        """Rechaza lo que una institución firmó. No se conserva lo que pedía: puede traer en claro lo que no debía."""
        self._responder(_Conservada(examinada, recibida, self._negativa(examinada, invalida), b"", None))

    def devolver(self, recibida: Recibida, invalida: SolicitudInvalida, inscrita: str | None = None) -> None:
        """Rechaza lo que no se pudo atribuir: no ocupa el id de la institución que dice ser.

        Se responde a quien publicó según el bus; si no, donde pidió la respuesta; si no, a la institución ``inscrita``
        en cuyo nombre venía.
        """
        huella = sha256(recibida.cuerpo).hexdigest()
        quien = recibida.usuario or (None if recibida.responder_a else inscrita)
        acuse = self.notaria.rechazada(
            huella, quien or "", "", invalida.codigo, invalida.campo, invalida.que_hacer, self.tanda.ahora
        )
        contar_devuelta(self.tanda.conexion, self.tanda.ahora, invalida.codigo)
        registro.warning("solicitud-devuelta", servicio=self.notaria.servicio, codigo=invalida.codigo)
        self._mandar(recibida, quien, acuse, "devuelta")

    def volcar(self) -> None:
        """Deja lo respondido entre las altas de la tanda. Errores: `ClaveDestruida`."""
        nuevas, self._nuevas = self._nuevas, []
        if not nuevas:
            return
        rutas = {n.ruta for n in nuevas if n.ruta is not None}
        claves = self.llavero.obtener_o_crear(rutas) if rutas else {}
        self.tanda.altas.anadir(solicitudes, [self._fila(n, claves) for n in nuevas])

    def _fila(self, nueva: _Conservada, claves: dict[UUID, bytes]) -> dict[str, Any]:
        institucion, identificador = nueva.examinada.clave
        cuerpo = nueva.cuerpo
        if nueva.ruta is not None:
            # Su JWE se abre con la clave del servicio: sin este sello seguiría legible tras destruir la de la persona.
            cuerpo = sellar(claves[nueva.ruta], cuerpo, nueva.examinada.huella.encode(), self.tanda.azar)
        return {
            "institucion": institucion, "id": identificador, "huella": nueva.examinada.huella, "ruta": nueva.ruta,
            "cuerpo": cuerpo, "firma": nueva.recibida.firma, "resultado": nueva.acuse.resultado.value,
            "acuse": nueva.acuse.cuerpo, "firma_acuse": nueva.acuse.firma, "atendida": self.tanda.ahora,
        }  # fmt: skip

    def _responder(self, nueva: _Conservada) -> None:
        self._nuevas.append(nueva)
        self._previas[nueva.examinada.clave] = Previa(nueva.examinada.huella, nueva.recibida.firma, nueva.acuse)
        self._mandar(nueva.recibida, nueva.examinada.solicitud.institucion, nueva.acuse, nueva.acuse.resultado.value)

    def _negativa(self, examinada: Examinada, invalida: SolicitudInvalida) -> AcuseFirmado:
        institucion, identificador = examinada.clave
        return self.notaria.rechazada(
            examinada.huella, institucion, identificador, invalida.codigo, invalida.campo, invalida.que_hacer,
            self.tanda.ahora,
        )  # fmt: skip

    def _mandar(self, recibida: Recibida, institucion: str | None, acuse: AcuseFirmado, resultado: str) -> None:
        # A quien solo dice ser alguien no se le apunta nada: el nombre lo escribió cualquiera.
        de_quien = recibida.usuario if resultado == "devuelta" else institucion
        self.dadas.append(Dada(resultado, de_quien, recibida.recibido))
        if institucion:
            intercambio, clave = "acuses", institucion
        elif recibida.responder_a:
            intercambio, clave = "", recibida.responder_a
        else:
            return
        self.tanda.enviar(intercambio=intercambio, clave=clave, tipo="acuse", cuerpo=acuse.cuerpo, firma=acuse.firma)
