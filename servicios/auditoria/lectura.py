"""Leer una ruta del libro en nombre de alguien: la única puerta. Deja constancia antes y quita lo que no ha de saber.

A quien probó una ficha en una ruta suya, ver la coincidencia le diría que acertó; a quien no participa en otra ruta,
un vínculo le diría que es de la misma persona. Se quita aquí, y no en quien lo muestra: lo que no sale no se escapa.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import Connection

from contratos.base import Mandato
from contratos.solicitudes.deteccion import QUIEN_VINCULA
from eventos.comun import HechoRectificado
from eventos.deteccion import IdentidadVinculada, VinculoPropuesto, VinculoRechazado
from eventos.sobre import Anotado, Cifra, Sobre, SobreInvalido, abrir_sobre, decodificar
from infra.seguridad.sello import SelloRoto
from servicios.auditoria.accesos import Acceso, MotivoAcceso, registrar
from servicios.auditoria.lecturas import cuerpos_de

_QUE_MIRAN_TODO: Final = frozenset({Mandato.RECTORIA, Mandato.SUPERVISION})
_QUE_VEN_COINCIDENCIAS: Final = _QUE_MIRAN_TODO | frozenset(QUIEN_VINCULA)


@dataclass(frozen=True)
class Lector:
    """Una institución que lee. ``participa``: si detectó o aceptó una derivación en una ruta (regla 4)."""

    institucion: str
    mandatos: frozenset[Mandato]
    participa: Callable[[UUID], bool]

    @property
    def mira_todo(self) -> bool:
        """Si es la rectora o supervisa: ve todas las rutas."""
        return bool(self.mandatos & _QUE_MIRAN_TODO)

    def ve(self, ruta: UUID) -> bool:
        """Solo quien participa, la rectora y quien supervisa. Quien controla ve el recorrido, jamás la identidad."""
        return self.mira_todo or self.participa(ruta)


def leer(
    conexion: Connection, ruta: UUID, lector: Lector, motivo: MotivoAcceso, ahora: datetime,
    descifrar: Cifra | None = None,
) -> list[Anotado]:  # fmt: skip
    """Lo que el libro dice de una ruta a quien lee, en el orden del libro; ya consta que la leyó.

    ``descifrar``: con la clave de la persona, para abrir también lo sellado; lo que no se deje abrir va sin abrir.

    Quien llama comprueba antes que la ve (`Lector.ve`) y confirma la transacción.
    """
    registrar(conexion, Acceso(lector.institucion, str(ruta), motivo, ahora))
    anotados = [a for a in (_anotado(c, descifrar) for c in cuerpos_de(conexion, str(ruta))) if a is not None]
    ajenos = {a.id for a in anotados if _ajeno(a, lector)}
    return [
        a
        for a in anotados
        if a.id not in ajenos and not (isinstance(a.hecho, HechoRectificado) and a.hecho.corrige in ajenos)
    ]


def tipos_guardados(conexion: Connection, anotados: Sequence[Anotado]) -> Counter[str]:
    """Con qué ``type`` y versión se guardó cada hecho que `leer` ya entregó: al leerlo pudo subir de versión."""
    entregados = {anotado.id for anotado in anotados}
    sobres = (s for sujeto in {a.hecho.sujeto for a in anotados} for s in _sobres_de(conexion, sujeto))
    return Counter(sobre.type for sobre in sobres if sobre.id in entregados)


def _sobres_de(conexion: Connection, sujeto: str) -> Iterator[Sobre]:
    for cuerpo in cuerpos_de(conexion, sujeto):
        try:
            yield abrir_sobre(cuerpo)
        except SobreInvalido:
            continue


def _ajeno(anotado: Anotado, lector: Lector) -> bool:
    """Las coincidencias, solo para quien las decide o supervisa; un vínculo, para quien lo confirmó o ve la otra."""
    match anotado.hecho:
        case VinculoPropuesto() | VinculoRechazado():
            return not lector.mandatos & _QUE_VEN_COINCIDENCIAS
        case IdentidadVinculada(otra=otra):
            return anotado.institucion != lector.institucion and not lector.ve(otra)
        case _:
            return False


def _anotado(cuerpo: bytes, descifrar: Cifra | None) -> Anotado | None:
    try:
        return decodificar(cuerpo, descifrar)
    except SelloRoto:
        return _anotado(cuerpo, None)
    except SobreInvalido:
        return None


__all__ = ["Lector", "leer", "tipos_guardados"]
