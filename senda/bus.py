"""La seguridad del bus de un despliegue: de su topología y su directorio a lo que el broker ha de dejar hacer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from infra.azar import Azar
from infra.mensajeria.topologia import solo_recibe
from infra.rabbitmq.aplicar import Aplicado, aplicar
from infra.rabbitmq.claves import Hashes
from infra.rabbitmq.gestion import Gestion
from infra.rabbitmq.matriz import Resultado, probar
from infra.rabbitmq.permisos import Seguridad, seguridad
from senda.acceso_bus import Acceso
from senda.composicion import CONTEXTOS, mapa
from senda.despliegue import leer
from senda.directorio import fichas
from servicios.portal.contexto import CONTEXTO as PORTAL

#: Los servicios que escriben en los buzones de las instituciones.
REPARTEN: Final = ("coordinacion",)


class SinBroker(Exception):
    """El bus del despliegue vive dentro de un proceso: no hay permisos que dar."""

    def __str__(self) -> str:
        return "con memory:// no hay broker; los permisos son de un despliegue sobre RabbitMQ"


def acceso_de(carpeta: Path) -> Acceso:
    """Cómo se entra a su bus. Errores: `DespliegueAusente`, `SinBroker`."""
    despliegue = leer(carpeta)
    if despliegue.bus.startswith("memory:"):
        raise SinBroker
    return Acceso(carpeta, despliegue)


def seguridad_de(acceso: Acceso) -> Seguridad:
    """Lo que el broker ha de tener ahora mismo, según el directorio. Errores: los de la base de coordinación.

    La rectora tiene usuario desde el principio: la inscribe coordinación al arrancar, y para eso hace falta bus.
    """
    en_directorio = {f.codigo: f.activa for f in fichas(acceso.carpeta)}
    en_directorio.setdefault(acceso.despliegue.rectora, True)
    return seguridad(
        mapa(acceso.despliegue.prefijo).con(solo_recibe(PORTAL.nombre, PORTAL.sigue, acceso.despliegue.prefijo)),
        tuple(CONTEXTOS),
        [codigo for codigo, activa in en_directorio.items() if activa],
        [codigo for codigo, activa in en_directorio.items() if not activa],
        reparten=REPARTEN,
        vhost=acceso.vhost,
    )


def hashes_de(acceso: Acceso, querida: Seguridad, azar: Azar) -> Hashes:
    """El hash de la contraseña de cada usuario; la que falta se crea. Quien tiene certificado no tiene contraseña."""
    return {
        u.nombre: acceso.claves.asegurar(u.nombre, azar).hash
        for u in querida.usuarios
        if not acceso.con_certificado(u.nombre)
    }


def poner_al_dia(acceso: Acceso, gestion: Gestion, azar: Azar) -> Aplicado:
    """Deja el broker como dice el directorio y olvida las contraseñas de quien ya no entra.

    Errores: `GestionCaida`, `ClaveIlegible`; los de la base de coordinación.
    """
    querida = seguridad_de(acceso)
    aplicado = aplicar(gestion, querida, hashes_de(acceso, querida, azar))
    for nombre in aplicado.quitados:
        acceso.claves.quitar(nombre)
    return aplicado


def matriz(acceso: Acceso) -> Iterator[Resultado]:
    """Intenta contra el broker, como cada usuario, todo lo que debe y lo que no. Errores: `ClaveIlegible`."""
    return probar(seguridad_de(acceso), acceso.url_de)


__all__ = ["SinBroker", "acceso_de", "hashes_de", "matriz", "poner_al_dia", "seguridad_de"]
