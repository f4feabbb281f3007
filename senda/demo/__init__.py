"""La demostración: instituciones simuladas que llevan personas por todo el recorrido, a través de los servicios reales."""
