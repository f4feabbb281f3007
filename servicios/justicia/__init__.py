"""Justicia: denuncia, proceso, protección y reparación (directrices OEA 11, 17, 19, 31 a 34 y 40)."""
