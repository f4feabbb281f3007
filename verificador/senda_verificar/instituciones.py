"""Con qué clave firma cada institución, según el libro, y por qué hay que creerlo.

La cadena empieza en la clave de la rectora: la única que inscribe el sistema, y la que ha de fijarse de fuera. Las
demás las inscribe o cambia ella, y cada una vale solo si la pidió con una clave suya de antes: si no, quien opera el
sistema se inventaría una clave, firmaría con ella que se la inscriban, y con ella lo demás.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from senda_verificar.faltas import Codigo, Donde, Registro, como_id
from senda_verificar.firmas import SinValor, publica
from senda_verificar.hechos import Acto
from senda_verificar.solicitudes import Guardada, NoVale, abrir

#: Lo que queda sin comprobar si no se fija de fuera ninguna clave de institución.
SIN_RECTORA: Final = "de quién es cada clave de institución: sale del libro; fija la de la rectora («institucion»)"
_SERVICIO: Final = "coordinacion"


@dataclass
class Directorio:
    """Las claves de cada institución: las que se fijan de fuera y las que el libro fue inscribiendo.

    Para un acto vale cualquiera que haya tenido: entre orígenes no hay orden, y no se sabe cuál regía al firmar.
    """

    fijadas: Mapping[str, list[Ed25519PublicKey]]
    inscritas: dict[str, list[Ed25519PublicKey]] = field(default_factory=dict)
    _rectora: str = ""

    def inscribir(self, acto: Acto, solicitudes: Mapping[str, Guardada], registro: Registro) -> None:
        """Toma la clave que un hecho inscribe, si había con qué. Los hechos de coordinación vienen en su orden."""
        codigo, texto = str(acto.sobre["subject"]), acto.sobre["data"].get("clave_firma")
        try:
            clave = publica(texto if isinstance(texto, str) else "")
        except SinValor as error:
            _apuntar(registro, Codigo.CLAVE_DE_INSTITUCION, acto, str(error))
            return
        if acto.del_sistema:
            self._inscribir_rectora(codigo, clave, acto, registro)
        elif not self._la_pidio_la_rectora(acto, codigo, texto, solicitudes, registro):
            return
        self.inscritas.setdefault(codigo, []).append(clave)

    def claves(self) -> dict[str, list[Ed25519PublicKey]]:
        """Por institución, con cuáles pudo firmar."""
        quienes = {*self.fijadas, *self.inscritas}
        return {quien: self._de(quien) for quien in quienes}

    def _de(self, quien: str) -> list[Ed25519PublicKey]:
        return [*self.fijadas.get(quien, ()), *self.inscritas.get(quien, ())]

    def _inscribir_rectora(self, codigo: str, clave: Ed25519PublicKey, acto: Acto, registro: Registro) -> None:
        fijadas = [c.public_bytes_raw() for c in self.fijadas.get(codigo, ())]
        if self._rectora:
            que = "el sistema inscribió por su cuenta a otra institución: nadie la pidió"
            _apuntar(registro, Codigo.ACTO_SIN_SOLICITUD, acto, que)
        elif self.fijadas and clave.public_bytes_raw() not in fijadas:
            que = "la clave de la rectora en el libro no es la que se fijó de fuera"
            _apuntar(registro, Codigo.CLAVE_DE_INSTITUCION, acto, que)
        self._rectora = self._rectora or codigo

    def _la_pidio_la_rectora(
        self, acto: Acto, codigo: str, clave: object, solicitudes: Mapping[str, Guardada], registro: Registro
    ) -> bool:
        quien, huella = str(acto.sobre["institucion"]), str(acto.sobre["solicitud"])
        # Una prueba de ruta puede no traer la inscripción de la rectora: entonces vale la que se fijó de fuera.
        if quien != self._rectora if self._rectora else quien not in self.fijadas:
            que = "una clave de institución solo la inscribe o cambia la rectora"
            _apuntar(registro, Codigo.CLAVE_DE_INSTITUCION, acto, que)
            return False
        try:
            pidio = abrir(solicitudes[huella], huella, _SERVICIO, self._de(quien))
        except (KeyError, NoVale):
            return False  # lo señala quien juzga el acto
        datos = pidio.get("datos")
        if not isinstance(datos, dict) or (datos.get("codigo"), datos.get("clave_firma")) != (codigo, clave):
            que = "la rectora pidió inscribir otra clave, u otra institución"
            _apuntar(registro, Codigo.CLAVE_DE_INSTITUCION, acto, que)
            return False
        return True


def _apuntar(registro: Registro, codigo: Codigo, acto: Acto, que: str) -> None:
    registro.apuntar(codigo, Donde.SOLICITUD, acto.origen, acto.posicion, que, como_id(acto.sobre["id"]))


__all__ = ["SIN_RECTORA", "Directorio"]
