"""Piezas de ejemplo para las pruebas de coordinación."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from contratos.protocolos import cargar
from eventos.base import partir
from eventos.coordinacion import DerivacionEmitida, RutaAbierta
from eventos.deteccion import PresuntaVictimaDetectada
from eventos.listas import Derecho, ServicioPedido
from eventos.motivos import MotivoDerivacion
from eventos.sobre import Anotado
from eventos.tipos import NivelRiesgo, SiNo, Urgencia
from servicios.coordinacion.dominio.suceso import Evidencia, Perfil
from tests.unidad.historia import INICIO, RUTA

GT = cargar("gt", "1.0")
ENCARGO = UUID("3f1d7a52-0c39-4f16-a1a4-95e2c7d80601")
OTRO_ENCARGO = UUID("3f1d7a52-0c39-4f16-a1a4-95e2c7d80602")
ADULTA = Perfil(nna=False, extranjera=SiNo.NO)
NINA = Perfil(nna=True, extranjera=SiNo.NO)


def deteccion(**cambios: Any) -> PresuntaVictimaDetectada:
    datos = {
        "ruta": RUTA,
        "nna": SiNo.NO,
        "extranjera": SiNo.NO,
        "idioma": "spa",
        "riesgo": NivelRiesgo.MEDIO,
        "pais_deteccion": "gt",
    }
    return PresuntaVictimaDetectada(**{**datos, **cambios})


def abierta(**cambios: Any) -> RutaAbierta:
    datos = {
        "ruta": RUTA,
        "nna": False,
        "edad_supuesta": False,
        "extranjera": SiNo.NO,
        "pais": "gt",
        "protocolo": "gt",
        "version_protocolo": "1.0",
        "idioma": "spa",
        "riesgo": NivelRiesgo.MEDIO,
        "derechos": (Derecho.SALUD_FISICA, Derecho.INFORMACION),
    }
    return RutaAbierta(**{**datos, **cambios})


def emitida(**cambios: Any) -> DerivacionEmitida:
    datos = {
        "ruta": RUTA,
        "derivacion": ENCARGO,
        "de": "GT-SVET",
        "a": "GT-MSPAS",
        "servicio": ServicioPedido.SALUD,
        "urgencia": Urgencia.INMEDIATA,
        "vence_acuse": INICIO + timedelta(hours=2),
        "vence_atencion": INICIO + timedelta(hours=24),
        "regla": "atencion-en-salud",
        "plazo_legal": False,
        "motivo": MotivoDerivacion.PROTOCOLO,
    }
    return DerivacionEmitida(**{**datos, **cambios})


def prueba(
    anotado: Anotado, *, con_mandato: bool = True, contradicha_por: UUID | None = None, ocurrido: datetime | None = None
) -> Evidencia:
    """Un hecho como evidencia."""
    return Evidencia(
        tipo=anotado.hecho.tipo,
        campos=partir(anotado.hecho)[0],
        id=anotado.id,
        ocurrido=ocurrido or anotado.ocurrido,
        registrado=anotado.registrado,
        con_mandato=con_mandato,
        contradicha_por=contradicha_por,
    )
