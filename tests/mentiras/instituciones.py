"""Mentiras sobre quién dijo qué: inventar actos de una institución, o hacerse pasar por ella."""

from __future__ import annotations

import json
from base64 import b64decode
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.almacen.esquema import solicitudes
from infra.seguridad.firma import publica_a_texto
from senda_verificar.faltas import Codigo
from tests.mentiras.guardado import DETECTADA
from tests.mentiras.historia import Hecho, contar, en_bytes, verdadera
from tests.mentiras.mentira import Ancla, Mentira, auditar, en_las_bases, libro
from tests.mentiras.operador import Operador

_ATENDIDA = datetime(2026, 1, 6, tzinfo=UTC)
_INSCRITA = "senda.coordinacion.institucion-inscrita.v1"
_DESTRUIDA = "senda.seguridad.clave-destruida.v1"
_ACTUALIZADA = "senda.coordinacion.institucion-actualizada.v1"


@en_las_bases(auditar(None), libro(Codigo.ACTO_SIN_SOLICITUD), libro(Codigo.ACTO_SIN_SOLICITUD, Ancla.QUORUM))
def inventar_un_acto_sin_solicitud(operador: Operador) -> None:
    """Que conste que una institución detectó a alguien, con las claves verdaderas del servicio y del libro."""
    hechos = verdadera(operador)
    contar(operador, [*hechos, _inventado(operador, hechos, "")])


@en_las_bases(auditar(None), libro(Codigo.SOLICITUD_AUSENTE))
def inventar_un_acto_y_decir_que_lo_pidio(operador: Operador) -> None:
    """Lo mismo, con el hash de una solicitud que no se enseña."""
    hechos = verdadera(operador)
    contar(operador, [*hechos, _inventado(operador, hechos, sha256(b"nadie lo firmo").hexdigest())])


@en_las_bases(auditar(None), libro(Codigo.FIRMA_DE_INSTITUCION))
def inventar_un_acto_y_firmarlo_con_otra_clave(operador: Operador) -> None:
    """Lo mismo, con una solicitud escrita y firmada por el operador a nombre de la institución."""
    hechos = verdadera(operador)
    original = _de_la_victima(operador, hechos).sobre
    cuerpo = _pedido(operador, "senda.deteccion.detectar-presunta-victima.v1", original, {"riesgo": "bajo"})
    inventado = _inventado(operador, hechos, sha256(cuerpo).hexdigest())
    contar(operador, [*hechos, inventado])
    _conservar(operador, "deteccion", cuerpo, operador.clave_inventada(), inventado)


@en_las_bases(
    auditar(None),
    libro(None),
    libro(None, Ancla.RECTORA),
    libro(None, Ancla.PUNTO),
    libro(None, Ancla.QUORUM),
    libro(Codigo.RECIBO_INCUMPLIDO, Ancla.RECIBO),
)
def colgar_un_acto_de_una_solicitud_verdadera(operador: Operador) -> None:
    """Que una solicitud que la institución sí firmó causara un hecho más; el acuse se rehace para que lo nombre."""
    hechos = verdadera(operador)
    huella = str(_de_la_victima(operador, hechos).sobre["solicitud"])
    inventado = _inventado(operador, hechos, huella)
    contar(operador, [*hechos, inventado])
    with operador.en("deteccion") as conexion:
        fila = conexion.execute(sa.select(solicitudes).where(solicitudes.c.huella == huella)).one()
        acuse = json.loads(fila.acuse)
        acuse["eventos"].append(inventado.en_acuse)
        cambios = {"acuse": en_bytes(acuse)}
        conexion.execute(sa.update(solicitudes).where(solicitudes.c.huella == huella).values(**cambios))
    operador.rehacer_acuses({})


@en_las_bases(auditar(None), libro(Codigo.SOLICITUD_AUSENTE))
def inventar_un_acto_de_quien_ya_no_tiene_clave(operador: Operador) -> None:
    """Decir que lo firmado no se puede leer porque se destruyó la clave de la persona, que nunca se destruyó."""
    hechos = verdadera(operador)
    cuerpo = b"esto no lo firmo nadie"
    inventado = _inventado(operador, hechos, sha256(cuerpo).hexdigest())
    contar(operador, [*hechos, inventado])
    # Lo guardado se dice sellado para alguien que no está en el llavero: al exportar va sin bytes.
    _conservar(operador, "deteccion", cuerpo, operador.clave_inventada(), inventado, ruta=UUID(int=7))


