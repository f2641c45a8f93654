"""Documents that an order names as supporting information and carries whole; nothing is fetched."""

from gateway.fhir.bundle import Entry
from gateway.model.order import Resource
from gateway.orders.chart import Chart, label, rows, text
from gateway.orders.notes import Notes

_KNOWN_ELSEWHERE = ("Condition", "Coverage", "Encounter", "ServiceRequest", "MedicationRequest", "DeviceRequest")


def documents_of(order: Entry, chart: Chart, notes: Notes) -> tuple[Resource, ...]:
    """DocumentReferences with their content inline; what else is named there is recorded as left out."""
    found: list[Resource] = []
    for element in ("supportingInfo", "supportingInformation"):
        for position, reference in enumerate(rows(order.resource, element)):
            place = f"{label(order)}.{element}[{position}]"
            document = chart.find(reference, order, place, notes, "DocumentReference")
            if document and _has_content(document.resource):
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
