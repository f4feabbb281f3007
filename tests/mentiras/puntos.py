"""Mentiras sobre lo que se firmó: dos libros a la vez, uno viejo, otra raíz, o el refrendo de quien no es."""

from __future__ import annotations

import json
from base64 import b64encode
from pathlib import Path

import sqlalchemy as sa

from senda_verificar import nota
from senda_verificar.accesos import ACCESOS
from senda_verificar.faltas import Codigo
from senda_verificar.promesas import PUNTO, PUNTOS
from servicios.auditoria.contexto import NOMBRE_DEL_LIBRO
from servicios.auditoria.libro import puntos
from servicios.auditoria.punto_de_control import firmar
from servicios.auditoria.refrendos import punto_refrendado, refrendos
from tests.mentiras.en_las_bases import rebajado
from tests.mentiras.guardado import DETECTADA, TESTIGO
from tests.mentiras.historia import contar, resellar, verdadera
from tests.mentiras.mentira import Ancla, Mentira, auditar, en_las_bases, en_lo_entregado, libro
from tests.mentiras.operador import Operador


@en_las_bases(
    auditar(None),
    libro(None, Ancla.CLAVE),
    libro(Codigo.LIBRO_BIFURCADO, Ancla.OTRO),
    libro(Codigo.LIBRO_BIFURCADO, Ancla.PUNTO),
    libro(Codigo.SIN_QUORUM, Ancla.QUORUM),
)
def bifurcar_el_libro(operador: Operador) -> None:
    """Dar a cada observador un libro del mismo tamaño y bien firmado, con lo que a cada uno le conviene."""
    operador.otro = operador.exportar("a-otro-observador") / PUNTO
    hechos = verdadera(operador)
    ultima = max(i for i, h in enumerate(hechos) if h.sobre["type"] == DETECTADA)
    hechos[ultima] = hechos[ultima]._replace(cuerpo=rebajado(hechos[ultima].cuerpo))
    contar(operador, hechos)


