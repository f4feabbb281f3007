"""El banco del camino por turnos: los mismos bytes a cada uno, encolar no cuenta, y lo que no llega se dice."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from senda.banco.camino.corrida import META_BIBLIOTECA, META_CRECER, META_NAMEKO, META_PROTOTIPO
from senda.banco.camino.latencia import META as META_LATENCIA
from senda.banco.camino.prototipo.examen import Examen, NoVale
from senda.banco.camino.solicitudes import INSTITUCION, Solicitante
from senda.banco.camino.turnos import turnos
from senda.banco.informe import Informe, en_tabla, razon
from senda.banco.medir import Tiempos
from senda.cliente import Compuesta


class _Fingido:
    """Apunta lo que se le pide; su libro crece al abrir."""

    def __init__(self, nombre: str, diario: list[tuple[str, str]]) -> None:
        self.nombre, self.diario = nombre, diario
        self.recibido: list[bytes] = []
        self._en_cola = self._anotados = 0

    def encolar(self, compuestas: Sequence[Compuesta]) -> None:
        self.diario.append((self.nombre, "encolar"))
        self.recibido += [c.cuerpo for c in compuestas]
        self._en_cola += len(compuestas)

    def abrir(self) -> None:
        self.diario.append((self.nombre, "abrir"))
        self._anotados += self._en_cola
        self._en_cola = 0

    def cerrar(self) -> None:
        self.diario.append((self.nombre, "cerrar"))

    def anotados(self) -> int:
        return self._anotados

    def esperar(self, cuantos: int) -> None:
        assert self._anotados == cuantos

    def esperar_acuses(self, cuantos: int) -> None:
        assert cuantos

    def cpu(self) -> float:
        return float(self._anotados)


def test_por_turnos_con_los_mismos_bytes_y_encolando_antes_de_abrir() -> None:
    diario: list[tuple[str, str]] = []
    a, b = _Fingido("a", diario), _Fingido("b", diario)
    tiempos = turnos({"a": a, "b": b}, Solicitante(1).pedir, {"a": 3, "b": 2}, vueltas=2)
    turno = ["encolar", "abrir", "cerrar"]
    assert diario == [(quien, que) for _ in range(3) for quien in "ab" for que in turno]
    assert [b.recibido[i : i + 2] for i in (0, 2, 4)] == [a.recibido[i : i + 2] for i in (0, 3, 6)]
    # Por solicitud, sin la vuelta que calienta: aquí cada una gasta uno.
    assert {nombre: suyos.cpu for nombre, suyos in tiempos.items()} == {"a": (1.0, 1.0), "b": (1.0, 1.0)}


def test_lo_que_no_llega_a_su_meta_se_dice() -> None:
    lento, rapido = Tiempos((1.0, 1.0)), Tiempos((1.5, 1.5))
    corta = razon("corta", "corta", lento, rapido, META_PROTOTIPO)
    llega = razon("llega", "llega", lento, lento, META_PROTOTIPO)
    assert (corta.cumple, llega.cumple) == (False, True)
    tabla = en_tabla(Informe(banco="camino", instante="", orden="", maquina={}, cifras=[corta, llega]))
    assert [str(c) for c in tabla.columns[-1].cells] == ["[red]✗[/]", "[green]✓[/]"]


def test_las_metas_son_las_del_proyecto() -> None:
    assert (META_PROTOTIPO, META_NAMEKO, META_BIBLIOTECA, META_CRECER, META_LATENCIA) == (0.7, 5, 10, 1.1, 20)


def test_el_prototipo_comprueba_lo_mismo() -> None:
    quien = Solicitante(1)
    examen = Examen({INSTITUCION: (quien.credencial.clave.public_key(), {"rectoria"})}, "deteccion")
    (buena,) = quien.pedir(1)
    from datetime import UTC, datetime

    ahora = datetime.now(UTC)
    assert examen.pasar(buena.cuerpo, buena.firma, ahora).cuerpo == buena.cuerpo
    otra = quien.pedir(1)[0]
    sin_mandato = Examen({INSTITUCION: (quien.credencial.clave.public_key(), {"supervision"})}, "deteccion")
    for cual, cuerpo, firma in (
        (examen, buena.cuerpo, otra.firma),
        (examen, buena.cuerpo.replace(b'"tipo":', b'"tipo":"x","tipo":'), buena.firma),
        (examen, buena.cuerpo.replace(b"denuncia", b"rumor"), buena.firma),
        (Examen({}, "deteccion"), buena.cuerpo, buena.firma),
        (sin_mandato, buena.cuerpo, buena.firma),
    ):
        with pytest.raises(Exception) as fallo:
            cual.pasar(cuerpo, firma, ahora)
        assert not isinstance(fallo.value, AssertionError)
    with pytest.raises(NoVale):
        sin_mandato.pasar(buena.cuerpo, buena.firma, ahora)
