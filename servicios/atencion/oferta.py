"""Casos de uso de la oferta de albergues: quién la inscribe y quién cuenta sus plazas."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import asdict

from contratos.base import Mandato
from contratos.solicitudes.atencion import ActualizarCupos, InscribirAlbergue
from eventos.atencion import AlbergueInscrito, CuposActualizados
from eventos.base import Hecho
from eventos.rechazo import Rechazo, TodaviaNo
from servicios.atencion.dominio import alojamiento
from servicios.atencion.dominio.alojamiento import Albergue, flujo_de
from servicios.atencion.ocupacion import estancias
from servicios.comun.mesa import Casos, Mesa

CASOS = Casos()


class NoEsTitular(Rechazo):
    """Otra institución responde de ese albergue."""

    codigo = "no-es-titular"
    campo = "datos.codigo"
    que_hacer = "Lo pide la institución titular del albergue o la rectora."


class TitularDesconocida(TodaviaNo):
    """La titular no está en el directorio, o su inscripción aún no llegó."""

    codigo = "titular-desconocida"
    campo = "datos.titular"
    que_hacer = "Inscribe antes a la institución titular en el directorio."


@CASOS.atiende(InscribirAlbergue)
def inscribir_albergue(peticion: InscribirAlbergue, mesa: Mesa) -> Sequence[Hecho]:
    """Da de alta un albergue. Solo la rectora puede darle el código de una institución que no es su titular."""
    if not _es_rectora(mesa):
        ajeno = peticion.codigo != peticion.titular and mesa.institucion_de(peticion.codigo) is not None
        if peticion.titular != mesa.institucion or ajeno:
            raise NoEsTitular
    elif mesa.institucion_de(peticion.titular) is None:
        raise TitularDesconocida
    albergue = mesa.estado(Albergue, flujo_de(peticion.codigo))
    return [alojamiento.inscribir(albergue, AlbergueInscrito(**asdict(peticion)))]


@CASOS.atiende(ActualizarCupos)
def actualizar_cupos(peticion: ActualizarCupos, mesa: Mesa) -> Sequence[Hecho]:
    """Cuenta de nuevo las plazas. Lo pide su titular, el propio albergue o la rectora."""
    albergue = mesa.estado(Albergue, flujo_de(peticion.codigo))
    ficha = albergue.ficha
    if ficha and mesa.institucion not in {ficha.titular, ficha.codigo} and not _es_rectora(mesa):
        raise NoEsTitular
    actualizados = CuposActualizados(**asdict(peticion))
    return [alojamiento.actualizar_cupos(albergue, actualizados, estancias(mesa, peticion.codigo))]


def _es_rectora(mesa: Mesa) -> bool:
    ficha = mesa.institucion_de(mesa.institucion)
    return ficha is not None and Mandato.RECTORIA in ficha.mandatos
