"""Regla 4: en una ruta solo actúa quien participa, cualquiera que sea el orden en que se entra y se sale de ella."""

from __future__ import annotations

import tempfile
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from contratos.base import Mandato
from contratos.solicitudes.atencion import BrindarAtencionInmediata
from eventos.atencion import Prestacion
from eventos.base import Hecho
from eventos.coordinacion import (
    DerivacionAceptada,
    DerivacionReasignada,
    DerivacionRechazada,
    DerivacionRetirada,
    InstitucionInscrita,
    InstitucionSuspendida,
)
from eventos.motivos import MotivoRechazo, MotivoRetiro, MotivoSuspension
from eventos.rechazo import Rechazo
from infra.mensajeria.puertos import Remitente
from servicios.atencion.contexto import CONTEXTO
from tests.unidad.atencion.rutas_abiertas import abierta
from tests.unidad.banco import Banco
from tests.unidad.coordinacion.muestras import deteccion
from tests.unidad.historia import OTRA_RUTA, RUTA

RECTORA, QUIENES = "GT-SVET", ("GT-A", "GT-B", "GT-C")
ENCARGOS = [UUID(int=n << 64 | 0x8000_0000_0000_0000) for n in range(1, 5)]
RUTAS = (RUTA, OTRA_RUTA)


class Participacion(RuleBasedStateMachine):
    """Tres instituciones, dos rutas y cuatro encargos. Quien participa, y por qué vía, se lleva aparte."""

    @initialize(detectan=st.tuples(st.sampled_from(QUIENES), st.sampled_from(QUIENES)))
    def empezar(self, detectan: tuple[str, str]) -> None:
        self.carpeta = tempfile.TemporaryDirectory(prefix="senda-regla4-")
        self.banco = Banco(CONTEXTO, Path(self.carpeta.name))
        self.suspendidas: set[str] = set()
        for codigo in (RECTORA, *QUIENES):
            mandato = Mandato.RECTORIA if codigo == RECTORA else Mandato.ATENCION
            self.banco.conocer(
                InstitucionInscrita(
                    codigo=codigo, pais="gt", mandatos=(mandato.value,), servicios=(), cobertura=("GT",),
                    clave_firma="A" * 43,
                )
            )  # fmt: skip
        self.vias: set[tuple[UUID, str, str]] = set()
        for ruta, quien in zip(RUTAS, detectan, strict=True):
            self.banco.conocer(deteccion(ruta=ruta), institucion=quien)
            self.banco.conocer(abierta(ruta))
            self.vias.add((ruta, quien, "deteccion"))

    @rule(ruta=st.sampled_from(RUTAS), encargo=st.sampled_from(ENCARGOS), quien=st.sampled_from(QUIENES))
    def aceptar(self, ruta: UUID, encargo: UUID, quien: str) -> None:
        self.banco.conocer(DerivacionAceptada(ruta=ruta, derivacion=encargo), institucion=quien)
        self.vias.add((ruta, quien, str(encargo)))

    @rule(
        ruta=st.sampled_from(RUTAS), encargo=st.sampled_from(ENCARGOS), como=st.sampled_from(("no", "otra", "retiro"))
    )
    def dejar(self, ruta: UUID, encargo: UUID, como: str) -> None:
        hecho: Hecho
        match como:
            case "no":
                hecho = DerivacionRechazada(ruta=ruta, derivacion=encargo, motivo=MotivoRechazo.SIN_CUPO)
            case "otra":
                hecho = DerivacionReasignada(ruta=ruta, derivacion=encargo, nueva=UUID(int=9 << 64), a=RECTORA)
            case _:
                hecho = DerivacionRetirada(ruta=ruta, derivacion=encargo, motivo=MotivoRetiro.NECESIDAD_CUBIERTA)
        self.banco.conocer(hecho)
        self.vias = {v for v in self.vias if (v[0], v[2]) != (ruta, str(encargo))}

    @rule(quien=st.sampled_from(QUIENES))
    def suspender(self, quien: str) -> None:
        self.banco.conocer(InstitucionSuspendida(codigo=quien, motivo=MotivoSuspension.DEJA_DE_OPERAR))
        self.suspendidas.add(quien)

    @rule(ruta=st.sampled_from(RUTAS), quien=st.sampled_from((*QUIENES, RECTORA, "GT-NADIE")))
    def actuar(self, ruta: UUID, quien: str) -> None:
        peticion = BrindarAtencionInmediata(ruta=ruta, prestaciones=(Prestacion.ALIMENTACION,))
        remitente = Remitente(
            institucion=quien, agente="ag-0123abcd", ocurrido=self.banco.reloj.ahora(), huella="f" * 64
        )
        try:
            with self.banco.almacen.tanda() as tanda:
                CONTEXTO.atender(tanda, peticion, remitente)
        except Rechazo:
            actuo = False
        else:
            actuo = True
        participa = any((r, q) == (ruta, quien) for r, q, _ in self.vias) and quien not in self.suspendidas
        assert actuo == participa

    def teardown(self) -> None:
        if hasattr(self, "banco"):
            self.banco.cerrar()
            self.carpeta.cleanup()


Participacion.TestCase.settings = settings(
    max_examples=15, stateful_step_count=20, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
TestParticipacion = Participacion.TestCase
