"""Las historias de la demostración: cada una, un guion que se lee de arriba abajo."""
