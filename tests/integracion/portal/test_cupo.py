"""Lo que un servicio rechaza por cupo no queda en el portal como la respuesta de esa solicitud."""

from __future__ import annotations

from msgspec.structs import replace

from contratos.codigos import CUPO


def test_lo_rechazado_por_cupo_se_vuelve_a_pedir_tal_cual(arena, propia, encargo):
    solicitudes = arena.sistema.estaciones["coordinacion"].solicitudes
    porteria = solicitudes._porteria
    solicitudes.en_pausa = lambda: True  # haciendo cola: es cuando hay cupo
    holgados, porteria.ajustes = porteria.ajustes, replace(porteria.ajustes, cupo=0)
    identificador, cuerpo = propia.solicitud("recibir-derivacion", **encargo)
    negada = propia.enviar(cuerpo, identificador)
    assert (negada.status_code, negada.json()["codigo"]) == (422, CUPO)
    assert negada.headers["firma"]
    assert "id" not in negada.json()
    porteria.ajustes = holgados
    solicitudes.en_pausa = lambda: False
    assert propia.enviar(cuerpo, identificador).status_code == 200
