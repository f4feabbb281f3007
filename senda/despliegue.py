"""Un despliegue en disco: dónde está cada base, el bus, las claves y el reloj; lo que un proceso necesita al arrancar.

`crear` lo prepara una vez (bases, usuarios, claves); `leer` lo abre en cada arranque. El archivo y las claves privadas
solo los lee su dueño (0600).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec import Struct

from infra.almacen.aprovisionar import actualizar, aprovisionar, crear_usuario
from infra.almacen.migrar import Instalacion, al_dia, instalar
from infra.almacen.motor import abrir_motor
from infra.azar import Azar
from infra.reloj import RelojReal
from infra.seguridad import base64url
from infra.seguridad.anillo import Anillo, AnilloIlegible
from infra.seguridad.firma import publica_a_texto
from infra.seguridad.identidad_servicio import ClavesServicio
from infra.seguridad.llavero import Llavero

ARCHIVO = "despliegue.json"
#: Archivo con la clave que envuelve las del llavero.
MAESTRA = "maestra"


class DespliegueAusente(Exception):
    """La carpeta no tiene un despliegue legible."""

    def __str__(self) -> str:
        return "no hay un despliegue en esa carpeta; créalo con «senda instalar»"


class Base(Struct, frozen=True):
    """La base de un servicio; ``esquema`` solo en PostgreSQL."""

    url: str
    esquema: str | None = None


class Despliegue(Struct, frozen=True, kw_only=True):
    """Todo lo que no es secreto, salvo las contraseñas de las URL. ``reloj``: el texto de `infra.reloj.reloj_desde`."""

    pais: str
    bus: str
    prefijo: str = ""
    reloj: str = "real"
    bases: dict[str, Base]
    rectora: str
    clave_rectora: str
    claves_de_origen: dict[str, str]
    recepcion: dict[str, str]

    @property
    def origenes(self) -> dict[str, str]:
        """Nombre de cada servicio -> ``source`` de sus sobres."""
        return {nombre: f"/{self.pais}/{nombre}" for nombre in self.recepcion}


def crear(
    carpeta: Path, instalaciones: Mapping[str, Instalacion], *, pais: str, bus: str, base: str | None, prefijo: str,
    reloj: str, rectora: str, clave_rectora: str, azar: Azar, llavero: str | None = None,
) -> Despliegue:  # fmt: skip
    """Prepara bases y claves de los servicios nombrados en ``instalaciones``.

    ``base``: URL de PostgreSQL de quien puede crear esquemas y usuarios, o None para SQLite dentro de la carpeta.
    ``llavero``: la de otro servidor para las claves de las personas, que no se restauran con los hechos; sin ella, van
    en ``base``.
    Errores: `FileExistsError` si la carpeta ya tiene un despliegue.
    """
    carpeta.mkdir(mode=0o700, parents=True, exist_ok=True)
    if (carpeta / ARCHIVO).exists():
        raise FileExistsError(ARCHIVO)
    escribir_secreto(carpeta / MAESTRA, azar.hijo("maestra").bytes(32))
    claves = {nombre: ClavesServicio.generar(azar.hijo(f"claves-{nombre}")) for nombre in instalaciones}
    for nombre, suyas in claves.items():
        suyas.guardar(carpeta / "claves" / nombre)
    if base is None:
        bases = {n: _base_sqlite(carpeta, n, suya) for n, suya in instalaciones.items()}
        bases["llavero"] = Base(f"sqlite:///{carpeta / 'llavero.db'}")
    else:
        aislar = f"senda_{prefijo.replace('-', '_').strip('._')}".rstrip("_")
        bases = {
            n: Base(aprovisionar(base, f"{aislar}_{n}", suya, azar.hijo(f"base-{n}")), f"{aislar}_{n}")
            for n, suya in instalaciones.items()
        }
        llaves = f"{aislar}_llavero"
        bases["llavero"] = Base(crear_usuario(llavero or base, llaves, azar.hijo("base-llavero"), dueno=True), llaves)
    despliegue = Despliegue(
        pais=pais, bus=bus, prefijo=prefijo, reloj=reloj, bases=bases, rectora=rectora, clave_rectora=clave_rectora,
        claves_de_origen={f"/{pais}/{n}": publica_a_texto(c.firma.public_key()) for n, c in claves.items()},
        recepcion={
            n: base64url.a_texto(c.recepcion.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw))
            for n, c in claves.items()
        },
    )  # fmt: skip
    suyo = bases["llavero"]
    abierto = Llavero(suyo.url, maestra(carpeta), azar, RelojReal(), esquema=suyo.esquema)
    abierto.crear_esquema()
    abierto.cerrar()
    escribir_secreto(carpeta / ARCHIVO, msgspec.json.format(msgspec.json.encode(despliegue)))
    return despliegue


def migrar(despliegue: Despliegue, instalaciones: Mapping[str, Instalacion], base: str | None = None) -> list[str]:
    """Lleva las bases de un despliegue al esquema de esta versión; repetirlo no cambia nada.

    ``base``: la URL de PostgreSQL de quien lo instaló. Sin ella solo se pueden las de SQLite, y devuelve los servicios
    que quedan por llevar. Errores: los de la base.
    """
    quedan = []
    for nombre, instalacion in instalaciones.items():
        suya = despliegue.bases.get(nombre)
        if suya is None:
            continue
        if suya.esquema is None:
            _instalar_sqlite(suya, instalacion)
        elif base is not None:
            actualizar(base, suya.esquema, instalacion)
        else:
            quedan.append(nombre)
    return quedan


def por_migrar(despliegue: Despliegue, instalaciones: Mapping[str, Instalacion]) -> list[str]:
    """Los servicios cuya base no está en el esquema de esta versión. No escribe. Errores: los de la base."""
    quedan = []
    for nombre, instalacion in instalaciones.items():
        if (suya := despliegue.bases.get(nombre)) is None:
            continue
        motor = abrir_motor(suya.url, suya.esquema)
        try:
            if not al_dia(motor, instalacion):
                quedan.append(nombre)
        finally:
            motor.dispose()
    return quedan


def leer(carpeta: Path) -> Despliegue:
    """Abre un despliegue. Errores: `DespliegueAusente`."""
    try:
        return msgspec.json.decode((carpeta / ARCHIVO).read_bytes(), type=Despliegue)
    except (OSError, msgspec.DecodeError, msgspec.ValidationError):
        raise DespliegueAusente from None


def claves_de(carpeta: Path, servicio: str) -> ClavesServicio:
    """Las claves privadas de un servicio. Errores: `ClavesInvalidas`."""
    return ClavesServicio.leer(carpeta / "claves" / servicio)


def maestra(carpeta: Path) -> bytes:
    """La clave que envuelve las del llavero. Errores: `DespliegueAusente`."""
    try:
        return (carpeta / MAESTRA).read_bytes()
    except OSError:
        raise DespliegueAusente from None


def anillo_maestro(carpeta: Path) -> Anillo:
    """La misma, en el anillo en que rota: quien la usa nota el cambio. Errores: `DespliegueAusente`."""
    try:
        # Repartida entre contenedores es un enlace: rota el archivo al que lleva, no el enlace.
        return Anillo((carpeta / MAESTRA).resolve())
    except AnilloIlegible:
        raise DespliegueAusente from None


def _base_sqlite(carpeta: Path, nombre: str, instalacion: Instalacion) -> Base:
    base = Base(f"sqlite:///{carpeta / f'{nombre}.db'}")
    _instalar_sqlite(base, instalacion)
    return base


def _instalar_sqlite(base: Base, instalacion: Instalacion) -> None:
    motor = abrir_motor(base.url)
    try:
        instalar(motor, instalacion)
    finally:
        motor.dispose()


def escribir_secreto(archivo: Path, contenido: bytes) -> None:
    """Crea un archivo que solo lee su dueño. Errores: `FileExistsError`."""
    descriptor = os.open(archivo, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as salida:
        salida.write(contenido)
