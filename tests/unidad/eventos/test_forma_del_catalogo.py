"""Ningún campo de un hecho o petición dice en claro más de lo que debe, y todos se explican."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

import msgspec
import pytest
from msgspec import UNSET, Struct
from msgspec import inspect as mi

from contratos.base import RESERVADOS as RESERVADOS_PETICION
from contratos.solicitudes import PETICIONES
from eventos.base import RESERVADOS, campos_sellados, hecho
from eventos.catalogo import CATALOGO
from eventos.coordinacion import RutaAbierta
from eventos.tipos import Relato

TODO: dict[str, type[Struct]] = {**CATALOGO, **{f"petición {t}": c for t, c in PETICIONES.items()}}
#: Formas que no admiten texto: no pueden nombrar a nadie.
CERRADOS = (mi.UUIDType, mi.DateTimeType, mi.DateType, mi.IntType, mi.BoolType, mi.NoneType, mi.EnumType)


def hojas(tipo: mi.Type) -> Iterator[mi.Type]:
    match tipo:
        case mi.Metadata():
            yield from hojas(tipo.type)
        case mi.UnionType():
            for t in tipo.types:
                yield from hojas(t)
        case mi.VarTupleType():
            yield from hojas(tipo.item_type)
        case mi.StructType():
            for c in tipo.fields:
                yield from hojas(c.type)
        case _:
            yield tipo


def estructuras(tipo: mi.Type) -> Iterator[mi.StructType]:
    match tipo:
        case mi.Metadata():
            yield from estructuras(tipo.type)
        case mi.UnionType():
            for t in tipo.types:
                yield from estructuras(t)
        case mi.VarTupleType():
            yield from estructuras(tipo.item_type)
        case mi.StructType():
            yield tipo
            for c in tipo.fields:
                yield from estructuras(c.type)
        case _:
            pass


def estructura(clase: type[Struct]) -> mi.StructType:
    tipo = mi.type_info(clase)
    assert isinstance(tipo, mi.StructType)
    return tipo


def esta_cerrado(tipo: mi.Type) -> bool:
    if isinstance(tipo, mi.StrType):
        patron = tipo.pattern or ""
        return patron.startswith("^") and patron.endswith(r"(?!\n)$") and ".*" not in patron and ".+" not in patron
    return isinstance(tipo, CERRADOS)


def texto(clase: type) -> str:
    return (clase.__dict__.get("__doc__") or "").strip()


def se_explica(tipo: mi.Type) -> bool:
    match tipo:
        case mi.Metadata():
            return bool((tipo.extra_json_schema or {}).get("description")) or se_explica(tipo.type)
        case mi.UnionType():
            return any(se_explica(t) for t in tipo.types if not isinstance(t, mi.NoneType))
        case mi.EnumType() | mi.StructType():
            return bool(texto(tipo.cls))
        case _:
            return False


@pytest.mark.parametrize("clase", TODO.values(), ids=TODO)
def test_lo_abierto_no_admite_texto_libre(clase: type[Struct]):
    sellados = campos_sellados(clase)
    sueltos = [
        c.name for c in estructura(clase).fields if c.name not in sellados and not all(map(esta_cerrado, hojas(c.type)))
    ]
    assert not sueltos


@pytest.mark.parametrize("clase", TODO.values(), ids=TODO)
def test_lo_sellado_puede_faltar(clase: type[Struct]):
    defecto = {c.name: c.default for c in msgspec.structs.fields(clase)}
    assert all(defecto[c] is UNSET for c in campos_sellados(clase))


@pytest.mark.parametrize("clase", TODO.values(), ids=TODO)
def test_todo_campo_y_clase_se_explican(clase: type[Struct]):
    for tipo in estructuras(estructura(clase)):
        assert texto(tipo.cls)
        assert [c.name for c in tipo.fields if not se_explica(c.type)] == []


@pytest.mark.parametrize("clase", TODO.values(), ids=TODO)
def test_todo_esta_congelado(clase: type[Struct]):
    assert all(tipo.cls.__struct_config__.frozen for tipo in estructuras(estructura(clase)))


@pytest.mark.parametrize("clase", TODO.values(), ids=TODO)
def test_los_enumerados_son_claves_cerradas(clase: type[Struct]):
    for tipo in hojas(estructura(clase)):
        if isinstance(tipo, mi.EnumType):
            assert issubclass(tipo.cls, Enum)
            assert all(isinstance(v.value, str) and v.value == v.value.lower() for v in tipo.cls)


def test_el_tipo_dice_de_que_contexto_es():
    for tipo, clase in CATALOGO.items():
        assert tipo.split(".")[:2] == ["senda", clase.__module__.rpartition(".")[2]]


def test_toda_peticion_dice_quien_puede_pedirla():
    assert [t for t, c in PETICIONES.items() if not c.mandatos] == []


def test_solo_crear_o_ser_encargada_no_exige_participar():
    libres = {t.split(".")[2] for t, c in PETICIONES.items() if not c.participa}
    assert libres == {
        "recibir-alerta", "detectar-presunta-victima",
        "recibir-derivacion", "aceptar-derivacion", "rechazar-derivacion",
        "inscribir-institucion", "actualizar-institucion", "suspender-institucion",
        "inscribir-albergue", "actualizar-cupos", "repetir-buzon",
    }  # fmt: skip


def test_la_prueba_caza_un_texto_libre_y_un_salto_de_linea():
    abierto = msgspec.defstruct("Abierto", [("relato", Relato)])
    assert not all(map(esta_cerrado, hojas(mi.type_info(abierto))))
    assert not esta_cerrado(mi.StrType(pattern="^[a-z]+$"))


def test_un_campo_no_puede_tapar_un_atributo_del_hecho():
    assert "version" in RESERVADOS
    assert "mandatos" in RESERVADOS_PETICION

    class Tapado(RutaAbierta, frozen=True, kw_only=True):
        sellado: bool

    with pytest.raises(TypeError, match="sellado"):
        hecho("tapado")(Tapado)


def test_cada_hecho_se_declara_una_sola_vez():
    assert len({c.__name__ for c in CATALOGO.values()}) == len(CATALOGO)
