"""Verificar un libro exportado: de un directorio, unas claves y lo que alguien guardó fuera, a un informe."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import Final

from senda_verificar import accesos, cabeceras, promesas, recibos
from senda_verificar.actos import Cuenta
from senda_verificar.confianza import Confianza
from senda_verificar.faltas import MAXIMO_FALTAS, Codigo, Donde, Informe, Registro
from senda_verificar.instituciones import SIN_RECTORA
from senda_verificar.lento import nombrar
from senda_verificar.paquetes import Hallado, juzgar
from senda_verificar.rapido import Anomalia, Recuento, recorrer
from senda_verificar.solicitudes import SOLICITUDES
from senda_verificar.teselas import hay_entradas

#: Cuántos orígenes sin clave se nombran: un libro tiene media docena.
_MAXIMO_ORIGENES: Final = 100


def verificar(
    carpeta: Path, confianza: Confianza, *, retenidos: Iterable[str] = (), guardados: Iterable[str] = (),
    guardadas: Iterable[str] = (), procesos: int = 0, maximo_faltas: int = MAXIMO_FALTAS,
) -> Informe:  # fmt: skip
    """Comprueba el libro entero y nombra cada falta.

    ``retenidos``: textos de puntos de control guardados fuera. ``guardados``: líneas de recibos de una institución.
    ``guardadas``: líneas de cabeceras de origen guardadas fuera. ``procesos``: 0, uno por núcleo.
    """
    registro = Registro(maximo_faltas)
    con_entradas = hay_entradas(carpeta)
    firmado = promesas.reunir(carpeta, retenidos, confianza, registro, con_entradas=con_entradas)
    firmadas = cabeceras.leer(carpeta, confianza, registro, guardadas)
    acuses = recibos.leer(guardados, confianza, registro)
    tamano = firmado.ultimo.tamano if firmado.ultimo else 0
    recuento = _recorrer(carpeta, tamano, firmado, firmadas, registro, con_entradas=con_entradas, procesos=procesos)
    for origen in confianza.desconocidos(recuento.hechos):
        que = (
            "hay hechos de un origen que no está en el archivo de claves: o falta su línea «origen» o se lo inventaron"
        )
        registro.apuntar(Codigo.ORIGEN_ALTERADO, Donde.LIBRO, origen, 1, que)
    en_camino = cabeceras.por_llegar(firmadas, recuento.ultimos, firmado.ultimo, registro) if con_entradas else []
    hasta = promesas.contrastar(firmado, recuento.raices, tamano, registro)
    cuenta, hallados = Cuenta(), dict[str, list[Hallado]]()
    if con_entradas and tamano and not (carpeta / SOLICITUDES).is_dir():
        que = "no vienen las solicitudes firmadas: no se puede saber si cada institución dijo lo que se le atribuye"
        registro.apuntar(Codigo.ARCHIVO_AUSENTE, Donde.SOLICITUD, "", 0, que)
    if not con_entradas and tamano and ((carpeta / SOLICITUDES).is_dir() or (carpeta / accesos.ACCESOS).exists()):
        que = "se entregó con mandato, con solicitudes o accesos, y no trae las entradas"
        registro.apuntar(Codigo.ARCHIVO_AUSENTE, Donde.TESELA, "", 0, que)
    if con_entradas:
        cuenta, hallados = juzgar(carpeta, recuento.leidas, confianza, recibos.prometidos(acuses), registro, procesos)
    cumplidos = recibos.cumplir(acuses, hallados, recuento.ultimos, registro) if con_entradas else 0
    contados = accesos.comprobar(carpeta, firmado.todos, registro, con_entradas=con_entradas)
    return Informe(
        raiz=recuento.raices.get(tamano, b""),
        tamano=tamano,
        hechos=recuento.hechos,
        faltas=tuple(registro.faltas),
        omitidas=registro.omitidas,
        sin_contrastar=(),
        firmado_hasta=hasta,
        testigos=firmado.testigos,
        comprobado=tuple(_comprobado(recuento, firmado, cuenta, cumplidos, contados, con_entradas=con_entradas)),
        sin_comprobar=(
            *_sin_comprobar(recuento, firmado, firmadas, cuenta, confianza, con_entradas=con_entradas),
            *en_camino,
            *([f"{len(acuses)} recibos: hacen falta las entradas"] if acuses and not con_entradas else []),
        ),
    )


def _recorrer(
    carpeta: Path, tamano: int, firmado: promesas.Promesas, firmadas: cabeceras.Firmadas, registro: Registro, *,
    con_entradas: bool, procesos: int,
) -> Recuento:  # fmt: skip
    try:
        prometidas = firmadas.prometidas() if con_entradas else {}
        return recorrer(carpeta, tamano, firmado.tamanos, prometidas, con_entradas=con_entradas, procesos=procesos)
    except Anomalia:
        return nombrar(carpeta, tamano, firmado.tamanos, firmadas, registro, con_entradas=con_entradas)


def _comprobado(
    recuento: Recuento, firmado: promesas.Promesas, cuenta: Cuenta, cumplidos: int, contados: tuple[int, int] | None, *,
    con_entradas: bool,
) -> Iterable[str]:  # fmt: skip
    yield f"{len(firmado.puntos)} puntos de control encadenados y {len(firmado.retenidos)} guardados fuera"
    if con_entradas:
        yield f"{sum(recuento.hechos.values())} hechos de {len(recuento.hechos)} orígenes: bytes, cadena y orden"
    if cuenta.firmados:
        yield f"{cuenta.firmados} actos con la firma de su institución; {cuenta.del_sistema} del propio sistema"
    if cumplidos:
        yield f"{cumplidos} recibos cumplidos"
    if contados is not None:
        yield f"{contados[0]} accesos registrados; los puntos de control fijan los {contados[1]} primeros"


def _sin_comprobar(
    recuento: Recuento, firmado: promesas.Promesas, firmadas: cabeceras.Firmadas, cuenta: Cuenta, confianza: Confianza,
    *, con_entradas: bool,
) -> Iterable[str]:  # fmt: skip
    if not con_entradas:
        yield "el contenido: el directorio solo trae lo público; las entradas se entregan con mandato"
    if not firmado.retenidos and not firmado.testigos:
        yield "que la historia no se reescribiera entera con las claves verdaderas: hace falta un punto guardado fuera"
    for origen, ultimo in islice(sorted(recuento.ultimos.items()), _MAXIMO_ORIGENES):
        if firmadas.hasta(origen) < ultimo.posicion:
            quedan = ultimo.posicion - firmadas.hasta(origen)
            yield f"los {quedan} últimos hechos de {origen}: aún no firmó una cabecera que los abarque"
    for origen in islice(sorted({*firmadas.sin_clave, *recuento.hechos} - {*confianza.origenes}), _MAXIMO_ORIGENES):
        yield f"las cabeceras y los acuses de {origen}: falta su línea «origen» en el archivo de claves"
    if con_entradas and not confianza.instituciones:
        yield SIN_RECTORA
    if cuenta.sin_cuerpo:
        yield f"la firma de {cuenta.sin_cuerpo} actos cuya solicitud ya no se puede abrir (se destruyó la clave)"
    if cuenta.de_la_boveda:
        yield f"{cuenta.de_la_boveda} actos de la bóveda: constan en ella, no en solicitudes firmadas"


__all__ = ["verificar"]
