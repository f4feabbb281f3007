"""Qué cambió entre dos juegos de contratos publicados, campo a campo, y si rompe a una institución.

La regla depende de quién escribe el mensaje. En lo que la institución *envía*, rompe que se admita menos: lo que hoy
manda se rechazaría. En lo que *recibe*, rompe que se admita más: le llegaría lo que su validador no espera. Un campo
nuevo opcional, o cualquiera que se añada a lo que recibe, no rompe: sus esquemas dicen que admiten campos nuevos.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct

from contratos.canonica import ASYNCAPI
from contratos.nodos import COMPARADAS, Definiciones, Efecto, alcanzadas, diferencias, resolver

Formas = Mapping[str, Mapping[str, Any]]


class Direccion(StrEnum):
    """Quién escribe el mensaje, visto desde la institución."""

    ENVIA = "envía"
    RECIBE = "recibe"


class Cambio(Struct, frozen=True, kw_only=True):
    """Una diferencia. ``campo``: su camino, vacío si es el archivo entero; dentro de lo sellado, ``sellado.…``."""

    archivo: str
    campo: str
    que: str
    efecto: Efecto
    direccion: Direccion
    rompe: bool


_ROMPE: Final = {
    Direccion.ENVIA: frozenset({Efecto.ESTRECHA, Efecto.CAMBIA}),
    Direccion.RECIBE: frozenset({Efecto.ENSANCHA, Efecto.CAMBIA}),
}
_DE_OBJETO: Final = frozenset({"properties", "required", "additionalProperties"})
Hallazgo = tuple[str, str, Efecto]
Esquema = Mapping[str, Any]


def direccion_de(ruta: str) -> Direccion:
    """Sale de la carpeta: una institución envía solicitudes y recibe todo lo demás."""
    return Direccion.ENVIA if ruta.startswith("solicitudes/") else Direccion.RECIBE


def comparar(viejas: Formas, nuevas: Formas, hoy: date) -> list[Cambio]:
    """Cada diferencia entre dos juegos de formas canónicas, por archivo. ``hoy`` decide qué retirada ya llegó."""
    cambios: list[Cambio] = []
    for ruta in sorted(viejas.keys() | nuevas.keys()):
        direccion = direccion_de(ruta)
        cambios += [
            Cambio(archivo=ruta, campo=c, que=q, efecto=e, direccion=direccion, rompe=e in _ROMPE[direccion])
            for c, q, e in _archivo(ruta, viejas.get(ruta), nuevas.get(ruta), hoy)
        ]
    return cambios


def _archivo(
    ruta: str, viejo: Mapping[str, Any] | None, nuevo: Mapping[str, Any] | None, hoy: date
) -> Iterable[Hallazgo]:
    if viejo is None:
        return [("", "mensaje nuevo", Efecto.NADA)]
    if nuevo is None:
        return [_quitado(viejo, hoy)]
    if viejo == nuevo:
        return []
    if ruta == ASYNCAPI:
        return _arbol(viejo, nuevo, "")
    return _documento(viejo, nuevo)


def _quitado(viejo: Mapping[str, Any], hoy: date) -> Hallazgo:
    # La fecha que vale es la que se publicó: una escrita después no avisó a nadie.
    retirada = viejo.get("x-retirada")
    if retirada is None:
        return "", "quitado sin fecha de retirada publicada", Efecto.CAMBIA
    if date.fromisoformat(retirada["retirada"]) > hoy:
        return "", f"quitado antes de su retirada ({retirada['retirada']})", Efecto.CAMBIA
    return "", f"retirado: se anunció para el {retirada['retirada']}", Efecto.NADA


def _documento(viejo: Mapping[str, Any], nuevo: Mapping[str, Any]) -> Iterator[Hallazgo]:
    comparador = _Comparador(viejo.get("$defs", {}), nuevo.get("$defs", {}))
    yield from _retirada(viejo.get("x-retirada"), nuevo.get("x-retirada"))
    yield from _mandatos(frozenset(viejo.get("x-mandatos", ())), frozenset(nuevo.get("x-mandatos", ())))
    yield from comparador.nodo(viejo, nuevo, "")
    yield from comparador.sellado()


def _retirada(antes: Mapping[str, str] | None, ahora: Mapping[str, str] | None) -> Iterator[Hallazgo]:
    if antes == ahora:
        return
    if ahora is None:
        yield "", "ya no se retira", Efecto.NADA
    elif antes is None:
        yield "", f"obsoleto: se retira el {ahora['retirada']}", Efecto.NADA
    else:
        adelanta = ahora["retirada"] < antes["retirada"]
        que = f"retirada del {antes['retirada']} al {ahora['retirada']}"
        yield "", que, Efecto.CAMBIA if adelanta else Efecto.NADA


def _mandatos(antes: frozenset[str], ahora: frozenset[str]) -> Iterator[Hallazgo]:
    # Sin ninguno, la pide cualquiera: de ahí a uno se estrecha.
    if not antes and ahora:
        yield "", f"pasa a exigir un mandato: {', '.join(sorted(ahora))}", Efecto.ESTRECHA
        return
    if antes and not ahora:
        yield "", "ya no exige ningún mandato", Efecto.ENSANCHA
        return
    yield from (("", f"el mandato {m} ya no basta", Efecto.ESTRECHA) for m in sorted(antes - ahora))
    yield from (("", f"el mandato {m} también basta", Efecto.NADA) for m in sorted(ahora - antes))


class _Comparador:
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
            yield _exigido(aqui) if nombre in debe else _eximido(aqui)
        for nombre in sorted(viejos.keys() | nuevos.keys()):
            aqui = f"{camino}.{nombre}" if camino else nombre
            if nombre not in nuevos:
                yield from self._quitado(nombre, aqui)
            elif nombre not in viejos:
                yield from self._anadido(nombre, aqui, obligatorio=nombre in debe)
            else:
                yield from self.nodo(viejos[nombre], nuevos[nombre], aqui)
                if (nombre in debia) == (nombre in debe):
                    yield from _defecto(aqui, viejos[nombre], nuevos[nombre])
                elif nombre in debe:
                    yield _exigido(aqui)
                else:
                    yield _eximido(aqui)

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


def _exigido(camino: str) -> Hallazgo:
    return camino, "pasa a ser obligatorio", Efecto.ESTRECHA


def _eximido(camino: str) -> Hallazgo:
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


def _defecto(camino: str, antes: Mapping[str, Any], ahora: Mapping[str, Any]) -> Iterator[Hallazgo]:
    if "default" in antes and (antes["default"] != ahora.get("default") or "default" not in ahora):
        yield camino, "vale otra cosa si no se manda", Efecto.CAMBIA
    elif "default" in ahora and "default" not in antes:
        yield camino, "se dice qué vale si no se manda", Efecto.NADA


def _arbol(antes: Any, ahora: Any, camino: str) -> Iterator[Hallazgo]:
    """Del AsyncAPI: por dónde se pide y se lee. Todo lo que no sea añadir deja a alguien hablando a nadie."""
    if not (isinstance(antes, Mapping) and isinstance(ahora, Mapping)):
        if antes != ahora:
            yield camino, "cambia", Efecto.CAMBIA
        return
    # De un mensaje que llega o se va ya habla su propio archivo.
    for clave in sorted(antes.keys() & ahora.keys() if camino == "headers" else antes.keys() | ahora.keys()):
        aqui = f"{camino}.{clave}" if camino else clave
        if clave not in ahora:
            yield aqui, "quitado", Efecto.CAMBIA
        elif clave not in antes:
            yield aqui, "añadido", Efecto.NADA
        else:
            yield from _arbol(antes[clave], ahora[clave], aqui)


__all__ = ["Cambio", "Direccion", "Efecto", "Formas", "comparar", "direccion_de"]
