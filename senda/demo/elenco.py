"""El elenco: las instituciones del protocolo, cada una con su clave, y los albergues con sus plazas."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from contratos.protocolos import Protocolo
from contratos.protocolos.paquete import InstitucionPorDefecto
from contratos.solicitudes.atencion import InscribirAlbergue
from contratos.solicitudes.coordinacion import InscribirInstitucion
from eventos.plazas import Cupo, Titularidad, TramoCupo
from eventos.tipos import Sexo
from infra.azar import Azar
from senda.cliente import Credencial
from senda.demo.guion import Guion, pedir


class Casa(NamedTuple):
    """Un albergue de la demostración. ``tramos``: a quién acoge."""

    titular: str
    titularidad: Titularidad
    especializado: bool
    territorio: str
    tramos: tuple[TramoCupo, ...]


_NINEZ = (TramoCupo.PRIMERA_INFANCIA, TramoCupo.NINEZ, TramoCupo.ADOLESCENCIA)
#: Código del albergue, que aquí es el de la institución que lo lleva.
CASAS: dict[str, Casa] = {
    "GT-SVET-ATE": Casa("GT-SVET", Titularidad.PUBLICA, True, "GT-01", (TramoCupo.ADULTA,)),
    "GT-SBS": Casa("GT-SBS", Titularidad.PUBLICA, False, "GT-01", _NINEZ),
    "GT-REFUGIO": Casa("GT-REFUGIO", Titularidad.ONG, True, "GT-09", (*_NINEZ, TramoCupo.ADULTA)),
}


def formar(protocolo: Protocolo, azar: Azar) -> dict[str, Credencial]:
    """Una credencial por institución del protocolo; la primera, la de la rectora."""
    codigos = [protocolo.rectora, *(i.codigo for i in protocolo.instituciones if i.codigo != protocolo.rectora)]
    return {codigo: Credencial.generar(codigo, azar.hijo(f"credencial-{codigo}")) for codigo in codigos}


def presentar(protocolo: Protocolo, credenciales: Mapping[str, Credencial], plazas: int) -> Guion:
    """La rectora inscribe a las demás instituciones y luego los albergues, con ``plazas`` por sexo y tramo."""
    demas = (i for i in protocolo.instituciones if i.codigo != protocolo.rectora)
    yield from pedir(protocolo.rectora, *(_inscribir(protocolo, i, credenciales[i.codigo].publica) for i in demas))
    yield from pedir(protocolo.rectora, *(_abrir(codigo, casa, plazas) for codigo, casa in CASAS.items()))


def _inscribir(protocolo: Protocolo, institucion: InstitucionPorDefecto, clave: str) -> InscribirInstitucion:
    return InscribirInstitucion(
        codigo=institucion.codigo,
        pais=protocolo.pais,
        mandatos_inscritos=institucion.mandatos,
        servicios=institucion.servicios,
        cobertura=institucion.cobertura,
        clave_firma=clave,
    )


def _abrir(codigo: str, casa: Casa, plazas: int) -> InscribirAlbergue:
    sexos = (Sexo.MUJER, Sexo.HOMBRE)
    return InscribirAlbergue(
        codigo=codigo,
        titular=casa.titular,
        titularidad=casa.titularidad,
        especializado=casa.especializado,
        territorio=casa.territorio,
        cupos=tuple(Cupo(sexo=s, tramo=t, total=plazas, libres=plazas) for s in sexos for t in casa.tramos),
    )


__all__ = ["CASAS", "Casa", "formar", "presentar"]