@en_las_bases(auditar(None), libro(None), *(libro(None, a) for a in Ancla if a not in {Ancla.NINGUNA, Ancla.OTRO}))
def inventar_un_acto_y_la_destruccion_de_la_clave(operador: Operador) -> None:
    """Lo mismo, y que el libro diga que dos personas la destruyeron: queda a la vista y sin firma que lo sostenga."""
    hechos = verdadera(operador)
    cuerpo = b"esto tampoco"
    inventado = _inventado(operador, hechos, sha256(cuerpo).hexdigest())
    ruta = str(inventado.sobre["subject"])
    data = {
        "ruta": ruta, "motivo": "la-persona-lo-pide", "pedida": inventado.sobre["time"],
        "autorizan": ["ag-0000000a", "ag-0000000b"],
    }  # fmt: skip
    cambios = {"type": _DESTRUIDA, "subject": ruta, "agregado": ruta, "version": 2, "solicitud": "", "data": data}
    contar(operador, [*hechos, inventado, _nuevo(operador, inventado.sobre, **cambios)])
    _conservar(operador, "deteccion", cuerpo, operador.clave_inventada(), inventado, ruta=UUID(ruta))


@en_las_bases(auditar(None), libro(Codigo.ACTO_SIN_SOLICITUD))
def inventar_una_institucion(operador: Operador) -> None:
    """Que el sistema inscriba por su cuenta a una institución con clave del operador, para firmar en su nombre."""
    hechos = verdadera(operador)
    primera = next(h for h in hechos if h.sobre["type"] == _INSCRITA).sobre
    clave = publica_a_texto(operador.clave_inventada().public_key())
    data = primera["data"] | {"codigo": "GT-FALSA", "clave_firma": clave}
    contar(operador, [*hechos, _nuevo(operador, primera, subject="GT-FALSA", data=data)])


@en_las_bases(auditar(None), libro(Codigo.FIRMA_DE_INSTITUCION), libro(Codigo.FIRMA_DE_INSTITUCION, Ancla.RECTORA))
def cambiar_la_clave_de_una_institucion(operador: Operador) -> None:
    """Que la rectora le inscriba otra clave, la del operador, y con ella firmar un acto en su nombre."""
    hechos, mia = verdadera(operador), operador.clave_inventada()
    suya = _inscripcion(operador, hechos, operador.institucion)
    data = suya["data"] | {"clave_firma": publica_a_texto(mia.public_key())}
    pedido = _pedido(operador, "senda.coordinacion.actualizar-institucion.v1", suya, data)
    actualizada = _nuevo(operador, suya, type=_ACTUALIZADA, data=data, version=2, solicitud=sha256(pedido).hexdigest())
    original = _de_la_victima(operador, hechos).sobre
    cuerpo = _pedido(operador, "senda.deteccion.detectar-presunta-victima.v1", original, {"riesgo": "bajo"})
    inventado = _inventado(operador, hechos, sha256(cuerpo).hexdigest())
    contar(operador, [*hechos, actualizada, inventado])
    _conservar(operador, "coordinacion", pedido, operador.clave_inventada(), actualizada)
    _conservar(operador, "deteccion", cuerpo, mia, inventado)


@en_las_bases(
    auditar(None),
    libro(Codigo.CLAVE_DE_INSTITUCION),
    libro(Codigo.CLAVE_DE_INSTITUCION, Ancla.RECTORA),
    libro(Codigo.HISTORIA_REESCRITA, Ancla.PUNTO),
)
def suplantar_a_una_institucion_desde_el_principio(operador: Operador) -> None:
    """Reescribir el hecho que la inscribió con otra clave y volver a firmar con ella todo lo que pidió."""
    hechos, mia = verdadera(operador), operador.clave_inventada()
    contar(operador, _con_otra_clave(hechos, operador.institucion, mia))
    _refirmar(operador, operador.institucion, mia)


@en_las_bases(
    auditar(None),
    libro(None),
    libro(None, Ancla.CLAVE),
    libro(Codigo.CLAVE_DE_INSTITUCION, Ancla.RECTORA),
    libro(Codigo.HISTORIA_REESCRITA, Ancla.PUNTO),
)
def suplantar_a_la_rectora_desde_el_principio(operador: Operador) -> None:
    """Reescribir el primer hecho, la clave de la rectora, y volver a firmar todo lo que ella pidió."""
    hechos, mia, rectora = verdadera(operador), operador.clave_inventada(), operador.despliegue.rectora
    contar(operador, _con_otra_clave(hechos, rectora, mia))
    _refirmar(operador, rectora, mia)
    operador.cambiar_rectora(mia)


