"""Verificar la prueba de una ruta: un zip con sus hechos, la inclusión de cada uno y lo que firmaron las instituciones.

Dentro: ``punto`` (el punto de control con sus refrendos), ``entradas/N`` (los bytes de la entrada N del libro),
``pruebas/N.tlog-proof`` (su inclusión, C2SP tlog-proof) y ``solicitudes.jsonl``. Van los hechos de la ruta y los que
inscribieron a las instituciones que actúan en ella. Fuente: https://c2sp.org/tlog-proof.
"""

from __future__ import annotations

import lzma
import re
import struct
import zlib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Final
from zipfile import BadZipFile, ZipFile

from senda_verificar import promesas
from senda_verificar.actos import Cuenta, Juez
from senda_verificar.arbol import hash_de_hoja, verificar_consistencia, verificar_inclusion
from senda_verificar.confianza import Confianza
from senda_verificar.faltas import MAXIMO_FALTAS, Codigo, Donde, Informe, Registro, como_id, id_de
from senda_verificar.hechos import Acto, destruidas, leer_acto
from senda_verificar.instituciones import SIN_RECTORA, Directorio
from senda_verificar.nota import MAXIMO_TEXTO, PuntoDeControl, de_b64
from senda_verificar.solicitudes import leer_solicitudes
from senda_verificar.teselas import partir

_CABECERA: Final = "c2sp.org/tlog-proof@v1"
_INDICE: Final = re.compile(r"index (0|[1-9][0-9]{0,18})")
_ENTRADA: Final = re.compile(r"entradas/(0|[1-9][0-9]{0,18})")
#: Una ruta no tiene tantos hechos; más es un intento de agotar a quien verifica.
_MAXIMO_MIEMBROS: Final = 200_000
_MAXIMO_ENTRADA: Final = 0xFFFF
_MAXIMO_PRUEBA: Final = 64 * 1024
_MAXIMO_HERMANOS: Final = 63
#: Entre todos los archivos, ya descomprimidos.
_MAXIMO_TOTAL: Final = 256 * 1024 * 1024
#: Lo que lanza `zipfile` ante unos bytes que no son lo que dicen.
_ROTO: Final = (
    OSError, BadZipFile, NotImplementedError, RuntimeError, EOFError, ValueError, struct.error, zlib.error,
    lzma.LZMAError,
)  # fmt: skip


class PruebaIlegible(Exception):
    """El archivo no es una prueba de ruta."""


def verificar(
    archivo: Path, confianza: Confianza, *, retenidos: Iterable[str] = (), maximo_faltas: int = MAXIMO_FALTAS
) -> Informe:
    """Comprueba el zip y nombra cada falta. ``retenidos``: puntos guardados fuera. Errores: `PruebaIlegible`."""
    registro = Registro(maximo_faltas)
    try:
        zip_ = ZipFile(archivo)
    except _ROTO:
        raise PruebaIlegible("no es un zip que se pueda leer") from None
    with zip_:
        return _Prueba(zip_, confianza, registro).informe(retenidos)


