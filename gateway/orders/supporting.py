"""What an order names as supporting information and carries whole: documents and messages; nothing is fetched."""

from dataclasses import dataclass

from gateway.fhir.bundle import Entry
from gateway.model.order import Resource
from gateway.orders.belonging import Subject
from gateway.orders.chart import label, rows, text
from gateway.orders.notes import Notes
from gateway.orders.request_pattern import stated

_KNOWN_ELSEWHERE = (
    "Appointment",
    "Condition",
    "Coverage",
    "DeviceRequest",
    "Encounter",
    "MedicationRequest",
    "NutritionOrder",
    "ServiceRequest",
)
_NEVER_SAID = frozenset({"not-done", "entered-in-error"})


@dataclass(frozen=True, slots=True)
class Supporting:
    """DocumentReferences with their content inline, and Communications: words of the orderer to the payer."""

    documents: tuple[Resource, ...]
    messages: tuple[Resource, ...]


def supporting_of(subject: Subject, notes: Notes) -> Supporting:
    """The documents and messages of one order; what else is named there is recorded as left out.

    A document or message about another patient is a gap: whoever named it has to say which one was meant.
    """
    order, chart = subject.order, subject.chart
    found: dict[str, list[Resource]] = {"DocumentReference": [], "Communication": []}
    for element in ("supportingInfo", "supportingInformation"):
        for path, reference in stated(order.resource, element):
            place = f"{label(order)}.{path}"
            target = chart.find(reference, order, place, notes, *found)
            if target and subject.is_another(target, notes):
                what = "document" if target.resource["resourceType"] == "DocumentReference" else "message"
                need = f"a {what} about the order's own patient; {label(target)} is about another patient"
                notes.gap(place, need, "other-patient", "Claim.supportingInfo")
            elif target and _says_it_all(target, notes):
                found[target.resource["resourceType"]].append(target.resource)
                notes.use(target.resource)
            elif not target and not chart.find(reference, order, place, Notes(), *_KNOWN_ELSEWHERE):
                why = "Only documents with their content, messages and conditions travel as supporting information."
                notes.choose("supporting information left out", place, why, "supporting-information")
    return Supporting(tuple(found["DocumentReference"]), tuple(found["Communication"]))


def _says_it_all(target: Entry, notes: Notes) -> bool:
    """Whether a document has its content, and a message words and a status under which it was meant; else a gap."""
    resource, place, need = target.resource, f"{label(target)}.content", ""
    if resource["resourceType"] == "DocumentReference":
        if not _has_content(resource):
            need = "the document itself (attachment.data): payers do not follow addresses"
    elif text(resource, "status") in _NEVER_SAID:
        place, need = f"{label(target)}.status", "a message that was meant: its status says that it was not sent"
    elif not words_of(resource):
        place, need = f"{label(target)}.payload", "the words of the message (contentString)"
    if need:
        notes.gap(place, need, "document-content", "Claim.supportingInfo")
    return not need


def words_of(message: Resource) -> tuple[str, ...]:
    """What a Communication says, one text for each payload that is words."""
    found = (text(row, "contentString") for row in rows(message, "payload"))
    return tuple(words for words in found if words)


def _has_content(document: Resource) -> bool:
    attachments = [row.get("attachment") for row in rows(document, "content")]
    return bool(attachments) and all(text(attachment, "data") for attachment in attachments)
