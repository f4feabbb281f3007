"""Refrendar: comprobar, guardar y solo entonces firmar hacia fuera."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.reloj import Reloj
from senda_verificar import nota
from senda_verificar.nota import PuntoDeControl, Vkey
from servicios.testigo.dominio import TEXTO, Negativa, Peticion, Respuesta, acusacion, decidir, examinar
from servicios.testigo.memoria import Memoria, Turno


@dataclass(frozen=True, repr=False)
class Testigo:
    """Un testigo con su clave y su memoria. Vale para varios hilos y procesos a la vez sobre la misma base."""

    vkey: Vkey
    clave: Ed25519PrivateKey
    memoria: Memoria
    reloj: Reloj

    def refrendar(self, cuerpo: bytes) -> Respuesta:
        """Atiende un ``add-checkpoint``. Lo que contesta ya está en el disco; los errores de la base salen tal cual."""
        try:
            peticion = examinar(cuerpo, self.memoria.libros())
            linea = self._resolver(peticion)
        except Negativa as negativa:
            return negativa.respuesta
        return Respuesta(200, TEXTO, linea.encode())

    def _resolver(self, peticion: Peticion) -> str:
        punto = peticion.punto
        with self.memoria.turno() as turno:
            ultimo, desde = turno.ultimo(punto.origen)
            ahora = self.reloj.ahora()
            try:
                decidir(peticion, ultimo)
            except Negativa as dicha:
                negativa = dicha  # se lanza fuera: aquí desharía la evidencia
                motivo = acusacion(peticion, turno.raiz(punto.origen, punto.tamano), negativa)
                if motivo is not None:
                    turno.acusar(motivo, punto, ahora)
            else:
                return turno.linea(punto) or self._anotar(turno, punto, ahora if desde is None else max(ahora, desde))
        raise negativa

    def _anotar(self, turno: Turno, punto: PuntoDeControl, cuando: datetime) -> str:
        """``cuando`` no es antes que el anterior: un refrendo dice «a esta hora no he visto nada mayor»."""
        instante = int(cuando.timestamp())
        firma = instante.to_bytes(8) + self.clave.sign(nota.refrendado(instante, punto.firmado))
        linea = nota.escribir_firma(self.vkey.nombre, self.vkey.huella, firma)
        turno.anotar(punto, linea, cuando)
        return linea


__all__ = ["Testigo"]
