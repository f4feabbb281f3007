"""El buzón de cada institución: solo lo que le toca, numerado sin huecos, y el aviso que sale por el bus.

La verdad es la tabla; el mensaje puede perderse o repetirse y la institución lo nota por el número. Que el mensaje
llegue no es que alguien lo leyera: eso solo lo dice un agente con `RecibirDerivacion` (regla 5).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy import Connection, Row

from contratos.base import Mandato
from eventos.atencion import MetaVencida, RiesgoVencido
from eventos.base import Hecho, HechoDeRuta, partir
from eventos.coordinacion import (
    CasoCoordinado,
    DerivacionAtendida,
    DerivacionEmitida,
    DerivacionEscalada,
    DerivacionReasignada,
    DerivacionRechazada,
    DerivacionRetirada,
    DerivacionVencida,
    InstitucionSilenciosa,
    RutaCerrada,
    RutaReabierta,
)
from eventos.justicia import MedidaPorVencer, MedidaVencida
from eventos.motivos import MotivoDerivacion
from eventos.repatriacion import (
    PermanenciaPorVencer,
    PermanenciaVencida,
    RiesgoRetornoVencido,
    SeguimientoPorVencer,
    SeguimientoVencido,
)
from eventos.sobre import Anotado
from eventos.tipos import Urgencia
from infra.almacen.insertar import Altas
from infra.almacen.tanda import Tanda
from infra.mensajeria.avisos import firmar_aviso
from servicios.comun.directorio import instituciones
from servicios.comun.rutas import participaciones
from servicios.coordinacion.dominio.derivacion import Estado
from servicios.coordinacion.tablas import buzon, buzones, derivaciones

INTERCAMBIO = "buzon"

#: Los que nombran un encargo sin traerlo entero: de quién a quién iba no cambia desde que se emitió.
CON_ENCARGO = (
    DerivacionReasignada, DerivacionRetirada, DerivacionVencida, DerivacionEscalada, DerivacionRechazada,
    DerivacionAtendida,
)  # fmt: skip
#: Lo que otros servicios cuentan de una fecha: por vencer y vencido. Va a quienes participan en la ruta.
POR_VENCER: tuple[type[HechoDeRuta], ...] = (MedidaPorVencer, PermanenciaPorVencer, SeguimientoPorVencer)
VENCIDOS: tuple[type[HechoDeRuta], ...] = (
    MedidaVencida, PermanenciaVencida, SeguimientoVencido, RiesgoRetornoVencido, RiesgoVencido, MetaVencida,
)  # fmt: skip
AJENOS = (*POR_VENCER, *VENCIDOS)
#: Todo lo que puede llegar a un buzón.
AVISADOS: tuple[type[Hecho], ...] = (
    DerivacionEmitida, *CON_ENCARGO, RutaCerrada, RutaReabierta, CasoCoordinado, InstitucionSilenciosa, *AJENOS,
)  # fmt: skip
#: A quién se dicen depende de quién participe o rija en ese momento.
SEGUN_QUIEN_ESTE: tuple[type[Hecho], ...] = (*AJENOS, InstitucionSilenciosa)
_ENCARGOS = sa.select(derivaciones).where(derivaciones.c.derivacion.in_(sa.bindparam("de", expanding=True)))
_NUMERADOS = sa.select(buzones).where(buzones.c.institucion.in_(sa.bindparam("quienes", expanding=True)))
_DEJADOS = (
    sa.select(buzon)
    .where(buzon.c.evento.in_(sa.bindparam("eventos", expanding=True)))
    .order_by(buzon.c.institucion, buzon.c.numero)
)
_NUMERAR = (
    sa.update(buzones).where(buzones.c.institucion == sa.bindparam("quien")).values(ultimo=sa.bindparam("numero"))
)


class Entrega(NamedTuple):
    """Un hecho para el buzón de una institución; ``encargo``, la derivación de la que habla si no la trae entera."""

    institucion: str
    anotado: Anotado
    encargo: Row[Any] | None = None
    urgente: bool = False


def repartir(altas: Altas, entregas: Sequence[Entrega]) -> None:
    """Deja cada entrega en su buzón, con el número que le sigue."""
    if not entregas:
        return
    quienes = sorted({entrega.institucion for entrega in entregas})
    numerados = altas.conexion.execute(_NUMERADOS, {"quienes": quienes})
    ultimos = dict.fromkeys(quienes, 0) | {f.institucion: f.ultimo for f in numerados}
    filas = []
    for entrega in entregas:
        ultimos[entrega.institucion] += 1
        filas.append(_fila(entrega, ultimos[entrega.institucion]))
    altas.anadir(buzon, filas)
    altas.anadir(buzones, [{"institucion": q, "ultimo": 0} for q in quienes], si_falta=True)
    altas.conexion.execute(_NUMERAR, [{"quien": q, "numero": ultimos[q]} for q in quienes])


def avisar(anotados: Sequence[Anotado], tanda: Tanda) -> None:
    """Manda por el bus lo que estos hechos dejaron en los buzones; sale cuando la tanda confirma."""
    ids = [anotado.id for anotado in anotados]
    mandar(tanda.leer(_DEJADOS, {"eventos": ids}), tanda)


def mandar(filas: Iterable[Row[Any]], tanda: Tanda) -> None:
    """Manda unas filas de `buzon`, firmadas. Mandarlas otra vez da los mismos bytes y la misma firma."""
    for fila in filas:
        cuerpo = fila.cuerpo.encode()
        tanda.enviar(
            intercambio=INTERCAMBIO,
            clave=fila.institucion,
            tipo=fila.tipo,
            cuerpo=cuerpo,
            firma=firmar_aviso(
                cuerpo, tanda.claves.firma, tanda.origen, fila.institucion, fila.numero, fila.disponible
            ),
            urgente=fila.urgente,
            id_mensaje=f"{fila.evento}.{fila.institucion}",
        )


def avisar_de_lo_ajeno(anotado: Anotado, tanda: Tanda) -> None:
    """Manda lo que un hecho de otro servicio dejó en los buzones."""
    if isinstance(anotado.hecho, AJENOS):
        avisar([anotado], tanda)


def entregas(conexion: Connection, anotados: Sequence[Anotado]) -> list[Entrega]:
    """A quién hay que decir unos hechos, en su orden. Parte de las lecturas de derivaciones, ya puestas al día."""
    hablan_de = {a.hecho.derivacion for a in anotados if isinstance(a.hecho, CON_ENCARGO)}
    encargos = {f.derivacion: f for f in conexion.execute(_ENCARGOS, {"de": list(hablan_de)})} if hablan_de else {}
    avisados = (a for a in anotados if isinstance(a.hecho, AVISADOS))
    return [entrega for anotado in avisados for entrega in _de_un_hecho(conexion, anotado, encargos)]


def _de_un_hecho(conexion: Connection, anotado: Anotado, encargos: Mapping[UUID, Row[Any]]) -> Iterator[Entrega]:
    match anotado.hecho:
        case DerivacionEmitida() as hecho:
            yield Entrega(hecho.a, anotado, urgente=hecho.urgencia is Urgencia.INMEDIATA)
        case DerivacionReasignada() | DerivacionRetirada() | DerivacionVencida() as hecho:
            encargo = encargos[hecho.derivacion]
            yield Entrega(encargo.a, anotado, encargo, isinstance(hecho, DerivacionVencida))
        case DerivacionEscalada() as hecho:
            yield Entrega(hecho.a, anotado, encargos[hecho.derivacion], urgente=True)
        case DerivacionRechazada() | DerivacionAtendida() as hecho:
            encargo = encargos[hecho.derivacion]
            # Lo que manda el protocolo lo sigue la rectora en sus lecturas; quien encargó algo por sí, aquí.
            if encargo.motivo != MotivoDerivacion.PROTOCOLO and encargo.de != encargo.a:
                yield Entrega(encargo.de, anotado, encargo)
        case RutaCerrada() | RutaReabierta() as hecho:
            yield from (Entrega(a, anotado) for a in _atendieron(conexion, hecho.ruta))
        case CasoCoordinado() as hecho:
            yield from (Entrega(institucion, anotado) for institucion in sorted(set(hecho.instituciones)))
        case InstitucionSilenciosa():
            yield from (Entrega(codigo, anotado) for codigo in _rectoras(conexion))
        case HechoDeRuta() as hecho if isinstance(hecho, AJENOS):
            # Sin nadie que participe, que lo sepa al menos quien coordina.
            quienes = _participan(conexion, hecho.ruta) or _rectoras(conexion)
            yield from (Entrega(codigo, anotado, urgente=isinstance(hecho, MedidaVencida)) for codigo in quienes)
        case _:
            pass


def _participan(conexion: Connection, ruta: UUID) -> list[str]:
    """Las instituciones activas que participan ahora en la ruta."""
    consulta = (
        sa.select(participaciones.c.institucion)
        .join(instituciones, instituciones.c.codigo == participaciones.c.institucion)
        .where(participaciones.c.ruta == ruta, instituciones.c.activa)
    )
    return sorted(set(conexion.scalars(consulta)))


def _atendieron(conexion: Connection, ruta: UUID) -> list[str]:
    """Quienes atendieron algo en la ruta. Las que tenían algo pendiente al cerrarla ya lo saben por su retirada."""
    consulta = sa.select(derivaciones.c.a).where(
        derivaciones.c.ruta == ruta, derivaciones.c.estado == Estado.ATENDIDA.value
    )
    return sorted(set(conexion.scalars(consulta)))


def _rectoras(conexion: Connection) -> list[str]:
    filas = conexion.execute(sa.select(instituciones.c.codigo, instituciones.c.mandatos).where(instituciones.c.activa))
    return sorted(f.codigo for f in filas if Mandato.RECTORIA.value in f.mandatos.split())


def _fila(entrega: Entrega, numero: int) -> dict[str, Any]:
    anotado = entrega.anotado
    ruta = anotado.hecho.ruta if isinstance(anotado.hecho, HechoDeRuta) else None
    cuerpo: dict[str, object] = {
        "numero": numero,
        "evento": anotado.id,
        "tipo": anotado.hecho.tipo,
        "disponible": anotado.registrado,
        **partir(anotado.hecho)[0],
    }
    if entrega.encargo is not None:
        suyo = entrega.encargo
        cuerpo["encargo"] = {
            "de": suyo.de,
            "a": suyo.a,
            "servicio": suyo.servicio,
            "urgencia": suyo.urgencia,
            "vence_acuse": suyo.vence_acuse,
            "vence_atencion": suyo.vence_atencion,
        }
    return {
        "institucion": entrega.institucion,
        "numero": numero,
        "evento": anotado.id,
        "ruta": ruta,
        "tipo": anotado.hecho.tipo,
        "cuerpo": msgspec.json.encode(cuerpo).decode(),
        "urgente": entrega.urgente,
        "disponible": anotado.registrado,
    }
