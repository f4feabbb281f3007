"""A quién se le corta la conexión al aplicar: a quien pierde algo o cambia de contraseña, y a nadie más."""

from __future__ import annotations

from typing import Any, cast

import pytest

from infra.mensajeria.topologia import topologia
from infra.rabbitmq.aplicar import aplicar
from infra.rabbitmq.gestion import Gestion
from infra.rabbitmq.permisos import PORTAL, Seguridad, exacta, nombrados, seguridad

VHOST = "senda"


class GestionDeMentira:
    """Lo que `aplicar` lee y escribe, en memoria. ``cortadas``: de quién se cerraron las conexiones."""

    def __init__(self) -> None:
        self.usuarios: dict[str, dict[str, Any]] = {}
        self.permisos: dict[tuple[str, str], dict[str, Any]] = {}
        self.temas: dict[tuple[str, str, str], dict[str, Any]] = {}
        self.cortadas: list[str] = []

    def leer(self, *ruta: str) -> list[dict[str, Any]]:
        tablas: dict[str, dict[Any, dict[str, Any]]] = {
            "users": self.usuarios,
            "permissions": self.permisos,
            "topic-permissions": self.temas,
        }
        return list(tablas.get(ruta[0], {}).values())

    def enviar(self, contenido: dict[str, Any], *_ruta: str) -> None:
        self.usuarios |= {u["name"]: u for u in contenido["users"]}
        self.permisos |= {(p["vhost"], p["user"]): p for p in contenido["permissions"]}
        self.temas |= {(t["vhost"], t["user"], t["exchange"]): t for t in contenido["topic_permissions"]}

    def borrar(self, *ruta: str) -> None:
        match ruta:
            case ("connections", "username", nombre):
                self.cortadas.append(nombre)
            case ("users", nombre):
                del self.usuarios[nombre]
            case ("permissions", vhost, nombre):
                del self.permisos[vhost, nombre]
            case ("topic-permissions", vhost, nombre, intercambio):
                del self.temas[vhost, nombre, intercambio]


def querida(*activas: str, suspendidas: tuple[str, ...] = ()) -> Seguridad:
    return seguridad(
        topologia({"deteccion": ["deteccion"]}), ["deteccion"], activas, suspendidas, reparten=[], vhost=VHOST
    )


def aplicado(gestion: GestionDeMentira, que: Seguridad, **hashes: str) -> list[str]:
    """Los cortados."""
    gestion.cortadas.clear()
    aplicar(cast("Gestion", gestion), que, {u.nombre: "h" for u in que.usuarios} | hashes)
    return gestion.cortadas


@pytest.fixture
def gestion() -> GestionDeMentira:
    nueva = GestionDeMentira()
    assert aplicado(nueva, querida("GT-PGN", "GT-MP")) == []
    assert aplicado(nueva, querida("GT-PGN", "GT-MP")) == []
    return nueva


@pytest.mark.parametrize("nuevo", ["otro", ""])
def test_quien_cambia_de_contrasena_o_pasa_a_certificado_deja_de_estar_dentro(gestion: GestionDeMentira, nuevo: str):
    hashes = {"GT-PGN": nuevo}
    assert aplicado(gestion, querida("GT-PGN", "GT-MP"), **hashes) == ["GT-PGN"]
    assert aplicado(gestion, querida("GT-PGN", "GT-MP"), **hashes) == []


def test_al_portal_no_se_le_corta_por_un_alta_y_si_por_una_baja(gestion: GestionDeMentira):
    assert aplicado(gestion, querida("GT-PGN", "GT-MP", "GT-SVET")) == []
    assert "SVET" in gestion.permisos[VHOST, PORTAL]["read"]
    assert aplicado(gestion, querida("GT-PGN", "GT-MP", suspendidas=("GT-SVET",))) == [PORTAL]


def test_lo_abierto_a_mano_se_corta_aunque_no_se_sepa_leer(gestion: GestionDeMentira):
    gestion.permisos[VHOST, "GT-PGN"]["read"] = ".*"
    gestion.temas.clear()
    assert aplicado(gestion, querida("GT-PGN", "GT-MP")) == ["GT-PGN", "deteccion"]


def test_de_una_expresion_se_sacan_los_nombres_que_se_pusieron():
    assert nombrados(exacta(())) == frozenset()
    assert nombrados(exacta(("a", "b.c"))) == frozenset({"a", r"b\.c"})
    assert nombrados(".*") is None
