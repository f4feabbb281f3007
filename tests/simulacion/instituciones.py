"""Las instituciones: piden, esperan su acuse y, si no llega, vuelven a mandar lo mismo. También piden disparates.

Son un cliente serio de un bus que no lo es: firman, reenvían los mismos bytes con el mismo id y comprueban la firma
de cada acuse. Lo que mandan y lo que reciben es lo único que el lector necesita para saber qué debió ocurrir.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Protocol
from uuid import UUID

from contratos.acuse import Resultado
from contratos.base import PETICIONES, Mandato, Peticion, PeticionDeRuta
from contratos.solicitudes.coordinacion import (
    ActualizarInstitucion,
    InscribirInstitucion,
    RepetirBuzon,
    SuspenderInstitucion,
)
from contratos.solicitudes.deteccion import DetectarPresuntaVictima
from infra.mensajeria.avisos import comprobar_aviso
from infra.mensajeria.transportes.base import Mensaje, TopologiaAusente, Transporte, TransporteCaido
from infra.seguridad.firma import publica_de_texto, verificar
from senda.cliente import Compuesta, Credencial, componer
from tests.simulacion.caminos import Caminos
from tests.simulacion.disparates import DISPARATES
from tests.simulacion.mundo import Mundo
from tests.simulacion.peticiones import Inventor, Memoria
from tests.simulacion.plantilla import TARDIAS, Inscrita
from tests.simulacion.propias import llevar_el_directorio, pedir_lo_suyo, repetir_buzon, responder_a_un_encargo
from tests.simulacion.recorridos import Recorrido

#: Cuánto se espera un acuse antes de volver a mandar lo mismo.
_ESPERA = timedelta(seconds=8)
#: Cuántas cosas se piden en un turno.
_PETICIONES = (0, 1, 2, 3, 5)
#: Contando las dos con que se empieza.
_MAXIMO_RUTAS = 4
#: En una semilla que sigue un recorrido, cuántas de las veces se ocupa de él.
_CONSTANCIA = 0.8
#: El origen que firma los avisos.
_DE_LOS_BUZONES = "/gt/coordinacion"
#: Lo que no se pide al azar entre lo demás: tiene su propio momento.
_APARTE = frozenset(
    {InscribirInstitucion, ActualizarInstitucion, SuspenderInstitucion, DetectarPresuntaVictima, RepetirBuzon}
)


@dataclass
class Pedido:
    """Una solicitud mandada, hasta que tenga acuse."""

    usuario: str
    compuesta: Compuesta
    mandado: datetime
    veces: int = 1
    aceptado: bool = False
    #: El acuse no dice de quién es: de lo pedido no quedó nada anotado, y otra copia puede tener otra respuesta.
    sin_atribuir: bool = False

    @property
    def clave(self) -> tuple[str, str, str]:
        """Quién lo mandó, a qué servicio y qué bytes."""
        return self.usuario, self.compuesta.servicio, sha256(self.compuesta.cuerpo).hexdigest()


class Mandos(Protocol):
    """Lo que se pide a quien opera."""

    def algo(self, azar: Random, rutas: Sequence[UUID]) -> None:
        """Que haga algo de lo suyo."""


@dataclass
class Instituciones:
    """Todas las del país. ``enviados``, ``acuses`` y ``avisos``: lo que salió y lo que llegó, para el lector."""

    mundo: Mundo
    operador: Mandos
    enviados: list[tuple[str, str, bytes]] = field(default_factory=list)
    acuses: list[tuple[str, bytes]] = field(default_factory=list)
    avisos: list[tuple[str, bytes]] = field(default_factory=list)
    pendientes: dict[tuple[str, str, str], Pedido] = field(default_factory=dict)

    def __post_init__(self) -> None:
        plantilla = self.mundo.plantilla
        self.azar = Random(f"instituciones-{self.mundo.semilla}")
        self._caminos = Caminos(Random(f"caminos-{self.mundo.semilla}"))
        self.recorrido = Recorrido.de(self.mundo.semilla)
        self._su_paso: Pedido | None = None
        self.directorio: dict[str, Inscrita] = dict(plantilla.directorio)
        self.memoria = Memoria(codigos=tuple(self.directorio))
        self._leidos = dict.fromkeys(plantilla.despliegue.origenes, 0)
        self._transportes: dict[str, Transporte] = {}
        self.por_inscribir = sorted(TARDIAS)
        self._acusadas: set[tuple[str, str, str]] = set()
        self._mandadas: list[Pedido] = []
        self.enviados += [(usuario, c.servicio, c.cuerpo) for usuario, c in plantilla.historia]
        self.acuses += plantilla.acuses

    def turno(self, turno: int, cuales: Collection[int] | None = None) -> tuple[int, ...]:
        """Leen lo que les llegó, reenvían lo que nadie acusó y piden algo nuevo, o no. Devuelve qué peticiones hubo.

        ``cuales``: solo esas, si se repite una historia escrita.
        """
        self.leer()
        self.reenviar()
        hechas = range(Random(f"turno-{self.mundo.semilla}-{turno}").choice(_PETICIONES)) if cuales is None else cuales
        for cual in hechas:
            # Cada una con su azar: quitar otra no la cambia.
            self.azar = Random(f"peticion-{self.mundo.semilla}-{turno}-{cual}")
            self.mundo.empezar_peticion(turno, cual)
            self._algo_nuevo()
        return tuple(hechas)

    def leer(self) -> int:
        """Lee acuses y buzones; devuelve cuántos acuses llegaron."""
        nombres, llegaron = self.mundo.topologia.nombres, 0
        for codigo in (*self.directorio, "GT-NADIE"):
            llegaron += self._leer_cola(codigo, nombres.acuses_de(codigo), self._acusar)
            self._leer_cola(codigo, nombres.buzon_de(codigo), self._avisar)
        return llegaron

    def reenviar(self) -> None:
        """Vuelve a mandar, con los mismos bytes, lo que lleva demasiado sin acuse."""
        ahora = self.mundo.reloj.ahora()
        for pedido in self.pendientes.values():
            if ahora - pedido.mandado >= _ESPERA:
                pedido.veces += 1
                self._publicar(pedido)

    def insistir(self) -> None:
        """Vuelve a mandar lo devuelto sin atribuir (quien aún no constaba como inscrita, o con otra clave).

        Una copia rezagada pudo aceptarse después, y su acuse perderse con la cola sin que ya nadie lo esperase.
        """
        for pedido in self._mandadas:
            if pedido.sin_atribuir and pedido.clave not in self.pendientes:
                self.pendientes[pedido.clave] = pedido
                self._publicar(pedido)

    def mandar(self, usuario: str, compuesta: Compuesta) -> None:
        """Manda una solicitud y recuerda que espera acuse."""
        pedido = Pedido(usuario, compuesta, self.mundo.reloj.ahora())
        self.enviados.append((usuario, compuesta.servicio, compuesta.cuerpo))
        self.pendientes[pedido.clave] = pedido
        self._mandadas.append(pedido)
        self._publicar(pedido)

    def pedir(self, codigo: str, peticion: Peticion) -> Compuesta:
        """Compone y manda lo que pide una institución."""
        compuesta = self.componer(peticion, self.directorio[codigo].credencial)
        self.mandar(codigo, compuesta)
        return compuesta

    def componer(self, peticion: Peticion, credencial: Credencial) -> Compuesta:
        """La solicitud firmada, ocurrida hace un momento."""
        ocurrido = self.mundo.reloj.ahora() - timedelta(minutes=self.azar.randrange(60))
        recepcion = self.mundo.plantilla.despliegue.recepcion[peticion.servicio]
        agente = f"ag-{self.azar.getrandbits(32):08x}"
        return componer(peticion, credencial, agente, ocurrido, recepcion, self.mundo.azar_de_instituciones)

    def inventor(self) -> Inventor:
        """Quien inventa peticiones con lo que se sabe ahora."""
        return Inventor(self.azar, self.memoria, self.mundo.reloj.ahora())

    def _algo_nuevo(self) -> None:
        self._aprender()
        if self.recorrido and self.azar.random() < _CONSTANCIA:
            self._seguir_el_recorrido(self.recorrido)
            return
        suerte = self.azar.random()
        if len(self.memoria.rutas) < _MAXIMO_RUTAS and suerte < 0.07:
            codigo = self._con_mandato(DetectarPresuntaVictima.mandatos)
            self.pedir(codigo, self.inventor().inventar(DetectarPresuntaVictima, pais_deteccion="gt", alerta=None))
        elif suerte < 0.2:
            responder_a_un_encargo(self)
        elif suerte < 0.24:
            llevar_el_directorio(self)
        elif suerte < 0.31:
            self.azar.choice(DISPARATES)(self)
        elif suerte < 0.34 and self._mandadas:
            # Repetir lo ya acusado también es cosa de instituciones.
            self._publicar(self.azar.choice(self._mandadas))
        elif suerte < 0.38:
            repetir_buzon(self)
        elif suerte < 0.44:
            self.operador.algo(self.azar, self.memoria.rutas)
        elif suerte < 0.75:
            self._por_un_camino()
        else:
            self._cualquier_cosa()

    def _por_un_camino(self) -> None:
        """Lo siguiente de un recorrido: a lo que exige haber hecho antes otras cosas no se llega al azar."""
        for ruta, clase, fijos in self._caminos.siguen(self.azar, self.memoria):
            self._dar_un_paso(ruta, clase, fijos)

    def _seguir_el_recorrido(self, recorrido: Recorrido) -> None:
        """El paso en que va o, si aún espera el acuse del anterior, nada."""
        if self._su_paso is not None:
            if self._su_paso.clave in self.pendientes:
                return
            recorrido.supo(aceptado=self._su_paso.aceptado)
        self._dar_un_paso(*recorrido.siguiente(self.memoria))
        self._su_paso = self._mandadas[-1]

    def _dar_un_paso(self, ruta: UUID, clase: type[Peticion], fijos: Mapping[str, object]) -> None:
        """Un paso de un camino, por quien puede darlo."""
        if pedir_lo_suyo(self, clase):
            return
        participan = [q for r, q in self.memoria.participan if r == ruta and q in self.directorio]
        pueden = [q for q in participan if clase.mandatos & set(self.directorio[q].mandatos)]
        quien = self.azar.choice(pueden) if pueden else self._con_mandato(clase.mandatos)
        ids: dict[str, object] = {"ruta": ruta} if issubclass(clase, PeticionDeRuta) else {}
        campos = ids | {campo: valor for campo, valor in fijos.items() if campo != "quien"}
        self.pedir(str(fijos.get("quien", quien)), self.inventor().inventar(clase, **campos))

    def _cualquier_cosa(self) -> None:
        """Casi siempre algo que la institución puede pedir sobre una ruta en que participa; a veces, lo que sea."""
        todas = [c for c in PETICIONES.values() if c not in _APARTE]
        if not self.memoria.participan or self.azar.random() < 0.1:
            clase = self.azar.choice(todas)
            self.pedir(self._con_mandato(clase.mandatos), self.inventor().inventar(clase))
            return
        ruta, quien = self.azar.choice(self.memoria.participan)
        clase = self.azar.choice([c for c in todas if c.mandatos & set(self.directorio[quien].mandatos)])
        if self.azar.random() < 0.7 and pedir_lo_suyo(self, clase):
            return
        fijos = {"ruta": ruta} if issubclass(clase, PeticionDeRuta) else {}
        self.pedir(quien, self.inventor().inventar(clase, **fijos))

    def _con_mandato(self, mandatos: frozenset[Mandato]) -> str:
        facultadas = [c for c, suya in self.directorio.items() if set(suya.mandatos) & mandatos]
        return self.azar.choice(facultadas if facultadas and self.azar.random() < 0.93 else sorted(self.directorio))

    def _publicar(self, pedido: Pedido) -> None:
        """Publicar puede fallar o no llegar: no importa, sin acuse se repite."""
        pedido.mandado = self.mundo.reloj.ahora()
        suya = pedido.compuesta
        mensaje = Mensaje(
            self.mundo.topologia.nombres.solicitudes,
            suya.servicio,
            "solicitud",
            suya.cuerpo,
            suya.id,
            {"firma": suya.firma},
        )
        try:
            self._transporte(pedido.usuario).publicar([mensaje])
        except TransporteCaido:
            return

    def _leer_cola(self, codigo: str, cola: str, hacer: object) -> int:
        transporte = self._transporte(codigo)
        try:
            entregas = transporte.recibir(cola, 50)
            for entrega in entregas:
                hacer(codigo, entrega.mensaje)  # type: ignore[operator]
            transporte.confirmar(entregas)
        except (TopologiaAusente, TransporteCaido):
            # La cola la repone quien le escribe; lo leído sin confirmar volverá.
            return 0
        return len(entregas)

    def _acusar(self, codigo: str, mensaje: Mensaje) -> None:
        acuse = json.loads(mensaje.cuerpo)
        clave = publica_de_texto(self.mundo.plantilla.despliegue.claves_de_origen[acuse["origen"]])
        destino = acuse.get("institucion") or "nadie"
        cabecera = verificar(str(mensaje.cabeceras["firma"]), mensaje.cuerpo, clave, destino, self.mundo.reloj.ahora())
        if cabecera.kid != acuse["origen"]:
            raise AssertionError("un acuse lo firma otro origen")
        self.acuses.append((codigo, mensaje.cuerpo))
        if pedido := self.pendientes.pop((codigo, acuse["servicio"], acuse["huella"]), None):
            pedido.aceptado, pedido.sin_atribuir = acuse["resultado"] == Resultado.ACEPTADA, not acuse.get("id")

    def _avisar(self, codigo: str, mensaje: Mensaje) -> None:
        clave = publica_de_texto(self.mundo.plantilla.despliegue.claves_de_origen[_DE_LOS_BUZONES])
        comprobar_aviso(mensaje.cuerpo, str(mensaje.cabeceras["firma"]), clave, _DE_LOS_BUZONES, codigo)
        self.avisos.append((codigo, mensaje.cuerpo))

    def _transporte(self, usuario: str) -> Transporte:
        if usuario not in self._transportes:
            self._transportes[usuario] = self.mundo.transporte(usuario)
        return self._transportes[usuario]

    def _aprender(self) -> None:
        """Lo que leerían en el portal: los hechos nuevos de cada servicio."""
        for nombre, leidos in self._leidos.items():
            consulta = "SELECT posicion, cuerpo FROM eventos WHERE posicion > ? ORDER BY posicion"
            for posicion, cuerpo in self.mundo.plantilla.cruda(nombre).execute(consulta, (leidos,)).fetchall():
                self._leidos[nombre] = posicion
                self.memoria.anotar(json.loads(cuerpo))


__all__ = ["Instituciones", "Pedido"]
