"""Transportes del bus: una interfaz y sus dos adaptadores."""

from infra.mensajeria.transportes.base import (
    Entrega,
    Mensaje,
    TopologiaAusente,
    TopologiaIncompatible,
    Transporte,
    TransporteCaido,
)

__all__ = ["Entrega", "Mensaje", "TopologiaAusente", "TopologiaIncompatible", "Transporte", "TransporteCaido"]
