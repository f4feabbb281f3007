"""El operador que miente: superusuario en todas las bases y dueño de todas las claves, menos las de las instituciones.

Tampoco tiene las de los testigos, ni lo que otros guardaron: solo lo lee quien comprueba.
"""

from __future__ import annotations

import json
import shutil
from base64 import b64decode
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Connection, Engine

from infra.almacen.esquema import eventos, solicitudes
from infra.almacen.motor import abrir_motor
from infra.azar import AzarSembrado
from infra.reloj import RelojReal
from infra.seguridad.firma import firmar, publica_a_texto
from infra.seguridad.identidad_servicio import ClavesServicio
from senda import testigo as testigos
from senda.auditoria.exportacion import claves_publicas, exportar_con_mandato, firmadas
from senda.auditoria.prueba import probar_ruta
from senda.auditoria.refrendo import SinRefrendo, refrendar_con
from senda.credencial import CARPETA
from senda.despliegue import Despliegue, claves_de, leer
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.libro import libro
from tests.mentiras.copia import guardar

_SUYAS: Final = "claves"
_LEJOS: Final = datetime(2100, 1, 1, tzinfo=UTC)


class Operador:
    """Quien miente, sobre una copia. ``admin``: URL de superusuario, si es PostgreSQL. ``institucion``: su víctima.

    ``taller``: carpeta vacía donde prepara lo que entrega.
    """

    def __init__(self, carpeta: Path, taller: Path, admin: str | None, institucion: str) -> None:
        # Las credenciales de las instituciones están en la demostración por comodidad; el operador no las tiene.
        shutil.rmtree(carpeta / CARPETA)
        self.carpeta = carpeta
        self.taller = taller
        self.institucion = institucion
        self.azar = AzarSembrado(13)
        #: El punto que se dio a otro observador.
        self.otro: Path | None = None
        self._admin = admin
        self._pila = ExitStack()
        self._motores: dict[str, Engine] = {}

    @property
    def despliegue(self) -> Despliegue:
        return leer(self.carpeta)

    def cerrar(self) -> None:
        """Suelta las bases."""
        self._motores.clear()
        self._pila.close()

    @contextmanager
    def en(self, servicio: str) -> Iterator[Connection]:
        """Una transacción de superusuario en la base de un servicio, ya sin disparadores."""
        if servicio not in self._motores:
            base = self.despliegue.bases[servicio]
            motor = self._motores[servicio] = abrir_motor(self._admin or base.url, base.esquema)
            self._pila.callback(motor.dispose)
            _desarmar(motor, base.esquema)
        with self._motores[servicio].begin() as conexion:
            yield conexion

    def claves(self, servicio: str) -> ClavesServicio:
        """Las claves privadas de un servicio."""
        return claves_de(self.carpeta, servicio)

    def cambiar_claves(self) -> None:
        """Claves nuevas para todos los servicios, también en lo que el despliegue dice que son."""
        shutil.rmtree(self.carpeta / _SUYAS)
        publicas = {}
        for nombre, origen in self.despliegue.origenes.items():
            nuevas = ClavesServicio.generar(self.azar.hijo(nombre))
            nuevas.guardar(self.carpeta / _SUYAS / nombre)
            publicas[origen] = publica_a_texto(nuevas.firma.public_key())
        self._redactar(claves_de_origen=publicas)

    def cambiar_rectora(self, clave: Ed25519PrivateKey) -> None:
        """Otra clave de la rectora, en lo que el despliegue dice."""
        self._redactar(clave_rectora=publica_a_texto(clave.public_key()))

    def clave_inventada(self) -> Ed25519PrivateKey:
        """Una clave de firma propia, para hacerse pasar por quien no es."""
        return Ed25519PrivateKey.from_private_bytes(self.azar.bytes(32))

    def firmar_como(self, clave: Ed25519PrivateKey, institucion: str, servicio: str, cuerpo: bytes) -> str:
        """La firma de una solicitud a nombre de una institución."""
        dice = json.loads(cuerpo)
        return firmar(cuerpo, clave, institucion, servicio, dice["id"], _LEJOS)

    def solicitudes_de(self, institucion: str) -> list[dict[str, Any]]:
        """Las que firmó y causaron hechos: ``servicio``, ``huella`` y ``cuerpo``, ya abierto con el llavero."""
        despliegue, abiertas = self.despliegue, []
        with firmadas(self.carpeta, despliegue) as todas:
            for nombre in despliegue.origenes:
                with self.en(nombre) as conexion:
                    cuerpos = list(conexion.scalars(sa.select(eventos.c.cuerpo)))
                abiertas += [json.loads(linea) | {"servicio": nombre} for linea in todas.de(cuerpos)]
        return [f for f in abiertas if json.loads(b64decode(f["cuerpo"]))["institucion"] == institucion]

    def rehacer_acuses(self, dicen: Mapping[str, dict[str, Any]]) -> None:
        """Vuelve a firmar, con las claves de ahora, los acuses que se conservan, contando lo que ahora se cuenta.

        ``dicen``: id de cada hecho -> cómo lo nombra un acuse. De los hechos que ya no están no se acuerda nadie.
        """
        for nombre, origen in self.despliegue.origenes.items():
            clave = self.claves(nombre).firma
            with self.en(nombre) as conexion:
                for fila in conexion.execute(sa.select(solicitudes)).all():
                    acuse = json.loads(fila.acuse)
                    acuse["eventos"] = [dicen.get(e["id"], e) for e in acuse.get("eventos", ())]
                    cuerpo = json.dumps(acuse, separators=(",", ":"), ensure_ascii=False).encode()
                    firma = firmar(cuerpo, clave, origen, fila.institucion, fila.id, _LEJOS)
                    suya = (solicitudes.c.institucion == fila.institucion) & (solicitudes.c.id == fila.id)
                    conexion.execute(sa.update(solicitudes).where(suya).values(acuse=cuerpo, firma_acuse=firma))

    def pedir_refrendo(self, testigo: Path) -> None:
        """Pide al testigo que refrende también esto; si se niega, se queda sin su firma. ``testigo``: su carpeta."""
        with testigos.abierto(testigo, RelojReal()) as quien, self.en("auditoria") as conexion:
            try:
                refrendar_con(conexion, quien.refrendar, quien.memoria.vkey, quien.reloj.ahora())
            except SinRefrendo:
                return

    def clave_publica_entregada(self) -> Path:
        """El archivo de claves que entrega el propio operador."""
        archivo = self.taller / "claves-del-operador"
        archivo.write_text(claves_publicas(self.carpeta), encoding="utf-8")
        return archivo

    def libro(self) -> Path:
        """El directorio que entrega; si aún no lo preparó, lo que diga la base."""
        return self.exportar("libro")

    def exportar(self, nombre: str) -> Path:
        """Un directorio con lo que ahora dice la base."""
        destino = self.taller / nombre
        if not destino.exists():
            exportar_con_mandato(self.carpeta, destino, None, MotivoAcceso.SUPERVISION)
        return destino

    def prueba(self) -> Path:
        """La prueba de ruta que entrega, de la primera persona detectada."""
        archivo = self.taller / "prueba.zip"
        if not archivo.exists():
            probar_ruta(self.carpeta, self.ruta(), archivo, None, MotivoAcceso.MANDATO_JUDICIAL)
        return archivo

    def ruta(self) -> UUID:
        """La primera persona que detectó la institución de los recibos."""
        with self.en("auditoria") as conexion:
            for cuerpo in conexion.scalars(sa.select(libro.c.cuerpo).order_by(libro.c.indice)):
                sobre = json.loads(cuerpo)
                if sobre["institucion"] == self.institucion and sobre["source"].endswith("/deteccion"):
                    return UUID(sobre["subject"])
        raise LookupError("la institución no detectó a nadie")

    def _redactar(self, **cambios: object) -> None:
        guardar(self.carpeta, msgspec.structs.replace(self.despliegue, **cambios))


def _desarmar(motor: Engine, esquema: str | None) -> None:
    """Lo que un superusuario hace antes de tocar lo que la base protege."""
    with motor.begin() as conexion:
        if motor.dialect.name == "sqlite":
            for nombre in list(conexion.scalars(sa.text("SELECT name FROM sqlite_master WHERE type = 'trigger'"))):
                conexion.execute(sa.text(f"DROP TRIGGER {nombre}"))
        else:
            for tabla in sa.inspect(conexion).get_table_names(schema=esquema):
                # Siempre puestos (ENABLE ALWAYS): no basta session_replication_role.
                conexion.execute(sa.text(f"ALTER TABLE {esquema}.{tabla} DISABLE TRIGGER USER"))


__all__ = ["Operador"]
