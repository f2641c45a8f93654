"""Documents that an order names as supporting information and carries whole; nothing is fetched."""

from gateway.model.order import Resource
from gateway.orders.belonging import Subject
from gateway.orders.chart import label, rows, text
from gateway.orders.notes import Notes

_KNOWN_ELSEWHERE = ("Condition", "Coverage", "Encounter", "ServiceRequest", "MedicationRequest", "DeviceRequest")


def documents_of(subject: Subject, notes: Notes) -> tuple[Resource, ...]:
    """DocumentReferences with their content inline; what else is named there is recorded as left out.

    A document about another patient is a gap: whoever named it has to say which one was meant.
    """
    order, chart = subject.order, subject.chart
    found: list[Resource] = []
    for element in ("supportingInfo", "supportingInformation"):
        for position, reference in enumerate(rows(order.resource, element)):
            place = f"{label(order)}.{element}[{position}]"
            document = chart.find(reference, order, place, notes, "DocumentReference")
            if document and subject.is_another(document, notes):
                need = f"a document about the order's own patient; {label(document)} is about another patient"
                notes.gap(place, need, "other-patient", "Claim.supportingInfo")
            elif document and _has_content(document.resource):
                found.append(document.resource)
                notes.use(document.resource)
            elif document:
                need = "the document itself (attachment.data): payers do not follow addresses"
                notes.gap(f"{label(document)}.content", need, "document-content", "Claim.supportingInfo")
            elif not chart.find(reference, order, place, Notes(), *_KNOWN_ELSEWHERE):
                why = "Only documents with their content, and conditions, travel as supporting information."
                notes.choose("supporting information left out", place, why, "supporting-information")
    return tuple(found)


def _has_content(document: Resource) -> bool:
    attachments = [row.get("attachment") for row in rows(document, "content")]
    return bool(attachments) and all(text(attachment, "data") for attachment in attachments)
