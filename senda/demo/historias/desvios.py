"""Historias que no siguen el camino recto."""

from __future__ import annotations

from contratos.solicitudes.atencion import RevocarConsentimiento
from contratos.solicitudes.coordinacion import ReabrirRuta
from contratos.solicitudes.deteccion import SenalarRiesgo
from eventos.atencion import ConsentimientoOtorgado
from eventos.deteccion import Aplicador, Peligro, VictimaIdentificada
from eventos.justicia import InvestigacionIniciada
from eventos.listas import CanalAlerta, QuienConsiente
from eventos.motivos import MotivoCierre, MotivoFinAlojamiento, MotivoReapertura
from eventos.tipos import SiNo, Urgencia
from senda.demo.guion import Guion
from senda.demo.historias import hallazgo, vuelta
from senda.demo.historias.caso import Caso


def presuncion_descartada(caso: Caso) -> Guion:
    """La fiscalía concluye que no hubo trata: la ruta se cierra sola y se retira lo pendiente."""
    yield from hallazgo.detectar_tras_alerta(caso, "GT-PNC", CanalAlerta.EN_LINEA, Urgencia.PRIORITARIA)
    yield from hallazgo.evaluar_e_informar(caso, "GT-PNC", Aplicador.POLICIA)


def consentimiento_revocado(caso: Caso) -> Guion:
    """Revoca su consentimiento y deja el albergue: se corta lo que se apoyaba en él, y nada más."""
    casa = "GT-REFUGIO"
    yield from hallazgo.detectar(caso, "GT-PNC")
    yield from hallazgo.informar(caso, "GT-PNC")
    yield from caso.con(casa)
    yield from caso.hasta(lambda: caso.consta(ConsentimientoOtorgado) and caso.consta(VictimaIdentificada))
    revocacion = RevocarConsentimiento(
        ruta=caso.ruta,
        consentimiento=caso.id_de(ConsentimientoOtorgado, "consentimiento"),
        por=QuienConsiente.PERSONA,
        presion=SiNo.NO_CONSTA,
    )
    caso.revocado = True
    yield from caso.pedir(casa, revocacion, tras=caso.dias(3, 10))
    yield from vuelta.salir_del_albergue(caso, casa, MotivoFinAlojamiento.DECISION_PERSONA)
    yield from vuelta.cerrar(caso, MotivoCierre.DECISION_PERSONA)


def institucion_silenciosa(caso: Caso) -> Guion:
    """Quien debía asistirla no contesta: el encargo vence, se escala y la rectora lo pasa a la defensa pública."""
    casa = "GT-REFUGIO"
    yield from hallazgo.detectar(caso, "GT-PNC")
    yield from hallazgo.evaluar_e_informar(caso, "GT-PNC", Aplicador.POLICIA)
    yield from caso.con(casa, "GT-IDPP")
    yield from vuelta.planear(caso, casa)
    yield from vuelta.sanar(caso)
    yield from caso.hasta(lambda: caso.consta(InvestigacionIniciada))


def ruta_reabierta(caso: Caso) -> Guion:
    """Sale del albergue sin avisar y se pierde el contacto; un mes después pide ayuda y la ruta se reabre."""
    casa = "GT-REFUGIO"
    yield from hallazgo.detectar(caso, "GT-PNC")
    yield from hallazgo.informar(caso, "GT-PNC")
    yield from caso.con(casa)
    yield from caso.hasta(lambda: caso.consta(VictimaIdentificada))
    yield from vuelta.salir_del_albergue(caso, casa, MotivoFinAlojamiento.SALIDA_SIN_AVISO)
    yield from vuelta.cerrar(caso, MotivoCierre.PERDIDA_CONTACTO)
    reapertura = ReabrirRuta(ruta=caso.ruta, motivo=MotivoReapertura.CONTACTO_RECUPERADO)
    yield from caso.pedir("GT-PNC", reapertura, tras=caso.dias(20, 40))
    yield from vuelta.planear(caso, casa)


def vuelta_al_peligro(caso: Caso) -> Guion:
    """Cerrada por pérdida de contacto, alguien la ve en peligro: el solo aviso reabre la ruta y manda protegerla."""
    casa = "GT-REFUGIO"
    yield from hallazgo.detectar(caso, "GT-PNC")
    yield from caso.con(casa)
    yield from caso.hasta(lambda: caso.consta(VictimaIdentificada))
    yield from vuelta.salir_del_albergue(caso, casa, MotivoFinAlojamiento.SALIDA_SIN_AVISO)
    yield from vuelta.cerrar(caso, MotivoCierre.PERDIDA_CONTACTO)
    aviso = SenalarRiesgo(ruta=caso.ruta, urgencia=Urgencia.INMEDIATA, peligros=(Peligro.TRATANTE_CERCA,))
    yield from caso.pedir("GT-PNC", aviso, tras=caso.dias(15, 45))


__all__ = [
    "consentimiento_revocado",
    "institucion_silenciosa",
    "presuncion_descartada",
    "ruta_reabierta",
    "vuelta_al_peligro",
]
