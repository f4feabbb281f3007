"""Auditoría: recibe todo, lo pone en un libro verificable y no descarta nada."""
