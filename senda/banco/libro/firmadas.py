"""Verificar con las solicitudes firmadas: cada acto, contra la firma de su institución y el acuse de su servicio.

Lo que se compara es Ed25519 solo: dos firmas por acto (solicitud y acuse) sobre los mismos bytes, en un núcleo.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from eventos.sobre import Anotado, abrir_sobre
from infra.almacen.motor import leyendo
from infra.azar import AzarSembrado
from infra.mensajeria.acuses import Notaria
from infra.seguridad import base64url
from infra.seguridad.firma import firmar
from infra.seguridad.identidad_servicio import ClavesServicio
from senda.banco.aparte import hacer_aparte
from senda.banco.base import Sitio
from senda.banco.informe import Cifra, razon, ritmo
from senda.banco.libro.almacenado import LOTE, libro_en
from senda.banco.libro.hechos import INSTITUCIONES, Generador
from senda.banco.libro.verificacion import todo
from senda.banco.medir import Tiempos, alternar
from senda_verificar.confianza import leer
from servicios.auditoria.exportacion import exportar

#: La clave pública de quien firma, su firma y los bytes firmados.
_Firma = tuple[bytes, bytes, bytes]


class Solicitudes:
    """Firma lo que causa cada hecho y lo guarda como iría con las entradas. Cumple `hechos.Escribania`."""

    def __init__(self, semilla: int, servicios: Mapping[str, ClavesServicio]) -> None:
        self._azar = AzarSembrado(semilla).hijo("solicitudes")
        self._claves = {i: Ed25519PrivateKey.from_private_bytes(self._azar.bytes(32)) for i in INSTITUCIONES}
        self._servicios = servicios
        self._notarias = {o: Notaria(o.rpartition("/")[2], o, c) for o, c in servicios.items()}
        self._pedidas: dict[str, tuple[str, str, bytes, str]] = {}
        self._lineas: dict[str, bytes] = {}
        #: Qué firma de quién sobre qué bytes: lo que Ed25519 solo ha de comprobar.
        self.firmas: list[_Firma] = []

    @property
    def publicas(self) -> dict[str, Ed25519PublicKey]:
        """La clave de cada institución."""
        return {i: c.public_key() for i, c in self._claves.items()}

    def pedir(self, institucion: str, agente: str, origen: str, ruta: UUID, instante: datetime) -> str:
        """La huella de una solicitud nueva, ya firmada."""
        id_solicitud = str(self._azar.uuid7(instante))
        cuerpo = msgspec.json.encode(
            {
                "id": id_solicitud, "institucion": institucion, "agente": agente, "tipo": "aplicar-evaluacion.v1",
                "ocurrido": instante, "datos": {"ruta": ruta, "cerrado": self._azar.bytes(360)},
            }
        )  # fmt: skip
        servicio = origen.rpartition("/")[2]
        firma = firmar(
            cuerpo, self._claves[institucion], institucion, servicio, id_solicitud, instante + timedelta(days=1)
        )  # fmt: skip
        self._anotar_firma(self._claves[institucion].public_key(), firma, cuerpo)
        huella = sha256(cuerpo).hexdigest()
        self._pedidas[huella] = institucion, id_solicitud, cuerpo, firma
        return huella

    def acusar(self, anotado: Anotado, posicion: int) -> None:
        """El acuse de la solicitud que causó un hecho."""
        huella, origen = anotado.solicitud, anotado.origen
        institucion, id_solicitud, cuerpo, firma = self._pedidas.pop(huella)
        acuse = self._notarias[origen].aceptada(
            huella, institucion, id_solicitud, [anotado], posicion, anotado.registrado
        )  # fmt: skip
        self._anotar_firma(self._servicios[origen].firma.public_key(), acuse.firma, acuse.cuerpo)
        self._lineas[huella] = msgspec.json.encode(
            {
                "huella": huella, "firma": firma, "cuerpo": b64encode(cuerpo).decode(),
                "acuse": b64encode(acuse.cuerpo).decode(), "firma_acuse": acuse.firma,
            }
        )  # fmt: skip

    def de(self, sobres: Sequence[bytes]) -> Iterator[bytes]:
        """Las líneas de lo que causó unos sobres."""
        for huella in sorted({abrir_sobre(s).solicitud for s in sobres} - {""}):
            yield self._lineas[huella]

    def _anotar_firma(self, publica: Ed25519PublicKey, firma: str, cuerpo: bytes) -> None:
        protegida, _, codificada = firma.split(".")
        firmado = f"{protegida}.{base64url.a_texto(cuerpo)}".encode()
        self.firmas.append((publica.public_bytes_raw(), base64url.de_texto(codificada), firmado))


def medir(sitio: Sitio, carpeta: Path, hechos: int, semilla: int, veces: int = 3) -> Iterator[Cifra]:
    """Hace un libro con todo firmado, lo exporta y lo verifica."""
    with libro_en(sitio.url, carpeta, "firmado") as libro:
        solicitudes = Solicitudes(semilla, libro.claves)
        generador = Generador(semilla, hechos, solicitudes)
        libro.anotar(generador.lotes(hechos, LOTE))
        libro.firmar_cabeceras(generador.cabezas)
        destino = carpeta / "firmado"
        with leyendo(libro.motor, en_flujo=True) as conexion:
            exportar(conexion, destino, datetime.now(UTC), con_entradas=True, solicitudes=solicitudes.de)
        claves = libro.claves_publicas(solicitudes.publicas)
    tiempos = hacer_aparte(_tiempos, destino, claves, solicitudes.firmas, veces)
    firmas = f"{len(solicitudes.firmas) / hechos:.2g} firmas por hecho"
    yield ritmo("firmadas-primitiva", f"Ed25519 solo, un núcleo, {firmas}", hechos, tiempos["ed25519"])
    for clave, procesos in (("dos", "dos procesos"), ("uno", "un proceso")):
        que = f"verificar el directorio entero, con solicitudes, {procesos}"
        yield ritmo(f"firmadas-{clave}", que, hechos, tiempos[clave])
        yield razon(f"firmadas-{clave}-razon", "  razón: eso / Ed25519 solo", tiempos["ed25519"], tiempos[clave])


def _tiempos(carpeta: Path, claves: str, firmas: Sequence[_Firma], veces: int) -> dict[str, Tiempos]:
    confianza = leer(claves)
    publicas = {cruda: Ed25519PublicKey.from_public_bytes(cruda) for cruda in {cruda for cruda, _, _ in firmas}}

    def comprobar() -> None:
        for cruda, firma, firmado in firmas:
            publicas[cruda].verify(firma, firmado)

    return alternar(
        {
            "ed25519": comprobar,
            "dos": partial(todo, carpeta, confianza, 2, con_solicitudes=True),
            "uno": partial(todo, carpeta, confianza, 1, con_solicitudes=True),
        },
        veces,
        calentar=0,
    )


__all__ = ["Solicitudes", "medir"]
