"""Reads what this payer needs of a PAS request or inquiry Bundle: member, services, and what an answer must echo.

Read with the standard library and by hand, so that a mistake in the gateway's reading cannot be repeated here.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gateway.sandbox import names
from gateway.sandbox.elements import Element, codings, element, elements, extensions, sequence, text

_NO_SERVICE = "not-applicable"  # PAS 2.2.1 spec-43: an inquiry for no particular service


class Unreadable(ValueError):
    """The body is no Bundle with a Claim as its first entry that names a member."""


@dataclass(frozen=True, slots=True)
class Item:
    """A Claim.item.

    Attributes:
        codes: of productOrService; none when no particular service is meant.
        traces: the itemTraceNumber extensions, whole.
        start, end: first and last day of service as written; empty when not said.
    """

    sequence: int
    codes: frozenset[str]
    traces: tuple[Element, ...]
    start: str
    end: str

    @property
    def trace_values(self) -> tuple[str, ...]:
        return tuple(text(element(row, "valueIdentifier"), "value") for row in self.traces)


@dataclass(frozen=True, slots=True)
class Request:
    """A request or an inquiry.

    Attributes:
        order: member id.
        bundle: Bundle.identifier value.
        identifiers: of the Claim, whole; `claim_url` is its fullUrl, `claim_type` its type.
        parties: entries (fullUrl and resource) of patient, insurer and requestor, by the name ClaimResponse has for it.
        requestors: identifier values of the requestor.
    """

    order: str
    bundle: str
    identifiers: tuple[Element, ...]
    claim_url: str
    claim_type: Element
    items: tuple[Item, ...]
    parties: Mapping[str, Element] = field(repr=False)
    requestors: frozenset[str]

    @property
    def claim(self) -> str:
        """Value of the first Claim.identifier."""
        return next((text(row, "value") for row in self.identifiers), "")

    @property
    def traces(self) -> tuple[str, ...]:
        return tuple(value for item in self.items for value in item.trace_values)


def read_request(body: bytes) -> Request:
    """Raises Unreadable."""
    try:
        bundle = json.loads(body)
    except ValueError:
        raise Unreadable("the body is not JSON") from None
    entries = elements(bundle, "entry")
    claim = element(entries[0], "resource") if entries else {}
    if text(claim, "resourceType") != "Claim":
        raise Unreadable("the first entry of the Bundle is not a Claim")
    found = {text(entry, "fullUrl"): entry for entry in entries}
    by_id = {f"{text(one, 'resourceType')}/{text(one, 'id')}": entry for entry, one in _resources(entries)}

    def at(reference: Element) -> Element:
        url = text(reference, "reference")
        return found.get(url) or by_id.get(url) or {}

    parties = {"patient": at(element(claim, "patient")), "insurer": at(element(claim, "insurer"))}
    parties["requestor"] = at(element(claim, "provider"))
    order = _member(claim, at) or _typed_member(element(parties["patient"], "resource"))
    if not order:
        raise Unreadable("the request names no member id")
    return Request(
        order=order,
        bundle=text(element(bundle, "identifier"), "value"),
        identifiers=tuple(elements(claim, "identifier")),
        claim_url=text(entries[0], "fullUrl"),
        claim_type=element(claim, "type"),
        items=tuple(_item(row) for row in elements(claim, "item")),
        parties=parties,
        requestors=frozenset(_values(element(parties["requestor"], "resource"))),
    )


def _resources(entries: list[Element]) -> Iterator[tuple[Element, Element]]:
    yield from ((entry, element(entry, "resource")) for entry in entries)


def _member(claim: Element, at: Any) -> str:
    for row in elements(claim, "insurance"):
        coverage = element(at(element(row, "coverage")), "resource")
        if member := text(coverage, "subscriberId") or _typed_member(coverage):
            return member
    return ""


def _typed_member(resource: Element) -> str:
    """The identifier of type MB (HL7 table 0203)."""
    for row in elements(resource, "identifier"):
        if any(code == "MB" for _, code in codings(element(row, "type"))):
            return text(row, "value")
    return ""


def _values(resource: Element) -> Iterator[str]:
    yield from (text(row, "value") for row in elements(resource, "identifier") if text(row, "value"))


def _item(row: Element) -> Item:
    period = element(row, "servicedPeriod")
    day = text(row, "servicedDate")
    return Item(
        sequence=sequence(row),
        codes=frozenset(code for _, code in codings(element(row, "productOrService"))) - {_NO_SERVICE},
        traces=tuple(extensions(row, names.ITEM_TRACE_NUMBER)),
        start=day or text(period, "start"),
        end=day or text(period, "end"),
    )
