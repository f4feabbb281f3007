"""La bóveda: donde vive la identidad, y el único sitio al que llega. Ver docs/boveda.md."""
