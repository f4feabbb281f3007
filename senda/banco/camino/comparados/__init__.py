"""Lo que otros escogerían, haciendo el mismo trabajo: las comprobaciones, las filas y el libro son los del prototipo.

Cada uno va como lo da su documentación: un mensaje cada vez, con confirmación de lo publicado. Lo de cada paquete solo
se importa en su proceso; se instalan con `requisitos-banco.txt`.
"""
