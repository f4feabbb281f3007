"""El camino de un encargo por HTTP: llega al buzón, se recibe, se acepta, se atiende, y cada paso tiene su recibo."""

from __future__ import annotations

import msgspec
import sqlalchemy as sa

from contratos.protocolos import vigente
from infra.almacen.motor import leyendo
from senda import credencial as credenciales
from senda.cliente import Compuesta
from servicios.portal.tablas import abonadas
from tests.espera import hasta
from tests.integracion.portal.institucion import Institucion, contar_tandas

PASOS = ("recibir-derivacion", "aceptar-derivacion", "atender-derivacion")
ATENDIDA = {"resultado": "declinada-por-la-persona"}


def test_un_encargo_se_recibe_se_acepta_y_se_atiende_con_recibos_que_se_comprueban(propia, encargo):
    recibos = []
    for paso in PASOS:
        respuesta = propia.pedir(paso, **encargo, **(ATENDIDA if paso == "atender-derivacion" else {}))
        assert respuesta.status_code == 200, respuesta.text
        assert respuesta.headers["content-type"] == "application/json"
        assert propia.creible(respuesta.content, respuesta.headers["firma"])
        recibos.append(respuesta.content)

    tramo = propia.leer("/v1/acuses").json()

    assert [m["cuerpo"].encode() for m in tramo["mensajes"]] == recibos
    assert all(propia.creible(m["cuerpo"].encode(), m["firma"]) for m in tramo["mensajes"])
    assert [m["numero"] for m in tramo["mensajes"]] == [1, 2, 3]
    assert tramo["siguiente"] == 4
    assert propia.leer("/v1/acuses?desde=4").json() == {"mensajes": [], "siguiente": 4}
    assert [m["numero"] for m in propia.leer("/v1/acuses?desde=2&maximo=1").json()["mensajes"]] == [2]


def test_el_buzon_sale_por_su_numero_y_con_los_bytes_que_guarda_coordinacion(arena, propia, encargo):
    tramo = propia.leer("/v1/buzon").json()

    numeros = [m["numero"] for m in tramo["mensajes"]]
    assert numeros == [msgspec.json.decode(m["cuerpo"])["numero"] for m in tramo["mensajes"]]
    assert numeros == list(range(1, len(numeros) + 1))
    with leyendo(arena.sistema.estaciones["coordinacion"].almacen.motor) as conexion:
        guardados = conexion.scalars(
            sa.text("SELECT cuerpo FROM buzon WHERE institucion = 'GT-PRUEBA' ORDER BY numero")
        )
        assert [m["cuerpo"] for m in tramo["mensajes"]] == list(guardados)


def test_por_http_y_por_el_bus_el_mismo_acuse_byte_a_byte(arena, propia, encargo):
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    por_http = propia.enviar(cuerpo, identificador)

    firma = propia.firma(cuerpo, identificador, "coordinacion")
    enlace = arena.sistema.enlace()
    assert enlace.enviar([Compuesta(identificador, "coordinacion", cuerpo, firma)]) == [True]
    # El acuse repetido llega detrás del primero, y el portal, que ya tiene esos bytes, no lo guarda otra vez.
    otra = propia.pedir("aceptar-derivacion", **encargo)

    acuses = propia.leer("/v1/acuses").json()["mensajes"]
    assert [m["cuerpo"].encode() for m in acuses] == [por_http.content, otra.content]


def test_lo_pedido_por_el_bus_se_contesta_por_http_con_lo_que_se_contesto_por_el_bus(arena, propia, encargo):
    assert propia.leer("/v1/abono", "DELETE").status_code == 204
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    enlace = arena.sistema.enlace()
    enlace.enviar(
        [Compuesta(identificador, "coordinacion", cuerpo, propia.firma(cuerpo, identificador, "coordinacion"))]
    )
    assert propia.leer("/v1/abono", "PUT").status_code == 204

    respuesta = propia.enviar(cuerpo, identificador)

    assert respuesta.status_code == 200
    assert propia.leer(f"/v1/solicitudes/{identificador}/acuse").content == respuesta.content


def test_el_acuse_que_llega_mientras_se_espera_el_turno_es_la_respuesta(arena, propia, encargo, monkeypatch):
    """El depósito no guarda dos veces los mismos bytes: quien esperase el siguiente no lo vería llegar."""
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    firma = propia.firma(cuerpo, identificador, "coordinacion")
    almacen = arena.portal.puerta.almacen
    tanda, enviada = almacen.tanda, list[bool]()

    def tras_llegar_el_acuse():
        if not enviada:
            enviada.extend(arena.sistema.enlace().enviar([Compuesta(identificador, "coordinacion", cuerpo, firma)]))
            hasta(lambda: propia.leer("/v1/acuses").json()["mensajes"])
        return tanda()

    monkeypatch.setattr(almacen, "tanda", tras_llegar_el_acuse)
    respuesta = propia.enviar(cuerpo, identificador, espera=2)

    assert enviada == [True]
    assert respuesta.status_code == 200
    assert propia.leer(f"/v1/solicitudes/{identificador}/acuse").content == respuesta.content


