"""El registro del proceso: structlog por stderr, JSON en producción y texto en desarrollo.

Solo salen las claves de `PERMITIDAS`: nombrar una clave nueva aquí es decir «esto no lleva identidad ni lo que alguien
mandó». De una excepción salen su clase y por dónde pasó; nunca su mensaje ni las variables, que pueden llevar valores.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import structlog

PERMITIDAS: Final = frozenset({
    # de todo registro
    "event", "level", "instante", "servicio", "correlacion", "bucle", "paso", "trace_id", "span_id",
    # del bus y la base
    "cola", "colas", "origen", "posicion", "desde", "hasta", "lote",
    # de un fallo
    "codigo", "motivo", "clase", "lugar", "error", "causas", "pila", "fallos", "intentos", "espera",
    # del proceso y de las librerías
    "puerto", "signal", "segundos", "modulo", "linea", "plantilla", "perdidos",
})  # fmt: skip

#: Lo más largo que sale en un campo: un texto mayor no es un código ni un nombre.
_LARGO: Final = 200
_PASOS_DE_PILA: Final = 30


def configurar(servicio: str, *, desarrollo: bool = False, nivel: int = logging.INFO) -> None:
    """Fija el registro de todo el proceso. ``desarrollo``: texto legible en vez de JSON.

    También recoge lo de las librerías (desde WARNING) y las excepciones que nadie atrapó, con las mismas reglas.
    """
    salida: Any = structlog.dev.ConsoleRenderer(colors=False) if desarrollo else structlog.processors.JSONRenderer()
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="instante"),
            _con_servicio(servicio),
            describir_excepcion,
            solo_permitidas,
            salida,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(nivel),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
    )
    raiz = logging.getLogger()
    raiz.handlers[:] = [_DeLibrerias()]
    raiz.setLevel(logging.WARNING)
    sys.excepthook = _sin_atrapar


def con_correlacion(correlacion: str) -> AbstractContextManager[None]:
    """Lo registrado dentro lleva la correlación de la solicitud o del hecho que se está atendiendo."""
    return structlog.contextvars.bound_contextvars(correlacion=correlacion)


def describir_excepcion(_logger: object, _metodo: str, campos: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Cambia ``exc_info`` por la clase, las clases que la causaron y la pila sin variables."""
    exc_info = campos.pop("exc_info", None)
    campos.pop("stack_info", None)
    error = _error_de(exc_info)
    if error is not None:
        campos["error"] = type(error).__qualname__
        campos["causas"] = [type(causa).__qualname__ for causa in _causas(error)]
        campos["pila"] = _pila(error.__traceback__)
    return campos


def solo_permitidas(_logger: object, _metodo: str, campos: MutableMapping[str, Any]) -> Mapping[str, Any]:
    """Quita las claves que nadie autorizó y acorta o aplana los valores."""
    return {clave: _llano(valor) for clave, valor in campos.items() if clave in PERMITIDAS}


def _con_servicio(servicio: str) -> structlog.typing.Processor:
    def poner(_logger: object, _metodo: str, campos: MutableMapping[str, Any]) -> Mapping[str, Any]:
        campos.setdefault("servicio", servicio)
        return campos

    return poner


def _llano(valor: object) -> object:
    if valor is None or isinstance(valor, bool | int | float):
        return valor
    if isinstance(valor, list | tuple | set | frozenset):
        return [_llano(uno) for uno in valor]
    return str(valor)[:_LARGO] if isinstance(valor, str) else type(valor).__qualname__


def _error_de(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1] if isinstance(exc_info[1], BaseException) else None
    return sys.exc_info()[1] if exc_info else None


def _causas(error: BaseException) -> Iterator[BaseException]:
    vistas = {id(error)}
    siguiente = error.__cause__ or error.__context__
    while siguiente is not None and id(siguiente) not in vistas:
        vistas.add(id(siguiente))
        yield siguiente
        siguiente = siguiente.__cause__ or siguiente.__context__


def _pila(traza: TracebackType | None) -> list[str]:
    pasos = []
    while traza is not None:
        codigo = traza.tb_frame.f_code
        archivo = Path(codigo.co_filename)
        pasos.append(f"{archivo.parent.name}/{archivo.name}:{traza.tb_lineno} {codigo.co_name}")
        traza = traza.tb_next
    return pasos[-_PASOS_DE_PILA:]


def _sin_atrapar(clase: type[BaseException], error: BaseException, traza: TracebackType | None) -> None:
    if issubclass(clase, KeyboardInterrupt):
        return
    structlog.get_logger().critical("excepcion-sin-atrapar", exc_info=(clase, error, traza))


class _DeLibrerias(logging.Handler):
    """Lo que registran las librerías: de dónde y con qué plantilla, sin los argumentos."""

    def emit(self, record: logging.LogRecord) -> None:
        # Sin argumentos, el mensaje puede venir ya compuesto con valores: basta saber qué línea lo escribió.
        plantilla = {"plantilla": str(record.msg)} if record.args else {}
        structlog.get_logger().log(
            record.levelno, "libreria", modulo=record.name, linea=record.lineno, exc_info=record.exc_info, **plantilla
        )


__all__ = ["PERMITIDAS", "con_correlacion", "configurar", "describir_excepcion", "solo_permitidas"]
