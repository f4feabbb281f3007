"""Un servicio mínimo en un proceso de verdad, para probar al anfitrión sin depender de ningún contexto.

``python servicio_de_prueba.py CARPETA NOMBRE PUERTO [LENTA]``: detección atiende alertas y
coordinación la sigue.
Con LENTA (segundos), coordinación tarda eso en la base por cada lote que aplica.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[3]))
    from infra.anfitrion.verde import preparar_proceso

    preparar_proceso()

import sqlalchemy as sa
from sqlalchemy import Connection

from contratos.base import Peticion
from contratos.solicitudes.deteccion import RecibirAlerta
from eventos.deteccion import AlertaRecibida
from eventos.sobre import Anotado
from infra.almacen.almacen import Almacen
from infra.almacen.lecturas import Lecturas
from infra.almacen.migrar import Instalacion
from infra.almacen.motor import abrir_motor
from infra.almacen.tanda import Autoria, Tanda
from infra.anfitrion.estacion import Estacion
from infra.azar import AzarReal
from infra.mensajeria.puertos import HechoCrudo, Latido, Medida, Remitente
from infra.mensajeria.topologia import topologia
from infra.mensajeria.transportes.abrir import abrir
from infra.reloj import RelojReal
from infra.seguridad.llavero import Llavero
from senda.despliegue import claves_de, leer, maestra

SIGUE = {"deteccion": (), "coordinacion": ("deteccion",)}
#: Lo que coordinación supo, para comprobar desde fuera que cada hecho surtió efecto una vez.
SABIDO = sa.MetaData()
sabidos = sa.Table("sabidos", SABIDO, sa.Column("numero", sa.Integer, primary_key=True), sa.Column("hecho", sa.Uuid))
INSTALACION = Instalacion(Lecturas((SABIDO,), ()))


class ServicioDePrueba:
    """Cumple `infra.mensajeria.puertos.Servicio`. La institución de la prueba es la rectora del despliegue."""

    interpreta = True

    def __init__(self, nombre: str, clave: str, lenta: float) -> None:
        self.nombre = nombre
        self.sigue: Sequence[str] = SIGUE[nombre]
        self._clave = clave
        self._lenta = lenta

    def clave_de(self, _tanda: Tanda, _institucion: str) -> str:
        return self._clave

    def atender(self, tanda: Tanda, peticion: Peticion, remitente: Remitente) -> Sequence[Anotado]:
        if not isinstance(peticion, RecibirAlerta):
            raise TypeError("aquí solo se atienden alertas")
        autoria = Autoria(
            institucion=remitente.institucion, agente=remitente.agente, ocurrido=remitente.ocurrido,
            causa=remitente.huella, correlacion=remitente.huella, solicitud=remitente.huella,
        )  # fmt: skip
        hecho = AlertaRecibida(ruta=tanda.azar.uuid4(), canal=peticion.canal, urgencia=peticion.urgencia)
        return tanda.anotar([hecho], autoria)

    def conocer(self, tanda: Tanda, anotado: Anotado) -> None:
        tanda.conexion.execute(sa.insert(sabidos).values(hecho=anotado.id))

    def guardar_cabecera(self, _conexion: Connection, _latido: Latido) -> None:
        return None

    def guardar_crudo(self, tanda: Tanda, _crudos: Sequence[HechoCrudo]) -> None:
        if self._lenta:
            tanda.conexion.execute(sa.text("SELECT pg_sleep(:segundos)"), {"segundos": self._lenta})

    def divergencia(self, _tanda: Tanda, _crudo: HechoCrudo, _conocida: bytes) -> None:
        return None

    def vencer(self, _tanda: Tanda, _maximo: int, _dejar: object = None, /) -> int:
        return 0

    def proximo_vencimiento(self, _tanda: Tanda) -> datetime | None:
        return None

    def medidas(self, _conexion: Connection, _ahora: datetime) -> Sequence[Medida]:
        return ()


def montar(carpeta: Path, nombre: str, titular: str, lenta: float) -> Estacion:
    despliegue = leer(carpeta)
    reloj, azar = RelojReal(), AzarReal()
    llaves, base = despliegue.bases["llavero"], despliegue.bases[nombre]
    almacen = Almacen(
        motor=abrir_motor(base.url, base.esquema),
        origen=despliegue.origenes[nombre],
        llavero=Llavero(llaves.url, maestra(carpeta), azar, reloj, esquema=llaves.esquema),
        claves=claves_de(carpeta, nombre),
        reloj=reloj,
        azar=azar,
        lecturas=INSTALACION.lecturas,
    )
    servicio: Any = ServicioDePrueba(nombre, despliegue.clave_rectora, lenta)
    return Estacion(
        servicio=servicio,
        almacen=almacen,
        topologia=topologia(SIGUE, despliegue.prefijo),
        origenes=despliegue.origenes,
        claves_de_origen=despliegue.claves_de_origen,
        abrir_transporte=lambda: abrir(despliegue.bus),
        titular=titular,
    )


def principal(carpeta: str, nombre: str, puerto: str, lenta: str = "0") -> None:
    from infra.anfitrion.anfitrion import Anfitrion
    from infra.anfitrion.produccion import ServicioSenda, servir
    from infra.observabilidad.registro import configurar

    configurar(nombre)
    estacion = montar(Path(carpeta), nombre, f"{nombre}:{puerto}", float(lenta))
    clase = type("DePrueba", (ServicioSenda,), {"name": nombre})
    servir(clase, Anfitrion(estacion, RelojReal()), "127.0.0.1", int(puerto))


if __name__ == "__main__":
    principal(*sys.argv[1:])
