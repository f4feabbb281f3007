"""Tablas hacia Senda y desde Senda: leer un CSV sin fiarse, enviarlo firmado, y sacar otro que no señale a nadie."""
