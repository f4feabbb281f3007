"""Un colector que no contesta o que no está cuesta trazas, nunca trabajo."""

from __future__ import annotations

import signal

from contratos.acuse import Resultado
from tests.espera import hasta
from tests.integracion.trazas.sistema import Sistema

#: Segundos. El plazo de exportación de las pruebas es de 20: un bucle que espere al colector pasa de sobra de aquí.
_ATASCO = 6.0


def con_un_colector_mudo_todo_sigue(sistema: Sistema) -> None:
    """Acepta y no contesta: se atiende igual, y los bucles dan vueltas."""
    sistema.colector.callar()
    ya = sistema.colector.llegadas
    for _ in range(5):
        compuesta = sistema.componer()
        sistema.enviar(compuesta)
        acuse, _ = sistema.acuse(compuesta)
        assert acuse.resultado is Resultado.ACEPTADA
    hasta(lambda: sistema.colector.llegadas >= ya + 3)  # los tres procesos esperan su respuesta
    compuesta = sistema.componer()
    sistema.enviar(compuesta)
    sistema.acuse(compuesta)
    for nombre in ("deteccion", "coordinacion", "auditoria"):
        vida = sistema.pedir(nombre, "/salud/vivo")
        assert max(vida["bucles"].values()) < _ATASCO, vida


def con_un_colector_mudo_se_para_a_tiempo(sistema: Sistema) -> None:
    """Ni para despedirse se le espera más de dos segundos."""
    assert sistema.matar("deteccion", signal.SIGTERM) < 2 * _ATASCO
    sistema.colector.hablar()


def sin_colector_se_trabaja_y_se_dice(sistema: Sistema) -> None:
    """No escucha nadie: se atiende igual, consta una vez en el registro, y al volver se exporta otra vez."""
    colector = sistema.colector
    colector.cerrar()
    sistema.arrancar("deteccion", OTEL_EXPORTER_OTLP_TIMEOUT="1")
    compuesta = sistema.componer()
    sistema.enviar(compuesta)
    acuse, _ = sistema.acuse(compuesta)
    assert acuse.resultado is Resultado.ACEPTADA
    hasta(lambda: _dichos(sistema, "colector-sin-respuesta"))
    colector.abrir()

    def de_vuelta() -> list[dict[str, object]]:
        sistema.enviar(sistema.componer())
        return _dichos(sistema, "colector-de-vuelta")

    assert hasta(de_vuelta)[0]["perdidos"]
    assert len(_dichos(sistema, "colector-sin-respuesta")) == 1
    # Ni una línea del SDK: las suyas llevan direcciones y hay una por reintento.
    assert not [r for r in sistema.registros("deteccion") if str(r.get("modulo", "")).startswith("opentelemetry")]


def _dichos(sistema: Sistema, suceso: str) -> list[dict[str, object]]:
    return [r for r in sistema.registros("deteccion") if r["event"] == suceso]


PASOS = (con_un_colector_mudo_todo_sigue, con_un_colector_mudo_se_para_a_tiempo, sin_colector_se_trabaja_y_se_dice)
