"""Lo que un órgano de control pide a un despliegue: verificarlo, llevárselo, probar una ruta, saber quién leyó."""
