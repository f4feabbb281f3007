"""Cómo se enseña una simulación: contada para una persona o como datos llanos y estables."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final

from contratos.protocolos import Protocolo
from contratos.protocolos.fuentes import es_por_defecto
from contratos.protocolos.paquete import Calendario, EstadoPaquete, Plazo
from eventos.listas import Derecho
from eventos.tipos import SiNo
from eventos.titulos import titulo
from senda.protocolo.simulacion import Encargado, Paso, Simulacion

_DIAS: Final = ("lun", "mar", "mié", "jue", "vie", "sáb", "dom")
_BORRADOR: Final = "BORRADOR: sirve para mirarlo y corregirlo; ninguna ruta se abre con él."


def texto(s: Simulacion) -> str:
    """La simulación para una persona, con los instantes en la hora oficial del país."""
    return "\n".join(_lineas(s))


def llana(s: Simulacion) -> dict[str, Any]:
    """La simulación como datos. Los instantes, en UTC; los campos no cambian de nombre ni de significado."""
    p, persona = s.paquete, s.persona
    return {
        "protocolo": p.protocolo,
        "version": p.version,
        "pais": p.pais,
        "nombre": p.nombre,
        "estado": p.estado,
        "revisor": p.revisor,
        "rige_rutas": p.estado is EstadoPaquete.COMPLETO,
        "persona": {
            "edad": persona.edad,
            "sexo": persona.sexo,
            "nacionalidades": persona.nacionalidades,
            "riesgo": persona.riesgo,
            "nna": persona.nna,
            "extranjera": persona.extranjera,
            "tratada_como_nna": s.perfil.nna,
            "regla_de_edad": p.edad_desconocida.fuente if persona.nna is SiNo.NO_CONSTA else None,
        },
        "desde": s.desde,
        "pasos": [
            {
                "hecho": paso.nombre,
                "tipo": paso.tipo,
                "instante": paso.instante,
                "encargos": [_encargo(e) for e in paso.encargos],
                "derechos": {str(d): estado for d, estado in paso.derechos.items()},
            }
            for paso in s.pasos
        ],
        "derechos": [
            {
                "derecho": derecho,
                "estado": estado,
                "fuente": _fuente_de(p, derecho),
                "por_defecto": es_por_defecto(_fuente_de(p, derecho)),
            }
            for derecho, estado in s.derechos.items()
        ],
    }


def _encargo(e: Encargado) -> dict[str, Any]:
    d = e.derivacion
    return {
        "regla": d.regla,
        "de": d.de,
        "a": d.a,
        "institucion": e.institucion,
        "servicio": d.servicio,
        "urgencia": d.urgencia,
        "motivo": d.motivo,
        "acuse": _plazo(e.terminos.acuse, d.vence_acuse),
        "atencion": _plazo(e.terminos.atencion, d.vence_atencion),
        "plazo_legal": d.plazo_legal,
        "fuente": e.fuente,
        "por_defecto": e.por_defecto,
        "fuente_del_plazo": e.terminos.fuente,
        "revisor": e.revisor,
    }


def _plazo(plazo: Plazo, vence: datetime | None) -> dict[str, Any]:
    return {"cantidad": plazo.cantidad, "unidad": plazo.unidad, "vence": vence}


def _lineas(s: Simulacion) -> Iterator[str]:
    p = s.paquete
    yield f"{p.nombre} · protocolo {p.protocolo} {p.version} · {p.estado}"
    if p.estado is EstadoPaquete.BORRADOR:
        yield _BORRADOR
    yield f"Revisión: {p.revisor}"
    yield ""
    yield from _persona(s)
    yield f"Horas en la oficial del país (UTC{p.calendario.desfase_utc_horas:+d}). [F]: con fuente. [P]: del proyecto."
    for paso in s.pasos:
        yield ""
        yield from _de_paso(paso, p)
    yield ""
    yield f"Derechos exigibles ({len(s.derechos)})"
    for derecho, estado in s.derechos.items():
        yield f"  {_marca(es_por_defecto(_fuente_de(p, derecho)))} {derecho}: {estado}"


def _persona(s: Simulacion) -> Iterator[str]:
    persona, regla = s.persona, s.paquete.edad_desconocida
    edad = "edad que no consta" if persona.edad is None else f"{persona.edad} años"
    de = ", ".join(persona.nacionalidades) or "no consta"
    yield f"Persona: {edad} · sexo {persona.sexo} · nacionalidad {de} · riesgo {persona.riesgo}"
    como = "niña, niño o adolescente" if s.perfil.nna else "adulta"
    yield f"  se la trata como {como}; extranjera: {s.perfil.extranjera}"
    if persona.nna is SiNo.NO_CONSTA:
        yield f"  por la regla de edad del país: {regla.razon}"
        yield f"  fuente: {regla.fuente}"
    yield "  el sexo y la nacionalidad viajan sellados: ninguna regla encamina por ellos"


def _de_paso(paso: Paso, p: Protocolo) -> Iterator[str]:
    yield f"▸ {titulo(paso.tipo)} ({_cuando(paso.instante, p.calendario)})"
    if not paso.encargos:
        yield "  no manda nada que no esté ya encargado"
    for n, e in enumerate(paso.encargos, 1):
        d, t = e.derivacion, e.terminos
        yield f"  {n}. {d.a} · {d.servicio} · {d.urgencia}   ({e.institucion})"
        yield f"     acuse: {_duracion(t.acuse)}, hasta {_hasta(d.vence_acuse, p.calendario)}"
        marca = _marca(es_por_defecto(t.fuente))
        norma = "plazo legal" if d.plazo_legal else f"plazo {marca}, escala sin acusar"
        yield f"     atención: {_duracion(t.atencion)}, hasta {_hasta(d.vence_atencion, p.calendario)} ({norma})"
        yield f"     {_marca(e.por_defecto)} regla {d.regla}: {e.fuente}"
        if not es_por_defecto(t.fuente):
            yield f"     [F] plazo: {t.fuente}"
        if e.revisor != p.revisor:
            yield f"     revisión de la regla: {e.revisor}"
    for derecho, estado in paso.derechos.items():
        yield f"  derecho {derecho}: {estado}"


def _fuente_de(p: Protocolo, derecho: Derecho) -> str:
    return next((regla.fuente for regla in p.derechos if regla.derecho is derecho), "")


def _marca(por_defecto: bool) -> str:
    return "[P]" if por_defecto else "[F]"


def _duracion(plazo: Plazo) -> str:
    return f"{plazo.cantidad} {plazo.unidad.replace('dias-habiles', 'días hábiles')}"


def _hasta(instante: datetime | None, calendario: Calendario) -> str:
    """Un plazo en días acaba al terminar el último: a las 24:00, no a las 00:00 del siguiente."""
    if instante is None:
        return "sin plazo"
    dia, _, hora = _cuando(instante, calendario).rpartition(" ")
    if hora != "00:00":
        return f"{dia} {hora}"
    vispera, _, _ = _cuando(instante - timedelta(days=1), calendario).rpartition(" ")
    return f"{vispera} 24:00"


def _cuando(instante: datetime, calendario: Calendario) -> str:
    local = calendario.local(instante)
    return f"{_DIAS[local.weekday()]} {local:%Y-%m-%d %H:%M}"


__all__ = ["llana", "texto"]
