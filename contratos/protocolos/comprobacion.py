"""Qué ha de cumplir un paquete bien formado para usarse: que no se contradiga y que no salte las reglas del sistema."""

from __future__ import annotations

import itertools
import typing
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any, Final

import msgspec

from contratos.base import Mandato
from contratos.protocolos.fuentes import es_por_defecto, fuentes, se_puede_leer
from contratos.protocolos.paquete import Asunto, Condicion, Protocolo, Regla
from contratos.protocolos.piezas import CLAVES
from eventos.base import campos_sellados
from eventos.catalogo import CATALOGO
from eventos.deteccion import PresuntaVictimaDetectada
from eventos.listas import Derecho, ServicioPedido
from eventos.paises import ALFA3
from eventos.tipos import SiNo, Urgencia

#: Lo que un hecho de justicia puede mandar: nada de esto es atención, que no espera a la denuncia (regla 6).
_DE_JUSTICIA: Final = frozenset(
    {ServicioPedido.MEDIDA_PROTECCION, ServicioPedido.AUTORIZACION_PROTECCION, ServicioPedido.REPARACION,
     ServicioPedido.ASISTENCIA_LEGAL, ServicioPedido.INVESTIGACION}
)  # fmt: skip
_BISIESTO: Final = 2028


def errores_de_piezas(campos: Mapping[str, Any]) -> Iterator[str]:
    """Lo que se puede decir de cada pieza sin mirar a las demás: sus condiciones, sobre el catálogo de hechos."""
    for donde, condicion in _condiciones(campos):
        yield from (f"{donde}: {error}" for error in _errores_de_condicion(condicion))


def errores_del_paquete(p: Protocolo) -> Iterator[str]:
    """Lo que pide tener el paquete entero."""
    for lista, campo in CLAVES.items():
        if lista != "referencias":  # el código de una referencia solo se repite dentro de su clase
            yield from _repetidos(lista, (str(getattr(pieza, campo)) for pieza in getattr(p, lista)))
    yield from _repetidos("referencias", (f"{r.clase} {r.codigo}" for r in p.referencias))
    if faltan := set(Urgencia) - {x.urgencia for x in p.plazos}:
        yield f"sin plazos para {', '.join(sorted(faltan))}"
    if sin_antelacion := set(Asunto) - {x.asunto for x in p.antelaciones}:
        yield f"sin antelación para {', '.join(sorted(sin_antelacion))}"
    if faltan_derechos := set(Derecho) - {r.derecho for r in p.derechos}:
        yield f"sin regla para el derecho {', '.join(sorted(faltan_derechos))}"
    if p.pais.upper() not in ALFA3:
        yield f"pais: {p.pais} no es un código ISO 3166-1 alfa-2"
    yield from _errores_de_fuentes(p)
    yield from _errores_de_calendario(p)
    yield from _errores_de_instituciones(p)
    yield from _errores_de_reglas(p)
    yield from _errores_de_lo_obligatorio(p)


def _errores_de_fuentes(p: Protocolo) -> Iterator[str]:
    for pieza, fuente in fuentes(p):
        if not (es_por_defecto(fuente) or se_puede_leer(fuente)):
            yield f"{pieza}: su fuente no dice dónde leerla, ni que es del proyecto"
    con_plazos = [(f"regla {r.id}", r.plazos) for r in p.reglas if r.plazos is not None]
    for donde, terminos in [*((f"urgencia {x.urgencia}", x) for x in p.plazos), *con_plazos]:
        if terminos.legal and es_por_defecto(terminos.fuente):
            yield f"plazos de {donde}: dicen ser legales y su fuente dice que no"


def _errores_de_calendario(p: Protocolo) -> Iterator[str]:
    for fijo in p.calendario.feriados_fijos:
        try:
            date.fromisoformat(f"{_BISIESTO}-{fijo}")
        except ValueError:
            yield f"calendario: {fijo} no es un día del año (MM-DD)"


def _errores_de_instituciones(p: Protocolo) -> Iterator[str]:
    for institucion in p.instituciones:
        if not institucion.codigo.startswith(f"{p.pais.upper()}-"):
            yield f"institución {institucion.codigo}: su código no empieza por {p.pais.upper()}-"
    for quien, mandato in ((p.rectora, Mandato.RECTORIA), (p.supervisora, Mandato.SUPERVISION)):
        encontrada = p.institucion(quien)
        if encontrada is None or mandato not in encontrada.mandatos:
            yield f"{quien}: no es una institución del paquete con mandato de {mandato}"


