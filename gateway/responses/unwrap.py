"""From an HTTP body to the resources in it, through every wrapping seen in the field (quirks 7-11)."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.fhir import json
from gateway.fhir.bundle import Entry, Index, entries_of
from gateway.fhir.outcome import Issue, from_operation_outcome
from gateway.model.exchange import Reply
from gateway.responses.element import Element
from gateway.responses.reading import Untrusted

_ANSWER = "ClaimResponse"


@dataclass(frozen=True, slots=True)
class Opened:
    """The resources in an answer, findable; `identifier` is the Bundle.identifier value, `ids` are resource ids of
    the Bundle and of the answers in it: technical, so never an authorization number."""

    index: Index
    identifier: str
    ids: frozenset[str]


def open_reply(reply: Reply) -> Opened:
    """The resources in the body: in a Bundle, in Parameters, alone, or contained in an OperationOutcome.

    Raises:
        Untrusted: the body is empty, no JSON, or no FHIR.
    """
    opened = open_document(document_of(reply))
    if not opened.index.entries:
        raise Untrusted("the payer's answer is JSON without a FHIR resource in it")
    return opened


def document_of(reply: Reply) -> Any:
    """The body as JSON.

    Raises:
        Untrusted: it is empty, or no JSON.
    """
    body = reply.body.strip(b"\xef\xbb\xbf \t\r\n")
    if not body:
        raise Untrusted(f"the payer sent HTTP {reply.status} with an empty body")
    if body.startswith(b"<"):
        raise Untrusted(f"the payer sent HTTP {reply.status} with HTML or XML instead of FHIR JSON")
    try:
        return json.loads(reply.body)
    except json.JsonFault as fault:
        raise Untrusted(f"the payer's answer cannot be read as JSON: {fault.rule} at {fault.place}") from None


def open_document(document: Any, *, path: str = "") -> Opened:
    """The resources in what was read as JSON, which may be part of an answer and stand in it at `path`."""
    entries = tuple(_opened(entries_of(document, path=path)))
    root = Element(document if isinstance(document, dict) else None, "")
    answers = [Element(entry.resource, entry.path) for entry in entries if entry.resource["resourceType"] == _ANSWER]
    ids = frozenset(element.one("id").text for element in (root, *answers))
    return Opened(Index(entries), root.one("identifier").one("value").text, ids)


def outcome_rows(opened: Opened) -> Iterator[tuple[Element, Issue]]:
    """The rows of every OperationOutcome, as they stand in the answer and as read."""
    for entry in opened.index.of_type("OperationOutcome"):
        for row in Element(entry.resource, entry.path).each("issue"):
            for issue in from_operation_outcome({"issue": [row.value]}):
                yield row, issue


def _opened(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    for entry in entries:
        yield entry
        held = entry.resource.get("contained")
        if entry.resource["resourceType"] == "OperationOutcome" and isinstance(held, list):
            for place, resource in enumerate(held):
                yield from entries_of(resource, path=f"{entry.path}.contained[{place}]")
