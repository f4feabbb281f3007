"""El registro único: la misma persona en dos instituciones, sin decir quién es. Ver docs/boveda.md."""
