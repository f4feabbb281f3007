"""Mirar los paquetes de protocolo sin poner nada en marcha: qué mandan para una persona y si están bien hechos."""
