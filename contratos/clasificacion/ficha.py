"""Lo que se clasifica de una persona: lo que cuenta un hecho de detección, ya abierto por quien tiene su clave."""

from __future__ import annotations

from typing import TypeVar

from msgspec import UNSET, Struct, UnsetType

from contratos.clasificacion.paquete import Condicion, Lista
from eventos.deteccion import PresuncionDescartada, PresuntaVictimaDetectada, VictimaIdentificada
from eventos.listas import Captacion, DuracionExplotacion, MedioControl, Modalidad
from eventos.perfil import Genero, PerfilDesagregado
from eventos.tipos import SiNo

T = TypeVar("T")

#: Cómo se escribe un país que no consta.
PAIS_SIN_CONSTAR = "ZZZ"


class Ficha(Struct, frozen=True, kw_only=True):
    """Una persona en los términos del catálogo. Lo que no consta va vacío o como «no consta»; nada se infiere."""

    condicion: Condicion
    nna: SiNo = SiNo.NO_CONSTA
    modalidades: tuple[Modalidad, ...] = ()
    medios: tuple[MedioControl, ...] = ()
    captacion: tuple[Captacion, ...] = ()
    duracion: DuracionExplotacion = DuracionExplotacion.NO_CONSTA
    genero: Genero = Genero.NO_CONSTA
    grupo_etario: str = "no-consta"
    nacionalidades: tuple[str, ...] = ()
    pais_explotacion: str = PAIS_SIN_CONSTAR

    def valores(self, lista: Lista) -> tuple[str, ...]:
        """Lo que dice de una lista del catálogo."""
        return {
            Lista.CONDICION: (self.condicion,),
            Lista.MODALIDAD: self.modalidades,
            Lista.MEDIO: self.medios,
            Lista.CAPTACION: self.captacion,
            Lista.DURACION: (self.duracion,),
            Lista.GENERO: (self.genero,),
            Lista.GRUPO_ETARIO: (self.grupo_etario,),
        }[lista]


def ficha(hecho: PresuntaVictimaDetectada | VictimaIdentificada | PresuncionDescartada) -> Ficha:
    """La ficha de una detección, una identificación o un descarte. Lo sellado que no se abrió queda sin constar."""
    if isinstance(hecho, PresuncionDescartada):
        return Ficha(condicion=Condicion.DESCARTADA)
    identificada = isinstance(hecho, VictimaIdentificada)
    perfil = _o(hecho.perfil, PerfilDesagregado())
    return Ficha(
        condicion=Condicion.IDENTIFICADA if identificada else Condicion.PRESUNTA,
        nna=hecho.nna,
        modalidades=_o(hecho.modalidades, ()),
        medios=_o(hecho.medios, ()),
        captacion=_o(hecho.captacion, ()),
        duracion=_o(hecho.duracion, DuracionExplotacion.NO_CONSTA),
        genero=perfil.genero,
        grupo_etario=perfil.grupo_etario,
        nacionalidades=perfil.nacionalidades,
        pais_explotacion=_o(hecho.pais_explotacion, PAIS_SIN_CONSTAR),
    )


def _o(valor: T | UnsetType, si_falta: T) -> T:
    return si_falta if valor is UNSET else valor
