"""La ventanilla: cómo una institución prepara, firma y envía una petición, y qué se le contesta."""
