"""El juego suspende a quien debe: el cliente de Python con un defecto cada vez, en su escenario y por su motivo.

Cada defecto es un cambio de texto pequeño sobre un cliente que aprueba: lo que el escenario ve es eso y nada más.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from senda.conformidad.escenarios import TODOS, nombre_de
from tests.conformidad.conftest import ENTERA, KIT, BusDelExamen

Examinar = Callable[..., dict[str, str]]
BUENO = (KIT / "python" / "cliente.py").read_text()


class Defecto(NamedTuple):
    """Qué línea cambia, por cuál, en qué escenario se nota y qué se dice de él."""

    nombre: str
    antes: str
    despues: str
    escenario: str
    motivo: str
    en_poca: bool = False
    antes_bien: bool = True


SIN_ATENDER = "no atendió todos sus encargos"
DOS_VECES = "se le rechazó algo"
ACABO = "acabó solo"
DEFECTOS = [
    Defecto(
        "no dice que alguien lo leyó", '    ("coordinacion", "recibir-derivacion"),\n', "",
        "encargos", "sin recibir-derivacion", en_poca=True,
    ),
    Defecto(
        # En el segundo paso del primer encargo: ese se queda a medias por deprisa que conteste Senda.
        "acaba a medias", "        servicio, nombre = PASOS[paso]\n",
        "        servicio, nombre = PASOS[paso]\n        if paso:\n            raise SystemExit\n",
        "encargos", ACABO,
    ),
    Defecto(
        "no deduplica los avisos", "            return  # repetido\n        if aviso",
        "            pass\n        if aviso", "repetidos", DOS_VECES,
        antes_bien=False,  # al arrancar pide que le repitan, y eso ya se le cruza con lo que llega
    ),
    Defecto(
        "no deduplica los acuses", "WHERE huella = ? AND codigo IS NULL", "WHERE huella = ?", "repetidos", DOS_VECES,
        antes_bien=False,  # repite lo que tarda en acusarse, y en una máquina ocupada eso ya le da dos acuses
    ),
    Defecto(
        "solo mira hacia delante", '        if not self.base.execute("INSERT OR',
        '        ultimo = self.base.execute("SELECT max(numero) FROM avisos").fetchone()[0]\n'
        '        if aviso["numero"] < (ultimo or 0):\n            return\n'
        '        if not self.base.execute("INSERT OR',
        "desorden", SIN_ATENDER,
    ),
    Defecto("se salta los huecos", "if ultimo and falta < ultimo:", "if False:", "hueco", SIN_ATENDER),
    Defecto(
        "no repite lo que no tuvo acuse", "AND enviada < ? ORDER", "AND enviada = 0 AND ? ORDER",
        "acuse-perdido", SIN_ATENDER,
    ),
    Defecto(
        "repite con otro id", "            propiedades = pika",
        "            nuevo = str(uuid.uuid4())\n"
        "            cuerpo = cuerpo.replace(identificador.encode(), nuevo.encode())\n"
        "            huella = hashlib.sha256(cuerpo).hexdigest()\n"
        '            cambio = "UPDATE pedidas SET id = ?, cuerpo = ?, huella = ? WHERE id = ?"\n'
        "            self.base.execute(cambio, (nuevo, cuerpo, huella, identificador))\n"
        "            identificador = nuevo\n"
        "            propiedades = pika",
        "acuse-perdido", DOS_VECES,
    ),
    Defecto(
        "no admite campos nuevos en un aviso", "        aviso = json.loads(cuerpo)\n",
        "        aviso = json.loads(cuerpo)\n"
        '        assert not aviso.keys() & {"novedad"}\n',
        "campos-nuevos", ACABO,
    ),
    Defecto(
        "no admite campos nuevos en un acuse", "        acuse = json.loads(cuerpo)\n",
        "        acuse = json.loads(cuerpo)\n"
        '        assert not acuse.keys() & {"novedad"}\n',
        "campos-nuevos", ACABO,
    ),
    Defecto(
        "no admite un tipo que no conoce", "        # De los demás tipos, también",
        '        assert "comentada" not in aviso["tipo"]\n        # De los demás tipos, también',
        "tipo-desconocido", ACABO,
    ),
    Defecto(
        "no comprueba la firma", "                if es_suya(cuerpo,", "                if True or (cuerpo,",
        "firma-falsa", "no firmó Senda", en_poca=True,
    ),
    Defecto(
        "no mira para quién se firmó", '    return datos["servicio"] == YO', "    return True",
        "firma-falsa", "no firmó Senda",
    ),
    Defecto(
        "lee la clave una sola vez", "        clave = load_pem_private_key(pem.read(), None)",
        '        clave = ORIGENES.setdefault("clave", load_pem_private_key(pem.read(), None))',
        "clave-nueva", SIN_ATENDER,
    ),
    Defecto(
        "no vuelve a conectar", "            time.sleep(2)", "            raise SystemExit from None", "corte", ACABO,
    ),
    Defecto(
        "no pregunta qué llegó mientras no estaba", "        self.repetir_desde(self.primero_que_falta())  # lo que",
        "        # lo que", "dia-sin-conexion", SIN_ATENDER,
    ),
    Defecto(
        "pierde su estado al morir", 'ENTORNO.get("SENDA_ESTADO", "estado.db")', '":memory:"',
        "muerte-subita", DOS_VECES,
    ),
]  # fmt: skip


@pytest.mark.real
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "defecto", [pytest.param(d, id=d.nombre.replace(" ", "-")) for d in DEFECTOS if ENTERA or d.en_poca]
)
def test_suspende_en_su_escenario_y_solo_por_su_motivo(
    examen: Examinar, bus_llano: BusDelExamen, python_de_institucion: str, tmp_path: Path, defecto: Defecto
):
    assert BUENO.count(defecto.antes) == 1
    malo = tmp_path / "malo.py"
    malo.write_text(BUENO.replace(defecto.antes, defecto.despues))
    # Lo que no va con él lo aprueba: no es que el cliente no ande.
    bien = ["encargos"] if defecto.antes_bien and defecto.escenario != "encargos" else []
    suspendidos = examen([python_de_institucion, str(malo)], [*bien, defecto.escenario], bus_llano, plazo=10.0)
    assert suspendidos.keys() == {defecto.escenario}
    assert defecto.motivo in suspendidos[defecto.escenario]


def test_cada_escenario_suspende_a_alguien():
    assert {d.escenario for d in DEFECTOS} == {nombre_de(e) for e in TODOS}


@pytest.mark.timeout(300)
def test_el_cliente_de_empezar_atiende_pero_no_aguanta_un_corte(examen: Examinar):
    suspendidos = examen([sys.executable, str(KIT / "http" / "cliente.py")], ["encargos", "corte"], plazo=30.0)
    assert suspendidos == {"corte": "el programa acabó solo"}
