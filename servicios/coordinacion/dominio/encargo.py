"""Qué encargos manda el protocolo y a quién van: siempre hay alguien, aunque sea la rectora."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from msgspec import Struct
from msgspec.structs import replace

from eventos.base import Hecho
from eventos.calendario import Calendario
from eventos.coordinacion import DerechoVulneradoDeNuevo, DerivacionEmitida, DerivacionReasignada, RutaReabierta
from eventos.listas import ServicioPedido
from eventos.motivos import MotivoDerivacion
from eventos.tipos import Urgencia
from servicios.coordinacion.dominio import plazo as plazos
from servicios.coordinacion.dominio import rechazos
from servicios.coordinacion.dominio.derivacion import Derivacion, Estado
from servicios.coordinacion.dominio.plazo import Plazo
from servicios.coordinacion.dominio.ruta import Ruta
from servicios.coordinacion.dominio.suceso import Condicion, CondicionDePerfil, Perfil, Suceso


class Ficha(Protocol):
    """Lo que aquí importa de una institución del directorio."""

    @property
    def servicios(self) -> Collection[str]: ...

    @property
    def activa(self) -> bool: ...


Directorio = Mapping[str, Ficha]

#: Los hechos propios que, al ocurrir, obligan a encargar.
PROPIOS_QUE_OBLIGAN: tuple[type[Hecho], ...] = (RutaReabierta, DerechoVulneradoDeNuevo)


class Terminos(Protocol):
    """Cuánto hay para acusar y para atender. ``legal``: si la atención la fija una norma (regla 10)."""

    @property
    def acuse(self) -> Plazo: ...

    @property
    def atencion(self) -> Plazo: ...

    @property
    def legal(self) -> bool: ...


class Regla(Protocol):
    """Qué manda el protocolo. Con ``por_cada``, el servicio y la urgencia salen de cada elemento de esa lista."""

    @property
    def id(self) -> str: ...

    @property
    def cuando(self) -> Sequence[Condicion]: ...

    @property
    def perfil(self) -> CondicionDePerfil: ...

    @property
    def a(self) -> str: ...

    @property
    def servicio(self) -> ServicioPedido | None: ...

    @property
    def urgencia(self) -> Urgencia | None: ...

    @property
    def motivo(self) -> MotivoDerivacion: ...

    @property
    def por_cada(self) -> str: ...


class Encargo(Struct, frozen=True, kw_only=True):
    """Un servicio que hay que pedir. ``a``: a quién preferiblemente; vacío, a quien lo preste."""

    regla: str
    a: str
    servicio: ServicioPedido
    urgencia: Urgencia
    motivo: MotivoDerivacion


class Plazos(Struct, frozen=True):
    """Los plazos del protocolo y el calendario en que se cuentan. ``por_regla``: los que una norma fija a una regla."""

    por_urgencia: Mapping[Urgencia, Terminos]
    calendario: Calendario
    por_regla: Mapping[str, Terminos] = {}

    def de(self, encargo: Encargo) -> Terminos:
        """Los de su regla o, si no tiene propios, los de su urgencia."""
        return self.por_regla.get(encargo.regla) or self.por_urgencia[encargo.urgencia]


def obligaciones(reglas: Iterable[Regla], suceso: Suceso, perfil: Perfil) -> Iterator[Encargo]:
    """Los encargos que un hecho obliga a hacer para una persona con este perfil."""
    for regla in reglas:
        if not (perfil.cumple(regla.perfil) and suceso.cumple_alguna(regla.cuando)):
            continue
        elementos: list[Mapping[str, Any]] = suceso.campos.get(regla.por_cada, []) if regla.por_cada else [{}]
        for elemento in elementos:
            yield Encargo(
                regla=regla.id,
                a=regla.a,
                servicio=ServicioPedido(elemento.get("servicio", regla.servicio)),
                urgencia=Urgencia(elemento.get("urgencia", regla.urgencia)),
                motivo=regla.motivo,
            )


def ya_encargado(ruta: Ruta, encargo: Encargo) -> bool:
    """Si alguien lo tiene ya, o el protocolo lo pedía una vez y se atendió. Así repetir un hecho no repite encargos."""
    for d in ruta.derivaciones.values():
        if d.servicio is not encargo.servicio:
            continue
        if d.pendiente and (d.regla == encargo.regla or d.a == encargo.a):
            return True
        una_vez = encargo.motivo is MotivoDerivacion.PROTOCOLO
        if una_vez and d.estado is Estado.ATENDIDA and d.regla == encargo.regla:
            return True
    return False


def destinataria(
    directorio: Directorio, preferida: str, servicio: ServicioPedido, rectora: str, excluidas: Collection[str] = ()
) -> str | None:
    """Quién recibe un encargo: la preferida; si no puede, otra del país que preste el servicio; si no hay, la rectora.

    El país lo dice el principio del código, y es el de la rectora: a otro no se manda a nadie porque sí, solo si
    alguien lo encarga por su nombre.
    """
    aqui = rectora[:3]

    def puede(codigo: str) -> bool:
        ficha = directorio.get(codigo)
        return ficha is not None and ficha.activa and servicio in ficha.servicios and codigo not in excluidas

    if puede(preferida):
        return preferida
    # La rectora presta casi de todo, pero es el último recurso: coordina, no sustituye.
    otras = (c for c in sorted(directorio) if c != rectora and c.startswith(aqui) and puede(c))
    return next(otras, None if rectora in excluidas else rectora)


def emitir(
    ruta: UUID, nueva: UUID, encargo: Encargo, *, de: str, a: str, plazos_: Plazos, ahora: datetime
) -> DerivacionEmitida:
    """La derivación de un encargo. Los plazos corren desde ``ahora``: en ese instante está en el buzón (regla 10)."""
    suyos = plazos_.de(encargo)
    return DerivacionEmitida(
        ruta=ruta,
        derivacion=nueva,
        de=de,
        a=a,
        servicio=encargo.servicio,
        urgencia=encargo.urgencia,
        vence_acuse=plazos.vence(suyos.acuse, ahora, plazos_.calendario),
        vence_atencion=plazos.vence(suyos.atencion, ahora, plazos_.calendario),
        regla=encargo.regla,
        plazo_legal=suyos.legal,
        motivo=encargo.motivo,
    )


def encargar(
    ruta: UUID, nueva: UUID, encargo: Encargo, *, de: str, directorio: Directorio, rectora: str, plazos_: Plazos,
    ahora: datetime,
) -> DerivacionEmitida:  # fmt: skip
    """La derivación de un encargo a su preferida o, si no puede, a otra; en último caso, a la rectora."""
    a = destinataria(directorio, encargo.a, encargo.servicio, rectora) or rectora
    return emitir(ruta, nueva, encargo, de=de, a=a, plazos_=plazos_, ahora=ahora)


def cumplir(
    ruta: Ruta, suceso: Suceso, perfil: Perfil, reglas: Iterable[Regla], *, directorio: Directorio, rectora: str,
    plazos_: Plazos, nuevo_id: Callable[[], UUID], ahora: datetime,
) -> list[DerivacionEmitida]:  # fmt: skip
    """Lo que el protocolo manda al ocurrir algo y nadie tiene ya: una derivación por encargo, en el orden del paquete.

    Pliega cada una antes de mirar la siguiente: dos reglas que piden lo mismo a la misma no lo piden dos veces.
    """
    emitidas: list[DerivacionEmitida] = []
    for mandado in obligaciones(reglas, suceso, perfil):
        # Una regla puede no decir a quién: si es la misma se sabe al buscar quién lo presta.
        quien = destinataria(directorio, mandado.a, mandado.servicio, rectora) or rectora
        if ya_encargado(ruta, mandado) or ya_encargado(ruta, replace(mandado, a=quien)):
            continue
        nueva = emitir(ruta.id, nuevo_id(), mandado, de=rectora, a=quien, plazos_=plazos_, ahora=ahora)
        ruta = ruta.con(nueva, ahora)
        emitidas.append(nueva)
    return emitidas


def exigir_destinataria(directorio: Directorio, codigo: str, servicio: ServicioPedido) -> None:
    """La institución elegida está activa y presta el servicio. Errores: `DestinatariaNoDisponible`, `…NoPresta`."""
    ficha = directorio.get(codigo)
    if ficha is None or not ficha.activa:
        raise rechazos.DestinatariaNoDisponible
    if servicio not in ficha.servicios:
        raise rechazos.DestinatariaNoPresta


def reasignar(
    d: Derivacion, nueva: UUID, a: str, plazos_: Plazos, ahora: datetime
) -> tuple[DerivacionReasignada, DerivacionEmitida]:
    """Pasa un encargo a otra institución con los plazos de nuevo desde cero: quien lo recibe acaba de saberlo."""
    encargo = Encargo(
        regla=d.regla, a=a, servicio=d.servicio, urgencia=d.urgencia, motivo=MotivoDerivacion.REASIGNACION
    )
    return (
        DerivacionReasignada(ruta=d.ruta, derivacion=d.id, nueva=nueva, a=a),
        emitir(d.ruta, nueva, encargo, de=d.de, a=a, plazos_=plazos_, ahora=ahora),
    )
