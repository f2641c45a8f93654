"""`python -m gateway.chaos.payer HOME`: serves the faulty payer described by HOME/payer.json."""

import sys
from pathlib import Path

from gateway.chaos.payer.config import ConfigUnusable
from gateway.chaos.payer.process import run

if len(sys.argv) != 2:
    sys.exit("usage: python -m gateway.chaos.payer HOME")
try:
    run(Path(sys.argv[1]))
except ConfigUnusable as fault:
    sys.exit(str(fault))
