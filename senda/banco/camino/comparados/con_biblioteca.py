"""Con lo que trae eventsourcing: su aplicación guarda el hecho y su seguidor (`ProjectionRunner`) lo lleva al libro.

``python -m senda.banco.camino.comparados.con_biblioteca CARPETA deteccion|auditoria``. Se sigue por PostgreSQL, sin
bus: el seguidor despierta con LISTEN/NOTIFY y guarda en una transacción el libro y hasta dónde leyó.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from eventsourcing.application import Application
from eventsourcing.domain import Aggregate, event
from eventsourcing.postgres import PostgresTrackingRecorder
from eventsourcing.projection import Projection, ProjectionRunner

from infra.mensajeria.puertos import HechoCrudo
from senda.banco.camino.plano import ORIGEN, Plano, leer
from senda.banco.camino.prototipo.bus import Cola, Salida
from senda.banco.camino.prototipo.guardado import Causado
from senda.banco.camino.prototipo.procesos import anotar, examen_de, guardado_de
from senda.banco.libro.ingesta import Prototipo


class Alerta(Aggregate):
    """Lo que la biblioteca guarda de cada solicitud: el sobre ya codificado."""

    @event("Recibida")
    def __init__(self, posicion: int, anterior: str, cuerpo: str) -> None:
        self.posicion, self.anterior, self.cuerpo = posicion, anterior, cuerpo


class Detecciones(Application[UUID]):
    """La aplicación cuyos hechos se siguen."""

    def recibir(self, causado: Causado) -> None:
        self.save(Alerta(posicion=causado.posicion, anterior=causado.anterior.hex(), cuerpo=causado.cuerpo.decode()))


class _Prestada:
    """Una conexión de otro, que es quien confirma."""

    def __init__(self) -> None:
        self.cursor_de: Any = None

    def cursor(self) -> Any:
        return self.cursor_de

    def commit(self) -> None:
        return None


class Vista(PostgresTrackingRecorder):
    """El libro a mano, en las transacciones del seguidor."""

    def __init__(self, datastore: Any, **resto: Any) -> None:
        super().__init__(datastore, **resto)
        self._prestada = _Prestada()
        self._libro = Prototipo(self._prestada, en_postgresql=True)

    def anotar(self, crudo: HechoCrudo, seguimiento: Any) -> None:
        with self.datastore.transaction(commit=True) as cursor:
            self._prestada.cursor_de = cursor
            anotar(self._libro, [crudo])
            self._insert_tracking(cursor, seguimiento)


class AlLibro(Projection[Any]):
    """Qué se hace con cada hecho que se sigue."""

    name = "libro"

    def process_event(self, domain_event: Any, tracking: Any) -> None:
        posicion, anterior = domain_event.posicion, bytes.fromhex(domain_event.anterior)
        cuerpo = domain_event.cuerpo.encode()
        entrada = b"%b\n%d\n%b\n%b" % (ORIGEN.encode(), posicion, anterior.hex().encode(), cuerpo)
        hoja = sha256(b"\x00" + entrada).digest()
        self.view.anotar(HechoCrudo(ORIGEN, posicion, anterior, hoja, cuerpo), tracking)


def entorno(plano: Plano, servicio: str) -> Mapping[str, str]:
    """Los ajustes que la biblioteca espera, sobre la base del plano."""
    url = sa.make_url(plano.base)
    return {
        "PERSISTENCE_MODULE": "eventsourcing.postgres",
        "POSTGRES_DBNAME": url.database or "",
        "POSTGRES_HOST": url.host or "127.0.0.1",
        "POSTGRES_PORT": str(url.port or 5432),
        "POSTGRES_USER": url.username or "postgres",
        "POSTGRES_PASSWORD": str(url.password or "ninguna"),
        "POSTGRES_SCHEMA": plano.esquema(servicio),
    }


def deteccion(plano: Plano) -> None:
    """Atiende: las mismas filas que el prototipo y, además, el hecho en la biblioteca, que es de donde se sigue."""
    examen, guardado = examen_de(plano), guardado_de(plano, con_salida=False)
    app = Detecciones(entorno(plano, "deteccion"))
    nombres = plano.topologia.nombres
    cola, salida = Cola(plano.bus, nombres.solicitudes_de("deteccion")), Salida(plano.bus)
    plano.listo("deteccion").touch()
    while True:
        if not plano.puerta.exists():
            cola.soltar()
            time.sleep(0.02)
            continue
        for mensaje in (mensajes := cola.tomar(50, 1.0)):
            for causado in guardado.guardar([examen.pasar(mensaje.body, mensaje.headers["firma"], datetime.now(UTC))]):
                app.recibir(causado)
                firma = {"firma": causado.firma}
                salida.publicar([(nombres.acuses, plano.institucion, "acuse", causado.acuse, str(uuid4()), firma)])
        if mensajes:
            cola.confirmar(mensajes)


def auditoria(plano: Plano) -> None:
    """Sigue. Espera a quien atiende: los dos crearían a la vez las tablas que la biblioteca crea sola."""
    while not plano.listo("deteccion").exists():
        time.sleep(0.02)
    # Las tablas del libro no llevan el esquema delante; las de la biblioteca, sí.
    os.environ["PGOPTIONS"] = f"-csearch_path={plano.esquema('auditoria')}"
    with ProjectionRunner(
        application_class=Detecciones, projection_class=AlLibro, view_class=Vista,
        env={**entorno(plano, "deteccion"), "LIBRO_POSTGRES_SCHEMA": plano.esquema("auditoria")},
    ) as seguidor:  # fmt: skip
        plano.listo("auditoria").touch()
        seguidor.run_forever()


if __name__ == "__main__":
    {"deteccion": deteccion, "auditoria": auditoria}[sys.argv[2]](leer(sys.argv[1]))
