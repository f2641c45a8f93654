"""The reference order of `make bench`: many services for one invented person, derived from an order in `examples/`.

The request it makes is about 60 KB of compact JSON, the size of a large request in the field, and has no error.
"""

import base64
import copy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gateway.fhir import json

_ORDER = Path(__file__).resolve().parents[2] / "examples" / "orders" / "knee_mri.json"
SERVICES = 24
_CODES = range(73700, 73700 + SERVICES)
_SIDES = ("M17.11", "M17.12", "M25.561", "M25.562")
_FIRST_DAY = date(2026, 12, 7)
_NOTE = "Knee locks and gives way after six weeks of exercises and rest. (Invented.)\n" * 50


def reference_order() -> bytes:
    """The order Bundle: one patient, coverage and requestor; its services differ in code, day and reason."""
    bundle = json.loads(_ORDER.read_bytes())
    template, *others = bundle["entry"]
    bundle["entry"] = [*(_service(template, number) for number in range(SERVICES)), *others]
    note = next(row["resource"] for row in others if row["resource"]["resourceType"] == "DocumentReference")
    note["content"][0]["attachment"]["data"] = base64.b64encode(_NOTE.encode()).decode()
    return json.dumps(bundle)


def _service(template: dict[str, Any], number: int) -> dict[str, Any]:
    entry = copy.deepcopy(template)
    resource = entry["resource"]
    entry["fullUrl"] = f"{entry['fullUrl']}-{number}"
    resource["id"] = f"{resource['id']}-{number}"
    resource["code"]["coding"][1]["code"] = str(_CODES[number])
    resource["occurrenceDateTime"] = (_FIRST_DAY + timedelta(days=number)).isoformat()
    resource["reasonCode"] = [{"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-cm", "code": _SIDES[number % 4]}]}]
    return entry
