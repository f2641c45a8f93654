"""Whether an answer to `$inquire` could say that nothing was found: sending a request again hangs on it.

That is believed only of an answer that is final (HTTP 200), in the envelope of the version asked in, whole, and without
a hint that something was held back, turned or put where it is not looked for (PAS 2.2.1 spec-50).
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from gateway.fhir.outcome import Issue, Severity
from gateway.responses.element import Element
from gateway.responses.inquiry_parts import Part, is_container
from gateway.responses.match import claim_in
from gateway.responses.patient import another_patient, tail
from gateway.responses.reading import Asked
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
# What may travel with an answer besides, or be contained in something: none of it is an answer.
_SUPPORT = _PARTIES - {"OperationOutcome"} | {
    "Appointment",
    "CommunicationRequest",
    "Condition",
    "Device",
    "DeviceRequest",
    "DocumentReference",
    "Encounter",
    "Medication",
    "MedicationRequest",
    "NutritionOrder",
    "Provenance",
    "QuestionnaireResponse",
    "ServiceRequest",
    "Task",
}
_BESIDE = _SUPPORT | {"Claim", "ClaimResponse", "OperationOutcome"}
_ELEMENTS = {
    "Parameters": frozenset({"parameter"}),
    "Bundle": frozenset({"identifier", "type", "timestamp", "total", "link", "entry", "signature"}),
}
_META = frozenset({"profile", "lastUpdated", "versionId", "source"})
_ROWS = {"Parameters": frozenset({"id", "name", "resource"}), "Bundle": frozenset({"id", "fullUrl", "resource"})}


def doubt_of(status: int, root: Element, parts: Sequence[Part], outcomes: Iterable[Issue], asked: Asked) -> str:
    """Why what an answer lacks may be at the payer all the same, in words without content; empty when it may not."""
    answer, vain = "the payer's answer to the inquiry", "so what it lacks proves nothing"
    if status != 200:
        return f"the payer answered the inquiry with HTTP {status}, which is not final, {vain}"
    if said := _reported(outcomes, parts):
        return said
    due = meaning(asked.guide).inquired
    if root.path != due:
        return f"{answer} is no {due}, {vain}"
    if flaw := _flaw(root):
        return f"{answer} {flaw}, {vain}"
    if due == "Parameters" and not all(_speaks(part) for part in parts):
        return f"{answer} has a part that holds no answer"
    if any(_hides(part) for part in parts):
        return f"{answer} holds something that may be an answer"
    if any(not part.responses and another_patient(part.opened.index, asked) for part in parts):
        return f"{answer} is about another patient"
    if _turned(root.value):
        return f"{answer} is marked by something that may change what it means, {vain}"
    return ""


def names_ours(document: Any, asked: Asked) -> bool:
    """Whether a number by which only our request goes stands anywhere in the answer, however it is spelt."""
    numbers = (asked.trace_value, *(trace for _, trace in asked.items), asked.submission_id, tail(asked.claim_url))
    ours = {_plain(number) for number in (*numbers, *asked.earlier_traces)} - {""}
    texts = (_plain(value) for value in _within(document) if isinstance(value, str))
    return any(number in text for text in texts for number in ours)


def _reported(outcomes: Iterable[Issue], parts: Iterable[Part]) -> str:
    for issue in outcomes:
        if issue.is_error:
            return "the payer reports an error with its answer to the inquiry"
        if (issue.severity, issue.code) not in _HARMLESS:
            return "the payer warns that its answer to the inquiry may not be whole"
    reports = (entry.resource for part in parts for entry in part.opened.index.of_type("OperationOutcome"))
    rows = (report.get("issue") for report in reports)
    if not all(isinstance(row, list) and row and all(isinstance(one, dict) for one in row) for row in rows):
        return "the payer reports something with its answer to the inquiry that cannot be read"
    return ""


def _speaks(part: Part) -> bool:
    return bool(part.responses or part.opened.index.of_type("OperationOutcome"))


def _flaw(container: Element) -> str:
    """What keeps a Bundle or a Parameters, or one in it, from being read as a whole."""
    kind = container.one("resourceType").text
    if not container.value.keys() <= _ELEMENTS[kind] | {"resourceType", "id", "meta", "language"}:
        return "has elements that cannot be read"
    meta = container.value.get("meta", {})
    if not isinstance(meta, dict) or not meta.keys() <= _META:
        return "carries marks that may mean that something was left out"
    rows = container.value.get("entry" if kind == "Bundle" else "parameter", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        return "has rows that cannot be read"
    resources = [Element(row.get("resource"), "") for row in rows]
    if not all(resource.one("resourceType").text for resource in resources):
        return "has rows without a resource"
    if not all(row.keys() <= _ROWS[kind] and row.get("name", "return") == "return" for row in rows):
        return "has rows that say more than can be read"
    kinds = {resource.one("resourceType").text for resource in resources}
    if "Parameters" in kinds or (kind == "Parameters" and not kinds <= {"Bundle", "OperationOutcome"}):
        return "holds something where it does not belong"
    if kind == "Bundle" and (unfinished := _unfinished(container, resources)):
        return unfinished
    return next(filter(None, (_flaw(one) for one in resources if is_container(one.value))), "")


def _unfinished(bundle: Element, resources: Iterable[Element]) -> str:
    """What keeps a Bundle from being the whole of an answer (profile-pas-inquiry-response-bundle)."""
    if bundle.value.get("type") != "collection":
        return "is no collection"
    if not bundle.one("timestamp").text:
        return "has no timestamp"
    if any(link.one("relation").text.casefold() != "self" for link in bundle.each("link")):
        return "goes on in another page"
    total = bundle.value.get("total", ...)
    held = sum(resource.one("resourceType").text == "ClaimResponse" for resource in resources)
    if total is not ... and (isinstance(total, bool) or total != held):
        return "counts other than it holds"
    return ""


def _hides(part: Part) -> bool:
    """Whether something in a part may be an answer, or a request without one, that is not read as such."""
    if not part.kinds <= (_BESIDE if part.responses else _PARTIES):
        return True
    index = part.opened.index
    references = ((Element(row.resource, "").one("request").one("reference").text, row) for row in part.responses)
    answered = [claim.value for reference, row in references if (claim := claim_in(reference, row, index))]
    if not all(any(entry.resource is claim for claim in answered) for entry in index.of_type("Claim")):
        return True
    read = {id(entry.resource) for entry in index.entries}
    inner = (value for entry in index.entries for value in _within(entry.resource) if isinstance(value, dict))
    strays = (value["resourceType"] for value in inner if "resourceType" in value and id(value) not in read)
    return not all(isinstance(kind, str) and kind in _SUPPORT for kind in strays)


def _turned(document: Any) -> bool:
    """Whether anything says that what holds it may mean something else than it seems to (R4 2.4.1, 2.6.3.0.3)."""
    return any(
        isinstance(value, dict) and (value.get("modifierExtension") or value.get("implicitRules"))
        for value in _within(document)
    )


def _within(value: Any) -> Iterator[Any]:
    """A JSON value and everything in it."""
    stack = [value]
    while stack:
        here = stack.pop()
        yield here
        stack.extend(here.values() if isinstance(here, dict) else here if isinstance(here, list) else ())


def _plain(text: str) -> str:
    return "".join(filter(str.isalnum, text)).casefold()