def _errores_de_reglas(p: Protocolo) -> Iterator[str]:
    for regla in p.reglas:
        if bool(regla.por_cada) == bool(regla.servicio and regla.urgencia):
            yield f"regla {regla.id}: lleva servicio y urgencia, o bien por_cada"
        if any(".justicia." in c.tipo for c in regla.cuando) and regla.servicio not in _DE_JUSTICIA:
            yield f"regla {regla.id}: hace depender la atención de un acto de justicia (regla 6)"
        if not regla.a:
            continue
        institucion = p.institucion(regla.a)
        if institucion is None:
            yield f"regla {regla.id}: {regla.a} no está entre las instituciones"
        elif regla.servicio is not None and regla.servicio not in institucion.servicios:
            yield f"regla {regla.id}: {regla.a} no presta {regla.servicio}"


def _errores_de_lo_obligatorio(p: Protocolo) -> Iterator[str]:
    """Desde la presunción: atención inmediata a cualquiera y, a toda NNA, su autoridad de niñez (regla 2)."""
    for nna, extranjera in itertools.product((True, False), SiNo):
        manda = [r for r in p.reglas if _alcanza(r, nna=nna, extranjera=extranjera)]
        quien = f"{'NNA' if nna else 'adulta'} (extranjera: {extranjera})"
        if not any(r.servicio is ServicioPedido.ATENCION_INMEDIATA for r in manda):
            yield f"ninguna regla manda atención inmediata al detectar a una persona {quien}"
        de_ninez = (r for r in manda if r.servicio is ServicioPedido.PROTECCION_NNA)
        if nna and not any(r.urgencia is Urgencia.INMEDIATA for r in de_ninez):
            yield f"ninguna regla encarga de inmediato proteccion-nna al detectar a una persona {quien} (regla 2)"


def _alcanza(regla: Regla, *, nna: bool, extranjera: SiNo) -> bool:
    de_perfil = regla.perfil.nna in {None, nna} and (
        not regla.perfil.extranjera or extranjera in regla.perfil.extranjera
    )
    siempre = any(c.tipo == PresuntaVictimaDetectada.tipo and not c.campos for c in regla.cuando)
    return de_perfil and siempre


def _condiciones(campos: Mapping[str, Any]) -> Iterator[tuple[str, Condicion]]:
    for regla in campos.get("reglas", ()):
        yield from ((f"regla {regla.id}", c) for c in regla.cuando)
    for derecho in campos.get("derechos", ()):
        todas = (*derecho.en_restitucion, *derecho.restituye, *derecho.vulnera)
        yield from ((f"derecho {derecho.derecho}", c) for c in todas)
    for cierre in campos.get("cierres", ()):
        yield from ((f"cierre {cierre.motivo}", c) for c in cierre.exige)
    for reapertura in campos.get("reaperturas", ()):
        yield from ((f"reapertura {reapertura.motivo}", c) for c in reapertura.cuando)
    for exclusion in campos.get("exclusiones", ()):
        yield from ((f"exclusión {exclusion.motivo}", c) for c in exclusion.exige)


def _errores_de_condicion(condicion: Condicion) -> Iterator[str]:
    clase = CATALOGO.get(condicion.tipo)
    if clase is None:
        yield f"{condicion.tipo} no está en el catálogo"
        return
    for campo, valores in condicion.campos.items():
        pista = _pista(clase, campo.split("."))
        if pista is None:
            yield f"{condicion.tipo} no tiene un campo abierto {campo}"
            continue
        yield from (f"{condicion.tipo}.{campo} no admite «{v}»" for v in valores if not _admite(pista, v))


def _pista(clase: type[msgspec.Struct], camino: list[str]) -> Any:
    """El tipo de un campo abierto, entrando por listas y estructuras; None si no existe o va sellado."""
    actual: Any = clase
    for nombre in camino:
        actual = _elemento(actual)
        if not (isinstance(actual, type) and issubclass(actual, msgspec.Struct)) or nombre in campos_sellados(actual):
            return None
        actual = typing.get_type_hints(actual, include_extras=True).get(nombre)
    return _elemento(actual) if actual is not None else None


def _elemento(pista: Any) -> Any:
    """Quita anotaciones y, si es una lista, da el tipo de sus elementos: basta con que case uno."""
    if typing.get_origin(pista) is typing.Annotated:
        base = typing.get_args(pista)[0]
        return _elemento(base) if typing.get_origin(base) is tuple else (base if isinstance(base, type) else pista)
    return _elemento(typing.get_args(pista)[0]) if typing.get_origin(pista) is tuple else pista


def _admite(pista: Any, valor: object) -> bool:
    try:
        msgspec.convert(valor, pista)
    except msgspec.ValidationError:
        return False
    return True


def _repetidos(que: str, claves: Iterable[str]) -> Iterator[str]:
    yield from (f"{que} {clave}: está más de una vez" for clave, veces in Counter(claves).items() if veces > 1)


__all__ = ["errores_de_piezas", "errores_del_paquete"]
