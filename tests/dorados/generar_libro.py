"""Escribe el libro dorado, una sola vez: ``python -m tests.dorados.generar_libro``.

Un libro pequeño y la prueba de una ruta suya, tal como los exportaba el código de entonces, con las claves con que se
comprueban y el informe que dieron. Se niega a reescribirlos: son la prueba de que lo entregado a un tribunal se podrá
verificar siempre. Si el formato cambia, se genera otro al lado y este se queda.
"""

from __future__ import annotations

import json
import sys
import tempfile
from base64 import b64encode
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.almacen.motor import abrir_motor
from infra.azar import AzarSembrado
from senda.auditoria.exportacion import claves_publicas, exportar_con_mandato
from senda.auditoria.prueba import probar_ruta
from senda.demo import funcion
from senda.demo.obra import de_historias
from senda.despliegue import leer
from senda_verificar import confianza, directorio, informe, nota, prueba
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.libro import puntos
from servicios.auditoria.refrendos import anotar_refrendo

AQUI = Path(__file__).parent
LIBRO, PRUEBA, CLAVES, RETENIDO = (AQUI / n for n in ("libro", "prueba.zip", "libro.claves", "libro.retenido"))
INFORMES = AQUI / "libro.informes.json"
COMIENZO = datetime(2026, 1, 5, 8, tzinfo=UTC)
TESTIGOS = ("defensoria.example", "corte.example")


def generar() -> None:
    """Corre una demostración de dos personas y exporta lo que deja. Errores: `FileExistsError` si ya están."""
    if LIBRO.exists() or PRUEBA.exists():
        raise FileExistsError(LIBRO)
    with tempfile.TemporaryDirectory() as temporal:
        carpeta = Path(temporal) / "demo"
        hecho = funcion.embebida(carpeta, de_historias(2), AzarSembrado(11), COMIENZO, lambda _: None)
        ruta = UUID(hecho.ruta_de_muestra)
        _refrendar(carpeta)
        politica = [f"witness {t} {nota.escribir_vkey(t, _clave(t).public_key(), nota.REFRENDO)}" for t in TESTIGOS]
        politica += [f"group dos all {' '.join(TESTIGOS)}", "quorum dos"]
        CLAVES.write_text(claves_publicas(carpeta, "\n".join(politica)), encoding="utf-8")
        exportar_con_mandato(carpeta, LIBRO, None, MotivoAcceso.SUPERVISION)
        probar_ruta(carpeta, ruta, PRUEBA, None, MotivoAcceso.MANDATO_JUDICIAL)
    INFORMES.write_text(json.dumps(informes(), ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def informes() -> dict[str, object]:
    """Lo que el verificador de ahora dice del libro y de la prueba dorados."""
    claves = confianza.leer(CLAVES.read_text(encoding="utf-8"))
    retenidos = [RETENIDO.read_text(encoding="utf-8")]
    del_libro = directorio.verificar(LIBRO, claves, retenidos=retenidos, procesos=1)
    de_la_prueba = prueba.verificar(PRUEBA, claves, retenidos=retenidos)
    return {"libro": json.loads(informe.en_json(del_libro)), "prueba": json.loads(informe.en_json(de_la_prueba))}


def _refrendar(carpeta: Path) -> None:
    """Dos testigos refrendan un punto de en medio, que se guarda fuera, y el último."""
    base = leer(carpeta).bases["auditoria"]
    motor = abrir_motor(base.url, base.esquema)
    with motor.begin() as conexion:
        textos = list(conexion.scalars(sa.select(puntos.c.texto).order_by(puntos.c.tamano)))
        RETENIDO.write_text(textos[len(textos) // 2], encoding="utf-8")
        for texto in (textos[len(textos) // 2], textos[-1]):
            punto = nota.leer(texto)
            for testigo in TESTIGOS:
                anotar_refrendo(conexion, punto.tamano, testigo, _linea(testigo, punto), COMIENZO)
    motor.dispose()


def _linea(testigo: str, punto: nota.PuntoDeControl) -> str:
    instante, clave = int(COMIENZO.timestamp()), _clave(testigo)
    firma = clave.sign(nota.refrendado(instante, punto.firmado))
    huella = nota.huella_de(testigo, nota.REFRENDO, clave.public_key().public_bytes_raw())
    return f"— {testigo} {b64encode(huella + instante.to_bytes(8) + firma).decode()}\n"


def _clave(de: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(de.encode()).digest())


if __name__ == "__main__":
    try:
        generar()
    except FileExistsError:
        sys.exit("el libro dorado ya está: no se regenera")
