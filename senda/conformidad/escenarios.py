"""Los escenarios: cada uno le hace algo al cliente y dice qué tenía que haber quedado."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

import msgspec
import sqlalchemy as sa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from eventos.base import ESPACIO
from infra.mensajeria.topologia import Nombres
from infra.mensajeria.transportes.base import Mensaje
from infra.seguridad.firma import firmar
from senda.arena import Arena, Historia
from senda.cliente import Credencial
from senda.conformidad import travesuras
from senda.conformidad.juez import Juez
from senda.conformidad.programa import Programa
from senda.conformidad.puente import Puente
from senda.conformidad.travesuras import Bus
from servicios.coordinacion.buzon import mandar
from servicios.coordinacion.dominio.rechazos import DerivacionDesconocida
from servicios.coordinacion.tablas import buzon, buzones

#: Segundos que se le dan al cliente, como mucho, para dejarlo todo atendido. El que anda bien tarda mucho menos.
PLAZO: Final = 120.0
#: Segundos sin conexión: que le dé tiempo a notarlo y a intentarlo otra vez.
_CORTE: Final = 3.0


class NoPasa(Exception):
    """El cliente no hizo lo que debía. El mensaje dice qué se esperaba y qué constaba, sin datos de nadie."""


@dataclass
class Examen:
    """Lo que un escenario maneja. ``previas`` y ``rechazos``: cómo estaba todo al empezarlo."""

    arena: Arena
    bus: Bus
    juez: Juez
    programa: Programa
    puentes: Sequence[Puente]
    plazo: float = PLAZO
    previas: set[UUID] = field(default_factory=set)
    rechazos: Counter[str] = field(default_factory=Counter)

    def empezar(self) -> None:
        """Lo que un escenario anterior dejó mal no cuenta en este."""
        self.previas, self.rechazos = self.juez.pendientes(), self.juez.rechazos()
        self.programa.arrancar()

    def abrir(self, cuantas: int = 1) -> None:
        """Abre rutas: por cada una le llegan encargos."""
        for numero in range(cuantas):
            historia = Historia(nna=numero % 2 == 1)
            self.arena.en_su_hilo(lambda historia=historia: self.arena.abrir_ruta(historia))  # type: ignore[misc]

    def todo_atendido(self) -> bool:
        """Si no le queda ningún encargo de este escenario por atender ni nada en el aire."""
        return not (self.juez.pendientes() - self.previas) and not self.juez.en_curso()

    def exigir_atendido(self) -> None:
        """Todo encargo acaba atendido, leído por alguien y sin pedir nada dos veces. Errores: `NoPasa`."""
        # En cuanto algo ya no tiene arreglo, no se espera más.
        self.juez.esperar(lambda: self.todo_atendido() or bool(self._sin_arreglo()), self.plazo)
        if motivo := self._sin_arreglo():
            raise NoPasa(motivo)
        encargos = self.juez.encargos()
        nuevos = encargos.keys() - self.previas
        if not self.todo_atendido():
            estados = Counter(encargos[id] for id in nuevos)
            quedan = ", ".join(f"{estado}: {n}" for estado, n in sorted(estados.items()))
            raise NoPasa(f"en {self.plazo:.0f} s no atendió todos sus encargos ({quedan})")
        if sin := nuevos - self.juez.recibidos():
            raise NoPasa(f"{len(sin)} encargos atendidos sin recibir-derivacion: nadie dijo haberlos leído")

    def _sin_arreglo(self) -> str:
        if rechazados := self.juez.rechazos() - self.rechazos:
            cuales = ", ".join(f"{codigo}: {n}" for codigo, n in sorted(rechazados.items()))
            return f"se le rechazó algo: ¿pidió otra vez, con otro id, lo que ya había pedido? ({cuales})"
        return "" if self.programa.anda else "el programa acabó solo"


Escenario = Callable[[Examen], None]


def encargos(examen: Examen) -> None:
    """Recibe, acepta y atiende cada encargo, con la prueba de lo que hizo."""
    examen.abrir(2)
    examen.exigir_atendido()


def repetidos(examen: Examen) -> None:
    """Cada aviso y cada acuse llega tres veces, y nada se hace dos."""
    examen.bus.travesura = travesuras.repetir
    examen.abrir()
    examen.exigir_atendido()


def desorden(examen: Examen) -> None:
    """Los avisos llegan del último al primero."""
    examen.bus.travesura = travesuras.desordenar
    examen.abrir()
    examen.exigir_atendido()


def hueco(examen: Examen) -> None:
    """Se pierde un aviso de cada tanda: ve que falta un número y pide que se lo repitan."""
    examen.bus.travesura = travesuras.PerderElPrimero(Nombres().buzon)
    examen.abrir()
    examen.exigir_atendido()


def acuse_perdido(examen: Examen) -> None:
    """Se pierde el primer acuse de cada solicitud: la repite con el mismo id y los mismos bytes, y recibe el mismo."""
    examen.bus.travesura = travesuras.Perder(Nombres().acuses)
    examen.abrir()
    examen.exigir_atendido()


def campos_nuevos(examen: Examen) -> None:
    """Avisos y acuses traen campos de una versión menor posterior."""
    estaciones = examen.arena.sistema.estaciones.values()
    examen.bus.travesura = travesuras.Ampliar({e.almacen.origen: e.almacen.claves.firma for e in estaciones})
    examen.abrir()
    examen.exigir_atendido()


def tipo_desconocido(examen: Examen) -> None:
    """Llega un aviso de un tipo que aún no existe: lo da por visto y sigue."""
    examen.arena.en_su_hilo(lambda: _dejar_aviso_desconocido(examen.arena))
    examen.abrir()
    examen.exigir_atendido()


def firma_falsa(examen: Examen) -> None:
    """Llegan encargos sin firma de Senda, o para otra, con el número que sigue: ni los atiende ni los da por vistos."""
    examen.arena.en_su_hilo(lambda: _colar_falsos(examen.arena))
    examen.abrir()
    try:
        examen.exigir_atendido()
    except NoPasa:
        if DerivacionDesconocida.codigo in examen.juez.rechazos() - examen.rechazos:
            raise NoPasa("hizo caso de un encargo que no firmó Senda para ella") from None
        raise


def clave_nueva(examen: Examen) -> None:
    """La institución cambia su clave de firma mientras el cliente anda: lo siguiente sale con la nueva."""
    montaje = examen.arena.sistema.montaje
    nueva = Credencial.generar(examen.arena.propia.codigo, montaje.azar_de("clave-nueva"))
    examen.arena.en_su_hilo(lambda: examen.arena.cambiar_clave(nueva))
    pem = nueva.clave.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    # Lo escrito de golpe: quien la lea a medias vería una clave rota.
    archivo = examen.programa.carpeta / "clave.pem"
    provisional = archivo.with_suffix(".nueva")
    provisional.touch(0o600)
    provisional.write_bytes(pem)
    provisional.replace(archivo)
    examen.abrir()
    examen.exigir_atendido()


def corte(examen: Examen) -> None:
    """Se le corta unos segundos la conexión con el bus y con el portal: vuelve a conectar él solo."""
    for puente in examen.puentes:
        puente.cortar()
    examen.abrir()
    examen.juez.esperar(lambda: not examen.programa.anda, _CORTE)
    for puente in examen.puentes:
        puente.tender()
    examen.exigir_atendido()


def dia_sin_conexion(examen: Examen) -> None:
    """El cliente está parado, le llegan encargos y el bus los pierde todos: al volver se pone al día."""
    examen.programa.matar()
    examen.bus.travesura = travesuras.Perder(Nombres().buzon)
    examen.abrir(3)
    examen.programa.arrancar()
    examen.exigir_atendido()


def muerte_subita(examen: Examen) -> None:
    """Lo matan a media faena una y otra vez; al volver sigue donde estaba."""
    examen.abrir(2)
    for hechas in range(1, 6):
        meta = examen.juez.respondidas("aceptada") + 1
        examen.juez.esperar(lambda meta=meta: examen.juez.respondidas("aceptada") >= meta, examen.plazo / 6)  # type: ignore[misc]
        examen.programa.matar()
        examen.programa.arrancar()
        if examen.todo_atendido() and hechas > 1:
            break
    examen.exigir_atendido()


#: En el orden en que se corren: de lo normal a lo peor.
TODOS: Final[tuple[Escenario, ...]] = (
    encargos, repetidos, desorden, hueco, acuse_perdido, campos_nuevos, tipo_desconocido, firma_falsa, clave_nueva,
    corte, dia_sin_conexion, muerte_subita,
)  # fmt: skip


def nombre_de(escenario: Escenario) -> str:
    """Como se nombra en la orden y en el informe."""
    return escenario.__name__.replace("_", "-")


def _dejar_aviso_desconocido(arena: Arena) -> None:
    almacen, codigo = arena.sistema.estaciones["coordinacion"].almacen, arena.propia.codigo
    with almacen.tanda() as tanda:
        ultimo = tanda.conexion.scalar(sa.select(buzones.c.ultimo).where(buzones.c.institucion == codigo)) or 0
        numero, tipo = ultimo + 1, "senda.coordinacion.derivacion-comentada.v1"
        evento = uuid5(ESPACIO, f"{tipo}/{numero}")
        cuerpo = msgspec.json.encode({"numero": numero, "evento": evento, "tipo": tipo, "disponible": tanda.ahora})
        fila = {
            "institucion": codigo, "numero": numero, "evento": evento, "ruta": None, "tipo": tipo,
            "cuerpo": cuerpo.decode(), "urgente": False, "disponible": tanda.ahora,
        }  # fmt: skip
        tanda.conexion.execute(sa.insert(buzon), fila)
        tanda.conexion.execute(sa.update(buzones).where(buzones.c.institucion == codigo).values(ultimo=numero))
        mandar(tanda.conexion.execute(sa.select(buzon).where(buzon.c.evento == evento)), tanda)


def _colar_falsos(arena: Arena) -> None:
    """Copia el último encargo con otros ids y el número siguiente: sin firma que valga, con la de otro, y para otra."""
    codigo, nombres = arena.propia.codigo, Nombres()
    almacen = arena.sistema.estaciones["coordinacion"].almacen
    with almacen.consulta() as tanda:
        consulta = sa.select(buzon).where(buzon.c.institucion == codigo, buzon.c.tipo.contains("emitida"))
        copia = msgspec.json.decode(tanda.leer(consulta.order_by(buzon.c.numero.desc()).limit(1))[0].cuerpo)
        ultimo = tanda.conexion.scalar(sa.select(buzones.c.ultimo).where(buzones.c.institucion == codigo)) or 0
    caduca = arena.sistema.montaje.reloj.ahora() + timedelta(days=1)
    suya, ajena = almacen.claves.firma, arena.comparsa.clave
    for clave, para in ((None, codigo), (ajena, codigo), (suya, arena.comparsa.codigo)):
        derivacion = arena.sistema.montaje.azar_de("falso").uuid4()
        cuerpo = msgspec.json.encode(copia | {"numero": ultimo + 1, "derivacion": derivacion})
        firma = firmar(cuerpo, clave, almacen.origen, para, str(derivacion), caduca) if clave else "W10..W10"
        arena.publicar([Mensaje(nombres.buzon, codigo, copia["tipo"], cuerpo, str(derivacion), {"firma": firma})])


__all__ = ["PLAZO", "TODOS", "Escenario", "Examen", "NoPasa", "nombre_de"]
