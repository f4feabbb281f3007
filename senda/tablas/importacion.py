"""Importar una tabla: dos pasadas por el archivo. La primera lo comprueba entero; la segunda envía, por lotes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple
from uuid import UUID

from contratos.acuse import Acuse, Resultado
from contratos.base import Peticion
from contratos.clasificacion import Condicion
from contratos.solicitudes.deteccion import DetectarPresuntaVictima, IdentificarVictima
from contratos.tablas import Formato, Leida, leer, rechazos
from senda.cliente import Compuesta, Credencial
from senda.tablas.archivo import filas
from senda.tablas.huellas import Huellas
from senda.tablas.informe import Informe
from senda.tablas.peticiones import Circunstancias, detectar, identificar
from senda.ventanilla.claves import ClavesDeServicio
from senda.ventanilla.lote import Sesion

#: Filas que se envían a la vez.
LOTE: Final = 200


@dataclass(frozen=True)
class Tabla:
    """Un archivo y lo que se dice de él. ``columna_id``: la del id ajeno de cada fila, si la hay."""

    archivo: Path
    formato: Formato
    circunstancias: Circunstancias
    columna_id: str | None = None


@dataclass(frozen=True)
class Remitente:
    """Quién importa. ``ocurrido``: a qué fecha es la tabla; ``ahora``: cuándo se firma (UTC)."""

    credencial: Credencial
    agente: str
    ocurrido: datetime
    ahora: datetime
    claves: ClavesDeServicio


class _Por(NamedTuple):
    """Una fila por enviar."""

    numero: int
    leida: Leida
    huella: bytes


def comprobar(tabla: Tabla, credencial: Credencial) -> Informe:
    """Lee el archivo entero sin enviar nada. Errores: `ArchivoEntero`."""
    informe = Informe(tabla.formato.formato, tabla.formato.version, ensayo=True)
    for por in _leer(tabla, credencial, informe):
        informe.se_enviarian[DetectarPresuntaVictima.tipo] += 1
        if tabla.circunstancias.identifica(por.leida):
            informe.se_enviarian[IdentificarVictima.tipo] += 1
    return informe


def importar(tabla: Tabla, remitente: Remitente, sesion: Sesion, avisar: Callable[[int], None]) -> Informe:
    """Envía lo que la tabla cuenta. ``avisar``: filas leídas hasta ahora. Errores: `ArchivoEntero`, `NoSalio`."""
    informe = Informe(tabla.formato.formato, tabla.formato.version, ensayo=False)
    with Huellas.de(remitente.credencial, tabla.formato.formato) as huellas:
        envio = _Envio(tabla, remitente, sesion, informe, huellas)
        por_enviar = _con_huellas(tabla, huellas, informe)
        while lote := list(islice(por_enviar, LOTE)):
            envio.enviar(lote)
            avisar(informe.leidas)
    return informe


@dataclass(frozen=True)
class _Envio:
    tabla: Tabla
    remitente: Remitente
    sesion: Sesion
    informe: Informe
    huellas: Huellas

    def enviar(self, lote: Sequence[_Por]) -> None:
        """Detecta y, a quienes toca, identifica."""
        circunstancias = self.tabla.circunstancias
        detectadas = self._tramitar([(por, detectar(por.leida, circunstancias)) for por in lote])
        pendientes: list[tuple[_Por, Peticion]] = []
        for por, acuse in detectadas:
            self.informe.aceptadas += 1
            self.informe.ya_estaban += acuse.instante < self.remitente.ahora
            if circunstancias.identifica(por.leida):
                pendientes.append((por, identificar(por.leida, circunstancias, UUID(acuse.eventos[0].sujeto))))
        self.informe.identificadas += len(self._tramitar(pendientes))

    def _tramitar(self, peticiones: Sequence[tuple[_Por, Peticion]]) -> list[tuple[_Por, Acuse]]:
        """Las aceptadas; las demás quedan en el informe."""
        compuestas = [(por, self._componer(por, peticion)) for por, peticion in peticiones]
        acuses = self.sesion.tramitar([c for _, c in compuestas])
        aceptadas = []
        for por, compuesta in compuestas:
            acuse = acuses.get(compuesta.id)
            if acuse is None:
                self.informe.rechazar(por.numero, rechazos.SinAcuse(fila=por.numero))
            elif acuse.resultado is Resultado.ACEPTADA:
                aceptadas.append((por, acuse))
            else:
                self.informe.rechazada(por.numero, acuse.codigo, acuse.campo, acuse.que_hacer)
        return aceptadas

    def _componer(self, por: _Por, peticion: Peticion) -> Compuesta:
        quien = self.remitente
        recepcion = quien.claves.recepcion.get(peticion.servicio, "")
        return self.huellas.componer(
            por.huella, peticion, quien.credencial, quien.agente, quien.ocurrido, recepcion, quien.ahora
        )


def _leer(tabla: Tabla, credencial: Credencial, informe: Informe) -> Iterator[_Por]:
    with Huellas.de(credencial, tabla.formato.formato) as huellas:
        yield from _con_huellas(tabla, huellas, informe)


def _con_huellas(tabla: Tabla, huellas: Huellas, informe: Informe) -> Iterator[_Por]:
    """Las filas que se pueden enviar; las otras quedan en el informe."""
    for fila in filas(tabla.archivo, tabla.formato, tabla.columna_id):
        informe.leidas += 1
        try:
            if fila.rechazo:
                raise fila.rechazo
            leida = leer(tabla.formato, fila.celdas, tabla.circunstancias.pais_explotacion)
            if leida.ficha.condicion is Condicion.DESCARTADA:
                (columna,) = (c.nombre for c in tabla.formato.llevadas if c.lleva == "condicion")
                raise rechazos.NoEsVictima(columna)
            huella = huellas.de_id(fila.id_externo) if tabla.columna_id else huellas.de_fila(fila.celdas)
            if huella is None:
                raise rechazos.IdExternoRepetido(tabla.columna_id or "")
        except rechazos.DeUnaFila as rechazo:
            informe.rechazar(fila.numero, rechazo)
            continue
        informe.perder(leida.perdidas)
        yield _Por(fila.numero, leida, huella)


__all__ = ["LOTE", "Remitente", "Tabla", "comprobar", "importar"]
