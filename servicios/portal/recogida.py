"""Recoger de las colas de las abonadas lo suyo. Se confirma al bus lo ya guardado.

Lo ilegible, y lo que no firmó un servicio para esa institución, va a muertos: guardado, un aviso falso ocuparía el
número del verdadero.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection

from infra.almacen.almacen import Almacen
from infra.almacen.motor import base_caida
from infra.mensajeria.diagnostico import lugar
from infra.mensajeria.recepcion import Recepcion
from infra.mensajeria.topologia import Cola, Nombres, colas_de_institucion
from infra.mensajeria.transportes.base import Entrega, TopologiaAusente, Transporte, TransporteCaido
from infra.seguridad.firma import FirmaInvalida, leer_cabecera, verificar
from servicios.comun import directorio
from servicios.portal import deposito

registro = structlog.get_logger(__name__)
_LOTE: Final = 200
#: Segundos que se deja en paz a la institución cuyas colas fallan.
_RETROCESO: Final = 5.0
Guardar = Callable[[Connection, str, Sequence[Entrega], datetime], Sequence[Entrega]]


@dataclass
class Recogida:
    """El paso que vacía las colas de las abonadas.

    ``al_llegar``: a quién decir para qué institución hay algo. ``claves``: ``source`` de cada servicio -> su clave.
    """

    almacen: Almacen
    transporte: Transporte
    nombres: Nombres
    al_llegar: Callable[[str], None]
    claves: Mapping[str, Ed25519PublicKey]
    _abiertas: dict[str, tuple[Recepcion, Recepcion]] = field(default_factory=dict)
    _no_antes: dict[str, float] = field(default_factory=dict)

    def paso(self, espera: float = 0.0) -> bool:
        """Una vuelta por todas las colas. Dice si trajo algo. ``espera`` no se usa: son muchas colas."""
        del espera
        with self.almacen.consulta() as tanda:
            activas = {codigo for codigo, ficha in directorio.todas(tanda).items() if ficha.activa}
            # Lo de una suspendida espera en sus colas a que vuelva.
            abonadas = [codigo for codigo in deposito.todas_las_abonadas(tanda.conexion) if codigo in activas]
        for institucion in self._abiertas.keys() - set(abonadas):
            for recepcion in self._abiertas.pop(institucion):
                self.transporte.cancelar(recepcion.cola)
        trajo = False
        for institucion in abonadas:
            trajo = self._recoger_si_puede(institucion) or trajo
        return trajo

    def _recoger_si_puede(self, institucion: str) -> bool:
        """Lo que falla en las colas de una no detiene a las demás. Errores: base y bus caídos."""
        ahora = self.almacen.reloj.monotono()
        if ahora < self._no_antes.get(institucion, ahora):
            return False
        try:
            return self._recoger(institucion)
        except Exception as error:
            if isinstance(error, TransporteCaido) or base_caida(error):
                raise
            registro.error(
                "recogida-con-fallo", institucion=institucion, clase=type(error).__name__, lugar=lugar(error)
            )
            self._no_antes[institucion] = ahora + _RETROCESO
            return False

    def _recoger(self, institucion: str) -> bool:
        if institucion not in self._abiertas:
            self._abiertas[institucion] = self._abrir(institucion)
        acuses, avisos = self._abiertas[institucion]
        try:
            hubo = [
                acuses.tomar(lambda e: self._guardar(deposito.guardar_acuses, institucion, e), 0.0),
                avisos.tomar(lambda e: self._guardar(deposito.guardar_avisos, institucion, e), 0.0),
            ]
        except TopologiaAusente:
            # Alguien borró la cola: se declara otra vez en la próxima vuelta.
            del self._abiertas[institucion]
            return True
        if any(hubo):
            self.al_llegar(institucion)
        return any(hubo)

    def _abrir(self, institucion: str) -> tuple[Recepcion, Recepcion]:
        suyas: tuple[Cola, Cola] = colas_de_institucion(institucion, self.nombres.prefijo)
        for cola in suyas:
            self.transporte.asegurar_cola(cola)
        de_acuses, de_avisos = (Recepcion(self.almacen, self.transporte, c.nombre, _LOTE) for c in suyas)
        return de_acuses, de_avisos

    def _guardar(self, guardar: Guardar, institucion: str, entregas: Sequence[Entrega]) -> Sequence[Entrega]:
        firmadas = [entrega for entrega in entregas if self._es_de_senda(entrega, institucion)]
        # Con el turno: dos portales a la vez no dan el mismo número a dos acuses.
        with self.almacen.tanda() as tanda:
            guardadas = guardar(tanda.conexion, institucion, firmadas, tanda.ahora)
        for entrega in entregas:
            if entrega not in guardadas:
                motivo = "ilegible" if entrega in firmadas else "firma-ajena"
                registro.error("mensaje-a-muertos", institucion=institucion, motivo=motivo)
                self.transporte.rechazar(entrega, motivo)
        return guardadas

    def _es_de_senda(self, entrega: Entrega, institucion: str) -> bool:
        firma = str(entrega.mensaje.cabeceras.get("firma", ""))
        try:
            clave = self.claves[leer_cabecera(firma).kid]
            verificar(firma, entrega.mensaje.cuerpo, clave, institucion, self.almacen.reloj.ahora())
        except (FirmaInvalida, KeyError):
            return False
        return True


__all__ = ["Recogida"]
