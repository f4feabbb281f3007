"""El plan de reintegración: metas acordadas con la persona, que se cumplen con evidencias (S003 OE3)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from eventos.atencion import MetaCumplida, MetaDelPlan, PlanAcordado, PlanConcluido, PlanRevisado, ResultadoPlan
from eventos.listas import Derecho, ServicioPedido
from eventos.rechazo import Rechazo
from servicios.atencion.dominio.consentimiento import exigir_consentimiento, exigir_futura, exigir_quien_decide
from servicios.atencion.dominio.ruta import Atencion


class PlanVigente(Rechazo):
    """Ya hay un plan en marcha."""

    codigo = "plan-vigente"
    campo = "datos.ruta"
    que_hacer = "Revisa el plan que tiene, o conclúyelo antes de acordar otro."


class PlanDesconocido(Rechazo):
    """No es el plan en marcha de esta ruta."""

    codigo = "plan-desconocido"
    campo = "datos.plan"
    que_hacer = "Toma el id del plan en marcha, del acuse con que se acordó; si ya concluyó, acuerda otro."


class MetaDesconocida(Rechazo):
    """No es una meta del plan en marcha."""

    codigo = "meta-desconocida"
    campo = "datos.meta"
    que_hacer = "Usa el id de una meta que siga en el plan en marcha; a las nuevas no les pongas id."


class MetaCambiada(Rechazo):
    """Se conserva una meta, pero ya no dice lo mismo."""

    codigo = "meta-cambiada"
    campo = "datos.metas"
    que_hacer = "Una meta que se conserva mantiene su derecho y su servicio; si cambió, quítala y propón otra sin id."


class MetaYaCumplida(Rechazo):
    """Ya se dio por lograda."""

    codigo = "meta-ya-cumplida"
    campo = "datos.meta"
    que_hacer = "No hace falta repetirlo; si fue un error, rectifica el hecho que la dio por cumplida."


class SinEvidencia(Rechazo):
    """Lo que se da por prueba no lo es."""

    codigo = "evidencia-invalida"
    campo = "datos.evidencias"
    que_hacer = (
        "Da al menos un evento en pie de esta ruta en que la persona recibió algo (servicio prestado, atención, "
        "estancia o reintegración); si el servicio lo dio otro, regístralo antes con prestar-servicio."
    )


class EvidenciaAjena(Rechazo):
    """Lo que recibió no es lo que la meta pide."""

    codigo = "evidencia-ajena"
    campo = "datos.evidencias"
    que_hacer = "Da al menos un evento del servicio de la meta, o un servicio que se prestó para ella."


class PlanSinCumplir(Rechazo):
    """Quedan metas."""

    codigo = "plan-sin-cumplir"
    campo = "datos.resultado"
    que_hacer = "Quedan metas sin cumplir: conclúyelo como cumplido-en-parte, o cumple o retira las que faltan."


class Propuesta(Protocol):
    """Una meta tal como se pide: con id si se conserva, sin él si es nueva."""

    @property
    def meta(self) -> UUID | None: ...
    @property
    def derecho(self) -> Derecho: ...
    @property
    def servicio(self) -> ServicioPedido: ...
    @property
    def vence(self) -> date | None: ...


class Plan(Struct, frozen=True, kw_only=True):
    """Un plan: sus metas vigentes, las ya logradas y si terminó."""

    id: UUID
    metas: tuple[MetaDelPlan, ...]
    cumplidas: frozenset[UUID] = frozenset()
    concluido: bool = False

    @property
    def pendientes(self) -> frozenset[UUID]:
        """Metas que faltan."""
        return frozenset(meta.meta for meta in self.metas) - self.cumplidas

    def meta(self, meta: UUID) -> MetaDelPlan | None:
        """Una de sus metas vigentes, o None."""
        return next((m for m in self.metas if m.meta == meta), None)

    def tiene(self, meta: UUID) -> bool:
        """Si es una de sus metas vigentes."""
        return self.meta(meta) is not None


def plan_de(atencion: Atencion) -> Plan | None:
    """El último plan acordado, al día; None si no hay."""
    plan: Plan | None = None
    for anotado in atencion.hechos:
        match anotado.hecho:
            case PlanAcordado() as hecho:
                plan = Plan(id=hecho.plan, metas=hecho.metas)
            case PlanRevisado() as hecho if plan and hecho.plan == plan.id:
                plan = replace(plan, metas=hecho.metas)
            case MetaCumplida() as hecho if plan and hecho.plan == plan.id:
                plan = replace(plan, cumplidas=plan.cumplidas | {hecho.meta})
            case PlanConcluido() as hecho if plan and hecho.plan == plan.id:
                plan = replace(plan, concluido=True)
            case _:
                pass
    return plan


def en_marcha(atencion: Atencion) -> Plan | None:
    """El plan que la persona sigue ahora, si lo hay."""
    plan = plan_de(atencion)
    return plan if plan and not plan.concluido else None


def metas_con_id(
    propuestas: Sequence[Propuesta], plan: Plan | None, nuevo_id: Callable[[], UUID]
) -> tuple[MetaDelPlan, ...]:
    """Pone id a las metas nuevas; las que lo traen son de ``plan``, una vez cada una y con el mismo propósito.

    Errores: `MetaDesconocida`, `MetaCambiada` (una meta ya cumplida no puede pasar a ser otra).
    """
    conservadas = [propuesta.meta for propuesta in propuestas if propuesta.meta is not None]
    if len(set(conservadas)) != len(conservadas):
        raise MetaDesconocida
    for propuesta in propuestas:
        if propuesta.meta is None:
            continue
        actual = plan.meta(propuesta.meta) if plan else None
        if actual is None:
            raise MetaDesconocida
        if (actual.derecho, actual.servicio) != (propuesta.derecho, propuesta.servicio):
            raise MetaCambiada
    return tuple(
        MetaDelPlan(meta=p.meta or nuevo_id(), derecho=p.derecho, servicio=p.servicio, vence=p.vence)
        for p in propuestas
    )


def acordar(
    atencion: Atencion, acordado: PlanAcordado, *, nna: bool, institucion: str, instante: datetime
) -> PlanAcordado:
    """Acuerda un plan con la persona. Exige consentimiento vigente; si es NNA, su representación y oírla (regla 2).

    Errores: `PlanVigente`, `FechaPasada`, `SinConsentimiento` y los de `exigir_quien_decide`.
    """
    if en_marcha(atencion) is not None:
        raise PlanVigente
    exigir_quien_decide(acordado.por, persona_oida=acordado.persona_oida, nna=nna)
    _exigir_fechas(acordado.metas, acordado.revisar_el, instante)
    exigir_consentimiento(atencion, ServicioPedido.REINTEGRACION, institucion=institucion, instante=instante)
    return acordado


def revisar(atencion: Atencion, revisado: PlanRevisado, *, institucion: str, instante: datetime) -> PlanRevisado:
    """Cambia las metas del plan. La fecha de una meta que se conserva pudo pasar ya; una que se pone, no.

    Errores: `PlanDesconocido`, `FechaPasada`, `SinConsentimiento`.
    """
    plan = _exigir_plan(atencion, revisado.plan)
    puestas = tuple(meta for meta in revisado.metas if meta not in plan.metas)
    _exigir_fechas(puestas, revisado.revisar_el, instante)
    exigir_consentimiento(atencion, ServicioPedido.REINTEGRACION, institucion=institucion, instante=instante)
    return revisado


def concluir(atencion: Atencion, concluido: PlanConcluido) -> PlanConcluido:
    """Da el plan por terminado; cumplido, solo si no queda meta. Errores: `PlanDesconocido`, `PlanSinCumplir`."""
    plan = _exigir_plan(atencion, concluido.plan)
    if concluido.resultado is ResultadoPlan.CUMPLIDO and plan.pendientes:
        raise PlanSinCumplir
    return concluido


def cumplir_meta(atencion: Atencion, cumplida: MetaCumplida) -> MetaCumplida:
    """Da una meta por lograda, con lo que lo prueba (regla 9): algo recibido, y algo de ello para esa meta.

    Errores: `PlanDesconocido`, `MetaDesconocida`, `MetaYaCumplida`, `SinEvidencia`, `EvidenciaAjena`.
    """
    plan = _exigir_plan(atencion, cumplida.plan)
    meta = plan.meta(cumplida.meta)
    if meta is None:
        raise MetaDesconocida
    if cumplida.meta in plan.cumplidas:
        raise MetaYaCumplida
    if not cumplida.evidencias or not all(atencion.prueba_algo(evidencia) for evidencia in cumplida.evidencias):
        raise SinEvidencia
    if not any(atencion.sirve_a(evidencia, meta) for evidencia in cumplida.evidencias):
        raise EvidenciaAjena
    return cumplida


def exigir_meta(atencion: Atencion, meta: UUID) -> None:
    """Que una meta sea del plan en marcha. Error: `MetaDesconocida`."""
    plan = en_marcha(atencion)
    if plan is None or not plan.tiene(meta):
        raise MetaDesconocida


def _exigir_plan(atencion: Atencion, id_plan: UUID) -> Plan:
    plan = en_marcha(atencion)
    if plan is None or plan.id != id_plan:
        raise PlanDesconocido
    return plan


def _exigir_fechas(metas: tuple[MetaDelPlan, ...], revisar_el: date, instante: datetime) -> None:
    for fecha in (revisar_el, *(meta.vence for meta in metas)):
        exigir_futura(fecha, instante.date())
