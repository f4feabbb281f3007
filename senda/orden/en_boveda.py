"""Lo que comparten las órdenes de la bóveda y del registro: leer una ficha, explicar negativas y decir quién actúa."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import msgspec
import typer

from eventos.rechazo import Rechazo
from eventos.tipos import Agente as DeAgente
from eventos.tipos import CodigoInstitucion
from infra.azar import AzarReal
from infra.reloj import reloj_desde
from infra.seguridad.anillo import AnilloIlegible
from infra.seguridad.boveda.ficha import FichaIdentidad
from infra.seguridad.envoltura import RotacionPendiente
from senda import boveda as de_senda
from senda import registro as de_registro
from senda.boveda import BovedaAusente, BovedaDelDespliegue
from senda.composicion import Montaje
from senda.despliegue import DespliegueAusente, leer
from senda.orden.comun import progreso
from senda.registro import RegistroAusente, RegistroDelDespliegue

Ruta = Annotated[UUID, typer.Argument(metavar="RUTA", help="Seudónimo de la persona.")]


def _con_forma(tipo: Any, dicho: str) -> Callable[[str], str]:
    """Lo que se anota no se puede borrar: un nombre de verdad, o lo que el libro no sabría leer, no entra."""

    def mirar(valor: str) -> str:
        try:
            msgspec.convert(valor, tipo)
        except msgspec.ValidationError:
            raise typer.BadParameter(f"no tiene la forma de {dicho}") from None
        return valor

    return mirar


_INSTITUCION = _con_forma(CodigoInstitucion, "un código de institución, como GT-PGN")
_AGENTE = _con_forma(DeAgente, "un seudónimo de agente, como ag-7c1e90aa")
Institucion = Annotated[str, typer.Option("--institucion", callback=_INSTITUCION, help="Código de quien actúa.")]
Agente = Annotated[str, typer.Option("--agente", callback=_AGENTE, help="Seudónimo de quien actúa: ag-…")]


def ficha_de_la_entrada() -> FichaIdentidad:
    """La ficha (JSON) de la entrada estándar; si no lo es, lo dice sin repetir nada de ella y sale con 1."""
    try:
        return msgspec.json.decode(sys.stdin.buffer.read(), type=FichaIdentidad)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        # Sin el error de la biblioteca: repite el valor.
        progreso.print("ficha-invalida: la entrada no es la ficha que dice docs/boveda.md.", style="red")
        raise typer.Exit(1) from None


@contextmanager
def montada(carpeta: Path) -> Iterator[BovedaDelDespliegue]:
    """La bóveda del despliegue. Al salir cuenta al libro lo que haya que contar."""
    with explicando():
        despliegue = leer(carpeta)
        reloj = reloj_desde(despliegue.reloj)
        montaje = Montaje(carpeta, despliegue, reloj, AzarReal())
        llavero = montaje.llavero()
        # Si el tenedor de la huella está aquí también, destruir una clave le hace olvidarla.
        junto = (carpeta / de_registro.CARPETA).exists()
        al_destruir = (de_registro.abrir(montaje, reloj, llavero).registro.olvidar,) if junto else ()
        abierta = de_senda.abrir(montaje, reloj, llavero, al_destruir=al_destruir)
        try:
            yield abierta
        finally:
            abierta.contar()
            abierta.cerrar()


@contextmanager
def registro_montado(carpeta: Path) -> Iterator[RegistroDelDespliegue]:
    """El registro único del despliegue. Al salir propone a detección lo que haya."""
    with explicando():
        despliegue = leer(carpeta)
        reloj = reloj_desde(despliegue.reloj)
        montaje = Montaje(carpeta, despliegue, reloj, AzarReal())
        montado = de_registro.abrir(montaje, reloj, montaje.llavero())
        try:
            yield montado
        finally:
            montado.proponer()
            montado.cerrar()


@contextmanager
def explicando() -> Iterator[None]:
    """Una negativa se dice con su código, su campo y qué hacer, y sale con 1; sin bóveda o registro, con 2."""
    try:
        yield
    except Rechazo as rechazo:
        campo = f" ({rechazo.campo})" if rechazo.campo else ""
        progreso.print(f"{rechazo.codigo}{campo}: {rechazo.que_hacer}", style="red", soft_wrap=True)
        raise typer.Exit(1) from None
    except (DespliegueAusente, BovedaAusente, RegistroAusente, AnilloIlegible, RotacionPendiente) as error:
        progreso.print(str(error), style="red")
        raise typer.Exit(2) from None


__all__ = ["Agente", "Institucion", "Ruta", "explicando", "ficha_de_la_entrada", "montada", "registro_montado"]
