"""El caso de una persona: lo que sus instituciones van sabiendo de él y cómo piden cosas en su nombre.

No decide nada: guarda los ids que traen los acuses, quién participa ya y cómo se portará cada institución.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from contratos.acuse import Acuse, HechoCausado, Resultado
from contratos.base import Peticion
from eventos.atencion import ConsentimientoOtorgado
from eventos.base import Hecho
from eventos.listas import ServicioPedido
from eventos.perfil import PerfilDesagregado
from eventos.tipos import NivelRiesgo, SiNo
from infra.azar import Azar
from senda.demo.guion import Acuses, GuionRoto, Hasta, NoAceptada, Paso, acuses_de, pedir
from senda.demo.sorteo import entre

#: Rechazos que pueden deberse a que algo está en camino entre servicios: una institución vuelve a pedirlo al rato.
EN_CAMINO = frozenset(
    {
        "ruta-desconocida",
        "sin-participacion",
        "evidencia-desconocida",
        "institucion-desconocida",
        "derivacion-ajena",
        "cierre-sin-prueba",
        "derechos-pendientes",
        "obligacion-pendiente",
        "motivo-no-consta",
    }
)
#: De estos, los que no cambiarán para quien perdió su encargo: ya no participa.
_DE_QUIEN_PARTICIPA = frozenset({"sin-participacion", "derivacion-ajena"})
_INTENTOS = 8


class Trato(StrEnum):
    """Cómo responde la primera institución a la que se encarga un servicio."""

    ACEPTA = "acepta"
    RECHAZA = "rechaza"
    TARDA = "tarda"
    CALLA = "calla"


@dataclass(frozen=True, slots=True, kw_only=True)
class Persona:
    """Quién llega, tal como lo ve quien la detecta. ``perfil`` solo viaja sellado."""

    nna: SiNo
    extranjera: SiNo
    idioma: str
    riesgo: NivelRiesgo
    perfil: PerfilDesagregado


@dataclass
class Caso:
    """Una persona en la demostración.

    ``ritmo``: por cuánto se multiplican las esperas (1 con reloj simulado; menos cuando el tiempo corre de verdad).
    ``insiste``: cada cuánto se repite lo que aún está en camino; None con reloj simulado, donde ya llegó todo.
    ``casos``: donde el reparto lo buscará por su ruta. ``descarta``: la identificación concluirá que no hubo trata.
    ``retiradas``: encargos de los que ya nadie responde; ``fuera``: quienes perdieron así el suyo.
    """

    persona: Persona
    azar: Azar
    casos: dict[UUID, Caso]
    ritmo: float = 1.0
    insiste: timedelta | None = None
    tratos: Mapping[ServicioPedido, Trato] = field(default_factory=dict)
    descarta: bool = False
    revocado: bool = False
    retiradas: set[UUID] = field(default_factory=set)
    fuera: set[str] = field(default_factory=set)
    participan: set[str] = field(default_factory=set)
    _hechos: dict[str, list[HechoCausado]] = field(default_factory=dict)
    _ruta: UUID | None = None
    _ahora: datetime | None = None

    @property
    def ruta(self) -> UUID:
        """Su seudónimo. Errores: `GuionRoto` si nadie la detectó aún."""
        if self._ruta is None:
            raise GuionRoto("la persona no tiene ruta todavía")
        return self._ruta

    @property
    def es_nna(self) -> bool:
        """Si se la trata como niña, niño o adolescente."""
        return self.persona.nna is not SiNo.NO

    @property
    def ahora(self) -> datetime:
        """El instante del último acuse (UTC)."""
        if self._ahora is None:
            raise GuionRoto("todavía no hay ningún acuse")
        return self._ahora

    def dia(self, dias: int) -> date:
        """La fecha de dentro de unos días."""
        return (self.ahora + timedelta(days=dias)).date()

    def dias(self, minimo: float, maximo: float) -> timedelta:
        """Un lapso al azar, en días, al ritmo de la demostración."""
        return entre(self.azar, timedelta(days=minimo), timedelta(days=maximo)) * self.ritmo

    def horas(self, minimo: float, maximo: float) -> timedelta:
        """Un lapso al azar, en horas, al ritmo de la demostración."""
        return self.dias(minimo / 24, maximo / 24)

    def empezar(self, ruta: UUID, quien: str) -> None:
        """La persona ya tiene ruta y quien la detectó participa en ella."""
        self._ruta = ruta
        self.casos[ruta] = self
        self.participan.add(quien)

    def pedir(self, institucion: str, *peticiones: Peticion, tras: timedelta = timedelta(0)) -> Paso[Acuses]:
        """Pide, insiste en lo que aún está en camino y exige que todo se acepte. Errores: `NoAceptada`."""
        obtenidos: dict[int, Acuse] = {}
        for quedan in reversed(range(_INTENTOS)):
            faltan = [i for i in range(len(peticiones)) if i not in obtenidos]
            acuses = yield from acuses_de(institucion, *(peticiones[i] for i in faltan), tras=tras)
            for i, acuse in zip(faltan, acuses, strict=True):
                if acuse.resultado is Resultado.ACEPTADA:
                    obtenidos[i] = acuse
                    self._anotar(acuse)
                elif not (quedan and self._llegara(institucion, acuse.codigo)):
                    raise NoAceptada(acuse)
            if len(obtenidos) == len(peticiones):
                return tuple(obtenidos[i] for i in range(len(peticiones)))
            # Con paciencia creciente: si el sistema va cargado, insistir más deprisa solo lo carga más.
            tras = (self.insiste or tras) * 2.0 ** (_INTENTOS - 1 - quedan)
        raise GuionRoto("no se llegó a pedir")

    def pedir_en_vano(self, institucion: str, peticion: Peticion, codigo: str) -> Paso[None]:
        """Pide algo que las reglas no permiten y exige que se rechace con ese código. Errores: `GuionRoto`."""
        try:
            yield from pedir(institucion, peticion)
        except NoAceptada as error:
            if error.codigo != codigo:
                raise
            return
        raise GuionRoto(f"se aceptó lo que debía rechazarse con «{codigo}»")

    def _llegara(self, institucion: str, codigo: str) -> bool:
        salio = institucion in self.fuera and codigo in _DE_QUIEN_PARTICIPA
        return self.insiste is not None and codigo in EN_CAMINO and not salio

    def _anotar(self, acuse: Acuse) -> None:
        self._ahora = acuse.instante
        for hecho in acuse.eventos:
            self._hechos.setdefault(hecho.tipo, []).append(hecho)

    def consta(self, clase: type[Hecho]) -> bool:
        """Si ya ocurrió algo de esa clase."""
        return clase.tipo in self._hechos

    def ultimo(self, clase: type[Hecho]) -> HechoCausado:
        """El último hecho de esa clase. Errores: `GuionRoto` si no hay."""
        if clase.tipo not in self._hechos:
            raise GuionRoto(f"la historia se apoya en un hecho que no ocurrió: {clase.tipo}")
        return self._hechos[clase.tipo][-1]

    def id_de(self, clase: type[Hecho], campo: str) -> UUID:
        """El id que el servicio puso en un campo del último hecho de esa clase."""
        return UUID(str(self.ultimo(clase).datos[campo]))

    def hasta(self, ocurre: Callable[[], bool]) -> Paso[None]:
        """Espera a que algo ocurra."""
        if not ocurre():
            yield Hasta(ocurre)

    def con(self, *instituciones: str) -> Paso[None]:
        """Espera a que participen en la ruta."""
        yield from self.hasta(lambda: self.participan.issuperset(instituciones))

    def consentido(self) -> Paso[None]:
        """Espera a que la persona, o quien decide por ella, consienta."""
        yield from self.hasta(lambda: self.consta(ConsentimientoOtorgado))


__all__ = ["EN_CAMINO", "Caso", "Persona", "Trato"]
