"""Personas identificadas al azar, con todo lo que una identificación puede llevar sellado."""

from __future__ import annotations

from uuid import UUID

from hypothesis import strategies as st

from eventos.deteccion import VictimaIdentificada
from eventos.listas import Captacion, DuracionExplotacion, MedioControl, Modalidad
from eventos.perfil import CondicionMigratoria, Discapacidad, Genero, PerfilDesagregado
from eventos.tipos import Sexo, SiNo

PAISES = st.sampled_from(["GTM", "HND", "SLV", "MEX", "PER", "ZZZ", "QQQ"])
TRAMOS = ["no-consta", "0-8", "9-17", "12-14", "18-20", "18-29", "48+", "60+", "30-38", "0-17"]


def varios(valores, maximo=4):
    return st.lists(st.sampled_from(list(valores)), max_size=maximo).map(tuple)


PERFILES = st.builds(
    PerfilDesagregado,
    sexo=st.sampled_from(Sexo),
    genero=st.sampled_from(Genero),
    grupo_etario=st.sampled_from(TRAMOS),
    pueblo=st.sampled_from(["no-consta", "maya-kiche"]),
    idioma=st.sampled_from(["und", "spa", "quc", "fra", "zho"]),
    nacionalidades=st.lists(PAISES, max_size=5).map(tuple),
    origen=st.sampled_from(["ZZ", "GT-01-0101"]),
    residencia=st.sampled_from(["ZZ", "GT-09"]),
    discapacidad=st.sampled_from(Discapacidad),
    condicion_migratoria=st.sampled_from(CondicionMigratoria),
)
IDENTIFICADAS = st.builds(
    VictimaIdentificada,
    ruta=st.just(UUID(int=1)),
    nna=st.sampled_from(SiNo),
    extranjera=st.sampled_from(SiNo),
    perfil=PERFILES,
    modalidades=varios(Modalidad),
    medios=varios(MedioControl, 6),
    captacion=varios(Captacion, 3),
    duracion=st.sampled_from(DuracionExplotacion),
    pais_explotacion=PAISES,
    territorio=st.sampled_from(["ZZ", "GT-01-0101"]),
)
