"""Una sola traza va de la solicitud al libro, sobrevive a que maten procesos y no dice de quién es."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import msgspec
import pytest
import sqlalchemy as sa
from litestar.testing import TestClient

from contratos.acuse import Resultado
from infra.almacen.esquema import eventos
from infra.almacen.motor import abrir_motor
from infra.azar import AzarReal
from infra.observabilidad.puntos_de_traza import CABECERA, Puntos, de_cabecera
from senda import portal
from senda.cliente import Compuesta
from senda.trazas import CLAVE
from tests.espera import hasta
from tests.integracion.trazas.colector import Colector, Visto
from tests.integracion.trazas.sistema import PLANTADO, Sistema

AJENO = "00-" + "ab" * 16 + "-" + "cd" * 8 + "-00"


def traza_de(sistema: Sistema, compuesta: Compuesta) -> str:
    puntos = Puntos((sistema.carpeta / CLAVE).read_bytes())
    return f"{puntos.traza(sha256(compuesta.cuerpo).hexdigest()):032x}"


def completa(colector: Colector, traza: str) -> list[Visto]:
    """Los spans de la traza cuando llegó todo: cada proceso exporta lo suyo a su hora."""

    def esta() -> list[Visto] | None:
        spans = colector.de(traza)
        nacidos = {s.span for s in spans if s.nombre.startswith("create ")}
        publicados = {s.padre for s in spans if s.nombre.endswith("senda.eventos")}
        anotados = {s.padre for s in spans if s.nombre == "anotar en el libro"}
        origenes = {s.atributos["senda.origen"] for s in spans if s.nombre == "anotar en el libro"}
        acusada = any(s.nombre.endswith("senda.acuses") for s in spans)
        cerrada = {s.padre for s in spans if s.padre} <= {s.span for s in spans}
        todo = nacidos == publicados == anotados and origenes == {"/gt/deteccion", "/gt/coordinacion"}
        return spans if todo and acusada and cerrada else None

    spans = hasta(esta)
    assert spans is not None
    return spans


def subir(spans: list[Visto], desde: Visto) -> list[str]:
    """Servicio y nombre de cada span, de uno hasta la raíz."""
    por_id = {s.span: s for s in spans}
    camino = [desde]
    while camino[-1].padre:
        camino.append(por_id[camino[-1].padre])
    return [f"{s.servicio}: {s.nombre}" for s in camino]


def una_traza_de_la_solicitud_al_libro(sistema: Sistema) -> None:
    colector = sistema.colector

    compuesta = sistema.componer()
    sistema.enviar(compuesta, traceparent=AJENO, tracestate=f"nombre={PLANTADO}")
    acuse, mensaje = sistema.acuse(compuesta)
    assert acuse.resultado is Resultado.ACEPTADA
    traza = traza_de(sistema, compuesta)
    spans = completa(colector, traza)
    p = sistema.despliegue.prefijo

    libro = next(
        s for s in spans if s.nombre == "anotar en el libro"
        and s.atributos["senda.tipo"] == "senda.coordinacion.ruta-abierta.v1"
    )  # fmt: skip
    assert subir(spans, libro) == [
        "auditoria: anotar en el libro",
        "coordinacion: create senda.coordinacion.ruta-abierta.v1",
        f"coordinacion: process {p}senda.entrada.coordinacion",
        "deteccion: create senda.deteccion.presunta-victima-detectada.v1",
        f"deteccion: process {p}senda.solicitudes.deteccion",
        f"deteccion: receive {p}senda.solicitudes.deteccion",
    ]
    (raiz,) = (s for s in spans if not s.padre)
    # La traza de la institución es un enlace: ni padre, ni quien decide si se anota (su muestreo decía que no).
    assert raiz.enlaces == ((AJENO[3:35], AJENO[36:52]),)
    publicados = {(s.servicio, s.nombre) for s in spans if s.nombre.startswith("publish ")}
    assert publicados == {
        ("deteccion", f"publish {p}senda.eventos"), ("deteccion", f"publish {p}senda.acuses"),
        ("coordinacion", f"publish {p}senda.eventos"),
    }  # fmt: skip
    recibidos = {(s.servicio, s.padre) for s in spans if s.nombre.startswith("receive ") and s.padre}
    nacido = next(s for s in spans if s.nombre.startswith("create senda.deteccion"))
    assert {("coordinacion", nacido.span), ("auditoria", nacido.span)} <= recibidos
    suyo = next(s for s in spans if s.nombre == f"publish {p}senda.acuses")
    assert (suyo.padre, suyo.atributos["senda.resultado"]) == (raiz.span, "aceptada")
    # Quien pidió puede enlazar la suya: el acuse dice en qué traza va, en una cabecera y no en lo firmado.
    contexto = de_cabecera(mensaje.cabeceras[CABECERA])
    assert contexto is not None
    assert f"{contexto.traza:032x}" == traza
    assert traza.encode() not in mensaje.cuerpo
    assert all(s.desde <= s.hasta and not s.fallo for s in spans)
    assert {s.atributos["messaging.system"] for s in spans} == {"rabbitmq"}


def lo_hecho_por_lotes_va_con_enlaces(sistema: Sistema) -> None:
    colector = sistema.colector

    lote = hasta(lambda: next((s for s in colector.spans() if s.nombre.endswith("senda.eventos (lote)")), None))
    assert lote is not None
    assert not lote.padre
    assert len(lote.enlaces) == lote.atributos["messaging.batch.message_count"]
    assert len(lote.enlaces) > 1
    conocidas = {(s.traza, s.span) for s in colector.spans()}
    assert set(lote.enlaces) <= conocidas


def tras_matar_a_mitad_sigue_siendo_la_misma(sistema: Sistema) -> None:
    colector = sistema.colector

    sistema.matar("coordinacion")
    compuesta = sistema.componer()
    sistema.enviar(compuesta)
    traza = traza_de(sistema, compuesta)
    # Lo que un proceso tenga por exportar muere con él: se espera a que lo de detección esté fuera.
    suyo = ["receive", "process", "create", "publish", "publish"]
    hasta(lambda: sorted(suyo) == sorted(s.nombre.split()[0] for s in colector.de(traza) if s.servicio == "deteccion"))
    sistema.matar("deteccion")
    sistema.arrancar("coordinacion", "deteccion")
    spans = completa(colector, traza)
    libro = [s for s in spans if s.nombre == "anotar en el libro"]
    assert {subir(spans, s)[-1] for s in libro} == {
        f"deteccion: receive {sistema.despliegue.prefijo}senda.solicitudes.deteccion"
    }


def repetir_una_solicitud_no_abre_otra_traza(sistema: Sistema) -> None:
    colector = sistema.colector

    compuesta = sistema.componer()
    for _ in range(2):
        sistema.enviar(compuesta)
    traza = traza_de(sistema, compuesta)
    spans = completa(colector, traza)
    hasta(lambda: sum(s.nombre.endswith("senda.acuses") for s in colector.de(traza)) == 2)
    assert len({s.span for s in spans if not s.padre}) == 1


def una_negativa_dice_su_codigo(sistema: Sistema) -> None:
    colector = sistema.colector

    compuesta = sistema.componer()
    sistema.enviar(compuesta._replace(firma=""))
    traza = traza_de(sistema, compuesta)
    acuse = hasta(lambda: next((s for s in colector.de(traza) if s.nombre.endswith("senda.acuses")), None))
    assert acuse is not None
    assert (acuse.atributos["senda.resultado"], acuse.atributos["senda.codigo"]) == ("rechazada", "firma-ausente")


def por_el_portal_empieza_en_la_llamada(sistema: Sistema) -> None:
    colector = sistema.colector

    compuesta = sistema.componer()
    cabeceras = {"Firma": compuesta.firma, CABECERA: AJENO, "tracestate": f"nombre={PLANTADO}"}
    with pytest.MonkeyPatch.context() as entorno:
        for variable, valor in sistema.variables.items():
            entorno.setenv(variable, valor)
        montado = portal.de_carpeta(sistema.carpeta, AzarReal(), "portal-de-prueba")
    with TestClient(portal.servir_con(montado)) as http:

        def aceptada() -> bool:
            """Hasta que coordinación le cuente quién es la rectora, el portal no la conoce (401)."""
            respuesta = http.post("/v1/solicitudes?espera=20", content=compuesta.cuerpo, headers=cabeceras)
            return respuesta.status_code == 200

        hasta(aceptada)
        assert http.post("/v1/solicitudes", content=compuesta.cuerpo, headers=cabeceras).status_code == 200
    traza = traza_de(sistema, compuesta)
    spans = completa(colector, traza)
    raices = [s for s in spans if not s.padre]
    assert [(s.servicio, s.nombre, s.enlaces) for s in raices] == [
        ("portal", "POST /v1/solicitudes", ((AJENO[3:35], AJENO[36:52]),))
    ]
    libro = next(s for s in spans if s.nombre == "anotar en el libro")
    assert subir(spans, libro)[-1] == "portal: POST /v1/solicitudes"
    p = sistema.despliegue.prefijo
    assert {(s.servicio, s.nombre) for s in spans if s.padre == raices[0].span} >= {
        ("portal", "POST /v1/solicitudes"),  # la repetida
        ("portal", f"publish {p}senda.solicitudes"),
        ("deteccion", f"receive {p}senda.solicitudes.deteccion"),
        ("deteccion", f"process {p}senda.solicitudes.deteccion"),
        ("deteccion", f"publish {p}senda.acuses"),
        ("portal", f"receive {p}senda.acuses.{{institucion}}"),
    }


def nada_de_lo_exportado_dice_de_quien_es(sistema: Sistema) -> None:
    """Corre la última: mira todo lo que las anteriores hicieron exportar."""

    colector = sistema.colector
    juntos = b"".join(colector.crudo)
    rutas = _rutas(sistema)
    assert len(rutas) >= 4
    for vedado in (PLANTADO, "MARIA", "GT-SVET", "ag-0123abcd", *rutas, *(r.replace("-", "") for r in rutas)):
        assert vedado.encode() not in juntos, vedado
    permitidos = {
         "senda.origen", "senda.tipo", "senda.resultado", "senda.codigo", "error.type",
        "messaging.system", "messaging.operation.type", "messaging.operation.name", "messaging.destination.name",
        "messaging.destination.template", "messaging.batch.message_count", "http.request.method", "http.route",
        "http.response.status_code",
    }  # fmt: skip
    assert {clave for s in colector.spans() for clave in s.atributos} <= permitidos


def _rutas(sistema: Sistema) -> list[str]:
    base = sistema.despliegue.bases["coordinacion"]
    motor = abrir_motor(base.url, base.esquema)
    with motor.connect() as conexion:
        cuerpos = conexion.scalars(
            sa.select(eventos.c.cuerpo).where(eventos.c.tipo == "senda.coordinacion.ruta-abierta.v1")
        ).all()
    motor.dispose()
    return [msgspec.json.decode(c, type=dict[str, Any])["subject"] for c in cuerpos]


PASOS = (
    una_traza_de_la_solicitud_al_libro,
    lo_hecho_por_lotes_va_con_enlaces,
    tras_matar_a_mitad_sigue_siendo_la_misma,
    repetir_una_solicitud_no_abre_otra_traza,
    una_negativa_dice_su_codigo,
    por_el_portal_empieza_en_la_llamada,
)
