"""Volver a una vida propia: el plan, los servicios que se terminan, la salida del albergue y el cierre."""

from __future__ import annotations

from uuid import UUID

from contratos.base import Peticion
from contratos.solicitudes.atencion import (
    AcordarPlan,
    ConcluirPlan,
    CumplirMeta,
    EvaluarRiesgo,
    FinalizarAlojamiento,
    LograrReintegracionFamiliar,
    MetaPedida,
    PrestarServicio,
    RegistrarSatisfaccion,
)
from contratos.solicitudes.coordinacion import CerrarRuta, DeclararDerechoNoAplicable, EmitirDerivacion
from eventos.atencion import AlojamientoAsignado, Nucleo, PlanAcordado, ResultadoPlan
from eventos.listas import Derecho, QuienConsiente, ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoCierre, MotivoFinAlojamiento, MotivoNoAplicable
from eventos.repatriacion import DocumentosEmitidos
from eventos.tipos import NivelRiesgo, Urgencia
from senda.demo.guion import Paso
from senda.demo.historias.caso import Caso

RECTORA = "GT-SVET"
_OFICIO = (
    (Derecho.TRABAJO, ServicioPedido.MEDIOS_DE_VIDA, "GT-MIDES"),
    (Derecho.SALUD_MENTAL, ServicioPedido.PSICOSOCIAL, ""),
)
_ESCUELA = (
    (Derecho.EDUCACION, ServicioPedido.EDUCACION, "GT-MINEDUC"),
    (Derecho.SALUD_MENTAL, ServicioPedido.PSICOSOCIAL, ""),
)


def planear(caso: Caso, casa: str) -> Paso[None]:
    """Un plan acordado con la persona: estudiar o trabajar, y sanar."""
    yield from caso.consentido()
    metas = tuple(MetaPedida(derecho=d, servicio=s, vence=caso.dia(75)) for d, s, _ in _metas(caso))
    plan = AcordarPlan(
        ruta=caso.ruta,
        metas=metas,
        por=QuienConsiente.AUTORIDAD_NINEZ if caso.es_nna else QuienConsiente.PERSONA,
        persona_oida=True,
        revisar_el=caso.dia(90),
    )
    yield from caso.pedir(casa, plan, tras=caso.dias(4, 8))


def cumplir_plan(caso: Caso, casa: str, terapeuta: str) -> Paso[None]:
    """Cada meta se cumple con el servicio que la logró; después el plan concluye cumplido."""
    plan, metas = caso.id_de(PlanAcordado, "plan"), caso.ultimo(PlanAcordado).datos["metas"]
    logros: list[Peticion] = []
    for (_, servicio, quien), meta in zip(_metas(caso), metas, strict=True):
        prestadora, id_meta = quien or terapeuta, UUID(meta["meta"])
        yield from caso.con(prestadora)
        servicio_completo = PrestarServicio(
            ruta=caso.ruta, servicio_prestado=servicio, resultado=ResultadoAtencion.COMPLETA, meta=id_meta
        )
        (acuse,) = yield from caso.pedir(prestadora, servicio_completo, tras=caso.dias(5, 10))
        logros.append(CumplirMeta(ruta=caso.ruta, plan=plan, meta=id_meta, evidencias=(acuse.eventos[0].id,)))
    conclusion = ConcluirPlan(ruta=caso.ruta, plan=plan, resultado=ResultadoPlan.CUMPLIDO)
    yield from caso.pedir(casa, *logros, conclusion)


def sanar(caso: Caso) -> Paso[None]:
    """Salud sexual y reproductiva, con su consentimiento."""
    yield from caso.con("GT-MSPAS")
    yield from caso.consentido()
    peticion = PrestarServicio(
        ruta=caso.ruta,
        servicio_prestado=ServicioPedido.SALUD_SEXUAL,
        resultado=ResultadoAtencion.COMPLETA,
    )
    yield from caso.pedir("GT-MSPAS", peticion, tras=caso.dias(3, 9))


