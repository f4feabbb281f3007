"""Poner al día las lecturas de coordinación con hechos propios y ajenos."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa

from eventos.base import HechoDeRuta, partir
from eventos.comun import HechoRectificado
from eventos.coordinacion import (
    DerechoEnRestitucion,
    DerechoNoAplicable,
    DerechoRestituido,
    DerechoVulneradoDeNuevo,
    DerivacionAceptada,
    DerivacionAtendida,
    DerivacionEmitida,
    DerivacionEscalada,
    DerivacionReasignada,
    DerivacionRechazada,
    DerivacionRecibida,
    DerivacionRetirada,
    DerivacionVencida,
    Etapa,
    InstitucionInscrita,
    RutaAbierta,
    RutaCerrada,
    RutaReabierta,
)
from eventos.sobre import Anotado
from infra.almacen.insertar import Altas
from servicios.coordinacion import buzon
from servicios.coordinacion.dominio.derechos import Estado as EnDerecho
from servicios.coordinacion.dominio.derivacion import Estado as EnDerivacion
from servicios.coordinacion.lote import Lote
from servicios.coordinacion.tablas import (
    contradicciones,
    derivaciones,
    estado_rutas,
    evidencias,
    plazos,
    senales,
)

_A_DERECHO = {
    DerechoEnRestitucion: EnDerecho.EN_RESTITUCION,
    DerechoRestituido: EnDerecho.RESTITUIDO,
    DerechoVulneradoDeNuevo: EnDerecho.VULNERADO,
    DerechoNoAplicable: EnDerecho.NO_APLICABLE,
}


# Construir una sentencia cuesta más que ejecutarla: las que se repiten se construyen una vez.
_SENALAR = (
    sa.update(senales)
    .where(senales.c.institucion == sa.bindparam("quien"), senales.c.ultima < sa.bindparam("nueva"))
    .values(ultima=sa.bindparam("nueva"))
)
#: Tras estos hay que mirar qué encargos tiene la ruta en ese momento: el lote se escribe antes de seguir.
_MIRAN_LO_ESCRITO = (RutaCerrada, RutaReabierta, HechoRectificado)


def aplicar(altas: Altas, anotados: Sequence[Anotado]) -> None:
    """Pone al día todas las tablas, en orden y por lotes."""
    _evidencias(altas, [a for a in anotados if es_prueba(a)])
    _senales(altas, anotados)
    lote = Lote(altas)
    entregas: list[buzon.Entrega] = []
    contados: list[Anotado] = []
    for anotado in anotados:
        if _cambia_algo(anotado):
            _nace(lote, anotado)
            _derivacion(lote, anotado)
            _derecho(lote, anotado)
            contados.append(anotado)
            if isinstance(anotado.hecho, _MIRAN_LO_ESCRITO):
                lote.escribir()
                _ruta(altas, anotado)
                entregas += buzon.entregas(altas.conexion, contados)
                contados = []
    lote.escribir()
    buzon.repartir(altas, entregas + buzon.entregas(altas.conexion, contados))


def _cambia_algo(anotado: Anotado) -> bool:
    """De lo ajeno, una rectificación toca lo ya escrito y el aviso de una fecha va a los buzones."""
    return anotado.hecho.contexto == "coordinacion" or isinstance(anotado.hecho, (HechoRectificado, *buzon.AJENOS))


def es_prueba(anotado: Anotado) -> bool:
    """Si un hecho puede servir de evidencia: lo contó otro servicio sobre una ruta, y no es una corrección.

    Lo de seguridad (un acceso, una destrucción) habla de la identidad, no de lo que la persona recibió; que una fecha
    pasara, del reloj.
    """
    propio = anotado.hecho.contexto in {"coordinacion", "seguridad"}
    no_prueba = isinstance(anotado.hecho, (HechoRectificado, *buzon.AJENOS))
    return isinstance(anotado.hecho, HechoDeRuta) and not propio and not no_prueba


def _evidencias(altas: Altas, anotados: Sequence[Anotado]) -> None:
    filas = [
        {
            "evento": a.id,
            "ruta": a.agregado,
            "origen": a.origen,
            "tipo": a.hecho.tipo,
            "institucion": a.institucion,
            "ocurrido": a.ocurrido,
            "registrado": a.registrado,
            "campos": msgspec.json.encode(partir(a.hecho)[0]).decode(),
        }
        for a in anotados
    ]
    altas.anadir(evidencias, filas, si_falta=True)


def _senales(altas: Altas, anotados: Sequence[Anotado]) -> None:
    ultimas: dict[str, datetime] = {}
    for anotado in anotados:
        # El sistema actúa por un hecho ajeno o un plazo: no es señal de nadie. Inscribirse sí: desde ahí se cuenta.
        quien = anotado.hecho.codigo if isinstance(anotado.hecho, InstitucionInscrita) else anotado.institucion
        if not quien.endswith("-SISTEMA"):
            ultimas[quien] = max(anotado.registrado, ultimas.get(quien, anotado.registrado))
    if not ultimas:
        return
    filas = [{"institucion": i, "ultima": ultima} for i, ultima in sorted(ultimas.items())]
    altas.anadir(senales, filas, si_falta=True)
    altas.conexion.execute(_SENALAR, [{"quien": f["institucion"], "nueva": f["ultima"]} for f in filas])


def _nace(lote: Lote, anotado: Anotado) -> None:
    """Las filas de una ruta o de un encargo nuevos."""
    match anotado.hecho:
        case RutaAbierta() as hecho:
            lote.altas.agregar(
                estado_rutas,
                ruta=hecho.ruta,
                estado="abierta",
                riesgo=hecho.riesgo.value,
                idioma=hecho.idioma,
                abierta=anotado.registrado,
                reaperturas=0,
            )
            for derecho in hecho.derechos:
                lote.nace_derecho(hecho.ruta, derecho, anotado.registrado)
        case DerivacionEmitida() as hecho:
            lote.altas.agregar(
                derivaciones,
                derivacion=hecho.derivacion,
                ruta=hecho.ruta,
                de=hecho.de,
                a=hecho.a,
                servicio=hecho.servicio.value,
                urgencia=hecho.urgencia.value,
                regla=hecho.regla,
                motivo=hecho.motivo.value,
                plazo_legal=hecho.plazo_legal,
                estado=EnDerivacion.EMITIDA.value,
                emitida=anotado.registrado,
                vence_acuse=hecho.vence_acuse,
                vence_atencion=hecho.vence_atencion,
            )
            for etapa, vence in ((Etapa.ACUSE, hecho.vence_acuse), (Etapa.ATENCION, hecho.vence_atencion)):
                if vence is not None:
                    datos = {"derivacion": hecho.derivacion, "ruta": hecho.ruta, "vence": vence}
                    lote.altas.agregar(plazos, etapa=etapa.value, **datos)
        case _:
            pass


def _ruta(altas: Altas, anotado: Anotado) -> None:
    match anotado.hecho:
        case RutaCerrada() as hecho:
            _mover_ruta(
                altas,
                hecho.ruta,
                estado="cerrada",
                cerrada=anotado.registrado,
                motivo_cierre=hecho.motivo.value,
            )
        case RutaReabierta() as hecho:
            reaperturas = estado_rutas.c.reaperturas + 1
            _mover_ruta(altas, hecho.ruta, estado="abierta", cerrada=None, motivo_cierre=None, reaperturas=reaperturas)
        case HechoRectificado() as hecho:
            _rectificado(altas, anotado, hecho)
        case _:
            pass


def _mover_ruta(altas: Altas, ruta: UUID, **valores: Any) -> None:
    altas.conexion.execute(sa.update(estado_rutas).where(estado_rutas.c.ruta == ruta).values(**valores))


def _derivacion(lote: Lote, anotado: Anotado) -> None:
    cuando = anotado.registrado
    match anotado.hecho:
        case DerivacionRecibida() as hecho:
            lote.mover(hecho.derivacion, EnDerivacion.RECIBIDA, recibida=cuando)
            lote.parar(hecho.derivacion, Etapa.ACUSE)
        case DerivacionAceptada() as hecho:
            lote.mover(hecho.derivacion, EnDerivacion.ACEPTADA, aceptada=cuando)
        case DerivacionRechazada() as hecho:
            lote.mover(hecho.derivacion, EnDerivacion.RECHAZADA, rechazada=cuando)
            lote.parar(hecho.derivacion)
        case DerivacionReasignada() as hecho:
            lote.mover(hecho.derivacion, EnDerivacion.REASIGNADA, reasignada=cuando, sustituida_por=hecho.nueva)
            lote.parar(hecho.derivacion)
        case DerivacionRetirada() as hecho:
            lote.mover(hecho.derivacion, EnDerivacion.RETIRADA, retirada=cuando)
            lote.parar(hecho.derivacion)
        case DerivacionAtendida() as hecho:
            resultado = hecho.resultado.value
            lote.mover(
                hecho.derivacion, EnDerivacion.ATENDIDA, atendida=cuando, atendida_por=anotado.id, resultado=resultado
            )
            lote.parar(hecho.derivacion)
        case DerivacionVencida() as hecho:
            lote.mover(hecho.derivacion, **{f"vencida_{hecho.etapa.value}": cuando})
            lote.parar(hecho.derivacion, hecho.etapa)
        case DerivacionEscalada() as hecho:
            lote.mover(hecho.derivacion, escalada_a=hecho.a)
        case _:
            pass


def _rectificado(altas: Altas, anotado: Anotado, hecho: HechoRectificado) -> None:
    """Lo que un hecho rectificado probaba deja de estar probado: si dio por atendido un encargo, vuelve a correr."""
    altas.agregar(contradicciones, evento=hecho.corrige, ruta=hecho.ruta, origen=anotado.origen, por=anotado.id)
    reabierta = altas.conexion.execute(
        sa.select(derivaciones).where(derivaciones.c.atendida_por == hecho.corrige)
    ).first()
    if reabierta is None:
        return
    lote = Lote(altas)
    lote.mover(reabierta.derivacion, EnDerivacion.ACEPTADA, atendida=None, atendida_por=None, resultado=None)
    if reabierta.vence_atencion is not None and reabierta.vencida_atencion is None:
        lote.altas.agregar(
            plazos, derivacion=reabierta.derivacion, etapa=Etapa.ATENCION.value, ruta=reabierta.ruta,
            vence=reabierta.vence_atencion,
        )  # fmt: skip
    lote.escribir()


def _derecho(lote: Lote, anotado: Anotado) -> None:
    match anotado.hecho:
        case DerechoEnRestitucion() | DerechoRestituido() | DerechoVulneradoDeNuevo() | DerechoNoAplicable() as hecho:
            lote.derecho(hecho.ruta, hecho.derecho, _A_DERECHO[type(hecho)], anotado.registrado)
        case _:
            pass
