"""Verificar un libro exportado, entero, contra lo mínimo sobre los mismos archivos: SHA-256 de cada entrada y árbol."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from hashlib import sha256
from pathlib import Path
from typing import Final

from senda.banco.aparte import hacer_aparte
from senda.banco.informe import Cifra, razon, ritmo
from senda.banco.medir import Tiempos, alternar
from senda_verificar import cabeceras, promesas
from senda_verificar.arbol import Frontera
from senda_verificar.confianza import Confianza, leer
from senda_verificar.directorio import verificar
from senda_verificar.faltas import Codigo, Registro
from senda_verificar.rapido import recorrer
from senda_verificar.teselas import anchos, de_paquete

META_RAZON: Final = 0.5
META_RITMO: Final = 300_000
_NUCLEOS: Final = 2


class LibroMalo(RuntimeError):
    """El libro del propio banco no verifica: lo que se midiera no valdría."""


def medir(carpeta: Path, hechos: int, claves: str, veces: int = 3) -> Iterator[Cifra]:
    """``carpeta``: el directorio de teselas, con entradas y sin solicitudes. ``claves``: el archivo de confianza."""
    tiempos = hacer_aparte(_tiempos, carpeta, hechos, claves, veces)
    primitiva = tiempos["primitiva"]
    yield ritmo("verificar-primitiva", "SHA-256 y árbol solos, un núcleo", hechos, primitiva)
    for clave, que, meta in (
        ("libro-2", "verificar entradas, cadenas, puntos y cabeceras, dos procesos", META_RITMO),
        ("libro-1", "  ídem, un proceso", None),
        ("todo-2", "verificar el directorio entero, sin solicitudes, dos procesos", META_RITMO),
        ("todo-1", "  ídem, un proceso", None),
    ):
        yield ritmo(f"verificar-{clave}", que, hechos, tiempos[clave], meta)
        yield razon(
            f"verificar-{clave}-razon", "  razón: eso / la primitiva", primitiva, tiempos[clave], META_RAZON
        )  # fmt: skip


def _tiempos(carpeta: Path, hechos: int, claves: str, veces: int) -> dict[str, Tiempos]:
    confianza = leer(claves)
    return alternar(
        {
            "primitiva": partial(raiz_sola, carpeta, hechos),
            "libro-2": partial(solo_libro, carpeta, confianza, _NUCLEOS),
            "libro-1": partial(solo_libro, carpeta, confianza, 1),
            "todo-2": partial(todo, carpeta, confianza, _NUCLEOS),
            "todo-1": partial(todo, carpeta, confianza, 1),
        },
        veces,
        calentar=0,  # acaba de leerse todo al medir la memoria
    )


def raiz_sola(carpeta: Path, tamano: int) -> bytes:
    """La raíz desde los bytes, sin comprobar nada: lo menos que cuesta leer y hacer los hashes."""
    frontera = Frontera()
    for indice, ancho in anchos(tamano):
        datos = (carpeta / de_paquete(indice, ancho)).read_bytes()
        hojas, desde, fin = [], 0, len(datos)
        while desde < fin:
            hasta = desde + 2 + int.from_bytes(datos[desde : desde + 2])
            hojas.append(sha256(b"\x00" + datos[desde + 2 : hasta]).digest())
            desde = hasta
        frontera.agregar(hojas)
    return frontera.raiz()


def solo_libro(carpeta: Path, confianza: Confianza, procesos: int) -> None:
    """Lo que no depende de quién causó cada hecho. Errores: `LibroMalo`; `Anomalia`."""
    registro = Registro()
    firmado = promesas.reunir(carpeta, (), confianza, registro, con_entradas=True)
    firmadas = cabeceras.leer(carpeta, confianza, registro)
    tamano = firmado.ultimo.tamano if firmado.ultimo else 0
    recuento = recorrer(
        carpeta, tamano, firmado.tamanos, firmadas.prometidas(), con_entradas=True, procesos=procesos
    )  # fmt: skip
    if promesas.contrastar(firmado, recuento.raices, tamano, registro) != tamano or registro.faltas:
        raise LibroMalo


def todo(carpeta: Path, confianza: Confianza, procesos: int, *, con_solicitudes: bool = False) -> None:
    """La verificación entera. Sin solicitudes, que falten es la única falta que se admite. Errores: `LibroMalo`."""
    informe = verificar(carpeta, confianza, procesos=procesos)
    admitidas: Sequence[Codigo] = () if con_solicitudes else (Codigo.ARCHIVO_AUSENTE,)
    if not informe.tamano or any(f.codigo not in admitidas for f in informe.faltas):
        raise LibroMalo


def todo_con_claves(carpeta: Path, claves: str, procesos: int) -> None:
    """Como `todo`, con lo que se deja pasar a otro proceso."""
    todo(carpeta, leer(claves), procesos)


__all__ = ["META_RAZON", "META_RITMO", "LibroMalo", "medir", "raiz_sola", "solo_libro", "todo", "todo_con_claves"]
