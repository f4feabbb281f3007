"""La bóveda en un despliegue entero: la identidad no sale de ella, y tras destruir el libro sigue verificando."""

from __future__ import annotations

import logging
from contextlib import ExitStack

import msgspec
import pytest

from contratos.solicitudes.atencion import OtorgarConsentimiento, RevocarConsentimiento
from contratos.solicitudes.deteccion import ConfirmarVinculo, RectificarHecho
from contratos.solicitudes.justicia import PresentarDenuncia
from eventos.atencion import Alcance
from eventos.comun import Efecto
from eventos.deteccion import Fundamento, PresuntaVictimaDetectada
from eventos.justicia import QuienDenuncia
from eventos.listas import QuienConsiente
from eventos.motivos import MotivoRectificacion
from eventos.seguridad import AccesoExcepcional, ClaveDestruida, MotivoAcceso, MotivoDestruccion
from eventos.sobre import decodificar
from eventos.tipos import SiNo
from infra.mensajeria.transportes.memoria import TransporteMemoria
from infra.seguridad.boveda import rechazos as no
from infra.seguridad.boveda.destruccion import ESPERA, Estado
from infra.seguridad.boveda.ficha import abrir_entrega
from infra.seguridad.boveda.politica import Base, Finalidad, Titulo
from infra.seguridad.llavero import ClaveEnDisco
from infra.seguridad.recuperacion import reunir
from infra.seguridad.sello import abrir
from senda import boveda as de_senda
from senda import registro as de_registro
from senda.auditoria.verificacion import verificar_despliegue
from senda.consulta import historia
from senda.orden.ruta import llana
from servicios.auditoria.accesos import MotivoAcceso as MotivoLectura
from tests.integracion.boveda.mundo import FICHA, RASTROS
from tests.integracion.boveda.pais import ONG, OTRA, RELATO, UNA, Pais


@pytest.fixture
def publicado(monkeypatch):
    """Todo lo que pasa por las colas."""
    cuerpos: list[bytes] = []
    publicar = TransporteMemoria.publicar

    def apuntar(self, mensajes):
        mensajes = list(mensajes)
        cuerpos.extend(repr(m).encode() + m.cuerpo for m in mensajes)
        return publicar(self, mensajes)

    monkeypatch.setattr(TransporteMemoria, "publicar", apuntar)
    return cuerpos


@pytest.fixture
def pais(tmp_path, publicado):
    abierto = Pais(tmp_path / "despliegue")
    yield abierto
    abierto.cerrar()


def hechos(pais, ruta):
    contada = historia(pais.carpeta, ruta, None, None, MotivoLectura.SUPERVISION)
    return [a.hecho for a in contada.hechos]


