"""Restaurado un origen, el libro o todo a un instante anterior: qué falta, de dónde sale, y que nada se bifurque."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import sqlalchemy as sa

from infra.almacen.esquema import eventos, solicitudes
from infra.azar import AzarReal, AzarSembrado
from infra.reloj import RelojReal
from infra.seguridad.firma import firmar
from senda.auditoria.refrendo import SinRefrendo
from senda.cliente import VIGENCIA
from senda.composicion import CONTEXTOS, Montaje
from senda.consulta import base_abierta
from senda.despliegue import leer
from senda.restauracion.bases import bases_de
from senda.restauracion.boveda import contar_otra_vez
from senda.restauracion.comprobacion import comprobar
from senda.restauracion.hallazgos import Codigo, Informe, Veredicto
from senda.restauracion.libro import FaltanHechos, LibroAjeno
from senda.restauracion.recuperacion import Recuperado, recuperar
from tests.integracion.boveda.pais import Pais
from tests.integracion.restauracion.ensayo import Ensayo, acuse_de


def mirar(carpeta: Path, *puntos: Path) -> Informe:
    with bases_de(carpeta, leer(carpeta)) as bases:
        return comprobar(bases, puntos)


def reponer(carpeta: Path, exportado: Path | None = None) -> Recuperado:
    despliegue = leer(carpeta)
    montaje = Montaje(carpeta, despliegue, RelojReal(), AzarReal())
    with bases_de(carpeta, despliegue) as bases:
        hecho = recuperar(bases, montaje, exportado=exportado, colas=False, contar=lambda: contar_otra_vez(montaje))
    assert isinstance(hecho, Recuperado), hecho
    return hecho


def codigos(informe: Informe) -> set[Codigo]:
    return {h.codigo for h in informe.hallazgos}


def hechos(carpeta: Path, servicio: str) -> list[bytes]:
    with base_abierta(leer(carpeta).bases[servicio]) as motor, motor.connect() as conexion:
        return list(conexion.scalars(sa.select(eventos.c.cuerpo).order_by(eventos.c.posicion)))


def continuar(carpeta: Path, ensayo: Ensayo) -> Pais:
    """Lo arranca y le pide algo más."""
    pais: Pais = Pais.reabierto(carpeta, ensayo.pais, AzarSembrado(77))
    pais.asentar()
    pais.detectar()
    pais.asentar()
    pais.sistema.despedir()
    return pais


def test_lo_que_no_se_restauro_esta_completo(ensayo, archivado) -> None:
    informe = mirar(archivado.al_final, ensayo.punto)
    assert informe.veredicto is Veredicto.CONTINUA
    assert not informe.hallazgos
    assert [p.refrendos for p in informe.puntos] == [("defensoria.example/testigo",)] * 2


@pytest.mark.parametrize("servicio", ["deteccion", "coordinacion"])
def test_a_un_origen_restaurado_se_le_devuelve_lo_suyo(ensayo, archivado, desastre, tmp_path, servicio) -> None:
    carpeta = desastre(servicio)
    antes = hechos(carpeta, servicio)
    informe = mirar(carpeta)
    assert (informe.veredicto, codigos(informe)) == (Veredicto.RECUPERABLE, {Codigo.ORIGEN_ATRASADO}) or (
        servicio == "coordinacion" and codigos(informe) == {Codigo.ORIGEN_ATRASADO, Codigo.DESTRUCCION_SIN_CONTAR}
    )
    hecho = reponer(carpeta)
    assert hecho.despues.veredicto is Veredicto.CONTINUA
    assert hechos(carpeta, servicio) == hechos(archivado.al_final, servicio)
    assert hecho.origenes == {f"/gt/{servicio}": len(hechos(carpeta, servicio)) - len(antes)}
    pais = continuar(carpeta, ensayo)
    assert len(hechos(carpeta, servicio)) > len(hechos(archivado.al_final, servicio))
    pais.cerrar()
    ensayo.refrendar(carpeta)
    verificado = ensayo.verificar(carpeta, tmp_path / "libro")
    # Lo que firmaron las instituciones después de T se perdió con la base hasta que lo repitan.
    assert {f.codigo.value for f in verificado.faltas} <= {"solicitud-ausente"}


def test_quien_repite_lo_que_pidio_recibe_el_acuse_de_entonces_y_no_otro_efecto(ensayo, desastre, tmp_path) -> None:
    carpeta = desastre("deteccion")
    reponer(carpeta)
    pais = Pais.reabierto(carpeta, ensayo.pais, AzarSembrado(78))
    pais.asentar()
    cuantos = len(hechos(carpeta, "deteccion"))
    assert acuse_de(pais, ensayo.tras_t) in ensayo.recibos
    assert len(hechos(carpeta, "deteccion")) == cuantos
    with base_abierta(leer(carpeta).bases["deteccion"]) as motor, motor.connect() as conexion:
        fila = conexion.execute(sa.select(solicitudes).where(solicitudes.c.id == ensayo.tras_t.id)).one()
    assert fila.firma == ensayo.tras_t.firma
    assert acuse_de(pais, ensayo.tras_t) in ensayo.recibos
    pais.cerrar()


def test_lo_recuperado_se_acusa_aunque_su_firma_ya_no_se_pueda_comprobar_y_con_ella_no_se_guarda(
    ensayo, desastre
) -> None:
    """Quien cambió de clave, o está suspendida, repite lo que ya causó efecto: se le dice lo que pasó."""
    carpeta = desastre("deteccion")
    reponer(carpeta)
    pais = Pais.reabierto(carpeta, ensayo.pais, AzarSembrado(80))
    pais.asentar()
    assert acuse_de(pais, ensayo.tras_t._replace(firma="de.otra.clave")) in ensayo.recibos
    with base_abierta(leer(carpeta).bases["deteccion"]) as motor, motor.connect() as conexion:
        assert conexion.execute(sa.select(solicitudes).where(solicitudes.c.id == ensayo.tras_t.id)).first() is None
    assert acuse_de(pais, ensayo.tras_t) in ensayo.recibos
    pais.cerrar()


def test_lo_recuperado_se_acusa_aunque_otro_cuerpo_ocupe_ya_su_id(ensayo, desastre) -> None:
    """Reutilizó el id, y tras restaurar llega antes lo que entonces se rechazó (semilla 107 del banco de averías)."""
    carpeta = desastre("deteccion")
    reponer(carpeta)
    pais = Pais.reabierto(carpeta, ensayo.pais, AzarSembrado(81))
    pais.asentar()
    datos = json.loads(ensayo.tras_t.cuerpo) | {"agente": "ag-0badc0de"}
    otro = json.dumps(datos).encode()
    credencial = pais.credenciales["GT-ONG"]
    caduca = pais.reloj.ahora() + VIGENCIA
    firma = firmar(otro, credencial.clave, credencial.codigo, "deteccion", ensayo.tras_t.id, caduca)
    acuse_de(pais, ensayo.tras_t._replace(cuerpo=otro, firma=firma))
    cuantos = len(hechos(carpeta, "deteccion"))
    for _ in range(2):
        assert acuse_de(pais, ensayo.tras_t) in ensayo.recibos
    assert len(hechos(carpeta, "deteccion")) == cuantos
    pais.cerrar()


def test_sin_reponer_nada_repetir_lo_pedido_seria_otra_persona(ensayo, desastre) -> None:
    """Por qué hace falta: lo que hoy haría un origen restaurado que arranca sin más."""
    carpeta = desastre("deteccion")
    pais = Pais.reabierto(carpeta, ensayo.pais, AzarSembrado(79))
    otra, _ = acuse_de(pais, ensayo.tras_t)
    entonces = next(json.loads(c) for c, _ in ensayo.recibos if json.loads(c)["id"] == ensayo.tras_t.id)
    assert json.loads(otra)["eventos"][0]["sujeto"] != entonces["eventos"][0]["sujeto"]
    pais.cerrar()
    assert Codigo.ORIGEN_DISTINTO in codigos(mirar(carpeta))


@pytest.mark.parametrize("cual", ["publico", "entero"])
def test_el_libro_restaurado_llega_a_la_misma_raiz_en_el_mismo_tamano(ensayo, archivado, desastre, tmp_path, cual):
    carpeta = desastre("auditoria")
    bueno = mirar(archivado.al_final)
    assert Codigo.LIBRO_CORTO in codigos(mirar(carpeta))
    hecho = reponer(carpeta, getattr(ensayo, cual))
    # Lo público no dice quién leyó qué: esas lecturas, si solo hay eso, se perdieron y se dice.
    esperado = set() if cual == "entero" else {Codigo.ACCESOS_CORTOS}
    assert codigos(hecho.despues) == esperado
    assert (hecho.despues.tamano, hecho.despues.raiz) == (bueno.tamano, bueno.raiz)
    continuar(carpeta, ensayo).cerrar()
    assert mirar(carpeta).tamano > bueno.tamano
    ensayo.refrendar(carpeta)
    if cual == "entero":
        assert not ensayo.verificar(carpeta, tmp_path / "libro").faltas


def test_con_un_libro_menos_reciente_que_lo_prometido_se_dice_y_no_se_firma(ensayo, desastre) -> None:
    hecho = reponer(desastre("auditoria"), ensayo.fuera / "vieja")
    assert hecho.entradas > 0
    assert (hecho.despues.veredicto, Codigo.LIBRO_CORTO in codigos(hecho.despues)) == (Veredicto.INCOMPLETO, True)


def test_todo_restaurado_a_un_instante_se_continua_con_el_libro_exportado(ensayo, archivado, desastre, tmp_path):
    carpeta = desastre()
    informe = mirar(carpeta)
    assert informe.veredicto is Veredicto.INCOMPLETO
    assert Codigo.LIBRO_CORTO in codigos(informe)
    hecho = reponer(carpeta, ensayo.entero)
    assert not hecho.despues.hallazgos
    assert hecho.solicitudes > 0
    for servicio in CONTEXTOS:
        assert hechos(carpeta, servicio) == hechos(archivado.al_final, servicio)
    pais = continuar(carpeta, ensayo)
    cuantos = len(hechos(carpeta, "deteccion"))
    assert acuse_de(pais, ensayo.tras_t) in ensayo.recibos
    assert len(hechos(carpeta, "deteccion")) == cuantos
    pais.cerrar()
    ensayo.refrendar(carpeta)
    assert not ensayo.verificar(carpeta, tmp_path / "libro").faltas


def test_todo_restaurado_y_solo_lo_publico_no_basta_y_no_toca_nada(ensayo, desastre) -> None:
    carpeta = desastre()
    antes = mirar(carpeta)
    with pytest.raises(FaltanHechos):
        reponer(carpeta, ensayo.publico)
    assert mirar(carpeta) == antes


def test_lo_que_solo_guarda_quien_lo_sigue_tambien_vuelve(ensayo, archivado, desastre) -> None:
    """El origen y el libro, restaurados los dos: quedan los bytes que recibieron los demás."""
    carpeta = desastre("deteccion", "auditoria")
    hecho = reponer(carpeta, ensayo.publico)
    assert hechos(carpeta, "deteccion") == hechos(archivado.al_final, "deteccion")
    assert hecho.despues.raiz == mirar(archivado.al_final).raiz


def test_un_libro_bifurcado_se_dice_y_no_se_repone(ensayo, desastre, tmp_path) -> None:
    """Restaurado todo y arrancado sin comprobar: escribe otra cosa donde ya había prometido."""
    carpeta = desastre(retenido=False)
    pais = Pais.reabierto(carpeta, ensayo.pais, AzarSembrado(80))
    while mirar(carpeta).tamano < mirar(carpeta, ensayo.punto).puntos[0].tamano:
        pais.detectar()
        pais.asentar()
    pais.sistema.despedir()
    pais.cerrar()
    informe = mirar(carpeta, ensayo.punto)
    assert informe.veredicto is Veredicto.BIFURCADO
    assert Codigo.LIBRO_BIFURCADO in codigos(informe)
    with pytest.raises(SinRefrendo):
        ensayo.refrendar(carpeta)
    assert "historia-reescrita" in {f.codigo.value for f in ensayo.verificar(carpeta, tmp_path / "libro").faltas}
    with pytest.raises(LibroAjeno):
        reponer(carpeta, ensayo.entero)


def test_un_punto_de_otro_libro_no_vale(ensayo, desastre, tmp_path) -> None:
    lineas = ensayo.punto.read_text().split("\n")
    lineas[1] = str(int(lineas[1]) - 1)
    (tmp_path / "otro").write_text("\n".join(lineas))
    assert Codigo.PUNTO_AJENO in codigos(mirar(desastre("deteccion"), tmp_path / "otro"))


def test_una_exportacion_alterada_no_se_repone(ensayo, desastre, tmp_path) -> None:
    shutil.copytree(ensayo.entero, tmp_path / "alterado")
    (paquete,) = [a for a in (tmp_path / "alterado" / "tile" / "entries").rglob("*") if a.is_file()]
    octetos = bytearray(paquete.read_bytes())
    octetos[-3] ^= 1
    paquete.write_bytes(octetos)
    carpeta = desastre()
    antes = mirar(carpeta)
    with pytest.raises(FaltanHechos):
        reponer(carpeta, tmp_path / "alterado")
    assert mirar(carpeta) == antes
