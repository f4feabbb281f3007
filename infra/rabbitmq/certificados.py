"""Una autoridad de desarrollo y los certificados que firma: el del broker y el de cada usuario del bus.

Para ensayar y desarrollar. En producción la autoridad es de quien la custodie, y la clave privada de una institución
nace en la institución: aquí las tendría quien despliega.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from infra.azar import Azar

AUTORIDAD: Final = "ca"
SERVIDOR: Final = "servidor"
VIGENCIA_AUTORIDAD: Final = timedelta(days=3650)
VIGENCIA: Final = timedelta(days=365)
#: Relojes que no marchan a la vez: el certificado vale desde un poco antes.
_HOLGURA: Final = timedelta(minutes=5)
_CURVA: Final = ec.SECP256R1()
#: Orden del grupo de P-256: una clave privada es un entero de 1 a esto menos uno (FIPS 186-5, B.1).
_ORDEN: Final = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Taller:
    """La carpeta de los certificados: `NOMBRE.pem` y su clave privada `NOMBRE.key` (0600)."""

    carpeta: Path
    azar: Azar
    ahora: datetime

    def certificado(self, nombre: str) -> Path:
        """Dónde está (o estará) el certificado de ese nombre."""
        return self.carpeta / f"{nombre}.pem"

    def llave(self, nombre: str) -> Path:
        """Dónde está (o estará) su clave privada."""
        return self.carpeta / f"{nombre}.key"

    def asegurar(self, anfitriones: Collection[str], usuarios: Iterable[str]) -> list[str]:
        """Crea lo que falte: la autoridad, el del broker y el de cada usuario. Devuelve los nombres creados.

        Lo que ya está no se toca; para renovar uno se borra antes.
        """
        creados = [AUTORIDAD] if self.asegurar_autoridad() else []
        if not self.certificado(SERVIDOR).exists():
            alternativos = x509.SubjectAlternativeName([_alternativo(a) for a in anfitriones])
            self._emitir(SERVIDOR, ExtendedKeyUsageOID.SERVER_AUTH, alternativos)
            creados.append(SERVIDOR)
        for usuario in usuarios:
            if usuario in {AUTORIDAD, SERVIDOR}:
                raise ValueError("ese nombre es el de la autoridad o el del broker")
            if not self.certificado(usuario).exists():
                self._emitir(usuario, ExtendedKeyUsageOID.CLIENT_AUTH, None)
                creados.append(usuario)
        return creados

    def asegurar_autoridad(self) -> bool:
        """Crea la autoridad si falta. Devuelve si la creó."""
        self.carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
        if self.certificado(AUTORIDAD).exists():
            return False
        self._crear_autoridad()
        return True

    def _crear_autoridad(self) -> None:
        clave = self._clave_nueva()
        nombre = _nombre("Autoridad de desarrollo de Senda")
        constructor = self._constructor(nombre, nombre, clave, VIGENCIA_AUTORIDAD).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        constructor = constructor.add_extension(_uso(firma_certificados=True), critical=True)
        self._guardar(AUTORIDAD, clave, constructor.sign(clave, SHA256()))

    def _emitir(
        self, nombre: str, para: x509.ObjectIdentifier, alternativos: x509.SubjectAlternativeName | None
    ) -> None:
        autoridad = x509.load_pem_x509_certificate(self.certificado(AUTORIDAD).read_bytes())
        firmante = load_pem_private_key(self.llave(AUTORIDAD).read_bytes(), None)
        if not isinstance(firmante, ec.EllipticCurvePrivateKey):
            raise TypeError("la autoridad de desarrollo usa P-256")
        clave = self._clave_nueva()
        constructor = self._constructor(_nombre(nombre), autoridad.subject, clave, VIGENCIA)
        constructor = constructor.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        constructor = constructor.add_extension(_uso(firma_certificados=False), critical=True)
        constructor = constructor.add_extension(x509.ExtendedKeyUsage([para]), critical=False)
        constructor = constructor.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(firmante.public_key()), critical=False
        )
        if alternativos is not None:
            constructor = constructor.add_extension(alternativos, critical=False)
        self._guardar(nombre, clave, constructor.sign(firmante, SHA256()))

    def _constructor(
        self, sujeto: x509.Name, emisor: x509.Name, clave: ec.EllipticCurvePrivateKey, vigencia: timedelta
    ) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .subject_name(sujeto)
            .issuer_name(emisor)
            .public_key(clave.public_key())
            .serial_number(int.from_bytes(self.azar.bytes(16)) | 1)
            .not_valid_before(self.ahora - _HOLGURA)
            .not_valid_after(self.ahora + vigencia)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(clave.public_key()), critical=False)
        )

    def _clave_nueva(self) -> ec.EllipticCurvePrivateKey:
        # Ocho bytes de más: el resto de dividir queda uniforme a todos los efectos.
        secreto = int.from_bytes(self.azar.bytes(40)) % (_ORDEN - 1) + 1
        return ec.derive_private_key(secreto, _CURVA)

    def _guardar(self, nombre: str, clave: ec.EllipticCurvePrivateKey, certificado: x509.Certificate) -> None:
        privada = clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self.llave(nombre).unlink(missing_ok=True)
        descriptor = os.open(self.llave(nombre), os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as salida:
            salida.write(privada)
        # El certificado, al final: si está, su clave también.
        self.certificado(nombre).write_bytes(certificado.public_bytes(Encoding.PEM))


def _nombre(comun: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, comun)])


def _alternativo(anfitrion: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(anfitrion))
    except ValueError:
        return x509.DNSName(anfitrion)


def _uso(*, firma_certificados: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not firma_certificados, key_cert_sign=firma_certificados, crl_sign=firma_certificados,
        content_commitment=False, key_encipherment=False, data_encipherment=False, key_agreement=False,
        encipher_only=False, decipher_only=False,
    )  # fmt: skip


__all__ = ["AUTORIDAD", "SERVIDOR", "Taller"]
