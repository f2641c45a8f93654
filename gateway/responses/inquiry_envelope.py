"""What came back from `$inquire`, taken apart: its Bundles one by one, and whether it could say that nothing was found.

PAS 2.2 answers with Parameters of Bundles, before it with one Bundle; what is found is read in either. That nothing was
found is believed only in the envelope of the version asked in, whole and without a hint that something was held back
(spec-50): sending a request again hangs on it.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.fhir.bundle import Entry
from gateway.fhir.outcome import Issue, Severity
from gateway.model.exchange import Reply
from gateway.responses.element import Element
from gateway.responses.patient import another_patient
from gateway.responses.reading import Asked, Untrusted
from gateway.responses.unwrap import Opened, document_of, open_document, outcome_rows
from gateway.responses.versions import meaning

# What an OperationOutcome may say beside "nothing found" without casting doubt on it.
_HARMLESS = frozenset(
    {
        (Severity.INFORMATION, "informational"),
        (Severity.INFORMATION, "not-found"),
        (Severity.WARNING, "not-found"),
    }
)


# Who may be named beside "nothing found".
_PARTIES = frozenset(
    {
        "Patient",
        "RelatedPerson",
        "Coverage",
        "Organization",
        "Practitioner",
        "PractitionerRole",
        "Location",
        "OperationOutcome",
    }
)
_ELEMENTS = {
    "Parameters": ("parameter",),
    "Bundle": ("identifier", "type", "timestamp", "total", "link", "entry", "signature"),
}


@dataclass(frozen=True, slots=True)
class Part:
    """One Bundle of the answer, or what stands in place of one; its references resolve inside it."""

    opened: Opened

    @property
    def responses(self) -> tuple[Entry, ...]:
        """Its ClaimResponses."""
        return self.opened.index.of_type("ClaimResponse")

    @property
    def kinds(self) -> frozenset[str]:
        """The types of its resources."""
        return frozenset(entry.resource["resourceType"] for entry in self.opened.index.entries)


@dataclass(frozen=True, slots=True)
class Envelope:
    """An answer to an inquiry, opened.

    Attributes:
        outcomes: rows of every OperationOutcome in it, with their paths.
        doubt: why it does not follow that what is not in it is not at the payer, in words; empty when it does.
    """

    parts: tuple[Part, ...]
    outcomes: tuple[tuple[Element, Issue], ...]
    doubt: str


def open_inquiry(reply: Reply, asked: Asked) -> Envelope:
    """The answer to an inquiry about `asked`.

    Raises:
        Untrusted: no 2xx, or nothing that could be an answer of FHIR.
    """
    if not 200 <= reply.status < 300:
        raise Untrusted(f"the payer answered the inquiry with HTTP {reply.status}")
    document = document_of(reply)
    if not isinstance(document, dict) or not isinstance(document.get("resourceType"), str):
        raise Untrusted("the payer's answer to the inquiry is JSON, but no FHIR resource")
    parts = tuple(Part(open_document(resource, path=path)) for resource, path in _parts(document, ""))
    outcomes = tuple(row for part in parts for row in outcome_rows(part.opened))
    return Envelope(parts, outcomes, _doubt(Element(document, document["resourceType"]), parts, outcomes, asked))


def _parts(value: Any, path: str) -> Iterator[tuple[Any, str]]:
    """Each Bundle that holds no other Bundle, and each resource that stands in none, with its path."""
    if not isinstance(value, dict) or value.get("resourceType") not in ("Bundle", "Parameters"):
        yield value, path
        return
    here = path or value["resourceType"]
    name = "entry" if value["resourceType"] == "Bundle" else "parameter"
    rows = value.get(name)
    held = [
        (row.get("resource"), f"{here}.{name}[{place}].resource")
        for place, row in enumerate(rows if isinstance(rows, list) else [])
        if isinstance(row, dict)
    ]
    nested = [isinstance(child, dict) and child.get("resourceType") in ("Bundle", "Parameters") for child, _ in held]
    if name == "entry" and not any(nested):
        yield value, path
        return
    for child, place in held:
        yield from _parts(child, place)


def _doubt(root: Element, parts: tuple[Part, ...], outcomes: tuple[tuple[Element, Issue], ...], asked: Asked) -> str:
    for _, issue in outcomes:
        if issue.is_error:
            return "the payer reports an error with its answer to the inquiry"
        if (issue.severity, issue.code) not in _HARMLESS:
            return "the payer warns that its answer to the inquiry may not be whole"
    due = meaning(asked.guide).inquired
    if root.path != due:
        return f"the payer's answer to the inquiry is no {due}, so what it lacks proves nothing"
    if due == "Parameters" and not all(_speaks(part) for part in parts):
        return "the payer's answer to the inquiry has a part that holds no answer"
    if flaw := _flaw(root.value, due) or (due == "Bundle" and _unfinished(root)):
        return f"the payer's answer to the inquiry {flaw}, so what it lacks proves nothing"
    if not all(part.responses or part.kinds <= _PARTIES for part in parts):
        return "the payer's answer to the inquiry holds something that may be an answer"
    if any(not part.responses and another_patient(part.opened.index, asked) for part in parts):
        return "the payer's answer to the inquiry is about another patient"
    return ""


def _speaks(part: Part) -> bool:
    return bool(part.responses or part.opened.index.of_type("OperationOutcome"))


def _flaw(value: Any, kind: str) -> str:
    """What keeps a container from being read as a whole: elements it has not, or a row that holds no resource."""
    known = {"resourceType", "id", "meta", "language", *_ELEMENTS[kind]}
    if any(name.removeprefix("_") not in known for name in value):
        return "has elements that cannot be read"
    rows = value.get("entry" if kind == "Bundle" else "parameter", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return "has rows that cannot be read"
    resources = [row.get("resource") for row in rows]
    if not all(isinstance(one, dict) and isinstance(one.get("resourceType"), str) for one in resources):
        return "has rows without a resource"
    flaws = (_flaw(one, one["resourceType"]) for one in resources if one["resourceType"] in _ELEMENTS)
    return next(filter(None, flaws), "")


def _unfinished(bundle: Element) -> str:
    """What keeps a Bundle from being the whole of an answer (profile-pas-inquiry-response-bundle)."""
    if bundle.one("type").text != "collection":
        return "is no collection"
    if not bundle.one("timestamp").text:
        return "has no timestamp"
    if any(link.one("relation").text == "next" for link in bundle.each("link")):
        return "goes on in another page"
    return ""
