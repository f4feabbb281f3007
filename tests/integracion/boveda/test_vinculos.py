"""De la coincidencia a una sola historia, y a quién no se le dice: ni al leer ni por el buzón."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import msgspec
import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from contratos.base import Mandato
from contratos.solicitudes.coordinacion import InscribirInstitucion
from contratos.solicitudes.deteccion import ConfirmarVinculo, DetectarPresuntaVictima, RechazarVinculo, RectificarHecho
from eventos.comun import Efecto
from eventos.deteccion import Fundamento, IdentidadVinculada, MotivoVinculo, VinculoPropuesto, VinculoRechazado
from eventos.motivos import MotivoRectificacion
from eventos.seguridad import MotivoDestruccion
from eventos.tipos import NivelRiesgo, SiNo
from infra.almacen.motor import leyendo
from infra.seguridad.boveda.destruccion import ESPERA
from infra.seguridad.boveda.puertos import Quien
from infra.seguridad.registro_unico.registro import _huellas
from senda import registro as de_senda
from senda.cliente import Credencial
from senda.consulta import campos_abiertos, historia
from senda.orden import app
from servicios.auditoria.accesos import MotivoAcceso
from servicios.auditoria.lectura import Lector
from servicios.auditoria.lectura import leer as leer_del_libro
from servicios.coordinacion.tablas import buzon
from tests.integracion.boveda.mundo import FICHA, RASTROS
from tests.integracion.boveda.pais import ONG, OTRA
from tests.integracion.boveda.pais import UNA as RECTORA


def registrar(pais, *rutas, institucion="GT-ONG"):
    for ruta in rutas:
        orden = ["registro", "registrar", str(ruta), "--institucion", institucion, "--agente", ONG.agente]
        hecho = CliRunner().invoke(app, [*orden, "--carpeta", str(pais.carpeta)], input=msgspec.json.encode(FICHA))
        assert (hecho.exit_code, hecho.output) == (0, "")
    pais.asentar()


def leer(pais, ruta, **otros):
    argumentos = {"hasta": None, "como": None, "motivo": MotivoAcceso.SUPERVISION, **otros}
    return historia(pais.carpeta, ruta, **argumentos)


def test_de_la_coincidencia_a_una_sola_historia(pais):
    """Registrar, proponer, confirmar y leer: las dos rutas juntas, sin perder un hecho de ninguna."""
    assert CliRunner().invoke(app, ["registro", "instalar", "--carpeta", str(pais.carpeta)]).exit_code == 0
    una, otra = sorted([pais.detectar(), pais.detectar()])
    registrar(pais, una, otra)
    antes = {r: leer(pais, r) for r in (una, otra)}
    assert [h.hecho for h in antes[una].hechos if isinstance(h.hecho, VinculoPropuesto)] == [
        VinculoPropuesto(ruta=una, otra=otra)
    ]
    assert antes[una].vinculadas == ()
    [confirmado] = pais.pedir(ONG, ConfirmarVinculo(ruta=otra, otra=una))
    pais.asentar()
    assert confirmado.tipo == IdentidadVinculada.tipo
    for ruta, vinculada in ((una, otra), (otra, una)):
        junta = leer(pais, ruta)
        ids = {a.id for a in junta.hechos}
        assert ids >= {a.id for r in antes.values() for a in r.hechos}
        assert len(ids) == len(junta.hechos)
        assert [r.id for r in junta.vinculadas] == [vinculada]
        assert len(junta.obligaciones) == sum(len(r.obligaciones) for r in antes.values())
    # Como constaba antes de confirmarse, cada una por su lado.
    [vinculo] = [a for a in leer(pais, otra).hechos if isinstance(a.hecho, IdentidadVinculada)]
    hasta = vinculo.registrado - timedelta(microseconds=1)
    assert leer(pais, una, hasta=hasta).vinculadas == ()


@pytest.fixture
def quien_prueba(pais):
    """Una institución que detecta y no vincula, con una ruta suya y otra ajena en que acertó la ficha."""
    assert CliRunner().invoke(app, ["registro", "instalar", "--carpeta", str(pais.carpeta)]).exit_code == 0
    pais.credenciales["GT-ALB"] = Credencial.generar("GT-ALB", pais.azar.hijo("GT-ALB"))
    pais.pedir(
        RECTORA,
        InscribirInstitucion(
            codigo="GT-ALB", pais="gt", mandatos_inscritos=(Mandato.DETECCION,), servicios=(), cobertura=("GT",),
            clave_firma=pais.credenciales["GT-ALB"].publica,
        ),
    )  # fmt: skip
    detectar = DetectarPresuntaVictima(
        nna=SiNo.NO, extranjera=SiNo.NO, idioma="spa", riesgo=NivelRiesgo.ALTO, pais_deteccion="gt"
    )
    [detectada, *_] = pais.pedir(Quien("GT-ALB", "ag-0000000d"), detectar)
    suya = UUID(detectada.sujeto)
    # La propuesta se anota en la menor de las dos: que sea la suya, que es la que puede leer.
    ajena = next(ruta for ruta in iter(pais.detectar, None) if ruta > suya)
    registrar(pais, ajena)
    registrar(pais, suya, institucion="GT-ALB")
    llegar(pais)
    return suya, ajena


def llegar(pais):
    """Todo lo pedido y lo que encargó el registro está en el libro: con otra petición se miran las bases."""
    pais.detectar()
    pais.asentar()


def nombran(historia, ruta):
    return [type(a.hecho) for a in historia.hechos if str(ruta) in str(campos_abiertos(a.hecho))]


def test_quien_prueba_una_ficha_en_su_ruta_no_ve_la_coincidencia(pais, quien_prueba):
    suya, ajena = quien_prueba
    assert nombran(leer(pais, suya), ajena) == [VinculoPropuesto]
    assert nombran(leer(pais, suya, como="GT-ALB"), ajena) == []
    [rechazado] = pais.pedir(RECTORA, RechazarVinculo(ruta=suya, otra=ajena, motivo=MotivoVinculo.HOMONIMIA))
    llegar(pais)
    assert set(nombran(leer(pais, suya), ajena)) == {VinculoPropuesto, VinculoRechazado}
    antes = leer(pais, suya, como="GT-ALB")
    assert nombran(antes, ajena) == []
    # Tampoco por la rectificación de lo que no ve.
    rectificar = RectificarHecho(
        ruta=suya, corrige=rechazado.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.ERROR_DE_REGISTRO
    )
    pais.pedir(RECTORA, rectificar)
    llegar(pais)
    assert leer(pais, suya, como="GT-ALB").hechos == antes.hechos


def test_quien_no_ve_la_otra_ruta_solo_sabe_que_existe(pais, quien_prueba):
    suya, ajena = quien_prueba
    pais.pedir(RECTORA, ConfirmarVinculo(ruta=suya, otra=ajena))
    llegar(pais)
    assert IdentidadVinculada in nombran(leer(pais, suya), ajena)
    contada = leer(pais, suya, como="GT-ALB")
    assert (nombran(contada, ajena), contada.vinculadas, contada.ocultas) == ([], (), 1)


def test_ni_el_libro_ni_el_buzon_le_dicen_que_otra_ruta_es_de_la_misma_persona(pais, quien_prueba):
    """Propuesto, rechazado, confirmado y rectificado: lo que puede leer no nombra la otra, y nada de eso se reparte."""
    suya, ajena = quien_prueba
    for peticion in (
        RechazarVinculo(ruta=suya, otra=ajena, motivo=MotivoVinculo.HOMONIMIA),
        ConfirmarVinculo(ruta=suya, otra=ajena, fundamento=Fundamento.RECONOCIMIENTO),
    ):
        [hecho] = pais.pedir(RECTORA, peticion)
        anular = RectificarHecho(
            ruta=suya, corrige=hecho.id, efecto=Efecto.ANULADO, motivo=MotivoRectificacion.ERROR_DE_REGISTRO
        )
        pais.pedir(RECTORA, anular)
        llegar(pais)
    for mandato, lo_sabe in ((Mandato.DETECCION, False), (Mandato.SUPERVISION, True)):
        lector = Lector("GT-ALB", frozenset({mandato}), lambda ruta: ruta == suya)
        with pais.almacenes["auditoria"].motor.begin() as conexion:
            leidos = leer_del_libro(conexion, suya, lector, MotivoAcceso.ATENCION, pais.reloj.ahora())
        assert any(str(ajena) in str(campos_abiertos(a.hecho)) for a in leidos) is lo_sabe
    with leyendo(pais.almacenes["coordinacion"].motor) as conexion:
        repartido = conexion.execute(select(buzon.c.institucion, buzon.c.tipo, buzon.c.cuerpo)).all()
    assert repartido
    assert not [f for f in repartido if f.institucion == "GT-ALB" and str(ajena) in f.cuerpo]
    assert not {f.tipo for f in repartido} & {c.tipo for c in (VinculoPropuesto, VinculoRechazado, IdentidadVinculada)}


def test_solo_se_olvida_lo_que_consta_destruido(pais):
    """Sin la destrucción, olvidar borraría a alguien del registro para siempre con una sola orden."""
    assert CliRunner().invoke(app, ["registro", "instalar", "--carpeta", str(pais.carpeta)]).exit_code == 0
    ruta = pais.detectar()
    registrar(pais, ruta)
    olvidar = ["registro", "olvidar", str(ruta), "--carpeta", str(pais.carpeta)]
    peticion = pais.destruccion.pedir(RECTORA, ruta, MotivoDestruccion.PERSONA_LO_PIDE)
    negado = CliRunner().invoke(app, olvidar)
    assert (negado.exit_code, "clave-sin-destruir (ruta)" in negado.output) == (1, True)
    assert huellas(pais)
    pais.destruccion.confirmar(OTRA, peticion)
    pais.reloj.adelantar(ESPERA)
    pais.montada.ejecutar(RECTORA, peticion)
    llegar(pais)
    assert huellas(pais), "esta bóveda no tiene el registro al lado: lo olvida su tenedor"
    assert CliRunner().invoke(app, olvidar).exit_code == 0
    assert huellas(pais) == set()


def huellas(pais):
    montado = de_senda.abrir(pais.sistema.montaje, pais.reloj, pais.sistema.llavero, pais.almacenes)
    with montado.registro._motor.connect() as conexion:
        suyas = set(conexion.scalars(select(_huellas.c.huella)))
    montado.registro.cerrar()
    return suyas


def test_la_huella_no_aparece_fuera_del_registro(pais):
    assert CliRunner().invoke(app, ["registro", "instalar", "--carpeta", str(pais.carpeta)]).exit_code == 0
    una, otra = pais.detectar(), pais.detectar()
    registrar(pais, una, otra)
    pais.pedir(ONG, RechazarVinculo(ruta=min(una, otra), otra=max(una, otra), motivo=MotivoVinculo.HOMONIMIA))
    suyas = huellas(pais)
    assert len(suyas) == 2
    formas = [f for huella in suyas for f in (huella, huella.hex().encode(), huella.hex().upper().encode())]
    fuera = {n: octetos for n, octetos in pais.en_disco().items() if not n.startswith("registro/")}
    assert len(fuera) > 6
    assert [(n, f) for n, octetos in fuera.items() for f in [*formas, *RASTROS] if f in octetos] == []
