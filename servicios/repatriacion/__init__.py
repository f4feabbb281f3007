"""Repatriación: retorno seguro, voluntario e informado, o permanencia (directrices OEA 35 a 38)."""
