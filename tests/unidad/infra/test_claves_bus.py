from __future__ import annotations

import base64
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import msgspec
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from infra.azar import AzarSembrado
from infra.mensajeria.topologia import topologia
from infra.mensajeria.transportes import direccion
from infra.rabbitmq.certificados import Taller
from infra.rabbitmq.claves import Clave, ClaveIlegible, Claves
from infra.rabbitmq.definiciones import definiciones
from infra.rabbitmq.permisos import seguridad

AHORA = datetime(2026, 3, 1, tzinfo=UTC)


def test_el_hash_es_el_del_broker():
    # El ejemplo de la documentación de RabbitMQ: contraseña «test12» con sal 908D C60A.
    assert Clave("test12", "908dc60a").hash == "kI3GCqW5JLMJa4iX1lo7X4D6XbYqlLgxIs30+P6tENUV2POR"


def test_la_contrasena_solo_la_lee_su_dueno_y_pedirla_otra_vez_da_la_misma(tmp_path: Path):
    claves, azar = Claves(tmp_path / "bus"), AzarSembrado(1)
    primera = claves.asegurar("GT-PGN", azar)
    assert claves.asegurar("GT-PGN", azar) == primera
    assert (tmp_path / "bus" / "GT-PGN.clave").stat().st_mode & 0o777 == 0o600
    assert claves.renovar("GT-PGN", azar) != primera
    assert len(primera.contrasena) == 64


def test_una_contrasena_no_se_escribe_por_descuido():
    clave = Clave("muysecreta", "908dc60a")
    assert not any(secreto in f"{clave!r} {clave} {[clave]}" for secreto in ("muysecreta", "908dc60a"))


def test_una_contrasena_a_la_vista_no_se_usa(tmp_path: Path):
    claves = Claves(tmp_path)
    claves.asegurar("GT-PGN", AzarSembrado(1))
    (tmp_path / "GT-PGN.clave").chmod(0o644)
    with pytest.raises(ClaveIlegible):
        claves.leer("GT-PGN")


@pytest.mark.parametrize("nombre", ["../fuera", "", ".oculto", "a/b"])
def test_un_usuario_no_elige_donde_se_escribe(tmp_path: Path, nombre: str):
    with pytest.raises(ValueError):
        Claves(tmp_path).leer(nombre)


def test_las_definiciones_no_llevan_ninguna_contrasena(tmp_path: Path):
    claves = Claves(tmp_path)
    s = seguridad(topologia({"deteccion": ["deteccion"]}), ["deteccion"], ["GT-PGN"], reparten=[], vhost="senda")
    suyas = {u.nombre: claves.asegurar(u.nombre, AzarSembrado(u.nombre.encode())) for u in s.usuarios}
    texto = msgspec.json.encode(definiciones(s, {n: c.hash for n, c in suyas.items() if n != "portal"})).decode()
    assert not any(c.contrasena in texto for c in suyas.values())
    usuarios = {u["name"]: u for u in msgspec.json.decode(texto)["users"]}
    assert usuarios["portal"]["password_hash"] == ""
    sal_y_hash = base64.b64decode(usuarios["GT-PGN"]["password_hash"])
    assert sal_y_hash[4:] == sha256(sal_y_hash[:4] + suyas["GT-PGN"].contrasena.encode()).digest()


def test_los_certificados_los_firma_la_autoridad_y_el_nombre_comun_es_el_usuario(tmp_path: Path):
    taller = Taller(tmp_path / "tls", AzarSembrado(1), AHORA)
    assert taller.asegurar(["bus", "127.0.0.1"], ["GT-PGN"]) == ["ca", "servidor", "GT-PGN"]
    assert taller.asegurar(["bus"], ["GT-PGN", "GT-MP"]) == ["GT-MP"]
    autoridad = x509.load_pem_x509_certificate(taller.certificado("ca").read_bytes())
    for nombre in ("servidor", "GT-PGN", "GT-MP"):
        suyo = x509.load_pem_x509_certificate(taller.certificado(nombre).read_bytes())
        suyo.verify_directly_issued_by(autoridad)
        assert [a.value for a in suyo.subject.get_attributes_for_oid(NameOID.COMMON_NAME)] == [nombre]
        assert taller.llave(nombre).stat().st_mode & 0o777 == 0o600
    with pytest.raises(ValueError):
        taller.asegurar([], ["ca"])


def test_la_direccion_dice_como_se_comprueba_al_broker_y_como_se_entra():
    leida = direccion.leer(
        "amqps://GT-PGN@a:5671/v?ca=/x/ca.pem&certificado=/x/c.pem&llave=/x/c.key;amqps://GT-PGN@b/v"
    )
    assert leida["hostname"] == "amqps://GT-PGN@a:5671/v;amqps://GT-PGN@b/v"
    assert leida["login_method"] == "EXTERNAL"
    assert (leida["ssl"]["ca_certs"], leida["ssl"]["certfile"], leida["ssl"]["keyfile"]) == (
        "/x/ca.pem",
        "/x/c.pem",
        "/x/c.key",
    )
    con_clave = direccion.leer("amqps://GT-PGN:s@a/v?certificado=/x/c.pem&llave=/x/c.key")
    assert "login_method" not in con_clave
    assert direccion.leer("amqp://u:c@a/v") == {"hostname": "amqp://u:c@a/v"}


def test_un_parametro_mal_escrito_no_deja_sin_comprobar():
    with pytest.raises(ValueError, match="cacert"):
        direccion.leer("amqps://u@a/v?cacert=/x/ca.pem")
