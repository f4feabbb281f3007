"""La demostración: instituciones simuladas llevan personas por todo el recorrido, a través de los servicios reales."""
