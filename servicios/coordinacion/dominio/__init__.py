"""Las reglas de coordinación: la ruta, sus derivaciones, sus derechos y el directorio. Solo conoce `eventos`."""
