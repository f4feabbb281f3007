"""Tras restaurar una copia: qué le falta a cada quien, de dónde se saca, y si el libro continúa lo que prometió."""
