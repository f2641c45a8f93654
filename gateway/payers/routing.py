"""Which payer an order's Coverage means: by identifier, then by name, then by plan; a doubt is a gap, never a guess."""

import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from gateway.model.order import Choice, Gap, Resource
from gateway.payers.profile import PayerProfile

Route = tuple[str, Choice | Gap]
_RULE = "payer-routing"


def route(coverage: Resource, payor_organization: Resource, payers: Mapping[str, PayerProfile]) -> Route:
    """The id of the payer and why; an empty id comes with the gap that says what was looked at.

    `payor_organization` is the resource that Coverage.payor refers to, empty when the order does not carry it.
    """
    steps: tuple[tuple[str, set[Any], Callable[[PayerProfile], set[Any]]], ...] = (
        ("identifier", set(_identifiers(coverage, payor_organization)), _own_identifiers),
        ("name", set(_names(coverage, payor_organization)), lambda payer: set(map(plain_name, payer.match.names))),
        ("plan", set(_plans(coverage)), lambda payer: set(payer.match.plans)),
    )
    for kind, said, wanted in steps:
        found = sorted(payer.id for payer in payers.values() if said & wanted(payer))
        if len(found) == 1:
            why = f"The {kind} of the payor matches this payer's profile and no other."
            return found[0], Choice("payer", found[0], why, f"{_RULE}-{kind}")
        if found:
            return "", _gap(
                coverage,
                f"Cannot tell which payer is meant: the payor's {kind} matches {', '.join(found)}. "
                "Name the payer with the order, or make the match of these profiles distinct.",
            )
    looked = [f"{len(said)} {kind}{'' if len(said) == 1 else 's'}" for kind, said, _ in steps]
    return "", _gap(
        coverage,
        f"Cannot tell which payer is meant: none of {', '.join(looked)} in the coverage matches a payer "
        "profile. Name the payer with the order, or add its identifier to a profile.",
    )


def plain_name(name: str) -> str:
    """The name as it is compared: no case, no marks, single spaces."""
    return " ".join(re.sub(r"[^\w\s]", " ", unicodedata.normalize("NFKC", name).casefold()).split())


def _gap(coverage: Resource, need: str) -> Gap:
    name = f"Coverage/{coverage['id']}" if isinstance(coverage.get("id"), str) else "Coverage"
    return Gap(f"{name}.payor and .class", need, _RULE, "Claim.insurer")


def _own_identifiers(payer: PayerProfile) -> set[tuple[str, str]]:
    return {(identifier.system, identifier.value) for identifier in payer.match.identifiers}


def _identifiers(coverage: Resource, organization: Resource) -> Iterator[tuple[str, str]]:
    # quirk 12: a payor may be a reference, an identifier only, or a display only
    rows = [payor.get("identifier") for payor in _rows(coverage, "payor")]
    for row in (*rows, *_rows(organization, "identifier")):
        if isinstance(row, dict):
            system, value = row.get("system"), row.get("value")
            if isinstance(system, str) and isinstance(value, str):
                yield system.strip(), value.strip()


def _names(coverage: Resource, organization: Resource) -> Iterator[str]:
    aliases = organization.get("alias")
    names = [organization.get("name"), *(aliases if isinstance(aliases, list) else [])]
    names += [payor.get("display") for payor in _rows(coverage, "payor")]
    yield from (plain_name(name) for name in names if isinstance(name, str) and plain_name(name))


def _plans(coverage: Resource) -> Iterator[str]:
    for row in _rows(coverage, "class"):
        kind, value = row.get("type"), row.get("value")
        codings = _rows(kind, "coding") if isinstance(kind, dict) else []
        if any(coding.get("code") == "plan" for coding in codings) and isinstance(value, str):
            yield value.strip()


def _rows(resource: Resource, element: str) -> list[dict[str, Any]]:
    rows = resource.get(element)
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
