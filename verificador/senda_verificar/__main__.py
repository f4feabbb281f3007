"""``python -m senda_verificar``."""

import sys

from senda_verificar.orden import main

sys.exit(main())
