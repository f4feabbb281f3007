"""Los hechos del banco: sobres de los seis orígenes, intercalados y encadenados de verdad. Misma semilla, mismos bytes.

Se generan por lotes: el millón nunca está en memoria. Lo sellado son bytes al azar del largo que tendría el cifrado.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from eventos.atencion import ServicioPrestado
from eventos.auditoria import DivergenciaHallada
from eventos.base import Hecho
from eventos.coordinacion import RutaAbierta
from eventos.deteccion import Aplicador, EvaluacionAplicada, ResultadoEvaluacion
from eventos.justicia import MedidaProteccionOtorgada
from eventos.listas import Derecho, Medida, ResultadoAtencion, ServicioPedido
from eventos.repatriacion import Iniciativa, RepatriacionSolicitada, Sentido
from eventos.sobre import Anotado, codificar
from eventos.tipos import NivelRiesgo, SiNo
from infra.azar import AzarSembrado
from infra.mensajeria.puertos import HechoCrudo
from infra.seguridad.cadena import CERO, encadenar

INICIO: Final = datetime(2026, 1, 5, 15, 0, tzinfo=UTC)
SISTEMA: Final = "GT-SISTEMA"
INSTITUCIONES: Final = ("GT-PGN", "GT-SVET", "GT-MP", "GT-MIREX", "GT-PNC", "GT-IDPP")
#: Hechos de cada ruta, más o menos.
_POR_RUTA: Final = 20
#: Bytes que un cifrado autenticado añade a lo que cifra.
_DE_MAS: Final = 28
#: Para que un sobre mida como los de verdad, 1,2 KB de media.
_RELATO: Final = "Se la escuchó con intérprete, en un lugar reservado, y se acordó con ella cada paso siguiente. " * 6


class Escribania(Protocol):
    """Quien firma lo que causa cada hecho."""

    def pedir(self, institucion: str, agente: str, origen: str, ruta: UUID, instante: datetime) -> str:
        """La huella de la solicitud firmada que lo causa."""

    def acusar(self, anotado: Anotado, posicion: int) -> None:
        """El acuse de esa solicitud."""


class Generador:
    """Hechos sin fin, siempre los mismos con la misma semilla. ``escribania``: sin ella, las huellas son azar."""

    def __init__(self, semilla: int, cuantos: int, escribania: Escribania | None = None) -> None:
        """``cuantos``: hechos que se piensan pedir; solo decide entre cuántas rutas se reparten."""
        self._azar = AzarSembrado(semilla)
        self._escribania = escribania
        self._rutas = [self._azar.uuid4() for _ in range(max(cuantos // _POR_RUTA, 1))]
        self._cabezas = {f"/gt/{contexto}": (0, CERO) for contexto in _HECHOS}
        self._origenes = list(self._cabezas)
        self._van = 0

    @property
    def cabezas(self) -> dict[str, tuple[int, bytes]]:
        """Por origen, su última posición y hoja."""
        return dict(self._cabezas)

    def lotes(self, cuantos: int, lote: int) -> Iterator[list[HechoCrudo]]:
        """Los ``cuantos`` siguientes, de ``lote`` en ``lote``."""
        for desde in range(0, cuantos, lote):
            yield [self._uno() for _ in range(min(lote, cuantos - desde))]

    def _uno(self) -> HechoCrudo:
        vuelta, turno = divmod(self._van, len(self._origenes))
        origen = self._origenes[turno]
        posicion, anterior = self._cabezas[origen]
        anotado = self._anotado(origen, vuelta)
        cuerpo = codificar(anotado, self._cifrar)
        eslabon = encadenar(origen, posicion + 1, anterior, [cuerpo])[0]
        if self._escribania is not None and anotado.solicitud:
            self._escribania.acusar(anotado, eslabon.posicion)
        self._cabezas[origen] = eslabon.posicion, eslabon.hoja
        self._van += 1
        return HechoCrudo(origen, eslabon.posicion, anterior, eslabon.hoja, cuerpo)

    def _anotado(self, origen: str, vuelta: int) -> Anotado:
        ronda, cual = divmod(vuelta, len(self._rutas))
        hecho = _HECHOS[origen.rpartition("/")[2]](self._rutas[cual], self._azar)
        instante = INICIO + timedelta(seconds=self._van)
        del_sistema = isinstance(hecho, RutaAbierta | DivergenciaHallada)
        institucion = SISTEMA if del_sistema else INSTITUCIONES[vuelta % len(INSTITUCIONES)]
        agente = f"ag-{self._azar.bytes(8).hex()}"
        return Anotado(
            id=self._azar.uuid7(instante), origen=origen, hecho=hecho, institucion=institucion, agente=agente,
            ocurrido=instante, registrado=instante + timedelta(milliseconds=120), causa=str(self._azar.uuid7(instante)),
            correlacion=str(self._rutas[cual]), agregado=hecho.agregado, version=ronda + 1,
            solicitud="" if del_sistema else self._huella(institucion, agente, origen, hecho.agregado, instante),
        )  # fmt: skip

    def _huella(self, institucion: str, agente: str, origen: str, ruta: UUID, instante: datetime) -> str:
        if self._escribania is None:
            return self._azar.bytes(32).hex()
        return self._escribania.pedir(institucion, agente, origen, ruta, instante)

    def _cifrar(self, claro: bytes, _dato: bytes) -> bytes:
        return self._azar.bytes(len(claro) + _DE_MAS)


def _evaluacion(ruta: UUID, azar: AzarSembrado) -> Hecho:
    return EvaluacionAplicada(
        ruta=ruta, instrumento="guia-eri", version_instrumento="1.0", perfil_aplicador=Aplicador.POLICIA,
        positivos=azar.bytes(1)[0] % 12, resultado=ResultadoEvaluacion.INDICIOS,
        indicadores=("documentos-retenidos", "deuda-impagable", "vigilancia-constante"), detalle=_RELATO[:200],
    )  # fmt: skip


def _servicio(ruta: UUID, azar: AzarSembrado) -> Hecho:
    return ServicioPrestado(
        ruta=ruta, servicio=ServicioPedido.SEGURIDAD, resultado=ResultadoAtencion.COMPLETA, derivacion=azar.uuid4(),
        meta=azar.uuid4(), detalle=_RELATO[:240],
    )  # fmt: skip


def _medida(ruta: UUID, azar: AzarSembrado) -> Hecho:
    return MedidaProteccionOtorgada(
        ruta=ruta, medida=azar.uuid4(), clase=Medida.PROHIBICION_ACERCARSE, vence=(INICIO + timedelta(days=180)).date(),
        detalle=_RELATO[:260],
    )  # fmt: skip


def _repatriacion(ruta: UUID, _azar: AzarSembrado) -> Hecho:
    return RepatriacionSolicitada(
        ruta=ruta, sentido=Sentido.HACIA_SU_PAIS, iniciativa=Iniciativa.PERSONA, pais_destino="HND",
        detalle=_RELATO[:300],
    )  # fmt: skip


def _apertura(ruta: UUID, azar: AzarSembrado) -> Hecho:
    return RutaAbierta(
        ruta=ruta, nna=azar.bytes(1)[0] % 3 == 0, edad_supuesta=False, extranjera=SiNo.SI, pais="gt", protocolo="gt",
        version_protocolo="1.0", idioma="spa", riesgo=NivelRiesgo.ALTO, derechos=tuple(Derecho),
    )  # fmt: skip


def _divergencia(_ruta: UUID, azar: AzarSembrado) -> Hecho:
    return DivergenciaHallada(
        origen="justicia", posicion=1 + int.from_bytes(azar.bytes(4)), hash_conocido=azar.bytes(32).hex(),
        hash_hallado=azar.bytes(32).hex(),
    )  # fmt: skip


_HECHOS: Final[dict[str, Callable[[UUID, AzarSembrado], Hecho]]] = {
    "deteccion": _evaluacion,
    "atencion": _servicio,
    "justicia": _medida,
    "repatriacion": _repatriacion,
    "coordinacion": _apertura,
    "auditoria": _divergencia,
}

__all__ = ["INICIO", "INSTITUCIONES", "SISTEMA", "Escribania", "Generador"]
