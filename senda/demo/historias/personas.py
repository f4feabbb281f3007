"""Quiénes llegan: perfiles verosímiles y variados. Ninguno es de nadie."""

from __future__ import annotations

from eventos.perfil import CondicionMigratoria, Discapacidad, Genero, PerfilDesagregado
from eventos.plazas import Plaza, TramoCupo
from eventos.tipos import NivelRiesgo, Sexo, SiNo
from infra.azar import Azar
from senda.demo.historias.caso import Persona
from senda.demo.sorteo import elegir

_DE_ADULTA = ("18-20", "21-23", "24-26", "27-29", "30-38", "39-47", "48+")
_DE_NNA = ("0-8", "9-17", "9-17", "9-17")
#: En qué plaza se aloja a cada edad; las demás son de adulta.
_TRAMOS = {"0-8": TramoCupo.PRIMERA_INFANCIA, "9-17": TramoCupo.ADOLESCENCIA}
_IDIOMAS = ("spa", "spa", "spa", "quc", "mam", "kek")
_PUEBLOS = {"spa": "mestizo", "quc": "maya", "mam": "maya", "kek": "maya"}
_TERRITORIOS = ("GT-01", "GT-09", "GT-12", "GT-13", "GT-16", "GT-17", "GT-22")
_VECINOS = ("HND", "SLV", "NIC", "MEX", "COL")
_RIESGOS = (NivelRiesgo.ALTO, NivelRiesgo.MEDIO, NivelRiesgo.MEDIO, NivelRiesgo.BAJO)


def adulta_nacional(azar: Azar) -> Persona:
    """Una persona adulta guatemalteca."""
    return _nacional(azar, SiNo.NO, elegir(azar, _DE_ADULTA))


def nna_nacional(azar: Azar) -> Persona:
    """Una niña, niño o adolescente de Guatemala."""
    return _nacional(azar, SiNo.SI, elegir(azar, _DE_NNA))


def adulta_extranjera(azar: Azar) -> Persona:
    """Una persona adulta de otro país."""
    return _extranjera(azar, SiNo.NO, elegir(azar, _DE_ADULTA))


def nna_extranjera(azar: Azar) -> Persona:
    """Una niña, niño o adolescente de otro país."""
    return _extranjera(azar, SiNo.SI, elegir(azar, _DE_NNA))


def plaza_de(persona: Persona) -> Plaza:
    """La que le corresponde en un albergue, por su sexo y su edad."""
    perfil = persona.perfil
    return Plaza(sexo=perfil.sexo, tramo=_TRAMOS.get(perfil.grupo_etario, TramoCupo.ADULTA))


def _nacional(azar: Azar, nna: SiNo, edad: str) -> Persona:
    idioma = elegir(azar, _IDIOMAS)
    sexo, genero = _sexo(azar)
    perfil = PerfilDesagregado(
        sexo=sexo,
        genero=genero,
        grupo_etario=edad,
        pueblo=_PUEBLOS[idioma],
        idioma=idioma,
        nacionalidades=("GTM",),
        origen=elegir(azar, _TERRITORIOS),
        residencia=elegir(azar, _TERRITORIOS),
        discapacidad=Discapacidad.NINGUNA,
        condicion_migratoria=CondicionMigratoria.NACIONAL,
    )
    return Persona(nna=nna, extranjera=SiNo.NO, idioma=idioma, riesgo=elegir(azar, _RIESGOS), perfil=perfil)


def _extranjera(azar: Azar, nna: SiNo, edad: str) -> Persona:
    sexo, genero = _sexo(azar)
    perfil = PerfilDesagregado(
        sexo=sexo,
        genero=genero,
        grupo_etario=edad,
        idioma="spa",
        nacionalidades=(elegir(azar, _VECINOS),),
        condicion_migratoria=CondicionMigratoria.IRREGULAR,
    )
    return Persona(nna=nna, extranjera=SiNo.SI, idioma="spa", riesgo=elegir(azar, _RIESGOS), perfil=perfil)


def _sexo(azar: Azar) -> tuple[Sexo, Genero]:
    mujer = azar.fraccion() < 0.75  # noqa: PLR2004  tres de cada cuatro víctimas identificadas en la región
    return (Sexo.MUJER, Genero.FEMENINO) if mujer else (Sexo.HOMBRE, Genero.MASCULINO)


__all__ = ["adulta_extranjera", "adulta_nacional", "nna_extranjera", "nna_nacional", "plaza_de"]