def test_repetir_un_post_da_los_mismos_bytes_y_no_vuelve_a_enviar(arena, propia, encargo):
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    primera = propia.enviar(cuerpo, identificador)
    puerta, enviadas = arena.portal.puerta, []
    puerta.almacen.al_confirmar(lambda: enviadas.append(1))

    segunda = propia.enviar(cuerpo, identificador)

    assert (primera.status_code, segunda.status_code) == (200, 200)
    assert segunda.content == primera.content
    assert segunda.headers["firma"] == primera.headers["firma"]
    assert not enviadas


def test_el_mismo_id_con_otro_cuerpo_se_rechaza_y_el_primero_sigue_en_su_sitio(propia, encargo):
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    primera = propia.enviar(cuerpo, identificador)

    otra = propia.enviar(propia.cuerpo(identificador, "aceptar-derivacion", **encargo), identificador)

    assert otra.status_code == 422
    assert otra.json()["codigo"] == "id-reutilizado"
    assert propia.enviar(cuerpo, identificador).content == primera.content


def test_sin_esperar_da_202_y_el_acuse_se_recoge_despues(propia, encargo):
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)

    pendiente = propia.enviar(cuerpo, identificador, espera=0)
    recogido = propia.leer(f"/v1/solicitudes/{identificador}/acuse?espera=10")

    assert pendiente.status_code == 202
    assert pendiente.headers["location"] == f"/v1/solicitudes/{identificador}/acuse"
    assert pendiente.json() == {"id": identificador}
    assert recogido.status_code == 200
    assert propia.creible(recogido.content, recogido.headers["firma"])


def test_una_lectura_abona_la_primera_vez_y_despues_no_escribe(arena, propia, monkeypatch):
    assert propia.leer("/v1/buzon").status_code == 200
    with leyendo(arena.portal.puerta.almacen.motor) as conexion:
        assert conexion.scalars(sa.select(abonadas.c.institucion)).all() == ["GT-PRUEBA"]
    tandas = contar_tandas(arena, monkeypatch)

    for destino in ("/v1/buzon", "/v1/acuses", "/v1/solicitudes/0f0e7c1e-90aa-4c6b-8f2d-3b5a1c9d7e42/acuse"):
        assert propia.leer(destino).is_success

    assert not tandas


def test_desabonada_sus_colas_vuelven_a_ser_suyas_y_lo_guardado_se_sigue_leyendo(arena, propia, encargo):
    assert propia.pedir("recibir-derivacion", **encargo).status_code == 200
    assert propia.leer("/v1/abono", "DELETE").status_code == 204
    enlace = arena.sistema.enlace()
    identificador, cuerpo = propia.solicitud("aceptar-derivacion", **encargo)
    firma = propia.firma(cuerpo, identificador, "coordinacion")
    enlace.enviar([Compuesta(identificador, "coordinacion", cuerpo, firma)])

    cola = enlace.nombres.acuses_de("GT-PRUEBA")
    assert hasta(lambda: enlace.transporte.pendientes(cola)) == 1
    # Leer lo guardado no deshace la baja: nada más se recoge hasta que lo pida.
    assert len(propia.leer("/v1/acuses").json()["mensajes"]) == 1
    assert not arena.en_su_hilo(arena.portal.recogida.paso)
    assert enlace.transporte.pendientes(cola) == 1
    assert propia.leer("/v1/abono", "PUT").status_code == 204
    assert hasta(lambda: len(propia.leer("/v1/acuses?espera=5").json()["mensajes"]) == 2)


def test_nadie_lee_lo_de_otra(arena, http, propia, encargo):
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    assert propia.enviar(cuerpo, identificador).status_code == 200
    ajena = Institucion(http, arena.comparsa)

    assert ajena.leer(f"/v1/solicitudes/{identificador}/acuse").status_code == 202
    assert all(a["a"] != "GT-PRUEBA" for a in ajena.buzon(espera=0))
    assert (
        ajena.leer("/v1/acuses?institucion=GT-PRUEBA").json()["mensajes"] == ajena.leer("/v1/acuses").json()["mensajes"]
    )
    assert identificador not in ajena.leer("/v1/acuses").text


def test_suspendida_no_pasa(arena, propia, encargo):
    carpeta = arena.sistema.montaje.carpeta
    codigo = vigente("gt").rectora
    rectora = credenciales.leer(credenciales.archivo_de(carpeta, codigo), codigo)
    suspende = Institucion(propia.http, rectora)
    respuesta = suspende.pedir("suspender-institucion", codigo="GT-PRUEBA", motivo="deja-de-operar")
    assert respuesta.status_code == 200, respuesta.text

    hasta(lambda: propia.leer("/v1/buzon").status_code == 403)

    assert propia.pedir("recibir-derivacion", **encargo).status_code == 403
    # Lo suyo queda en sus colas: sin permiso sobre ellas, intentarlo pararía la recogida de las demás.
    hasta(lambda: "GT-PRUEBA" not in arena.portal.recogida._abiertas)
