"""Un contexto enchufable: reúne los casos de uso, políticas y lecturas de un servicio y los ofrece al bus.

Es el puerto `infra.mensajeria.puertos.Servicio` visto desde dentro. Cada `servicios/<x>/contexto.py` construye uno.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection

from contratos.base import Peticion
from eventos.sobre import Anotado
from infra.almacen.lecturas import Lecturas
from infra.almacen.migrar import Instalacion
from infra.almacen.tanda import Autoria, Tanda
from infra.mensajeria.puertos import Contradiccion, Dejar, HechoCrudo, Latido, Medida, Remitente
from servicios.comun import directorio, permiso, rutas
from servicios.comun.mesa import Casos, Encargo, Interna, Mesa

#: Seudónimo del propio sistema cuando actúa por una política o un plazo.
AGENTE_SISTEMA = "ag-00000000"


def _nada(_anotado: Anotado) -> Sequence[Interna]:
    return ()


def _sin_avisos(_anotados: Sequence[Anotado], _tanda: Tanda) -> None:
    return None


def _sin_aviso(_anotado: Anotado, _tanda: Tanda) -> None:
    return None


def _sin_plazos(_tanda: Tanda, _maximo: int) -> Sequence[Interna]:
    return ()


def _ninguno(_plazo: Hashable) -> datetime | None:
    return None


def _sin_aplazar(_tanda: Tanda, _interna: Interna, _hasta: datetime) -> None:
    return None


def _sin_proximo(_tanda: Tanda) -> datetime | None:
    return None


def _sin_libro(_tanda: Tanda, _crudos: Sequence[HechoCrudo]) -> None:
    return None


def _sin_cabeceras(_conexion: Connection, _latido: Latido) -> Contradiccion | None:
    return None


def _sin_denuncia(_crudo: HechoCrudo, _conocida: bytes) -> Interna | None:
    return None


def _sin_medidas(_conexion: Connection, _ahora: datetime) -> Sequence[Medida]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Contexto:
    """Un servicio, sin anfitrión.

    ``al_conocer``: qué hace cuando otro cuenta algo. ``avisar`` y ``avisar_de_lo_ajeno``: a quién hay que decir los
    hechos propios y los de otro (buzones). ``vencidos`` y ``proximo``: sus plazos; ``aplazar``: volver a citar uno que
    no se atendió, si ``vencidos`` ya lo dio por mirado. ``al_medir``: sus cifras propias. ``al_guardar_crudo``,
    ``al_conservar_cabecera``, ``al_divergir``, ``migraciones`` y ``solo_anexar``: solo quien lleva el libro.
    """

    nombre: str
    sigue: tuple[str, ...]
    casos: Casos
    tablas: Lecturas
    al_conocer: Callable[[Anotado], Sequence[Interna]] = _nada
    avisar: Callable[[Sequence[Anotado], Tanda], None] = _sin_avisos
    avisar_de_lo_ajeno: Callable[[Anotado, Tanda], None] = _sin_aviso
    vencidos: Callable[[Tanda, int], Sequence[Interna]] = _sin_plazos
    proximo: Callable[[Tanda], datetime | None] = _sin_proximo
    aplazar: Callable[[Tanda, Interna, datetime], None] = _sin_aplazar
    al_medir: Callable[[Connection, datetime], Sequence[Medida]] = _sin_medidas
    interpreta: bool = True
    al_guardar_crudo: Callable[[Tanda, Sequence[HechoCrudo]], None] = _sin_libro
    al_conservar_cabecera: Callable[[Connection, Latido], Contradiccion | None] = _sin_cabeceras
    al_divergir: Callable[[HechoCrudo, bytes], Interna | None] = _sin_denuncia
    migraciones: tuple[Path, ...] = ()
    solo_anexar: tuple[str, ...] = ()
    pais: str = "gt"

    @property
    def lecturas(self) -> Lecturas:
        """Las tablas propias tras las comunes: quien consulta una ruta la encuentra ya al día."""
        return Lecturas(
            tablas=(directorio.TABLAS, rutas.TABLAS, *self.tablas.tablas),
            aplicadores=(directorio.aplicar, rutas.aplicar, *self.tablas.aplicadores),
            cortes=self.tablas.cortes,
        )

    @property
    def instalacion(self) -> Instalacion:
        """Lo que este servicio necesita en su base."""
        return Instalacion(self.lecturas, self.migraciones, self.solo_anexar)

    def clave_de(self, tanda: Tanda, institucion: str) -> str:
        """Clave pública de firma de una institución activa. Errores: los de `directorio.exigir`."""
        return directorio.exigir(tanda, institucion).clave_firma

    def atender(self, tanda: Tanda, peticion: Peticion, remitente: Remitente) -> Sequence[Anotado]:
        """Atiende lo que pide una institución. Errores: `Rechazo`."""
        permiso.exigir(tanda, peticion, directorio.exigir(tanda, remitente.institucion))
        autoria = Autoria(
            institucion=remitente.institucion,
            agente=remitente.agente,
            ocurrido=remitente.ocurrido,
            causa=remitente.huella,
            correlacion=remitente.huella,
            solicitud=remitente.huella,
        )
        return self._decidir(tanda, peticion, autoria)

    def conocer(self, tanda: Tanda, anotado: Anotado) -> None:
        """Pone al día las lecturas con un hecho ajeno y hace lo que la política diga."""
        tanda.conocer([anotado])
        self.avisar_de_lo_ajeno(anotado, tanda)
        for interna in self.al_conocer(anotado):
            self._decidir(tanda, interna, self._del_sistema(tanda, str(anotado.id), anotado.correlacion))

    def guardar_crudo(self, tanda: Tanda, crudos: Sequence[HechoCrudo]) -> None:
        """Pasa los bytes al libro, si este contexto lo lleva."""
        self.al_guardar_crudo(tanda, crudos)

    def guardar_cabecera(self, conexion: Connection, latido: Latido) -> Contradiccion | None:
        """Conserva la cabecera que un origen firmó, si este contexto lleva el libro."""
        return self.al_conservar_cabecera(conexion, latido)

    def divergencia(self, tanda: Tanda, crudo: HechoCrudo, conocida: bytes) -> None:
        """Denuncia una divergencia, si este contexto es quien las denuncia."""
        interna = self.al_divergir(crudo, conocida)
        if interna is not None:
            self.encargar(tanda, interna)

    def vencer(self, tanda: Tanda, maximo: int, dejar: Dejar = _ninguno, /) -> int:
        """Atiende plazos vencidos, salvo los que haya que dejar."""
        vencidos = [(interna, dejar(interna)) for interna in self.vencidos(tanda, maximo)]
        for interna, hasta in vencidos:
            if hasta is None:
                self.encargar(tanda, interna)
            else:
                self.aplazar(tanda, interna, hasta)
        return sum(hasta is None for _, hasta in vencidos)

    def proximo_vencimiento(self, tanda: Tanda) -> datetime | None:
        """Cuándo vence el siguiente plazo (UTC), o None."""
        return self.proximo(tanda)

    def medidas(self, conexion: Connection, ahora: datetime) -> Sequence[Medida]:
        """Las cifras que solo este contexto sabe medir."""
        return self.al_medir(conexion, ahora)

    def encargar(self, tanda: Tanda, interna: Interna, autoria: Autoria | None = None) -> Sequence[Anotado]:
        """Lo que el sistema hace por sí mismo (plazos, puesta en marcha), sin hecho ajeno que lo cause.

        ``autoria``: si lo causó alguien fuera del bus (la bóveda).
        """
        return self._decidir(tanda, interna, autoria or self._del_sistema(tanda, "", str(tanda.azar.uuid4())))

    def _decidir(self, tanda: Tanda, encargo: Encargo, autoria: Autoria) -> Sequence[Anotado]:
        hechos = self.casos.decidir(encargo, Mesa(tanda, autoria))
        anotados = tanda.anotar(hechos, autoria)
        if anotados:
            tanda.al_volcar(self.avisar)
        return anotados

    def _del_sistema(self, tanda: Tanda, causa: str, correlacion: str) -> Autoria:
        return Autoria(
            institucion=f"{self.pais.upper()}-SISTEMA",
            agente=AGENTE_SISTEMA,
            ocurrido=tanda.ahora,
            causa=causa,
            correlacion=correlacion,
        )


__all__ = ["AGENTE_SISTEMA", "Contexto"]
