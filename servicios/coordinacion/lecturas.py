"""Poner al día las lecturas de coordinación con hechos propios y ajenos."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection

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
from infra.almacen.insertar import Altas, insertar_si_falta
from servicios.coordinacion import buzon
from servicios.coordinacion.dominio.derechos import Estado as EnDerecho
from servicios.coordinacion.dominio.derivacion import Estado as EnDerivacion
from servicios.coordinacion.tablas import (
    contradicciones,
    derechos,
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


# Construir una sentencia cuesta más que ejecutarla: las que se repiten por cada hecho se construyen una vez.
_MOVER = sa.update(derivaciones).where(derivaciones.c.derivacion == sa.bindparam("cual"))
_PARAR = sa.delete(plazos).where(plazos.c.derivacion == sa.bindparam("cual"))
_PARAR_ETAPA = _PARAR.where(plazos.c.etapa == sa.bindparam("en"))
_QUITAR_DERECHO = sa.delete(derechos).where(
    derechos.c.ruta == sa.bindparam("de"), derechos.c.derecho == sa.bindparam("cual")
)
_PONER_DERECHO = sa.insert(derechos)


def aplicar(conexion: Connection, anotados: Sequence[Anotado]) -> None:
    """Pone al día todas las tablas, en orden. Lo que nace (rutas, encargos) entra por lotes."""
    _evidencias(conexion, [a for a in anotados if es_prueba(a)])
    _senales(conexion, anotados)
    altas = Altas(conexion)
    entregas: list[buzon.Entrega] = []
    for anotado in anotados:
        if not _nace(altas, anotado) and _cambia_algo(anotado):
            altas.escribir()
            _ruta(conexion, anotado)
            _derivacion(conexion, anotado)
            _derecho(conexion, anotado)
        entregas += buzon.entregas(conexion, anotado)
    altas.escribir()
    buzon.repartir(conexion, entregas)


def _cambia_algo(anotado: Anotado) -> bool:
    """De lo ajeno solo una rectificación toca lo que ya está escrito."""
    return anotado.hecho.contexto == "coordinacion" or isinstance(anotado.hecho, HechoRectificado)


def es_prueba(anotado: Anotado) -> bool:
    """Si un hecho puede servir de evidencia: lo contó otro servicio sobre una ruta, y no es una corrección."""
    propio = anotado.hecho.contexto == "coordinacion"
    return isinstance(anotado.hecho, HechoDeRuta) and not propio and not isinstance(anotado.hecho, HechoRectificado)


def _evidencias(conexion: Connection, anotados: Sequence[Anotado]) -> None:
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
    insertar_si_falta(conexion, evidencias, filas)


def _senales(conexion: Connection, anotados: Sequence[Anotado]) -> None:
    ultimas: dict[str, datetime] = {}
    for anotado in anotados:
        # El sistema actúa por un hecho ajeno o un plazo: no es señal de nadie. Inscribirse sí: desde ahí se cuenta.
        quien = anotado.hecho.codigo if isinstance(anotado.hecho, InstitucionInscrita) else anotado.institucion
        if not quien.endswith("-SISTEMA"):
            ultimas[quien] = max(anotado.registrado, ultimas.get(quien, anotado.registrado))
    if not ultimas:
        return
    filas = [{"institucion": i, "ultima": ultima} for i, ultima in sorted(ultimas.items())]
    insertar_si_falta(conexion, senales, filas)
    conexion.execute(
        sa.update(senales)
        .where(senales.c.institucion == sa.bindparam("quien"), senales.c.ultima < sa.bindparam("nueva"))
        .values(ultima=sa.bindparam("nueva")),
        [{"quien": f["institucion"], "nueva": f["ultima"]} for f in filas],
    )


def _nace(altas: Altas, anotado: Anotado) -> bool:
    """Apunta las filas de una ruta o de un encargo nuevos. Dice si el hecho era de esos."""
    match anotado.hecho:
        case RutaAbierta() as hecho:
            altas.agregar(
                estado_rutas,
                ruta=hecho.ruta,
                estado="abierta",
                riesgo=hecho.riesgo.value,
                idioma=hecho.idioma,
                abierta=anotado.registrado,
                reaperturas=0,
            )
            for d in hecho.derechos:
                estado = EnDerecho.PENDIENTE.value
                altas.agregar(derechos, ruta=hecho.ruta, derecho=d.value, estado=estado, desde=anotado.registrado)
        case DerivacionEmitida() as hecho:
            altas.agregar(
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
                    altas.agregar(plazos, derivacion=hecho.derivacion, etapa=etapa.value, ruta=hecho.ruta, vence=vence)
        case _:
            return False
    return True


def _ruta(conexion: Connection, anotado: Anotado) -> None:
    match anotado.hecho:
        case RutaCerrada() as hecho:
            _mover_ruta(
                conexion, hecho.ruta, estado="cerrada", cerrada=anotado.registrado, motivo_cierre=hecho.motivo.value
            )
        case RutaReabierta() as hecho:
            reaperturas = estado_rutas.c.reaperturas + 1
            _mover_ruta(
                conexion, hecho.ruta, estado="abierta", cerrada=None, motivo_cierre=None, reaperturas=reaperturas
            )
        case _:
            pass


def _mover_ruta(conexion: Connection, ruta: UUID, **valores: Any) -> None:
    conexion.execute(sa.update(estado_rutas).where(estado_rutas.c.ruta == ruta).values(**valores))


def _derivacion(conexion: Connection, anotado: Anotado) -> None:
    cuando = anotado.registrado
    match anotado.hecho:
        case DerivacionRecibida() as hecho:
            _mover(conexion, hecho.derivacion, EnDerivacion.RECIBIDA, recibida=cuando)
            _parar(conexion, hecho.derivacion, Etapa.ACUSE)
        case DerivacionAceptada() as hecho:
            _mover(conexion, hecho.derivacion, EnDerivacion.ACEPTADA, aceptada=cuando)
        case DerivacionRechazada() as hecho:
            _mover(conexion, hecho.derivacion, EnDerivacion.RECHAZADA, rechazada=cuando)
            _parar(conexion, hecho.derivacion)
        case DerivacionReasignada() as hecho:
            _mover(conexion, hecho.derivacion, EnDerivacion.REASIGNADA, reasignada=cuando, sustituida_por=hecho.nueva)
            _parar(conexion, hecho.derivacion)
        case DerivacionRetirada() as hecho:
            _mover(conexion, hecho.derivacion, EnDerivacion.RETIRADA, retirada=cuando)
            _parar(conexion, hecho.derivacion)
        case DerivacionAtendida() as hecho:
            _mover(
                conexion, hecho.derivacion, EnDerivacion.ATENDIDA,
                atendida=cuando, atendida_por=anotado.id, resultado=hecho.resultado.value,
            )  # fmt: skip
            _parar(conexion, hecho.derivacion)
        case DerivacionVencida() as hecho:
            _mover(conexion, hecho.derivacion, None, **{f"vencida_{hecho.etapa.value}": cuando})
            _parar(conexion, hecho.derivacion, hecho.etapa)
        case DerivacionEscalada() as hecho:
            _mover(conexion, hecho.derivacion, None, escalada_a=hecho.a)
        case HechoRectificado() as hecho:
            _rectificado(conexion, anotado, hecho)
        case _:
            pass


def _mover(conexion: Connection, derivacion: UUID, estado: EnDerivacion | None, **valores: Any) -> None:
    if estado is not None:
        valores["estado"] = estado.value
    conexion.execute(_MOVER, {"cual": derivacion, **valores})


def _parar(conexion: Connection, derivacion: UUID, etapa: Etapa | None = None) -> None:
    if etapa is None:
        conexion.execute(_PARAR, {"cual": derivacion})
    else:
        conexion.execute(_PARAR_ETAPA, {"cual": derivacion, "en": etapa.value})


def _rectificado(conexion: Connection, anotado: Anotado, hecho: HechoRectificado) -> None:
    fila = {"evento": hecho.corrige, "ruta": hecho.ruta, "origen": anotado.origen, "por": anotado.id}
    insertar_si_falta(conexion, contradicciones, [fila])
    reabierta = conexion.execute(sa.select(derivaciones).where(derivaciones.c.atendida_por == hecho.corrige)).first()
    if reabierta is None:
        return
    _mover(conexion, reabierta.derivacion, EnDerivacion.ACEPTADA, atendida=None, atendida_por=None, resultado=None)
    if reabierta.vence_atencion is not None and reabierta.vencida_atencion is None:
        corre = {
            "derivacion": reabierta.derivacion,
            "etapa": Etapa.ATENCION.value,
            "ruta": reabierta.ruta,
            "vence": reabierta.vence_atencion,
        }
        insertar_si_falta(conexion, plazos, [corre])


def _derecho(conexion: Connection, anotado: Anotado) -> None:
    match anotado.hecho:
        case DerechoEnRestitucion() | DerechoRestituido() | DerechoVulneradoDeNuevo() | DerechoNoAplicable() as hecho:
            fila = {"ruta": hecho.ruta, "derecho": hecho.derecho.value, "desde": anotado.registrado}
            nueva = {**fila, "estado": _A_DERECHO[type(hecho)].value}
            conexion.execute(_QUITAR_DERECHO, {"de": hecho.ruta, "cual": hecho.derecho.value})
            conexion.execute(_PONER_DERECHO, nueva)
        case _:
            pass