def test_la_identidad_plantada_no_aparece_en_ningun_sitio(pais, publicado, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    ruta = pais.detectar()
    pais.depositar(ruta)
    entrega = pais.boveda.abrir(ONG, ruta, Finalidad.PROTECCION_NNA)
    assert abrir_entrega(entrega, pais.privadas["GT-ONG"]) == FICHA
    pais.boveda.abrir_excepcional(UNA, ruta, MotivoAcceso.RIESGO_DE_VIDA)
    with pytest.raises(no.DepositoDeOtraRuta) as error:
        pais.boveda.depositar(ONG, pais.azar.uuid4(), pais.cerrar_deposito(ruta), titulo_de(ruta))
    assert pais.montada.contar() == 1
    pais.sistema.planificador.hasta_reposo()
    exportado = msgspec.json.encode(llana(historia(pais.carpeta, ruta, None, None, MotivoLectura.SUPERVISION)))
    salida = capfd.readouterr()
    sitios = {
        **pais.en_disco(),
        "colas": b"".join(publicado),
        "exportado": exportado,
        "registro": caplog.text.encode() + salida.out.encode() + salida.err.encode(),
        "error": repr(error.value).encode() + repr(error.getrepr()).encode(),
    }
    assert str(ruta).encode() in sitios["colas"]
    assert sum(len(s) for s in sitios.values()) > 100_000
    assert [(sitio, rastro) for sitio, octetos in sitios.items() for rastro in RASTROS if rastro in octetos] == []


def titulo_de(ruta):
    return Titulo(base=Base.MANDATO, referencia=ruta, finalidades=frozenset({Finalidad.PROTECCION_NNA}))


def test_romper_el_vidrio_llega_al_libro_una_sola_vez(pais):
    ruta = pais.detectar()
    pais.depositar(ruta)
    pais.boveda.abrir_excepcional(ONG, ruta, MotivoAcceso.DESAPARICION)
    [pendiente] = pais.boveda.pendientes()
    contado, pais.boveda.contado = pais.boveda.contado, lambda _numero: None
    pais.montada.contar()  # como si se cortara antes de apuntar que ya se contó
    pais.boveda.contado = contado
    assert pais.montada.contar() == 1
    pais.sistema.planificador.hasta_reposo()
    assert [h for h in hechos(pais, ruta) if isinstance(h, AccesoExcepcional)] == [pendiente.hecho]
    assert pais.montada.contar() == 0


def test_el_consentimiento_de_atencion_abre_y_su_revocacion_cierra(pais):
    ruta = pais.detectar()
    otorgar = OtorgarConsentimiento(
        ruta=ruta, alcances=(Alcance.COMPARTIR,), por=QuienConsiente.PERSONA, persona_oida=True, idioma="spa"
    )
    [otorgado, *_] = pais.pedir(ONG, otorgar)
    consentimiento = msgspec.convert(otorgado.datos["consentimiento"], type=type(ruta))
    titulo = Titulo(base=Base.CONSENTIMIENTO, referencia=consentimiento, finalidades=frozenset({Finalidad.ATENCION}))
    pais.boveda.depositar(ONG, ruta, pais.cerrar_deposito(ruta), titulo)
    assert pais.boveda.abrir(ONG, ruta, Finalidad.ATENCION)
    revocar = RevocarConsentimiento(
        ruta=ruta, consentimiento=consentimiento, por=QuienConsiente.PERSONA, presion=SiNo.NO
    )
    pais.pedir(ONG, revocar)
    with pytest.raises(no.PermisoTerminado):
        pais.boveda.abrir(ONG, ruta, Finalidad.ATENCION)


def test_solo_deposita_quien_participa_en_la_ruta(pais):
    ajena = pais.azar.uuid4()
    with pytest.raises(no.DepositoSinParticipar):
        pais.depositar(ajena)
    pais.depositar(pais.detectar())


def test_con_un_proceso_abierto_no_se_destruye(pais):
    ruta = pais.detectar()
    pais.depositar(ruta)
    pais.pedir(ONG, PresentarDenuncia(ruta=ruta, denunciante=next(iter(QuienDenuncia))))
    with pytest.raises(no.MandatoEnPie):
        pais.destruccion.pedir(UNA, ruta, MotivoDestruccion.PERSONA_LO_PIDE)


def test_con_un_proceso_en_otra_ruta_de_la_misma_persona_tampoco(pais):
    """También si la otra se vincula después de confirmarla; rectificado el vínculo, ya no es suyo."""
    ruta, medio, otra = (pais.detectar() for _ in range(3))
    pais.pedir(ONG, PresentarDenuncia(ruta=otra, denunciante=next(iter(QuienDenuncia))))
    peticion = pais.destruccion.pedir(UNA, ruta, MotivoDestruccion.PERSONA_LO_PIDE)
    pais.destruccion.confirmar(OTRA, peticion)
    vinculo = vincular(pais, ruta, medio)
    vincular(pais, medio, otra)
    pais.reloj.adelantar(ESPERA)
    with pytest.raises(no.MandatoEnPie):
        pais.montada.ejecutar(UNA, peticion)
    with pytest.raises(no.MandatoEnPie):
        pais.destruccion.pedir(UNA, medio, MotivoDestruccion.PERSONA_LO_PIDE)
    pais.pedir(
        UNA,
        RectificarHecho(
            ruta=vinculo.sujeto, corrige=vinculo.id, efecto=Efecto.ANULADO,
            motivo=MotivoRectificacion.ERROR_DE_REGISTRO,
        ),
    )  # fmt: skip
    pais.montada.ejecutar(UNA, peticion)


def vincular(pais, una, otra):
    [vinculo, *_] = pais.pedir(UNA, ConfirmarVinculo(ruta=una, otra=otra, fundamento=Fundamento.DOCUMENTO))
    return vinculo


def test_destruir_una_ruta_no_toca_las_demas_de_la_misma_persona(pais):
    ruta, otra = pais.detectar(), pais.detectar()
    for una in (ruta, otra):
        pais.depositar(una)
    vincular(pais, ruta, otra)
    clave = pais.sistema.llavero.obtener(otra)
    peticion = pais.destruccion.pedir(UNA, ruta, MotivoDestruccion.PERSONA_LO_PIDE)
    pais.destruccion.confirmar(OTRA, peticion)
    pais.reloj.adelantar(ESPERA)
    pais.montada.ejecutar(UNA, peticion)
    with pytest.raises(no.IdentidadDestruida):
        pais.boveda.abrir(ONG, ruta, Finalidad.PROTECCION_NNA)
    assert abrir_entrega(pais.boveda.abrir(ONG, otra, Finalidad.PROTECCION_NNA), pais.privadas["GT-ONG"]) == FICHA
    assert pais.sistema.llavero.obtener(otra) == clave


def test_tras_destruir_nadie_descifra_sus_hechos_y_el_libro_verifica(pais):
    ruta, otra = pais.detectar(), pais.detectar()
    pais.depositar(ruta)
    clave, de_otra = pais.sistema.llavero.obtener(ruta), pais.sistema.llavero.obtener(otra)
    cuerpo = cuerpo_con_relato(pais, ruta)
    abierto = decodificar(cuerpo, lambda c, dato: abrir(clave, c, dato)).hecho
    assert isinstance(abierto, PresuntaVictimaDetectada)
    assert abierto.relato == RELATO
    maestra = (pais.carpeta / "maestra").read_bytes()

    peticion = pais.destruccion.pedir(UNA, ruta, MotivoDestruccion.PERSONA_LO_PIDE)
    pais.destruccion.confirmar(OTRA, peticion)
    pais.reloj.adelantar(ESPERA)
    pais.montada.ejecutar(UNA, peticion)
    pais.sistema.planificador.hasta_reposo()

    assert pais.sistema.llavero.obtener(ruta) is None
    assert pais.sistema.llavero.obtener(otra) == de_otra
    octetos = b"".join(pais.en_disco().values())
    assert maestra not in octetos
    assert clave not in octetos
    assert cuerpo in octetos, "el hecho sigue, mudo"
    assert [h.autorizan for h in hechos(pais, ruta) if isinstance(h, ClaveDestruida)] == [(UNA.agente, OTRA.agente)]
    informe = verificar_despliegue(pais.carpeta)
    assert informe.correcto, informe.faltas
    # Y los servicios siguen: la maestra nueva les llegó por el archivo.
    assert pais.detectar()


def cuerpo_con_relato(pais, ruta):
    from sqlalchemy import select

    from infra.almacen.esquema import eventos

    with pais.almacenes["deteccion"].motor.connect() as conexion:
        return conexion.scalars(select(eventos.c.cuerpo).where(eventos.c.agregado == ruta)).first()


def test_si_quedan_restos_no_se_da_por_destruida_y_repetirla_la_termina(pais, monkeypatch):
    ruta = pais.detectar()
    peticion = pais.destruccion.pedir(UNA, ruta, MotivoDestruccion.PERSONA_LO_PIDE)
    pais.destruccion.confirmar(OTRA, peticion)
    pais.reloj.adelantar(ESPERA)
    with monkeypatch.context() as alguien_lee:
        alguien_lee.setattr("infra.seguridad.llavero.vaciar_wal", lambda _motor: False)
        with pytest.raises(ClaveEnDisco):
            pais.montada.ejecutar(UNA, peticion)
    assert [p.estado for p in pais.destruccion.peticiones()] == [Estado.EJECUTANDO]
    pais.sistema.planificador.hasta_reposo()
    assert not [h for h in hechos(pais, ruta) if isinstance(h, ClaveDestruida)]
    pais.montada.ejecutar(UNA, peticion)
    pais.sistema.planificador.hasta_reposo()
    assert [p.estado for p in pais.destruccion.peticiones()] == [Estado.EJECUTADA]
    assert [h for h in hechos(pais, ruta) if isinstance(h, ClaveDestruida)]


def test_si_se_corta_tras_rotar_repetirla_rehace_el_paquete(pais, monkeypatch):
    """Un paquete con claves que ya no existen no recupera a nadie el día que se pierda el disco."""
    ruta = pais.detectar()
    pais.depositar(ruta)
    partes = de_senda.repartir(pais.carpeta, 2, 3, pais.azar)
    peticion = pais.destruccion.pedir(UNA, ruta, MotivoDestruccion.ORDEN_DE_AUTORIDAD)
    pais.destruccion.confirmar(OTRA, peticion)
    pais.reloj.adelantar(ESPERA)

    def se_cae(*_):
        raise OSError

    with monkeypatch.context() as corte:
        corte.setattr(de_senda, "empaquetar", se_cae)
        with pytest.raises(OSError):
            pais.montada.ejecutar(UNA, peticion)
    with pytest.raises(no.DestruccionDesconocida):
        pais.montada.ejecutar(UNA, peticion)
    paquete = (pais.carpeta / "boveda" / "paquete.jwe").read_text()
    assert (pais.carpeta / "boveda" / "envoltura").read_bytes() in set(reunir(partes[:2], paquete).values())


def test_lo_confirmado_de_identidades_y_claves_espera_al_disco(pais):
    """SQLite con WAL en NORMAL puede perder las últimas confirmaciones en un corte de luz."""
    de_registro.instalar(pais.carpeta, None, pais.azar)
    registro = de_registro.abrir(pais.sistema.montaje, pais.reloj, pais.sistema.llavero, pais.almacenes)
    motores = (pais.boveda.motor, pais.sistema.llavero._motor, registro.registro._motor)
    with ExitStack() as abiertas:
        modos = [abiertas.enter_context(m.connect()).exec_driver_sql("PRAGMA synchronous").scalar() for m in motores]
    assert modos == [2, 2, 2]
    registro.registro.cerrar()


def test_se_recuperan_las_claves_perdidas_y_un_paquete_viejo_no_abre_lo_de_ahora(pais):
    ruta, otra = pais.detectar(), pais.detectar()
    pais.depositar(ruta)
    pais.depositar(otra)
    partes = de_senda.repartir(pais.carpeta, 2, 3, pais.azar)
    viejo = (pais.carpeta / "boveda" / "paquete.jwe").read_text()
    peticion = pais.destruccion.pedir(UNA, ruta, MotivoDestruccion.ORDEN_DE_AUTORIDAD)
    pais.destruccion.confirmar(OTRA, peticion)
    pais.reloj.adelantar(ESPERA)
    pais.montada.ejecutar(UNA, peticion)
    nuevo = (pais.carpeta / "boveda" / "paquete.jwe").read_text()
    perdidas = {n: (pais.carpeta / n).read_bytes() for n in ("boveda/envoltura", "boveda/recepcion", "maestra")}
    assert not any(parte.encode() in octetos for parte in partes for octetos in pais.en_disco().values())
    assert not set(reunir(partes[:2], viejo).values()) & {perdidas["boveda/envoltura"], perdidas["maestra"]}
    for nombre in perdidas:
        (pais.carpeta / nombre).unlink()
    assert set(de_senda.recuperar(pais.carpeta, partes[1:], nuevo)) == {"envoltura", "recepcion", "maestra"}
    assert {n: (pais.carpeta / n).read_bytes() for n in perdidas} == perdidas
    assert de_senda.recuperar(pais.carpeta, partes[1:], nuevo) == []
    assert abrir_entrega(pais.boveda.abrir(ONG, otra, Finalidad.PROTECCION_NNA), pais.privadas["GT-ONG"]) == FICHA
