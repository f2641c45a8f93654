"""Writes a payer profile for every fault class of a running faulty payer, with clocks short enough for a test.

The profiles are written by hand from `profiles/payers/schema.json`: this package does not import what reads them.
"""

from math import ceil
from pathlib import Path
from typing import Any

import yaml

from gateway.chaos.payer.faults import FAULTS, Fault
from gateway.fhir import json

PAYER_SYSTEM = "urn:example:payer"
_REPLY_BYTES = 1024 * 1024


def write_profiles(home: Path, folder: Path) -> tuple[Path, ...]:
    """Write `folder/fNN.yaml` for every class in `home/payer.ready`; the folder exists. The files written."""
    ready = json.loads((home / "payer.ready").read_bytes())
    paths = []
    for name, endpoint in ready["classes"].items():
        profile = _profile(FAULTS[name], endpoint, ready)
        path = folder / f"{profile['id']}.yaml"
        path.write_text(yaml.safe_dump(profile, sort_keys=False))
        paths.append(path)
    return tuple(paths)


def _profile(fault: Fault, endpoint: dict[str, str], ready: dict[str, Any]) -> dict[str, Any]:
    name = f"Chaos Health Plan {fault.payor}"
    scale = float(ready["scale"])
    return {
        "id": fault.key,
        "name": name,
        "match": {"identifiers": [{"system": PAYER_SYSTEM, "value": fault.payor}]},
        "insurer": {"name": name, "payer_id": {"system": PAYER_SYSTEM, "value": fault.payor}, "type": "PR"},
        "receiver": {"application_receiver_code": f"CHAOS{fault.payor}"},
        "speaks": {"pas": ready["version"]},
        "endpoints": {"fhir": endpoint["fhir"], "token": endpoint["token"]},
        "auth": {
            "method": "private_key_jwt",
            "client_id": "pa-gateway",
            "key": "main",
            "alg": "ES384",
            "scope": "system/Claim.crus",
        },
        "clocks": {"standard": "P7D", "expedited": "PT72H", "respond": _seconds(scale)},
        "limits": {"reply_bytes": _REPLY_BYTES, "concurrent": 8, "per_second": 200},
        "lost_reply": _lost_reply(fault, ready),
        # every order of a class fails at first, so each earns its repetition
        "retry": {"first": _seconds(scale), "most": _seconds(2 * scale), "budget": 100},
        "circuit": {"failures": 5, "open": _seconds(scale), "most": _seconds(2 * scale)},
        "allow_loopback": True,
    }


def _lost_reply(fault: Fault, ready: dict[str, Any]) -> dict[str, Any]:
    """What the payer promises of its inquiry: what it surely keeps, with some time for a busy machine."""
    if ready["model"] == "P4":
        return {"inquiry": "none"}
    late = float(ready["late"]) if fault.processed == "late" else 0.0
    lag = float(ready["lag"]) if fault.lags or ready["model"] == "P3" else 0.0
    return {
        # what echoes no trace can neither be told from a look-alike, nor be missed for certain
        "inquiry": "complete" if ready["echo_trace"] else "partial",
        "quiet": _seconds(late + 1),
        "lag": _seconds(lag + 0.5),
        "asks": 5,
        "between": _seconds(float(ready["scale"])),
    }


def _seconds(seconds: float) -> str:
    return f"PT{max(ceil(seconds), 1)}S"
