"""La bóveda de un despliegue: dónde vive, a quién pregunta y cómo llega al libro lo que hace.

Se instala aparte (`instalar`): otra base, que puede estar en otro servidor, y su carpeta de claves. Nada de ella está
en el bus ni en las copias de los servicios.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from msgspec import Struct

from contratos.base import Mandato
from contratos.protocolos import vigente
from contratos.protocolos.paquete import Calendario
from eventos.atencion import Alcance
from eventos.seguridad import AccesoExcepcional, ClaveDestruida
from infra.almacen.almacen import Almacen
from infra.almacen.tanda import Autoria
from infra.azar import Azar
from infra.reloj import Reloj
from infra.seguridad import recuperacion
from infra.seguridad.anillo import Anillo
from infra.seguridad.boveda.boveda import Boveda
from infra.seguridad.boveda.destruccion import Destruccion
from infra.seguridad.boveda.puertos import Quien
from infra.seguridad.boveda.ventanilla import Ventanilla
from infra.seguridad.llavero import Llavero
from senda.composicion import Montaje
from senda.despliegue import MAESTRA, Base, escribir_secreto
from servicios.atencion.dominio.consentimiento import consentimientos
from servicios.atencion.dominio.ruta import Atencion
from servicios.comun import directorio, rutas
from servicios.coordinacion.contexto import CONTEXTO as COORDINACION
from servicios.coordinacion.internas import ContarDeSeguridad
from servicios.justicia.estado import Justicia
from servicios.justicia.mandatos import en_pie

CARPETA = "boveda"
ENVOLTURA = "envoltura"
_ARCHIVO = "boveda.json"
_RECEPCION = "recepcion"
#: La pública del reparto vigente y el paquete cerrado hacia ella.
_REPARTO = "reparto"
PAQUETE = "paquete.jwe"
#: Nombre en el paquete -> archivo de claves (32 bytes cada una) en la carpeta del despliegue.
_EN_EL_PAQUETE = {
    "envoltura": f"{CARPETA}/{ENVOLTURA}", "recepcion": f"{CARPETA}/{_RECEPCION}", "maestra": MAESTRA,
}  # fmt: skip
#: Compartir quién es alcanza también a quien la atiende: sin saber a quién, no se puede.
_ALCANCES = frozenset({Alcance.COMPARTIR})
#: Los servicios cuyos almacenes lee; en el de coordinación deja, además, lo que ha de contarse.
CONSULTADOS = ("coordinacion", "deteccion", "atencion", "justicia")


class BovedaAusente(Exception):
    """El despliegue no tiene bóveda instalada aquí."""

    def __str__(self) -> str:
        return "no hay una bóveda en esa carpeta; créala con «senda boveda instalar»"


class _Instalada(Struct, frozen=True):
    base: Base


@dataclass(frozen=True)
class FuentesDelDespliegue:
    """Lo que la bóveda pregunta, leído de los almacenes de los servicios (solo leer).

    ``calendario``: el del país; lo que vence un día vale hasta que ese día acaba allí.
    """

    almacenes: Mapping[str, Almacen]
    calendario: Calendario

    def mandatos(self, institucion: str) -> Collection[Mandato] | None:
        with self.almacenes["coordinacion"].consulta() as tanda:
            ficha = directorio.ficha(tanda, institucion)
        return ficha.mandatos if ficha is not None and ficha.activa else None

    def consentimiento_ampara(self, ruta: UUID, consentimiento: UUID, institucion: str, instante: datetime) -> bool:
        with self.almacenes["atencion"].consulta() as tanda:
            dados = consentimientos(tanda.estado(Atencion, ruta))
        aqui = self.calendario.local(instante)
        return any(c.id == consentimiento and c.ampara(_ALCANCES, institucion, aqui) for c in dados)

    def participa(self, ruta: UUID, institucion: str) -> bool:
        with self.almacenes["coordinacion"].consulta() as tanda:
            return rutas.participa(tanda, ruta, institucion)

    def mandatos_en_pie(self, ruta: UUID, instante: datetime) -> Sequence[str]:
        # Un mandato en una ruta lo es sobre la persona. Los vínculos, de detección: los cuenta ella, y no llegan tarde.
        with self.almacenes["deteccion"].consulta() as tanda:
            suyas = sorted(rutas.de_la_misma_persona(tanda.conexion, ruta))
        with self.almacenes["justicia"].consulta() as tanda:
            dia = self.calendario.local(instante).date()
            codigos = [c for una in suyas for c in en_pie(tanda.estado(Justicia, una), dia)]
        return list(dict.fromkeys(codigos))


@dataclass
class BovedaDelDespliegue:
    """La bóveda montada, con su destrucción y su camino al libro. ``al_destruir``: qué más se destruye de una ruta."""

    carpeta: Path
    boveda: Boveda
    llavero: Llavero
    almacenes: Mapping[str, Almacen]
    azar: Azar
    al_destruir: tuple[Callable[[UUID], None], ...] = ()
    destruccion: Destruccion = field(init=False)

    def __post_init__(self) -> None:
        self.destruccion = Destruccion(self.boveda, self.azar, (self._destruir_llavero, *self.al_destruir))

    def contar(self) -> int:
        """Lleva al libro lo que la bóveda debe contar; devuelve cuántos. Si se corta, repetirlo no repite hechos."""
        pendientes = self.boveda.pendientes()
        for pendiente in pendientes:
            if not isinstance(pendiente.hecho, AccesoExcepcional | ClaveDestruida):
                raise TypeError("la bóveda solo cuenta accesos excepcionales y destrucciones")
            with self.almacenes["coordinacion"].tanda() as tanda:
                autoria = Autoria(
                    institucion=pendiente.quien.institucion,
                    agente=pendiente.quien.agente,
                    ocurrido=pendiente.instante,
                    causa="",
                    correlacion=str(tanda.azar.uuid4()),
                )
                COORDINACION.encargar(tanda, ContarDeSeguridad(hecho=pendiente.hecho), autoria)
            self.boveda.contado(pendiente.numero)
        return len(pendientes)

    def ejecutar(self, quien: Quien, id_peticion: UUID) -> None:
        """Ejecuta una destrucción, rehace el paquete de recuperación y lo cuenta. Errores: los de `Destruccion`.

        El paquete se rehace también si falla: pudo cortarse después de rotar, y uno viejo no recuperaría nada.
        """
        try:
            self.destruccion.ejecutar(quien, id_peticion)
        finally:
            empaquetar(self.carpeta, self.azar)
            self.contar()

    def ventanilla(self, reloj: Reloj) -> Ventanilla:
        """Su puerto HTTP (WSGI)."""
        return Ventanilla(self.boveda, self.destruccion, self._clave_de, reloj, self.contar)

    def cerrar(self) -> None:
        """Suelta las bases, también las de los servicios."""
        self.boveda.cerrar()
        for almacen in self.almacenes.values():
            almacen.motor.dispose()
        self.llavero.cerrar()

    def _clave_de(self, institucion: str) -> str | None:
        with self.almacenes["coordinacion"].consulta() as tanda:
            ficha = directorio.ficha(tanda, institucion)
        return ficha.clave_firma if ficha is not None and ficha.activa else None

    def _destruir_llavero(self, ruta: UUID) -> None:
        """La clave con que van sellados sus hechos, y la maestra que la envolvía en las copias."""
        self.llavero.destruir(ruta)
        self.llavero.rotar()


def instalar(carpeta: Path, base: Base | None, azar: Azar) -> None:
    """Prepara la bóveda de un despliegue. ``base``: la suya, aparte; sin ella, SQLite en su carpeta.

    Errores: `FileExistsError` si ya la hay.
    """
    suya = carpeta / CARPETA
    suya.mkdir(mode=0o700)
    Anillo.estrenar(suya / ENVOLTURA, azar.bytes(32))
    escribir_secreto(suya / _RECEPCION, azar.bytes(32))
    puesta = base or Base(f"sqlite:///{suya / 'boveda.db'}")
    escribir_secreto(suya / _ARCHIVO, msgspec.json.encode(_Instalada(puesta)))


def abrir(
    montaje: Montaje, reloj: Reloj, llavero: Llavero, almacenes: Mapping[str, Almacen] | None = None,
    al_destruir: tuple[Callable[[UUID], None], ...] = (),
) -> BovedaDelDespliegue:  # fmt: skip
    """Monta la bóveda. ``almacenes``: los de los servicios, si ya están abiertos en este proceso.

    Errores: `BovedaAusente`, `AnilloIlegible`.
    """
    suya = montaje.carpeta / CARPETA
    try:
        instalada = msgspec.json.decode((suya / _ARCHIVO).read_bytes(), type=_Instalada)
        recepcion = X25519PrivateKey.from_private_bytes((suya / _RECEPCION).read_bytes())
    except (OSError, ValueError):
        raise BovedaAusente from None
    if almacenes is None:
        almacenes = {nombre: montaje.almacen(nombre, llavero) for nombre in CONSULTADOS}
    azar = montaje.azar_de("boveda")
    boveda = Boveda(
        instalada.base.url,
        Anillo(suya / ENVOLTURA),
        recepcion,
        FuentesDelDespliegue(almacenes, vigente(montaje.despliegue.pais).calendario),
        azar,
        reloj,
        esquema=instalada.base.esquema,
    )
    boveda.crear_esquema()
    return BovedaDelDespliegue(montaje.carpeta, boveda, llavero, almacenes, azar, al_destruir)


def repartir(carpeta: Path, umbral: int, partes: int, azar: Azar) -> tuple[str, ...]:
    """Reparte la recuperación entre custodios y deja el paquete; los repartos anteriores ya no sirven.

    Devuelve las partes, que no se guardan en ningún archivo. Errores: `ValueError`, `BovedaAusente`.
    """
    if not (carpeta / CARPETA / ENVOLTURA).exists():
        raise BovedaAusente
    reparto = recuperacion.repartir(umbral, partes, azar)
    _sustituir(carpeta / CARPETA / _REPARTO, reparto.publica.encode())
    empaquetar(carpeta, azar)
    return reparto.partes


def empaquetar(carpeta: Path, azar: Azar) -> None:
    """Rehace el paquete con las claves vivas, si se repartió. Quien guarde copia ha de destruir la anterior.

    A media rotación van las dos del anillo: no se sabe bajo cuál quedó cada cosa, y puede ser la que sale.
    """
    suya = carpeta / CARPETA
    if (suya / _REPARTO).exists():
        claves = {nombre: (carpeta / donde).read_bytes() for nombre, donde in _EN_EL_PAQUETE.items()}
        texto = recuperacion.empaquetar(claves, (suya / _REPARTO).read_text(), azar)
        _sustituir(suya / PAQUETE, texto.encode())


def recuperar(carpeta: Path, partes: Iterable[str], paquete: str) -> list[str]:
    """Repone las claves que falten en la carpeta; devuelve cuáles. Nunca pisa una que esté.

    Errores: los de `recuperacion.reunir`.
    """
    repuestas = []
    for nombre, clave in recuperacion.reunir(partes, paquete).items():
        # Donde vaya de verdad: la maestra puede ser un enlace a la que varios procesos comparten.
        archivo = (carpeta / _EN_EL_PAQUETE[nombre]).resolve()
        if not archivo.exists():
            archivo.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            escribir_secreto(archivo, clave)
            repuestas.append(nombre)
    return repuestas


def _sustituir(archivo: Path, contenido: bytes) -> None:
    temporal = archivo.with_name(f".{archivo.name}.nuevo")
    temporal.unlink(missing_ok=True)
    escribir_secreto(temporal, contenido)
    temporal.replace(archivo)


__all__ = ["CARPETA", "BovedaAusente", "BovedaDelDespliegue", "FuentesDelDespliegue", "abrir", "instalar"]
