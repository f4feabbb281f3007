"""Coordinación: abre la ruta, encarga a cada institución lo que el protocolo manda y cierra solo con evidencias."""
