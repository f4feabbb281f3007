"""Dejar el broker como dicen las definiciones: crear, actualizar y quitar lo que sobra. Repetirlo no cambia nada.

Solo se toca lo que lleva la etiqueta de Senda: los usuarios de otros y quien administra siguen como están. Nunca se
borra una cola ni un intercambio: dentro puede haber mensajes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from msgspec import Struct

from infra.rabbitmq.claves import Hashes
from infra.rabbitmq.definiciones import definiciones
from infra.rabbitmq.gestion import Gestion
from infra.rabbitmq.permisos import ETIQUETA, Seguridad, nombrados


class Aplicado(Struct, frozen=True):
    """Qué cambió, por nombre. ``distintas``: colas e intercambios que el broker ya tenía declarados de otro modo."""

    nuevos: tuple[str, ...] = ()
    cambiados: tuple[str, ...] = ()
    quitados: tuple[str, ...] = ()
    distintas: tuple[str, ...] = ()

    @property
    def cambio_algo(self) -> bool:
        """Si hubo que tocar algún usuario."""
        return bool(self.nuevos or self.cambiados or self.quitados)


def aplicar(gestion: Gestion, seguridad: Seguridad, hashes: Hashes) -> Aplicado:
    """Importa las definiciones y quita lo que sobra: suspendidos, permisos y temas de más.

    A quien se le quita algo se le corta la conexión: el broker recuerda por canal lo que ya dejó hacer. También a quien
    cambia de contraseña o pasa a certificado: quien entró con la anterior sigue dentro. A quien solo gana permisos, no.
    Errores: `GestionCaida`; entonces pudo quedar a medias, y se repite.
    """
    habia = _nuestros(gestion)
    antes = _estados(gestion, habia)
    querido = definiciones(seguridad, hashes)
    gestion.enviar(querido, "definitions")
    quiere = {u.nombre for u in seguridad.usuarios}
    quitados = sorted(habia - quiere)
    for nombre in quitados:
        gestion.borrar("users", nombre)  # con sus permisos; el broker cierra sus conexiones
    _quitar_permisos(gestion, seguridad, quiere)
    _quitar_limites(gestion, querido)
    despues = _estados(gestion, quiere)
    cambiados = sorted(nombre for nombre in habia & quiere if antes[nombre] != despues[nombre])
    for nombre in cambiados:
        if not _solo_gana(antes[nombre], despues[nombre]):
            gestion.borrar("connections", "username", nombre)
    return Aplicado(
        tuple(sorted(quiere - habia)), tuple(cambiados), tuple(quitados), tuple(_distintas(gestion, seguridad))
    )


def _nuestros(gestion: Gestion) -> set[str]:
    return {u["name"] for u in gestion.leer("users") if ETIQUETA in _etiquetas(u["tags"])}


def _etiquetas(tags: Any) -> list[str]:
    return tags.split(",") if isinstance(tags, str) else tags


class _Estado(NamedTuple):
    """Con qué entra un usuario y qué puede: por vhost, (configurar, escribir, leer); y por intercambio, sus temas."""

    hash: str
    permisos: dict[str, tuple[str, ...]]
    temas: dict[tuple[str, str], tuple[str, ...]]


def _estados(gestion: Gestion, nombres: Iterable[str]) -> dict[str, _Estado]:
    hashes = {u["name"]: u.get("password_hash", "") for u in gestion.leer("users")}
    suyos = {nombre: _Estado(hashes.get(nombre, ""), {}, {}) for nombre in nombres}
    for p in gestion.leer("permissions"):
        if p["user"] in suyos:
            suyos[p["user"]].permisos[p["vhost"]] = (p["configure"], p["write"], p["read"])
    for t in gestion.leer("topic-permissions"):
        if t["user"] in suyos:
            suyos[t["user"]].temas[t["vhost"], t["exchange"]] = (t["write"], t["read"])
    return suyos


def _solo_gana(antes: _Estado, despues: _Estado) -> bool:
    """Si entra con lo mismo y puede todo lo que podía. Un tema de más también quita: sin ninguno, valen todos."""
    return (antes.hash, antes.temas) == (despues.hash, despues.temas) and all(
        all(map(_cabe, suyos, despues.permisos.get(vhost, ("^$",) * 3))) for vhost, suyos in antes.permisos.items()
    )


def _cabe(antes: str, despues: str) -> bool:
    viejos, nuevos = nombrados(antes), nombrados(despues)
    return antes == despues or (viejos is not None and nuevos is not None and viejos <= nuevos)


def _quitar_permisos(gestion: Gestion, seguridad: Seguridad, quiere: set[str]) -> None:
    temas = {(u.nombre, t.intercambio) for u in seguridad.usuarios for t in u.temas}
    for permiso in gestion.leer("permissions"):
        if permiso["user"] in quiere and permiso["vhost"] != seguridad.vhost:
            gestion.borrar("permissions", permiso["vhost"], permiso["user"])
    for tema in gestion.leer("topic-permissions"):
        quien, donde = tema["user"], tema["vhost"]
        if quien in quiere and (donde != seguridad.vhost or (quien, tema["exchange"]) not in temas):
            gestion.borrar("topic-permissions", donde, quien, tema["exchange"])


def _quitar_limites(gestion: Gestion, querido: dict[str, Any]) -> None:
    quiere = {usuario["name"]: usuario["limits"] for usuario in querido["users"]}
    for puesto in gestion.leer("user-limits") or []:
        for nombre in puesto["value"] if puesto["user"] in quiere else ():
            if nombre not in quiere[puesto["user"]]:
                gestion.borrar("user-limits", puesto["user"], nombre)


def _distintas(gestion: Gestion, seguridad: Seguridad) -> Iterable[str]:
    """Importar no compara lo que ya estaba: se compara aquí. Se arregla borrándolo vacío y aplicando otra vez."""
    colas = {c["name"]: c["arguments"] for c in gestion.leer("queues", seguridad.vhost) or []}
    for cola in seguridad.colas:
        if colas.get(cola.nombre) != cola.argumentos:
            yield cola.nombre
    tipos = {i["name"]: i["type"] for i in gestion.leer("exchanges", seguridad.vhost) or []}
    for intercambio in seguridad.topologia.intercambios:
        if tipos.get(intercambio.nombre) != intercambio.reparto.value:
            yield intercambio.nombre


__all__ = ["Aplicado", "aplicar"]
