"""En qué difieren dos JSON Schema con sus definiciones, nodo a nodo y campo a campo."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from enum import StrEnum
from typing import Any, Final

from contratos.nodos import COMPARADAS, Definiciones, Efecto, alcanzadas, diferencias, resolver

_DE_OBJETO: Final = frozenset({"properties", "required", "additionalProperties"})
Hallazgo = tuple[str, str, Efecto]
Esquema = Mapping[str, Any]


class Direccion(StrEnum):
    """Quién escribe el mensaje, visto desde la institución."""

    ENVIA = "envía"
    RECIBE = "recibe"


class Comparador:
    """Compara nodo a nodo dos documentos, cada uno con sus definiciones."""

    def __init__(self, viejas: Definiciones, nuevas: Definiciones) -> None:
        self._viejas, self._nuevas = viejas, nuevas
        self._mudados: set[str] = set()

    def sellado(self) -> Iterator[Hallazgo]:
        """Lo que va cifrado; lo que se mudó de lo abierto ya se dijo."""
        presentes = [d["Sellado"] for d in (self._viejas, self._nuevas) if "Sellado" in d]
        if not presentes:
            return
        # El mensaje que no sella nada tiene cero campos sellados: no los admite todos.
        ninguno = {"type": "object", "additionalProperties": presentes[0].get("additionalProperties", True)}
        antes, ahora = ({"type": "object"} | d.get("Sellado", ninguno) for d in (self._viejas, self._nuevas))
        yield from self.nodo(antes, ahora, "sellado")

    def nodo(self, antes: Mapping[str, Any], ahora: Mapping[str, Any], camino: str) -> Iterator[Hallazgo]:
        viejo, nuevo = resolver(antes, self._viejas), resolver(ahora, self._nuevas)
        yield from ((camino, que, efecto) for que, efecto in diferencias(viejo, nuevo))
        if viejo.valores is not None or nuevo.valores is not None:
            return
        yield from self._alternativas(viejo.resto.get("anyOf", ()), nuevo.resto.get("anyOf", ()), camino)
        yield from self._por_dentro(viejo.resto, nuevo.resto, camino)
        if _DE_OBJETO & (viejo.resto.keys() | nuevo.resto.keys()):
            yield from self._objeto(viejo.resto, nuevo.resto, camino)
        if "items" in viejo.resto or "items" in nuevo.resto:
            yield from self.nodo(viejo.resto.get("items", {}), nuevo.resto.get("items", {}), f"{camino}[]")

    def _objeto(self, antes: Mapping[str, Any], ahora: Mapping[str, Any], camino: str) -> Iterator[Hallazgo]:
        viejos, nuevos = antes.get("properties", {}), ahora.get("properties", {})
        debia, debe = set(antes.get("required", ())), set(ahora.get("required", ()))
        yield from self._desconocidos(antes, ahora, camino)
        for nombre in sorted((debia ^ debe) - viejos.keys() - nuevos.keys()):
            aqui = f"{camino}.{nombre}" if camino else nombre
            yield exigido(aqui) if nombre in debe else eximido(aqui)
        for nombre in sorted(viejos.keys() | nuevos.keys()):
            aqui = f"{camino}.{nombre}" if camino else nombre
            if nombre not in nuevos:
                yield from self._quitado(nombre, aqui)
            elif nombre not in viejos:
                yield from self._anadido(nombre, aqui, obligatorio=nombre in debe)
            else:
                yield from self.nodo(viejos[nombre], nuevos[nombre], aqui)
                if (nombre in debia) == (nombre in debe):
                    yield from defecto(aqui, viejos[nombre], nuevos[nombre])
                elif nombre in debe:
                    yield exigido(aqui)
                else:
                    yield eximido(aqui)

    def _desconocidos(self, antes: Mapping[str, Any], ahora: Mapping[str, Any], camino: str) -> Iterator[Hallazgo]:
        """Los campos que el objeto no nombra: todos, ninguno o, si es un mapa, los de un esquema."""
        viejo, nuevo = antes.get("additionalProperties", True), ahora.get("additionalProperties", True)
        if viejo is False or nuevo is False:
            if viejo is not False:
                yield camino, "deja de admitir campos desconocidos", Efecto.ESTRECHA
            elif nuevo is not False:
                yield camino, "pasa a admitir campos desconocidos", Efecto.ENSANCHA
            return
        yield from self.nodo({} if viejo is True else viejo, {} if nuevo is True else nuevo, f"{camino}{{}}")

    def _alternativas(self, antes: Sequence[Esquema], ahora: Sequence[Esquema], camino: str) -> Iterator[Hallazgo]:
        """Las opciones de un ``anyOf``: primero las escritas igual, luego la única de su forma en cada lado."""
        if not antes and not ahora:
            return
        parejas, viejas, nuevas = _emparejar(list(antes), list(ahora))
        antiguas = {_forma_de(v, self._viejas): v for v in viejas}
        actuales = {_forma_de(n, self._nuevas): n for n in nuevas}
        if not len(viejas) == len(nuevas) == len(antiguas) or antiguas.keys() != actuales.keys():
            yield camino, "cambian sus alternativas", Efecto.CAMBIA
            return
        parejas += [(viejo, actuales[forma]) for forma, viejo in antiguas.items()]
        for viejo, nuevo in parejas:
            yield from self.nodo(viejo, nuevo, camino)

    def _por_dentro(self, antes: Mapping[str, Any], ahora: Mapping[str, Any], camino: str) -> Iterator[Hallazgo]:
        """Lo que no se sabe comparar y dice lo mismo puede remitir a una definición que cambió."""
        for clave in sorted((antes.keys() & ahora.keys()) - COMPARADAS):
            suyas = alcanzadas(antes[clave], self._viejas), alcanzadas(ahora[clave], self._nuevas)
            if antes[clave] == ahora[clave] and suyas[0] != suyas[1]:
                yield camino, f"{clave} cambia", Efecto.CAMBIA

    def _quitado(self, nombre: str, camino: str) -> Iterator[Hallazgo]:
        if camino.startswith("sellado."):
            if nombre not in self._mudados:
                yield camino, "campo quitado", Efecto.CAMBIA
        elif nombre in _sellados(self._nuevas) - _sellados(self._viejas):
            self._mudados.add(nombre)
            yield camino, "el campo pasa a ir sellado", Efecto.CAMBIA
        else:
            yield camino, "campo quitado", Efecto.CAMBIA

    def _anadido(self, nombre: str, camino: str, *, obligatorio: bool) -> Iterator[Hallazgo]:
        if camino.startswith("sellado."):
            if nombre not in self._mudados:
                yield camino, "campo sellado nuevo", Efecto.ESTRECHA if obligatorio else Efecto.NADA
        elif nombre in _sellados(self._viejas) - _sellados(self._nuevas):
            self._mudados.add(nombre)
            yield camino, "el campo deja de ir sellado", Efecto.CAMBIA
        elif obligatorio:
            yield camino, "campo obligatorio nuevo", Efecto.ESTRECHA
        else:
            yield camino, "campo opcional nuevo", Efecto.NADA


def _sellados(definiciones: Definiciones) -> set[str]:
    return set(definiciones.get("Sellado", {}).get("properties", {}))


def exigido(camino: str) -> Hallazgo:
    """Lo que se podía no mandar y ya no."""
    return camino, "pasa a ser obligatorio", Efecto.ESTRECHA


def eximido(camino: str) -> Hallazgo:
    """Lo que había que mandar y ya no."""
    return camino, "pasa a ser opcional", Efecto.ENSANCHA


def _forma_de(esquema: Esquema, definiciones: Definiciones) -> tuple[frozenset[str], bool]:
    nodo = resolver(esquema, definiciones)
    return nodo.tipos, nodo.nulo


def _emparejar(
    antes: list[Esquema], ahora: list[Esquema]
) -> tuple[list[tuple[Esquema, Esquema]], list[Esquema], list[Esquema]]:
    """Las opciones escritas igual en los dos, y las que quedan sueltas en cada uno."""
    iguales, sueltas = [], []
    for opcion in antes:
        if opcion in ahora:
            ahora.remove(opcion)
            iguales.append((opcion, opcion))
        else:
            sueltas.append(opcion)
    return iguales, sueltas, ahora


def defecto(camino: str, antes: Mapping[str, Any], ahora: Mapping[str, Any]) -> Iterator[Hallazgo]:
    """Qué vale lo que no se manda."""
    if "default" in antes and (antes["default"] != ahora.get("default") or "default" not in ahora):
        yield camino, "vale otra cosa si no se manda", Efecto.CAMBIA
    elif "default" in ahora and "default" not in antes:
        yield camino, "se dice qué vale si no se manda", Efecto.NADA


__all__ = ["Comparador", "Direccion", "Hallazgo", "defecto", "exigido", "eximido"]
