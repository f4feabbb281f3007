"""Las reglas de atención. Ninguna puede exigir denuncia, declaración ni cooperación (directriz OEA 36, regla 6)."""
