"""Cuánto retrasa a las demás una institución hostil: procesos y servidores de verdad, reposo y ataque alternados."""
