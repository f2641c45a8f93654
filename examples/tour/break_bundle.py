"""Breaks a PAS request bundle in three places, for the tour beside this file: a value, a required element, a reference.

Run `python examples/tour/break_bundle.py BUNDLE > BROKEN`.
"""

import json
import sys
from pathlib import Path


def main() -> None:
    bundle = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    claim = bundle["entry"][0]["resource"]
    claim["use"] = "claim"
    del claim["item"][0]["productOrService"]
    claim["insurer"]["reference"] = "urn:uuid:00000000-0000-4000-8000-00000000ffff"
    json.dump(bundle, sys.stdout, indent=2)


if __name__ == "__main__":
    main()
