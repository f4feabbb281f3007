"""Hechos de atención que las pruebas repiten, sobre la misma persona."""

from __future__ import annotations

from datetime import date
from functools import partial
from uuid import UUID

from msgspec import UNSET, UnsetType

from eventos.atencion import (
    Alcance,
    AlojamientoAsignado,
    ClaseAlojamiento,
    ConsentimientoOtorgado,
    ConsentimientoRevocado,
    MetaCumplida,
    MetaDelPlan,
    PlanAcordado,
    PlanConcluido,
    ResultadoPlan,
    ServicioPrestado,
)
from eventos.listas import Derecho, QuienConsiente, ResultadoAtencion, ServicioPedido
from eventos.plazas import Plaza
from eventos.tipos import SiNo
from servicios.atencion.dominio.ruta import Atencion
from tests.unidad.historia import INICIO, RUTA
from tests.unidad.historia import historia as plegar

historia = partial(plegar, Atencion)

HOY = INICIO.date()
CONSENTIMIENTO, OTRO_CONSENTIMIENTO, ESTANCIA, PLAN, META, OTRA_META = (
    UUID(int=n << 64 | 0x8000_0000_0000_0000) for n in range(1, 7)
)
ALBERGUE = "GT-REFUGIO-1"
EXAMINA = "GT-MSPAS"


def otorgado(
    *alcances: Alcance,
    id_: UUID = CONSENTIMIENTO,
    por: QuienConsiente = QuienConsiente.PERSONA,
    oida: bool = True,
    idioma: str = "spa",
    destinatarias: tuple[str, ...] = (),
    vence: date | None = None,
) -> ConsentimientoOtorgado:
    return ConsentimientoOtorgado(
        ruta=RUTA, consentimiento=id_, alcances=alcances, por=por, persona_oida=oida, idioma=idioma,
        destinatarias=destinatarias, vence=vence,
    )  # fmt: skip


def revocado(id_: UUID = CONSENTIMIENTO, por: QuienConsiente = QuienConsiente.PERSONA) -> ConsentimientoRevocado:
    return ConsentimientoRevocado(ruta=RUTA, consentimiento=id_, por=por, presion=SiNo.NO_CONSTA)


def prestado(
    servicio: ServicioPedido,
    resultado: ResultadoAtencion = ResultadoAtencion.COMPLETA,
    meta: UUID | None = None,
) -> ServicioPrestado:
    return ServicioPrestado(ruta=RUTA, servicio=servicio, resultado=resultado, meta=meta)


def estancia(
    *,
    urgente: bool = False,
    clase: ClaseAlojamiento = ClaseAlojamiento.ALBERGUE_GENERAL,
    plaza: Plaza | UnsetType = UNSET,
):
    return AlojamientoAsignado(
        ruta=RUTA, alojamiento=ESTANCIA, albergue=ALBERGUE, clase=clase, urgente=urgente, plaza=plaza
    )


def acordado(*metas: UUID, por: QuienConsiente = QuienConsiente.PERSONA, oida: bool = True, plan: UUID = PLAN):
    return PlanAcordado(
        ruta=RUTA,
        plan=plan,
        metas=tuple(meta_del_plan(meta) for meta in metas or (META,)),
        por=por,
        persona_oida=oida,
        revisar_el=date(2026, 4, 5),
    )


def meta_del_plan(meta: UUID, vence: date | None = None) -> MetaDelPlan:
    return MetaDelPlan(meta=meta, derecho=Derecho.EDUCACION, servicio=ServicioPedido.EDUCACION, vence=vence)


def cumplida(*evidencias: UUID, meta: UUID = META, plan: UUID = PLAN) -> MetaCumplida:
    return MetaCumplida(ruta=RUTA, plan=plan, meta=meta, evidencias=evidencias)


def concluido(resultado: ResultadoPlan = ResultadoPlan.CUMPLIDO_EN_PARTE) -> PlanConcluido:
    return PlanConcluido(ruta=RUTA, plan=PLAN, resultado=resultado)


CONSIENTE = otorgado(Alcance.ATENCION)
EDUCACION = prestado(ServicioPedido.EDUCACION)
