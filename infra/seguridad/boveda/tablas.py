"""Lo que guarda la bóveda, en su propia base y fuera de las copias ordinarias. Nada dice en claro quién es nadie."""

from __future__ import annotations

from sqlalchemy import Column, Index, Integer, LargeBinary, MetaData, Table, Text, Uuid

from infra.almacen.esquema import Instante
from infra.seguridad.constancia import Constancia
from infra.seguridad.envoltura import Envoltura

ESQUEMA = MetaData()
envoltura = Envoltura.tabla(ESQUEMA)

#: ``ficha`` sellada con la clave de la persona; ``clave``, esa clave envuelta. Nulas ambas en una lápida.
personas = Table(
    "personas",
    ESQUEMA,
    Column("ruta", Uuid, primary_key=True),
    Column("ficha", LargeBinary),
    Column("clave", LargeBinary),
    Column("depositada", Instante, nullable=False),
    Column("destruida", Instante),
)

#: La clave de la persona cerrada hacia cada institución autorizada (JWE), y eso, envuelto: una copia antigua con la
#: privada de la institución no basta para abrirla.
envolturas = Table(
    "envolturas",
    ESQUEMA,
    Column("ruta", Uuid, primary_key=True),
    Column("institucion", Text, primary_key=True),
    Column("clave", LargeBinary, nullable=False),
)

permisos = Table(
    "permisos",
    ESQUEMA,
    Column("id", Uuid, primary_key=True),
    Column("ruta", Uuid, nullable=False, index=True),
    Column("institucion", Text, nullable=False),
    Column("base", Text, nullable=False),
    Column("referencia", Uuid, nullable=False),
    Column("finalidades", Text, nullable=False),
    Column("desde", Instante, nullable=False),
    Column("hasta", Instante),
    Column("revocado", Instante),
)

#: La clave pública X25519 (base64url) hacia la que se cierra lo que recibe cada institución.
claves_de_recepcion = Table(
    "claves_de_recepcion",
    ESQUEMA,
    Column("institucion", Text, primary_key=True),
    Column("publica", Text, nullable=False),
)

#: ``estado``: pedida, confirmada, desistida o ejecutada. ``ejecutable`` y ``caduca``: desde y hasta cuándo.
destrucciones = Table(
    "destrucciones",
    ESQUEMA,
    Column("id", Uuid, primary_key=True),
    Column("ruta", Uuid, nullable=False),
    Column("motivo", Text, nullable=False),
    Column("estado", Text, nullable=False),
    Column("pedida", Instante, nullable=False),
    Column("pide", Text, nullable=False),
    Column("confirma", Text),
    Column("ejecutable", Instante),
    Column("caduca", Instante, nullable=False),
    Index("destrucciones_de", "ruta"),
)

#: Hechos que hay que contar al libro (sin identidad), guardados en la misma transacción que lo que cuentan.
por_contar = Table(
    "por_contar",
    ESQUEMA,
    Column("numero", Integer, primary_key=True),
    Column("tipo", Text, nullable=False),
    Column("datos", LargeBinary, nullable=False),
    Column("institucion", Text, nullable=False),
    Column("agente", Text, nullable=False),
    Column("instante", Instante, nullable=False),
    Column("contado", Instante),
    sqlite_autoincrement=True,
)

#: Las solicitudes ya atendidas por la ventanilla: una copia de otra no vale.
vistas = Table(
    "vistas",
    ESQUEMA,
    Column("institucion", Text, primary_key=True),
    Column("id", Uuid, primary_key=True),
)

constancia = Constancia("accesos", ESQUEMA)
