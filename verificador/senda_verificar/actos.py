"""Que cada institución dijo lo que se le atribuye: cada hecho lleva el hash de unos bytes que ella firmó.

Lo que hace el propio sistema (``GT-SISTEMA``) no lo firma nadie más, y lo de la bóveda consta en ella. Que el servicio
entendiera bien lo pedido no lo dice la firma: está ahí, para leerlo.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from senda_verificar.faltas import Codigo, Donde, Registro, como_id
from senda_verificar.firmas import SinValor
from senda_verificar.hechos import Acto
from senda_verificar.solicitudes import ACEPTADA, Guardada, NoVale, abrir, cumple, leer_acuse

_DE_LA_BOVEDA: Final = "senda.seguridad."
#: El servicio guarda microsegundos: lo que una institución escribió con más cifras se redondea.
_REDONDEO: Final = timedelta(microseconds=1)
#: El acuse y lo firmado, ya comprobados; lo firmado es None si ya no hay con qué leerlo.
_Abierta = tuple[Mapping[str, Any], Mapping[str, Any] | None]


@dataclass
class Cuenta:
    """Cuántos actos se comprobaron, y cuáles no se pudo."""

    firmados: int = 0
    del_sistema: int = 0
    de_la_boveda: int = 0
    sin_cuerpo: int = 0


@dataclass
class Juez:
    """Comprueba unos actos contra las solicitudes que los causaron. ``claves``: las de cada institución."""

    claves: Mapping[str, list[Ed25519PublicKey]]
    origenes: Mapping[str, Ed25519PublicKey]
    solicitudes: Mapping[str, Guardada]
    registro: Registro
    #: Las rutas cuya clave consta destruida en el libro.
    destruidas: Collection[str] = ()
    cuenta: Cuenta = field(default_factory=Cuenta)
    _abiertas: dict[tuple[str, str, str], _Abierta] = field(default_factory=dict)

    def juzgar(self, acto: Acto) -> None:
        """Señala lo que no casa en un acto."""
        huella = str(acto.sobre["solicitud"])
        if acto.sobre["source"] != acto.origen:
            self._apuntar(Codigo.ORIGEN_ALTERADO, acto, "el sobre dice ser de otro origen")
        if not huella and (acto.del_sistema or str(acto.sobre["type"]).startswith(_DE_LA_BOVEDA)):
            self.cuenta.del_sistema += acto.del_sistema
            self.cuenta.de_la_boveda += not acto.del_sistema
        elif not huella:
            que = "se atribuye a una institución y no dice qué firmó"
            self._apuntar(Codigo.ACTO_SIN_SOLICITUD, acto, que)
        elif huella not in self.solicitudes:
            que = "no está la solicitud firmada que dice haberlo causado"
            self._apuntar(Codigo.SOLICITUD_AUSENTE, acto, que)
        else:
            self._con_solicitud(acto, huella)

    def _con_solicitud(self, acto: Acto, huella: str) -> None:
        # De qué origen y de quién dice ser entra en lo que se comprueba: no basta con que otro acto ya la abriera.
        cual = huella, acto.origen, str(acto.sobre["institucion"])
        try:
            if cual not in self._abiertas:
                self._abiertas[cual] = self._abrir(*cual)
            acuse, solicitud = self._abiertas[cual]
        except NoVale as no_vale:
            self._apuntar(no_vale.codigo, acto, no_vale.que)
            return
        if acuse.get("resultado") != ACEPTADA:
            que = "el acuse no aceptó la solicitud que dice haberlo causado"
            self._apuntar(Codigo.RECIBO_INCUMPLIDO, acto, que)
        elif not any(cumple(evento, acto.sobre) for evento in acuse["eventos"]):
            que = "el acuse de la solicitud no nombra este hecho, o lo cuenta de otra manera"
            self._apuntar(Codigo.RECIBO_INCUMPLIDO, acto, que)
        elif solicitud is None:
            self._sin_cuerpo(acto, acuse)
        elif any(solicitud.get(c) != acto.sobre[c] for c in ("institucion", "agente")):
            que = "la solicitud la firmó otra institución u otro agente que los del hecho"
            self._apuntar(Codigo.SOLICITUD_ALTERADA, acto, que)
        elif "ocurrido" in solicitud and not _mismo_instante(solicitud["ocurrido"], acto.sobre.get("time")):
            que = "la institución firmó que ocurrió en otro momento"
            self._apuntar(Codigo.SOLICITUD_ALTERADA, acto, que)
        elif _habla_de_otra(solicitud, acto):
            que = "la institución lo pidió para otra ruta"
            self._apuntar(Codigo.OTRA_RUTA, acto, que)
        else:
            self.cuenta.firmados += 1

    def _sin_cuerpo(self, acto: Acto, acuse: Mapping[str, Any]) -> None:
        """Sin los bytes no hay firma que mirar: solo se admite si consta que la clave de esa persona se destruyó."""
        if any(e.get("sujeto") in self.destruidas for e in acuse["eventos"]):
            self.cuenta.sin_cuerpo += 1
        else:
            que = "faltan los bytes que la institución firmó, y no consta que se destruyera la clave de esa persona"
            self._apuntar(Codigo.SOLICITUD_AUSENTE, acto, que)

    def _abrir(self, huella: str, origen: str, institucion: str) -> _Abierta:
        fila = self.solicitudes[huella]
        clave = self.origenes.get(origen)
        try:
            acuse = leer_acuse(fila["acuse"], fila["firma_acuse"], [clave] if clave else None)
        except SinValor as error:
            raise NoVale(Codigo.RECIBO_FALSO, str(error)) from None
        if acuse.get("huella") != huella:
            raise NoVale(Codigo.RECIBO_FALSO, "el acuse es de otra solicitud")
        if not fila["cuerpo"]:
            return acuse, None
        return acuse, abrir(fila, huella, origen.rpartition("/")[2], self.claves.get(institucion, []))

    def _apuntar(self, codigo: Codigo, acto: Acto, que: str) -> None:
        self.registro.apuntar(codigo, Donde.SOLICITUD, acto.origen, acto.posicion, que, como_id(acto.sobre["id"]))


def _habla_de_otra(solicitud: Mapping[str, Any], acto: Acto) -> bool:
    """Quien pide para una ruta solo causa hechos de esa ruta: en su sujeto, y en sus datos si la nombran."""
    datos = solicitud.get("datos")
    pedida = datos.get("ruta") if isinstance(datos, dict) else None
    if pedida is None:
        return False
    nombradas = (acto.sobre["subject"], acto.sobre["data"].get("ruta", pedida))
    # Un UUID se puede escribir de varias maneras; el servicio guarda la canónica.
    return any((como_id(n) or n) != (como_id(pedida) or pedida) for n in nombradas)


def _mismo_instante(firmado: object, dicho: object) -> bool:
    """Si dos textos son el mismo instante, en la zona que sea."""
    try:
        uno, otro = (datetime.fromisoformat(t.upper()) if isinstance(t, str) else None for t in (firmado, dicho))
        return uno is not None and otro is not None and abs(uno - otro) <= _REDONDEO
    except (ValueError, TypeError, OverflowError):
        return False


__all__ = ["Cuenta", "Juez"]
