"""Python twins of the invariants met most often: same answer as the FHIRPath expression, far cheaper.

Where a twin is wiser than its expression (dates of different precision, units that differ, references by identifier)
it says so.
Keyed by the expression itself, so that a guide that redefines a key gets its own wording evaluated.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from gateway.conformance.items import Item
from gateway.conformance.moments import is_after
from gateway.conformance.primitives import is_number
from gateway.fhir import path as fhirpath

Native = Callable[[Item], bool]

_UCUM = "http://unitsofmeasure.org"
_TEN_DIGITS = re.compile("[0-9]{10}")


def _doubled(position: int) -> str:
    return f"(select(value.substring({position},1).toInteger()).select(iif($this<5, $this*2, (($this*2)-9))))"


def _plain(position: int) -> str:
    return f"(value.substring({position},1).toInteger())"


# us-core-17 as published: every other digit doubled, less nine when that has two digits.
_NPI = "((" + "+".join(_plain(n) if n % 2 else _doubled(n) for n in range(10)) + " + 24)mod 10=0)"


def _not_negative(name: str) -> Native:
    def check(item: Item) -> bool:
        value = item.value.get(name) if isinstance(item.value, dict) else None
        return value is None or not is_number(value) or value >= 0

    return check


def _period(item: Item) -> bool:
    """Only a certain reversal is an error: precision and time zones leave room."""
    start, end = (_text(item, name) for name in ("start", "end"))
    return not start or not end or not is_after(start, end)


def _range(item: Item) -> bool:
    """Amounts of one unit are compared as they are, those of two UCUM units by FHIRPath.

    Raises:
        PathFault: nobody can tell how the units compare.
    """
    rows = [item.value.get(name) if isinstance(item.value, dict) else None for name in ("low", "high")]
    low, high = (row if isinstance(row, dict) and is_number(row.get("value")) else {} for row in rows)
    if not low or not high:
        return True
    if _unit(low) == _unit(high):
        return Decimal(str(low["value"])) <= Decimal(str(high["value"]))
    if low.get("system") == high.get("system") == _UCUM:
        found = fhirpath.compile("low <= high")(fhirpath.value_of(item.value, "Range"))
        if found:
            return found == [True]
    raise fhirpath.PathFault("the units of low and high cannot be compared")


def _unit(row: Mapping[str, Any]) -> tuple[Any, Any]:
    """System and code, or the unit in words where it has no code."""
    return (row.get("system"), row["code"]) if "code" in row else (None, row.get("unit"))


def _text(item: Item, name: str) -> str:
    value = item.value.get(name) if isinstance(item.value, dict) else None
    return value if isinstance(value, str) else ""


def _reference(item: Item) -> bool:
    """A reference to a contained resource finds it; one by identifier alone is no such reference."""
    target = _text(item, "reference")
    if not target.startswith("#") or target == "#":
        return True
    container = item.home.outer or item.home
    return target[1:] in container.contained_ids


def _full_day(item: Item) -> bool:
    return item.value is None or (isinstance(item.value, str) and len(item.value) == 10)


def _first_is(kind: str) -> Native:
    def check(item: Item) -> bool:
        rows = item.value.get("entry") if isinstance(item.value, dict) else None
        first = rows[0] if isinstance(rows, list) and rows else None
        resource = first.get("resource") if isinstance(first, dict) else None
        return isinstance(resource, dict) and resource.get("resourceType") == kind

    return check


def _only_in(name: str, *types: str) -> Native:
    """A Bundle whose rows may have `name` only in some types of Bundle, and must have it there."""

    def check(item: Item) -> bool:
        due = item.value.get("type") in types if isinstance(item.value.get("type"), str) else False
        return all((name in row.value) == due for row in item.child("entry") if isinstance(row.value, dict))

    return check


def _for_type(kind: str, rule: Native) -> Native:
    """`type = kind implies rule`; of a Bundle without a type nobody knows, so it has to keep the rule."""
    return lambda item: _text(item, "type") not in ("", kind) or rule(item)


def _identified(item: Item) -> bool:
    identifier = item.value.get("identifier")
    return isinstance(identifier, dict) and "system" in identifier and "value" in identifier


def _distinct_urls(item: Item) -> bool:
    if item.value.get("type") == "history":
        return True
    seen = set()
    for row in item.child("entry"):
        url = _text(row, "fullUrl")
        resource = row.value.get("resource") if isinstance(row.value, dict) else None
        meta = resource.get("meta") if isinstance(resource, dict) else None
        version = meta.get("versionId") if isinstance(meta, dict) else None
        if url and (url, str(version)) in seen:
            return False
        seen.add((url, str(version)))
    return True


def _npi_check_digit(item: Item) -> bool:
    """Luhn over the ten digits with the prefix 80840, which adds 24."""
    digits = _text(item, "value")
    if not _TEN_DIGITS.fullmatch(digits[:10]):
        return False
    doubled = (2 * int(digit) - (9 if int(digit) > 4 else 0) for digit in digits[0:9:2])
    return (sum(doubled) + sum(int(digit) for digit in digits[1:10:2]) + 24) % 10 == 0


def _matches(pattern: str) -> Native:
    compiled = re.compile(pattern)
    return lambda item: compiled.fullmatch(_text(item, "value")) is not None


def _always(_: Item) -> bool:
    """Judged elsewhere, by gateway.conformance.narrative."""
    return True


NATIVE: dict[str, Native] = {
    "$this.toString().length() = 10": _full_day,
    "start.hasValue().not() or end.hasValue().not() or (start <= end)": _period,
    "low.empty() or high.empty() or (low <= high)": _range,
    (
        "reference.startsWith('#').not() or (reference.substring(1).trace('url') in "
        "%rootResource.contained.id.trace('ids'))"
    ): _reference,
    "duration.exists() implies duration >= 0": _not_negative("duration"),
    "period.exists() implies period >= 0": _not_negative("period"),
    "fullUrl.contains('/_history/').not()": lambda item: (
        item.has("fullUrl") and "/_history/" not in _text(item, "fullUrl")
    ),
    "fullUrl.exists() implies fullUrl.contains('/_history/').not()": lambda item: (
        "/_history/" not in _text(item, "fullUrl")
    ),
    "(identifier.count() + name.count()) > 0": lambda item: item.has("identifier") or item.has("name"),
    "where(use = 'home').empty()": lambda item: _text(item, "use") != "home",
    "entry.first().resource is Claim": _first_is("Claim"),
    "entry.first().resource is ClaimResponse": _first_is("ClaimResponse"),
    "total.empty() or (type = 'searchset') or (type = 'history')": lambda item: (
        not item.has("total") or _text(item, "type") in ("searchset", "history")
    ),
    "entry.search.empty() or (type = 'searchset')": lambda item: (
        _text(item, "type") == "searchset" or not any(row.has("search") for row in item.child("entry"))
    ),
    "type = 'document' implies (identifier.system.exists() and identifier.value.exists())": _for_type(
        "document", _identified
    ),
    "type = 'document' implies (timestamp.hasValue())": _for_type(
        "document", lambda item: _text(item, "timestamp") != ""
    ),
    "type = 'document' implies entry.first().resource.is(Composition)": _for_type("document", _first_is("Composition")),
    "type = 'message' implies entry.first().resource.is(MessageHeader)": _for_type(
        "message", _first_is("MessageHeader")
    ),
    (
        "entry.all(request.exists() = (%resource.type = 'batch' or %resource.type = 'transaction' or "
        "%resource.type = 'history'))"
    ): _only_in("request", "batch", "transaction", "history"),
    (
        "entry.all(response.exists() = (%resource.type = 'batch-response' or %resource.type = "
        "'transaction-response' or %resource.type = 'history'))"
    ): _only_in("response", "batch-response", "transaction-response", "history"),
    (
        "(type = 'history') or entry.where(fullUrl.exists()).select(fullUrl&resource.meta.versionId).isDistinct()"
    ): _distinct_urls,
    "htmlChecks()": _always,
    "value.matches('^[0-9]{10}$')": _matches("[0-9]{10}"),
    "value.matches('^[0-9]{5}$')": _matches("[0-9]{5}"),
    "value.matches('^[0-9]{2}D[0-9]{7}$')": _matches("[0-9]{2}D[0-9]{7}"),
    _NPI: _npi_check_digit,
    # Ours, in rules.yaml:
    "value.exists() and (unit.exists() or code.exists())": lambda item: (
        item.has("value") and (item.has("unit") or item.has("code"))
    ),
}
