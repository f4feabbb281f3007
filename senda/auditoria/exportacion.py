"""Entregar el libro de un despliegue a quien lo va a comprobar: lo público a cualquiera, las entradas con mandato."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from infra.almacen.motor import leyendo
from infra.azar import AzarReal
from infra.reloj import reloj_desde
from infra.seguridad.firma import publica_de_texto
from infra.seguridad.llavero import Llavero
from senda.auditoria.firmadas import Firmadas
from senda.auditoria.retenidos import retener
from senda.auditoria.verificacion import vkey_del_libro
from senda.consulta import ConsultaNegada, base_abierta, lector_de
from senda.despliegue import Despliegue, anillo_maestro, leer
from senda_verificar.nota import escribir_vkey
from servicios.auditoria.accesos import TODAS, Acceso, MotivoAcceso, registrar
from servicios.auditoria.exportacion import PUNTO
from servicios.auditoria.exportacion import exportar as llevar

Avance = Callable[[int, int], None]


def exportar_publico(carpeta: Path, destino: Path, avance: Avance = lambda _van, _de: None) -> int:
    """Puntos de control, hashes y cabeceras: nada que diga de quién hablan. Devuelve cuántas entradas abarca.

    Errores: `DespliegueAusente`, `DirectorioAjeno`, `LibroSinFirmar`; los de la base y el disco.
    """
    despliegue = leer(carpeta)
    ahora = reloj_desde(despliegue.reloj).ahora()
    with base_abierta(despliegue.bases["auditoria"]) as motor, leyendo(motor, instantanea=True) as conexion:
        cuantas = llevar(conexion, destino, ahora, avance=avance)
    retener(carpeta, (destino / PUNTO).read_text(encoding="utf-8"))
    return cuantas


def exportar_con_mandato(
    carpeta: Path, destino: Path, como: str | None, motivo: MotivoAcceso, avance: Avance = lambda _van, _de: None
) -> int:
    """El libro con sus entradas (lo sellado, sellado) y lo que firmaron las instituciones; antes deja constancia.

    ``como``: código de quien lo pide; None, la rectora. Errores: los de `exportar_publico` y `ConsultaNegada`.
    """
    despliegue = leer(carpeta)
    exigir_mandato(despliegue, como)
    quien, ahora = como or despliegue.rectora, reloj_desde(despliegue.reloj).ahora()
    with base_abierta(despliegue.bases["auditoria"]) as motor:
        with motor.begin() as conexion:
            registrar(conexion, Acceso(quien, TODAS, motivo, ahora))
        with firmadas(carpeta, despliegue) as solicitudes, leyendo(motor, instantanea=True) as conexion:
            cuantas = llevar(conexion, destino, ahora, con_entradas=True, solicitudes=solicitudes.de, avance=avance)
    retener(carpeta, (destino / PUNTO).read_text(encoding="utf-8"))
    return cuantas


def exigir_mandato(despliegue: Despliegue, como: str | None) -> None:
    """Solo la rectora y quien supervisa ven todas las rutas (regla 4). Errores: `ConsultaNegada`."""
    if not lector_de(despliegue, como or despliegue.rectora).mira_todo:
        raise ConsultaNegada("Las entradas del libro solo se entregan a la rectora o a quien supervisa.")


@contextmanager
def firmadas(carpeta: Path, despliegue: Despliegue) -> Iterator[Firmadas]:
    """Las solicitudes firmadas de todos los servicios."""
    with ExitStack() as pila:
        base = despliegue.bases["llavero"]
        llavero = Llavero(
            base.url, anillo_maestro(carpeta), AzarReal(), reloj_desde(despliegue.reloj), esquema=base.esquema
        )
        pila.callback(llavero.cerrar)
        motores = {
            origen: pila.enter_context(base_abierta(despliegue.bases[nombre]))
            for nombre, origen in despliegue.origenes.items()
        }
        yield Firmadas(motores, llavero)


def claves_publicas(carpeta: Path, politica: str = "") -> str:
    """El archivo de claves para `senda-verificar`: la del libro, las de los orígenes y la de la rectora.

    Quien verifica ha de recibirlo por otra vía que el libro. ``politica``: líneas de testigos y quórum, si los hay.
    Errores: `DespliegueAusente`.
    """
    despliegue = leer(carpeta)
    origenes = [
        f"origen {escribir_vkey(origen, publica_de_texto(clave))}"
        for origen, clave in sorted(despliegue.claves_de_origen.items())
    ]
    rectora = escribir_vkey(despliegue.rectora, publica_de_texto(despliegue.clave_rectora))
    lineas = [
        "# Claves para «senda-verificar --clave». Consíguelas por otra vía que el libro: de eso depende todo.",
        f"log {vkey_del_libro(despliegue)}",
        *origenes,
        f"institucion {rectora}",
    ]
    return "\n".join([*lineas, *politica.strip().splitlines(), ""])


__all__ = ["claves_publicas", "exigir_mandato", "exportar_con_mandato", "exportar_publico", "firmadas"]
