"""``senda-verificar``: la orden. Sale con 0 si no halla faltas, 1 si halla alguna y 2 si no puede verificar."""

from __future__ import annotations

import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Sequence
from io import TextIOWrapper
from pathlib import Path

from senda_verificar import confianza, directorio, informe, prueba
from senda_verificar.faltas import Informe
from senda_verificar.teselas import hay_entradas

_SIN_FALTAS, _CON_FALTAS, _NO_SE_PUEDE = range(3)


def main(argumentos: Sequence[str] | None = None) -> int:
    """Verifica lo que se pida y escribe el informe en la salida."""
    pedido = _leer(argumentos)
    for salida in (sys.stdout, sys.stderr):
        if isinstance(salida, TextIOWrapper):  # un terminal sin UTF-8 no impide dar el informe
            salida.reconfigure(errors="backslashreplace")
    try:
        resultado = _verificar(pedido)
    except (_NoSePuede, confianza.ConfianzaInvalida, prueba.PruebaIlegible) as error:
        print(f"senda-verificar: {error}", file=sys.stderr)
        return _NO_SE_PUEDE
    try:
        print(informe.en_json(resultado) if pedido.json else "\n".join(informe.en_texto(resultado)), flush=True)
    except BrokenPipeError:
        # Quien lee (`head`, `less`) ya tiene bastante. Al salir, Python volvería a vaciar la salida.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return _SIN_FALTAS if resultado.correcto else _CON_FALTAS


class _NoSePuede(Exception):
    """Falta algo para empezar."""


def _leer(argumentos: Sequence[str] | None) -> Namespace:
    orden = ArgumentParser(
        prog="senda-verificar",
        description="Comprueba un libro de Senda exportado, o la prueba de una ruta, sin confiar en quien lo opera.",
    )
    orden.add_argument("que", type=Path, metavar="DIRECTORIO|PRUEBA.zip", help="lo que se entregó")
    orden.add_argument("--clave", type=Path, required=True, help="claves en que confías, traídas por otra vía")
    orden.add_argument(
        "--retenido", type=Path, action="append", default=[], metavar="PUNTO",
        help="punto de control que guardaste tú o un testigo (se puede repetir)",
    )  # fmt: skip
    orden.add_argument(
        "--recibos", type=Path, action="append", default=[], metavar="ARCHIVO",
        help="acuses que guarda una institución, uno por línea JSON (se puede repetir)",
    )  # fmt: skip
    orden.add_argument(
        "--cabeceras", type=Path, action="append", default=[], metavar="ARCHIVO",
        help="un cabeceras.jsonl que guardaste de antes (se puede repetir)",
    )  # fmt: skip
    orden.add_argument("--procesos", type=int, default=0, help="cuántos usar; 0, uno por núcleo")
    orden.add_argument("--json", action="store_true", help="el informe en JSON")
    return orden.parse_args(argumentos)


def _verificar(pedido: Namespace) -> Informe:
    claves = confianza.leer(_texto(pedido.clave))
    retenidos = [_texto(archivo) for archivo in pedido.retenido]
    es_directorio, es_archivo = _que_es(pedido.que)
    if es_directorio:
        _exigir_libro(pedido)
        return directorio.verificar(
            pedido.que, claves, retenidos=retenidos, guardados=_lineas(pedido.recibos),
            guardadas=_lineas(pedido.cabeceras), procesos=max(pedido.procesos, 0),
        )  # fmt: skip
    if not es_archivo:
        raise _NoSePuede("no existe lo que se pide verificar")
    if pedido.recibos or pedido.cabeceras:
        raise _NoSePuede("recibos y cabeceras se comprueban contra el directorio del libro, no con una ruta")
    return prueba.verificar(pedido.que, claves, retenidos=retenidos)


def _exigir_libro(pedido: Namespace) -> None:
    if not (pedido.que / "checkpoint").exists() and not (pedido.que / "tile").exists():
        raise _NoSePuede("ahí no hay un libro exportado: no están ni «checkpoint» ni «tile»")
    if pedido.recibos and not hay_entradas(pedido.que):
        raise _NoSePuede("los recibos se comprueban con las entradas, y ese directorio no las trae")
    if pedido.recibos and not _lineas(pedido.recibos):
        raise _NoSePuede("no hay ningún recibo en lo que se da con --recibos")


def _texto(archivo: Path) -> str:
    try:
        return archivo.read_text(encoding="utf-8-sig")
    except (OSError, ValueError):
        raise _NoSePuede(f"no se puede leer {archivo.name}") from None


def _lineas(archivos: Sequence[Path]) -> list[str]:
    return [linea for archivo in archivos for linea in _texto(archivo).split("\n") if linea]


def _que_es(que: Path) -> tuple[bool, bool]:
    try:
        return que.is_dir(), que.is_file()
    except OSError:
        raise _NoSePuede("no se puede abrir lo que se pide verificar") from None


if __name__ == "__main__":
    sys.exit(main())
