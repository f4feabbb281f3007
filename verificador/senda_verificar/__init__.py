"""Verificar un libro de Senda sin confiar en quien lo opera. No importa nada de quien escribe."""
