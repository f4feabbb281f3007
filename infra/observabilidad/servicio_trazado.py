"""Un servicio que deja en las trazas lo que decide, lo que cuenta y lo que hace con lo ajeno, ya confirmado."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from sqlalchemy import Connection

from contratos.base import Peticion
from eventos.rechazo import Rechazo
from eventos.sobre import Anotado
from infra.almacen.tanda import Tanda
from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.puertos import Contradiccion, Dejar, HechoCrudo, Latido, Medida, Remitente, Servicio
from infra.mensajeria.topologia import Nombres
from infra.observabilidad.puntos_de_traza import Punto, en_el_registro
from infra.observabilidad.transporte_trazado import de_hecho
from infra.observabilidad.trazas import Atributos, Trazas, ahora

registro = structlog.get_logger(__name__)

_PROCESAR: Final = {"messaging.system": "rabbitmq", "messaging.operation.type": "process"}


@dataclass
class _DeUnaTanda:
    """Lo hecho en una transacción, que solo se anota si confirma."""

    trazas: Trazas
    hechos: list[Anotado] = field(default_factory=list)
    pendientes: list[tuple[str, Punto, Punto, int, Atributos]] = field(default_factory=list)
    volcado: int = 0

    def __call__(self) -> None:
        for nombre, punto, padre, desde, atributos in self.pendientes:
            self.trazas.anotar(nombre, "CONSUMER", punto, padre, desde, atributos)
        if len(self.pendientes) > 1:
            nombre, _, _, desde, atributos = self.pendientes[0]
            partes = [punto for _, punto, *_ in self.pendientes]
            del_bus = {clave: valor for clave, valor in atributos.items() if clave.startswith("messaging.")}
            self.trazas.anotar_lote(nombre, "CONSUMER", partes, desde, del_bus)
        puntos, servicio = self.trazas.puntos, self.trazas.servicio
        for anotado in self.hechos:
            punto = puntos.hecho(anotado.correlacion, str(anotado.id))
            if self.trazas.se_anota(punto.traza):
                self.trazas.anotar(
                    f"create {anotado.hecho.tipo}", "PRODUCER", punto, puntos.causa(anotado, servicio), self.volcado,
                    {
                        "messaging.system": "rabbitmq", "messaging.operation.type": "create",
                        "senda.origen": anotado.origen, "senda.tipo": anotado.hecho.tipo,
                    },
                )  # fmt: skip

    def apuntar(self, anotados: Sequence[Anotado], _tanda: Tanda) -> None:
        """Los hechos propios, ya escritos y aún sin confirmar."""
        self.volcado = ahora()
        self.hechos += anotados


@dataclass(frozen=True)
class ServicioTrazado:
    """Véase `Servicio`."""

    dentro: Servicio
    trazas: Trazas
    nombres: Nombres

    @property
    def nombre(self) -> str:
        return self.dentro.nombre

    @property
    def sigue(self) -> Sequence[str]:
        return self.dentro.sigue

    @property
    def interpreta(self) -> bool:
        return self.dentro.interpreta

    def clave_de(self, tanda: Tanda, institucion: str) -> str:
        return self.dentro.clave_de(tanda, institucion)

    def medidas(self, conexion: Connection, ahora: datetime) -> Sequence[Medida]:
        return self.dentro.medidas(conexion, ahora)

    def atender(self, tanda: Tanda, peticion: Peticion, remitente: Remitente) -> Sequence[Anotado]:
        puntos = self.trazas.puntos
        cola = self.nombres.solicitudes_de(self.nombre)
        atributos = {**_PROCESAR, "messaging.destination.name": cola, "senda.tipo": peticion.tipo}
        punto, padre = puntos.atencion(remitente.huella), puntos.solicitud(remitente.huella)
        with self._anotando(tanda, f"process {cola}", punto, padre, atributos):
            return self.dentro.atender(tanda, peticion, remitente)

    def conocer(self, tanda: Tanda, anotado: Anotado) -> None:
        puntos, cola, hecho = self.trazas.puntos, self.nombres.entrada_de(self.nombre), str(anotado.id)
        atributos = {
            **_PROCESAR, "messaging.destination.name": cola, "senda.origen": anotado.origen,
            "senda.tipo": anotado.hecho.tipo,
        }  # fmt: skip
        punto, padre = puntos.efecto(anotado.correlacion, hecho, self.nombre), puntos.hecho(anotado.correlacion, hecho)
        with self._anotando(tanda, f"process {cola}", punto, padre, atributos):
            self.dentro.conocer(tanda, anotado)

    def guardar_crudo(self, tanda: Tanda, crudos: Sequence[HechoCrudo]) -> None:
        desde = ahora()
        self.dentro.guardar_crudo(tanda, crudos)
        if self.interpreta:
            return  # no guarda nada: los crudos son de quien lleva el libro
        suya, cola = self._de_la_tanda(tanda), self.nombres.entrada_de(self.nombre)
        for crudo in crudos:
            leido = de_hecho(self.trazas.puntos, crudo.cuerpo, crudo.origen)
            if leido is not None and self.trazas.se_anota(leido[1].origen.traza):
                sobre, pista = leido
                punto = self.trazas.puntos.efecto(sobre.correlacionid, sobre.id, self.nombre)
                atributos = {**_PROCESAR, "messaging.destination.name": cola, **pista.atributos}
                suya.pendientes.append(("anotar en el libro", punto, pista.origen, desde, atributos))

    def guardar_cabecera(self, conexion: Connection, latido: Latido) -> Contradiccion | None:
        return self.dentro.guardar_cabecera(conexion, latido)

    def divergencia(self, tanda: Tanda, crudo: HechoCrudo, conocida: bytes) -> None:
        self._de_la_tanda(tanda)
        self.dentro.divergencia(tanda, crudo, conocida)

    def vencer(self, tanda: Tanda, maximo: int, dejar: Dejar = lambda _: None, /) -> int:
        self._de_la_tanda(tanda)
        return self.dentro.vencer(tanda, maximo, dejar)

    def proximo_vencimiento(self, tanda: Tanda) -> datetime | None:
        return self.dentro.proximo_vencimiento(tanda)

    def _de_la_tanda(self, tanda: Tanda) -> _DeUnaTanda:
        """Lo que se va anotando en ella; la primera vez pide que le cuenten los hechos y la confirmación."""
        for suya in tanda.tras_confirmar:
            if isinstance(suya, _DeUnaTanda):
                return suya
        nueva = _DeUnaTanda(self.trazas)
        tanda.tras_confirmar.append(nueva)
        tanda.al_volcar(nueva.apuntar)
        return nueva

    @contextmanager
    def _anotando(self, tanda: Tanda, nombre: str, punto: Punto, padre: Punto, atributos: Atributos) -> Iterator[None]:
        """Lo de dentro es un span, desde ahora hasta que la tanda confirme; lo que falla se anota ya, sin confirmar."""
        suya, desde = self._de_la_tanda(tanda), ahora()
        if not self.trazas.se_anota(punto.traza):
            yield
            return
        with en_el_registro(punto):
            try:
                yield
            except Rechazo as rechazo:
                # Otro punto: puede volverse a intentar, y de una negativa no cuelga ningún hecho.
                con_codigo = {**atributos, "senda.codigo": rechazo.codigo}
                suya.pendientes.append((nombre, self.trazas.otro(punto.traza), padre, desde, con_codigo))
                raise
            except Exception as error:
                clase = type(error).__name__
                registro.error("fallo-en-traza", clase=clase, lugar=lugar(error))
                self.trazas.anotar(
                    nombre, "CONSUMER", self.trazas.otro(punto.traza), padre, desde, atributos, error=clase
                )
                raise
        suya.pendientes.append((nombre, punto, padre, desde, atributos))


__all__ = ["ServicioTrazado"]
