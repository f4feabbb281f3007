"""El registro único de un despliegue: dónde vive el tenedor de la huella y cómo llegan a detección sus propuestas.

Se instala aparte de la bóveda (`instalar`): otra carpeta, otra clave y otra base; mejor, otra máquina y otra mano.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import Struct

from contratos.base import Mandato
from eventos.seguridad import ClaveDestruida
from eventos.vigentes import Vigentes
from infra.almacen.almacen import Almacen
from infra.azar import Azar
from infra.reloj import Reloj
from infra.seguridad.llavero import Llavero
from infra.seguridad.registro_unico.rechazos import ClaveSinDestruir
from infra.seguridad.registro_unico.registro import RegistroUnico
from senda.composicion import Montaje
from senda.despliegue import Base, escribir_secreto
from servicios.comun import directorio, rutas
from servicios.deteccion.contexto import CONTEXTO as DETECCION
from servicios.deteccion.internas import ProponerVinculo

CARPETA = "registro"
_ARCHIVO, _CLAVE, _RECEPCION = "registro.json", "clave", "recepcion"


class RegistroAusente(Exception):
    """El despliegue no tiene registro único instalado aquí."""

    def __str__(self) -> str:
        return "no hay un registro único en esa carpeta; créalo con «senda registro instalar»"


class _Instalado(Struct, frozen=True):
    base: Base


@dataclass(frozen=True)
class RegistroDelDespliegue:
    """El registro montado, con su camino a detección."""

    registro: RegistroUnico
    almacenes: Mapping[str, Almacen]

    def proponer(self) -> int:
        """Cuenta a detección las coincidencias nuevas; devuelve cuántas. Si se corta, repetirlo no repite hechos."""
        propuestas = self.registro.propuestas()
        for propuesta in propuestas:
            with self.almacenes["deteccion"].tanda() as tanda:
                DETECCION.encargar(tanda, ProponerVinculo(ruta=propuesta.ruta, otra=propuesta.otra))
            self.registro.contada(propuesta.numero)
        return len(propuestas)

    def olvidar(self, ruta: UUID) -> None:
        """Olvida las huellas de una ruta cuya clave consta destruida. Errores: `ClaveSinDestruir`, `HuellasEnDisco`."""
        with self.almacenes["coordinacion"].consulta() as tanda:
            if not tanda.estado(Vigentes, ruta).hay(ClaveDestruida):
                raise ClaveSinDestruir
        self.registro.olvidar(ruta)

    def cerrar(self) -> None:
        """Suelta las bases, también las de los servicios."""
        self.registro.cerrar()
        for almacen in self.almacenes.values():
            almacen.motor.dispose()


def instalar(carpeta: Path, base: Base | None, azar: Azar) -> None:
    """Prepara el registro. ``base``: la suya, aparte; sin ella, SQLite en su carpeta. Errores: `FileExistsError`."""
    suya = carpeta / CARPETA
    suya.mkdir(mode=0o700)
    escribir_secreto(suya / _CLAVE, azar.bytes(32))
    escribir_secreto(suya / _RECEPCION, azar.bytes(32))
    escribir_secreto(
        suya / _ARCHIVO, msgspec.json.encode(_Instalado(base or Base(f"sqlite:///{suya / 'registro.db'}")))
    )


def abrir(
    montaje: Montaje, reloj: Reloj, llavero: Llavero, almacenes: Mapping[str, Almacen] | None = None
) -> RegistroDelDespliegue:
    """Monta el registro. ``almacenes``: los de los servicios, si ya están abiertos. Errores: `RegistroAusente`."""
    suya = montaje.carpeta / CARPETA
    try:
        base = msgspec.json.decode((suya / _ARCHIVO).read_bytes(), type=_Instalado).base
        clave = (suya / _CLAVE).read_bytes()
        recepcion = X25519PrivateKey.from_private_bytes((suya / _RECEPCION).read_bytes())
    except (OSError, ValueError):
        raise RegistroAusente from None
    if almacenes is None:
        almacenes = {nombre: montaje.almacen(nombre, llavero) for nombre in ("deteccion", "coordinacion")}
    en_coordinacion = almacenes["coordinacion"]

    def participa(ruta: UUID, institucion: str) -> bool:
        with en_coordinacion.consulta() as tanda:
            ficha = directorio.ficha(tanda, institucion)
            if ficha is None or not ficha.activa:
                return False
            return Mandato.RECTORIA in ficha.mandatos or rutas.participa(tanda, ruta, institucion)

    registro = RegistroUnico(base.url, clave, recepcion, participa, reloj, esquema=base.esquema)
    registro.crear_esquema()
    return RegistroDelDespliegue(registro, almacenes)


__all__ = ["CARPETA", "RegistroAusente", "RegistroDelDespliegue", "abrir", "instalar"]