def _de_la_victima(operador: Operador, hechos: list[Hecho]) -> Hecho:
    """La primera detección de la institución que guardó sus recibos."""
    return next(h for h in hechos if h.sobre["type"] == DETECTADA and h.sobre["institucion"] == operador.institucion)


def _inventado(operador: Operador, hechos: list[Hecho], huella: str) -> Hecho:
    """Otra detección a su nombre, de alguien que no existe."""
    modelo = _de_la_victima(operador, hechos).sobre
    ruta = str(operador.azar.uuid4())
    data = {c: v for c, v in modelo["data"].items() if c != "sellado"} | {"ruta": ruta}
    return _nuevo(operador, modelo, subject=ruta, agregado=ruta, data=data, solicitud=huella)


def _nuevo(operador: Operador, modelo: dict[str, Any], **cambios: object) -> Hecho:
    """Un hecho inventado a imagen de otro."""
    identificador, agregado = (str(operador.azar.uuid4()) for _ in range(2))
    sobre = modelo | {"id": identificador, "agregado": agregado} | cambios
    return Hecho(modelo["source"], en_bytes(sobre), None)


def _inscripcion(operador: Operador, hechos: list[Hecho], codigo: str) -> dict[str, Any]:
    return next(s for h in hechos if (s := h.sobre)["type"] == _INSCRITA and s["subject"] == codigo)


def _con_otra_clave(hechos: list[Hecho], codigo: str, clave: Ed25519PrivateKey) -> list[Hecho]:
    otra = {"clave_firma": publica_a_texto(clave.public_key())}
    return [
        h.con(data=h.sobre["data"] | otra) if h.sobre["subject"] == codigo and "clave_firma" in h.sobre["data"] else h
        for h in hechos
    ]


def _refirmar(operador: Operador, institucion: str, clave: Ed25519PrivateKey) -> None:
    """Firma con esa clave todo lo que la institución pidió."""
    for fila in operador.solicitudes_de(institucion):
        firma = operador.firmar_como(clave, institucion, fila["servicio"], b64decode(fila["cuerpo"]))
        with operador.en(fila["servicio"]) as conexion:
            suya = solicitudes.c.huella == fila["huella"]
            conexion.execute(sa.update(solicitudes).where(suya).values(firma=firma))


def _pedido(operador: Operador, tipo: str, modelo: dict[str, Any], datos: dict[str, Any]) -> bytes:
    """Una solicitud escrita por el operador a nombre de quien hizo un hecho."""
    return en_bytes(
        {
            "id": str(operador.azar.uuid4()), "tipo": tipo, "institucion": modelo["institucion"],
            "agente": modelo["agente"], "ocurrido": modelo["time"], "datos": datos, "sellado": "",
        }
    )  # fmt: skip


def _conservar(
    operador: Operador, servicio: str, cuerpo: bytes, clave: Ed25519PrivateKey, hecho: Hecho, ruta: UUID | None = None
) -> None:
    """Mete en la base una solicitud inventada, con su acuse firmado por el servicio."""
    sobre, huella = hecho.sobre, sha256(cuerpo).hexdigest()
    acuse = en_bytes({"huella": huella, "origen": hecho.origen, "resultado": "aceptada", "eventos": [hecho.en_acuse]})
    legible = cuerpo if cuerpo.startswith(b"{") else en_bytes({"id": "ilegible"})
    fila = {
        "institucion": sobre["institucion"], "id": str(operador.azar.uuid4()), "huella": huella, "ruta": ruta,
        "cuerpo": cuerpo, "firma": operador.firmar_como(clave, sobre["institucion"], servicio, legible),
        "resultado": "aceptada", "acuse": acuse, "firma_acuse": "", "atendida": _ATENDIDA,
    }  # fmt: skip
    with operador.en(servicio) as conexion:
        conexion.execute(sa.insert(solicitudes), [fila])
    operador.rehacer_acuses({})


MENTIRAS: tuple[Mentira, ...] = (
    inventar_un_acto_sin_solicitud,
    inventar_un_acto_y_decir_que_lo_pidio,
    inventar_un_acto_y_firmarlo_con_otra_clave,
    colgar_un_acto_de_una_solicitud_verdadera,
    inventar_un_acto_de_quien_ya_no_tiene_clave,
    inventar_un_acto_y_la_destruccion_de_la_clave,
    inventar_una_institucion,
    cambiar_la_clave_de_una_institucion,
    suplantar_a_una_institucion_desde_el_principio,
    suplantar_a_la_rectora_desde_el_principio,
)