class _Prueba:
    def __init__(self, zip_: ZipFile, confianza: Confianza, registro: Registro) -> None:
        if len(zip_.infolist()) > _MAXIMO_MIEMBROS:
            raise PruebaIlegible("tiene demasiados archivos")
        self._zip = zip_
        self._nombres = set(zip_.namelist())
        if len(self._nombres) != len(zip_.infolist()):
            raise PruebaIlegible("tiene dos archivos con el mismo nombre: se leería de dos maneras")
        self._leido = 0
        self._confianza = confianza
        self._registro = registro

    def informe(self, retenidos: Iterable[str]) -> Informe:
        texto = self._texto("punto", MAXIMO_TEXTO)
        punto = promesas.leer_ultimo(texto, self._confianza, self._registro)
        testigos = promesas.quienes_refrendan(punto, self._confianza, self._registro)
        actos = list(self._incluidos(punto, texto or "")) if punto else []
        rutas = {str(a.sobre["subject"]) for a in actos if not a.de_institucion}
        for origen in self._confianza.desconocidos(a.origen for a in actos):
            que = "hay hechos de un origen que no está en el archivo de claves"
            self._registro.apuntar(Codigo.ORIGEN_ALTERADO, Donde.PRUEBA, origen, 1, que)
        self._versiones(actos)
        cuenta = self._juzgar(actos)
        consistentes, sin_ver = self._retenidos(punto, retenidos) if punto else (0, 0)
        return Informe(
            raiz=punto.raiz if punto else b"",
            tamano=punto.tamano if punto else 0,
            hechos=_por_origen(a for a in actos if not a.de_institucion),
            faltas=tuple(self._registro.faltas),
            omitidas=self._registro.omitidas,
            sin_contrastar=(),
            firmado_hasta=punto.tamano if punto else 0,
            testigos=testigos,
            comprobado=(
                f"{len(actos)} entradas incluidas en el libro; hablan de {len(rutas)} ruta" + "s" * (len(rutas) != 1),
                f"{cuenta.firmados} actos con la firma de su institución; {cuenta.del_sistema} del propio sistema",
                *([f"{consistentes} puntos guardados fuera, consistentes con este"] if consistentes else []),
            ),
            sin_comprobar=tuple(self._sin_comprobar(actos, testigos, cuenta, consistentes, sin_ver)),
        )

    def _incluidos(self, punto: PuntoDeControl, texto: str) -> Iterator[Acto]:
        """Los actos cuya entrada está en el libro, en su orden."""
        indices = sorted(int(m.group(1)) for n in self._nombres if (m := _ENTRADA.fullmatch(n)))
        if not indices:
            self._apuntar(Codigo.ARCHIVO_AUSENTE, 0, "no trae ninguna entrada")
        for indice in indices:
            entrada = self._leer(f"entradas/{indice}", _MAXIMO_ENTRADA) or b""
            leida = partir(entrada)
            acto = leer_acto(leida[0], leida[1], leida[3]) if leida else None
            hermanos = _hermanos(self._texto(f"pruebas/{indice}.tlog-proof", _MAXIMO_PRUEBA), indice, texto)
            if hermanos is None:
                que = "no trae su prueba, o no tiene la forma debida, o es de otra entrada u otro punto"
                self._apuntar(Codigo.PRUEBA_INVALIDA, indice, que, leida)
            elif not verificar_inclusion(hash_de_hoja(entrada), indice, punto.tamano, hermanos, punto.raiz):
                que = "esos bytes no están en esa posición del libro firmado"
                self._apuntar(Codigo.PRUEBA_INVALIDA, indice, que, leida)
            elif acto is None:
                que = "está en el libro y no es un sobre que se pueda leer"
                self._apuntar(Codigo.FILA_ILEGIBLE, indice, que, leida)
            else:
                yield acto

    def _versiones(self, actos: Iterable[Acto]) -> None:
        """Dentro de un origen los hechos de una ruta van numerados: si falta uno de en medio, se nota."""
        esperada: dict[tuple[str, str], int] = {}
        for acto in sorted((a for a in actos if not a.de_institucion), key=lambda a: (a.origen, a.posicion)):
            flujo = acto.origen, str(acto.sobre["agregado"])
            version = acto.sobre.get("version")
            if version != esperada.setdefault(flujo, 1):
                que = "faltan hechos anteriores de su mismo flujo: la prueba no está entera"
                self._registro.apuntar(
                    Codigo.VERSION_SALTEADA, Donde.PRUEBA, acto.origen, acto.posicion, que, como_id(acto.sobre["id"])
                )
            esperada[flujo] = (version if isinstance(version, int) else esperada[flujo]) + 1

    def _juzgar(self, actos: Sequence[Acto]) -> Cuenta:
        directorio = Directorio({q: [c.publica for c in suyas] for q, suyas in self._confianza.instituciones.items()})
        solicitudes = leer_solicitudes((self._texto("solicitudes.jsonl", _MAXIMO_TOTAL) or "").split("\n"))
        for acto in actos:
            if acto.inscribe:
                directorio.inscribir(acto, solicitudes, self._registro)
        origenes = {o: c.publica for o, c in self._confianza.origenes.items()}
        juez = Juez(directorio.claves(), origenes, solicitudes, self._registro, destruidas(actos))
        for acto in actos:
            juez.juzgar(acto)
        return juez.cuenta

    def _retenidos(self, punto: PuntoDeControl, retenidos: Iterable[str]) -> tuple[int, int]:
        """Cada punto guardado fuera ha de ser principio o continuación del de la prueba, si trae con qué verlo.

        Devuelve cuántos lo son, y de cuántos no se puede saber.
        """
        consistentes = sin_ver = 0
        for guardado in promesas.leer_retenidos(retenidos, punto, self._confianza, self._registro):
            if guardado.tamano == punto.tamano and guardado.firmado != punto.firmado:
                que = f"el libro firmó dos puntos distintos para {punto.tamano} entradas"
                self._registro.apuntar(Codigo.LIBRO_BIFURCADO, Donde.PUNTO, punto.origen, punto.tamano, que)
                continue
            menor, mayor = sorted((guardado, punto), key=lambda p: p.tamano)
            consistencia = self._texto(f"consistencia/{menor.tamano}-{mayor.tamano}", _MAXIMO_PRUEBA)
            if guardado.tamano == punto.tamano:
                consistentes += 1
            elif consistencia is None:
                sin_ver += 1
            elif verificar_consistencia(
                menor.tamano, menor.raiz, mayor.tamano, mayor.raiz, _lineas(consistencia) or []
            ):
                consistentes += 1
            else:
                que = f"el libro de {mayor.tamano} entradas no empieza por el de {menor.tamano} que alguien guardó"
                self._registro.apuntar(Codigo.HISTORIA_REESCRITA, Donde.PUNTO, punto.origen, guardado.tamano, que)
        return consistentes, sin_ver

    def _sin_comprobar(
        self, actos: Sequence[Acto], testigos: tuple[str, ...], cuenta: Cuenta, consistentes: int, sin_ver: int
    ) -> Iterator[str]:
        yield "que no falten los últimos hechos de la ruta: eso solo lo dice el libro entero"
        if not testigos and not consistentes:
            yield "que este libro sea el que ven los demás: hace falta un testigo o un punto guardado fuera"
        if sin_ver:
            yield f"{sin_ver} puntos guardados fuera: la prueba no trae con qué compararlos; el libro entero, sí"
        for origen in sorted({a.origen for a in actos} - {*self._confianza.origenes}):
            yield f"los acuses de {origen}: falta su línea «origen» en el archivo de claves"
        if not self._confianza.instituciones:
            yield SIN_RECTORA
        if cuenta.sin_cuerpo:
            yield f"la firma de {cuenta.sin_cuerpo} actos cuya solicitud ya no se puede abrir (se destruyó la clave)"
        if cuenta.de_la_boveda:
            yield f"{cuenta.de_la_boveda} actos de la bóveda: constan en ella, no en solicitudes firmadas"

    def _leer(self, nombre: str, maximo: int) -> bytes | None:
        if nombre not in self._nombres:
            return None
        try:
            with self._zip.open(nombre) as miembro:
                datos = miembro.read(min(maximo, _MAXIMO_TOTAL - self._leido) + 1)
        except _ROTO:
            return None
        self._leido += len(datos)
        if self._leido > _MAXIMO_TOTAL:
            raise PruebaIlegible("es demasiado grande para ser la prueba de una ruta")
        return datos if len(datos) <= maximo else None

    def _texto(self, nombre: str, maximo: int) -> str | None:
        datos = self._leer(nombre, maximo)
        return None if datos is None else datos.decode("utf-8", "surrogateescape")

    def _apuntar(
        self, codigo: Codigo, indice: int, que: str, leida: tuple[str, int, bytes, bytes] | None = None
    ) -> None:
        if leida is None:
            self._registro.apuntar(codigo, Donde.PRUEBA, "", indice, que)
        else:
            self._registro.apuntar(codigo, Donde.PRUEBA, leida[0], leida[1], que, id_de(leida[3]))