def pedir_documentos(caso: Caso, quien: str) -> Paso[None]:
    """Se encarga su documento a quien lo emite en el país."""
    encargo = EmitirDerivacion(
        ruta=caso.ruta, a="GT-RENAP", servicio_pedido=ServicioPedido.DOCUMENTACION, urgencia=Urgencia.ORDINARIA
    )
    yield from caso.pedir(quien, encargo)
    yield from caso.hasta(lambda: caso.consta(DocumentosEmitidos))


def salir_del_albergue(caso: Caso, casa: str, motivo: MotivoFinAlojamiento) -> Paso[None]:
    """Deja el albergue."""
    yield from _alojada(caso)
    yield from caso.pedir(casa, _salida(caso, motivo), tras=caso.dias(1, 4))


def empezar_vida_propia(caso: Caso, casa: str, motivo: MotivoFinAlojamiento) -> Paso[None]:
    """Deja el albergue y se comprueba que está a salvo."""
    yield from _alojada(caso)
    riesgo = EvaluarRiesgo(ruta=caso.ruta, nivel=NivelRiesgo.BAJO, vigente_hasta=caso.dia(180))
    yield from caso.pedir(casa, _salida(caso, motivo), riesgo, tras=caso.dias(1, 4))


def vivir_en_familia(caso: Caso) -> Paso[None]:
    """La autoridad de niñez comprueba que la familia es segura y la niña vive con ella."""
    peticion = LograrReintegracionFamiliar(ruta=caso.ruta, nucleo=Nucleo.AMPLIADA, evaluado=True, persona_oida=True)
    yield from caso.pedir("GT-PGN", peticion, tras=caso.dias(3, 8))


def preguntar_que_le_parecio(caso: Caso, quien: str, servicio: ServicioPedido) -> Paso[None]:
    """Su opinión también cuenta."""
    puntaje = 3 + int(caso.azar.fraccion() * 3)
    yield from caso.pedir(quien, RegistrarSatisfaccion(ruta=caso.ruta, servicio_valorado=servicio, puntaje=puntaje))


def no_aplica(caso: Caso, derecho: Derecho, motivo: MotivoNoAplicable) -> Paso[None]:
    """La rectora decide, con motivo, que un derecho no aplica."""
    peticion = DeclararDerechoNoAplicable(ruta=caso.ruta, derecho=derecho, motivo=motivo)
    yield from caso.pedir(RECTORA, peticion)


def cerrar(caso: Caso, motivo: MotivoCierre, quien: str = RECTORA) -> Paso[None]:
    """Se pide cerrar la ruta; la restitución plena se comprueba derecho a derecho."""
    yield from caso.pedir(quien, CerrarRuta(ruta=caso.ruta, motivo=motivo), tras=caso.dias(1, 3))


def cerrar_antes_de_tiempo(caso: Caso) -> Paso[None]:
    """Alguien quiere cerrar con derechos pendientes, y no se puede."""
    peticion = CerrarRuta(ruta=caso.ruta, motivo=MotivoCierre.RESTITUCION_PLENA)
    yield from caso.pedir_en_vano(RECTORA, peticion, "derechos-pendientes")


def _alojada(caso: Caso) -> Paso[None]:
    """Espera a que conste dónde está: con el reloj de verdad, el ingreso puede estar aún en camino."""
    yield from caso.hasta(lambda: caso.consta(AlojamientoAsignado))


def _salida(caso: Caso, motivo: MotivoFinAlojamiento) -> FinalizarAlojamiento:
    estancia = caso.id_de(AlojamientoAsignado, "alojamiento")
    return FinalizarAlojamiento(ruta=caso.ruta, alojamiento=estancia, motivo=motivo)


def _metas(caso: Caso) -> tuple[tuple[Derecho, ServicioPedido, str], ...]:
    return _ESCUELA if caso.es_nna else _OFICIO


__all__ = [
    "RECTORA",
    "cerrar",
    "cerrar_antes_de_tiempo",
    "cumplir_plan",
    "empezar_vida_propia",
    "no_aplica",
    "pedir_documentos",
    "planear",
    "preguntar_que_le_parecio",
    "salir_del_albergue",
    "sanar",
    "vivir_en_familia",
]
