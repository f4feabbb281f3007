"""Los secretos de los contenedores: cada uno donde solo lo lee quien lo usa, y los que ya estaban, intactos."""

from __future__ import annotations

import stat
from datetime import UTC, datetime

from cryptography import x509

from infra.azar import AzarReal
from senda.secretos import SERVIDORES, Secretos

AHORA = datetime(2026, 5, 1, tzinfo=UTC)


def preparados(carpeta, *ademas):
    return Secretos(carpeta, AzarReal(), AHORA, ademas or ("localhost", "127.0.0.1")).preparar()


def test_la_privada_de_la_autoridad_solo_esta_en_su_carpeta(tmp_path):
    preparados(tmp_path)
    assert [a.parent.name for a in tmp_path.rglob("ca.key")] == ["autoridad"]


def test_cada_servidor_tiene_certificado_para_sus_nombres_de_la_misma_autoridad(tmp_path):
    preparados(tmp_path, "bus.ejemplo")
    autoridad = x509.load_pem_x509_certificate((tmp_path / "autoridad/ca.pem").read_bytes())
    for servidor, nombres in SERVIDORES.items():
        certificado = x509.load_pem_x509_certificate((tmp_path / servidor / "servidor.pem").read_bytes())
        certificado.verify_directly_issued_by(autoridad)
        alternativos = certificado.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        assert set(alternativos.get_values_for_type(x509.DNSName)) == {*nombres, "bus.ejemplo"}


def test_nadie_mas_lee_nada_y_el_grupo_solo_lo_de_quien_instala(tmp_path):
    preparados(tmp_path)
    del_grupo = set()
    for archivo in (a for a in tmp_path.rglob("*") if a.is_file() and a.suffix != ".pem"):
        modo = stat.S_IMODE(archivo.stat().st_mode)
        assert not modo & stat.S_IRWXO
        if modo & stat.S_IRWXG:
            del_grupo.add(str(archivo.relative_to(tmp_path)))
    assert del_grupo == {"autoridad/ca.key", "instalar/postgres", "instalar/rabbitmq", "boveda/clave"}


def test_repetirlo_no_cambia_nada_y_quien_trae_los_suyos_los_conserva(tmp_path):
    (tmp_path / "postgres").mkdir()
    (tmp_path / "postgres/clave").write_text("la-mia\n")
    assert "postgres/clave" not in preparados(tmp_path)
    assert (tmp_path / "instalar/postgres").read_text() == "la-mia"
    antes = {a: a.read_bytes() for a in tmp_path.rglob("*") if a.is_file()}
    assert preparados(tmp_path) == []
    assert {a: a.read_bytes() for a in tmp_path.rglob("*") if a.is_file()} == antes


def test_lo_que_lee_quien_instala_es_lo_que_sabe_el_servidor(tmp_path):
    preparados(tmp_path)
    clave = (tmp_path / "instalar/rabbitmq").read_text()
    assert f"default_pass = {clave}\n" in (tmp_path / "rabbitmq/administrador.conf").read_text()
    assert (tmp_path / "instalar/postgres").read_text() == (tmp_path / "postgres/clave").read_text()
    assert (tmp_path / "boveda/clave").read_text() == (tmp_path / "postgres-boveda/clave").read_text()