def _hermanos(texto: str | None, indice: int, punto: str) -> list[bytes] | None:
    """Los hashes de una prueba C2SP de esa entrada contra ese punto, o None si no lo es."""
    if texto is None:
        return None
    cabeza, separador, suyo = texto.partition("\n\n")
    lineas = cabeza.split("\n")
    if lineas[0] != _CABECERA or not separador or suyo != punto:
        return None
    if len(lineas) > 1 and lineas[1].startswith("extra "):
        del lineas[1]
    dicho = _INDICE.fullmatch(lineas[1]) if len(lineas) > 1 else None
    if dicho is None or int(dicho.group(1)) != indice:
        return None
    return _lineas("\n".join(lineas[2:]))


def _lineas(texto: str) -> list[bytes] | None:
    hashes = [de_b64(linea) for linea in texto.split("\n") if linea]
    leidos = [h for h in hashes if h is not None and len(h) == 32]  # noqa: PLR2004
    return leidos if len(leidos) == len(hashes) <= _MAXIMO_HERMANOS else None


def _por_origen(actos: Iterable[Acto]) -> dict[str, int]:
    cuantos: dict[str, int] = {}
    for acto in actos:
        cuantos[acto.origen] = cuantos.get(acto.origen, 0) + 1
    return cuantos


__all__ = ["PruebaIlegible", "verificar"]