@en_lo_entregado(libro(Codigo.PUNTOS_DESENCADENADOS))
def servir_un_punto_viejo(operador: Operador) -> None:
    """Que quien mire crea que el libro acaba antes."""
    carpeta = operador.libro()
    textos = _puntos(carpeta)
    (carpeta / PUNTO).write_text(textos[len(textos) // 2], encoding="utf-8")


@en_lo_entregado(
    libro(None),
    libro(None, Ancla.RECTORA),
    libro(None, Ancla.QUORUM),
    libro(Codigo.LIBRO_RETROCEDE, Ancla.PUNTO),
    libro(Codigo.RECIBO_INCUMPLIDO, Ancla.RECIBO),
)
def entregar_el_libro_de_entonces(operador: Operador) -> None:
    """Entregar un libro viejo entero, con su refrendo de entonces: todo es verdad, y falta lo último."""
    with operador.en("auditoria") as conexion:
        tamano = min(conexion.scalars(sa.select(refrendos.c.tamano)))
    contar(operador, verdadera(operador)[:tamano], almacenes=False)


@en_lo_entregado(libro(Codigo.PUNTO_SIN_FIRMA))
def cambiar_la_raiz_del_punto(operador: Operador) -> None:
    """Que el punto prometa otro contenido, sin volver a firmarlo."""
    archivo = operador.libro() / PUNTO
    lineas = archivo.read_text(encoding="utf-8").split("\n")
    lineas[2] = b64encode(bytes(32)).decode()
    archivo.write_text("\n".join(lineas), encoding="utf-8")


@en_lo_entregado(libro(Codigo.RAIZ_DISTINTA))
def firmar_otra_raiz(operador: Operador) -> None:
    """Lo mismo, firmado con la clave verdadera del libro."""
    carpeta = operador.libro()
    textos = _puntos(carpeta)
    ultimo = nota.leer(textos[-1])
    extensiones = [f"{clave} {valor}" for clave, valor in ultimo.extensiones.items()]
    textos[-1] = firmar(NOMBRE_DEL_LIBRO, operador.claves("auditoria").firma, ultimo.tamano, bytes(32), extensiones)
    (carpeta / PUNTO).write_text(textos[-1], encoding="utf-8")
    _escribir_puntos(carpeta, textos)


@en_lo_entregado(libro(Codigo.PUNTOS_DESENCADENADOS))
def firmar_otra_vez_el_punto_sin_extensiones(operador: Operador) -> None:
    """Que el punto no diga cuándo, tras cuál ni cuántas lecturas hubo, y no haya que entregar ni lo uno ni lo otro."""
    carpeta = operador.libro()
    ultimo = nota.leer(_puntos(carpeta)[-1])
    texto = firmar(NOMBRE_DEL_LIBRO, operador.claves("auditoria").firma, ultimo.tamano, ultimo.raiz, [])
    (carpeta / PUNTO).write_text(texto, encoding="utf-8")
    (carpeta / PUNTOS).unlink()
    (carpeta / ACCESOS).unlink()


@en_lo_entregado(libro(Codigo.PUNTOS_DESENCADENADOS))
def quitar_un_punto_de_la_cadena(operador: Operador) -> None:
    """Que no conste que un día se firmó otra cosa."""
    carpeta = operador.libro()
    textos = _puntos(carpeta)
    del textos[len(textos) // 2]
    _escribir_puntos(carpeta, textos)


@en_las_bases(auditar(None), libro(None), libro(Codigo.PUNTOS_DESENCADENADOS, Ancla.PUNTO))
def olvidar_un_punto_y_rehacer_la_cadena(operador: Operador) -> None:
    """Lo mismo, y volver a firmar los que le siguen para que nada lo eche de menos."""
    with operador.en("auditoria") as conexion:
        refrendado = min(conexion.scalars(sa.select(refrendos.c.tamano)))
        conexion.execute(sa.delete(puntos).where(puntos.c.tamano == refrendado))
    resellar(operador)


@en_lo_entregado(libro(None, Ancla.CLAVE), libro(Codigo.SIN_QUORUM, Ancla.QUORUM))
def presentar_el_refrendo_de_otro_testigo(operador: Operador) -> None:
    """Que lo refrende alguien que se llama igual que el testigo y no lo es."""
    archivo = operador.libro() / PUNTO
    propio = _sin_refrendo(archivo.read_text(encoding="utf-8"))
    clave, instante = operador.clave_inventada(), 1_780_000_000
    firma = instante.to_bytes(8) + clave.sign(nota.refrendado(instante, nota.leer(propio).firmado))
    huella = nota.huella_de(TESTIGO, nota.REFRENDO, clave.public_key().public_bytes_raw())
    archivo.write_text(propio + nota.escribir_firma(TESTIGO, huella, firma), encoding="utf-8")


@en_lo_entregado(libro(None, Ancla.CLAVE), libro(Codigo.REFRENDO_FALSO, Ancla.QUORUM))
def presentar_el_refrendo_de_otro_punto(operador: Operador) -> None:
    """Que lo que el testigo refrendó de un punto anterior valga para este."""
    carpeta = operador.libro()
    textos = _puntos(carpeta)
    tamano = nota.leer(textos[len(textos) // 2]).tamano
    with operador.en("auditoria") as conexion:
        viejo = punto_refrendado(conexion, tamano) or ""
    propio = _sin_refrendo((carpeta / PUNTO).read_text(encoding="utf-8"))
    (carpeta / PUNTO).write_text(propio + viejo.removeprefix(_sin_refrendo(viejo)), encoding="utf-8")


def _puntos(carpeta: Path) -> list[str]:
    return [json.loads(linea) for linea in (carpeta / PUNTOS).read_text(encoding="utf-8").splitlines()]


def _escribir_puntos(carpeta: Path, textos: list[str]) -> None:
    lineas = [json.dumps(texto, ensure_ascii=False) + "\n" for texto in textos]
    (carpeta / PUNTOS).write_text("".join(lineas), encoding="utf-8")


def _sin_refrendo(texto: str) -> str:
    """El punto con la firma del libro y ninguna más."""
    cuerpo, _, firmas = texto.partition("\n\n")
    return f"{cuerpo}\n\n{firmas.splitlines(keepends=True)[0]}"


MENTIRAS: tuple[Mentira, ...] = (
    bifurcar_el_libro,
    servir_un_punto_viejo,
    entregar_el_libro_de_entonces,
    cambiar_la_raiz_del_punto,
    firmar_otra_raiz,
    firmar_otra_vez_el_punto_sin_extensiones,
    quitar_un_punto_de_la_cadena,
    olvidar_un_punto_y_rehacer_la_cadena,
    presentar_el_refrendo_de_otro_testigo,
    presentar_el_refrendo_de_otro_punto,
)
