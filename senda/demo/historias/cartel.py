"""El cartel: qué historias se cuentan, cuántas veces cada una y cuándo entra cada persona."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from uuid import UUID

from eventos.listas import ServicioPedido
from infra.azar import Azar
from senda.demo.guion import Guion
from senda.demo.historias import adultas, desvios, ninez, personas
from senda.demo.historias.caso import Caso, Persona, Trato
from senda.demo.sorteo import barajar

#: Días en que llegan personas; las últimas aún tienen meses por delante.
ENTRADAS = 35
#: Días simulados en total: ocho meses.
DURACION = 180


@dataclass(frozen=True, slots=True, kw_only=True)
class Puesta:
    """Dónde se representa: desde cuándo, a qué ritmo y con qué azar. Véase `Caso` para ``ritmo`` e ``insiste``.

    ``casos``: los que el reparto irá conociendo. ``cuando``: a qué hora se despacha lo que llega en un instante.
    """

    inicio: datetime
    azar: Azar
    casos: dict[UUID, Caso]
    ritmo: float = 1.0
    insiste: timedelta | None = None
    cuando: Callable[[datetime], datetime] = lambda llegada: llegada


@dataclass(frozen=True, slots=True)
class Historia:
    """Una historia y cuántas de cada cien personas la viven. ``tratos``: cómo se porta quien recibe cada encargo."""

    guion: Callable[[Caso], Guion]
    persona: Callable[[Azar], Persona]
    peso: int
    tratos: Mapping[ServicioPedido, Trato] = field(default_factory=dict)
    descarta: bool = False

    @property
    def nombre(self) -> str:
        """Módulo y función: ``ninez.nacional``."""
        return f"{self.guion.__module__.rpartition('.')[2]}.{self.guion.__name__}"


HISTORIAS = (
    Historia(adultas.nacional, personas.adulta_nacional, 20),
    Historia(adultas.extranjera_que_regresa, personas.adulta_extranjera, 11),
    Historia(adultas.extranjera_que_se_queda, personas.adulta_extranjera, 9),
    Historia(ninez.nacional, personas.nna_nacional, 16),
    Historia(ninez.extranjera, personas.nna_extranjera, 8),
    Historia(desvios.presuncion_descartada, personas.adulta_nacional, 10, descarta=True),
    Historia(desvios.consentimiento_revocado, personas.adulta_nacional, 6),
    Historia(adultas.derivacion_rechazada, personas.adulta_nacional, 5, {ServicioPedido.PSICOSOCIAL: Trato.RECHAZA}),
    Historia(
        desvios.institucion_silenciosa, personas.adulta_nacional, 6, {ServicioPedido.ASISTENCIA_LEGAL: Trato.CALLA}
    ),
    Historia(adultas.absolucion, personas.adulta_nacional, 4, {ServicioPedido.SALUD: Trato.TARDA}),
    Historia(desvios.ruta_reabierta, personas.adulta_nacional, 3),
    Historia(desvios.vuelta_al_peligro, personas.adulta_nacional, 2),
)


def repartir(cuantas: int) -> list[Historia]:
    """Una de cada historia y el resto en proporción a su peso. ``cuantas``: al menos tantas como historias."""
    quedan, total = cuantas - len(HISTORIAS), sum(h.peso for h in HISTORIAS)
    veces = [1 + quedan * h.peso // total for h in HISTORIAS]
    por_resto = sorted(range(len(HISTORIAS)), key=lambda i: -(quedan * HISTORIAS[i].peso % total))
    for i in por_resto[: cuantas - sum(veces)]:
        veces[i] += 1
    return [h for h, n in zip(HISTORIAS, veces, strict=True) for _ in range(n)]


def programa(cuantas: int, puesta: Puesta) -> Iterator[tuple[datetime, Guion]]:
    """Cuándo entra cada persona y qué historia vive, por orden de llegada."""
    historias = repartir(cuantas)
    barajar(puesta.azar, historias)
    ventana = timedelta(days=ENTRADAS) * puesta.ritmo
    llegadas = sorted(puesta.inicio + ventana * puesta.azar.fraccion() for _ in historias)
    for numero, (llegada, historia) in enumerate(zip(llegadas, historias, strict=True)):
        suyo = puesta.azar.hijo(f"caso-{numero}")
        caso = Caso(
            persona=historia.persona(suyo),
            azar=suyo,
            casos=puesta.casos,
            ritmo=puesta.ritmo,
            insiste=puesta.insiste,
            tratos=historia.tratos,
            descarta=historia.descarta,
        )
        yield puesta.cuando(llegada), historia.guion(caso)


__all__ = ["DURACION", "ENTRADAS", "HISTORIAS", "Historia", "Puesta", "programa", "repartir"]
