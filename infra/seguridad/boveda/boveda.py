"""La bóveda: depositar, autorizar, abrir, romper el vidrio y revocar. Cada acto deja constancia antes de entregar nada.

Recibe la identidad cerrada hacia su clave y la entrega cerrada hacia la de la institución; en claro solo existe en
memoria mientras se pasa de un sobre al otro. No está en el bus: lo que cuenta al libro no lleva identidad.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from sqlalchemy import Engine

from contratos.base import Mandato
from eventos.rechazo import Rechazo
from eventos.seguridad import AccesoExcepcional, MotivoAcceso
from infra.almacen.motor import abrir_motor, leyendo
from infra.azar import Azar
from infra.reloj import Reloj
from infra.seguridad import base64url
from infra.seguridad.anillo import Anillo
from infra.seguridad.boveda import libro, politica
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.caja import Caja, insertar, publica_de, reenvolver
from infra.seguridad.boveda.ficha import Entrega, abrir_deposito
from infra.seguridad.boveda.libro import PorContar
from infra.seguridad.boveda.politica import Ampara, Base, Finalidad, Permiso, Titulo
from infra.seguridad.boveda.puertos import Fuentes, Quien, exigir_forma
from infra.seguridad.boveda.tablas import ESQUEMA, claves_de_recepcion, constancia, envoltura, permisos
from infra.seguridad.constancia import Acto, Asiento
from infra.seguridad.envoltura import Envoltura

#: Cuánto se tiene para revisar un acceso excepcional. Valor por defecto del proyecto, sin fuente legal.
REVISION: Final = timedelta(hours=72)


class Boveda:
    """La identidad de las personas y quién puede abrirla. Vale para varios procesos sobre la misma base."""

    def __init__(
        self,
        almacen: str | Engine,
        anillo: Anillo,
        recepcion: X25519PrivateKey,
        fuentes: Fuentes,
        azar: Azar,
        reloj: Reloj,
        *,
        esquema: str | None = None,
    ) -> None:
        """``almacen``: URL (con ``esquema`` en PostgreSQL) o motor. ``recepcion``: privada que abre los depósitos."""
        self.motor = abrir_motor(almacen, esquema, duradero=True) if isinstance(almacen, str) else almacen
        self._recepcion, self.fuentes, self._azar, self._reloj = recepcion, fuentes, azar, reloj
        self._envoltura = Envoltura(anillo, envoltura, azar)

    def crear_esquema(self) -> None:
        """Crea las tablas que falten y protege las constancias. Lo llama el dueño de la base, una vez."""
        ESQUEMA.create_all(self.motor)
        constancia.proteger(self.motor)

    def cerrar(self) -> None:
        """Suelta las conexiones."""
        self.motor.dispose()

    @property
    def publica(self) -> str:
        """La clave X25519 (base64url) hacia la que las instituciones cierran lo que depositan."""
        return base64url.a_texto(self._recepcion.public_key().public_bytes_raw())

    def inscribir_clave(self, institucion: str, publica: str) -> None:
        """Anota hacia qué clave se cierra lo que recibe una institución; sustituye a la anterior.

        Las envolturas hechas hacia la anterior se rehacen al depositar, autorizar o revocar. Errores:
        `ClaveDeRecepcionInvalida`, `InstitucionSinAcceso`.
        """
        publica_de(publica)
        self.mandatos(institucion)
        with self.motor.begin() as conexion:
            orden = insertar(conexion, claves_de_recepcion).values(institucion=institucion, publica=publica)
            conexion.execute(orden.on_conflict_do_update(index_elements=["institucion"], set_={"publica": publica}))

    def depositar(self, quien: Quien, ruta: UUID, deposito: str, titulo: Titulo) -> None:
        """Guarda (o sustituye) la ficha de una persona.

        ``deposito``: JWE; ``titulo``: con qué la tratará quien deposita primero, que ha de participar en la ruta o ser
        la rectora. Sustituirla exige tener ya permiso y no da otro: ``titulo`` entonces no cuenta.
        Errores: `DepositoIlegible`, `DepositoDeOtraRuta`, `DepositoSinParticipar`, `IdentidadDestruida` y los de
        `politica`.
        """
        with self.acto(quien, ruta, "depositar", titulo.base.value) as caja:
            ficha = abrir_deposito(deposito, ruta, self._recepcion)
            mandatos = self.mandatos(quien.institucion)
            # Antes de mirar si hay ficha: quien es ajena a la ruta recibe lo mismo, la haya o no.
            if not caja.permisos(ruta, quien.institucion) and not self._participa(ruta, quien.institucion, mandatos):
                raise no.DepositoSinParticipar
            if caja.persona(ruta) is None:
                politica.conceder(titulo, quien.institucion, mandatos, self._ampara(ruta, caja.ahora))
                caja.permitir(ruta, quien.institucion, titulo)
            else:
                caja.exigir_persona(ruta)
                self._exigir_vivos(caja, ruta, quien.institucion)
            caja.guardar(ruta, ficha)

    def autorizar(self, quien: Quien, ruta: UUID, institucion: str, titulo: Titulo) -> Concedido:
        """Quien tiene permiso, o la rectora, autoriza a otra institución, con su título. Devuelve lo concedido.

        Nadie da más finalidades ni más plazo que los de su permiso. La rectora no lo tiene (a quien vuelve a consentir
        tras revocar, nadie más podría atenderla): lo que da lo acota el título, que ha de sostenerse por sí mismo.
        Errores: `AutorizacionPropia`, `SinPermiso`, `PermisoTerminado`, `SinClaveDeRecepcion` y los de `conceder` y
        `acotar`.
        """
        with self.acto(quien, ruta, "autorizar", f"{institucion}:{titulo.base.value}") as caja:
            if institucion == quien.institucion:
                raise no.AutorizacionPropia
            rige = Mandato.RECTORIA in self.mandatos(quien.institucion)
            suyos = [] if rige else self._exigir_vivos(caja, ruta, quien.institucion)
            politica.conceder(titulo, institucion, self.mandatos(institucion), self._ampara(ruta, caja.ahora))
            if not rige:
                titulo = politica.acotar(titulo, suyos)
            id_permiso = caja.permitir(ruta, institucion, titulo)
            caja.envolver_para(ruta, institucion)
        return Concedido(id_permiso, titulo)

    def abrir(self, quien: Quien, ruta: UUID, finalidad: Finalidad) -> Entrega:
        """Entrega la ficha sellada y su clave cerrada hacia la institución. Errores: los de `politica.exigir`."""
        with self.acto(quien, ruta, "abrir", finalidad.value) as caja:
            permiso = self._permiso(caja, ruta, quien.institucion, finalidad)
            asiento = caja.anotado
        return self._entregar(asiento, ruta, quien.institucion, guardada=permiso.institucion)

    def abrir_excepcional(self, quien: Quien, ruta: UUID, motivo: MotivoAcceso) -> Entrega:
        """Rompe el vidrio: entrega sin permiso y deja el hecho AccesoExcepcional, que alguien ha de revisar.

        Errores: `InstitucionSinAcceso`, `SinIdentidad`, `IdentidadDestruida`, `SinClaveDeRecepcion`.
        """
        with self.acto(quien, ruta, "abrir-excepcional", motivo.value) as caja:
            self.mandatos(quien.institucion)
            caja.exigir_persona(ruta)
            hecho = AccesoExcepcional(ruta=ruta, motivo=motivo, revisar_antes=caja.ahora + REVISION)
            libro.contar(caja, hecho, quien)
            asiento = caja.anotado
        return self._entregar(asiento, ruta, quien.institucion, guardada=None)

    def revocar(self, quien: Quien, ruta: UUID, consentimiento: UUID) -> int:
        """Cierra los accesos que se apoyaban en un consentimiento, y ninguno más (regla 7). Devuelve cuántos.

        La clave de la persona cambia: quien solo tenía ese permiso no abre lo que venga después. La hace
        la rectora o quien tiene un permiso que se sostiene. Errores: `SinPermiso`, `PermisoTerminado`.
        """
        with self.acto(quien, ruta, "revocar", str(consentimiento)) as caja:
            if Mandato.RECTORIA not in self.mandatos(quien.institucion):
                self._exigir_vivos(caja, ruta, quien.institucion)
            cerrados = caja.conexion.execute(
                sa.update(permisos)
                .where(
                    permisos.c.ruta == ruta,
                    permisos.c.base == Base.CONSENTIMIENTO.value,
                    permisos.c.referencia == consentimiento,
                    permisos.c.revocado.is_(None),
                )
                .values(revocado=caja.ahora)
            ).rowcount
            if cerrados:
                caja.cambiar_clave(ruta)
        return int(cerrados)

    def rotar(self) -> None:
        """Estrena la clave que envuelve y destruye la anterior. Errores: los de `Envoltura.rotar`."""
        self._envoltura.rotar(self.motor, reenvolver)

    def accesos(self, ruta: UUID | None = None) -> list[Asiento]:
        """Quién hizo qué, en orden: también lo negado."""
        with leyendo(self.motor) as conexion:
            return constancia.leer(conexion, ruta)

    def comprobar_accesos(self) -> int | None:
        """El número del primer acceso cuya cadena no casa, o None."""
        with leyendo(self.motor) as conexion:
            return constancia.comprobar(conexion)

    def pendientes(self) -> list[PorContar]:
        """Los hechos que faltan por contar al libro, en orden."""
        with leyendo(self.motor) as conexion:
            return libro.pendientes(conexion)

    def contado(self, numero: int) -> None:
        """Ese hecho ya está en el libro."""
        with self.motor.begin() as conexion:
            libro.contado(conexion, numero, self._reloj.ahora())

    def deber_otra_vez(self) -> None:
        """Todo lo contado vuelve a estar por contar: el libro se restauró de una copia y pudo perderlo."""
        with self.motor.begin() as conexion:
            libro.deber_otra_vez(conexion)

    def mandatos(self, institucion: str) -> Collection[Mandato]:
        """Los de una institución activa. Error: `InstitucionSinAcceso`."""
        mandatos = self.fuentes.mandatos(institucion)
        if mandatos is None:
            raise no.InstitucionSinAcceso
        return mandatos

    @contextmanager
    def acto(self, quien: Quien, ruta: UUID, acto: str, detalle: str) -> Iterator[CajaAnotada]:
        """Una transacción con el turno tomado y su constancia. Si dentro se rechaza, también queda constancia.

        Errores: `QuienSinForma`, sin constancia: no se borraría.
        """
        exigir_forma(quien)
        try:
            with self.motor.begin() as conexion:
                caja = self._caja(conexion)
                que = Acto(ruta, quien.institucion, quien.agente, acto, detalle, caja.ahora)
                caja.anotado = constancia.anotar(conexion, que)
                yield caja
        except Rechazo as rechazo:
            with self.motor.begin() as conexion:
                caja = self._caja(conexion)
                que = Acto(ruta, quien.institucion, quien.agente, f"negado-{acto}", rechazo.codigo, caja.ahora)
                constancia.anotar(conexion, que)
            raise

    def _caja(self, conexion: sa.Connection) -> CajaAnotada:
        maestra = self._envoltura.clave(conexion)
        return CajaAnotada(conexion, maestra, self._envoltura, self._azar, self._reloj.ahora())

    def _entregar(self, asiento: int, ruta: UUID, institucion: str, guardada: str | None) -> Entrega:
        """Lo que se entrega, en otra transacción: la constancia ya está confirmada."""
        with self.motor.begin() as conexion:
            caja = self._caja(conexion)
            fila = caja.exigir_persona(ruta)
            if guardada is None:
                clave = caja.cerrar_para(caja.clave(fila), institucion)
            else:
                clave = caja.cerrada_para(ruta, guardada)
            return Entrega(asiento=asiento, ruta=ruta, clave=clave, ficha=fila.ficha)

    def _permiso(self, caja: Caja, ruta: UUID, institucion: str, finalidad: Finalidad) -> Permiso:
        suyos = caja.permisos(ruta, institucion)
        mandatos = self.mandatos(institucion)
        if suyos:
            caja.exigir_persona(ruta)
        return politica.exigir(suyos, finalidad, caja.ahora, mandatos, self._ampara(ruta, caja.ahora))

    def vivos(self, caja: Caja, ruta: UUID, institucion: str) -> list[Permiso]:
        """Los permisos de una institución que se sostienen hoy. Error: `InstitucionSinAcceso`."""
        suyos, mandatos = caja.permisos(ruta, institucion), self.mandatos(institucion)
        return politica.vivos(suyos, caja.ahora, mandatos, self._ampara(ruta, caja.ahora))

    def _exigir_vivos(self, caja: Caja, ruta: UUID, institucion: str) -> list[Permiso]:
        """Que tenga algún permiso en pie, sea para lo que sea; los devuelve."""
        vivos = self.vivos(caja, ruta, institucion)
        if not caja.permisos(ruta, institucion):
            raise no.SinPermiso
        caja.exigir_persona(ruta)
        if not vivos:
            raise no.PermisoTerminado
        return vivos

    def _participa(self, ruta: UUID, institucion: str, mandatos: Collection[Mandato]) -> bool:
        return Mandato.RECTORIA in mandatos or self.fuentes.participa(ruta, institucion)

    def _ampara(self, ruta: UUID, ahora: datetime) -> Ampara:
        return lambda consentimiento, institucion: self.fuentes.consentimiento_ampara(
            ruta, consentimiento, institucion, ahora
        )


class Concedido(NamedTuple):
    """Un permiso y el título con que quedó, que puede dar menos que el pedido."""

    permiso: UUID
    titulo: Titulo


class CajaAnotada(Caja):
    """La caja de un acto. ``anotado``: el número de su constancia."""

    anotado: int = 0


__all__ = ["REVISION", "Boveda", "CajaAnotada", "Concedido"]
