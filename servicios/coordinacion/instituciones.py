"""Los casos de uso del directorio: quién entra, cómo cambia y quién sale."""

from __future__ import annotations

from collections.abc import Sequence

from contratos.base import Mandato
from contratos.solicitudes.coordinacion import ActualizarInstitucion, InscribirInstitucion, SuspenderInstitucion
from eventos.base import Hecho
from servicios.comun import directorio
from servicios.comun.mesa import Casos, Mesa
from servicios.coordinacion.dominio import institucion
from servicios.coordinacion.dominio.institucion import Datos, Institucion
from servicios.coordinacion.expediente import rectora


def inscribir_casos(casos: Casos) -> None:
    """Registra los casos del directorio."""
    casos.atiende(InscribirInstitucion)(inscribir_institucion)
    casos.atiende(ActualizarInstitucion)(actualizar_institucion)
    casos.atiende(SuspenderInstitucion)(suspender_institucion)


def inscribir_institucion(peticion: InscribirInstitucion, mesa: Mesa) -> Sequence[Hecho]:
    """Da de alta una institución."""
    estado = mesa.estado(Institucion, institucion.id_de(peticion.codigo))
    hay_rectora = rectora(directorio.todas(mesa.tanda)) is not None
    return [
        institucion.inscribir(
            estado, _datos(peticion), claves_ajenas=_claves_ajenas(peticion.codigo, mesa), hay_rectora=hay_rectora
        )
    ]


def actualizar_institucion(peticion: ActualizarInstitucion, mesa: Mesa) -> Sequence[Hecho]:
    """Cambia los datos de una institución."""
    estado = mesa.estado(Institucion, institucion.id_de(peticion.codigo))
    es_rectora = rectora(directorio.todas(mesa.tanda)) == peticion.codigo
    return [
        institucion.actualizar(
            estado, _datos(peticion), claves_ajenas=_claves_ajenas(peticion.codigo, mesa), es_rectora=es_rectora
        )
    ]


def suspender_institucion(peticion: SuspenderInstitucion, mesa: Mesa) -> Sequence[Hecho]:
    """Saca a una institución. Lo que tenía pendiente pasa a otra en cuanto lo ve quien lleva los plazos (`plazos`)."""
    estado = mesa.estado(Institucion, institucion.id_de(peticion.codigo))
    es_rectora = rectora(directorio.todas(mesa.tanda)) == peticion.codigo
    return [institucion.suspender(estado, peticion.codigo, peticion.motivo, es_rectora=es_rectora)]


def _datos(peticion: InscribirInstitucion | ActualizarInstitucion) -> Datos:
    return Datos(
        codigo=peticion.codigo,
        pais=peticion.pais,
        mandatos=tuple(dict.fromkeys(m.value for m in peticion.mandatos_inscritos)),
        servicios=tuple(dict.fromkeys(peticion.servicios)),
        cobertura=peticion.cobertura,
        clave_firma=peticion.clave_firma,
        rige=Mandato.RECTORIA in peticion.mandatos_inscritos,
    )


def _claves_ajenas(codigo: str, mesa: Mesa) -> frozenset[str]:
    return frozenset(f.clave_firma for c, f in directorio.todas(mesa.tanda).items() if c != codigo)
