"""El banco del libro: verificar, ingerir, probar inclusión, reproducir y cuánta memoria hace falta."""
