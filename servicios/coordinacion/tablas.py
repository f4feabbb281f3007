"""Las lecturas de coordinación. Se rehacen desde los hechos; ninguna es la verdad."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, Table, Text, Uuid

from infra.almacen.esquema import Instante

TABLAS = MetaData()

#: En qué está cada ruta.
estado_rutas = Table(
    "estado_rutas",
    TABLAS,
    Column("ruta", Uuid, primary_key=True),
    Column("estado", Text, nullable=False, index=True),
    Column("riesgo", Text, nullable=False),
    Column("idioma", Text, nullable=False),
    Column("abierta", Instante, nullable=False),
    Column("cerrada", Instante),
    Column("motivo_cierre", Text),
    Column("reaperturas", Integer, nullable=False, default=0),
)

#: Cada encargo, con el instante (UTC) de cada paso. ``atendida_por``: el evento que lo dio por atendido.
derivaciones = Table(
    "derivaciones",
    TABLAS,
    Column("derivacion", Uuid, primary_key=True),
    Column("ruta", Uuid, nullable=False, index=True),
    Column("de", Text, nullable=False),
    Column("a", Text, nullable=False),
    Column("servicio", Text, nullable=False),
    Column("urgencia", Text, nullable=False),
    Column("regla", Text, nullable=False),
    Column("motivo", Text, nullable=False),
    Column("plazo_legal", Boolean, nullable=False),
    Column("estado", Text, nullable=False),
    Column("resultado", Text),
    Column("emitida", Instante, nullable=False),
    Column("vence_acuse", Instante),
    Column("vence_atencion", Instante),
    Column("recibida", Instante),
    Column("aceptada", Instante),
    Column("rechazada", Instante),
    Column("reasignada", Instante),
    Column("atendida", Instante),
    Column("retirada", Instante),
    Column("vencida_acuse", Instante),
    Column("vencida_atencion", Instante),
    Column("escalada_a", Text),
    Column("sustituida_por", Uuid),
    Column("atendida_por", Uuid),
    Index("derivaciones_calladas", "a", "vencida_acuse"),
)

#: Los plazos que corren: una fila por derivación y etapa, hasta que se cumple, vence o deja de hacer falta.
plazos = Table(
    "plazos",
    TABLAS,
    Column("derivacion", Uuid, primary_key=True),
    Column("etapa", Text, primary_key=True),
    Column("ruta", Uuid, nullable=False),
    Column("vence", Instante, nullable=False, index=True),
)

#: Los hechos de una ruta que contaron otros servicios: lo que puede probar algo. ``campos``: los abiertos, en JSON.
evidencias = Table(
    "evidencias",
    TABLAS,
    Column("evento", Uuid, primary_key=True),
    Column("ruta", Uuid, nullable=False, index=True),
    Column("origen", Text, nullable=False),
    Column("tipo", Text, nullable=False),
    Column("institucion", Text, nullable=False),
    Column("ocurrido", Instante, nullable=False),
    Column("registrado", Instante, nullable=False),
    Column("campos", Text, nullable=False),
)

#: Qué hecho rectificó a cuál. Va aparte: puede llegar antes que el rectificado.
contradicciones = Table(
    "contradicciones",
    TABLAS,
    Column("evento", Uuid, primary_key=True),
    Column("ruta", Uuid, nullable=False),
    Column("origen", Text, nullable=False),
    Column("por", Uuid, nullable=False),
)

#: La matriz de cada ruta.
derechos = Table(
    "derechos",
    TABLAS,
    Column("ruta", Uuid, primary_key=True),
    Column("derecho", Text, primary_key=True),
    Column("estado", Text, nullable=False),
    Column("desde", Instante, nullable=False),
)

#: La última vez que una institución contó algo, en cualquier servicio.
senales = Table(
    "senales",
    TABLAS,
    Column("institucion", Text, primary_key=True),
    Column("ultima", Instante, nullable=False),
)

#: Lo que se dejó a cada institución, numerado sin huecos: la verdad de su buzón. ``disponible``: desde cuándo (UTC).
buzon = Table(
    "buzon",
    TABLAS,
    Column("institucion", Text, primary_key=True),
    Column("numero", Integer, primary_key=True, autoincrement=False),
    Column("evento", Uuid, nullable=False, index=True),
    Column("ruta", Uuid),
    Column("tipo", Text, nullable=False),
    Column("cuerpo", Text, nullable=False),
    Column("urgente", Boolean, nullable=False),
    Column("disponible", Instante, nullable=False),
)

#: El último número de cada buzón.
buzones = Table(
    "buzones",
    TABLAS,
    Column("institucion", Text, primary_key=True),
    Column("ultimo", Integer, nullable=False),
)
