"""Qué llegó a ocurrir en una historia: la medida de cuánto sistema ejercita la simulación, y lo que no puede entrar.

Un suceso es un texto: «hecho …», «aceptada …», «rechazada …», «avería …», «política …», «reparación …», «registro …».
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, MutableMapping, Sequence
from contextlib import contextmanager
from typing import Any

import eventos.catalogo  # noqa: F401  (llena CATALOGO)
from contratos.base import PETICIONES
from eventos.base import CATALOGO
from infra.mensajeria import apartados
from infra.mensajeria.apartados import Reproceso
from infra.mensajeria.aplicador import Aplicador
from infra.mensajeria.arriendo import Arriendo
from infra.mensajeria.atencion import Atencion
from infra.mensajeria.reparaciones import Huecos, Reparaciones
from infra.mensajeria.respuestas import Respuestas
from servicios.comun.mesa import Casos, Interna
from tests.simulacion import operador
from tests.simulacion.plantilla import INICIO

#: Lo visto desde dentro mientras dura `observando`.
_vistos: Counter[str] = Counter()
#: Lo que el sistema registra cuando se repara o se protege.
REGISTROS = (
    "hueco-pedido", "hecho-con-fallo", "hecho-apartado", "divergencia", "falta-cola", "topologia-ausente",
    "solicitud-devuelta", "solicitud-con-fallo", "plazo-con-fallo",
)  # fmt: skip
REPARACIONES = (
    "reparación: un tramo reenviado",
    "reparación: un tramo largo, a trozos",
    "reparación: el latido descubre lo último",
    "reparación: reprocesar",
    "reparación: sigue apartado",
    "reparación: levantar un alto",
    "reparación: apartado por fallo",
    "reparación: apartado por versión",
    "reparación: apartado tras otro",
    "reparación: otra réplica ya lo aplicó",
    "reparación: arriendo perdido",
    "reparación: la repetida, la misma respuesta",
    "reparación: la repetida, con otra firma o cuerpo",
    "reparación: espera a lo que aún no llegó",
    "reparación: solicitud dada por fallida",
    "reparación: refrendo de un testigo",
    "vence acuse",
    "vence atencion",
)


def esperados() -> frozenset[str]:
    """Todo lo que podría ocurrir en Senda y la simulación debería alcanzar."""
    internas = {clase.__name__ for clase in _todas(Interna)}
    return frozenset({
        *(f"hecho {tipo}" for tipo in CATALOGO),
        *(f"{r} {tipo}" for tipo in PETICIONES for r in ("aceptada", "rechazada")),
        *(f"política {nombre}" for nombre in internas),
        *(f"registro {nombre}" for nombre in REGISTROS),
        *REPARACIONES,
    })  # fmt: skip


def sucesos_de(
    hechos: Mapping[str, Sequence[Any]], enviados: Sequence[tuple[str, str, bytes]],
    acuses: Sequence[tuple[str, bytes]], averias: Mapping[str, int],
) -> Counter[str]:  # fmt: skip
    """Los de una historia: lo que dejó escrito, más lo `observado`."""
    sucesos = Counter(_vistos)
    _vistos.clear()
    desde = INICIO.isoformat()[:19]
    for hecho in (h for suyos in hechos.values() for h in suyos if h.sobre["registrado"] >= desde):
        sucesos[f"hecho {hecho.tipo}"] += 1
        if hecho.tipo == "senda.coordinacion.derivacion-vencida.v1":
            sucesos[f"vence {hecho.datos['etapa']}"] += 1
    pedido = {}
    for _, servicio, cuerpo in enviados:
        try:
            solicitud = json.loads(cuerpo)
            pedido[servicio, solicitud["institucion"], solicitud["id"]] = solicitud["tipo"]
        except (ValueError, KeyError, TypeError):
            continue
    for _, bytes_del_acuse in acuses:
        acuse = json.loads(bytes_del_acuse)
        tipo = pedido.get((acuse["servicio"], acuse.get("institucion"), acuse.get("id")))
        if tipo is not None:
            sucesos[f"{acuse['resultado']} {tipo}"] += 1
        if acuse.get("codigo"):
            sucesos[f"código {acuse['codigo']}"] += 1
    sucesos.update({f"avería {averia}": veces for averia, veces in averias.items()})
    return sucesos


def registrado(_registro: object, _metodo: str, datos: MutableMapping[str, Any]) -> str:
    """Procesador de structlog: cuenta lo que se registra y no lo escribe."""
    _vistos[f"registro {datos['event']}"] += 1
    return ""


def _todas(clase: type[Any]) -> Iterator[type[Any]]:
    for hija in type.__subclasses__(clase):
        yield hija
        yield from _todas(hija)


@contextmanager
def observando() -> Iterator[None]:
    """Cuenta además lo que no deja rastro en las bases: cada defensa y cada reparación, cuando actúan."""
    previos = [(donde, nombre, getattr(donde, nombre)) for donde, nombre, _ in _MIRADAS]
    for donde, nombre, mirar in _MIRADAS:
        setattr(donde, nombre, _mirado(getattr(donde, nombre), mirar))
    try:
        yield
    finally:
        for donde, nombre, hacer in previos:
            setattr(donde, nombre, hacer)


def _mirado(hacer: Callable[..., Any], mirar: Callable[..., str]) -> Callable[..., Any]:
    def hecho(*argumentos: Any) -> Any:
        try:
            resultado = hacer(*argumentos)
        except Exception as error:
            if suceso := mirar(error, *argumentos):
                _vistos[suceso] += 1
            raise
        if suceso := mirar(resultado, *argumentos):
            _vistos[suceso] += 1
        return resultado

    return hecho


def _si(suceso: str, cuando: Callable[[Any], bool] = bool) -> Callable[..., str]:
    return lambda resultado, *_: suceso if not isinstance(resultado, Exception) and cuando(resultado) else ""


def _apartado(_resultado: object, _tanda: object, aparte: Sequence[tuple[object, str, str]]) -> str:
    nombres = {"fallo": "por fallo", "version-desconocida": "por versión", "tras-apartado": "tras otro"}
    for _, motivo, _ in aparte:
        _vistos[f"reparación: apartado {nombres.get(motivo.partition(':')[0], motivo)}"] += 1
    return ""


def _politica(resultado: Any, _casos: object, encargo: object, _mesa: object) -> str:
    salio = isinstance(encargo, Interna) and resultado and not isinstance(resultado, Exception)
    return f"política {type(encargo).__name__}" if salio else ""


def _por_latido(resultado: Any, _huecos: object, _conexion: object, vista: Any) -> str:
    return "reparación: el latido descubre lo último" if resultado == vista.anunciada > vista.ultima else ""


def _reproceso(resultado: Any, *_: object) -> str:
    return "reparación: reprocesar" if isinstance(resultado, int) and resultado else "reparación: sigue apartado"


def _si_no(suceso: str) -> Callable[..., str]:
    return lambda resultado, *_: suceso if resultado is False else ""


def _si_lanza(suceso: str) -> Callable[..., str]:
    return lambda resultado, *_: suceso if isinstance(resultado, Exception) else ""


_MIRADAS: tuple[tuple[Any, str, Callable[..., str]], ...] = (
    (Casos, "decidir", _politica),
    (Reparaciones, "_reenviar", lambda *_: "reparación: un tramo reenviado"),
    (Reparaciones, "_resto", lambda *_: "reparación: un tramo largo, a trozos"),
    (Huecos, "_hasta", _por_latido),
    (Reproceso, "reprocesar", _reproceso),
    (apartados, "_apartar", _apartado),
    (Aplicador, "_aplicar_juntos", _si_no("reparación: otra réplica ya lo aplicó")),
    (Arriendo, "vigente", _si_no("reparación: arriendo perdido")),
    (Respuestas, "repetida_tal_cual", _si("reparación: la repetida, la misma respuesta")),
    (Respuestas, "ya_respondida", _si("reparación: la repetida, con otra firma o cuerpo")),
    (Atencion, "_esperar_si_cabe", _si_lanza("reparación: espera a lo que aún no llegó")),
    (Atencion, "dar_por_fallida", lambda *_: "reparación: solicitud dada por fallida"),
    (operador, "levantar", _si("reparación: levantar un alto")),
    (operador, "refrendar_con", _si("reparación: refrendo de un testigo")),
)

__all__ = ["esperados", "observando", "registrado", "sucesos_de"]
