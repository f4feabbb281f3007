"""Corregir un hecho con otro (regla 8), igual en todos los contextos. Lo que cada uno prohíbe además, lo dice él."""

from __future__ import annotations

from contratos.rectificacion import Rectificacion
from eventos.comun import Efecto, HechoRectificado
from eventos.rechazo import Rechazo
from eventos.vigentes import Vigentes


class HechoDesconocido(Rechazo):
    """Lo que se quiere corregir no está en pie en esa ruta."""

    codigo = "hecho-desconocido"
    campo = "datos.corrige"
    que_hacer = "Ese evento no es de esta ruta y de este servicio, o ya se corrigió; toma su id del acuse que lo creó."


class HechoAjeno(Rechazo):
    """Solo corrige quien lo contó."""

    codigo = "hecho-ajeno"
    campo = "datos.corrige"
    que_hacer = "Pide a la institución que contó ese hecho que lo corrija ella."


class SustitutoInvalido(Rechazo):
    """El sustituto falta, sobra o no puede ocupar el lugar del corregido."""

    codigo = "sustituto-invalido"
    campo = "datos.sustituto"
    que_hacer = (
        "Para sustituir, cuenta primero el hecho correcto (de la misma clase y ruta) y da su id; para anular, no des "
        "ninguno. Si el correcto no se admite mientras siga el erróneo, anula este y vuelve a contarlo."
    )


def rectificar(estado: Vigentes, peticion: Rectificacion, institucion: str) -> HechoRectificado:
    """Deja sin efecto un hecho que contó esa institución.

    Errores: `HechoDesconocido`, `HechoAjeno`, `SustitutoInvalido`.
    """
    corregido = estado.buscar(peticion.corrige)
    if corregido is None:
        raise HechoDesconocido
    if corregido.institucion != institucion:
        raise HechoAjeno
    if peticion.efecto is Efecto.ANULADO:
        if peticion.sustituto is not None:
            raise SustitutoInvalido
    else:
        sustituto = estado.buscar(peticion.sustituto) if peticion.sustituto else None
        if sustituto is None or sustituto.id == corregido.id or type(sustituto.hecho) is not type(corregido.hecho):
            raise SustitutoInvalido
    return HechoRectificado(
        ruta=peticion.ruta,
        corrige=peticion.corrige,
        efecto=peticion.efecto,
        sustituto=peticion.sustituto,
        motivo=peticion.motivo,
        detalle=peticion.detalle,
    )
