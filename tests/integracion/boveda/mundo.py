"""Una bóveda de verdad con instituciones inventadas, para probarla entera. La identidad plantada es inventada."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Engine

from contratos.base import Mandato
from infra.azar import AzarSembrado
from infra.reloj import RelojSimulado
from infra.seguridad import base64url
from infra.seguridad.anillo import Anillo
from infra.seguridad.boveda.boveda import Boveda
from infra.seguridad.boveda.ficha import Documento, FichaIdentidad, cerrar_deposito
from infra.seguridad.boveda.politica import Base, Finalidad, Titulo
from infra.seguridad.boveda.puertos import Quien

LUNES = datetime(2026, 1, 5, tzinfo=UTC)
RUTA = UUID("0b0e6c1e-2f43-4d7a-9c55-6f7a1d2e3b40")
OTRA_RUTA = UUID("7d1f0a52-8c39-4f16-b1a4-95e2c7d80613")
CONSENTIMIENTO = UUID("5a0c8f7e-18b4-4f59-8a3c-0d6f3f1b2c11")
PROCESO = UUID("93f7d1b0-6b0a-4f0c-8a44-5d1f5c6e7a22")
FICHA = FichaIdentidad(
    nombres="Xochiquetzalia Inventada",
    apellidos="Pruebasola Ficticiez",
    nacimiento=date(1999, 12, 31),
    lugar_nacimiento="Villa Inexistente",
    documentos=(Documento(clase="dpi", pais="GTM", numero="9999 88888 7777"),),
)
#: Trozos que no pueden aparecer en ningún sitio fuera de un sobre.
RASTROS = (b"Xochiquetzalia", b"Pruebasola", b"Ficticiez", b"Villa Inexistente", b"9999 88888", b"9999888887777")

ONG, FISCALIA, RECTORA, ALBERGUE = (
    Quien("GT-ONG", "ag-0000000a"),
    Quien("GT-MP", "ag-0000000b"),
    Quien("GT-SVET", "ag-0000000c"),
    Quien("GT-ALB", "ag-0000000d"),
)
OTRA_DE_LA_RECTORA = Quien("GT-SVET", "ag-000000cc")
POR_CONSENTIMIENTO = Titulo(
    base=Base.CONSENTIMIENTO, referencia=CONSENTIMIENTO, finalidades=frozenset({Finalidad.ATENCION, Finalidad.SALUD})
)
POR_MANDATO = Titulo(base=Base.MANDATO, referencia=PROCESO, finalidades=frozenset({Finalidad.PROCESO_PENAL}))


@dataclass
class FuentesFijas:
    """Lo que consta fuera de la bóveda, a mano."""

    directorio: dict[str, frozenset[Mandato]] = field(
        default_factory=lambda: {
            "GT-ONG": frozenset({Mandato.ATENCION}),
            "GT-MP": frozenset({Mandato.PERSECUCION_PENAL}),
            "GT-SVET": frozenset({Mandato.RECTORIA}),
            "GT-ALB": frozenset({Mandato.ALBERGUE}),
        }
    )
    consentidos: set[UUID] = field(default_factory=lambda: {CONSENTIMIENTO})
    en_pie: list[str] = field(default_factory=list)
    participantes: set[str] = field(default_factory=lambda: {"GT-ONG", "GT-MP"})

    def mandatos(self, institucion):
        return self.directorio.get(institucion)

    def consentimiento_ampara(self, ruta, consentimiento, institucion, instante):  # noqa: ARG002  los del puerto
        return consentimiento in self.consentidos

    def participa(self, ruta, institucion):  # noqa: ARG002  los del puerto
        return institucion in self.participantes

    def mandatos_en_pie(self, ruta, instante):  # noqa: ARG002  los del puerto
        return self.en_pie


class Mundo:
    """La bóveda, su reloj, su azar y las privadas de cada institución."""

    def __init__(self, motor: Engine, carpeta: Path) -> None:
        self.motor, self.carpeta = motor, carpeta
        self.reloj, self.azar = RelojSimulado(LUNES), AzarSembrado(3)
        self.fuentes = FuentesFijas()
        self.archivo = carpeta / "envoltura"
        self.recepcion = X25519PrivateKey.from_private_bytes(self.azar.bytes(32))
        self.boveda = Boveda(
            motor,
            Anillo.estrenar(self.archivo, self.azar.bytes(32)),
            self.recepcion,
            self.fuentes,
            self.azar.hijo("boveda"),
            self.reloj,
        )
        self.boveda.crear_esquema()
        self.privadas = {c: X25519PrivateKey.from_private_bytes(self.azar.bytes(32)) for c in self.fuentes.directorio}
        for codigo, privada in self.privadas.items():
            self.boveda.inscribir_clave(codigo, base64url.a_texto(privada.public_key().public_bytes_raw()))

    def cerrar(self, ficha: FichaIdentidad = FICHA, ruta: UUID = RUTA) -> str:
        return cerrar_deposito(ruta, ficha, self.recepcion.public_key(), self.azar)

    def depositar(self) -> None:
        self.boveda.depositar(ONG, RUTA, self.cerrar(), POR_CONSENTIMIENTO)

    def en_disco(self) -> bytes:
        """Todo lo que hay en la carpeta y, en PostgreSQL, en las tablas."""
        octetos = b"".join(a.read_bytes() for a in self.carpeta.rglob("*") if a.is_file())
        if self.motor.dialect.name != "sqlite":
            from infra.seguridad.boveda.tablas import ESQUEMA

            with self.motor.connect() as conexion:
                for tabla in ESQUEMA.sorted_tables:
                    octetos += repr(conexion.execute(tabla.select()).all()).encode()
        return octetos
