"""La caja: lo que hay guardado de cada persona y bajo qué clave. Trabaja dentro de la transacción de quien la llama."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PublicKey
from sqlalchemy import Connection, Row, Table
from sqlalchemy.dialects import postgresql, sqlite

from infra.azar import Azar
from infra.seguridad import base64url, sobre_cerrado
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.ficha import atadura_de_ficha
from infra.seguridad.boveda.politica import Base, Finalidad, Permiso, Titulo
from infra.seguridad.boveda.tablas import claves_de_recepcion, envolturas, permisos, personas
from infra.seguridad.envoltura import Envoltura
from infra.seguridad.sello import CLAVE_BYTES, abrir, sellar


class Caja:
    """Fichas, claves y envolturas. ``maestra``: la que vale en la transacción (`Envoltura.clave`)."""

    def __init__(self, conexion: Connection, maestra: bytes, envoltura: Envoltura, azar: Azar, ahora: datetime) -> None:
        self.conexion = conexion
        self.ahora = ahora
        self._maestra, self._envoltura, self._azar = maestra, envoltura, azar

    def persona(self, ruta: UUID) -> Row[Any] | None:
        """La fila de una persona, o None."""
        return self.conexion.execute(sa.select(personas).where(personas.c.ruta == ruta)).first()

    def exigir_persona(self, ruta: UUID) -> Row[Any]:
        """Errores: `SinIdentidad`, `IdentidadDestruida`."""
        fila = self.persona(ruta)
        if fila is None:
            raise no.SinIdentidad
        if fila.destruida is not None:
            raise no.IdentidadDestruida
        return fila

    def guardar(self, ruta: UUID, ficha: bytes) -> None:
        """Guarda una ficha bajo clave nueva, cerrada hacia quien tiene permiso. Errores: `SinClaveDeRecepcion`."""
        clave = self._azar.bytes(CLAVE_BYTES)
        fila = {
            "ruta": ruta,
            "ficha": sellar(clave, ficha, atadura_de_ficha(ruta), self._azar),
            "clave": sellar(self._maestra, clave, _de_persona(ruta), self._azar),
            "depositada": self.ahora,
        }
        nueva = insertar(self.conexion, personas).values(fila)
        cambios = {c: nueva.excluded[c] for c in ("ficha", "clave", "depositada")}
        self.conexion.execute(nueva.on_conflict_do_update(index_elements=[personas.c.ruta], set_=cambios))
        self.conexion.execute(sa.delete(envolturas).where(envolturas.c.ruta == ruta))
        for institucion in sorted({p.institucion for p in self.permisos(ruta) if p.vale(self.ahora)}):
            self._envolver(ruta, clave, institucion)

    def cambiar_clave(self, ruta: UUID) -> None:
        """La misma ficha bajo otra clave: quien se quedó con la anterior no abre lo que venga después."""
        fila = self.exigir_persona(ruta)
        self.guardar(ruta, abrir(self.clave(fila), fila.ficha, atadura_de_ficha(ruta)))

    def clave(self, fila: Row[Any]) -> bytes:
        """La clave de una persona. Errores: `SelloRoto`."""
        return self._envoltura.abrir(fila.clave, _de_persona(fila.ruta))

    def envolver_para(self, ruta: UUID, institucion: str) -> None:
        """Cierra la clave de la persona hacia una institución recién autorizada. Errores: `SinClaveDeRecepcion`."""
        self._envolver(ruta, self.clave(self.exigir_persona(ruta)), institucion)

    def cerrada_para(self, ruta: UUID, institucion: str) -> str:
        """El JWE guardado para una institución. Errores: `SinPermiso`."""
        envuelta = self.conexion.scalar(
            sa.select(envolturas.c.clave).where(envolturas.c.ruta == ruta, envolturas.c.institucion == institucion)
        )
        if envuelta is None:
            raise no.SinPermiso
        return self._envoltura.abrir(envuelta, _de_institucion(ruta, institucion)).decode()

    def cerrar_para(self, clave: bytes, institucion: str) -> str:
        """Un JWE de una clave hacia una institución, sin guardarlo. Errores: `SinClaveDeRecepcion`."""
        publica = self.conexion.scalar(
            sa.select(claves_de_recepcion.c.publica).where(claves_de_recepcion.c.institucion == institucion)
        )
        if publica is None:
            raise no.SinClaveDeRecepcion
        return sobre_cerrado.cerrar(clave, publica_de(publica), self._azar)

    def permisos(self, ruta: UUID, institucion: str | None = None) -> list[Permiso]:
        """Los permisos de una ruta, también los terminados; de una institución o de todas."""
        consulta = sa.select(permisos).where(permisos.c.ruta == ruta)
        if institucion is not None:
            consulta = consulta.where(permisos.c.institucion == institucion)
        return [_permiso(fila) for fila in self.conexion.execute(consulta.order_by(permisos.c.desde, permisos.c.id))]

    def permitir(self, ruta: UUID, institucion: str, titulo: Titulo) -> UUID:
        """Anota un permiso ya concedido."""
        id_permiso = self._azar.uuid4()
        self.conexion.execute(
            sa.insert(permisos).values(
                id=id_permiso, ruta=ruta, institucion=institucion, base=titulo.base.value,
                referencia=titulo.referencia, finalidades=" ".join(sorted(titulo.finalidades)), desde=self.ahora,
                hasta=titulo.hasta,
            )
        )  # fmt: skip
        return id_permiso

    def vaciar(self, ruta: UUID) -> None:
        """Borra ficha, clave y envolturas de una persona y deja lápida, aunque no hubiera nada."""
        lapida = {"ruta": ruta, "ficha": None, "clave": None, "depositada": self.ahora, "destruida": self.ahora}
        orden = insertar(self.conexion, personas).values(lapida)
        cambios = {"ficha": None, "clave": None, "destruida": self.ahora}
        self.conexion.execute(
            orden.on_conflict_do_update(
                index_elements=[personas.c.ruta], set_=cambios, where=personas.c.destruida.is_(None)
            )
        )
        self.conexion.execute(sa.delete(envolturas).where(envolturas.c.ruta == ruta))
        en_pie = permisos.c.ruta == ruta, permisos.c.revocado.is_(None)
        self.conexion.execute(sa.update(permisos).where(*en_pie).values(revocado=self.ahora))

    def _envolver(self, ruta: UUID, clave: bytes, institucion: str) -> None:
        jwe = self.cerrar_para(clave, institucion).encode()
        envuelta = sellar(self._maestra, jwe, _de_institucion(ruta, institucion), self._azar)
        orden = insertar(self.conexion, envolturas).values(ruta=ruta, institucion=institucion, clave=envuelta)
        clave_primaria = [envolturas.c.ruta, envolturas.c.institucion]
        self.conexion.execute(
            orden.on_conflict_do_update(index_elements=clave_primaria, set_={"clave": orden.excluded.clave})
        )


def publica_de(texto: str) -> X25519PublicKey:
    """Una clave de recepción. Errores: `ClaveDeRecepcionInvalida`."""
    try:
        return sobre_cerrado.publica_de_bytes(base64url.de_texto(texto))
    except ValueError:  # también el punto de orden bajo
        raise no.ClaveDeRecepcionInvalida from None


def insertar(conexion: Connection, tabla: Table) -> Any:
    """Un INSERT que admite ON CONFLICT en la base de que se trate."""
    return (sqlite if conexion.dialect.name == "sqlite" else postgresql).insert(tabla)


def reenvolver(conexion: Connection, pasar: Callable[[bytes, bytes], bytes]) -> None:
    """Vuelve a envolver toda clave de la bóveda (`Envoltura.rotar`)."""
    con_clave = sa.select(personas.c.ruta, personas.c.clave).where(personas.c.clave.is_not(None))
    _cambiar(
        conexion,
        sa.update(personas).where(personas.c.ruta == sa.bindparam("r")),
        ({"r": f.ruta, "clave": pasar(f.clave, _de_persona(f.ruta))} for f in conexion.execute(con_clave).all()),
    )
    _cambiar(
        conexion,
        sa.update(envolturas).where(
            envolturas.c.ruta == sa.bindparam("r"), envolturas.c.institucion == sa.bindparam("i")
        ),
        (
            {"r": f.ruta, "i": f.institucion, "clave": pasar(f.clave, _de_institucion(f.ruta, f.institucion))}
            for f in conexion.execute(sa.select(envolturas)).all()
        ),
    )


def _cambiar(conexion: Connection, orden: sa.Update, filas: Iterable[dict[str, Any]]) -> None:
    if cambios := list(filas):
        conexion.execute(orden.values(clave=sa.bindparam("nueva")), [{"nueva": f.pop("clave"), **f} for f in cambios])


def _permiso(fila: Row[Any]) -> Permiso:
    finalidades = frozenset(Finalidad(f) for f in fila.finalidades.split())
    titulo = Titulo(base=Base(fila.base), referencia=fila.referencia, finalidades=finalidades, hasta=fila.hasta)
    return Permiso(id=fila.id, institucion=fila.institucion, titulo=titulo, desde=fila.desde, revocado=fila.revocado)


def _de_persona(ruta: UUID) -> bytes:
    return b"senda-boveda-clave\n" + ruta.bytes


def _de_institucion(ruta: UUID, institucion: str) -> bytes:
    return b"senda-boveda-envoltura\n" + ruta.bytes + institucion.encode()


__all__ = ["Caja", "insertar", "publica_de", "reenvolver"]
