"""The orders of a chaos run: one small example order, made anew for every number with its own member and patient."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from gateway.fhir import json

_TEMPLATE = "knee_brace.json"
_MEMBER = "CHAOS-{fault}-{number:06d}"
_FIRST_BIRTHDAY = date(1940, 1, 1)
_BIRTHDAYS = 20_000
PAYER_SYSTEM = "urn:example:payer"


@dataclass(frozen=True, slots=True)
class Assignment:
    """An order's number, counting from 1 over the whole run, and the fault class it meets, e.g. `F8`."""

    number: int
    fault: str

    @property
    def member(self) -> str:
        """The member id, by which payer and verdict know the order."""
        return _MEMBER.format(fault=self.fault, number=self.number)


def assignments(count: int, faults: Sequence[str], only: Sequence[int] = ()) -> Iterator[Assignment]:
    """Orders 1 to `count`, the fault classes in turn; an order keeps its class when only some are sent."""
    for number in range(1, count + 1):
        if not only or number in only:
            yield Assignment(number, faults[(number - 1) % len(faults)])


class OrderForm:
    """Makes order documents from the shipped example."""

    def __init__(self, orders: Path) -> None:
        self._text = (orders / _TEMPLATE).read_bytes()

    def fill(self, one: Assignment, payer_identifier: str) -> bytes:
        """The order of `one` as bytes; `payer_identifier` is the value that names the payer (system PAYER_SYSTEM)."""
        document: dict[str, Any] = json.loads(self._text)
        resources = {entry["resource"]["resourceType"]: entry for entry in document["entry"]}
        patient, coverage = resources["Patient"]["resource"], resources["Coverage"]["resource"]
        names = {
            resources["DeviceRequest"]["resource"]["id"]: f"chaos-order-{one.number}",
            patient["id"]: f"chaos-patient-{one.number}",
            coverage["id"]: f"chaos-coverage-{one.number}",
        }
        patient["identifier"][0]["value"] = f"MRN-C{one.number:06d}"
        patient["birthDate"] = (_FIRST_BIRTHDAY + timedelta(days=one.number % _BIRTHDAYS)).isoformat()
        coverage["subscriberId"] = coverage["identifier"][0]["value"] = one.member
        plan = next(
            entry["resource"]
            for entry in document["entry"]
            if entry["fullUrl"].endswith(coverage["payor"][0]["reference"])
        )
        plan["identifier"][0].update(system=PAYER_SYSTEM, value=payer_identifier)
        plan["name"] = f"Chaos Health Plan {payer_identifier}"
        return json.dumps(_renamed(document, names))


def _renamed(value: Any, names: dict[str, str]) -> Any:
    """The document with ids replaced: alone, and after the last slash of references and URLs."""
    if isinstance(value, dict):
        return {key: _renamed(one, names) for key, one in value.items()}
    if isinstance(value, list):
        return [_renamed(one, names) for one in value]
    if not isinstance(value, str):
        return value
    head, slash, tail = value.rpartition("/")
    return f"{head}{slash}{names[tail]}" if tail in names else value
