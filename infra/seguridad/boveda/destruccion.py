"""Destruir la clave de una persona: dos personas, una espera, y nunca con un mandato en pie (regla 7).

Al ejecutarla se borran su ficha, su clave y sus envolturas, se destruyen sus otras claves (``al_destruir``: la del
llavero, su huella del registro único) y rota la clave que envuelve, que es lo que deja mudas a las copias antiguas.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy import Row

from contratos.base import Mandato
from eventos.seguridad import ClaveDestruida, MotivoDestruccion
from infra.almacen.motor import leyendo
from infra.azar import Azar
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.boveda import Boveda
from infra.seguridad.boveda.caja import Caja
from infra.seguridad.boveda.libro import contar
from infra.seguridad.boveda.puertos import Quien
from infra.seguridad.boveda.tablas import destrucciones

#: Desde la confirmación hasta que se puede ejecutar, y cuánto vale después (o sin confirmar). Valores por defecto del
#: proyecto, sin fuente legal: tiempo para que quien la acompaña note una petición forzada.
ESPERA: Final = timedelta(days=7)
VIGENCIA: Final = timedelta(days=30)
_FACULTADAS: Final = frozenset({Mandato.RECTORIA, Mandato.SUPERVISION})


class Estado(StrEnum):
    """En qué está una petición de destruir."""

    PEDIDA = "pedida"
    CONFIRMADA = "confirmada"
    DESISTIDA = "desistida"
    EJECUTANDO = "ejecutando"
    EJECUTADA = "ejecutada"


@dataclass(frozen=True)
class Peticion:
    """Una petición de destruir. Instantes en UTC; ``ejecutable``: desde cuándo, si ya se confirmó."""

    id: UUID
    ruta: UUID
    motivo: MotivoDestruccion
    estado: Estado
    pedida: datetime
    pide: Quien
    confirma: Quien | None
    ejecutable: datetime | None
    caduca: datetime

    def en_curso(self, ahora: datetime) -> bool:
        """Si aún puede confirmarse o ejecutarse."""
        return self.estado in {Estado.PEDIDA, Estado.CONFIRMADA} and ahora < self.caduca


@dataclass(frozen=True)
class Destruccion:
    """El acto entero sobre una bóveda. ``al_destruir``: qué más se destruye de esa ruta; ha de poder repetirse."""

    boveda: Boveda
    azar: Azar
    al_destruir: Sequence[Callable[[UUID], None]] = ()

    def pedir(self, quien: Quien, ruta: UUID, motivo: MotivoDestruccion) -> UUID:
        """Una persona lo pide; vale `VIGENCIA` sin confirmar.

        Errores: `QuienNoPuedeDestruir`, `MandatoEnPie`, `DestruccionYaPedida`, `IdentidadDestruida`.
        """
        with self.boveda.acto(quien, ruta, "pedir-destruccion", motivo.value) as caja:
            self._exigir_facultad(caja, quien, ruta)
            persona = caja.persona(ruta)
            if persona is not None and persona.destruida is not None:
                raise no.IdentidadDestruida
            self._exigir_sin_mandato(ruta, caja.ahora)
            if any(p.en_curso(caja.ahora) for p in _de_ruta(caja, ruta)):
                raise no.DestruccionYaPedida
            id_peticion = self.azar.uuid4()
            caja.conexion.execute(
                sa.insert(destrucciones).values(
                    id=id_peticion, ruta=ruta, motivo=motivo.value, estado=Estado.PEDIDA.value, pedida=caja.ahora,
                    pide=_texto(quien), caduca=caja.ahora + VIGENCIA,
                )
            )  # fmt: skip
        return id_peticion

    def confirmar(self, quien: Quien, id_peticion: UUID) -> datetime:
        """Otra persona lo confirma; devuelve desde cuándo (UTC) se podrá ejecutar.

        Ha de ser de otra institución, salvo que la suya sea rectora o supervise: la firma prueba la institución, y el
        agente es lo que ella dice.
        Errores: `DestruccionDesconocida`, `MismaPersona`, `QuienNoPuedeDestruir`, `MandatoEnPie`.
        """
        ruta = self._ruta(id_peticion)
        with self.boveda.acto(quien, ruta, "confirmar-destruccion", str(id_peticion)) as caja:
            peticion = _una(caja, id_peticion)
            if peticion.estado is not Estado.PEDIDA or not peticion.en_curso(caja.ahora):
                raise no.DestruccionDesconocida
            ajena = peticion.pide.institucion != quien.institucion
            if peticion.pide.agente == quien.agente or not (ajena or self._manda(quien)):
                raise no.MismaPersona
            self._exigir_facultad(caja, quien, ruta)
            self._exigir_sin_mandato(ruta, caja.ahora)
            ejecutable = caja.ahora + ESPERA
            _mover(
                caja,
                id_peticion,
                Estado.CONFIRMADA,
                confirma=_texto(quien),
                ejecutable=ejecutable,
                caduca=ejecutable + VIGENCIA,
            )
        return ejecutable

    def desistir(self, quien: Quien, id_peticion: UUID) -> None:
        """Quien la pidió, quien la confirmó o la rectora la paran.

        Errores: `DestruccionDesconocida`, `QuienNoPuedeDestruir`.
        """
        ruta = self._ruta(id_peticion)
        with self.boveda.acto(quien, ruta, "desistir-destruccion", str(id_peticion)) as caja:
            peticion = _una(caja, id_peticion)
            if not peticion.en_curso(caja.ahora):
                raise no.DestruccionDesconocida
            rige = Mandato.RECTORIA in self.boveda.mandatos(quien.institucion)
            if quien not in {peticion.pide, peticion.confirma} and not rige:
                raise no.QuienNoPuedeDestruir
            _mover(caja, id_peticion, Estado.DESISTIDA)

    def ejecutar(self, quien: Quien, id_peticion: UUID) -> None:
        """Destruye, pasada la espera. Si se corta a medias, `reanudar` (o repetirlo) lo termina.

        Errores: `DestruccionDesconocida`, `SinConfirmar`, `AntesDeTiempo`, `MandatoEnPie`, `QuienNoPuedeDestruir`.
        """
        ruta = self._ruta(id_peticion)
        with self.boveda.acto(quien, ruta, "ejecutar-destruccion", str(id_peticion)) as caja:
            peticion = _una(caja, id_peticion)
            self._exigir_facultad(caja, quien, ruta)
            if peticion.estado is not Estado.EJECUTANDO:
                if not peticion.en_curso(caja.ahora):
                    raise no.DestruccionDesconocida
                if peticion.ejecutable is None:
                    raise no.SinConfirmar
                if caja.ahora < peticion.ejecutable:
                    raise no.AntesDeTiempo
                self._exigir_sin_mandato(ruta, caja.ahora)
                caja.vaciar(ruta)
                _mover(caja, id_peticion, Estado.EJECUTANDO)
        self._terminar(quien, peticion)

    def reanudar(self, quien: Quien) -> int:
        """Termina las que se cortaron a medias; devuelve cuántas."""
        cortadas = [p for p in self.peticiones() if p.estado is Estado.EJECUTANDO]
        for peticion in cortadas:
            self._terminar(quien, peticion)
        return len(cortadas)

    def peticiones(self) -> list[Peticion]:
        """Todas, de la más antigua a la última."""
        with leyendo(self.boveda.motor) as conexion:
            return [_peticion(f) for f in conexion.execute(sa.select(destrucciones).order_by(destrucciones.c.pedida))]

    def _terminar(self, quien: Quien, peticion: Peticion) -> None:
        for destruir in self.al_destruir:
            destruir(peticion.ruta)
        self.boveda.rotar()
        if peticion.confirma is None:
            raise no.SinConfirmar
        with self.boveda.acto(quien, peticion.ruta, "clave-destruida", str(peticion.id)) as caja:
            if _una(caja, peticion.id).estado is Estado.EJECUTADA:
                return
            _mover(caja, peticion.id, Estado.EJECUTADA)
            autorizan = (peticion.pide.agente, peticion.confirma.agente)
            hecho = ClaveDestruida(
                ruta=peticion.ruta, motivo=peticion.motivo, pedida=peticion.pedida, autorizan=autorizan
            )
            contar(caja, hecho, quien)

    def _ruta(self, id_peticion: UUID) -> UUID:
        with leyendo(self.boveda.motor) as conexion:
            ruta = conexion.scalar(sa.select(destrucciones.c.ruta).where(destrucciones.c.id == id_peticion))
        if not isinstance(ruta, UUID):
            raise no.DestruccionDesconocida
        return ruta

    def _exigir_facultad(self, caja: Caja, quien: Quien, ruta: UUID) -> None:
        if not self._manda(quien) and not self.boveda.vivos(caja, ruta, quien.institucion):
            raise no.QuienNoPuedeDestruir

    def _manda(self, quien: Quien) -> bool:
        return bool(_FACULTADAS & set(self.boveda.mandatos(quien.institucion)))

    def _exigir_sin_mandato(self, ruta: UUID, ahora: datetime) -> None:
        if self.boveda.fuentes.mandatos_en_pie(ruta, ahora):
            raise no.MandatoEnPie


def _de_ruta(caja: Caja, ruta: UUID) -> list[Peticion]:
    return [_peticion(f) for f in caja.conexion.execute(sa.select(destrucciones).where(destrucciones.c.ruta == ruta))]


def _una(caja: Caja, id_peticion: UUID) -> Peticion:
    return _peticion(caja.conexion.execute(sa.select(destrucciones).where(destrucciones.c.id == id_peticion)).one())


def _mover(caja: Caja, id_peticion: UUID, estado: Estado, **cambios: object) -> None:
    cual = destrucciones.c.id == id_peticion
    caja.conexion.execute(sa.update(destrucciones).where(cual).values(estado=estado.value, **cambios))


def _peticion(fila: Row[Any]) -> Peticion:
    return Peticion(
        id=fila.id, ruta=fila.ruta, motivo=MotivoDestruccion(fila.motivo), estado=Estado(fila.estado),
        pedida=fila.pedida, pide=_quien(fila.pide), confirma=_quien(fila.confirma) if fila.confirma else None,
        ejecutable=fila.ejecutable, caduca=fila.caduca,
    )  # fmt: skip


def _texto(quien: Quien) -> str:
    return f"{quien.institucion} {quien.agente}"


def _quien(texto: str) -> Quien:
    institucion, agente = texto.split(" ")
    return Quien(institucion, agente)


__all__ = ["ESPERA", "VIGENCIA", "Destruccion", "Estado", "Peticion"]
