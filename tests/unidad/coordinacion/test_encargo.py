"""Qué manda el protocolo según el hecho y el perfil, y a quién va: nunca queda un encargo sin dueño."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest

from contratos.protocolos.paquete import Condicion, Plazo, Regla, Terminos, Unidad
from eventos.atencion import AlojamientoAsignado, ClaseAlojamiento, Necesidad, NecesidadesEvaluadas
from eventos.base import Hecho, partir
from eventos.coordinacion import DerivacionAceptada, DerivacionAtendida, DerivacionEmitida, DerivacionRetirada
from eventos.deteccion import RiesgoInmediatoSenalado, VictimaIdentificada
from eventos.justicia import DenunciaPresentada, QuienDenuncia
from eventos.listas import ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoDerivacion, MotivoRetiro
from eventos.tipos import NivelRiesgo, SiNo, Urgencia
from servicios.coordinacion.dominio import encargo, rechazos
from servicios.coordinacion.dominio.encargo import Encargo, Plazos
from servicios.coordinacion.dominio.ruta import Ruta
from servicios.coordinacion.dominio.suceso import Perfil, Suceso
from tests.unidad.coordinacion.muestras import ADULTA, ENCARGO, GT, NINA, OTRO_ENCARGO, abierta, deteccion, emitida
from tests.unidad.historia import INICIO, RUTA, historia, id_de

RECTORA = "GT-SVET"
EXTRANJERA = Perfil(nna=False, extranjera=SiNo.SI)


class Ficha:
    def __init__(self, *servicios: ServicioPedido, activa: bool = True) -> None:
        self.servicios = frozenset(s.value for s in servicios)
        self.activa = activa


def manda(hecho: Hecho, perfil: Perfil) -> set[tuple[str, ServicioPedido]]:
    suceso = Suceso(tipo=hecho.tipo, campos=partir(hecho)[0])
    return {(e.a, e.servicio) for e in encargo.obligaciones(GT.reglas, suceso, perfil)}


def identificada(**cambios) -> VictimaIdentificada:
    return VictimaIdentificada(**{"ruta": RUTA, "nna": SiNo.NO, "extranjera": SiNo.NO, **cambios})


def test_a_una_nna_la_recibe_la_procuraduria_y_de_inmediato():
    suceso = Suceso(tipo=deteccion().tipo, campos=partir(deteccion())[0])
    de_ninez = [e for e in encargo.obligaciones(GT.reglas, suceso, NINA) if e.a == "GT-PGN"]
    assert [(e.servicio, e.urgencia) for e in de_ninez] == [(ServicioPedido.PROTECCION_NNA, Urgencia.INMEDIATA)]
    assert ("GT-PGN", ServicioPedido.PROTECCION_NNA) not in manda(deteccion(), ADULTA)


def test_si_la_identificacion_descubre_que_es_nna_tambien():
    assert ("GT-PGN", ServicioPedido.PROTECCION_NNA) in manda(identificada(), NINA)


def test_la_atencion_empieza_con_la_presuncion():
    for perfil in (ADULTA, NINA, EXTRANJERA):
        servicios = {servicio for _, servicio in manda(deteccion(), perfil)}
        assert {ServicioPedido.ATENCION_INMEDIATA, ServicioPedido.SALUD} <= servicios


def test_el_riesgo_alto_llama_a_seguridad():
    assert ("GT-PNC", ServicioPedido.SEGURIDAD) in manda(deteccion(riesgo=NivelRiesgo.ALTO), ADULTA)
    assert ("GT-PNC", ServicioPedido.SEGURIDAD) not in manda(deteccion(riesgo=NivelRiesgo.BAJO), ADULTA)


def test_lo_migratorio_solo_a_extranjeras():
    servicio = ("GT-IGM", ServicioPedido.REGULARIZACION)
    assert servicio in manda(identificada(), EXTRANJERA)
    assert servicio not in manda(identificada(), ADULTA)


def test_la_denuncia_no_manda_nada_de_atencion():
    assert manda(DenunciaPresentada(ruta=RUTA, proceso=ENCARGO, denunciante=QuienDenuncia.PERSONA), ADULTA) == set()


def test_el_ingreso_a_un_albergue_deja_pendiente_la_orden_del_juez():
    ingreso = AlojamientoAsignado(
        ruta=RUTA,
        alojamiento=UUID(int=1),
        albergue="GT-ALB",
        clase=ClaseAlojamiento.ALBERGUE_ESPECIALIZADO,
        urgente=True,
    )
    suceso = Suceso(tipo=ingreso.tipo, campos=partir(ingreso)[0])
    [mandado] = encargo.obligaciones(GT.reglas, suceso, ADULTA)
    assert (mandado.a, mandado.servicio) == ("GT-OJ", ServicioPedido.AUTORIZACION_PROTECCION)
    assert mandado.motivo is MotivoDerivacion.OBLIGACION_LEGAL


def test_cada_necesidad_evaluada_es_un_encargo_con_su_urgencia():
    evaluadas = NecesidadesEvaluadas(
        ruta=RUTA,
        necesidades=(
            Necesidad(servicio=ServicioPedido.EDUCACION, urgencia=Urgencia.ORDINARIA),
            Necesidad(servicio=ServicioPedido.ALOJAMIENTO, urgencia=Urgencia.INMEDIATA),
        ),
    )
    suceso = Suceso(tipo=evaluadas.tipo, campos=partir(evaluadas)[0])
    mandados = [(e.servicio, e.urgencia) for e in encargo.obligaciones(GT.reglas, suceso, ADULTA)]
    assert mandados == [
        (ServicioPedido.EDUCACION, Urgencia.ORDINARIA),
        (ServicioPedido.ALOJAMIENTO, Urgencia.INMEDIATA),
    ]


@pytest.mark.parametrize(
    ("directorio", "excluidas", "esperada"),
    [
        ({"GT-A": Ficha(ServicioPedido.SALUD), "GT-B": Ficha(ServicioPedido.SALUD)}, (), "GT-B"),
        ({"GT-A": Ficha(ServicioPedido.SALUD), "GT-B": Ficha(ServicioPedido.SALUD, activa=False)}, (), "GT-A"),
        ({"GT-A": Ficha(ServicioPedido.SALUD), "GT-B": Ficha(ServicioPedido.SALUD)}, ("GT-B",), "GT-A"),
        ({"GT-A": Ficha(ServicioPedido.SALUD), "GT-B": Ficha(ServicioPedido.EDUCACION)}, (), "GT-A"),
        ({}, (), RECTORA),
        ({RECTORA: Ficha(ServicioPedido.SALUD), "GT-Z": Ficha(ServicioPedido.SALUD)}, (), "GT-Z"),
        ({}, (RECTORA,), None),
        ({"HN-A": Ficha(ServicioPedido.SALUD)}, (), RECTORA),
        ({"HN-A": Ficha(ServicioPedido.SALUD), "GT-Z": Ficha(ServicioPedido.SALUD)}, (), "GT-Z"),
    ],
)
def test_va_a_la_preferida_a_otra_o_en_ultimo_caso_a_la_rectora(directorio, excluidas, esperada):
    assert encargo.destinataria(directorio, "GT-B", ServicioPedido.SALUD, RECTORA, excluidas) == esperada


def test_repetir_el_hecho_no_repite_el_encargo():
    mandado = Encargo(
        regla="atencion-en-salud",
        a="GT-MSPAS",
        servicio=ServicioPedido.SALUD,
        urgencia=Urgencia.PRIORITARIA,
        motivo=MotivoDerivacion.PROTOCOLO,
    )
    pendiente = historia(Ruta, abierta(), emitida())
    atendida = historia(
        Ruta,
        abierta(),
        emitida(),
        DerivacionAceptada(ruta=RUTA, derivacion=ENCARGO),
        DerivacionAtendida(ruta=RUTA, derivacion=ENCARGO, resultado=ResultadoAtencion.COMPLETA, evidencias=(id_de(9),)),
    )
    retirada = historia(
        Ruta,
        abierta(),
        emitida(),
        DerivacionRetirada(ruta=RUTA, derivacion=ENCARGO, motivo=MotivoRetiro.NECESIDAD_CUBIERTA),
    )
    assert encargo.ya_encargado(pendiente, mandado)
    assert encargo.ya_encargado(atendida, mandado)
    assert not encargo.ya_encargado(retirada, mandado)


def regla(id_regla: str, tipo: str, a: str = "") -> Regla:
    return Regla(
        id=id_regla, cuando=(Condicion(tipo=tipo),), a=a, servicio=ServicioPedido.SEGURIDAD,
        urgencia=Urgencia.INMEDIATA, fuente="S004",
    )  # fmt: skip


@pytest.mark.parametrize("a_una", ["", "GT-PNC"])
@pytest.mark.parametrize("a_otra", ["", "GT-PNC"])
def test_dos_reglas_del_mismo_servicio_no_encargan_dos_veces_a_la_misma(a_una, a_otra):
    """Digan o no a quién: con la misma necesidad, en el mismo hecho o en otro después."""
    presunta, peligro = deteccion(), RiesgoInmediatoSenalado(ruta=RUTA, urgencia=Urgencia.INMEDIATA)
    reglas = (regla("por-riesgo", presunta.tipo, a_una), regla("por-peligro", peligro.tipo, a_otra))

    def cumplir(ruta: Ruta, hecho: Hecho, *reglas: Regla) -> list[DerivacionEmitida]:
        return encargo.cumplir(
            ruta, Suceso(tipo=hecho.tipo, campos=partir(hecho)[0]), ADULTA, reglas, directorio=prestan,
            rectora=RECTORA, plazos_=Plazos(GT.por_urgencia, GT.calendario), nuevo_id=lambda: UUID(int=9), ahora=INICIO,
        )  # fmt: skip

    prestan = {codigo: Ficha(ServicioPedido.SEGURIDAD) for codigo in ("GT-PNC", "GT-ZETA")}
    ruta = historia(Ruta, abierta())
    (primera,) = cumplir(ruta, presunta, *reglas)
    assert primera.a == "GT-PNC"
    con_ella = ruta.con(primera, INICIO)
    assert cumplir(con_ella, peligro, *reglas) == []
    # Una regla que nombra a otra sí se lo encarga.
    assert [e.a for e in cumplir(con_ella, peligro, regla("a-otra", peligro.tipo, "GT-ZETA"))] == ["GT-ZETA"]


def test_la_regla_que_trae_sus_plazos_los_lleva_al_emitir_y_al_reasignar():
    doce = Terminos(
        acuse=Plazo(cantidad=1, unidad=Unidad.HORAS),
        atencion=Plazo(cantidad=12, unidad=Unidad.HORAS),
        legal=True,
        fuente="S000",
    )
    plazos = Plazos(GT.por_urgencia, GT.calendario, {"atencion-en-salud": doce})
    _, nueva = encargo.reasignar(
        historia(Ruta, abierta(), emitida()).encargo(ENCARGO), OTRO_ENCARGO, "GT-IV", plazos, INICIO
    )
    assert (nueva.vence_atencion, nueva.plazo_legal) == (INICIO + timedelta(hours=12), True)


def test_al_reasignar_los_plazos_empiezan_de_nuevo():
    ruta = historia(Ruta, abierta(), emitida())
    plazos = Plazos(GT.por_urgencia, GT.calendario)
    reasignada, nueva = encargo.reasignar(ruta.encargo(ENCARGO), OTRO_ENCARGO, "GT-IV", plazos, INICIO)
    assert (reasignada.derivacion, nueva.derivacion) == (ENCARGO, OTRO_ENCARGO)
    assert (nueva.a, nueva.de, nueva.motivo) == ("GT-IV", "GT-SVET", MotivoDerivacion.REASIGNACION)
    assert nueva.vence_acuse is not None
    assert nueva.vence_acuse > INICIO


def test_no_se_encarga_a_quien_no_esta_o_no_presta():
    directorio = {"GT-A": Ficha(ServicioPedido.SALUD), "GT-B": Ficha(ServicioPedido.SALUD, activa=False)}
    for codigo in ("GT-X", "GT-B"):
        with pytest.raises(rechazos.DestinatariaNoDisponible):
            encargo.exigir_destinataria(directorio, codigo, ServicioPedido.SALUD)
    with pytest.raises(rechazos.DestinatariaNoPresta):
        encargo.exigir_destinataria(directorio, "GT-A", ServicioPedido.EDUCACION)
