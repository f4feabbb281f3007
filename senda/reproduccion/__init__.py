"""Reproducir desde el libro: una ruta, las lecturas de un servicio o lo que una institución sabía, hoy o a una fecha.

Solo lee. Lo único que deja escrito es la constancia de quién leyó (regla 4).
"""
