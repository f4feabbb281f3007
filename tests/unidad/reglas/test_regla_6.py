"""Regla 6: nada de lo que se le debe a la persona cambia porque alguien denuncie, declare, coopere o archive.

Se cuenta la misma historia dos veces, una de ellas con hechos de justicia metidos donde Hypothesis quiera: lo que
coordinación manda para atenderla y los derechos que no son de justicia han de quedar igual.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from eventos.atencion import RiesgoEvaluado, ServicioPrestado
from eventos.base import Hecho
from eventos.coordinacion import (
    DerechoEnRestitucion,
    DerechoRestituido,
    DerechoVulneradoDeNuevo,
    DerivacionEmitida,
    RutaAbierta,
)
from eventos.deteccion import InformacionEntregada, Tema, VictimaIdentificada
from eventos.justicia import InvestigacionIniciada, ProcesoArchivado
from eventos.listas import Derecho, ResultadoAtencion, ServicioPedido
from eventos.motivos import MotivoArchivo
from eventos.tipos import NivelRiesgo, SiNo
from servicios.coordinacion.contexto import CONTEXTO
from tests.unidad.banco import Banco
from tests.unidad.coordinacion.muestras import deteccion
from tests.unidad.historia import RUTA
from tests.unidad.reglas.lectura import hechos_de

PROCESO = UUID(int=7 << 64 | 0x8000_0000_0000_0000)
DE_JUSTICIA = {Derecho.JUSTICIA, Derecho.REPARACION, Derecho.NO_CRIMINALIZACION}
CUIDADOS: list[Hecho] = [
    *(
        ServicioPrestado(ruta=RUTA, servicio=que, resultado=resultado)
        for que in (ServicioPedido.SALUD, ServicioPedido.ALIMENTACION, ServicioPedido.REGULARIZACION)
        for resultado in (ResultadoAtencion.PARCIAL, ResultadoAtencion.COMPLETA)
    ),
    *(RiesgoEvaluado(ruta=RUTA, nivel=nivel, vigente_hasta=date(2026, 12, 31)) for nivel in NivelRiesgo),
    InformacionEntregada(ruta=RUTA, idioma="spa", comprendida=True, temas=(Tema.DERECHOS,)),
    VictimaIdentificada(ruta=RUTA, nna=SiNo.NO, extranjera=SiNo.SI),
]
JUSTICIA: list[Hecho] = [
    InvestigacionIniciada(ruta=RUTA, proceso=PROCESO, de_oficio=True),
    *(ProcesoArchivado(ruta=RUTA, proceso=PROCESO, motivo=motivo) for motivo in MotivoArchivo),
]


def lo_debido(historia: Sequence[Hecho], carpeta: Path) -> tuple[Counter[ServicioPedido], dict[Derecho, type[Hecho]]]:
    """Lo que se encarga para la persona y en qué queda cada derecho que no es de justicia."""
    banco = Banco(CONTEXTO, carpeta)
    banco.conocer(deteccion(extranjera=SiNo.SI), *historia)
    hechos = hechos_de(banco.almacen.registrador)
    banco.cerrar()
    assert any(isinstance(h, RutaAbierta) for h in hechos)
    encargos = Counter(h.servicio for h in hechos if isinstance(h, DerivacionEmitida))
    derechos: dict[Derecho, type[Hecho]] = {
        h.derecho: type(h)
        for h in hechos
        if isinstance(h, DerechoEnRestitucion | DerechoRestituido | DerechoVulneradoDeNuevo)
    }
    return encargos, {d: estado for d, estado in derechos.items() if d not in DE_JUSTICIA}


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    cuidados=st.lists(st.sampled_from(CUIDADOS), max_size=6),
    de_justicia=st.lists(st.tuples(st.integers(0, 6), st.sampled_from(JUSTICIA)), min_size=1, max_size=4),
)
def test_lo_que_se_le_debe_no_depende_de_la_justicia(
    cuidados: list[Hecho], de_justicia: list[tuple[int, Hecho]]
) -> None:
    con_justicia: list[Hecho] = list(cuidados)
    for donde, hecho in de_justicia:
        con_justicia.insert(donde, hecho)
    with tempfile.TemporaryDirectory(prefix="senda-regla6-") as carpeta:
        for nombre in ("sin", "con"):
            (Path(carpeta) / nombre).mkdir()
        encargos, derechos = lo_debido(cuidados, Path(carpeta) / "sin")
        encargos_con, derechos_con = lo_debido(con_justicia, Path(carpeta) / "con")
    assert not encargos - encargos_con, "con la justicia de por medio se dejó de encargar algo"
    assert derechos_con == derechos
