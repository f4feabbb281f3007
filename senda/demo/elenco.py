"""El elenco: las instituciones del protocolo y las que reciben en otros países, y los albergues con sus plazas."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from msgspec.structs import replace

from contratos.protocolos import Protocolo, ultimo
from contratos.protocolos.paquete import InstitucionPorDefecto
from contratos.solicitudes.atencion import InscribirAlbergue
from contratos.solicitudes.coordinacion import InscribirInstitucion
from eventos.listas import ServicioPedido
from eventos.plazas import Cupo, Titularidad, TramoCupo
from eventos.tipos import Sexo
from infra.azar import Azar
from senda.cliente import Credencial
from senda.demo.guion import Guion, pedir


class Casa(NamedTuple):
    """Un albergue de la demostración. ``tramos`` y ``sexos``: a quién acoge."""

    titular: str
    titularidad: Titularidad
    especializado: bool
    territorio: str
    tramos: tuple[TramoCupo, ...]
    sexos: tuple[Sexo, ...] = (Sexo.MUJER, Sexo.HOMBRE)


_NINEZ = (TramoCupo.PRIMERA_INFANCIA, TramoCupo.NINEZ, TramoCupo.ADOLESCENCIA)
#: Uno acoge solo a mujeres y niñas: a los demás se les busca otro.
#: Código del albergue, que aquí es el de la institución que lo lleva.
CASAS: dict[str, Casa] = {
    "GT-SVET-ATE": Casa("GT-SVET", Titularidad.PUBLICA, True, "GT-01", (TramoCupo.ADULTA,)),
    "GT-SBS": Casa("GT-SBS", Titularidad.PUBLICA, False, "GT-01", _NINEZ),
    "GT-REFUGIO": Casa("GT-REFUGIO", Titularidad.ONG, True, "GT-09", (*_NINEZ, TramoCupo.ADULTA), (Sexo.MUJER,)),
}


class Receptoras(NamedTuple):
    """Quién recibe en un país a una niña, niño o adolescente, y quién a una persona adulta."""

    protocolo: str
    ninez: str
    adultas: str


#: Por nacionalidad (ISO 3166-1 alfa-3). De los países sin paquete de protocolo, recibe el consulado.
RECEPTORAS: dict[str, Receptoras] = {
    "HND": Receptoras("hn", "HN-SENAF", "HN-CICESCT-ERI"),
    "SLV": Receptoras("sv", "SV-ISNA", "SV-ISDEMU"),
    "MEX": Receptoras("mx", "MX-DIF", "MX-CEAV"),
}
EN_OTRO_PAIS = frozenset(codigo for receptoras in RECEPTORAS.values() for codigo in receptoras[1:])


def formar(protocolo: Protocolo, azar: Azar) -> dict[str, Credencial]:
    """Una credencial por institución; la primera, la de la rectora."""
    demas = [i.codigo for i in protocolo.instituciones if i.codigo != protocolo.rectora]
    codigos = [protocolo.rectora, *demas, *(i.codigo for _, i in _de_fuera())]
    return {codigo: Credencial.generar(codigo, azar.hijo(f"credencial-{codigo}")) for codigo in codigos}


def presentar(protocolo: Protocolo, credenciales: Mapping[str, Credencial], plazas: int) -> Guion:
    """La rectora inscribe a las demás instituciones y luego los albergues, con ``plazas`` por sexo y tramo."""
    demas = [(protocolo.pais, i) for i in protocolo.instituciones if i.codigo != protocolo.rectora]
    altas = (_inscribir(pais, i, credenciales[i.codigo].publica) for pais, i in (*demas, *_de_fuera()))
    yield from pedir(protocolo.rectora, *altas)
    yield from pedir(protocolo.rectora, *(_abrir(codigo, casa, plazas) for codigo, casa in CASAS.items()))


def _de_fuera() -> Iterator[tuple[str, InstitucionPorDefecto]]:
    """El país y la institución de cada receptora. Además de lo suyo, acuerdan seguir a quien vuelve."""
    for receptoras in RECEPTORAS.values():
        paquete = ultimo(receptoras.protocolo)
        for institucion in paquete.instituciones:
            if institucion.codigo in EN_OTRO_PAIS:
                servicios = (*institucion.servicios, ServicioPedido.SEGUIMIENTO)
                yield paquete.pais, replace(institucion, servicios=servicios)


def _inscribir(pais: str, institucion: InstitucionPorDefecto, clave: str) -> InscribirInstitucion:
    return InscribirInstitucion(
        codigo=institucion.codigo,
        pais=pais,
        mandatos_inscritos=institucion.mandatos,
        servicios=institucion.servicios,
        cobertura=institucion.cobertura,
        clave_firma=clave,
    )


def _abrir(codigo: str, casa: Casa, plazas: int) -> InscribirAlbergue:
    return InscribirAlbergue(
        codigo=codigo,
        titular=casa.titular,
        titularidad=casa.titularidad,
        especializado=casa.especializado,
        territorio=casa.territorio,
        cupos=tuple(Cupo(sexo=s, tramo=t, total=plazas, libres=plazas) for s in casa.sexos for t in casa.tramos),
    )


__all__ = ["CASAS", "EN_OTRO_PAIS", "RECEPTORAS", "Casa", "Receptoras", "formar", "presentar"]
