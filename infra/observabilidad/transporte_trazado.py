"""Un transporte que deja en las trazas lo que por él sale y entra, y pone ``traceparent`` a lo que publica.

El contexto va en cabeceras, nunca en los bytes firmados. Los avisos de buzón no llevan: con la misma traza en dos
buzones, dos instituciones sabrían que lo suyo viene de lo mismo. Los latidos tampoco: no son de ninguna.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from typing import Final, NamedTuple

import msgspec
from msgspec import Struct

from contratos.acuse import Resultado
from contratos.base import PETICIONES
from eventos.base import CATALOGO
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Entrega, Mensaje
from infra.mensajeria.transportes.envuelto import TransporteEnvuelto
from infra.observabilidad.puntos_de_traza import CABECERA, Punto, Puntos, de_cabecera
from infra.observabilidad.trazas import Atributos, Trazas, ahora

_ACUSE: Final = "acuse"


class _Sobre(Struct):
    """Lo que hace falta de un hecho."""

    id: str
    type: str
    correlacionid: str


class _Acuse(Struct):
    """Lo que hace falta de un acuse."""

    huella: str
    resultado: Resultado
    codigo: str = ""


class _Peticion(Struct):
    """Lo que hace falta de una solicitud, que aún nadie ha creído."""

    tipo: str = ""


_leer_sobre = msgspec.json.Decoder(_Sobre)
_leer_acuse = msgspec.json.Decoder(_Acuse)
_leer_peticion = msgspec.json.Decoder(_Peticion)


class Pista(NamedTuple):
    """Dónde nació un mensaje y qué se puede decir de él."""

    origen: Punto
    atributos: Atributos


def de_hecho(puntos: Puntos, cuerpo: bytes, origen: str) -> tuple[_Sobre, Pista] | None:
    """Lo de un hecho, o None si no se deja leer. De un tipo que no está en el catálogo no se repite el nombre."""
    try:
        sobre = _leer_sobre.decode(cuerpo)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    conocido = {"senda.tipo": sobre.type} if sobre.type in CATALOGO else {}
    return sobre, Pista(puntos.hecho(sobre.correlacionid, sobre.id), {"senda.origen": origen, **conocido})


def de_solicitud(puntos: Puntos, cuerpo: bytes) -> Pista:
    """Lo de una solicitud, sea de quien sea."""
    try:
        tipo = _leer_peticion.decode(cuerpo).tipo
    except (msgspec.MsgspecError, ValueError, RecursionError):
        tipo = ""
    origen = puntos.solicitud(sha256(cuerpo).hexdigest())
    return Pista(origen, {"senda.tipo": tipo} if tipo in PETICIONES else {})


def _de_acuse(puntos: Puntos, cuerpo: bytes) -> Pista | None:
    try:
        acuse = _leer_acuse.decode(cuerpo)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        return None
    codigo = {"senda.codigo": acuse.codigo} if acuse.codigo else {}
    return Pista(puntos.solicitud(acuse.huella), {"senda.resultado": acuse.resultado.value, **codigo})


@dataclass
class TransporteTrazado(TransporteEnvuelto):
    """Véase `Transporte`. Un solo dueño, como el de ``dentro``: lo recibido se confirma antes de recibir más."""

    trazas: Trazas
    nombres: Nombres
    _cola: str = ""
    _desde: int = 0

    def publicar(self, mensajes: Sequence[Mensaje]) -> list[bool]:
        pistas = [self._de_publicado(m) for m in mensajes]
        if not any(pistas):
            return self.dentro.publicar(mensajes)
        desde = ahora()
        partes = [p.origen for p in pistas if p is not None]
        intercambio = next(_intercambio(m) for m, p in zip(mensajes, pistas, strict=True) if p is not None)
        del_bus = _bus("send", "publish", intercambio)
        try:
            llegaron = self.dentro.publicar([_con_contexto(m, p) for m, p in zip(mensajes, pistas, strict=True)])
        except Exception as error:
            # Un span por intento y no por mensaje: con el bus caído se reintenta el mismo lote una y otra vez.
            clase = type(error).__name__
            self.trazas.anotar_lote(f"publish {intercambio}", "CLIENT", partes, desde, del_bus, clase)
            raise
        for mensaje, pista, llego in zip(mensajes, pistas, llegaron, strict=True):
            if pista is not None:
                suyo = _intercambio(mensaje)
                atributos = {**_bus("send", "publish", suyo), **pista.atributos}
                punto, fallo = self.trazas.otro(pista.origen.traza), "" if llego else "sin-confirmar"
                self.trazas.anotar(f"publish {suyo}", "CLIENT", punto, pista.origen, desde, atributos, error=fallo)
        if len(partes) > 1:
            self.trazas.anotar_lote(f"publish {intercambio}", "CLIENT", partes, desde, del_bus)
        return llegaron

    def recibir(self, cola: str, maximo: int, espera: float = 0.0) -> list[Entrega]:
        entregas = self.dentro.recibir(cola, maximo, espera)
        self._cola, self._desde = cola, ahora()
        return entregas

    def confirmar(self, entregas: Sequence[Entrega]) -> None:
        self.dentro.confirmar(entregas)
        destino = self._destino()
        del_bus = _bus("receive", "consume", destino)
        partes = [origen for e in entregas if (origen := self._recibida(e, f"receive {destino}", del_bus)) is not None]
        if len(partes) > 1:
            self.trazas.anotar_lote(f"receive {destino}", "CLIENT", partes, self._desde, del_bus)

    def _recibida(self, entrega: Entrega, nombre: str, del_bus: Atributos) -> Punto | None:
        """Anota que llegó y está guardada. Devuelve dónde nació, si se anota."""
        pista = self._de_recibido(entrega.mensaje)
        if pista is None:
            return None
        ajeno = de_cabecera(entrega.mensaje.cabeceras.get(CABECERA))
        punto = self.trazas.otro(pista.origen.traza)
        padre: Punto | None = pista.origen
        enlaces: tuple[Punto, ...] = ()
        if self._es_de_solicitudes() and (ajeno is None or ajeno.traza != pista.origen.traza):
            # Viene derecha de una institución: aquí empieza la traza. La suya es un enlace y no el padre: quien llama
            # no elige en qué traza va lo de una persona, ni si se anota.
            padre, enlaces = self.trazas.estrenar(pista.origen), () if ajeno is None else (ajeno,)
            punto = pista.origen if padre is None else punto
        self.trazas.anotar(nombre, "CLIENT", punto, padre, self._desde, {**del_bus, **pista.atributos}, enlaces=enlaces)
        return pista.origen

    def _de_publicado(self, mensaje: Mensaje) -> Pista | None:
        if mensaje.intercambio == self.nombres.solicitudes:
            return self._si_se_anota(de_solicitud(self.trazas.puntos, mensaje.cuerpo))
        if mensaje.intercambio in {self.nombres.eventos, self.nombres.reenvios}:
            return self._de_hecho(mensaje)
        # Sin intercambio va el de quien no es nadie: donde pidió que se le respondiera.
        es_acuse = mensaje.intercambio in {self.nombres.acuses, ""} and mensaje.tipo == _ACUSE
        return self._si_se_anota(_de_acuse(self.trazas.puntos, mensaje.cuerpo)) if es_acuse else None

    def _de_recibido(self, mensaje: Mensaje) -> Pista | None:
        if self._es_de_solicitudes():
            return self._si_se_anota(de_solicitud(self.trazas.puntos, mensaje.cuerpo))
        if self._cola.startswith(self.nombres.entrada_de("")):
            return self._de_hecho(mensaje)
        es_acuse = self._cola.startswith(self.nombres.acuses_de(""))
        return self._si_se_anota(_de_acuse(self.trazas.puntos, mensaje.cuerpo)) if es_acuse else None

    def _de_hecho(self, mensaje: Mensaje) -> Pista | None:
        if "anterior" not in mensaje.cabeceras:
            return None  # un latido
        leido = de_hecho(self.trazas.puntos, mensaje.cuerpo, str(mensaje.cabeceras.get("origen", "")))
        return None if leido is None else self._si_se_anota(leido[1])

    def _si_se_anota(self, pista: Pista | None) -> Pista | None:
        return pista if pista is not None and self.trazas.se_anota(pista.origen.traza) else None

    def _es_de_solicitudes(self) -> bool:
        return self._cola.startswith(self.nombres.solicitudes_de(""))

    def _destino(self) -> str:
        """La cola; de una institución, la plantilla de su nombre."""
        for suyas in (self.nombres.acuses_de, self.nombres.buzon_de):
            if self._cola.startswith(suyas("")):
                return suyas("{institucion}")
        return self._cola


def _bus(tipo: str, operacion: str, destino: str) -> Atributos:
    """Los atributos de mensajería de OpenTelemetry. Sin clave de encaminamiento: la de un acuse es una institución."""
    que = "messaging.destination.template" if "{" in destino else "messaging.destination.name"
    return {
        "messaging.system": "rabbitmq",
        "messaging.operation.type": tipo,
        "messaging.operation.name": operacion,
        que: destino,
    }


def _intercambio(mensaje: Mensaje) -> str:
    """El de un mensaje, con el nombre que las convenciones dan al que no lo tiene."""
    return mensaje.intercambio or "amq.default"


def _con_contexto(mensaje: Mensaje, pista: Pista | None) -> Mensaje:
    if pista is None:
        return mensaje
    return replace(mensaje, cabeceras={**mensaje.cabeceras, CABECERA: pista.origen.cabecera()})


__all__ = ["Pista", "TransporteTrazado", "de_hecho", "de_solicitud"]
